/** Rows of parts that cannot be read, or that come from a table with fewer columns than the mapping. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { editAsynchronously, openTwoChannels } from './two-channel-stage.ts';

const houston = '/commerce/channels/houston/customers';

test('a row of a part that cannot be read is set aside with its error, and is no address of the customer', async () => {
  await using here = await openTwoChannels();
  await here.houston`alter table address alter column town type jsonb using to_jsonb(town)`;
  await here.houston`alter table commerce.retailasyncaddressv2 alter column town type text`;
  const made = await here.ask('POST', houston, {
    values: { name: 'Ann', email: 'ann@example.com' },
    addresses: [{ street: 'Main 1' }],
  });
  const guid = String(made.body.asyncCustomerAccount);
  await here.houston`insert into commerce.retailasyncaddressv2 (custaccountasync, operation, id, street, town)
    values (${guid}, 1, -7, 'Broken', '{"a": '), (${guid}, 1, null, 'Keyless', null), (${guid}, 9, -8, 'Unknown', null)`;
  const streets = async (): Promise<string[]> =>
    (await here.ask('GET', `${houston}/${guid}`)).body.addresses.map(({ street }: { street: string }) => street);
  expect(await streets()).toEqual(['Main 1']);
  await here.run('p-job');
  expect(await streets()).toEqual(['Main 1']);
  await here.run('pipeline');
  expect(await streets()).toEqual(['Main 1']);
  expect(await here.hq`select street from customer_address`).toEqual([{ street: 'Main 1' }]);
  const { items } = (await here.ask('GET', '/customer-operations?code=operation-malformed')).body;
  expect(items.map(({ raw }: { raw: { street: string } }) => raw.street).toSorted()).toEqual([
    'Broken',
    'Keyless',
    'Unknown',
  ]);
  for (const item of items) expect(item).toMatchObject({ status: 'failed', allowedActions: ['dismiss'] });
  expect((await here.ask('GET', `${houston}/${guid}`)).body).toMatchObject({
    status: 'failed',
    lastKnownError: { code: 'operation-malformed' },
  });
});

test('a row whose GUID is none, however like one it looks, is set aside, and the others arrive', async () => {
  await using here = await openTwoChannels();
  await here.houston`alter table commerce.retailasynccustomerv2 alter column custaccountasync type text`;
  const none = ['no-guid', '-'.repeat(36), '0123456789abcdef-0123456789abcdef0123'];
  for (const guid of [...none, randomUUID()])
    await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail)
      values (${guid}, 1, ${guid}, ${`${guid}@example.com`})`;
  await here.run('p-job');
  const { items } = (await here.ask('GET', '/customer-operations?sort=operationTimestamp')).body;
  expect(items.map(({ status }: { status: string }) => status).toSorted()).toEqual([
    'failed',
    'failed',
    'failed',
    'received',
  ]);
});

test('a column that the operation table does not have is not emptied by a snapshot', async () => {
  await using here = await openTwoChannels();
  await here.hq`insert into customer (account_num, name) values ('H1', 'Known')`;
  await here.hq`insert into customer_address (account_num, street, city) values ('H1', 'Old 1', 'Paris')`;
  await editAsynchronously(here);
  const known = (await here.ask('GET', `${houston}/H1`)).body;
  await here.houston`alter table commerce.retailasyncaddressv2 drop column town`;
  await here.houston`insert into commerce.retailasyncaddressv2 (custaccountasync, operation, id, street)
    values (${known.asyncCustomerAccount}, 2, ${known.addresses[0].key}, 'New 1')`;
  await here.run('pipeline');
  expect(await here.hq`select street, city from customer_address`).toEqual([{ street: 'New 1', city: 'Paris' }]);
});

test('a column that the operation table gets later makes no row another one', async () => {
  await using here = await openTwoChannels();
  await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail)
    values (${randomUUID()}, 1, 'Ann', 'ann@example.com')`;
  expect(await here.run('p-job', 'houston')).toMatchObject({ status: 'succeeded' });
  await here.houston`alter table commerce.retailasynccustomerv2 add column later text`;
  await here.houston`update commerce.retailasynccustomerv2 set createdby = createdby`;
  expect(await here.run('p-job', 'houston')).toMatchObject({ status: 'succeeded' });
  expect((await here.ask('GET', '/customer-operations')).body.items).toHaveLength(1);
});

test('a new part that says nothing is no empty address: it fails, is corrected, and a till is told at once', async () => {
  await using here = await openTwoChannels();
  await here.hq`alter table customer_address alter column street drop not null`;
  const ann = { name: 'Ann', email: 'ann@example.com' };
  for (const channel of ['houston', 'online'])
    expect(
      await here.ask('POST', `/commerce/channels/${channel}/customers`, {
        values: ann,
        addresses: [{ street: 'Main 1' }, { city: null }],
      }),
    ).toMatchObject({ status: 400, body: { code: 'invalid-request', errors: [{ pointer: '/addresses/1/street' }] } });
  const guid = String((await here.ask('POST', houston, { values: ann })).body.asyncCustomerAccount);
  await here.houston`insert into commerce.retailasyncaddressv2 (custaccountasync, operation, id) values (${guid}, 1, -7)`;
  await here.run('pipeline');
  expect(await here.hq`select 1 from customer_address`).toEqual([]);
  const [failed] = (await here.ask('GET', '/customer-operations?status=failed')).body.items;
  expect(failed).toMatchObject({
    operation: 'createAddress',
    lastKnownError: { code: 'required-value-missing', field: 'street' },
  });
  const path = `/customer-operations/${failed.id}`;
  expect(await here.ask('PATCH', path, { attributes: { city: 'Houston' } }, { 'if-match': failed.etag })).toMatchObject(
    { status: 200 },
  );
  await here.run('pipeline');
  expect(await here.hq`select street, city from customer_address`).toEqual([{ street: null, city: 'Houston' }]);
});
