import { expect, test } from 'vitest';
import { type Body, customer, makeConflict, openServerInStep, openTestServer, shopper } from './open-test-server.ts';

const WAIT = { prefer: 'wait=60' };

test('a run that is asked for is a job: accepted with its address, or finished when one waits for it', async () => {
  await using here = await openServerInStep();
  here.site.hq.update('customers', { num: 'C1' }, { name: 'Changed' });
  const accepted = await here.post('/mappings/customers/synchronize', { channel: 'houston', reason: 'now' });
  expect(accepted).toMatchObject({
    status: 202,
    body: {
      kind: 'synchronize',
      mapping: 'customers',
      channelName: 'Houston',
      trigger: 'manual',
      actor: 'local',
      reason: 'now',
    },
  });
  expect(accepted.headers['location']).toBe(`/api/v1/jobs/${accepted.body.id}`);
  await expect
    .poll(async () => (await here.get(`/jobs/${accepted.body.id}`)).body.status, { timeout: 30_000 })
    .toBe('succeeded');
  expect(shopper(here, 'C1')?.['full_name']).toBe('Changed');
  const waited = await here.post('/synchronize', { scope: 'full', channel: 'houston' }, WAIT);
  expect(waited).toMatchObject({
    status: 200,
    headers: { 'preference-applied': 'wait=60' },
    body: { status: 'succeeded', scope: 'full', mapping: null },
  });
  expect(waited.body.children.length).toBe(2);
  expect(waited.body.progress.total).toBe(waited.body.progress.done);
  const jobs = await here.get('/jobs?kind=synchronize&status=succeeded&trigger=manual&count=true');
  expect(jobs.body.items.map(({ id }: { id: string }) => id)).toEqual(
    expect.arrayContaining([accepted.body.id, waited.body.id]),
  );
  expect((await here.post(`/jobs/${waited.body.id}/cancel`)).body.code).toBe('job-finished');
});

test('what a mapping does not do is refused before a job is made', async () => {
  await using here = await openServerInStep({
    configuration: (text) =>
      text.replace(
        '  groups:\n    label: Customer group',
        '  groups:\n    label: Customer group\n    direction: toChannel',
      ),
  });
  const asks: [string, unknown, number, string][] = [
    ['/mappings/groups/synchronize', { direction: 'toHq' }, 409, 'direction-not-configured'],
    ['/mappings/nothing/synchronize', {}, 404, 'mapping-not-found'],
    ['/synchronize', { channel: 'paris' }, 404, 'channel-not-found'],
    ['/mappings/customers/synchronize', { fields: ['emial'] }, 400, 'unknown-parameter'],
    ['/mappings/customers/synchronize', { scope: 'everything' }, 400, 'invalid-request'],
    ['/mappings/customers/synchronize', { force: true }, 400, 'unknown-parameter'],
    ['/verify', { mapping: 'nothing' }, 404, 'mapping-not-found'],
  ];
  for (const [path, body, status, code] of asks) {
    const answer = await here.post(path, body);
    expect({ path, status: answer.status, code: answer.body.code }).toEqual({ path, status, code });
  }
  expect((await here.get('/jobs/none')).body.code).toBe('job-not-found');
});

test('a dry run lists what would be written and writes nothing', async () => {
  await using here = await openServerInStep();
  here.site.hq.update('customers', { num: 'C1' }, { name: 'Changed' });
  const job = await here.post(
    '/mappings/customers/synchronize?dryRun=true',
    { scope: 'full', channel: 'houston' },
    WAIT,
  );
  expect(job.body).toMatchObject({ status: 'succeeded', dryRun: true, counters: { toChannel: { modified: 1 } } });
  const results = await here.get(`/jobs/${job.body.id}/results`);
  expect(results.body.items).toMatchObject([
    {
      status: 'succeeded',
      hqKey: { num: 'C1' },
      writes: [{ side: 'channel', operation: 'update', fields: [{ name: 'name', old: 'Customer 1', new: 'Changed' }] }],
    },
  ]);
  expect(shopper(here, 'C1')?.['full_name']).toBe('Customer 1');
});

test('a dry run over several mappings says of each result whose it is, with the columns of its own key', async () => {
  await using here = await openTestServer();
  here.site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  here.site.hq.insert('customers', { num: 'C1', name: 'Adatum', group_code: 'G1' });
  const job = await here.post('/synchronize', { channel: 'houston', dryRun: true }, WAIT);
  const created = [
    { mapping: 'groups', channel: 'houston', code: 'would-create', hqKey: { code: 'G1' } },
    { mapping: 'customers', channel: 'houston', code: 'would-create', hqKey: { num: 'C1' } },
  ];
  expect((await here.get(`/jobs/${job.body.id}/results`)).body.items).toMatchObject(created);
  const ofChildren = [];
  for (const child of job.body.children) ofChildren.push(...(await here.get(`/jobs/${child}/results`)).body.items);
  expect(ofChildren).toMatchObject(created);
});

test('a result names the error that came of it: of a match, of a verification', async () => {
  await using here = await openTestServer();
  for (const num of ['C1', 'C2']) here.site.hq.insert('customers', { num, name: num, email: 'same@example.com' });
  here.site.houston.insert('shoppers', { full_name: 'Somebody', mail: 'same@example.com' });
  const idsOf = (items: readonly Body[]) => items.map((item) => item.errorId ?? item.id).toSorted();
  const match = await here.post('/mappings/customers/couple', { channel: 'houston' }, WAIT);
  const results = (await here.get(`/jobs/${match.body.id}/results?code=match-ambiguous`)).body.items;
  expect(results).toHaveLength(3);
  expect(idsOf(results)).toEqual(idsOf((await here.get('/synchronization-errors')).body.items));

  here.site.hq.insert('customers', { num: 'C3', name: 'Three' });
  await here.site.run();
  await here.site.run();
  // Without a mark: nobody but a verification would see it.
  here.site.houston.setCapture('shoppers', false);
  here.site.houston.update('shoppers', { cust_num: 'C3' }, { full_name: 'Other' });
  here.site.houston.setCapture('shoppers', true);
  const proof = await here.post('/verify', { mapping: 'customers' }, WAIT);
  const differences = (await here.get(`/jobs/${proof.body.id}/results`)).body.items;
  expect(differences).toHaveLength(1);
  expect(idsOf(differences)).toEqual(
    idsOf((await here.get('/synchronization-errors?code=verification-difference')).body.items),
  );
});

test('is a dry run when either the query or the body asks for one, whatever the other says', async () => {
  await using here = await openServerInStep();
  const id = await makeConflict(here);
  const key = { 'idempotency-key': 'either-place' };
  const asked: [path: string, body: object][] = [
    [`/synchronization-errors/${id}/synchronize?dryRun=false`, { winner: 'hq', dryRun: true }],
    [`/synchronization-errors/${id}/synchronize?dryRun=true`, { winner: 'hq', dryRun: false }],
    ['/synchronization-errors/bulk?dryRun=false', { action: 'synchronize', ids: [id], winner: 'hq', dryRun: true }],
    ['/mappings/customers/uncouple?dryRun=false', { all: true, dryRun: true }],
    ['/mappings/customers/couple?dryRun=false', { dryRun: true }],
    ['/mappings/customers/synchronize?dryRun=false', { scope: 'full', dryRun: true }],
  ];
  for (const [path, body] of asked) {
    const answer = await here.post(path, body, { ...WAIT, ...key });
    expect({ path, status: answer.status, writes: answer.body.writes ?? answer.body.dryRun }).toEqual({
      path,
      status: 200,
      writes: answer.body.kind === undefined ? [expect.anything()] : true,
    });
    expect(shopper(here, 'C1')?.['full_name']).toBe('Till name C1');
  }
  // None of them was an answer to keep.
  expect((await here.post(asked[0]![0].split('?')[0]!, { winner: 'hq' }, key)).body.status).toBe('resolved');
});

test('many errors are answered by one job, with a result for each and nothing stopped by the one that moved', async () => {
  await using here = await openServerInStep();
  const ids = [await makeConflict(here, 'C1'), await makeConflict(here, 'C2'), await makeConflict(here, 'C3')];
  const filter = { mapping: ['customers'], kind: 'conflict' };
  expect(
    await here.post('/synchronization-errors/bulk', { action: 'synchronize', winner: 'hq', filter }),
  ).toMatchObject({ status: 400, body: { errors: [{ pointer: '/expect' }] } });
  expect(
    await here.post('/synchronization-errors/bulk', { action: 'synchronize', winner: 'hq', filter, expect: 2 }),
  ).toMatchObject({ status: 409, body: { code: 'count-changed', count: 3 } });
  expect(
    await here.post('/synchronization-errors/bulk', { action: 'synchronize', winner: 'hq', filter: {}, expect: 3 }),
  ).toMatchObject({ status: 400, body: { errors: [{ pointer: '/filter' }] } });
  expect((await here.post('/synchronization-errors/bulk', { action: 'retry', filter: {}, ids })).status).toBe(400);
  const etag = (await here.get(`/synchronization-errors/${ids[0]}`)).body.etag;
  here.site.hq.update('customers', { num: 'C2' }, { email: 'later@example.com' });
  const job = await here.post(
    '/synchronization-errors/bulk',
    {
      action: 'synchronize',
      winner: 'channel',
      items: ids.map((id, at) => ({ id, etag: at === 0 ? etag : '"seen long ago"' })),
      reason: 'all from the till',
    },
    WAIT,
  );
  expect(job.body).toMatchObject({ kind: 'bulk', status: 'succeeded' });
  const results = await here.get(`/jobs/${job.body.id}/results`);
  const outcomes = new Map(
    results.body.items.map(({ errorId, status, code }: Record<string, string>) => [errorId, [status, code]]),
  );
  expect(ids.map((id) => outcomes.get(id))).toEqual([
    ['succeeded', null],
    ['failed', 'stale-decision'],
    ['failed', 'stale-decision'],
  ]);
  expect(customer(here, 'C1')?.['email']).toBe('till-C1@example.com');
  const byFilter = await here.post(
    '/synchronization-errors/bulk?dryRun=true',
    { action: 'synchronize', winner: 'channel', filter, expect: 2 },
    WAIT,
  );
  expect(byFilter.body).toMatchObject({ status: 'succeeded', dryRun: true });
  expect(customer(here, 'C3')?.['email']).toBe('hq-C3@example.com');
});

test('a result names the action that does not fit, in a job and in a dry run of it', async () => {
  await using here = await openServerInStep();
  const id = await makeConflict(here);
  for (const query of ['', '?dryRun=true']) {
    const job = await here.post(`/synchronization-errors/bulk${query}`, { action: 'restore', ids: [id] }, WAIT);
    expect((await here.get(`/jobs/${job.body.id}/results`)).body.items).toMatchObject([
      {
        status: 'failed',
        code: 'action-not-allowed',
        params: { action: 'restore', allowed: ['retry', 'synchronize', 'remove-coupling'] },
        message: expect.stringMatching(/^Restore does not fit here; /i),
      },
    ]);
  }
});

test('the same key gets the first answer again, another body is refused, and a dry run is no answer to keep', async () => {
  await using here = await openServerInStep();
  const id = await makeConflict(here);
  const path = `/synchronization-errors/${id}/synchronize`;
  const key = { 'idempotency-key': 'resolve-1' };
  expect((await here.post(path, { winner: 'hq', dryRun: true }, key)).body.writes).toHaveLength(1);
  const first = await here.post(path, { winner: 'hq' }, key);
  const again = await here.post(path, { winner: 'hq' }, key);
  expect(first.status).toBe(200);
  expect(again.text).toBe(first.text);
  expect((await here.post(`${path}/`, { winner: 'hq' }, key)).text).toBe(first.text);
  expect(again.headers).toMatchObject({ 'idempotency-replayed': 'true', etag: first.headers['etag'] });
  expect(await here.post(path, { winner: 'channel' }, key)).toMatchObject({
    status: 422,
    body: { code: 'idempotency-key-reused' },
  });
  // Refusals are answers, too; the key belongs to this path only.
  const refused = await here.post(path, { winner: 'hq' }, { 'idempotency-key': 'resolve-2' });
  expect(refused.body.code).toBe('already-resolved');
  expect((await here.post(path, { winner: 'hq' }, { 'idempotency-key': 'resolve-2' })).text).toBe(refused.text);
  expect((await here.post('/mappings/customers/pause', { channel: 'online' }, key)).status).toBe(200);
  const jobs = await Promise.all(
    Array.from({ length: 5 }, () =>
      here.post('/mappings/groups/synchronize', { channel: 'houston' }, { 'idempotency-key': 'run-1' }),
    ),
  );
  const answered = jobs.filter(({ status }) => status === 202);
  expect(jobs.every(({ status, body }) => status === 202 || body.code === 'request-in-progress')).toBe(true);
  expect(new Set(answered.map(({ body }) => body.id)).size).toBe(1);
});

test('fifty clients on the same twenty errors: each is resolved once, and the stores agree with the answers', async () => {
  await using here = await openTestServer();
  here.site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  const numbers = Array.from({ length: 20 }, (_, at) => `N${at}`);
  for (const num of numbers)
    here.site.hq.insert('customers', {
      num,
      name: num,
      email: `${num}@example.com`,
      credit: '1',
      group_code: 'G1',
      note: '',
    });
  await here.site.run();
  await here.site.run();
  for (const num of numbers) {
    here.site.hq.update('customers', { num }, { email: `hq-${num}@example.com` });
    here.site.houston.update('shoppers', { cust_num: num }, { mail: `till-${num}@example.com` });
  }
  await here.site.run();
  const errors = (await here.get('/synchronization-errors?limit=50')).body.items;
  expect(errors).toHaveLength(20);
  const winners = new Map<string, string>();
  await Promise.all(
    Array.from({ length: 50 }, async (_, client) => {
      for (let n = 0; n < 4; n += 1) {
        const error = errors[(client * 7 + n * 5) % 20];
        const winner = (client + n) % 2 === 0 ? 'hq' : 'channel';
        const answer = await here.post(`/synchronization-errors/${error.id}/synchronize`, { winner });
        if (answer.status === 200) {
          expect(answer.body.resolution.winner).toBe(winner);
          expect(winners.has(error.id)).toBe(false);
          winners.set(error.id, `${winner === 'hq' ? 'hq' : 'till'}-${error.hqRecord.key.num}@example.com`);
        } else
          expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 409, code: 'already-resolved' });
      }
    }),
  );
  expect(winners.size).toBe(20);
  for (const error of errors) {
    const { num } = error.hqRecord.key;
    expect([customer(here, num)?.['email'], shopper(here, num)?.['mail']]).toEqual([
      winners.get(error.id),
      winners.get(error.id),
    ]);
  }
  const log = await here.get('/synchronization-log?action=resolved&count=true');
  expect(log.body.total).toBe(20);
});

test('a verification leaves the pairs that differ, and says how far it is proven', async () => {
  await using here = await openServerInStep();
  const job = await here.post('/verify', { mapping: 'customers' }, WAIT);
  expect(job.body).toMatchObject({
    kind: 'verify',
    status: 'succeeded',
    params: { pairs: 4, verified: 4, differences: 0 },
  });
  const { body } = await here.get('/verification');
  expect(body.mappings).toContainEqual({
    mapping: 'customers',
    pairs: 4,
    verified: 4,
    oldestProofAt: expect.any(String),
    differences: 0,
    drift: 0,
  });
  expect(body).toMatchObject({ pairs: 5, verified: 4, oldestProofAt: null });
  await here.post('/verify', {}, WAIT);
  expect((await here.get('/verification')).body).toMatchObject({
    pairs: 5,
    verified: 5,
    oldestProofAt: expect.any(String),
  });
});
