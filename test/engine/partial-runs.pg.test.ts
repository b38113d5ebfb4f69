/** A run that is limited to one direction or to some fields leaves the rest as it is, for the next run. */
import { expect, it } from 'vitest';
import { openErrors, type SmallSite, smallSite } from './small-site.ts';

const customer = (site: SmallSite, num = 'C1') => site.hq.select('customers', { num })[0];
const shopper = (site: SmallSite, num = 'C1') => site.houston.select('shoppers', { cust_num: num })[0];

async function inStep(): Promise<SmallSite> {
  const site = await smallSite();
  for (const n of [1, 2])
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com` });
  await site.run();
  await site.run();
  return site;
}

it('in one direction: changes and new records of the other side come with the next', async () => {
  await using site = await inStep();
  site.hq.update('customers', { num: 'C1' }, { name: 'from HQ' });
  site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
  site.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'from the till' });
  // The pair is looked at for this one's sake, and nothing is written to the channel that would lead to it again.
  site.hq.update('customers', { num: 'C2' }, { note: 'no field' });
  site.houston.insert('shoppers', { cust_num: 'N1', full_name: 'New', mail: 'n1@example.com' });
  await site.run({ direction: 'toChannel' });
  expect(shopper(site)).toMatchObject({ full_name: 'from HQ', mail: 'till@example.com' });
  expect([customer(site), customer(site, 'C2')]).toMatchObject([{ email: 'c1@example.com' }, { name: 'Customer 2' }]);
  await site.run({ scope: 'full', direction: 'toChannel' });
  expect(customer(site, 'N1')).toBeUndefined();
  await site.run();
  expect([customer(site), customer(site, 'C2'), customer(site, 'N1')]).toMatchObject([
    { name: 'from HQ', email: 'till@example.com' },
    { name: 'from the till' },
    { name: 'New' },
  ]);
});

it('to some fields: the others come with the next, and an error of theirs stays open', async () => {
  await using site = await inStep();
  site.hq.update('customers', { num: 'C1' }, { name: 'Name', email: 'new@example.com' });
  site.hq.update('customers', { num: 'C2' }, { email: 'hq@example.com' });
  site.houston.update('shoppers', { cust_num: 'C2' }, { mail: 'till@example.com' });
  await site.run({ fields: ['name'] });
  expect(shopper(site)).toMatchObject({ full_name: 'Name', mail: 'c1@example.com' });
  expect(await openErrors(site)).toEqual([]);
  await site.run();
  expect(shopper(site)).toMatchObject({ mail: 'new@example.com' });
  const conflict = await openErrors(site);
  expect(conflict).toMatchObject([{ code: 'update-conflict' }]);
  site.hq.update('customers', { num: 'C2' }, { name: 'Another' });
  await site.run({ fields: ['name'] });
  expect(shopper(site, 'C2')).toMatchObject({ full_name: 'Another', mail: 'till@example.com' });
  expect(await openErrors(site)).toEqual(conflict);
});

it('in one direction: what the other side could not take stays an error', async () => {
  await using site = await inStep();
  site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'no address' });
  await site.run();
  const refused = await openErrors(site);
  expect(refused).toMatchObject([{ code: 'constraint-violated' }]);
  site.hq.update('customers', { num: 'C1' }, { name: 'from HQ' });
  await site.run({ direction: 'toChannel' });
  expect(shopper(site)).toMatchObject({ full_name: 'from HQ' });
  expect(await openErrors(site)).toEqual(refused);
});

it('is no full run, however full: what was owed is owed still', async () => {
  await using site = await inStep();
  const lane = { mapping: 'customers', channel: 'houston' };
  await site.database.oweFullRun(lane, { reason: 'retry', trigger: 'manual' });
  const owed = async () => (await site.database.laneStates()).find(({ lane: { mapping } }) => mapping === 'customers');
  for (const part of [{ direction: 'toChannel' }, { fields: ['name'] }] as const) {
    await site.run({ scope: 'full', ...part });
    expect((await owed())?.fullRunDue).toMatchObject({ reason: 'retry' });
  }
  await site.run({ scope: 'full' });
  expect((await owed())?.fullRunDue).toBeNull();
});
