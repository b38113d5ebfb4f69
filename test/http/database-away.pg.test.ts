/** The coupling database fails while requests are under way: what is answered is true, and repeating it is safe. */
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { openServerInStep, openTestServer, type TestServer } from './open-test-server.ts';

/** As a full disk: the statement fails, and nothing is wrong with it. Returns what ends it. */
async function noRoom(here: TestServer, table: string, operation: 'insert' | 'update' | 'delete') {
  const name = `no_room_${table}`;
  await here.site.sql.unsafe(`
    create function ${name}() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
    create trigger ${name} before ${operation} on couplet.${table} for each row execute function ${name}();`);
  return () => here.site.sql.unsafe(`drop function ${name} cascade`);
}

const RUN = '/mappings/groups/synchronize';
const BODY = { channel: 'houston' };

test('a request whose answer cannot be noted is answered, and is answered so again once it is noted', async () => {
  await using here = await openServerInStep({ queueWithoutWorkers: true });
  const end = await noRoom(here, 'idempotency_key', 'update');
  const key = { 'idempotency-key': 'a night without room' };
  const first = await here.post(RUN, BODY, key);
  expect(first).toMatchObject({ status: 202, body: { kind: 'synchronize', status: 'queued' } });
  expect(await here.post(RUN, BODY, key)).toMatchObject({ status: 409, body: { code: 'request-in-progress' } });
  await end();
  const again = async () => here.post(RUN, BODY, key);
  await until(async () => (await again()).status === 202);
  expect(await again()).toMatchObject({ text: first.text, headers: { 'idempotency-replayed': 'true' } });
});

test('a request that fails while nothing can be written is told so, and its key is free again when that has ended', async () => {
  await using here = await openServerInStep({ queueWithoutWorkers: true });
  const ends = [await noRoom(here, 'job', 'insert'), await noRoom(here, 'idempotency_key', 'delete')];
  const key = { 'idempotency-key': 'a night without room' };
  expect(await here.post(RUN, BODY, key)).toMatchObject({
    status: 503,
    headers: { 'content-type': expect.stringContaining('application/problem+json'), 'retry-after': '5' },
    body: {
      code: 'coupling-database-unreachable',
      detail: 'The coupling database cannot be reached: its disk is full',
      params: { reason: '53100' },
    },
  });
  for (const end of ends) await end();
  await until(async () => (await here.post(RUN, BODY, key)).status === 202);
});

test('whoever asks for readiness is answered while the coupling database stands still', async () => {
  await using here = await openTestServer({ deps: { isReady: () => new Promise(() => {}) } });
  expect(await here.ask('GET', '/!readyz')).toMatchObject({ status: 503, body: { status: 'unavailable' } });
});

test('nobody is ready on a coupling database that takes no writes, and everybody is once it does', async () => {
  await using here = await openTestServer();
  const { sql } = here.site;
  const { database } = sql.options;
  // Sessions keep what held when they began.
  const anew = () =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database} and pid <> pg_backend_pid()`;
  const ready = async (): Promise<number> => (await here.get('/!readyz')).status;
  await until(async () => (await ready()) === 200);
  await sql.unsafe(`alter database "${database}" set default_transaction_read_only = on`);
  await anew();
  await until(async () => (await ready()) === 503);
  // What is there can be read.
  await until(async () => (await here.get('/jobs')).status === 200);
  expect(await ready()).toBe(503);
  await sql.begin(async (transaction) => {
    await transaction`set transaction read write`;
    await transaction.unsafe(`alter database "${database}" reset default_transaction_read_only`);
  });
  // Nobody ends the sessions that began meanwhile.
  await until(async () => (await ready()) === 200);
});
