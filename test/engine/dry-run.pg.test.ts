import { describe, expect, it } from 'vitest';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { REQUEST, type SmallSite, smallSite } from './small-site.ts';

/** Groups and customers that are alike in both, new in one of them, or at odds. */
function fill({ hq, houston }: SmallSite): void {
  hq.insert('groups', { code: 'BOTH', title: 'In both' });
  hq.insert('groups', { code: 'HQ', title: 'In HQ alone' });
  houston.insert('segments', { ext_code: 'BOTH', caption: 'In both' });
  houston.insert('segments', { ext_code: 'TILL', caption: 'In the till alone' });
  const [both, till] = houston.select('segments').map(({ id }) => id);
  const customer = (num: string, group_code: string | null) =>
    hq.insert('customers', { num, name: num, email: `${num}@example.com`, group_code });
  const shopper = (cust_num: string, segment_id: unknown, full_name = cust_num) =>
    houston.insert('shoppers', {
      cust_num,
      full_name,
      mail: `${cust_num}@example.com`,
      segment_id: segment_id as string | null,
    });
  customer('C1', 'HQ');
  customer('C2', 'BOTH');
  customer('C3', null);
  shopper('T1', till);
  shopper('T2', both);
  customer('SAME', 'BOTH');
  shopper('SAME', both);
  customer('MOVED', 'HQ');
  shopper('MOVED', both);
  customer('NAMED', 'BOTH');
  shopper('NAMED', both, 'Otherwise');
}

describe('a dry run of all mappings', () => {
  it.each(['full', 'modified'] as const)(
    'before the first one, %s, foretells what it does: children find the parents that it would couple or create',
    async (scope) => {
      await using site = await smallSite();
      fill(site);
      const foretold = await site.run({ scope, dryRun: true });
      expect(await site.sql`select 1 from couplet.coupling`).toHaveLength(0);
      expect(site.houston.select('shoppers')).toHaveLength(5);
      const codes = await site.sql`
        select distinct r.code from couplet.job_result r join couplet.job j on j.id = r.job_id
         where j.mapping = 'customers' order by r.code`;
      expect(codes.map(({ code }) => code)).toEqual(['initial-conflict', 'would-couple', 'would-create']);
      const done = await site.run({ scope });
      expect(foretold.map(({ counters }) => counters)).toEqual(done.map(({ counters }) => counters));
    },
  );

  it('tells the key of a parent that it would couple, and leaves a reference empty to one that it would create', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run({ scope: 'full', dryRun: true });
    const results = await site.sql<{ key: string; writes: { fields: { name: string; new: unknown }[] }[] }[]>`
      select r.hq_key as key, r.writes from couplet.job_result r join couplet.job j on j.id = r.job_id
       where j.mapping = 'customers' and r.hq_key in ('["C1"]', '["C2"]') order by r.hq_key`;
    const groups = results.map(({ writes }) => writes[0]?.fields.find(({ name }) => name === 'group')?.new);
    const [both] = site.houston.select('segments', { ext_code: 'BOTH' });
    expect(groups).toEqual([null, Number(both?.['id'])]);
  });

  it('of the children alone says which parents are missing', async () => {
    await using site = await smallSite();
    fill(site);
    const lane = { mapping: 'customers', channel: 'houston' };
    const request = { ...REQUEST, scope: 'full', dryRun: true } as const;
    const [customers] = await runChannel(site.site, site.memory, 'houston', [lane], request);
    // Of eight records all but C3 refer to a group.
    expect(customers?.counters).toMatchObject({ toChannel: { inserted: 1 }, coupled: 4 });
    const missing = await site.sql`
      select distinct params ->> 'parent' as parent from couplet.job_result where code = 'parent-not-coupled'`;
    expect(missing).toEqual([{ parent: 'groups' }]);
  });
});
