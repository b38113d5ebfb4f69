import { describe, expect, it } from 'vitest';
import { type SmallSite, smallSite } from './small-site.ts';

function fill(site: SmallSite): void {
  site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  site.hq.insert('groups', { code: 'G2', title: 'Wholesale' });
  for (let n = 1; n <= 5; n += 1) {
    site.hq.insert('customers', {
      num: `C${n}`,
      name: `Customer ${n}`,
      email: `c${n}@example.com`,
      credit: '10.00',
      group_code: n % 2 ? 'G1' : 'G2',
    });
  }
}

const shopper = (site: SmallSite, num: string) => site.houston.select('shoppers', { cust_num: num })[0];
const customer = (site: SmallSite, num: string) => site.hq.select('customers', { num })[0];
const errors = (site: SmallSite) =>
  site.sql`select kind, code, status, params from couplet.sync_error where status = 'open' order by id`;

describe('a run', () => {
  it('fills an empty channel, parents first, and makes no write the second time', async () => {
    await using site = await smallSite();
    fill(site);
    const reports = await site.run();
    expect(reports.map((report) => [report.status, report.code])).toEqual([
      ['succeeded', null],
      ['succeeded', null],
    ]);
    expect(site.houston.select('shoppers')).toHaveLength(5);
    const groups = site.houston.select('segments');
    expect(shopper(site, 'C1')?.['segment_id']).toBe(groups.find((group) => group['ext_code'] === 'G1')?.['id']);
    expect(shopper(site, 'C3')).toMatchObject({ full_name: 'Customer 3', mail: 'c3@example.com' });
    const before = await site.sql`select count(*)::int n from couplet.sync_log`;
    const again = await site.run();
    for (const report of again) {
      expect(report.counters.toChannel).toMatchObject({ inserted: 0, modified: 0, failed: 0 });
      expect(report.counters.toHq).toMatchObject({ inserted: 0, modified: 0, failed: 0 });
    }
    expect(await site.sql`select count(*)::int n from couplet.sync_log`).toEqual(before);
  });

  it('carries changes both ways, and both survive when they are of different fields', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { name: 'Renamed' });
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'new@example.com' });
    site.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'From the till' });
    await site.run();
    expect(shopper(site, 'C1')).toMatchObject({ full_name: 'Renamed', mail: 'new@example.com' });
    expect(customer(site, 'C1')).toMatchObject({ name: 'Renamed', email: 'new@example.com' });
    expect(customer(site, 'C2')).toMatchObject({ name: 'From the till' });
    expect(await errors(site)).toHaveLength(0);
  });

  it('lists a field changed in both apps as one conflict and touches neither', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { email: 'hq@example.com' });
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
    await site.run();
    await site.run({ scope: 'full' });
    expect(await errors(site)).toMatchObject([{ kind: 'conflict', code: 'update-conflict' }]);
    expect(customer(site, 'C1')?.['email']).toBe('hq@example.com');
    expect(shopper(site, 'C1')?.['mail']).toBe('till@example.com');
  });

  it('lists deletions, and a deletion whose survivor was changed, for a person', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.hq.delete('customers', { num: 'C1' });
    site.houston.delete('shoppers', { cust_num: 'C2' });
    site.hq.update('customers', { num: 'C2' }, { name: 'Changed' });
    await site.run();
    expect((await errors(site)).map((error) => error['code']).sort()).toEqual(['deleted-and-changed', 'deleted-in-hq']);
  });

  it('lists a record that a store refuses, and the others go on', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'no address' });
    site.houston.update('shoppers', { cust_num: 'C2' }, { mail: 'good@example.com' });
    site.hq.update('customers', { num: 'C3' }, { name: 'x'.repeat(50) });
    await site.run();
    expect(customer(site, 'C2')?.['email']).toBe('good@example.com');
    const open = await errors(site);
    expect(open.map((error) => error['code']).sort()).toEqual(['constraint-violated', 'value-too-long']);
    // The store names its column; the mapping calls the field otherwise, and that is what is looked for.
    expect(open.find((error) => error['code'] === 'value-too-long')?.['params']).toMatchObject({
      field: 'name',
      column: 'full_name',
    });
    expect(await site.sql`select 1 from couplet.sync_error where 'name' = any(field_names)`).toHaveLength(1);
    site.hq.update('customers', { num: 'C3' }, { name: 'short' });
    await site.run();
    expect(await errors(site)).toHaveLength(1);
    expect(shopper(site, 'C3')?.['full_name']).toBe('short');
  });

  it('tries and counts a record once in a full run, whatever was wrong with it before', async () => {
    await using site = await smallSite();
    site.hq.insert('customers', { num: 'T1', name: 'Twin', email: null });
    site.houston.insert('shoppers', { cust_num: 'T1', full_name: 'Twin', mail: null });
    site.houston.insert('shoppers', { cust_num: 'T1', full_name: 'Twin too', mail: null });
    await site.run();
    site.hq.insert('customers', { num: 'L1', name: 'x'.repeat(50), email: null });
    await site.run();
    for (const round of [1, 2]) {
      const reports = await site.run({ scope: 'full' });
      const { counters } = reports.find(({ lane }) => lane.mapping === 'customers')!;
      expect(counters.ambiguous).toBe(3);
      expect(counters.toHq.failed).toBe(2);
      expect(counters.toChannel.failed).toBe(2);
      const [tried] = await site.sql`select attempts from couplet.sync_error where code = 'value-too-long'`;
      expect(tried).toEqual({ attempts: 1 + round });
    }
    expect(await errors(site)).toHaveLength(4);
  });

  it('carries what one channel brought to HQ on to the other channel', async () => {
    await using site = await smallSite({ channels: ['houston', 'online'] });
    fill(site);
    await site.run();
    site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Till' });
    await site.run();
    await site.run();
    expect(site.online.select('shoppers', { cust_num: 'C1' })[0]).toMatchObject({ full_name: 'Till' });
  });

  it('follows a record whose key was changed', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.hq.changeKey('customers', { num: 'C1' }, { num: 'C100' });
    await site.run();
    expect(site.houston.select('shoppers')).toHaveLength(5);
    expect(shopper(site, 'C100')).toMatchObject({ full_name: 'Customer 1' });
  });
});

it('of a mapping whose fields all come from HQ nothing is made there, whatever its direction says', async () => {
  await using site = await smallSite({
    configuration: (text) =>
      text
        .replace('    match: [[number], [email]]\n', '')
        .replaceAll(/(number|name|email|group): \{(.*) \}/g, '$1: {$2, direction: toChannel }'),
  });
  site.houston.insert('shoppers', { cust_num: 'S1', full_name: 'Of the shop', mail: 'precious@example.com' });
  await site.run({ scope: 'full' });
  await site.run();
  expect(site.hq.select('customers')).toEqual([]);
  expect(site.houston.select('shoppers')).toMatchObject([{ full_name: 'Of the shop', mail: 'precious@example.com' }]);
});
