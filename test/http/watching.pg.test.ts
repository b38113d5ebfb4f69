import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { type Body, openServerInStep, openTestServer, type TestServer } from './open-test-server.ts';

describe('live events', () => {
  test('tell of errors and jobs as they happen, and end when the server does', async () => {
    await using here = await openServerInStep();
    const address = await here.server.listen({ host: '127.0.0.1', port: 0 });
    const stream = await openStream(`${address}/api/v1/events`);
    expect(stream.headers['content-type']).toContain('text/event-stream');
    await stream.seen(/retry: \d+/);
    here.site.hq.update('customers', { num: 'C1' }, { email: 'hq@example.com' });
    here.site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
    await here.site.run();
    await stream.seen(/event: error\r?\ndata: .*"kind":"conflict"/);
    const text = await stream.seen(/event: job\r?\ndata: .*"status":"succeeded"/);
    const id = /id: (\S+)\r?\nevent: error/.exec(text)?.[1] ?? '';
    const again = await openStream(`${address}/api/v1/events`, { 'last-event-id': id });
    await again.seen(/event: job/);
    again.close();
    await here.server.close();
    await stream.ended;
  });

  test('are for those who accept them', async () => {
    await using here = await openTestServer();
    const refused = await here.get('/events', { accept: 'application/json' });
    expect(refused.status).toBe(406);
    expect(refused.body.code).toBe('invalid-request');
  });

  test('whoever asks for their head alone gets it, and no stream', async () => {
    await using here = await openTestServer();
    const head = await here.server.inject({ method: 'HEAD', url: '/api/v1/events' });
    expect([head.statusCode, head.headers['content-type'], head.body]).toEqual([200, 'text/event-stream', '']);
  });

  test('end for a key that is revoked', async () => {
    await using here = await openTestServer({ auth: { kind: 'configured', apiKeys: true, oidc: null } });
    const key = await here.database.access.createApiKey({
      name: 'screen',
      role: 'viewer',
      channel: null,
      expiresAt: null,
    });
    const address = await here.server.listen({ host: '127.0.0.1', port: 0 });
    const stream = await openStream(`${address}/api/v1/events`, { authorization: `Bearer ${key?.secret}` });
    await stream.seen(/retry: /);
    await until(async () => {
      await tellOfJobs(here, 'before', 1);
      return stream.text().includes('before');
    });
    await here.database.access.revokeApiKey('screen');
    let hasEnded = false;
    void stream.ended.then(() => {
      hasEnded = true;
    });
    await until(async () => {
      await tellOfJobs(here, 'after', 1);
      return hasEnded;
    });
  });

  test('a client that does not read does not keep the server from closing', async () => {
    await using here = await openTestServer();
    const accepted = once(here.server.server, 'connection');
    await here.server.listen({ host: '127.0.0.1', port: 0 });
    const { port } = here.server.server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1').on('error', () => {});
    try {
      client.pause().write('GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      const [socket] = (await accepted) as [Socket];
      // More and more, until it stands in this process: what the system keeps for a client has no fixed size.
      let sent = -1;
      await until(
        async () => {
          const isStuck = socket.writableNeedDrain && socket.bytesWritten === sent;
          sent = socket.bytesWritten;
          if (!isStuck) await tellOfJobs(here, 'x'.repeat(100_000), 50);
          return isStuck;
        },
        { everyMs: 700 },
      );
      await here.server.close();
    } finally {
      client.destroy();
    }
  });
});

const tellOfJobs = (here: TestServer, jobId: string, count: number) =>
  here.site.sql`
    insert into couplet.event (name, payload)
    select 'job', jsonb_build_object('jobId', ${jobId}::text) from generate_series(1, ${count}::int)`;

interface Stream {
  readonly headers: Record<string, unknown>;
  text(): string;
  seen(pattern: RegExp): Promise<string>;
  close(): void;
  readonly ended: Promise<void>;
}

function openStream(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { accept: 'text/event-stream', ...headers } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('error', () => {});
      const ended = new Promise<void>((end) => answer.on('close', () => end()));
      resolve({
        headers: answer.headers,
        text: () => text,
        ended,
        close: () => asked.destroy(),
        seen: async (pattern) => {
          await expect.poll(() => pattern.test(text), { message: `${pattern}` }).toBe(true);
          return text;
        },
      });
    });
    asked.on('error', reject).end();
  });
}

test('metrics name lag, backlog, errors, writes and jobs', async () => {
  await using here = await openServerInStep();
  here.site.hq.update('customers', { num: 'C1' }, { email: 'hq@example.com' });
  here.site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
  await here.site.run();
  await here.get('/mappings');
  const { text, headers } = await here.get('/!metrics');
  expect(headers['content-type']).toContain('text/plain');
  for (const line of [
    /^couplet_lag_seconds\{mapping="customers",channel="houston",side="hq",part="queue"\} [\d.]+$/m,
    /^couplet_backlog\{mapping="customers",channel="houston",side="channel"\} \d+$/m,
    /^couplet_open_errors\{mapping="customers",channel="houston",kind="conflict",code="update-conflict"\} 1$/m,
    /^couplet_couplings\{mapping="groups",channel="houston",status="synchronized"\} 1$/m,
    /^couplet_writes_total\{mapping="customers",channel="houston"\} [1-9]\d*$/m,
    /^couplet_job_duration_seconds_count\{kind="synchronize",status="succeeded"\} [1-9]\d*$/m,
    // However long it took.
    /^http_request_duration_seconds_bucket\{le="0.3",method="GET",route="\/api\/v1\/mappings",status="2xx"\} [01]$/m,
    /^http_request_duration_seconds_bucket\{le="\+Inf",method="GET",route="\/api\/v1\/mappings",status="2xx"\} 1$/m,
    /^process_cpu_seconds_total /m,
  ]) {
    expect(text).toMatch(line);
  }
});

test('health and readiness tell the process from the coupling database', async () => {
  let ready = true;
  await using here = await openTestServer({ deps: { isReady: async () => ready } });
  expect((await here.get('/!healthz')).body).toEqual({ status: 'ok' });
  expect((await here.get('/!readyz')).status).toBe(200);
  ready = false;
  expect(await here.get('/!readyz')).toMatchObject({ status: 503, body: { status: 'unavailable' } });
  expect((await here.get('/!healthz')).status).toBe(200);
});

test('answers carry the headers that keep pages of others out, and no policy lets a script stand in a page', async () => {
  await using here = await openTestServer();
  const { headers } = await here.get('/mappings');
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'x-frame-options': 'SAMEORIGIN',
  });
  expect(String(headers['content-security-policy'])).toContain("script-src 'self';");
  const docs = await here.get('/!docs');
  expect(docs.text).toContain('/docs/reader/js/scalar.js');
  expect(docs.text.match(/<script[^>]*>[^<]/)).toBeNull();
});

test('a store that nobody has looked at yet is spoken of after the first look', async () => {
  const look = Promise.withResolvers<void>();
  await using here = await openTestServer({ deps: { firstLook: look.promise } });
  const asked = here.get('/stores');
  for (const channel of [null, 'houston', 'online'])
    await here.database.queries.noteStoreState({
      side: channel === null ? 'hq' : 'channel',
      channel,
      state: 'reachable',
      captureInstalled: true,
      problems: [],
    });
  look.resolve();
  expect((await asked).body.map(({ state }: Body) => state)).toEqual(['reachable', 'reachable', 'reachable']);
});
