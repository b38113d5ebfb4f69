/** The whole way, as the people on it meet it: a till that goes on without HQ, an administrator who repairs, one customer. */
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { editAsynchronously, openTwoChannels } from './two-channel-stage.ts';

test('a till creates and edits a customer with two addresses while HQ is away, HQ edits another field, one operation is invalid and repaired: one customer with one number, both edits kept, nothing pending', async () => {
  await using here = await openTwoChannels({ apart: 'hq' });
  await editAsynchronously(here);

  await here.server?.stop();
  const till = '/commerce/channels/houston/customers';
  const made = await here.ask('POST', till, {
    values: { name: 'Ann', email: 'ann@example.com' },
    addresses: [{ street: 'Main 1', city: 'Houston' }, { street: 'nowhere' }],
  });
  expect(made).toMatchObject({ status: 202, body: { displayAccount: 'Pending sync' } });
  const guid = made.body.asyncCustomerAccount;
  expect(await here.ask('PATCH', `${till}/${guid}`, { values: { name: 'Ann Smith' } })).toMatchObject({ status: 202 });
  expect(await here.run('p-job')).toMatchObject({ status: 'succeeded' });
  expect(await here.run('synchronize-customers')).toMatchObject({ status: 'failed', code: 'store-unreachable' });

  await here.server?.start();
  await until(async () => (await here.run('synchronize-customers')).status === 'succeeded', { what: 'HQ is back' });
  const [failed, ...more] = (await here.ask('GET', '/customer-operations?status=failed&field.name=Ann*')).body.items;
  expect(more).toEqual([]);
  expect(failed).toMatchObject({
    operation: 'createAddress',
    status: 'failed',
    lastKnownError: { code: 'constraint-violated' },
  });
  await here.hq`update customer set phone = '555' where name = 'Ann Smith'`;
  await here.ask('PATCH', `${till}/${guid}`, { values: { name: 'Ann Smith-Jones' } });
  await here.run('p-job');
  await here.run('synchronize-customers');

  const seen = await here.ask('GET', `/customer-operations/${failed.id}`);
  const etag = { 'if-match': String(seen.headers['etag']) };
  const path = `/customer-operations/${failed.id}`;
  expect(await here.ask('PATCH', path, { attributes: { street: 'nowhere' } }, etag)).not.toMatchObject({ status: 200 });
  expect(await here.ask('PATCH', path, { attributes: { street: 'Side 2' } }, etag)).toMatchObject({ status: 200 });
  expect(await here.ask('POST', `${path}/synchronize`, {})).toMatchObject({
    status: 200,
    body: { status: 'synchronized' },
  });
  expect(await here.run('1010')).toMatchObject({ status: 'succeeded', code: null });
  await here.run('pipeline');

  expect(await here.hq`select account_num, name, phone, cust_account_async as guid from customer`).toEqual([
    { account_num: 'C000001', name: 'Ann Smith-Jones', phone: '555', guid },
  ]);
  expect(await here.hq`select street from customer_address order by street`).toEqual([
    { street: 'Main 1' },
    { street: 'Side 2' },
  ]);
  for (const channel of [here.houston, here.online]) {
    expect(await channel`select account, full_name, tel, cust_account_async as guid from customer`).toEqual([
      { account: 'C000001', full_name: 'Ann Smith-Jones', tel: '555', guid },
    ]);
    expect(await channel`select street from address order by street`).toEqual([
      { street: 'Main 1' },
      { street: 'Side 2' },
    ]);
  }
  for (const account of [guid, 'C000001'])
    expect((await here.ask('GET', `${till}/${account}`)).body).toMatchObject({
      customerAccount: 'C000001',
      asyncCustomerAccount: guid,
      status: 'synchronized',
    });
  expect((await here.ask('GET', `${till}?q=ann`)).body.items).toHaveLength(1);
  expect(await here.coupling`select status, count(*)::int from couplet.customer_operation group by 1`).toEqual([
    { status: 'synchronized', count: 5 },
  ]);
  expect(
    await here.coupling`select 1 from couplet.coupling where ended_at is null and status <> 'synchronized'`,
  ).toEqual([]);
  expect(await here.coupling`select 1 from couplet.sync_error where status = 'open'`).toEqual([]);
  expect(await here.houston`select 1 from commerce.retailasynccustomerv2 where onlineoperationcompleted = 0`).toEqual(
    [],
  );
});
