import { describe, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { addressOf, get, openFolder, patience } from './run-couplet.ts';
import { fillShop, openShop, shopSchema } from './shop.ts';

describe('start', () => {
  test('serves the API, carries a change across by itself, and ends in order when it is told to', async () => {
    await using shop = await openShop();
    await fillShop(shop);
    await using here = await openFolder(shop);
    await using running = here.start('start', '--port', '0');
    const address = await addressOf(running);
    expect(await get(address, '/healthz')).toEqual({ status: 'ok' });
    expect(await get(address, '/readyz')).toEqual({ status: 'ok' });
    await until(async () => (await shop.houston.sql`select from customer`).length === 3, patience);
    await shop.hq.sql`update sales.customer set name = 'Contoso Ltd' where num = 'C2'`;
    await until(
      async () => (await shop.houston.sql`select from customer where full_name = 'Contoso Ltd'`).length === 1,
      patience,
    );
    const stores = (await get(address, '/api/v1/stores')) as unknown as { state: string; captureInstalled: boolean }[];
    expect(stores.map(({ state }) => state)).toEqual(['reachable', 'reachable']);
    expect((await get(address, '/api/v1/configuration/history'))['items']).toHaveLength(1);

    // The other commands work beside it.
    expect((await here.within('errors')).stdout).toBe('No errors.\n');

    // What has become wrong since is told by a check, a job like others.
    await shop.hq.sql`alter table sales.customer drop column since`;
    const asked = await fetch(`${address}/api/v1/check`, { method: 'POST', headers: { prefer: 'wait=30' } });
    const job = (await asked.json()) as { id: string; status: string };
    expect([asked.status, job.status]).toEqual([200, 'succeeded']);
    const results = await get(address, `/api/v1/jobs/${job.id}/results?status=failed`);
    expect(results['items']).toEqual([
      expect.objectContaining({
        code: 'column-not-found',
        params: expect.objectContaining({ mapping: 'customers', line: 28, column: 'since' }),
      }),
    ]);
    const [, told] = (await get(address, '/api/v1/stores')) as unknown as [
      { problems: object[] },
      { problems: object[] },
    ];
    expect(told.problems).toEqual([]);

    running.process.kill('SIGTERM');
    const { exitCode, stdout } = await running.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toBe('');
  });

  test('settles a new field by itself, also of a mapping that runs when somebody asks', async () => {
    await using shop = await openShop();
    await fillShop(shop);
    await using here = await openFolder(shop);
    const byHand = (text: string): string =>
      text.replace('    label: Customer\n', '    label: Customer\n    schedule: manual\n');
    await here.configure(byHand);
    await shop.hq.sql`update sales.customer set note = 'of long standing'`;
    expect((await here.within('sync')).exitCode).toBe(0);
    await here.configure((text) =>
      byHand(text).replace(/( +)name: \{ hq: name.*\n/, '$&$1note: { hq: note, channel: hint }\n'),
    );
    await using running = here.start('start', '--port', '0');
    const address = await addressOf(running);
    await until(
      async () => (await shop.houston.sql`select from customer where hint = 'of long standing'`).length === 3,
      patience,
    );
    const jobs = await get(address, '/api/v1/jobs?trigger=configuration');
    expect(jobs['items']).toMatchObject([{ kind: 'synchronize', mapping: 'customers', scope: 'full', actor: null }]);
  });

  test('a second signal ends it at once', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop);
    await using running = here.start('start', '--port', '0');
    await addressOf(running);
    running.process.kill('SIGINT');
    running.process.kill('SIGTERM');
    // Ended by itself just before, or by the second signal.
    expect([0, 1, null]).toContain((await running.ended).exitCode);
  });

  test('ends in order when the shell is gone that npm started it in', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop);
    await using running = here.startInShell('start', '--port', '0');
    await addressOf(running);
    running.process.kill('SIGTERM');
    // Its output is closed when Couplet itself has ended, not when the shell has.
    expect((await running.ended).stderr).toContain('finishing what is in hand');
  });

  test('a port that is taken is told with how to choose another', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop);
    await using running = here.start('start', '--port', '0');
    const { port } = new URL(await addressOf(running));
    const { exitCode, stderr } = await here.run('start', '--port', port);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `Port ${port} on 127\\.0\\.0\\.1 is in use\\. Choose another: couplet start --port ${Number(port) + 1}`,
      ),
    );
  });

  test('beyond this machine it listens with authentication only', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop);
    const refused = await here.run('start', '--port', '0', '--host', '0.0.0.0');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/auth: \{ apiKeys: true \}/);

    await here.configure((text) => text.replace('mappings:', 'auth: { apiKeys: true }\nmappings:'));
    const secret = (await here.within('keys', 'create', 'anna', '--role', 'viewer')).stdout.trim();
    await using running = here.start('start', '--port', '0', '--host', '0.0.0.0', '--role', 'api');
    const address = (await addressOf(running)).replace('0.0.0.0', '127.0.0.1');
    expect((await get(address, '/api/v1/me'))['code']).toBe('not-authenticated');
    const answer = await fetch(`${address}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
    expect(await answer.json()).toEqual({ actor: 'anna', role: 'viewer', channel: null });
    // A process that is only the API works nothing and installs nothing.
    expect(await shop.hq.sql`select from pg_namespace where nspname = 'couplet'`).toHaveLength(0);
  });

  test('a store that is away is told of once; when it comes, its capture is installed and its records follow', async () => {
    await using server = await startServer();
    await server.ensureDatabase('houston');
    await using shop = await openShop();
    await fillShop(shop);
    const { default: postgres } = await import('postgres');
    const prepared = postgres(server.url('houston'), { max: 1, onnotice: () => {} });
    await prepared.unsafe(shopSchema);
    await prepared.end();
    await server.stop();
    await using here = await openFolder(shop, { HOUSTON_URL: server.url('houston') });
    await using running = here.start('start', '--port', '0');
    const address = await addressOf(running);
    const stateOf = async (): Promise<unknown> =>
      ((await get(address, '/api/v1/stores')) as unknown as { state: string }[])[1]?.state;
    await until(async () => (await stateOf()) === 'unreachable', patience);
    expect(await get(address, '/readyz')).toEqual({ status: 'ok' });

    await server.start();
    const houston = postgres(server.url('houston'), { max: 1, onnotice: () => {} });
    try {
      await until(async () => (await houston`select from customer`).length === 3, patience);
      await until(async () => (await stateOf()) === 'reachable', patience);
    } finally {
      await houston.end();
    }
    const told = running
      .stderr()
      .split('\n')
      .filter((line) => line.includes('Couplet goes on by itself'));
    expect(told).toHaveLength(1);
    running.process.kill('SIGTERM');
    expect((await running.ended).exitCode).toBe(0);
  });
});
