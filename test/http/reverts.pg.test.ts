import { expect, test } from 'vitest';
import { type Body, customer, makeConflict, openServerInStep, shopper } from './open-test-server.ts';

const WAIT = { prefer: 'wait=60' };

test('a resolution is taken back, and that is in the log and can be taken back as well', async () => {
  await using here = await openServerInStep();
  const id = await makeConflict(here);
  await here.post(`/synchronization-errors/${id}/synchronize`, { winner: 'hq' });
  const [entry] = (await here.get(`/synchronization-log?errorId=${id}&action=modified`)).body.items;
  const preview = await here.post(`/synchronization-log/${entry.id}/revert?dryRun=true`);
  expect(preview.body).toMatchObject({ writes: [{ side: 'channel', operation: 'update' }], dependents: [] });
  const reverted = await here.post(`/synchronization-log/${entry.id}/revert`, { reason: 'chosen by mistake' });
  expect(reverted).toMatchObject({
    status: 200,
    body: { id: entry.id, outcome: 'succeeded', revertible: false, revertedBy: expect.any(String) },
  });
  expect([customer(here, 'C1')?.['email'], shopper(here, 'C1')?.['mail']]).toEqual([
    'hq-C1@example.com',
    'till-C1@example.com',
  ]);
  expect((await here.get(`/synchronization-errors/${id}`)).body).toMatchObject({ status: 'open', resolution: null });
  expect(await here.post(`/synchronization-log/${entry.id}/revert`)).toMatchObject({
    status: 409,
    body: { code: 'already-reverted' },
  });
  const revert = await here.get(`/synchronization-log/${reverted.body.revertedBy}`);
  expect(revert.body).toMatchObject({
    cause: 'revert',
    reverts: expect.any(String),
    actor: 'local',
    reason: 'chosen by mistake',
  });
});

test('an entry says that it can be taken back exactly when a revert would be taken', async () => {
  await using here = await openServerInStep();
  // A resolution with writes, one that restores, one that deletes, one that uncouples, and one that came by itself.
  await here.post(`/synchronization-errors/${await makeConflict(here, 'C1')}/synchronize`, { winner: 'hq' });
  for (const [num, action] of [
    ['C2', 'restore'],
    ['C3', 'delete'],
  ]) {
    here.site.houston.delete('shoppers', { cust_num: num! });
    await here.site.run();
    const [error] = (await here.get('/synchronization-errors')).body.items;
    await here.post(`/synchronization-errors/${error.id}/${action}`);
  }
  here.site.hq.insert('customers', { num: 'C6', name: 'Customer 6', email: 'c6@example.com' });
  await here.site.run();
  await here.post(`/synchronization-errors/${await makeConflict(here, 'C6')}/remove-coupling`);
  await makeConflict(here, 'C4');
  here.site.houston.update('shoppers', { cust_num: 'C4' }, { mail: 'hq-C4@example.com', full_name: 'HQ name C4' });
  await here.site.run();
  here.site.hq.insert('customers', { num: 'C5', name: 'Customer 5', email: 'c5@example.com' });
  await here.site.run();
  here.site.hq.update('customers', { num: 'C5' }, { name: 'Renamed' });
  await here.site.run();
  const { items } = (await here.get('/synchronization-log?mapping=customers&limit=500')).body;
  for (const { id, action, code, revertible } of items) {
    const { status } = await here.post(`/synchronization-log/${id}/revert?dryRun=true`);
    expect({ action, code, taken: status !== 409 }).toEqual({ action, code, taken: revertible });
    expect((await here.get(`/synchronization-log/${id}`)).body.revertible).toBe(revertible);
  }
  const codes = (revertible: boolean) =>
    items
      .filter((entry: Body) => entry.action === 'resolved' && entry.revertible === revertible)
      .map(({ code }: Body) => code)
      .toSorted();
  expect(codes(true)).toEqual(['delete', 'restore', 'synchronize']);
  expect(codes(false)).toEqual(['automatic']);
  expect(items.find(({ action }: Body) => action === 'uncoupled')).toMatchObject({ revertible: true });
  const [renamed] = items.filter(({ action, hqKey }: Body) => action === 'modified' && hqKey.num === 'C5');
  expect(renamed.revertible).toBe(true);
  const [coupling] = (await here.get('/couplings?mapping=customers&side=hq&key=C5')).body.items;
  await here.ask('DELETE', `/couplings/${coupling.id}`);
  expect((await here.get(`/synchronization-log/${renamed.id}`)).body.revertible).toBe(false);
  expect((await here.post(`/synchronization-log/${renamed.id}/revert`)).body.code).toBe('not-revertible');
});

test('a deletion that is taken back tells what is written, before and after: whole records, by column and field', async () => {
  await using here = await openServerInStep();
  const [{ id: couplingId }] = (await here.get('/couplings?mapping=customers&side=hq&key=C3')).body.items;
  here.site.houston.delete('shoppers', { cust_num: 'C3' });
  await here.site.run();
  const [error] = (await here.get('/synchronization-errors')).body.items;
  await here.post(`/synchronization-errors/${error.id}/delete`);
  const [entry] = (await here.get('/synchronization-log?action=deleted')).body.items;
  expect(entry).toMatchObject({ couplingId, revertible: true });
  const preview = await here.post(`/synchronization-log/${entry.id}/revert?dryRun=true`);
  expect(preview.body.writes).toMatchObject([
    { side: 'hq', operation: 'restore', key: { num: 'C3' } },
    { side: 'channel', operation: 'restore', key: { id: expect.any(Number) } },
  ]);
  const [inHq, inChannel] = preview.body.writes;
  expect(inHq.fields).toEqual([
    { name: 'number', old: null, new: 'C3' },
    { name: 'name', old: null, new: 'Customer 3' },
    { name: 'email', old: null, new: 'c3@example.com' },
    { name: 'credit', old: null, new: '10.00' },
    { name: 'group', old: null, new: 'G1' },
  ]);
  expect(inChannel.fields).toContainEqual({ name: 'group', old: null, new: expect.any(Number) });
  expect(customer(here, 'C3')).toBeUndefined();
  const reverted = await here.post(`/synchronization-log/${entry.id}/revert`);
  expect(reverted.body.writes).toEqual(preview.body.writes);
  const restored = (await here.get('/synchronization-log?action=restored')).body.items;
  for (const write of preview.body.writes)
    expect(restored.find(({ changes }: Body) => changes[0].side === write.side).changes).toEqual(
      write.fields.map(({ name, new: value }: Body) => ({ field: name, side: write.side, old: null, new: value })),
    );
  await here.site.run();
  const [coupling] = (await here.get('/couplings?mapping=customers&side=hq&key=C3&expand=fields')).body.items;
  expect(coupling).toMatchObject({ status: 'synchronized', errorId: null });
  expect(coupling.fields[1]).toMatchObject({ name: 'name', base: { hq: 'Customer 3', channel: 'Customer 3' } });
});

test('what a job did is taken back as a whole, entry by entry', async () => {
  await using here = await openServerInStep();
  for (const num of ['C1', 'C2']) here.site.hq.update('customers', { num }, { name: `Wrong ${num}` });
  const job = await here.post('/mappings/customers/synchronize', { channel: 'houston' }, WAIT);
  expect(shopper(here, 'C2')?.['full_name']).toBe('Wrong C2');
  expect(await here.post('/synchronization-log/revert', { jobId: job.body.id, expect: 3 })).toMatchObject({
    status: 409,
    body: { code: 'count-changed', count: 2 },
  });
  const reverted = await here.post(
    '/synchronization-log/revert',
    { jobId: job.body.id, expect: 2, reason: 'wrong list' },
    WAIT,
  );
  expect(reverted.body).toMatchObject({
    kind: 'revert',
    status: 'succeeded',
    reason: 'wrong list',
    counters: { toHq: { modified: 2 }, toChannel: { modified: 2 } },
  });
  const results = await here.get(`/jobs/${reverted.body.id}/results`);
  expect(results.body.items.map(({ status, hqKey }: Body) => [status, hqKey.num]).toSorted()).toEqual([
    ['succeeded', 'C1'],
    ['succeeded', 'C2'],
  ]);
  expect([customer(here, 'C1')?.['name'], shopper(here, 'C1')?.['full_name']]).toEqual(['Customer 1', 'Customer 1']);
  expect((await here.post('/synchronization-log/revert', { ids: ['x'] })).body.code).toBe('log-entry-not-found');
  expect((await here.post('/synchronization-log/revert', {})).status).toBe(400);
});

test('what a job resolved is taken back error by error, each once, and every error is open again', async () => {
  await using here = await openServerInStep();
  const conflicts = [await makeConflict(here, 'C1')];
  here.site.houston.delete('shoppers', { cust_num: 'C2' });
  await here.site.run();
  const deletion = (await here.get('/synchronization-errors?kind=deletion')).body.items[0].id;
  const jobs = [
    await here.post('/synchronization-errors/bulk', { action: 'synchronize', winner: 'hq', ids: conflicts }, WAIT),
    await here.post('/synchronization-errors/bulk', { action: 'restore', ids: [deletion] }, WAIT),
  ];
  expect((await here.get('/synchronization-errors')).body.items).toEqual([]);
  for (const { body } of jobs) {
    const reverted = await here.post('/synchronization-log/revert', { jobId: body.id }, WAIT);
    expect(reverted.body).toMatchObject({ kind: 'revert', status: 'succeeded' });
    const { items } = (await here.get(`/jobs/${reverted.body.id}/results`)).body;
    expect(items.map(({ status, code }: Body) => [status, code]).toSorted()).toEqual([
      ['skipped', 'already-reverted'],
      ['succeeded', null],
    ]);
  }
  expect([customer(here, 'C1')?.['email'], shopper(here, 'C1')?.['mail']]).toEqual([
    'hq-C1@example.com',
    'till-C1@example.com',
  ]);
  expect(shopper(here, 'C2')).toBeUndefined();
  const open = (await here.get('/synchronization-errors')).body.items;
  expect(open.map(({ id }: Body) => id).toSorted()).toEqual([...conflicts, deletion].toSorted());
});

test('entries of the same field are taken back newest first, in whatever order they are named', async () => {
  await using here = await openServerInStep();
  for (const name of ['Once', 'Twice']) {
    here.site.hq.update('customers', { num: 'C1' }, { name });
    await here.site.run();
  }
  const { items } = (await here.get('/synchronization-log?mapping=customers&action=modified&sort=at')).body;
  const ids = items.map(({ id }: Body) => id);
  expect(ids).toHaveLength(2);
  const reverted = await here.post('/synchronization-log/revert', { ids }, WAIT);
  const results = await here.get(`/jobs/${reverted.body.id}/results`);
  expect(results.body.items.map(({ status }: Body) => status)).toEqual(['succeeded', 'succeeded']);
  expect([customer(here, 'C1')?.['name'], shopper(here, 'C1')?.['full_name']]).toEqual(['Customer 1', 'Customer 1']);
  const again = await here.post('/synchronization-log/revert', { ids }, WAIT);
  expect(again.body).toMatchObject({ status: 'succeeded' });
  expect((await here.get(`/jobs/${again.body.id}/results`)).body.items).toMatchObject(
    ids.map(() => ({ status: 'skipped', code: 'already-reverted' })),
  );
});

test('a job that reverted is taken back as a whole: what it wrote on both sides goes back once, and what it took back is in force again', async () => {
  await using here = await openServerInStep();
  const results = async (id: string): Promise<unknown[]> =>
    (await here.get(`/jobs/${id}/results`)).body.items.map(({ status, code }: Body) => [status, code]);
  for (const num of ['C1', 'C2']) here.site.hq.update('customers', { num }, { name: `New ${num}` });
  let job = await here.post('/mappings/customers/synchronize', { channel: 'houston' }, WAIT);
  const { items } = (await here.get(`/synchronization-log?jobId=${job.body.id}&action=modified`)).body;
  expect(items).toHaveLength(2);
  job = await here.post('/synchronization-log/revert', { jobId: job.body.id }, WAIT);
  // Back, and back once more: each time two records, each on both sides.
  for (const name of ['New C1', 'Customer 1']) {
    job = await here.post('/synchronization-log/revert', { jobId: job.body.id, expect: 4 }, WAIT);
    expect(job.body).toMatchObject({
      status: 'succeeded',
      counters: { toHq: { modified: 2, failed: 0 }, toChannel: { modified: 2, failed: 0 } },
    });
    expect((await results(job.body.id)).toSorted()).toEqual([
      ['skipped', 'already-reverted'],
      ['skipped', 'already-reverted'],
      ['succeeded', null],
      ['succeeded', null],
    ]);
    expect([customer(here, 'C1')?.['name'], shopper(here, 'C1')?.['full_name']]).toEqual([name, name]);
    const entries = await Promise.all(items.map(({ id }: Body) => here.get(`/synchronization-log/${id}`)));
    expect(entries.map(({ body }) => body.revertible)).toEqual(items.map(() => name === 'New C1'));
  }
});
