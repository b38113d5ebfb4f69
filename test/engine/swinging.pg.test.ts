import { expect, it } from 'vitest';
import { ACTION, type SmallSite, smallSite } from './small-site.ts';

const namedWriters = (text: string) =>
  text
    .replace('key: [num], describe: [num, name]', 'key: [num], describe: [num, name], modifiedBy: note')
    .replace('key: [id], describe: [full_name]', 'key: [id], describe: [full_name], modifiedBy: hint');

const nameInHq = (site: SmallSite) => site.hq.select('customers', { num: 'C1' })[0]?.['name'];
const nameInShop = (site: SmallSite) => site.houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name'];
const errors = (site: SmallSite) =>
  site.sql`select id, code, parked, params from couplet.sync_error where status = 'open'`;

/** HQ insists on one value, the shop on another: whatever is written is set back by the app itself. */
async function insist(site: SmallSite, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    if (nameInShop(site) !== 'MILLER')
      site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'MILLER', hint: 'till 7' });
    await site.run();
    if (nameInHq(site) !== 'Miller') site.hq.update('customers', { num: 'C1' }, { name: 'Miller', note: 'CRM' });
    await site.run();
  }
}

async function oneCustomer(): Promise<SmallSite> {
  const site = await smallSite({ configuration: namedWriters });
  site.hq.insert('customers', { num: 'C1', name: 'Miller', email: 'c1@example.com' });
  site.hq.insert('customers', { num: 'C2', name: 'Other', email: 'c2@example.com' });
  await site.run();
  await site.run();
  return site;
}

it('two apps that undo each other’s value are stopped after six writes, and both writers are named', async () => {
  await using site = await oneCustomer();
  await insist(site, 8);
  const writes = await site.sql`select 1 from couplet.sync_log where action = 'modified'`;
  expect(writes).toHaveLength(6);
  const [error, ...others] = await errors(site);
  expect(others).toEqual([]);
  expect(error).toMatchObject({
    code: 'swinging',
    parked: true,
    params: { field: 'name', times: 6, hqBy: 'CRM', channelBy: 'till 7' },
  });
  // Other records of the mapping go on.
  site.hq.update('customers', { num: 'C2' }, { name: 'Goes on' });
  await site.run();
  expect(site.houston.select('shoppers', { cust_num: 'C2' })[0]?.['full_name']).toBe('Goes on');
});

it('goes on when somebody asks for it, and counts from there; a value of another kind ends it as well', async () => {
  await using site = await oneCustomer();
  await insist(site, 8);
  const [error] = await errors(site);
  await site.synchronizer.act(String(error?.['id']), ACTION);
  expect(await errors(site)).toHaveLength(0);
  await insist(site, 2);
  expect(await errors(site)).toHaveLength(0);
  await insist(site, 4);
  expect(await errors(site)).toHaveLength(1);
  site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Settled' });
  site.hq.update('customers', { num: 'C1' }, { name: 'Settled' });
  await site.run();
  expect(await errors(site)).toHaveLength(0);
});

it('somebody who changes their mind in one app, time and again, is left alone', async () => {
  await using site = await oneCustomer();
  for (let round = 0; round < 8; round += 1) {
    site.hq.update('customers', { num: 'C1' }, { name: round % 2 === 0 ? 'Miller & Sons' : 'Miller' });
    await site.run();
  }
  expect(await errors(site)).toHaveLength(0);
});
