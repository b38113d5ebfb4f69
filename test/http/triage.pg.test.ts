import { describe, expect, test } from 'vitest';
import { type Body, customer, makeConflict, openServerInStep, shopper } from './open-test-server.ts';

describe('one error', () => {
  test('is listed, opened with all three versions, previewed, resolved and found in the log', async () => {
    await using here = await openServerInStep();
    const id = await makeConflict(here);

    const list = await here.get('/synchronization-errors?count=true');
    expect(list.status).toBe(200);
    expect(list.body).toMatchObject({
      total: 1,
      nextCursor: null,
      items: [{ id, kind: 'conflict', channelName: 'Houston', etag: null }],
    });

    const one = await here.get(`/synchronization-errors/${id}`);
    expect(one.body).toMatchObject({
      code: 'update-conflict',
      status: 'open',
      hqRecord: { key: { num: 'C1' }, exists: true },
      allowedActions: ['retry', 'synchronize', 'remove-coupling'],
    });
    expect(one.headers['etag']).toBe(one.body.etag);
    expect(one.body.fields.find((field: { name: string }) => field.name === 'email')).toEqual({
      name: 'email',
      base: { hq: 'c1@example.com', channel: 'c1@example.com' },
      hq: 'hq-C1@example.com',
      channel: 'till-C1@example.com',
      changedIn: ['hq', 'channel'],
      conflicting: true,
    });

    const preview = await here.post(`/synchronization-errors/${id}/synchronize?dryRun=true`, { winner: 'hq' });
    expect(preview.body).toMatchObject({
      writes: [{ side: 'channel', operation: 'update', key: one.body.channelRecord.key }],
      dependents: [],
    });
    expect(shopper(here, 'C1')?.['mail']).toBe('till-C1@example.com');

    const done = await here.post(
      `/synchronization-errors/${id}/synchronize`,
      { winner: 'channel', fields: { email: 'hq' }, reason: 'HQ keeps the addresses' },
      { 'if-match': one.body.etag, 'x-request-id': 'walk-1' },
    );
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({
      outcome: 'succeeded',
      status: 'resolved',
      resolution: { action: 'synchronize', winner: 'channel', actor: 'local', reason: 'HQ keeps the addresses' },
    });
    expect(customer(here, 'C1')).toMatchObject({ email: 'hq-C1@example.com', name: 'Till name C1' });
    expect(shopper(here, 'C1')).toMatchObject({ mail: 'hq-C1@example.com', full_name: 'Till name C1' });

    const log = await here.get(`/synchronization-log?errorId=${id}&action=modified`);
    const changes = log.body.items.flatMap((entry: { changes: object[] }) => entry.changes);
    expect(changes).toContainEqual({
      field: 'email',
      side: 'channel',
      old: 'till-C1@example.com',
      new: 'hq-C1@example.com',
    });
    expect(log.body.items[0]).toMatchObject({
      actor: 'local',
      requestId: 'walk-1',
      reason: 'HQ keeps the addresses',
      revertible: true,
    });
  });

  test('a decision about what has moved is refused with the fresh error, and nothing is written', async () => {
    await using here = await openServerInStep();
    const id = await makeConflict(here);
    const { body } = await here.get(`/synchronization-errors/${id}`);
    here.site.hq.update('customers', { num: 'C1' }, { email: 'later@example.com' });
    for (const headers of [{}, { 'if-match': body.etag }]) {
      const stale = await here.post(`/synchronization-errors/${id}/synchronize`, { winner: 'channel' }, headers);
      expect(stale.status).toBe(412);
      expect(stale.body).toMatchObject({ code: 'stale-decision', error: { id, status: 'open' } });
      expect(stale.body.error.fields.find((field: { name: string }) => field.name === 'email').hq).toBe(
        'later@example.com',
      );
    }
    expect(customer(here, 'C1')?.['email']).toBe('later@example.com');
    const now = await here.post(
      `/synchronization-errors/${id}/synchronize`,
      { winner: 'channel' },
      { 'if-match': '*' },
    );
    expect(now.status).toBe(200);
    expect(customer(here, 'C1')?.['email']).toBe('till-C1@example.com');
  });

  test('a record left alone or coupled by hand as it was shown is refused when it has moved since', async () => {
    await using here = await openServerInStep();
    here.site.houston.delete('shoppers', { cust_num: 'C1' });
    await here.site.run();
    const [error] = (await here.get('/synchronization-errors')).body.items;
    const other = here.site.houston.insert('shoppers', { cust_num: 'X1', full_name: 'Other', mail: 'x1@example.com' });
    const { etag } = (await here.get(`/synchronization-errors/${error.id}`)).body;
    here.site.hq.update('customers', { num: 'C1' }, { name: 'Later' });
    const asked = [
      ['remove-coupling', {}],
      ['couple', { key: { id: Number(other?.['id']) } }],
    ] as const;
    for (const [action, body] of asked)
      expect(
        await here.post(`/synchronization-errors/${error.id}/${action}`, body, { 'if-match': etag }),
      ).toMatchObject({ status: 412, body: { code: 'stale-decision' } });
    expect((await here.get(`/synchronization-errors/${error.id}`)).body).toMatchObject({ status: 'open' });
    for (const headers of [{}, { 'if-match': '*' }])
      expect(
        await here.post(`/synchronization-errors/${error.id}/couple?dryRun=true`, asked[1][1], headers),
      ).toMatchObject({ status: 200 });
  });

  test('a resolved error tells what was to be decided, not what became of it', async () => {
    await using here = await openServerInStep();
    here.site.hq.update('customers', { num: 'C2' }, { name: 'In HQ' });
    here.site.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'At the till' });
    await here.site.run();
    const { id } = (await here.get('/synchronization-errors')).body.items[0];
    const { body } = await here.post(`/synchronization-errors/${id}/synchronize`, { winner: 'hq' });
    expect(body).toMatchObject({ status: 'resolved', params: { hqValue: 'In HQ', channelValue: 'At the till' } });
    expect(shopper(here, 'C2')?.['full_name']).toBe('In HQ');
  });

  test('says what does not fit: no winner, an action of another kind, a field that is none, an answered error', async () => {
    await using here = await openServerInStep();
    const id = await makeConflict(here);
    expect(await here.post(`/synchronization-errors/${id}/synchronize`)).toMatchObject({
      status: 400,
      body: { code: 'winner-required' },
    });
    expect(await here.post(`/synchronization-errors/${id}/restore`)).toMatchObject({
      status: 409,
      body: { code: 'action-not-allowed', allowedActions: ['retry', 'synchronize', 'remove-coupling'], error: { id } },
    });
    expect(await here.post(`/synchronization-errors/${id}/synchronize`, { fields: { emial: 'hq' } })).toMatchObject({
      status: 400,
      body: { code: 'unknown-field', errors: [{ in: 'body', pointer: '/fields/emial' }] },
    });
    expect(
      await here.post(`/synchronization-errors/${id}/synchronize`, { fields: { email: { value: 7 } } }),
    ).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '/fields/email/value' }] },
    });
    const own = await here.post(`/synchronization-errors/${id}/synchronize`, {
      winner: 'hq',
      fields: { email: { value: 'own@example.com' } },
    });
    expect(own.body).toMatchObject({ outcome: 'succeeded', status: 'resolved' });
    expect([customer(here, 'C1')?.['email'], shopper(here, 'C1')?.['mail']]).toEqual([
      'own@example.com',
      'own@example.com',
    ]);
    expect(await here.post(`/synchronization-errors/${id}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'already-resolved', error: { id, status: 'resolved' } },
    });
    expect(
      (await here.post(`/synchronization-errors/${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}/retry`)).body.code,
    ).toBe('error-not-found');
    expect((await here.post('/synchronization-errors/none/retry')).status).toBe(404);
  });

  test('says which fields changed and where, also of a deletion, as of the moment it is asked', async () => {
    await using here = await openServerInStep();
    here.site.hq.delete('customers', { num: 'C2' });
    here.site.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'At the till' });
    await here.site.run();
    const changedIn = ({ fields }: Body) =>
      Object.fromEntries(fields.map((field: Body) => [field.name, field.changedIn]));
    const [error] = (await here.get('/synchronization-errors')).body.items;
    expect(error.code).toBe('deleted-and-changed');
    expect(changedIn(error)).toEqual({ number: [], name: ['channel'], email: [], credit: [], group: [] });
    here.site.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'Customer 2', mail: 'new@example.com' });
    const now = (await here.get(`/synchronization-errors/${error.id}`)).body;
    expect(changedIn(now)).toEqual({ number: [], name: [], email: ['channel'], credit: [], group: [] });
  });

  test('names the coupling in the way of a partner that somebody chooses', async () => {
    await using here = await openServerInStep();
    here.site.hq.delete('customers', { num: 'C2' });
    await here.site.run();
    const [error] = (await here.get('/synchronization-errors')).body.items;
    expect(await here.post(`/synchronization-errors/${error.id}/couple`, { key: { num: 'C1' } })).toMatchObject({
      status: 409,
      body: {
        code: 'already-coupled',
        detail: 'The record C1 in HQ is coupled already with 1',
        hqKey: { num: 'C1' },
        channelKey: { id: 1 },
        partner: { id: 1 },
      },
    });
  });

  test('can be assigned and noted on, and found by that', async () => {
    await using here = await openServerInStep();
    const id = await makeConflict(here);
    const noted = await here.ask('PATCH', `/synchronization-errors/${id}`, {
      body: { assignee: 'anna', note: 'asked Houston' },
    });
    expect(noted.body).toMatchObject({ assignee: 'anna', note: 'asked Houston' });
    expect((await here.get('/synchronization-errors?assignee=anna&assignee=ben')).body.items).toHaveLength(1);
    expect((await here.get('/synchronization-errors?assignee=ben')).body.items).toHaveLength(0);
    expect(
      (await here.ask('PATCH', `/synchronization-errors/${id}`, { body: { assignee: null } })).body.assignee,
    ).toBeNull();
  });

  test('a deletion is restored with the same key, or the survivor follows', async () => {
    await using here = await openServerInStep();
    here.site.houston.delete('shoppers', { cust_num: 'C1' });
    here.site.hq.delete('customers', { num: 'C2' });
    await here.site.run();
    const { body } = await here.get('/synchronization-errors?kind=deletion&sort=firstSeenAt');
    expect(body.items.map((error: { deletedIn: string }) => error.deletedIn).toSorted()).toEqual(['channel', 'hq']);
    const inChannel = body.items.find((error: { deletedIn: string }) => error.deletedIn === 'channel');
    const inHq = body.items.find((error: { deletedIn: string }) => error.deletedIn === 'hq');
    expect(inChannel).toMatchObject({
      code: 'deleted-in-channel',
      channelRecord: { exists: false },
      allowedActions: ['restore', 'delete', 'couple', 'remove-coupling'],
    });
    expect((await here.post(`/synchronization-errors/${inChannel.id}/restore`)).body).toMatchObject({
      outcome: 'succeeded',
      status: 'resolved',
    });
    expect(shopper(here, 'C1')?.['mail']).toBe('c1@example.com');
    expect((await here.post(`/synchronization-errors/${inHq.id}/delete`)).body).toMatchObject({
      outcome: 'succeeded',
      status: 'resolved',
    });
    expect(shopper(here, 'C2')).toBeUndefined();
  });
});

test('with a store away, an error and a coupling are shown as they were known last, and as of when', async () => {
  await using here = await openServerInStep();
  const path = `/synchronization-errors/${await makeConflict(here)}`;
  const error = (await here.get(path)).body;
  const synchronized = (await here.get('/couplings?mapping=customers&side=hq&key=C2')).body.items[0];
  expect(error.asOf).toBeNull();
  // Later than both were seen: what it holds now is not what is shown.
  here.site.hq.update('customers', { num: 'C1' }, { name: 'Unseen' });
  here.site.houston.goDown();
  for (const prepared of [true, false]) {
    if (!prepared) here.site.memory.prepared.clear();
    const away = await here.get(path);
    expect(away).toMatchObject({
      status: 200,
      body: { asOf: error.lastSeenAt, hqRecord: { exists: true }, channelRecord: { exists: true } },
    });
    // Without their types, which only the stores know, values are shown as texts.
    if (prepared) expect(away.body.fields).toEqual(error.fields);
    else expect(away.body.fields).toContainEqual(error.fields[1]);
    const coupling = await here.get(`/couplings/${synchronized.id}`);
    expect(coupling).toMatchObject({ status: 200, body: { asOf: synchronized.lastSynchronizedAt } });
    expect(coupling.body.asOf).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(coupling.body.fields).toContainEqual({
      name: 'name',
      base: { hq: 'Customer 2', channel: 'Customer 2' },
      hq: 'Customer 2',
      channel: 'Customer 2',
    });
  }
  here.site.houston.comeBack();
  expect((await here.get(path)).body).toMatchObject({ asOf: null, hqRecord: { description: 'C1 Unseen' } });
  expect((await here.get(`/couplings/${synchronized.id}`)).body.asOf).toBeNull();
});

test('errors that one remedy cures are one line of the summary', async () => {
  await using here = await openServerInStep();
  await makeConflict(here, 'C1');
  await makeConflict(here, 'C2');
  const { body } = await here.get('/synchronization-errors/summary?mapping=customers');
  expect(body.items.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(2);
  expect(body.items[0]).toMatchObject({
    mapping: 'customers',
    channel: 'houston',
    kind: 'conflict',
    code: 'update-conflict',
    sampleId: expect.any(String),
  });
});

test('a line of the summary says of many errors only what all of them share', async () => {
  await using here = await openServerInStep();
  for (const num of ['C1', 'C2']) here.site.hq.delete('customers', { num });
  await here.site.run();
  const [line] = (await here.get('/synchronization-errors/summary')).body.items;
  expect(line).toMatchObject({ code: 'deleted-in-hq', count: 2, params: { deletedIn: 'hq' } });
  expect(line.params).not.toHaveProperty('key');
  expect(line.message).toBe('The record was deleted in HQ');

  // A group of one is that record.
  const [one] = (await here.get('/synchronization-errors/summary?side=hq&key=C1&mapping=customers')).body.items;
  expect(one).toMatchObject({ count: 1, params: { key: ['C1'] }, message: 'The record C1 was deleted in HQ' });
});

test('says in its sentence what the choice is between, where one field collides', async () => {
  await using here = await openServerInStep();
  here.site.hq.update('customers', { num: 'C2' }, { email: 'hq@example.com' });
  here.site.houston.update('shoppers', { cust_num: 'C2' }, { mail: null });
  await here.site.run();
  const { body } = await here.get('/synchronization-errors');
  expect(body.items[0]).toMatchObject({
    message: 'email was changed in both apps: hq@example.com in HQ, – in the channel',
    params: { field: 'email', hqValue: 'hq@example.com', channelValue: '–' },
  });
});
