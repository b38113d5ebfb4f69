/** A deletion that a foreign key of the other store would carry on to records that are coupled themselves. */
import { expect, test } from 'vitest';
import { ACTION, openErrors, smallSite } from './small-site.ts';

const OF_GROUP = {
  name: 'customers_group_fkey',
  columns: ['group_code'],
  parent: { schema: null, name: 'groups' },
  parentColumns: ['code'],
  onDelete: 'cascade',
} as const;

/** Customers are coupled with the other channel alone. */
const configuration = (text: string): string =>
  text
    .replace('    label: Customer group\n', '    label: Customer group\n    deletions: propagate\n')
    .replace('    label: Customer\n', '    label: Customer\n    channels: [online]\n');

test('is asked about and named, in whatever channel they are coupled, and carried out once they are not', async () => {
  await using site = await smallSite({ configuration, foreignKeys: [OF_GROUP], channels: ['houston', 'online'] });
  for (const code of ['G1', 'G2']) site.hq.insert('groups', { code, title: `Group ${code}` });
  site.hq.insert('customers', { num: 'C1', name: 'Coupled', email: 'c1@example.com', group_code: 'G1' });
  await site.run();
  await site.run();
  site.houston.delete('segments', { ext_code: 'G1' });
  site.houston.delete('segments', { ext_code: 'G2' });
  await site.run();
  expect(site.hq.select('groups').map(({ code }) => code)).toEqual(['G1']);
  const [error, ...others] = await openErrors(site);
  expect(others).toEqual([]);
  expect(error).toMatchObject({
    kind: 'deletion',
    code: 'deletion-would-cascade',
    params: { deletedIn: 'channel', count: 1, dependents: [{ mapping: 'customers', key: ['C1'] }] },
  });
  const [coupling] = await site.sql<{ id: string }[]>`select id from couplet.coupling where hq_key = '["C1"]'`;
  expect(error?.params['dependents']).toMatchObject([{ couplingId: coupling?.id }]);
  await site.synchronizer.uncouple(coupling!.id, { actor: 'anna', reason: null, requestId: null });
  await site.synchronizer.act(error!.id, { ...ACTION, action: 'delete' });
  expect([site.hq.select('groups'), site.hq.select('customers')]).toEqual([[], []]);
});
