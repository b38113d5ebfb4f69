/** What a channel takes away, whole snapshots, and parts that no operation brought. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openApi } from './ask-api.ts';
import { type CommerceStage, openCommerceStage, runJob } from './commerce-stage.ts';

describe('a part that is deactivated', () => {
  test('goes in HQ and, with 1010, in the channel; the log has the row, and it can come back under its key', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.address(guid, '1', 'Main street 1');
    await here.till.address(guid, '2', 'Side street 2');
    await here.job('pipeline');
    await here.till.address(guid, '1', '', 3);
    await here.job('p-job');
    const { body: list } = await api.get('/customer-operations?operation=deactivateAddress');
    expect(list.items).toMatchObject([
      {
        partKey: '1',
        changeDescription: 'Address deactivation: line cleared (was 1); street cleared (was Main street 1)',
        customerAccount: 'C000001',
      },
    ]);
    expect(list.items[0].attributes).toContainEqual({
      name: 'street',
      oldValue: 'Main street 1',
      newValue: null,
      changed: true,
      readOnly: true,
    });
    await here.job('synchronize-customers');
    expect(await here.hq`select street from customer_address`).toMatchObject([{ street: 'Side street 2' }]);
    expect(await here.houston`select 1 from address`).toHaveLength(2);
    await here.job('1010');
    expect(await here.houston`select street from address`).toMatchObject([{ street: 'Side street 2' }]);
    expect((await api.get('/synchronization-errors')).body.items).toEqual([]);
    expect((await api.get(`/customer-operations/${list.items[0].id}`)).body).toMatchObject({
      status: 'synchronized',
      nextStep: null,
    });
    const { body: log } = await api.get('/synchronization-log?action=deleted&mapping=addresses');
    expect(log.items.map(({ direction, cause }: Record<string, string>) => [direction, cause])).toEqual([
      ['toChannel', 'commerce'],
      ['toHq', 'commerce'],
    ]);

    await here.till.address(guid, '1', 'New street 1');
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(Array(5).fill('synchronized'));
    expect(await here.hq`select street from customer_address order by line_no`).toMatchObject([
      { street: 'New street 1' },
      { street: 'Side street 2' },
    ]);
    expect(await here.houston`select 1 from address`).toHaveLength(2);
  });

  test('that the channel never got back leaves nothing behind', async () => {
    await using here = await openCommerceStage();
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.address(guid, '1', 'Main street 1');
    await here.till.address(guid, '1', '', 3);
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'synchronized']);
    expect(await here.hq`select 1 from customer_address`).toHaveLength(0);
    await here.job('pipeline');
    expect(await here.houston`select 1 from address`).toHaveLength(0);
    expect(await here.coupling`select 1 from couplet.sync_error where status = 'open'`).toEqual([]);
  });

  test('goes once, also when the process dies between HQ and the coupling database', async () => {
    let armed = false;
    await using here = await openCommerceStage({
      reach: (point) => {
        if (armed && point === 'hq-written') throw new Error('died');
      },
    });
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.address(guid, '1', 'Main street 1');
    await here.job('pipeline');
    await here.till.address(guid, '1', '', 3);
    await here.job('p-job');
    armed = true;
    await here.job('synchronize-customers').catch(() => undefined);
    const other = await here.another();
    try {
      for (let round = 0; round < 2; round += 1) await runJob(other, 'pipeline');
    } finally {
      await other.close();
    }
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'synchronized']);
    expect(await here.houston`select 1 from address`).toHaveLength(0);
    expect(await here.coupling`select 1 from couplet.sync_error where status = 'open'`).toEqual([]);
    expect(await here.coupling`select 1 from couplet.sync_log where action = 'deleted'`).toHaveLength(2);
  });
});

describe('a part that is deactivated after HQ changed it', () => {
  async function changed(here: CommerceStage, change: string) {
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.address(guid, '1', 'Main street 1');
    await here.job('pipeline');
    await here.hq.unsafe(change);
    await here.till.address(guid, '1', '', 3);
    await here.job('p-job');
    await here.job('synchronize-customers');
  }
  const addresses = (here: CommerceStage) => here.hq`select street from customer_address`;

  test('waits for somebody; the channel wins and it goes everywhere', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await changed(here, `update customer_address set street = 'New street 1'`);
    expect(await addresses(here)).toMatchObject([{ street: 'New street 1' }]);
    const [operation] = (await api.get('/customer-operations?status=conflict')).body.items;
    expect(operation).toMatchObject({
      operation: 'deactivateAddress',
      lastKnownError: { code: 'deleted-and-changed' },
      nextStep: 'repair',
    });
    const { body: error } = await api.get(`/synchronization-errors/${operation.errorId}`);
    expect(error).toMatchObject({ kind: 'conflict', code: 'deleted-and-changed' });
    expect(error.fields).toContainEqual(
      expect.objectContaining({ name: 'street', hq: 'New street 1', channel: null, conflicting: true }),
    );
    const act = `/synchronization-errors/${error.id}/synchronize`;
    expect((await api.post(act, { fields: { street: 'channel' } })).body.code).toBe('winner-required');
    const preview = await api.post(act, { winner: 'channel', dryRun: true });
    expect(preview.body.writes).toMatchObject([{ side: 'hq', operation: 'delete' }]);
    const done = await api.post(act, { winner: 'channel' });
    expect(done.body).toMatchObject({ outcome: 'succeeded', resolution: { winner: 'channel' } });
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'synchronized']);
    await here.job('1010');
    expect(await addresses(here)).toEqual([]);
    expect(await here.houston`select 1 from address`).toEqual([]);
  });

  test('stays when HQ wins, and the operation is dismissed', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await changed(here, `update customer_address set street = 'New street 1'`);
    const [{ id }] = (await api.get('/synchronization-errors?kind=conflict')).body.items;
    const done = await api.post(`/synchronization-errors/${id}/synchronize`, { winner: 'hq' });
    expect(done.body).toMatchObject({ outcome: 'succeeded', writes: [] });
    expect((await here.statuses()).at(-1)).toBe('dismissed');
    await here.job('pipeline');
    expect(await here.houston`select street from address`).toMatchObject([{ street: 'New street 1' }]);
  });

  test('waits also when what HQ changed is not mapped', async () => {
    await using here = await openCommerceStage();
    await here.hq`alter table customer_address add column note text`;
    await changed(here, `update customer_address set note = 'the dog bites'`);
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'conflict']);
    expect(await addresses(here)).toHaveLength(1);
  });

  test('is refused when a coupled record would go with it', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await here.hq.unsafe(
      'alter table customer add column main_address bigint references customer_address (id) on delete cascade',
    );
    await changed(here, 'update customer set main_address = (select id from customer_address)');
    const { body } = await api.get('/customer-operations?status=failed');
    expect(body.items).toMatchObject([{ lastKnownError: { code: 'deletion-would-cascade' } }]);
    expect(await here.hq`select 1 from customer`).toHaveLength(1);
    expect(await addresses(here)).toHaveLength(1);
  });
});

describe('a customer that is deactivated', () => {
  const deactivate = `insert into commerce.retailasynccustomerv2 (custaccountasync, operation) values`;

  test('is marked in HQ as the configuration says', async () => {
    await using here = await openCommerceStage();
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    await here.houston.unsafe(`${deactivate} ('${guid}', 3)`);
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized']);
    expect(await here.hq`select blocked from customer`).toMatchObject([{ blocked: true }]);
    expect(await here.houston`select 1 from customer`).toHaveLength(1);
  });

  test('is refused where the configuration does not say how, and applied once it does', async () => {
    await using here = await openCommerceStage({
      configuration: (text) => text.replace(/ {2}deactivateCustomer.*\n/, ''),
    });
    await using api = await openApi(here.couplet);
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.houston.unsafe(`${deactivate} ('${guid}', 3)`);
    await here.job('pipeline');
    expect((await api.get('/customer-operations?status=failed')).body.items).toMatchObject([
      { operation: 'deactivateCustomer', lastKnownError: { code: 'operation-not-supported' } },
    ]);
  });
});

describe('a whole snapshot', () => {
  test('changes what differs from what the channel had seen, and nothing else: not the GUID, not what HQ changed', async () => {
    await using here = await openCommerceStage();
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    await here.hq`update customer set phone = 'from HQ'`;
    await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail) values (${guid}, 2, 'Anna', 'ann@example.com')`;
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized']);
    expect(await here.hq`select name, phone, cust_account_async from customer`).toMatchObject([
      { name: 'Anna', phone: 'from HQ', cust_account_async: guid },
    ]);
    expect(await here.houston`select full_name, tel, cust_account_async from customer`).toMatchObject([
      { full_name: 'Anna', tel: 'from HQ', cust_account_async: guid },
    ]);
  });
});

describe('parts that no operation brought', () => {
  test('are found by the key that they have in the channel', async () => {
    await using here = await openCommerceStage();
    await here.hq`insert into customer (account_num, name, email) values ('H1', 'Ann', 'ann@example.com')`;
    await here.hq`insert into customer_address (account_num, line_no, street) values ('H1', '7', 'Old street')`;
    await here.job('1010');
    const [ann] = await here.houston`select cust_account_async as guid from customer`;
    await here.till.address(String(ann?.['guid']), '7', 'New street', 2);
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized']);
    expect(await here.hq`select street from customer_address`).toMatchObject([{ street: 'New street' }]);
    expect(await here.houston`select street from address`).toMatchObject([{ street: 'New street' }]);
    await here.till.address(randomUUID(), '7', 'Nobody', 2);
    await here.job('pipeline');
    expect(await here.coupling`select code from couplet.customer_operation where status = 'failed'`).toMatchObject([
      { code: 'customer-not-found' },
    ]);
  });
});

describe('rows that were done before Couplet came', () => {
  test('are not carried out again', async () => {
    await using here = await openCommerceStage();
    await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail, onlineoperationcompleted)
      values (${randomUUID()}, 1, 'Long ago', 'old@example.com', 1)`;
    await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    expect(await here.hq`select name from customer`).toMatchObject([{ name: 'Ann' }]);
    expect(await here.statuses()).toEqual(['synchronized']);
  });
});
