/** A job that was interrupted in the middle and goes on: one true result for each item, counters of all that it did. */
import { describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import type { JobCounters, JobRequest } from '../../src/ports/coupling-database.ts';
import { jobRequest } from '../support/job-request.ts';
import { openErrors, siteInStep, type SmallSite } from './small-site.ts';

interface Fuse {
  point: CrashPoint | null;
  passes: number;
}

const ALL = ['C1', 'C2', 'C3', 'C4'];

/** The job is killed at the n-th pass of a point, and executed once more. */
async function interrupted(
  request: Pick<JobRequest, 'kind'> & Partial<JobRequest>,
  prepare: (site: SmallSite) => Promise<JobRequest['body']>,
  killed: Fuse,
): Promise<{ site: SmallSite; results: Record<string, unknown>[]; counters: JobCounters }> {
  const fuse: Fuse = { point: null, passes: 0 };
  const site = await siteInStep({
    reach(point) {
      if (point !== fuse.point) return;
      fuse.passes -= 1;
      if (fuse.passes > 0) return;
      fuse.point = null;
      throw new Error('killed');
    },
  });
  const body = await prepare(site);
  const job = await site.database.createJob(jobRequest({ mapping: null, ...request, body }), 'queued');
  Object.assign(fuse, killed);
  const execute = () => site.synchronizer.execute(job.id, () => Promise.resolve(false));
  await execute();
  expect([fuse.point, (await site.database.jobOutcome(job.id)).status]).toEqual([null, 'failed']);
  await execute();
  const { status, counters } = await site.database.jobOutcome(job.id);
  expect(status).toBe('succeeded');
  const results = await site.sql`
    select status, code, error_id, hq_key, params ->> 'logId' as log_id from couplet.job_result where job_id = ${job.id}`;
  return { site, results: [...results], counters };
}

const told = (results: readonly Record<string, unknown>[]): unknown[] =>
  results.map(({ status, code }) => [status, code]);
const succeeded = (count: number): unknown[] => Array.from({ length: count }, () => ['succeeded', null]);

async function deletions(site: SmallSite): Promise<{ items: { id: string; etag: null }[] }> {
  for (const num of ALL) site.hq.delete('customers', { num });
  await site.run();
  return { items: (await openErrors(site)).map(({ id }) => ({ id, etag: null })) };
}

describe('bulk work', () => {
  it.each(['channel-written', 'outcomes-recorded'] as const)(
    'that deletes, killed at %s, tells of each deletion, and counts all of them',
    async (point) => {
      const prepare = async (site: SmallSite) => ({ action: 'delete', ...(await deletions(site)) });
      const { site, results, counters } = await interrupted({ kind: 'bulk' }, prepare, { point, passes: 1 });
      await using _ = site;
      expect(told(results)).toEqual(succeeded(4));
      expect(new Set(results.map((result) => result['error_id'])).size).toBe(4);
      expect(counters.toChannel).toMatchObject({ deleted: 4, failed: 0 });
      expect(counters.uncoupled).toBe(4);
      expect(await openErrors(site)).toEqual([]);
    },
  );
});

describe('a job that reverts', () => {
  it.each(['channel-written', 'outcomes-recorded', 'ledger-cleared'] as const)(
    'killed at %s of the second entry, tells of each entry once, and counts all of them',
    async (point) => {
      const prepare = async (site: SmallSite) => {
        for (const num of ALL) site.hq.update('customers', { num }, { name: `New ${num}` });
        await site.run();
        const entries = await site.sql<{ id: string }[]>`
          select id from couplet.sync_log where action = 'modified' and direction = 'toChannel'`;
        return { items: entries.map(({ id }) => ({ id })) };
      };
      const { site, results, counters } = await interrupted({ kind: 'revert' }, prepare, { point, passes: 2 });
      await using _ = site;
      expect(told(results)).toEqual(succeeded(4));
      expect(new Set(results.map((result) => result['log_id'])).size).toBe(4);
      expect([counters.toHq.modified, counters.toChannel.modified]).toEqual([4, 4]);
      expect(site.houston.select('shoppers').map((row) => row['full_name'])).toEqual(
        ALL.map((num) => `Customer ${num.slice(1)}`),
      );
    },
  );
});

async function uncoupled(site: SmallSite): Promise<void> {
  const couplings = await site.sql<{ id: string }[]>`
    select c.id from couplet.coupling c join couplet.lane l on l.id = c.lane_id where l.mapping = 'customers'`;
  const body = { couplingIds: couplings.map(({ id }) => id) };
  const request = jobRequest({ kind: 'uncouple', mapping: 'customers', channel: 'houston', body });
  const { id } = await site.database.createJob(request, 'queued');
  await site.synchronizer.execute(id, () => Promise.resolve(false));
}

describe('a job that couples pairs', () => {
  it.each(['outcomes-recorded', 'ledger-cleared'] as const)(
    'killed at %s of the second pair, tells of each pair once, and counts all of them',
    async (point) => {
      const prepare = async (site: SmallSite) => {
        await uncoupled(site);
        const pairs = site.houston.select('shoppers').map((row) => ({
          hqKey: [String(row['cust_num'])],
          channelKey: [String(row['id'])],
          winner: null,
        }));
        expect(pairs).toHaveLength(4);
        // A pair that contradicts another one is refused, the second time too.
        return { pairs: [...pairs, { ...pairs[0]!, channelKey: pairs[1]!.channelKey }] };
      };
      const request = { kind: 'couple', mapping: 'customers', channel: 'houston' } as const;
      // Each pair leaves two recordings: the coupling, then its result.
      const passes = point === 'outcomes-recorded' ? 3 : 2;
      const { site, results, counters } = await interrupted(request, prepare, { point, passes });
      await using _ = site;
      expect(told(results)).toEqual([...succeeded(4), ['failed', 'already-coupled']]);
      expect(counters.coupled).toBe(4);
    },
  );
});

it('a dry run whose process ended looks again from the beginning, and tells of each record once', async () => {
  await using site = await siteInStep();
  await uncoupled(site);
  const request = jobRequest({ kind: 'couple', mapping: 'customers', channel: 'houston', dryRun: true, body: {} });
  const { id } = await site.database.createJob(request, 'queued');
  let pages = 0;
  await site.synchronizer.execute(id, async () => (pages += 1) > 1);
  const results = () => site.sql`select code from couplet.job_result where job_id = ${id}`;
  expect(await results()).toHaveLength(4);
  expect(await site.database.giveBackJob(id)).toBe(true);
  await site.synchronizer.execute(id, () => Promise.resolve(false));
  expect((await results()).map(({ code }) => code)).toEqual(new Array(4).fill('would-couple'));
  expect((await site.database.jobOutcome(id)).counters.coupled).toBe(4);
});
