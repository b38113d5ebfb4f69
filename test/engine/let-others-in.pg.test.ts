/** Whoever waits for a lane gets it between two batches, from this process or another, and the work goes on where it was. */
import { describe, expect, it } from 'vitest';
import { createSynchronizer } from '../../src/engine/synchronizer.ts';
import type { Synchronizer } from '../../src/ports/synchronizer.ts';
import { jobRequest } from '../support/job-request.ts';
import { comingIn, untilLooked } from '../support/wait-for-lane.ts';
import { ACTION, openErrors, type SmallSite, smallSite } from './small-site.ts';

const CUSTOMERS = 3_300;
const LANE = { mapping: 'customers', channel: 'houston' };

async function filledSite(): Promise<SmallSite> {
  const site = await smallSite();
  for (let n = 1; n <= CUSTOMERS; n += 1)
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com` });
  await site.run();
  await site.run();
  return site;
}

const BY_HAND = { lane: LANE, createIn: null, dryRun: false, actor: 'anna', reason: null, requestId: null } as const;

describe('a run', () => {
  it('gives the lane to who waits for it between two batches, and goes on after them', async () => {
    await using site = await filledSite();
    for (let n = 1; n <= CUSTOMERS; n += 1) site.hq.update('customers', { num: `C${n}` }, { name: `HQ ${n}` });
    const carried = (): number =>
      site.houston.select('shoppers').filter((row) => String(row['full_name']).startsWith('HQ')).length;
    // Asked before each batch, of the customers' lane from the second time on; the last batch has yet to come then.
    const other = comingIn(site.sql, 4, async () => {
      const lock = await site.database.lockLane(LANE, 60_000);
      const count = carried();
      await lock?.release();
      return count;
    });
    const [, customers] = await site.run({ stop: other.stop });
    const seen = await other.result;
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(CUSTOMERS);
    expect(customers).toMatchObject({ status: 'succeeded', counters: { toChannel: { modified: CUSTOMERS } } });
    expect(carried()).toBe(CUSTOMERS);
  });

  it('does not make a second time what somebody couples between two batches', async () => {
    await using site = await smallSite({
      configuration: (text) => text.replace('    match: [[number], [email]]\n', ''),
    });
    for (let n = 1; n <= 2_100; n += 1) site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}` });
    site.houston.insert('shoppers', { full_name: 'Known in the shop' });
    const [known] = site.houston.select('shoppers');
    // Of the second page, in the order of keys, before which it is asked the fifth time whether to stop.
    const num =
      site.hq
        .select('customers')
        .map((row) => String(row['num']))
        .toSorted()[1_500] ?? '';
    const coupling = comingIn(site.sql, 5, () =>
      site.synchronizer.couple({
        ...BY_HAND,
        hqKey: [num],
        channelKey: [String(known?.['id'])],
        winner: 'hq',
      }),
    );
    await site.run({ scope: 'full', direction: 'toChannel', stop: coupling.stop });
    await coupling.result;
    expect(site.houston.select('shoppers')).toHaveLength(2_100);
    expect(site.houston.select('shoppers', { cust_num: num })).toMatchObject([{ id: known?.['id'] }]);
    expect(await site.sql`select count(*)::int as n from couplet.coupling where ended_at is null`).toEqual([
      { n: 2_100 },
    ]);
  });

  it('that compares everything goes on where it was when somebody acts through another process', async () => {
    await using site = await filledSite();
    site.hq.update('customers', { num: 'C7' }, { name: 'HQ 7' });
    site.houston.update('shoppers', { cust_num: 'C7' }, { full_name: 'Till 7' });
    await site.run();
    const [conflict] = await openErrors(site);
    const other = await site.anotherWorker();
    const elsewhere = createSynchronizer(other.site, other.memory);
    // Groups are compared first; this is before one of the four pages of customers, and not the first.
    const acting = comingIn(site.sql, 5, () =>
      elsewhere.act(conflict?.id ?? '', { ...ACTION, action: 'synchronize', winner: 'hq' }),
    );
    const [, customers] = await site.run({ scope: 'full', stop: acting.stop });
    expect(await acting.result).toMatchObject({ outcome: 'succeeded' });
    await other.close();
    // Each pair was compared once, that of the conflict too; begun anew, two thousand would have been twice.
    expect(customers?.status).toBe('succeeded');
    expect((customers?.counters.toChannel.unchanged ?? 0) + (customers?.counters.conflicts ?? 0)).toBe(CUSTOMERS);
    expect(site.houston.select('shoppers', { cust_num: 'C7' })).toMatchObject([{ full_name: 'HQ 7' }]);
    expect(await openErrors(site)).toHaveLength(0);
  });

  it('records once what somebody who came in from another process had written when he was killed', async () => {
    await using site = await filledSite();
    for (const n of [7, 8]) {
      site.hq.update('customers', { num: `C${n}` }, { name: `HQ ${n}` });
      site.houston.update('shoppers', { cust_num: `C${n}` }, { full_name: `Till ${n}` });
    }
    await site.run();
    const [conflict] = await openErrors(site);
    const other = await site.anotherWorker((point) => {
      if (point === 'channel-written') throw new Error('killed');
    });
    const elsewhere = createSynchronizer(other.site, other.memory);
    const acting = comingIn(site.sql, 5, () =>
      elsewhere.act(conflict?.id ?? '', { ...ACTION, action: 'synchronize', winner: 'hq' }),
    );
    const [, customers] = await site.run({ scope: 'full', stop: acting.stop });
    await expect(acting.result).rejects.toThrow('killed');
    await other.close();
    expect(customers).toMatchObject({ status: 'succeeded' });
    // Its write left a mark, by which the pair is looked at again.
    await site.run();
    expect(await openErrors(site)).toHaveLength(1);
    const entries = await site.sql`select cause from couplet.sync_log where action = 'modified'`;
    expect(entries).toMatchObject([{ cause: 'resolution' }]);
  });

  it('of a mapping that is paused meanwhile ends, and what is left follows when it is resumed', async () => {
    await using site = await filledSite();
    for (let n = 1; n <= CUSTOMERS; n += 1) site.hq.update('customers', { num: `C${n}` }, { name: `HQ ${n}` });
    const carried = (): number =>
      site.houston.select('shoppers').filter((row) => String(row['full_name']).startsWith('HQ')).length;
    let asked = 0;
    const [, customers] = await site.run({
      async stop() {
        asked += 1;
        if (asked !== 2) return false;
        await site.database.changeLane(LANE, { paused: true });
        await untilLooked();
        return false;
      },
    });
    expect(customers).toMatchObject({ status: 'cancelled', code: 'paused' });
    expect(carried()).toBeLessThan(CUSTOMERS);
    await site.database.changeLane(LANE, { paused: false });
    await site.run();
    expect(carried()).toBe(CUSTOMERS);
  });

  it('that finds its lane stopped by another process ends, and writes no more', async () => {
    await using site = await filledSite();
    for (let n = 1; n <= CUSTOMERS; n += 1) site.hq.update('customers', { num: `C${n}` }, { name: `HQ ${n}` });
    const other = await site.anotherWorker();
    const stopping = comingIn(site.sql, 4, async () => {
      const lock = await other.site.database.lockLane(LANE, 60_000);
      await other.site.database.raiseFence(LANE);
      await other.site.database.changeLane(LANE, { stopped: { code: 'lineage-broken', params: {} } });
      await lock?.release();
    });
    const [, customers] = await site.run({ stop: stopping.stop });
    await stopping.result;
    await other.close();
    expect(customers).toMatchObject({ status: 'skipped', code: 'lineage-broken' });
    const carried = site.houston.select('shoppers').filter((row) => String(row['full_name']).startsWith('HQ'));
    expect(carried.length).toBeLessThan(CUSTOMERS);
  });
});

describe('a job', () => {
  const execute = async (
    { database, synchronizer }: { database: SmallSite['database']; synchronizer: Synchronizer },
    job: Parameters<typeof jobRequest>[0],
    stop: () => Promise<boolean>,
  ) => {
    const { id } = await database.createJob(jobRequest(job), 'queued');
    await synchronizer.execute(id, stop);
    return database.jobOutcome(id);
  };

  it('that couples by match lets somebody in from another process, and goes on', async () => {
    await using site = await smallSite();
    for (let n = 1; n <= CUSTOMERS; n += 1) {
      site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com` });
      site.houston.insert('shoppers', { full_name: `Customer ${n}`, mail: `c${n}@example.com` });
    }
    const other = await site.anotherWorker();
    const elsewhere = createSynchronizer(other.site, other.memory);
    const [last] = site.houston.select('shoppers', { mail: 'c999@example.com' });
    const coupling = comingIn(site.sql, 2, () =>
      elsewhere.couple({ ...BY_HAND, hqKey: ['C999'], channelKey: [String(last?.['id'])], winner: 'hq' }),
    );
    const job = { kind: 'couple', ...LANE, body: {} } as const;
    expect(await execute(site, job, coupling.stop)).toMatchObject({ status: 'succeeded' });
    await coupling.result;
    await other.close();
    const [coupled] = await site.sql`
      select count(*)::int as n, count(distinct hq_key)::int as keys from couplet.coupling where ended_at is null`;
    expect(coupled).toEqual({ n: CUSTOMERS, keys: CUSTOMERS });
    expect(
      await site.sql`select actor from couplet.sync_log where action = 'coupled' and hq_key like '%C999"%'`,
    ).toEqual([{ actor: 'anna' }]);
  });

  it('that uncouples leaves alone what somebody has uncoupled meanwhile', async () => {
    await using site = await filledSite();
    const [one] = await site.sql<{ id: string }[]>`select id from couplet.coupling order by id desc limit 1`;
    const other = await site.anotherWorker();
    const elsewhere = createSynchronizer(other.site, other.memory);
    const uncoupling = comingIn(site.sql, 2, () => elsewhere.uncouple(one?.id ?? '', { ...ACTION, actor: 'bo' }));
    const job = { kind: 'uncouple', ...LANE, body: { all: true } } as const;
    expect(await execute(site, job, uncoupling.stop)).toMatchObject({
      status: 'succeeded',
      counters: { uncoupled: CUSTOMERS - 1 },
    });
    await uncoupling.result;
    await other.close();
    const [logged] = await site.sql`
      select count(*)::int as n, count(*) filter (where actor = 'bo')::int as by_hand from couplet.sync_log where action = 'uncoupled'`;
    expect(logged).toEqual({ n: CUSTOMERS, by_hand: 1 });
  });
});
