/** Two workers begin at the same time: whoever finds the parents taken leaves the first run of their children. */
import { describe, expect, it } from 'vitest';
import { openErrors, type SmallSite, smallSite } from './small-site.ts';

const GROUPS = { mapping: 'groups', channel: 'houston' };
const CONTINUOUS = { trigger: 'change', actor: null, waitForLaneMs: 0 } as const;

function fill({ hq }: SmallSite): void {
  hq.insert('groups', { code: 'G1', title: 'Retail' });
  hq.insert('customers', { num: 'C1', name: 'Anna', group_code: 'G1' });
}

describe('while another worker is at the parents', () => {
  it('the first run of their children waits, and does not call each of them an orphan', async () => {
    await using site = await smallSite();
    fill(site);
    await using held = await site.database.lockLane(GROUPS, 0);
    expect(held?.held).toBe(true);
    const reports = await site.run(CONTINUOUS);
    expect(reports.map(({ status, code }) => [status, code])).toEqual([
      ['skipped', 'lane-busy'],
      ['skipped', 'lane-busy'],
    ]);
    expect(await openErrors(site)).toEqual([]);
    expect(await site.sql`select from couplet.sync_log`).toHaveLength(0);
    await held?.release();
    await site.run(CONTINUOUS);
    const [segment] = site.houston.select('segments');
    expect(site.houston.select('shoppers')).toMatchObject([{ cust_num: 'C1', segment_id: segment?.['id'] }]);
    expect(await openErrors(site)).toEqual([]);
  });

  it('what is changed of their children, once they were loaded, goes on', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run(CONTINUOUS);
    await using held = await site.database.lockLane(GROUPS, 0);
    expect(held?.held).toBe(true);
    site.hq.update('customers', { num: 'C1' }, { name: 'Berta' });
    await site.run(CONTINUOUS);
    expect(site.houston.select('shoppers')).toMatchObject([{ full_name: 'Berta' }]);
  });
});
