import { describe, expect, test } from 'vitest';
import { customer, makeConflict, openServerInStep, shopper, type TestServer } from './open-test-server.ts';

const couplingOf = async (here: TestServer, num: string) =>
  (await here.get(`/couplings?mapping=customers&side=hq&key=${num}`)).body.items[0];

describe('couplings', () => {
  test('are listed by key, status, text and parent, and show both records now and the base', async () => {
    await using here = await openServerInStep();
    const coupling = await couplingOf(here, 'C2');
    expect(coupling).toMatchObject({
      status: 'synchronized',
      hqKey: { num: 'C2' },
      channelKey: { id: expect.any(Number) },
      references: [{ field: 'group', couplingId: expect.any(String) }],
      endedAt: null,
    });
    expect(coupling).not.toHaveProperty('fields');
    const one = await here.get(`/couplings/${coupling.id}`);
    expect(one.body.fields).toContainEqual({
      name: 'email',
      base: { hq: 'c2@example.com', channel: 'c2@example.com' },
      hq: 'c2@example.com',
      channel: 'c2@example.com',
    });
    const parent = coupling.references[0].couplingId;
    expect((await here.get(`/couplings?parent=${parent}&count=true`)).body.total).toBe(4);
    expect((await here.get('/couplings?q=customer%203')).body.items).toHaveLength(1);
    expect((await here.get('/couplings?status=ended')).body.items).toHaveLength(0);
    const expanded = await here.get('/couplings?mapping=customers&expand=fields');
    expect(expanded.body.items[0].fields.length).toBe(5);
  });

  test('are found by the name that a record was given on either side, where it was given and where it was carried', async () => {
    await using here = await openServerInStep();
    here.site.hq.update('customers', { num: 'C2' }, { name: 'Renamed in HQ' });
    here.site.houston.update('shoppers', { cust_num: 'C3' }, { full_name: 'Renamed in Houston' });
    // Both sides of one pair are written at once: each is described by what it holds then.
    here.site.hq.update('customers', { num: 'C4' }, { email: 'new@example.com' });
    here.site.houston.update('shoppers', { cust_num: 'C4' }, { full_name: 'Renamed at the till' });
    await here.site.run();
    const { items } = (await here.get('/couplings?q=renamed&sort=createdAt')).body;
    expect(
      items.map((one: { hqDescription: string; channelDescription: string }) => [
        one.hqDescription,
        one.channelDescription,
      ]),
    ).toEqual([
      ['C2 Renamed in HQ', 'Renamed in HQ'],
      ['C3 Renamed in Houston', 'Renamed in Houston'],
      ['C4 Renamed at the till', 'Renamed at the till'],
    ]);
  });

  test('are removed without touching a record, again too, and can be looked up afterwards', async () => {
    await using here = await openServerInStep();
    const { id } = await couplingOf(here, 'C2');
    for (const _ of [1, 2]) expect((await here.ask('DELETE', `/couplings/${id}?reason=twice`)).status).toBe(204);
    expect((await here.get(`/couplings/${id}`)).body).toMatchObject({ status: 'ended', endedAt: expect.any(String) });
    expect([customer(here, 'C2')?.['email'], shopper(here, 'C2')?.['mail']]).toEqual([
      'c2@example.com',
      'c2@example.com',
    ]);
    const records = await here.get('/mappings/customers/records?side=hq&channel=houston&coupled=false');
    expect(records.body.items).toMatchObject([
      { key: { num: 'C2' }, couplingId: null, reason: 'uncoupled', actor: 'local' },
    ]);
    expect((await here.ask('DELETE', '/couplings/00000000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  test('are made by hand with the version that wins; one in the way is named', async () => {
    await using here = await openServerInStep();
    const { id, channelKey } = await couplingOf(here, 'C2');
    await here.ask('DELETE', `/couplings/${id}`);
    here.site.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'Till name' });
    const body = { mapping: 'customers', channel: 'houston', hqKey: { num: 'C2' }, channelKey, winner: 'channel' };
    const preview = await here.post('/couplings?dryRun=true', body);
    expect(preview).toMatchObject({ status: 200, body: { writes: [{ side: 'hq' }], dependents: [] } });
    const made = await here.post('/couplings', body);
    expect(made).toMatchObject({ status: 201, body: { hqKey: { num: 'C2' }, errorId: null } });
    // What the action wrote itself is settled before it answers: nothing is left for the next run.
    expect(made.body).toMatchObject({ status: 'synchronized', reason: null, pendingSince: null });
    expect(made.headers['location']).toBe(`/api/v1/couplings/${made.body.id}`);
    expect(customer(here, 'C2')?.['name']).toBe('Till name');
    const again = await here.post('/couplings', { ...body, channelKey: { id: 999 } });
    expect(again).toMatchObject({ status: 404, body: { code: 'record-not-found' } });
    const taken = await here.post('/couplings', { ...body, hqKey: { num: 'C1' } });
    expect(taken).toMatchObject({
      status: 409,
      body: {
        code: 'already-coupled',
        detail: 'The record C1 in HQ is coupled already with 1',
        couplingId: expect.any(String),
        partner: { id: 1 },
        params: { key: { num: 'C1' }, partner: { id: 1 } },
      },
    });
  });

  test('with one key the other record is created', async () => {
    await using here = await openServerInStep({
      configuration: (text) =>
        text.replace('    match: [[number], [email]]', '    coupledOnly: true\n    match: [[number], [email]]'),
    });
    expect((await here.get('/mappings/customers/records?side=hq&channel=houston&key=C1')).body.items).toMatchObject([
      { reason: 'coupledOnly' },
    ]);
    const body = { mapping: 'customers', channel: 'houston', hqKey: { num: 'C1' } };
    expect((await here.post('/couplings', body)).body.errors[0].pointer).toBe('/createIn');
    expect((await here.post('/couplings', { ...body, createIn: 'hq' })).status).toBe(400);
    expect(await here.post('/couplings', { ...body, createIn: 'channel' })).toMatchObject({ status: 201 });
    expect(shopper(here, 'C1')?.['mail']).toBe('c1@example.com');
    expect(await here.post('/couplings', { ...body, hqKey: { id: 'C1' }, createIn: 'channel' })).toMatchObject({
      status: 400,
      body: {
        errors: [{ pointer: '/hqKey/id', detail: 'must be an object with every key column of hq and no other: num' }],
      },
    });
  });

  test('are synchronized one at a time, by a winner or as in a run', async () => {
    await using here = await openServerInStep();
    const { id } = await couplingOf(here, 'C3');
    here.site.hq.update('customers', { num: 'C3' }, { name: 'Changed' });
    expect(await here.post(`/couplings/${id}/synchronize`)).toMatchObject({
      status: 200,
      body: { status: 'synchronized' },
    });
    expect(shopper(here, 'C3')?.['full_name']).toBe('Changed');
    await makeConflict(here, 'C1');
    const conflict = await couplingOf(here, 'C1');
    expect(conflict).toMatchObject({ status: 'conflict', errorId: expect.any(String) });
    expect(await here.post(`/couplings/${conflict.id}/synchronize`, { winner: 'hq' })).toMatchObject({
      body: { status: 'synchronized', errorId: null },
    });
    expect(shopper(here, 'C1')?.['full_name']).toBe('HQ name C1');
    expect(await couplingOf(here, 'C1')).toMatchObject({ status: 'synchronized', pendingSince: null });
    const log = await here.get(`/couplings/${conflict.id}/synchronization-log`);
    expect(log.body.items.map(({ action }: { action: string }) => action)).toContain('resolved');
  });
});

describe('coupling in bulk', () => {
  test('a list of pairs, as JSON or CSV, is a job with a result per pair', async () => {
    await using here = await openServerInStep();
    const all = (await here.get('/couplings?mapping=customers&limit=10')).body.items;
    const uncouple = await here.post(
      '/mappings/customers/uncouple',
      { filter: { q: 'customer' }, expect: 4 },
      { prefer: 'wait=60' },
    );
    expect(uncouple).toMatchObject({ status: 200, body: { kind: 'uncouple', status: 'succeeded' } });
    expect((await here.get('/couplings?mapping=customers')).body.items).toHaveLength(0);
    const [first, second] = all;
    const byJson = await here.post(
      '/mappings/customers/couple',
      { channel: 'houston', pairs: [{ hqKey: first.hqKey, channelKey: first.channelKey }] },
      { prefer: 'wait=60' },
    );
    expect(byJson).toMatchObject({
      status: 200,
      body: { kind: 'couple', status: 'succeeded', counters: { coupled: 1 } },
    });
    const csv = `hqKey,channelKey,winner\r\n${second.hqKey.num},${second.channelKey.id},hq\r\nC9,999,\r\n`;
    const byCsv = await here.post('/mappings/customers/couple?channel=houston', csv, {
      'content-type': 'text/csv',
      prefer: 'wait=60',
    });
    expect(byCsv.body).toMatchObject({ status: 'succeeded', counters: { coupled: 1 } });
    const results = await here.get(`/jobs/${byCsv.body.id}/results`);
    expect(results.body.items.map(({ status }: { status: string }) => status).toSorted()).toEqual([
      'failed',
      'succeeded',
    ]);
    expect((await here.get('/couplings?mapping=customers')).body.items).toHaveLength(2);
    const wrong = await here.post('/mappings/customers/couple?channel=houston', 'a,b\r\n1,2', {
      'content-type': 'text/csv',
    });
    expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });

  test('a dry run of uncoupling counts and lists what would end, and ends nothing', async () => {
    await using here = await openServerInStep();
    const uncouple = (path: string, body: object) =>
      here.post(`/mappings/customers/uncouple${path}`, body, { prefer: 'wait=60' });
    const asked: [path: string, body: object, count: number][] = [
      ['?dryRun=true', { all: true }, 4],
      ['', { all: true, dryRun: true }, 4],
      ['?dryRun=true', { hqKeys: [{ num: 'C2' }] }, 1],
    ];
    for (const [path, body, count] of asked) {
      const preview = await uncouple(path, body);
      expect(preview.body).toMatchObject({ status: 'succeeded', dryRun: true, counters: { uncoupled: count } });
      const listed = await here.get(`/jobs/${preview.body.id}/results`);
      expect(listed.body.items).toHaveLength(count);
      expect(listed.body.items[0]).toMatchObject({ status: 'succeeded', couplingId: expect.any(String) });
      expect((await here.get('/couplings?mapping=customers')).body.items).toHaveLength(4);
    }
    expect((await here.get('/synchronization-log?action=uncoupled')).body.items).toHaveLength(0);
  });

  test('an empty filter uncouples nothing: whoever wants all of them says so', async () => {
    await using here = await openServerInStep();
    for (const body of [{ filter: {} }, { filter: {}, expect: 4 }, { filter: {}, channel: 'houston' }]) {
      expect(await here.post('/mappings/customers/uncouple', body)).toMatchObject({
        status: 400,
        body: { code: 'invalid-request', errors: [{ pointer: '/filter' }] },
      });
    }
    const all = await here.post('/mappings/customers/uncouple', { all: true }, { prefer: 'wait=60' });
    expect(all.body).toMatchObject({ status: 'succeeded', counters: { uncoupled: 4 } });
  });

  test('another count than expected uncouples nothing', async () => {
    await using here = await openServerInStep();
    const filter = { status: ['synchronized'] };
    const refused = await here.post('/mappings/customers/uncouple', { filter, expect: 3 });
    expect(refused).toMatchObject({ status: 409, body: { code: 'count-changed', count: 4 } });
    expect((await here.get('/couplings?mapping=customers')).body.items).toHaveLength(4);
    expect((await here.post('/mappings/customers/uncouple', { hqKeys: [{ num: 'C77' }] })).status).toBe(404);
  });
});
