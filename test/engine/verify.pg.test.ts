import { describe, expect, it } from 'vitest';
import type { JobRequest } from '../../src/ports/coupling-database.ts';
import { continuousProofs } from '../../src/compose/continuous-proofs.ts';
import { type SmallSite, type SmallSiteOptions, smallSite } from './small-site.ts';
import { jobRequest } from '../support/job-request.ts';

const JOB = jobRequest({ kind: 'verify' });

async function execute(site: SmallSite, request: Partial<JobRequest>) {
  const job = await site.database.createJob({ ...JOB, ...request }, 'queued');
  await site.synchronizer.execute(job.id, () => Promise.resolve(false));
  return { ...(await site.database.jobOutcome(job.id)), id: job.id };
}

async function inStep(options: SmallSiteOptions = {}): Promise<SmallSite> {
  const site = await smallSite(options);
  site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  for (let n = 1; n <= 5; n += 1)
    site.hq.insert('customers', {
      num: `C${n}`,
      name: `Customer ${n}`,
      email: `c${n}@example.com`,
      credit: '1',
      group_code: 'G1',
    });
  await site.run();
  await site.run();
  return site;
}

describe('verification', () => {
  it('proves that both stores agree, counts drift apart, and leaves what is on its way alone', async () => {
    await using site = await inStep();
    site.hq.update('customers', { num: 'C1' }, { name: 'on its way' });
    site.houston.update('shoppers', { cust_num: 'C2' }, { credit: '99' });
    await site.run();
    await site.run();
    site.hq.update('customers', { num: 'C3' }, { name: 'not read yet' });
    const outcome = await execute(site, {});
    expect(outcome).toMatchObject({ status: 'succeeded', params: { pairs: 6, verified: 5, differences: 0, drift: 1 } });
    expect(await site.sql`select 1 from couplet.sync_error where status = 'open'`).toHaveLength(0);
  });

  it('finds a change that no trigger told, lists it as an error, and repairs nothing by itself', async () => {
    await using site = await inStep();
    site.houston.setCapture('shoppers', false);
    site.houston.update('shoppers', { cust_num: 'C4' }, { full_name: 'Behind our back' });
    site.houston.setCapture('shoppers', true);
    const outcome = await execute(site, {});
    expect(outcome.params).toMatchObject({ differences: 1 });
    await site.run();
    expect(site.hq.select('customers', { num: 'C4' })[0]?.['name']).toBe('Customer 4');
    expect(await site.sql`select code, parked from couplet.sync_error where status = 'open'`).toEqual([
      { code: 'verification-difference', parked: true },
    ]);
    await site.run({ scope: 'full' });
    expect(site.hq.select('customers', { num: 'C4' })[0]?.['name']).toBe('Behind our back');
    expect(await site.sql`select 1 from couplet.sync_error where status = 'open'`).toHaveLength(0);
  });
});

describe('reverting a whole job', () => {
  it('takes every write of it back, and says which entries had moved since', async () => {
    await using site = await inStep();
    for (let n = 1; n <= 3; n += 1) site.hq.update('customers', { num: `C${n}` }, { name: `Wrong ${n}` });
    await site.run();
    site.houston.update('shoppers', { cust_num: 'C3' }, { full_name: 'Newer' });
    const entries = await site.sql`select id from couplet.sync_log where action = 'modified'`;
    const outcome = await execute(site, {
      kind: 'revert',
      body: { items: entries.map((entry) => ({ id: String(entry['id']) })), reason: 'a bad import' },
    });
    expect(outcome.status).toBe('succeeded');
    expect(
      site.hq
        .select('customers')
        .map((row) => row['name'])
        .sort(),
    ).toEqual(['Customer 1', 'Customer 2', 'Customer 4', 'Customer 5', 'Wrong 3']);
    expect(site.houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name']).toBe('Customer 1');
    const results =
      await site.sql`select status, code from couplet.job_result where job_id = ${outcome.id} order by status`;
    expect(results.map((row) => [row['status'], row['code']])).toEqual(
      expect.arrayContaining([['failed', 'stale-decision']]),
    );
  });
});

describe('the proof in the background', () => {
  const lanes = ['groups', 'customers'].map((mapping) => ({ mapping, channel: 'houston' }));
  const verified = async ({ database }: SmallSite) =>
    Object.fromEntries((await database.proofs.proofs()).map((proof) => [proof.mapping, proof.verified]));

  it('reads each store once for all lanes that are proven together, and goes no further than it may', async () => {
    const read = { hq: 0, channel: 0 };
    await using site = await inStep({
      wrap: (store) => ({
        ...store,
        readWindow: (...asked) => {
          read[store.side] += 1;
          return store.readWindow(...asked);
        },
      }),
    });
    const { prove } = continuousProofs(site.site, site.memory, { warn: () => {} });
    Object.assign(read, { hq: 0, channel: 0 });
    expect(await prove('houston', lanes, () => false)).toEqual(['done']);
    expect(await verified(site)).toEqual({ groups: 1, customers: 0 });
    expect(read).toEqual({ hq: 1, channel: 1 });
    // The first is fresh; the stores are read for the other.
    expect(await prove('houston', lanes, () => true)).toEqual(['done', 'done']);
    expect(read).toEqual({ hq: 2, channel: 2 });
    expect(await verified(site)).toEqual({ groups: 1, customers: 5 });
    expect(await prove('houston', lanes, () => true)).toEqual(['done', 'done']);
    expect(read).toEqual({ hq: 2, channel: 2 });
  });
});
