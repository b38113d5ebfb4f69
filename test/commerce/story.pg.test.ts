/** The whole story: HQ is away, the till goes on, one operation is bad, an administrator repairs it, everybody agrees. */
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { openApi } from './ask-api.ts';
import { HQ_TABLES, openCommerceStage } from './commerce-stage.ts';

test('a customer that a till creates and edits while HQ is away becomes one customer with one number', async () => {
  await using server = await startServer();
  await server.ensureDatabase('hq');
  const url = server.url('hq');
  const setUp = postgres(url, { max: 1 });
  await setUp.unsafe(HQ_TABLES);
  await setUp.end();
  await using here = await openCommerceStage({
    configuration: (text) => text.replace(/(hq: \{ name: HQ, kind: postgres, url: )"[^"]*"/, `$1"${url}"`),
  });
  await using api = await openApi(here.couplet);
  const known = await here.till.create({ full_name: 'Berta', mail: 'berta@example.com' });
  expect(await here.job('pipeline')).toMatchObject({ status: 'succeeded' });

  await server.stop();
  const guid = await here.till.create({ full_name: 'Ann', mail: 'not an address' });
  await here.till.update(guid, { tel: '555' });
  await here.till.address(guid, '1', 'Main street 1');
  await here.till.address(guid, '2', 'Side street 2');
  await here.till.update(known, { tel: '777' });
  const { body: before } = await api.get('/customer-operations/summary');
  expect(before.channels).toMatchObject([{ channel: 'houston', waiting: { count: 5 } }]);
  expect(await here.job('p-job')).toMatchObject({ status: 'succeeded' });
  await here.job('synchronize-customers').catch(() => undefined);
  expect(await here.statuses()).toEqual(['synchronized', ...Array(5).fill('received')]);

  await server.start();
  const hq = postgres(url, { max: 1 });
  await hq`update customer set name = 'Bertha' where name = 'Berta'`;
  expect(await here.job('synchronize-customers')).toMatchObject({ status: 'succeeded' });
  const { body: failed } = await api.get('/customer-operations?status=failed');
  expect(failed.items).toMatchObject([{ operation: 'createCustomer', asyncCustomerAccount: guid, nextStep: 'repair' }]);
  const { body: blocked } = await api.get('/customer-operations?status=blocked&count=true');
  expect(blocked.total).toBe(3);
  for (const item of blocked.items) expect(item.blockedBy).toBe(failed.items[0].id);

  const { id } = failed.items[0];
  expect((await api.save(id, { attributes: { email: 'still none' } })).status).toBe(422);
  expect((await api.save(id, { attributes: { email: 'ann@example.com' } })).status).toBe(200);
  expect((await api.post(`/customer-operations/${id}/synchronize`, {})).body.status).toBe('synchronized');
  expect(await here.job('synchronize-customers')).toMatchObject({ status: 'succeeded' });
  expect(await here.job('1010')).toMatchObject({ status: 'succeeded' });

  const [ann, ...others] = await hq`select * from customer where email = 'ann@example.com'`;
  expect(others).toEqual([]);
  expect(ann).toMatchObject({ name: 'Ann', phone: '555', cust_account_async: guid });
  const number = String(ann?.['account_num']);
  expect(await hq`select 1 from customer_address where account_num = ${number}`).toHaveLength(2);
  expect(await hq`select name, phone from customer where email = 'berta@example.com'`).toMatchObject([
    { name: 'Bertha', phone: '777' },
  ]);
  expect(
    await here.houston`select account, full_name, tel, cust_account_async from customer order by full_name`,
  ).toMatchObject([
    { account: number, full_name: 'Ann', tel: '555', cust_account_async: guid },
    { full_name: 'Bertha', tel: '777', cust_account_async: known },
  ]);
  expect(await here.houston`select 1 from address`).toHaveLength(2);
  const { body: all } = await api.get('/customer-operations?count=true');
  expect(
    all.items.map((item: { status: string; nextStep: unknown }) => `${item.status} ${String(item.nextStep)}`),
  ).toEqual(Array(6).fill('synchronized null'));
  expect((await api.get(`/customer-operations?account=${number}&count=true`)).body.total).toBe(4);
  expect((await api.get('/couplings?status=pending')).body.items).toEqual([]);
  expect((await api.get('/synchronization-errors')).body.items).toEqual([]);
  expect(await here.houston`select 1 from commerce.retailasynccustomerv2 where onlineoperationcompleted = 0`).toEqual(
    [],
  );
  await hq.end();
});
