/** Around operations: couplings that end, events, the overview, retention, who may do what. */
import { describe, expect, test } from 'vitest';
import { type Api, openApi } from './ask-api.ts';
import { openCommerceStage } from './commerce-stage.ts';

const only = async (api: Api, query: string) => {
  const { body } = await api.get(`/customer-operations?${query}`);
  expect(body.items).toHaveLength(1);
  return body.items[0];
};

describe('a customer that somebody uncoupled', () => {
  test('is written by no operation until it is coupled again; its GUID names it all the same', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    const { body: couplings } = await api.get('/couplings?mapping=customers');
    expect((await api.ask('DELETE', `/couplings/${couplings.items[0].id}`)).status).toBe(204);
    await here.till.update(guid, { tel: '555' });
    await here.job('pipeline');
    const failed = await only(api, 'status=failed');
    expect(failed.lastKnownError).toMatchObject({ code: 'coupling-ended' });
    expect(await here.hq`select phone from customer`).toMatchObject([{ phone: null }]);
    const { hqKey, channelKey } = couplings.items[0];
    const again = await api.post('/couplings', { mapping: 'customers', channel: 'houston', hqKey, channelKey });
    expect(again.status).toBe(201);
    expect((await api.post(`/customer-operations/${failed.id}/synchronize`, {})).body).toMatchObject({
      status: 'synchronized',
      couplingId: again.body.id,
    });
    expect(await here.hq`select phone from customer`).toMatchObject([{ phone: '555' }]);
  });
});

describe('whoever watches', () => {
  test('is told of each operation that changes, and sees in the overview how many failed', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const seen: string[] = [];
    const gone = new AbortController();
    const feed = here.couplet.database.events.follow(null, gone.signal);
    const next = feed[Symbol.asyncIterator]();
    // The place of a follower is taken some time after it first asks.
    const told: unknown[] = [];
    const first = next.next().then((event) => void told.push(event));
    while (told.length === 0) await here.job('1010');
    await first;
    await here.till.create({ full_name: 'Bad', mail: 'no address' });
    await here.job('p-job');
    await here.job('synchronize-customers');
    while (seen.length < 2) {
      const { value } = await next.next();
      if (value?.name === 'operation') seen.push(`${value.channel} ${value.status}`);
    }
    gone.abort();
    expect(seen).toEqual(['houston received', 'houston failed']);
    expect((await api.get('/overview')).body.failedOperations).toBe(1);
    expect((await here.couplet.database.measures.measure()).operations).toEqual([
      { channel: 'houston', status: 'failed', count: 1 },
    ]);
  });
});

describe('retention', () => {
  test('takes away operations that came through and that the channel knows to be done, and nothing else', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.create({ full_name: 'Bad', mail: 'no address' });
    await here.till.create({ full_name: 'Junk', mail: 'no address' });
    await here.job('pipeline');
    const junk = await only(api, 'field.name=junk');
    await api.post(`/customer-operations/${junk.id}/dismiss`, { reason: 'junk' });
    await here.coupling`update couplet.customer_operation set ended_at = ended_at - interval '2 days'`;
    const ages = { logDays: null, jobsDays: null, resolvedErrorsDays: 1 };
    expect(await here.couplet.database.upkeep.retire(ages)).toMatchObject({ operations: 1 });
    expect(await here.statuses()).toEqual(['failed', 'dismissed']);
    // The row in the channel is done: it does not come again, not even when all of the table is read once more.
    await here.coupling`update couplet.lane set first_run_done = false where mapping like '@%'`;
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['failed', 'dismissed']);
    expect(await here.hq`select 1 from customer`).toHaveLength(1);
  });
});

describe('roles', () => {
  test('a viewer reads, an operator acts', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet, { kind: 'configured', apiKeys: true, oidc: null });
    await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('p-job');
    const bearer = async (role: 'viewer' | 'operator' | 'channel') => {
      const channel = role === 'channel' ? 'houston' : null;
      const key = await here.couplet.database.access.createApiKey({ name: role, role, channel, expiresAt: null });
      return { authorization: `Bearer ${key?.secret ?? ''}` };
    };
    const [viewer, operator, channel] = [await bearer('viewer'), await bearer('operator'), await bearer('channel')];
    expect((await api.get('/customer-operations')).status).toBe(401);
    const { body } = await api.get('/customer-operations', viewer);
    const path = `/customer-operations/${body.items[0].id}`;
    const acts = (headers: Record<string, string>) =>
      Promise.all([
        api.post(`${path}/edit`, {}, headers),
        api.post('/customer-operations/bulk', { action: 'synchronize', ids: [body.items[0].id] }, headers),
        api.ask('PATCH', path, { attributes: { phone: '1' } }, { ...headers, 'if-match': '*' }),
      ]);
    for (const { status, body: problem } of await acts(viewer))
      expect([status, problem.role]).toEqual([403, 'operator']);
    expect(body.items[0].allowedActions).toEqual([]);
    expect((await api.get(path, viewer)).body.allowedActions).toEqual([]);
    expect((await api.get(path, operator)).body.allowedActions).toEqual(['save', 'edit', 'synchronize', 'dismiss']);
    expect((await api.get('/customer-operations', channel)).status).toBe(403);
    const edited = await api.post(`${path}/edit`, {}, operator);
    expect(edited.body.editing.by).toMatch(/operator/);
  });
});
