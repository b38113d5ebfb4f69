import { expect, test } from 'vitest';
import { openServerInStep } from './open-test-server.ts';

test('a store that went back in time: what would be sent and deleted is shown, and only a person lets it go on', async () => {
  await using here = await openServerInStep();
  const { hq, houston } = here.site;
  const backup = hq.snapshotState();
  hq.update('customers', { num: 'C1' }, { name: 'After the backup' });
  hq.insert('customers', { num: 'N1', name: 'New since', email: 'n1@example.com', credit: '1' });
  await here.site.run();
  await here.site.run();
  hq.restoreState(backup);

  const asked = { scope: 'full', channel: 'houston', dryRun: true };
  const compared = await here.post('/mappings/customers/synchronize', asked, { prefer: 'wait=30' });
  expect(compared.status).toBe(200);
  expect(compared.body).toMatchObject({
    status: 'succeeded',
    dryRun: true,
    counters: { toChannel: { inserted: 0, modified: 1, deleted: 0 }, deletions: 1 },
  });
  const results = await here.get(`/jobs/${compared.body.id}/results`);
  const writes = results.body.items.flatMap((item: { writes: unknown[] | null }) => item.writes ?? []);
  expect(writes).toMatchObject([
    {
      side: 'channel',
      operation: 'update',
      fields: [{ name: 'name', old: 'After the backup', new: 'Customer 1' }],
    },
  ]);
  const { body } = await here.get('/mappings/customers');
  expect(body.state).toBe('stopped');
  expect(body.channels[0].stopped).toMatchObject({
    code: 'lineage-broken',
    params: { comparison: { toChannel: { modified: 1 }, deletions: 1 } },
  });
  expect(houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name']).toBe('After the backup');

  const refused = await here.post('/mappings/customers/resume', {});
  expect([refused.status, refused.body.code]).toEqual([409, 'mapping-stopped']);
  await here.post('/mappings/customers/resume', { lineage: 'compare' });
  await here.site.run();
  await here.site.run({ scope: 'full' });
  expect(houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name']).toBe('After the backup');
  const errors = await here.get('/synchronization-errors?mapping=customers&sort=kind');
  expect(errors.body.items.map(({ kind }: { kind: string }) => kind).toSorted()).toEqual(['conflict', 'deletion']);
  const conflict = errors.body.items.find(({ kind }: { kind: string }) => kind === 'conflict');
  expect(conflict.fields.find(({ name }: { name: string }) => name === 'name')).toMatchObject({
    base: { hq: 'After the backup' },
    hq: 'Customer 1',
    channel: 'After the backup',
  });
});
