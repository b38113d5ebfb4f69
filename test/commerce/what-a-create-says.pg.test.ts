/** What a create says and what it leaves out; parts whose key in HQ holds the customer's; parts that nobody has. */
import { expect, test } from 'vitest';
import { openTwoChannels, type TwoChannelOptions } from './two-channel-stage.ts';

const houston = '/commerce/channels/houston/customers';
const online = '/commerce/channels/online/customers';

/** Addresses are known in HQ by their customer and their street, and have a city unless somebody says another one. */
const PLACES: TwoChannelOptions = {
  hqTables: `
    create table customer_place (account_num text not null references customer, street text not null,
      city text not null default 'Here', primary key (account_num, street))`,
  configuration: (text) =>
    text.replace(
      'hq: { table: customer_address, key: [id], describe: [street] }',
      'hq: { table: customer_place, key: [account_num, street], describe: [street] }',
    ),
};

test('a part whose key in HQ holds the number of its customer comes to HQ, and what it leaves out is as HQ has it', async () => {
  await using here = await openTwoChannels(PLACES);
  const given = { values: { name: 'Ann', email: 'ann@example.com' }, addresses: [{ street: 'Main 1' }] };
  expect(await here.ask('POST', online, given)).toMatchObject({ status: 201, body: { customerAccount: 'C000001' } });
  const asked = { values: { name: 'Bo', email: 'bo@example.com' }, addresses: [{ street: 'Side 2', city: 'Oslo' }] };
  expect((await here.ask('POST', houston, asked)).status).toBe(202);
  // A part may come before its customer has come to a channel from the other one; it follows with the next run.
  for (let round = 0; round < 2; round += 1) expect(await here.run('pipeline')).toMatchObject({ status: 'succeeded' });
  expect(await here.hq`select account_num, street, city from customer_place order by 1`).toEqual([
    { account_num: 'C000001', street: 'Main 1', city: 'Here' },
    { account_num: 'C000002', street: 'Side 2', city: 'Oslo' },
  ]);
  for (const channel of [here.houston, here.online])
    expect(await channel`select street, town from address order by street`).toEqual([
      { street: 'Main 1', town: 'Here' },
      { street: 'Side 2', town: 'Oslo' },
    ]);
  expect(await here.coupling`select code from couplet.sync_error where status = 'open'`).toEqual([]);
});

test('a create that says nothing of the customer is refused at the counter, whichever way it would travel', async () => {
  await using here = await openTwoChannels();
  const empty = [{ values: {} }, { values: { name: null } }, { values: {}, addresses: [{ street: 'Main 1' }] }];
  for (const channel of [houston, online])
    for (const given of empty)
      expect(await here.ask('POST', channel, given)).toMatchObject({
        status: 400,
        body: { code: 'invalid-request', errors: [{ in: 'body', pointer: '/values/name' }] },
      });
  expect(await here.houston`select 1 from commerce.retailasynccustomerv2`).toEqual([]);
  expect(await here.hq`select 1 from customer`).toEqual([]);
  // An edit that says nothing changes nothing, as before.
  const made = await here.ask('POST', online, { values: { name: 'Ann', email: 'ann@example.com' } });
  expect((await here.ask('PATCH', `${online}/${made.body.customerAccount}`, { values: {} })).status).toBe(200);
});

test('a create with changed columns says those alone', async () => {
  await using here = await openTwoChannels();
  await here.houston`
    insert into commerce.retailasynccustomerv2 (custaccountasync, operation, changedcolumns, full_name, mail, tel)
    values (gen_random_uuid(), 1, '{full_name,mail}', 'Ann', 'ann@example.com', 'not named')`;
  await here.run('pipeline');
  expect(await here.hq`select name, email, phone from customer`).toEqual([
    { name: 'Ann', email: 'ann@example.com', phone: null },
  ]);
});

test('an edit of a part that the customer does not have says so of the part, not of the customer', async () => {
  await using here = await openTwoChannels();
  const made = await here.ask('POST', houston, { values: { name: 'Ann', email: 'ann@example.com' } });
  await here.houston`
    insert into commerce.retailasyncaddressv2 (custaccountasync, operation, changedcolumns, id, street)
    values (${made.body.asyncCustomerAccount}, 2, '{street}', 77, 'Main 1')`;
  await here.run('pipeline');
  const { body } = await here.ask('GET', '/customer-operations?status=failed');
  expect(body.items).toMatchObject([{ operation: 'updateAddress', lastKnownError: { code: 'record-not-found' } }]);
  expect(body.items[0].lastKnownError.message).toBe('There is no record 77');
});

test('a customer born in HQ has one GUID, in HQ and in every channel', async () => {
  await using here = await openTwoChannels();
  await here.hq`insert into customer (account_num, name, email) values ('H1', 'Ann', 'ann@example.com')`;
  // Channels that give it at the same moment may have it from each other only with the next run.
  for (let round = 0; round < 2; round += 1) await here.run('1010');
  const [hq] = await here.hq`select cust_account_async as guid from customer`;
  expect(hq?.['guid']).toEqual(expect.any(String));
  for (const channel of [here.houston, here.online])
    expect(await channel`select cust_account_async::text as guid from customer`).toEqual([{ guid: hq?.['guid'] }]);
});
