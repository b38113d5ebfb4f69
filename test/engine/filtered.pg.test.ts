/** Records outside the filter of their mapping, and what a record itself says of who changed it and when. */
import { describe, expect, it } from 'vitest';
import { customersWith, openErrors, type SmallSite, smallSite } from './small-site.ts';

const customer = (site: SmallSite, num: string) => site.hq.select('customers', { num })[0];
const shopper = (site: SmallSite, num: string) => site.houston.select('shoppers', { cust_num: num })[0];
const statuses = ({ sql }: SmallSite) => sql`select hq_key, status from couplet.coupling order by hq_key`;

const hqWith = (settings: string) => (text: string) =>
  text.replace('describe: [num, name] }', `describe: [num, name], ${settings} }`);
const bothWith = (setting: string) => (text: string) =>
  hqWith(`${setting}: note`)(text).replace('describe: [full_name] }', `describe: [full_name], ${setting}: hint }`);

async function inStep(configuration: (text: string) => string): Promise<SmallSite> {
  const site = await smallSite({ configuration });
  for (const n of [1, 2])
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com` });
  await site.run();
  await site.run();
  return site;
}

describe('a record outside the filter', () => {
  const filtered = hqWith('filter: not blocked');

  it('is not made on the other side before it is inside', async () => {
    await using site = await inStep(filtered);
    site.hq.insert('customers', { num: 'C3', name: 'Blocked', email: 'c3@example.com', note: 'blocked' });
    for (const scope of ['modified', 'full'] as const) await site.run({ scope });
    expect(shopper(site, 'C3')).toBeUndefined();
    site.hq.update('customers', { num: 'C3' }, { note: null });
    await site.run();
    expect(shopper(site, 'C3')).toMatchObject({ full_name: 'Blocked' });
  });

  it('freezes its pair on both sides, which goes on when it is inside again', async () => {
    await using site = await inStep(filtered);
    site.hq.update('customers', { num: 'C1' }, { name: 'from HQ', note: 'blocked' });
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
    for (const scope of ['modified', 'full'] as const) await site.run({ scope });
    expect([customer(site, 'C1'), shopper(site, 'C1')]).toMatchObject([
      { email: 'c1@example.com' },
      { full_name: 'Customer 1' },
    ]);
    expect(await statuses(site)).toMatchObject([{ status: 'outOfFilter' }, { status: 'synchronized' }]);
    expect(await openErrors(site)).toEqual([]);
    site.hq.update('customers', { num: 'C1' }, { note: null });
    await site.run();
    expect([customer(site, 'C1'), shopper(site, 'C1')]).toMatchObject([
      { email: 'till@example.com' },
      { full_name: 'from HQ' },
    ]);
    expect(await statuses(site)).toMatchObject([{ status: 'synchronized' }, { status: 'synchronized' }]);
  });

  it('whose partner is deleted is coupled no more, and is not made again when it is inside', async () => {
    await using site = await inStep(filtered);
    site.hq.update('customers', { num: 'C1' }, { note: 'blocked' });
    site.houston.delete('shoppers', { cust_num: 'C1' });
    await site.run();
    expect(await statuses(site)).toMatchObject([{ status: 'ended' }, { status: 'synchronized' }]);
    site.hq.update('customers', { num: 'C1' }, { note: null });
    for (const scope of ['modified', 'full'] as const) await site.run({ scope });
    expect([customer(site, 'C1')?.['name'], shopper(site, 'C1')]).toEqual(['Customer 1', undefined]);
    expect(await openErrors(site)).toEqual([]);
  });
});

it('the log names who changed what was carried, as the source says it', async () => {
  await using site = await inStep(bothWith('modifiedBy'));
  site.hq.update('customers', { num: 'C1' }, { name: 'from HQ', note: 'CRM' });
  site.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'from the till', hint: 'till 7' });
  await site.run();
  expect(
    await site.sql`
    select direction, changed_by, code from couplet.sync_log where action = 'modified' order by hq_key`,
  ).toEqual([
    { direction: 'toChannel', changed_by: 'CRM', code: null },
    { direction: 'toHq', changed_by: 'till 7', code: null },
  ]);
});

it.each([
  ['latestWins', 'latest-wins', 'from the till'],
  ['hqWins', 'policy', 'from HQ'],
])('%s settles a conflict by what the records say, and the log says that', async (resolve, code, winner) => {
  const policy = customersWith(`    conflicts: { resolve: ${resolve} }\n`);
  await using site = await inStep((text) => policy(bothWith('modifiedAt')(text)));
  site.hq.update('customers', { num: 'C1' }, { name: 'from HQ', note: '2026-01-02 00:00:00+00' });
  site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'from the till', hint: '2026-01-02 01:30:00+01' });
  await site.run();
  expect([customer(site, 'C1')?.['name'], shopper(site, 'C1')?.['full_name']]).toEqual([winner, winner]);
  expect(await site.sql`select code from couplet.sync_log where action = 'modified'`).toEqual([{ code }]);
});
