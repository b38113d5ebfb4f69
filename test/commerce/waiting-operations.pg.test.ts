/** What a channel still holds, as people find and open it before any pull. */
import { describe, expect, test } from 'vitest';
import { waitingId } from '../../src/commerce/waiting-id.ts';
import { openApi } from './ask-api.ts';
import { openCommerceStage } from './commerce-stage.ts';
import { openTwoChannels } from './two-channel-stage.ts';

describe('an operation that waits in its channel', () => {
  test('opens by the id that the list gives it, also once it has been received; until then nothing can be done', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.address(guid, '1', 'Main street 1');
    const { items } = (await api.get('/customer-operations?status=waiting')).body;
    expect(items).toHaveLength(2);
    for (const item of items) {
      const { status, body } = await api.get(`/customer-operations/${item.id}`);
      expect([status, body]).toEqual([200, item]);
      for (const refused of [
        await api.ask('PATCH', `/customer-operations/${item.id}`, { reset: ['name'] }, { 'if-match': '*' }),
        await api.post(`/customer-operations/${item.id}/synchronize`, {}),
        await api.post(`/customer-operations/${item.id}/dismiss`, { reason: 'x' }),
      ])
        expect(refused).toMatchObject({ status: 409, body: { code: 'action-not-allowed', allowedActions: [] } });
    }
    const create = items.find(({ operation }: { operation: string }) => operation === 'createCustomer');
    await here.job('p-job');
    const received = await api.get(`/customer-operations/${create.id}`);
    expect(received.body).toMatchObject({
      status: 'received',
      asyncCustomerAccount: guid,
      operation: 'createCustomer',
    });
    expect(received.body.id).not.toBe(create.id);
    expect(await api.get(`/customer-operations/${received.body.id}`)).toMatchObject({ body: received.body });
    const done = await api.post(`/customer-operations/${create.id}/synchronize`, {});
    expect(done.body).toMatchObject({ id: received.body.id, status: 'synchronized' });
    const nowhere = waitingId({ channel: 'houston', part: 'customers', counter: '4711' });
    expect((await api.get(`/customer-operations/${nowhere}`)).body.code).toBe('operation-not-found');
  });

  test('is missing where its channel is away, and the list says so; one by one it is not denied', async () => {
    await using here = await openTwoChannels({ apart: 'houston' });
    const made = { name: 'Ann', email: 'ann@example.com' };
    await here.ask('POST', '/commerce/channels/houston/customers', { values: made });
    await here.online`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name)
      values (gen_random_uuid(), 1, 'Ben')`;
    const list = '/customer-operations?status=waiting&count=true';
    const both = (await here.ask('GET', list)).body;
    expect([both.total, both.unreachable]).toEqual([2, []]);
    expect((await here.ask('GET', '/customer-operations')).body).not.toHaveProperty('unreachable');
    const ofHouston = both.items.find(({ channel }: { channel: string }) => channel === 'houston');
    await here.server?.stop();
    expect((await here.ask('GET', list)).body).toMatchObject({
      total: 1,
      items: [{ channel: 'online' }],
      unreachable: ['houston'],
    });
    expect((await here.ask('GET', `${list}&channel=online`)).body).toMatchObject({ total: 1, unreachable: [] });
    for (const path of [`${list}&channel=houston`, `/customer-operations/${ofHouston.id}`])
      expect(await here.ask('GET', path)).toMatchObject({ status: 503, body: { code: 'store-unreachable' } });
  });
});
