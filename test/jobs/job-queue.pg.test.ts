import { describe, expect, test } from 'vitest';
import { startJobQueue } from '../../src/jobs/job-queue.ts';
import { type CouplingDatabase, noCounters } from '../../src/ports/coupling-database.ts';
import { createCouplingDatabase } from '../database/open-test-database.ts';
import { until } from '../support/until.ts';
import { jobRequest } from '../support/job-request.ts';

const REQUEST = jobRequest({
  kind: 'synchronize',
  mapping: 'customers',
  channel: 'houston',
  scope: 'full',
  direction: 'both',
});
const PROGRESS = { counters: noCounters(), done: 0, total: null };
const onError = (): void => {};

test('a job that a process could not finish before it ended is carried out by the next one', async () => {
  await using coupling = await createCouplingDatabase();
  const { db: database, url } = coupling;
  const first = await startJobQueue({ url, database, onError });
  const job = await first.enqueue(REQUEST);
  await first.work(async (id, stop) => {
    await database.startJob(id);
    await until(stop);
    await database.finishJob(id, 'cancelled', PROGRESS, null);
  });
  await until(async () => (await database.jobById(job.id))?.status === 'running');
  await first.stop();
  expect((await database.jobById(job.id))?.status).toBe('queued');

  const second = await startJobQueue({ url, database, onError });
  await second.work(async (id) => {
    await database.startJob(id);
    await database.finishJob(id, 'succeeded', PROGRESS, null);
  });
  await until(async () => (await database.jobById(job.id))?.status === 'succeeded');
  expect((await database.jobById(job.id))?.attempts).toBe(2);
  await second.stop();
});

test('of alike jobs one runs and one is queued, and whoever asks again is given that one', async () => {
  await using coupling = await createCouplingDatabase();
  const { db: database, url } = coupling;
  const queue = await startJobQueue({ url, database, onError });
  const running = new Set<string>();
  const ended: string[] = [];
  let most = 0;
  const mayEnd = Promise.withResolvers<void>();
  await queue.work(async (id) => {
    await database.startJob(id);
    running.add(id);
    most = Math.max(most, running.size);
    await mayEnd.promise;
    running.delete(id);
    ended.push(id);
    await database.finishJob(id, 'succeeded', PROGRESS, null);
  });
  const first = await queue.enqueue(REQUEST);
  await until(() => running.has(first.id));
  const second = await queue.enqueue(REQUEST);
  expect(second.id).not.toBe(first.id);
  // Long enough for a worker to have it in hand.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect((await database.jobById(second.id))?.status).toBe('queued');
  expect((await queue.enqueue(REQUEST)).id).toBe(second.id);
  const other = await queue.enqueue({ ...REQUEST, scope: 'modified' });
  await until(() => running.has(other.id));
  mayEnd.resolve();
  await until(() => ended.includes(second.id));
  expect(ended.indexOf(first.id)).toBeLessThan(ended.indexOf(second.id));
  expect(most).toBe(2);
  await queue.stop();
});

test('a job that is in nobody’s hands any more holds up none like it', async () => {
  await using coupling = await createCouplingDatabase();
  const { db: database, url } = coupling;
  const lost = await database.createJob(REQUEST, 'queued');
  await database.startJob(lost.id);
  const queue = await startJobQueue({ url, database, onError });
  await queue.work(async (id) => {
    await database.startJob(id);
    await database.finishJob(id, 'succeeded', PROGRESS, null);
  });
  const job = await queue.enqueue(REQUEST);
  await until(async () => (await database.jobById(job.id))?.status === 'succeeded');
  await queue.stop();
});

describe('a job that never came into the queue, for whoever made its row failed before that', () => {
  const lost = async (database: CouplingDatabase) => (await database.queueJob(REQUEST)).job;
  const open = async (lostAfterMs: number) => {
    const coupling = await createCouplingDatabase();
    const queue = await startJobQueue({ url: coupling.url, database: coupling.db, onError, lostAfterMs });
    await queue.work(async (id) => {
      await coupling.db.startJob(id);
      await coupling.db.finishJob(id, 'succeeded', PROGRESS, null);
    });
    return {
      database: coupling.db,
      queue,
      async [Symbol.asyncDispose]() {
        await queue.stop();
        await coupling[Symbol.asyncDispose]();
      },
    };
  };

  test('is handed out when somebody asks for the same again, and is given that one', async () => {
    await using here = await open(3_600_000);
    const job = await lost(here.database);
    expect((await here.queue.enqueue(REQUEST)).id).toBe(job.id);
    await until(async () => (await here.database.jobById(job.id))?.status === 'succeeded');
  });

  test('is handed out by itself some time later', async () => {
    await using here = await open(200);
    const job = await lost(here.database);
    await until(async () => (await here.database.jobById(job.id))?.status === 'succeeded');
    expect((await here.database.jobById(job.id))?.attempts).toBe(1);
  });
});

test('a job that somebody cancelled stays so, and one like a queued job is that job', async () => {
  await using coupling = await createCouplingDatabase();
  const { db: database, url } = coupling;
  const queue = await startJobQueue({ url, database, onError });
  const job = await queue.enqueue(REQUEST);
  expect((await queue.enqueue(REQUEST)).id).toBe(job.id);
  expect((await queue.enqueue({ ...REQUEST, scope: 'modified' })).id).not.toBe(job.id);
  await database.queries.cancelJob(job.id);
  expect(await database.giveBackJob(job.id)).toBe(false);
  expect((await database.jobById(job.id))?.status).toBe('cancelled');
  await queue.stop();
});
