/** A deletion that is taken back on one side, and that the other store refuses to take back. */
import { expect, test } from 'vitest';
import { customersWith, openErrors, smallSite } from './small-site.ts';

const asker = { actor: 'anna', reason: null, requestId: null, jobId: null, dryRun: false };

test('what came back is in the log and coupled, and of the record that did not somebody is asked', async () => {
  const policies = '    deletions: { inHq: propagate, inChannel: manual }\n';
  await using site = await smallSite({ configuration: customersWith(policies) });
  site.hq.insert('customers', { num: 'C1', name: 'Customer 1', email: 'c1@example.com' });
  await site.run();
  await site.run();
  site.hq.delete('customers', { num: 'C1' });
  await site.run();
  expect(site.houston.select('shoppers')).toEqual([]);
  // The address is somebody else's by now.
  site.houston.insert('shoppers', { cust_num: 'X1', full_name: 'Other', mail: 'c1@example.com' });
  await site.run();
  const [entry] = await site.sql<{ id: string }[]>`select id from couplet.sync_log where action = 'deleted'`;
  await expect(site.synchronizer.revert(entry!.id, asker)).rejects.toMatchObject({ code: 'constraint-violated' });
  expect(site.hq.select('customers', { num: 'C1' })).toMatchObject([{ name: 'Customer 1' }]);
  expect(
    await site.sql`
    select direction, cause, actor from couplet.sync_log where action = 'restored' and hq_key = '["C1"]'`,
  ).toEqual([{ direction: 'toHq', cause: 'revert', actor: 'anna' }]);
  await site.run();
  const [error, ...others] = await openErrors(site);
  expect([error?.code, others]).toEqual(['deleted-in-channel', []]);
});
