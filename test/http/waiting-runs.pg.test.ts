/** What a person is told of a run that could not be done now, and that it is tried again without them. */
import { expect, it } from 'vitest';
import { lanesOf } from '../../src/engine/lane/site.ts';
import { until } from '../support/until.ts';
import { openTestServer } from './open-test-server.ts';

it('a run that waited for its turn and did not get it has failed, and its job says why', async () => {
  await using server = await openTestServer();
  const { site, database, get } = server;
  const other = await site.anotherWorker();
  const [, lane] = lanesOf(site.site, 'houston');
  const held = await other.site.database.lockLane(lane!, 1_000);
  expect(held).not.toBeNull();
  const parent = await database.createJob(
    {
      kind: 'synchronize',
      mapping: null,
      channel: 'houston',
      parentId: null,
      scope: 'modified',
      direction: 'both',
      dryRun: false,
      trigger: 'manual',
      actor: 'anna',
      requestId: null,
      body: null,
    },
    'running',
  );
  const continuous = await site.run({ trigger: 'change', waitForLaneMs: 0 });
  expect(continuous[1]).toMatchObject({ status: 'skipped', code: 'lane-busy', jobId: null });
  const asked = await site.run({ jobId: parent.id, children: true, waitForLaneMs: 20 });
  expect(asked.map(({ status, code }) => [status, code])).toEqual([
    ['succeeded', null],
    ['failed', 'lane-busy'],
  ]);
  const job = await get(`/jobs/${asked[1]?.jobId}`);
  expect(job.body).toMatchObject({ status: 'failed', code: 'lane-busy', params: { ...lane, waitedSeconds: 1 } });
  expect(job.body.message).toMatch(/did not end within 1 seconds; nothing was done/);
  await held!.release();
  await other.close();
});

it('a run that somebody asked for while a store was away is one job, tried again until the store is back', async () => {
  await using server = await openTestServer();
  const { site, get, post } = server;
  site.hq.insert('customers', { num: 'C1', name: 'One', email: 'c1@example.com' });
  site.houston.goDown();
  const failed = await post('/mappings/customers/synchronize', { channel: 'houston' }, { Prefer: 'wait=20' });
  // Whoever waits may be told of a later attempt than the first.
  expect(failed.body).toMatchObject({ status: 'failed', code: 'store-unreachable', attempts: expect.any(Number) });
  site.houston.comeBack();
  const again = await until(
    async () => {
      const { body } = await get(`/jobs/${failed.body.id}`);
      return body.status === 'succeeded' ? body : null;
    },
    { timeoutMs: 30_000 },
  );
  expect(again).toMatchObject({ code: null, counters: { toChannel: { inserted: 1 } } });
  expect(again.attempts).toBeGreaterThan(failed.body.attempts);
  expect(site.houston.select('shoppers')).toHaveLength(1);
});
