/** The lane of customers is given away between two batches of operations as between two of changes. */
import { expect, test } from 'vitest';
import { jobRequest } from '../support/job-request.ts';
import { comingIn } from '../support/wait-for-lane.ts';
import { openCommerceStage } from './commerce-stage.ts';

test('synchronize-customers lets in who waits for the lane, and goes on where it was', async () => {
  await using here = await openCommerceStage();
  // One customer's operations are one batch each.
  const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
  for (const tel of ['1', '2', '3']) await here.till.update(guid, { tel });
  await here.job('p-job');
  const other = await here.another();
  const coming = comingIn(here.coupling, 4, async () => {
    const lane = { mapping: 'customers', channel: 'houston' };
    const lock = await other.database.lockLane(lane, 30_000);
    await other.database.raiseFence(lane);
    const seen = await here.statuses();
    await lock?.release();
    return seen;
  });
  const { id } = await here.couplet.database.createJob(jobRequest({ kind: 'synchronize-customers' }), 'queued');
  await here.couplet.synchronizer.execute(id, coming.stop);
  const seen = await coming.result;
  await other.close();
  expect(seen).toContain('synchronized');
  expect(seen.filter((status) => status !== 'synchronized')).not.toHaveLength(0);
  expect(await here.couplet.database.jobOutcome(id)).toMatchObject({ status: 'succeeded' });
  expect(await here.statuses()).toEqual(Array(4).fill('synchronized'));
});
