/** An operation in conflict is in the error list too; what is decided there ends both. */
import { describe, expect, test } from 'vitest';
import { type Api, openApi } from './ask-api.ts';
import { type CommerceStage, openCommerceStage } from './commerce-stage.ts';

/** Ann's name and phone were changed by HQ and by the till, her e-mail by the till alone. */
async function conflict(
  here: CommerceStage,
  api: Api,
  changes: Record<string, string> = { tel: 'till', full_name: 'Till' },
) {
  const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
  await here.job('pipeline');
  await here.hq`update customer set phone = 'hq', name = 'Head'`;
  await here.till.update(guid, changes);
  await here.job('p-job');
  await here.job('synchronize-customers');
  const { body } = await api.get('/customer-operations?status=conflict');
  expect(body.items).toHaveLength(1);
  return {
    guid,
    operation: body.items[0],
    error: (await api.get(`/synchronization-errors/${body.items[0].errorId}`)).body,
  };
}

describe('an operation in conflict', () => {
  test('has an ordinary error whose channel values are its own; the channel wins and HQ has them', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const { operation, error } = await conflict(here, api, { tel: 'till', full_name: 'Till', mail: 'new@example.com' });
    expect(operation).toMatchObject({
      status: 'conflict',
      nextStep: 'repair',
      lastKnownError: { code: 'update-conflict' },
    });
    expect(error).toMatchObject({
      kind: 'conflict',
      code: 'update-conflict',
      mapping: 'customers',
      couplingId: operation.couplingId,
      allowedActions: ['retry', 'synchronize', 'remove-coupling'],
      hqRecord: { exists: true },
      channelRecord: { exists: true },
    });
    const fields = new Map(error.fields.map((field: { name: string }) => [field.name, field]));
    expect(fields.get('phone')).toMatchObject({
      base: { hq: null, channel: null },
      hq: 'hq',
      channel: 'till',
      conflicting: true,
    });
    expect(fields.get('name')).toMatchObject({ hq: 'Head', channel: 'Till', conflicting: true });
    expect(await here.hq`select email, phone from customer`).toMatchObject([{ email: 'new@example.com', phone: 'hq' }]);
    expect((await api.get('/synchronization-errors?kind=conflict')).body.items).toHaveLength(1);

    const act = `/synchronization-errors/${error.id}/synchronize`;
    expect((await api.post(act, {})).body.code).toBe('winner-required');
    const preview = await api.post(act, { winner: 'channel', dryRun: true });
    expect(preview.body.writes).toMatchObject([{ side: 'hq', operation: 'update', key: { account_num: 'C000001' } }]);
    expect((await here.statuses()).at(-1)).toBe('conflict');
    const done = await api.post(act, { winner: 'channel', reason: 'the till knows' }, { 'if-match': error.etag });
    expect(done.body).toMatchObject({
      outcome: 'succeeded',
      status: 'resolved',
      resolution: { action: 'synchronize', winner: 'channel', reason: 'the till knows' },
    });
    expect(await here.hq`select name, phone from customer`).toMatchObject([{ name: 'Till', phone: 'till' }]);
    const { body: after } = await api.get(`/customer-operations/${operation.id}`);
    expect(after).toMatchObject({
      status: 'synchronized',
      lastKnownError: null,
      resolution: { winner: 'channel', actor: 'local' },
      errorId: error.id,
    });
    expect((await api.post(act, { winner: 'hq' })).body.code).toBe('already-resolved');
    const log = await api.get(`/synchronization-log?errorId=${error.id}`);
    expect(log.body.items.map(({ action }: { action: string }) => action)).toEqual([
      'resolved',
      'modified',
      'conflict',
    ]);
    await here.job('pipeline');
    expect(await here.houston`select full_name, tel from customer`).toMatchObject([{ full_name: 'Till', tel: 'till' }]);
    expect((await api.get('/synchronization-errors')).body.items).toEqual([]);
  });

  test('ends as dismissed when HQ wins and nothing of it came through, else as synchronized', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const first = await conflict(here, api);
    const done = await api.post(`/synchronization-errors/${first.error.id}/synchronize`, { winner: 'hq' });
    expect(done.body).toMatchObject({ outcome: 'succeeded', writes: [] });
    expect((await api.get(`/customer-operations/${first.operation.id}`)).body).toMatchObject({
      status: 'dismissed',
      resolution: { winner: 'hq' },
      dismissal: { actor: 'local' },
    });
    expect(
      await here.houston`select 1 from commerce.retailasynccustomerv2 where onlineoperationcompleted = 1`,
    ).toHaveLength(1);
    await here.job('pipeline');
    expect(await here.houston`select full_name, tel from customer`).toMatchObject([{ full_name: 'Head', tel: 'hq' }]);

    await here.hq`update customer set phone = 'hq again'`;
    await here.till.update(first.guid, { tel: 'till again', mail: 'new@example.com' });
    await here.job('p-job');
    await here.job('synchronize-customers');
    const { body } = await api.get('/customer-operations?status=conflict');
    await api.post(`/synchronization-errors/${body.items[0].errorId}/synchronize`, { winner: 'hq' });
    expect((await api.get(`/customer-operations/${body.items[0].id}`)).body).toMatchObject({
      status: 'synchronized',
      resolution: { winner: 'hq' },
    });
    expect(await here.hq`select phone, email from customer`).toMatchObject([
      { phone: 'hq again', email: 'new@example.com' },
    ]);
  });

  test('is settled field by field, with values of one own, bound to what was seen', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const { operation, error } = await conflict(here, api);
    const act = `/synchronization-errors/${error.id}/synchronize`;
    await here.hq`update customer set phone = 'moved'`;
    expect((await api.post(act, { winner: 'channel' })).body.code).toBe('stale-decision');
    expect((await api.post(act, { winner: 'channel' }, { 'if-match': error.etag })).status).toBe(412);
    const partly = await api.post(act, { fields: { phone: 'hq' } }, { 'if-match': '*' });
    expect(partly.body).toMatchObject({ outcome: 'succeeded', status: 'open', params: { fields: ['name'] } });
    expect(await here.hq`select name, phone from customer`).toMatchObject([{ name: 'Head', phone: 'moved' }]);
    const rest = await api.post(act, { fields: { name: { value: 'Both' } } });
    expect(rest.body).toMatchObject({ outcome: 'succeeded', status: 'resolved' });
    expect(await here.hq`select name, phone from customer`).toMatchObject([{ name: 'Both', phone: 'moved' }]);
    expect((await api.get(`/customer-operations/${operation.id}`)).body).toMatchObject({
      status: 'synchronized',
      resolution: { fields: { phone: 'hq', name: { value: 'Both', side: 'hq' } } },
    });
    await here.job('pipeline');
    expect(await here.houston`select full_name, tel from customer`).toMatchObject([
      { full_name: 'Both', tel: 'moved' },
    ]);
  });

  test('what the store refuses of a choice leaves both open with the new cause; Save and Synchronize, or dismissing, end both', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const { operation, error } = await conflict(here, api);
    const act = `/synchronization-errors/${error.id}/synchronize`;
    const refused = await api.post(act, { fields: { name: { value: null } } });
    expect(refused.body).toMatchObject({ outcome: 'failed', status: 'open', code: 'required-value-missing' });
    expect((await api.get(`/customer-operations/${operation.id}`)).body).toMatchObject({
      status: 'conflict',
      lastKnownError: { code: 'required-value-missing' },
    });
    const saved = await api.save(operation.id, { attributes: { phone: 'hq', name: 'Head' } });
    expect(saved.body).toMatchObject({ status: 'conflict', nextStep: 'synchronize-customers' });
    await here.job('synchronize-customers');
    expect((await here.statuses()).at(-1)).toBe('synchronized');
    expect((await api.get(`/synchronization-errors/${error.id}`)).body).toMatchObject({
      status: 'resolved',
      resolution: { action: 'automatic' },
    });
  });

  test('ends in the error list too when the operation is dismissed', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const { operation, error } = await conflict(here, api);
    await here.job('1010');
    expect((await api.get(`/synchronization-errors/${error.id}`)).body.status).toBe('open');
    await api.post(`/customer-operations/${operation.id}/dismiss`, { reason: 'wrong customer' });
    expect((await api.get(`/synchronization-errors/${error.id}`)).body).toMatchObject({
      status: 'resolved',
      resolution: { action: 'dismiss', reason: 'wrong customer', actor: 'local' },
    });
    expect((await here.statuses()).at(-1)).toBe('dismissed');
  });

  test.for(['alone', 'in bulk'])(
    'ends with the coupling, %s: both records stay, and the operation fails until the customer is coupled again',
    async (way) => {
      await using here = await openCommerceStage();
      await using api = await openApi(here.couplet);
      const { operation, error } = await conflict(here, api);
      const before = [await here.hq`select * from customer`, await here.houston`select * from customer`];
      const act = `/synchronization-errors/${error.id}/remove-coupling`;
      expect((await api.post(act, { dryRun: true })).body).toEqual({ writes: [], dependents: [] });
      if (way === 'alone') {
        const done = await api.post(act, { reason: 'two people' }, { 'if-match': error.etag });
        expect(done.body).toMatchObject({
          outcome: 'succeeded',
          status: 'resolved',
          resolution: { action: 'remove-coupling', reason: 'two people', actor: 'local' },
        });
      } else {
        const body = { action: 'remove-coupling', ids: [error.id] };
        const { body: job } = await api.post('/synchronization-errors/bulk', body);
        expect((await api.get(`/jobs/${job.id}/results`)).body.items).toMatchObject([{ status: 'succeeded' }]);
      }
      expect((await api.get(`/couplings/${operation.couplingId}`)).body.status).toBe('ended');
      expect((await api.get(`/customer-operations/${operation.id}`)).body).toMatchObject({
        status: 'failed',
        lastKnownError: { code: 'coupling-ended' },
        resolution: { action: 'remove-coupling' },
        allowedActions: ['save', 'edit', 'synchronize', 'dismiss'],
      });
      await here.job('pipeline');
      expect([await here.hq`select * from customer`, await here.houston`select * from customer`]).toEqual(before);
      expect((await api.get('/synchronization-errors')).body.items).toEqual([]);

      expect((await api.save(operation.id, { attributes: { email: 'x@y.example' } })).status).toBe(200);
      const [uncoupled] = (await api.get(`/synchronization-log?couplingId=${operation.couplingId}&action=uncoupled`))
        .body.items;
      expect(uncoupled).toMatchObject({ revertible: true });
      expect((await api.post(`/synchronization-log/${uncoupled.id}/revert?dryRun=true`, {})).status).toBe(200);
      const { hqKey, channelKey } = (await api.get(`/couplings/${operation.couplingId}`)).body;
      const again = { mapping: 'customers', channel: 'houston', hqKey, channelKey, winner: 'hq' };
      expect((await api.post('/couplings', again)).status).toBe(201);
      const open = await api.post(`/customer-operations/${operation.id}/synchronize`, {});
      expect(open.body).toMatchObject({ status: 'conflict', errorId: error.id });
      const done = await api.post(`/synchronization-errors/${error.id}/synchronize`, { winner: 'channel' });
      expect(done.body).toMatchObject({ outcome: 'succeeded', resolution: { action: 'synchronize' } });
      expect(await here.hq`select name, email from customer`).toMatchObject([{ name: 'Till', email: 'x@y.example' }]);
      expect((await api.get(`/customer-operations/${operation.id}`)).body).toMatchObject({
        status: 'synchronized',
        resolution: { action: 'synchronize', winner: 'channel' },
      });
    },
  );

  test('is acted upon in bulk like any error', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const { error } = await conflict(here, api);
    const { body: job } = await api.post('/synchronization-errors/bulk', {
      action: 'synchronize',
      ids: [error.id],
      winner: 'channel',
    });
    expect((await api.get(`/jobs/${job.id}/results`)).body.items).toMatchObject([
      { status: 'succeeded', errorId: error.id },
    ]);
    expect(await here.hq`select name from customer`).toMatchObject([{ name: 'Till' }]);
  });
});
