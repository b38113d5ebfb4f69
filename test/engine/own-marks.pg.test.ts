import { describe, expect, it } from 'vitest';
import { noCounters } from '../../src/ports/coupling-database.ts';
import { smallSite } from './small-site.ts';

const RETAIL = { code: 'G1', title: 'Retail' };
const anna = (email: string) => ({ num: 'C1', name: 'Anna', email, credit: '10.00', group_code: 'G1' });

describe('what Couplet itself wrote', () => {
  it('does not come back as work once an asked-for run is over, and is not counted by the next one', async () => {
    await using site = await smallSite();
    site.hq.insert('groups', RETAIL);
    site.hq.insert('customers', anna('a@example.com'));
    await site.run();
    expect(await site.sql`select 1 from couplet.pending`).toHaveLength(0);
    expect((await site.run()).map(({ counters }) => counters)).toEqual([noCounters(), noCounters()]);
    site.hq.update('customers', { num: 'C1' }, { name: 'Renamed' });
    const [, customers] = await site.run();
    expect(customers?.counters).toEqual({
      ...noCounters(),
      toChannel: { ...noCounters().toChannel, modified: 1 },
    });
    expect((await site.run({ trigger: 'change' })).map(({ counters }) => counters)).toEqual([
      noCounters(),
      noCounters(),
    ]);
  });

  it('is not counted either where it was a deletion', async () => {
    await using site = await smallSite({
      configuration: (text) => text.replace('initialWinner: manual', 'initialWinner: manual\n    deletions: propagate'),
    });
    site.hq.insert('groups', RETAIL);
    site.hq.insert('customers', anna('a@example.com'));
    await site.run();
    site.hq.delete('customers', { num: 'C1' });
    const [, customers] = await site.run();
    expect(customers?.counters).toEqual({
      ...noCounters(),
      uncoupled: 1,
      toChannel: { ...noCounters().toChannel, deleted: 1 },
    });
    expect((await site.run()).map(({ counters }) => counters)).toEqual([noCounters(), noCounters()]);
  });

  it('does not count the conflict of a pair once more that was written in part', async () => {
    await using site = await smallSite({
      configuration: (text) => text.replace('initialWinner: manual', 'initialWinner: manual\n    fillEmpty: true'),
    });
    site.hq.insert('groups', RETAIL);
    site.hq.insert('customers', anna('a@example.com'));
    site.houston.insert('segments', { ext_code: 'G1', caption: 'Retail' });
    site.houston.insert('shoppers', { cust_num: 'C1', full_name: 'Another' });
    const [, customers] = await site.run();
    expect(customers?.counters).toMatchObject({ coupled: 1, conflicts: 1, toChannel: { modified: 1, skipped: 1 } });
    const again = await site.run();
    expect(again.map(({ counters }) => counters.conflicts)).toEqual([0, 0]);
  });
});

describe('a dry run before the first run', () => {
  it('lists and counts what would be coupled and created, a pair once, though it is found from both sides', async () => {
    await using site = await smallSite();
    site.hq.insert('groups', RETAIL);
    site.hq.insert('groups', { code: 'G2', title: 'Wholesale' });
    site.houston.insert('segments', { ext_code: 'G1', caption: 'Retail' });
    const dryRun = { scope: 'full', dryRun: true, children: true } as const;
    const [preview] = await site.run(dryRun);
    expect(preview?.counters).toMatchObject({ coupled: 2, toChannel: { inserted: 1, modified: 0, failed: 0 } });
    const results = await site.sql`select code from couplet.job_result order by code`;
    expect(results.map(({ code }) => code)).toEqual(['would-couple', 'would-create']);
    expect(await site.sql`select 1 from couplet.coupling`).toHaveLength(0);
    const [groups] = await site.run();
    expect(groups?.counters.coupled).toBe(2);
  });
});

describe('what a revert and a job of many actions wrote', () => {
  it('does not come back as work either', async () => {
    await using site = await smallSite();
    site.hq.insert('groups', RETAIL);
    site.hq.insert('customers', anna('a@example.com'));
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { name: 'Renamed' });
    await site.run();
    const [entry] = await site.sql`select id from couplet.sync_log where action = 'modified'`;
    const asker = { actor: 'anna', reason: null, requestId: null };
    await site.synchronizer.revert(entry?.['id'] as string, { ...asker, dryRun: false, jobId: null });
    // The other channel has what happened in HQ still before it.
    const waiting = await site.sql`
      select 1 from couplet.pending p join couplet.lane l on l.id = p.lane_id where l.channel = 'houston'`;
    expect(waiting).toHaveLength(0);
    const inStep = await site.run({ trigger: 'change' });
    expect(inStep.map(({ counters }) => counters)).toEqual([noCounters(), noCounters()]);
  });
});
