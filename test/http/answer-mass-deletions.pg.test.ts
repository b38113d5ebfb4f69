import { expect, test } from 'vitest';
import { type Body, openServerInStep, shopper } from './open-test-server.ts';

const withDeletionBreaker = (text: string): string =>
  text.replace(
    '    initialWinner: manual',
    '    initialWinner: manual\n    deletions: propagate\n    deletionBreaker: { count: 1, percent: 100 }',
  );

test('a mass deletion is one error that lists its records, and is carried out when approved', async () => {
  await using here = await openServerInStep({ configuration: withDeletionBreaker });
  for (const num of ['C1', 'C2', 'C3']) here.site.hq.delete('customers', { num });
  await here.site.run();
  const { body } = await here.get('/synchronization-errors?scope=mapping&code=mass-deletion');
  const [error] = body.items;
  expect(error).toMatchObject({
    allowedActions: ['approve', 'decline'],
    massDeletion: { deletedIn: 'hq', deletions: 3, couplings: 4, percent: 75, policy: 'propagate' },
    hqRecord: { key: null, exists: false },
  });
  const records = await here.get(`/synchronization-errors/${error.id}/records?count=true`);
  expect(records.body.total).toBe(3);
  expect(records.body.items[0]).toMatchObject({ side: 'hq', key: { num: 'C1' }, couplingId: expect.any(String) });
  expect(shopper(here, 'C1')).toBeDefined();
  const approved = await here.post(`/synchronization-errors/${error.id}/approve`, { reason: 'cleaned up' });
  expect(approved.body).toMatchObject({ outcome: 'succeeded', status: 'resolved', resolution: { action: 'approve' } });
  await here.site.run();
  expect(['C1', 'C2', 'C3', 'C4'].map((num) => shopper(here, num) !== undefined)).toEqual([false, false, false, true]);
  // What was carried out is found by the error that it answered, and can be taken back record by record.
  const { items } = (await here.get(`/synchronization-log?errorId=${error.id}&action=deleted`)).body;
  expect(items.map(({ hqKey, revertible }: Body) => [hqKey.num, revertible]).toSorted()).toEqual([
    ['C1', true],
    ['C2', true],
    ['C3', true],
  ]);
  await here.post(`/synchronization-log/${items[0].id}/revert`);
  expect(shopper(here, items[0].hqKey.num)).toBeDefined();
});

test('the preview of an answer to a mass deletion lists what would be deleted, or what would wait for a person', async () => {
  await using here = await openServerInStep({ configuration: withDeletionBreaker });
  for (const num of ['C1', 'C2', 'C3']) here.site.hq.delete('customers', { num });
  // Changed meanwhile: whoever approves does not delete it.
  here.site.houston.update('shoppers', { cust_num: 'C3' }, { full_name: 'Still here' });
  await here.site.run();
  const { id } = (await here.get('/synchronization-errors?scope=mapping')).body.items[0];
  const path = `/synchronization-errors/${id}`;
  const { etag, massDeletion } = (await here.get(path)).body;
  const count = massDeletion.deletions;
  const approve = (await here.post(`${path}/approve?dryRun=true`, {})).body;
  expect(approve.errors).toHaveLength(count - approve.writes.length);
  expect(approve.writes).toContainEqual({
    side: 'channel',
    operation: 'delete',
    key: { id: expect.any(Number) },
    fields: expect.arrayContaining([{ name: 'name', old: 'Customer 1', new: null }]),
  });
  const decline = (await here.post(`${path}/decline?dryRun=true`, {})).body;
  expect(decline.writes).toEqual([]);
  expect(decline.errors).toHaveLength(count);
  expect(decline.errors).toContainEqual({
    couplingId: expect.any(String),
    hqKey: { num: 'C1' },
    channelKey: { id: expect.any(Number) },
    description: 'C1 Customer 1',
    kind: 'deletion',
    code: 'deleted-in-hq',
    params: expect.any(Object),
    message: expect.any(String),
  });
  expect((await here.get(path)).body).toMatchObject({ status: 'open', etag });
  expect(['C1', 'C2', 'C3'].every((num) => shopper(here, num) !== undefined)).toBe(true);
  await here.post(`${path}/decline`, {});
  const left = (await here.get('/synchronization-errors?scope=record&mapping=customers')).body.items;
  expect(left.filter(({ code }: { code: string }) => code === 'deleted-in-hq')).toHaveLength(
    decline.errors.filter(({ code }: { code: string }) => code === 'deleted-in-hq').length,
  );
});

test('an answer to a mass deletion is bound to what its reader saw held, one at a time and in bulk', async () => {
  await using here = await openServerInStep({ configuration: withDeletionBreaker });
  for (const num of ['C1', 'C2']) here.site.hq.delete('customers', { num });
  await here.site.run();
  const { id } = (await here.get('/synchronization-errors?scope=mapping')).body.items[0];
  const path = `/synchronization-errors/${id}`;
  const seen = await here.get(path);
  expect(seen.body.etag).toMatch(/^"[\w-]+"$/);
  expect(seen.headers['etag']).toBe(seen.body.etag);
  expect((await here.get(path)).body.etag).toBe(seen.body.etag);
  here.site.hq.delete('customers', { num: 'C3' });
  await here.site.run();
  for (const action of ['approve', 'decline']) {
    const late = await here.post(`${path}/${action}`, {}, { 'if-match': seen.body.etag });
    expect(late).toMatchObject({
      status: 412,
      body: { code: 'stale-decision', error: { id, status: 'open', massDeletion: { deletions: 3 } } },
    });
    const bulk = await here.post(
      '/synchronization-errors/bulk',
      { action, items: [{ id, etag: seen.body.etag }] },
      { prefer: 'wait=60' },
    );
    expect((await here.get(`/jobs/${bulk.body.id}/results`)).body.items).toMatchObject([{ code: 'stale-decision' }]);
  }
  expect(['C1', 'C2', 'C3'].every((num) => shopper(here, num) !== undefined)).toBe(true);
  const { etag } = (await here.get(path)).body;
  expect(etag).not.toBe(seen.body.etag);
  const approved = await here.post(`${path}/approve`, {}, { 'if-match': etag });
  expect(approved).toMatchObject({ status: 200, body: { status: 'resolved' } });
  expect(['C1', 'C2', 'C3'].some((num) => shopper(here, num) !== undefined)).toBe(false);
});
