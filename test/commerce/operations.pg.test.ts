/** The way of customer operations from the till's tables to HQ and back, over real databases. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { NO_OPERATION_FILTER } from '../../src/http/operation-filter.ts';
import { openCommerceStage } from './commerce-stage.ts';

describe('a customer that a till created', () => {
  test('arrives in HQ with a number, its edits and its addresses, and comes back to the channel once', async () => {
    await using here = await openCommerceStage();
    await here.hq`insert into customer (account_num, name, email) values ('C000001', 'Known', 'known@example.com')`;
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.update(guid, { tel: '555' });
    await here.till.address(guid, '1', 'Main street 1');
    await here.till.address(guid, '2', 'Side street 2');
    expect(await here.job('p-job')).toMatchObject({ status: 'succeeded' });
    expect(await here.statuses()).toEqual(['received', 'received', 'received', 'received']);

    expect(await here.job('synchronize-customers')).toMatchObject({ status: 'succeeded' });
    expect(await here.statuses()).toEqual(Array(4).fill('synchronized'));
    const [ann] = await here.hq`select * from customer where email = 'ann@example.com'`;
    expect(ann).toMatchObject({ account_num: 'C000002', name: 'Ann', phone: '555', cust_account_async: guid });
    expect(
      await here.hq`select street from customer_address where account_num = 'C000002' order by line_no`,
    ).toMatchObject([{ street: 'Main street 1' }, { street: 'Side street 2' }]);
    expect(
      await here.houston`select onlineoperationcompleted as done from commerce.retailasynccustomerv2`,
    ).toMatchObject([{ done: 1 }, { done: 1 }]);

    expect(await here.job('1010')).toMatchObject({ status: 'succeeded' });
    const back = await here.houston`select * from customer order by account`;
    expect(back).toMatchObject([
      { account: 'C000001', full_name: 'Known' },
      { account: 'C000002', full_name: 'Ann', tel: '555', cust_account_async: guid },
    ]);
    expect(await here.houston`select street from address order by line_no`).toHaveLength(2);
    const [known] = await here.hq`select cust_account_async as guid from customer where account_num = 'C000001'`;
    expect(known?.['guid']).toBe(back[0]?.['cust_account_async']);
    expect(known?.['guid']).toMatch(/^[0-9a-f-]{36}$/);

    // At rest everything stays as it is.
    expect(await here.job('pipeline')).toMatchObject({ status: 'succeeded' });
    expect(await here.job('pipeline')).toMatchObject({ status: 'succeeded' });
    expect(await here.hq`select 1 from customer`).toHaveLength(2);
    expect(await here.houston`select 1 from customer`).toHaveLength(2);
    expect(
      await here.coupling`select 1 from couplet.coupling where ended_at is null and status <> 'synchronized'`,
    ).toEqual([]);
    expect(await here.coupling`select 1 from couplet.sync_error where status = 'open'`).toEqual([]);
  });

  test('keeps what HQ changed meanwhile in other fields; the same field is a conflict and nothing is overwritten', async () => {
    await using here = await openCommerceStage();
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    await here.hq`update customer set phone = 'from HQ'`;
    await here.till.update(guid, { full_name: 'Anna' });
    await here.till.update(guid, { tel: 'from the till' });
    await here.job('p-job');
    await here.job('synchronize-customers');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'conflict']);
    expect(await here.hq`select name, phone from customer`).toMatchObject([{ name: 'Anna', phone: 'from HQ' }]);
  });

  test('is the one that HQ has already when it matches', async () => {
    await using here = await openCommerceStage();
    await here.hq`insert into customer (account_num, name, email, phone) values ('H1', 'Ann', 'ann@example.com', '1')`;
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    const second = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    await here.till.update(second, { tel: '2' });
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'synchronized']);
    expect(await here.hq`select account_num, phone, cust_account_async from customer`).toMatchObject([
      { account_num: 'H1', phone: '2', cust_account_async: guid },
    ]);
    expect(await here.houston`select tel, cust_account_async from customer`).toMatchObject([
      { tel: '2', cust_account_async: guid },
    ]);
  });
});

describe('what cannot be carried out', () => {
  test('a failed create holds back what is behind it, and nothing else', async () => {
    await using here = await openCommerceStage();
    const bad = await here.till.create({ full_name: 'Bad', mail: 'no address' });
    await here.till.update(bad, { tel: '1' });
    await here.till.create({ full_name: 'Good', mail: 'good@example.com' });
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['failed', 'blocked', 'synchronized']);
    expect(await here.hq`select name from customer`).toMatchObject([{ name: 'Good' }]);
    const { items } = await here.couplet.database.commerce.operations(
      { ...NO_OPERATION_FILTER, status: ['failed'] },
      { limit: 10, cursor: null, sort: null, count: true },
    );
    expect(items).toMatchObject([{ code: 'constraint-violated', attempts: 1, name: 'createCustomer' }]);
  });

  test('a row that cannot be read is set aside, the others arrive', async () => {
    await using here = await openCommerceStage();
    await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation) values (${randomUUID()}, 9)`;
    await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, changedcolumns) values (${randomUUID()}, 2, '{nonsense}')`;
    await here.houston`insert into commerce.retailasyncaddressv2 (custaccountasync, operation, street) values (${randomUUID()}, 1, 'x')`;
    await here.till.create({ full_name: 'Good', mail: 'good@example.com' });
    await here.job('pipeline');
    expect((await here.statuses()).toSorted()).toEqual(['failed', 'failed', 'failed', 'synchronized']);
    const rows = await here.coupling`select code, guid from couplet.customer_operation where status = 'failed'`;
    expect(rows.every((row) => row['code'] === 'operation-malformed' && row['guid'] !== null)).toBe(true);
    // What stands in it finds it all the same.
    const found = await here.coupling`
      select o.name from couplet.customer_operation o join couplet.operation_search s on s.operation_id = o.id
       where s.text like '%nonsense%'`;
    expect(found).toMatchObject([{ name: 'updateCustomer' }]);
  });

  test('a counter that comes again with another content overwrites nothing, and every pull says so', async () => {
    await using here = await openCommerceStage();
    await here.till.create({ full_name: 'First', mail: 'first@example.com' });
    await here.job('p-job');
    await here.houston`delete from commerce.retailasynccustomerv2`;
    await here.houston`insert into commerce.retailasynccustomerv2 (replicationcounter, custaccountasync, operation, full_name)
      values (1, ${randomUUID()}, 1, 'Other')`;
    expect(await here.job('p-job')).toMatchObject({ status: 'failed', code: 'counter-reused' });
    expect(await here.job('p-job')).toMatchObject({ status: 'failed', code: 'counter-reused' });
    expect(await here.coupling`select "values" ->> 'name' as name from couplet.customer_operation`).toMatchObject([
      { name: 'First' },
    ]);
  });

  test('a GUID that names another customer is refused to a second create', async () => {
    await using here = await openCommerceStage();
    const guid = await here.till.create({ full_name: 'One', mail: 'one@example.com' });
    await here.till.create({ full_name: 'Two', mail: 'two@example.com' }, guid);
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'failed']);
    expect(await here.hq`select name from customer`).toMatchObject([{ name: 'One' }]);
  });
});

describe('operations that are committed late', () => {
  test('arrive although a higher counter was pulled before', async () => {
    await using here = await openCommerceStage();
    const late = await here.houston.reserve();
    await late`begin`;
    await late`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail) values (${randomUUID()}, 1, 'Late', 'late@example.com')`;
    await here.till.create({ full_name: 'Early', mail: 'early@example.com' });
    await here.job('p-job');
    await late`commit`;
    late.release();
    await here.job('p-job');
    await here.job('p-job');
    expect(
      await here.coupling`select "values" ->> 'name' as name from couplet.customer_operation order by counter`,
    ).toMatchObject([{ name: 'Late' }, { name: 'Early' }]);
  });
});
