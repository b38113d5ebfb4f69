/** What the log names can be looked up: also the job of a run that was killed before it had written that there is one. */
import { expect, it } from 'vitest';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import type { CouplingDatabase } from '../../src/ports/coupling-database.ts';
import { REQUEST } from '../engine/small-site.ts';
import { until } from '../support/until.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';

const CONTINUOUS = { ...REQUEST, trigger: 'change', actor: null } as const;

class Killed extends Error {
  override readonly name = 'Killed';
}

/** A continuous run whose process dies after the stores have committed and before the coupling database hears of it. */
async function killedRun({ site }: TestServer, createJob: CouplingDatabase['createJob']): Promise<void> {
  const other = await site.anotherWorker();
  const hears = new Proxy(other.site.database, {
    get: (database, name, receiver) => (name === 'createJob' ? createJob : Reflect.get(database, name, receiver)),
  });
  const reports = await runChannel(
    { ...other.site, database: hears },
    other.memory,
    'houston',
    lanesOf(other.site, 'houston'),
    CONTINUOUS,
  );
  expect(reports.at(-1)?.status).toBe('failed');
  await other.close();
}

async function edited(): Promise<TestServer> {
  const server = await openTestServer();
  const { site } = server;
  site.hq.insert('customers', { num: 'C1', name: 'One', email: 'c1@example.com' });
  await site.run();
  site.hq.update('customers', { num: 'C1' }, { name: 'Two' });
  return server;
}

const jobOfLastEntry = async ({ get }: TestServer) => {
  const log = await get('/synchronization-log?mapping=customers');
  const [entry] = log.body.items;
  expect(entry).toMatchObject({ action: 'modified' });
  const job = await get(`/jobs/${entry.jobId}`);
  expect(job.status).toBe(200);
  return job.body;
};

it('a run killed between its commit in a store and the row of its job is in the list as interrupted, with what it wrote', async () => {
  await using server = await edited();
  const { site } = server;
  await killedRun(server, () => Promise.reject(new Killed()));
  expect(site.houston.select('shoppers')[0]?.['full_name']).toBe('Two');

  await site.run({ ...CONTINUOUS });
  const job = await jobOfLastEntry(server);
  expect(job).toMatchObject({
    kind: 'synchronize',
    mapping: 'customers',
    channel: 'houston',
    status: 'failed',
    trigger: 'change',
    code: 'interrupted',
    counters: { toChannel: { modified: 1 } },
  });
  expect(job.message).toContain('ended before');
  expect(job.startedAt <= job.finishedAt).toBe(true);
});

it('a run that was only late goes on under its job, which is interrupted no more', async () => {
  await using server = await edited();
  const { site, database } = server;
  // Whoever takes the lane over finds the batch while the late one, cut off, has not made its row yet.
  const late: CouplingDatabase['createJob'] = async (...asked) => {
    await until(async () => site.houston.select('shoppers')[0]?.['full_name'] === 'Two');
    await site.sql`select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;
    await site.run({ ...CONTINUOUS });
    expect(await jobOfLastEntry(server)).toMatchObject({ status: 'failed', code: 'interrupted' });
    return database.createJob(...asked);
  };
  const other = await site.anotherWorker();
  const hears = new Proxy(other.site.database, {
    get: (of, name, receiver) => (name === 'createJob' ? late : Reflect.get(of, name, receiver)),
  });
  const [, customers] = await runChannel(
    { ...other.site, database: hears },
    other.memory,
    'houston',
    lanesOf(other.site, 'houston'),
    CONTINUOUS,
  );
  expect(customers?.status).toBe('succeeded');
  await other.close();
  expect(await jobOfLastEntry(server)).toMatchObject({ status: 'succeeded', code: null });
});
