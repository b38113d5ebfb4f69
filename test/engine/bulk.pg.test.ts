import { describe, expect, it } from 'vitest';
import { ACTION, type SmallSite, smallSite } from './small-site.ts';
import { jobRequest } from '../support/job-request.ts';

const JOB = jobRequest({ kind: 'bulk' });

async function inBulk(
  site: SmallSite,
  body: object,
): Promise<{ status: string; code: string | null; error_id: string }[]> {
  const job = await site.database.createJob({ ...JOB, body: body as never }, 'queued');
  await site.synchronizer.execute(job.id, () => Promise.resolve(false));
  expect((await site.database.jobOutcome(job.id)).status).toBe('succeeded');
  return (await site.sql`select status, code, error_id from couplet.job_result where job_id = ${job.id}`) as never;
}

async function withConflicts(count: number, options: Parameters<typeof smallSite>[0] = {}): Promise<SmallSite> {
  const site = await smallSite(options);
  for (let n = 1; n <= count; n += 1)
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com` });
  await site.run();
  for (let n = 1; n <= count; n += 1) {
    site.hq.update('customers', { num: `C${n}` }, { name: `HQ ${n}` });
    site.houston.update('shoppers', { cust_num: `C${n}` }, { full_name: `Till ${n}` });
  }
  await site.run();
  return site;
}

const open = async (site: SmallSite) =>
  (await site.sql`select id, hq_key from couplet.sync_error where status = 'open' order by id`) as unknown as {
    id: string;
    hq_key: string;
  }[];

describe('bulk work', () => {
  it('acts on all errors at once, each with a result; a stale or answered one stops none of the others', async () => {
    await using site = await withConflicts(30);
    const errors = await open(site);
    expect(errors).toHaveLength(30);
    const [moved, answered] = errors;
    const movedNum = (JSON.parse(moved!.hq_key) as string[])[0]!;
    site.hq.update('customers', { num: movedNum }, { name: 'moved since' });
    const fresh = await site.database.errorById(answered!.id);
    await site.synchronizer.act(answered!.id, { ...ACTION, action: 'synchronize', winner: 'hq', actor: 'bo' });
    expect(fresh?.status).toBe('open');
    const results = await inBulk(site, {
      action: 'synchronize',
      winner: 'channel',
      items: [
        ...errors.map(({ id }) => ({ id, etag: null })),
        { id: '01a1fc29-94b2-77ba-b641-5011da81d19b', etag: null },
      ],
      reason: 'Friday',
    });
    const counts = Object.fromEntries(
      ['succeeded', 'failed'].map((status) => [status, results.filter((result) => result.status === status).length]),
    );
    expect(counts).toEqual({ succeeded: 28, failed: 3 });
    expect(
      results
        .filter(({ status }) => status === 'failed')
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['already-resolved', 'error-not-found', 'stale-decision']);
    expect(site.hq.select('customers').filter((row) => String(row['name']).startsWith('Till'))).toHaveLength(28);
    expect(await open(site)).toHaveLength(1);
    const [entry] =
      await site.sql`select reason, actor, error_id from couplet.sync_log where action = 'modified' and cause = 'resolution' and reason = 'Friday' limit 1`;
    expect(entry).toMatchObject({ actor: 'anna', reason: 'Friday' });
    expect(entry!['error_id']).not.toBeNull();
  });

  it('retries and uncouples many at once', async () => {
    await using site = await withConflicts(12);
    const errors = await open(site);
    const retried = await inBulk(site, { action: 'retry', items: errors.map(({ id }) => ({ id, etag: null })) });
    expect(retried.map(({ status, code }) => [status, code])).toEqual(errors.map(() => ['failed', 'update-conflict']));
    const removed = await inBulk(site, {
      action: 'remove-coupling',
      items: errors.slice(0, 5).map(({ id }) => ({ id, etag: null })),
    });
    expect(removed.every(({ status }) => status === 'succeeded')).toBe(true);
    await site.run({ scope: 'full' });
    expect(await open(site)).toHaveLength(7);
    expect(site.houston.select('shoppers')).toHaveLength(12);
  });

  it('says of a create that fails again for the same unique key what it fails for, as a retry of one does', async () => {
    await using site = await smallSite({ configuration: (text) => text.replace(', [email]', '') });
    for (const num of ['C1', 'C2'])
      site.houston.insert('shoppers', {
        cust_num: `T${num}`,
        full_name: `At the till ${num}`,
        mail: `${num}@example.com`,
      });
    await site.run();
    for (const num of ['C1', 'C2'])
      site.hq.insert('customers', { num, name: `Customer ${num}`, email: `${num}@example.com` });
    await site.run();
    const errors = await open(site);
    expect(errors).toHaveLength(2);
    const results = await inBulk(site, { action: 'retry', items: errors.map(({ id }) => ({ id, etag: null })) });
    expect(results.map(({ status, code }) => [status, code])).toEqual([
      ['failed', 'constraint-violated'],
      ['failed', 'constraint-violated'],
    ]);
    expect(await open(site)).toHaveLength(2);
  });

  it.each([
    ['delete', ['["C1"]', '["G1"]']],
    ['restore', ['["G1"]', '["C1"]']],
  ])('%s takes parents and children in the order in which a store can have them', async (action, order) => {
    await using site = await smallSite();
    site.hq.insert('groups', { code: 'G1', title: 'Retail' });
    site.hq.insert('customers', { num: 'C1', name: 'Customer 1', email: 'c1@example.com', group_code: 'G1' });
    await site.run();
    site.houston.delete('shoppers', { cust_num: 'C1' });
    site.houston.delete('segments', { ext_code: 'G1' });
    await site.run();
    const errors = await open(site);
    expect(errors).toHaveLength(2);
    await inBulk(site, { action, items: errors.map(({ id }) => ({ id, etag: null })) });
    expect((await site.sql`select hq_key from couplet.job_result order by id`).map((row) => row['hq_key'])).toEqual(
      order,
    );
  });

  it('a match is the first run of a mapping that waited for one; what it left apart follows, and its dry run is none', async () => {
    await using site = await smallSite();
    for (const n of [1, 2])
      site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com` });
    site.houston.insert('shoppers', { cust_num: 'C1', full_name: 'Customer 1', mail: 'c1@example.com' });
    const match = async (dryRun: boolean): Promise<void> => {
      const job = await site.database.createJob(
        { ...JOB, kind: 'couple', mapping: 'customers', channel: 'houston', dryRun, body: {} },
        'queued',
      );
      await site.synchronizer.execute(job.id, () => Promise.resolve(false));
    };
    const continuously = () => site.run({ trigger: 'change', actor: null });
    const lane = async () =>
      (await site.database.laneStates()).find(({ lane: { mapping } }) => mapping === 'customers');
    await match(true);
    expect(await lane()).toMatchObject({ firstRunDone: false, fullRunDue: null });
    await site.run({ trigger: 'schedule', actor: null });
    expect(site.houston.select('shoppers')).toHaveLength(1);
    await match(false);
    expect(await lane()).toMatchObject({ firstRunDone: true, fullRunDue: { reason: 'first-match' } });
    expect(site.houston.select('shoppers')).toHaveLength(1);
    await continuously();
    expect(site.houston.select('shoppers')).toHaveLength(2);
  });

  it('couples by match what was uncoupled, and says which it cannot tell', async () => {
    await using site = await withConflicts(4);
    const errors = await open(site);
    await inBulk(site, { action: 'remove-coupling', items: errors.map(({ id }) => ({ id, etag: null })) });
    site.houston.insert('shoppers', { cust_num: 'C1', full_name: 'Twin of C1', mail: null });
    const job = await site.database.createJob(
      { ...JOB, kind: 'couple', mapping: 'customers', channel: 'houston', dryRun: true, body: {} },
      'queued',
    );
    await site.synchronizer.execute(job.id, () => Promise.resolve(false));
    expect(await site.sql`select 1 from couplet.coupling where ended_at is null`).toHaveLength(0);
    const real = await site.database.createJob(
      { ...JOB, kind: 'couple', mapping: 'customers', channel: 'houston', body: {} },
      'queued',
    );
    await site.synchronizer.execute(real.id, () => Promise.resolve(false));
    const outcome = await site.database.jobOutcome(real.id);
    expect(outcome.counters.coupled).toBe(3);
    expect(outcome.counters.ambiguous).toBeGreaterThanOrEqual(1);
    expect(site.houston.select('shoppers')).toHaveLength(5);
  });

  it.each(['decided', 'channel-written', 'outcomes-recorded', 'ledger-cleared'] as const)(
    'goes on where it was killed at %s: each error acted on once, with one result',
    async (point) => {
      let armed = false;
      const reach = (reached: string): void => {
        if (!armed || reached !== point) return;
        armed = false;
        throw new Error(`killed at ${point}`);
      };
      await using site = await withConflicts(8, { reach });
      const errors = await open(site);
      const body = { action: 'synchronize', winner: 'hq', items: errors.map(({ id }) => ({ id, etag: null })) };
      const job = await site.database.createJob({ ...JOB, body }, 'queued');
      armed = true;
      await site.synchronizer.execute(job.id, () => Promise.resolve(false));
      expect((await site.database.jobOutcome(job.id)).status).toBe('failed');
      await site.synchronizer.execute(job.id, () => Promise.resolve(false));
      expect((await site.database.jobOutcome(job.id)).status).toBe('succeeded');
      const results = await site.sql`select status, error_id from couplet.job_result where job_id = ${job.id}`;
      expect(results.map(({ status }) => status)).toEqual(errors.map(() => 'succeeded'));
      expect(new Set(results.map((result) => result['error_id'])).size).toBe(8);
      expect(await open(site)).toEqual([]);
      const names = site.houston.select('shoppers').map((row) => row['full_name']);
      expect(names.toSorted()).toEqual(errors.map((_, at) => `HQ ${at + 1}`));
      const [writes] =
        await site.sql`select count(*)::int as count from couplet.sync_log where action = 'modified' and job_id = ${job.id}`;
      expect(writes).toEqual({ count: 8 });
    },
  );
});
