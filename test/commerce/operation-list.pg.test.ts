/** Customer operations as people find them: list, filters, summary, detail. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Body, openApi } from './ask-api.ts';
import { openCommerceStage } from './commerce-stage.ts';

describe('the list of customer operations', () => {
  test('shows each with every attribute before and after, in words, with what happens next', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    await here.till.update(guid, { tel: '555' });
    await here.till.address(guid, '1', 'Main street 1');
    await here.till.create({ full_name: 'Bad', mail: 'no address' });
    await here.job('p-job');
    const received = await api.get('/customer-operations?status=received&sort=receivedAt&count=true');
    expect(received.status).toBe(200);
    expect(received.body.total).toBe(3);
    const [update, , address] = [0, 1, 2].map((at) => received.body.items[at]);
    expect(update).toMatchObject({
      operation: 'updateCustomer',
      customerAccount: 'C000001',
      asyncCustomerAccount: guid,
      channelName: 'Houston',
      changeDescription: 'Customer update: phone set to 555',
      nextStep: 'synchronize-customers',
      allowedActions: ['save', 'edit', 'synchronize', 'dismiss'],
    });
    expect(update.attributes).toEqual([
      { name: 'number', oldValue: 'C000001', newValue: 'C000001', changed: false, readOnly: true },
      { name: 'name', oldValue: 'Ann', newValue: 'Ann', changed: false },
      { name: 'email', oldValue: 'ann@example.com', newValue: 'ann@example.com', changed: false },
      { name: 'phone', oldValue: null, newValue: '555', changed: true },
    ]);
    expect(address).toMatchObject({ operation: 'createAddress', partKey: '1', customerAccount: 'C000001' });

    await here.job('synchronize-customers');
    const one = await api.get(`/customer-operations/${update.id}`);
    expect(one.headers['etag']).toBe(one.body.etag);
    expect(one.body).toMatchObject({ status: 'synchronized', nextStep: '1010', allowedActions: [], attempts: 1 });
    expect(one.body.history.map(({ status }: { status: string }) => status)).toEqual(['received', 'synchronized']);
    const failed = await api.get('/customer-operations?status=failed');
    expect(failed.body.items).toMatchObject([
      {
        customerAccount: null,
        operation: 'createCustomer',
        lastKnownError: { code: 'constraint-violated' },
        nextStep: 'repair',
        createdBy: 'till 7',
      },
    ]);
    expect(failed.body.items[0].changeDescription).toMatch(/^Customer creation failed: /);

    await here.job('1010');
    expect((await api.get(`/customer-operations/${update.id}`)).body.nextStep).toBe(null);

    // Each step names the session that carried it, also where one job carried both.
    const carried = async (id: string) => {
      const { body } = await api.get(`/customer-operations/${id}`);
      const all: { session: string; job: string }[] = (await api.get('/commerce/sessions?limit=100')).body.items;
      return body.history.map((step: { session: string }) => all.find(({ session }) => session === step.session)?.job);
    };
    expect(await carried(update.id)).toEqual(['p-job', 'synchronize-customers']);
    const [first] = (await api.get(`/customer-operations?asyncAccount=${guid}&sort=receivedAt`)).body.items;
    expect(await carried(first.id)).toEqual(['p-job', 'synchronize-customers']);
  });

  test('is filtered by any field of the customer as it was found and as it would be left, by parts through theirs', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await here.hq`insert into customer (account_num, name, email) values ('H1', 'Bertha', 'bertha@example.com')`;
    await here.job('1010');
    const [bertha] = await here.hq`select cust_account_async as guid from customer`;
    const guid = await here.till.create({ full_name: "Ann O'Hara \\", mail: 'Ann@Example.com' });
    await here.till.update(guid, { full_name: 'Anna' });
    await here.till.address(guid, '1', 'Main street 1');
    await here.till.address(String(bertha?.['guid']), '9', 'Other street');
    await here.job('p-job');
    const named = async (query: string): Promise<string[]> => {
      const { status, body } = await api.get(`/customer-operations?${query}&sort=receivedAt`);
      expect([query, status]).toEqual([query, 200]);
      return body.items.map(({ operation }: { operation: string }) => operation);
    };
    const all = ['createCustomer', 'updateCustomer', 'createAddress'];
    expect(await named('field.email=ann@example.COM')).toEqual(all);
    expect(await named(`field.name=${encodeURIComponent("ann o'hara \\")}`)).toEqual([
      'createCustomer',
      'updateCustomer',
    ]);
    expect(await named('field.name=anna')).toEqual(['updateCustomer', 'createAddress']);
    expect(await named('field.name=ANN*')).toEqual(all);
    expect(await named('field.name=nobody')).toEqual([]);
    expect(await named('field.name=Bertha')).toEqual(['createAddress']);
    expect(await named('part.street=main*')).toEqual(['createAddress']);
    expect(await named('part.street=main*&field.name=bertha')).toEqual([]);
    expect(await named('field.name=bertha&field.name=anna')).toHaveLength(3);
    expect(await named('account=H1')).toEqual(['createAddress']);
    expect(await named(`asyncAccount=${guid}`)).toEqual(all);
    expect(await named('q=other')).toEqual(['createAddress']);
    expect(await named('operation=updateCustomer')).toEqual(['updateCustomer']);
    expect(await named('since=2999-01-01')).toEqual([]);
    await here.job('synchronize-customers');
    expect(await named('field.email=ann@example.com')).toEqual(all);
    expect(await named('account=C000001')).toEqual(all);

    for (const bad of ['field.nonsense=1', 'part.email=1', 'nonsense=1', 'field.=1', 'sort=nonsense'])
      expect((await api.get(`/customer-operations?${bad}`)).body).toMatchObject({
        code: 'unknown-parameter',
        status: 400,
      });
    expect((await api.get('/customer-operations?limit=501')).status).toBe(400);
    const pages = await api.get('/customer-operations?limit=2');
    const next = await api.get(`/customer-operations?limit=2&cursor=${pages.body.nextCursor}`);
    expect(new Set([...pages.body.items, ...next.body.items].map(({ id }: { id: string }) => id)).size).toBe(4);
    const csv = await api.get('/customer-operations', { accept: 'text/csv' });
    expect(csv.text.split('\r\n')).toHaveLength(6);
    expect((await api.get(`/customer-operations/${randomUUID()}`)).body.code).toBe('operation-not-found');
  });

  test('says what the channel still holds, before any pull', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.address(guid, '1', 'Main street 1');
    const before = await api.get('/customer-operations/summary');
    expect(before.body.channels).toMatchObject([
      {
        channel: 'houston',
        name: 'Houston',
        waiting: { count: 2, oldestAt: expect.stringMatching(/Z$/) },
        statuses: {},
      },
    ]);
    const waiting = await api.get('/customer-operations?status=waiting&count=true');
    expect(waiting.body).toMatchObject({ total: 2, nextCursor: null });
    expect(waiting.body.items.map(({ status }: { status: string }) => status)).toEqual(['waiting', 'waiting']);
    const first = await api.get('/customer-operations?status=waiting&limit=1');
    const second = await api.get(`/customer-operations?status=waiting&limit=1&cursor=${first.body.nextCursor}`);
    expect([first.body.items[0].operation, second.body.items[0].operation].toSorted()).toEqual([
      'createAddress',
      'createCustomer',
    ]);
    expect((await api.get('/customer-operations?status=waiting&field.name=ann')).body.items).toHaveLength(1);
    expect((await api.get('/customer-operations?status=waiting&cursor=x')).status).toBe(400);
    expect((await api.get('/customer-operations?status=waiting&status=failed')).status).toBe(400);
    await here.job('p-job');
    const after = await api.get('/customer-operations/summary');
    expect(after.body.channels[0]).toMatchObject({ waiting: { count: 0, oldestAt: null }, statuses: { received: 2 } });
    expect((await api.get('/customer-operations?status=waiting')).body.items).toEqual([]);
  });

  test('is paged in either direction by what it is sorted by; what has no value comes last', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    for (const name of ['Ann', 'Ben']) await here.till.create({ full_name: name, mail: `${name}@example.com` });
    await here.job('pipeline');
    for (const name of ['Cleo', 'Dan']) await here.till.create({ full_name: name, mail: `${name}@example.com` });
    await here.job('p-job');
    const walk = async (sort: string): Promise<Body[]> => {
      const seen: Body[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { body } = await api.get(
          `/customer-operations?limit=1&sort=${sort}${cursor === '' ? '' : `&cursor=${cursor}`}`,
        );
        seen.push(...body.items);
        cursor = body.nextCursor;
      }
      expect(new Set(seen.map(({ id }) => id)).size).toBe(4);
      expect(seen).toHaveLength(4);
      return seen;
    };
    const numbers = async (sort: string) => (await walk(sort)).map(({ customerAccount }) => customerAccount);
    expect(await numbers('customerAccount')).toEqual(['C000001', 'C000002', null, null]);
    expect(await numbers('-customerAccount')).toEqual(['C000002', 'C000001', null, null]);
    const statuses = async (sort: string) => (await walk(sort)).map(({ status }) => status);
    expect(await statuses('status')).toEqual(['received', 'received', 'synchronized', 'synchronized']);
    expect(await statuses('-status')).toEqual(['synchronized', 'synchronized', 'received', 'received']);
    for (const sort of [
      'asyncCustomerAccount',
      '-asyncCustomerAccount',
      'channel',
      '-operationTimestamp',
      '-receivedAt',
    ])
      await walk(sort);
  });
});
