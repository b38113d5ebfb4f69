/** A person's answer whose process dies after the stores have committed: whoever comes next ends it as it was meant. */
import { describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { act, openErrors, REQUEST, siteInStep, type SmallSite, type SmallSiteOptions } from './small-site.ts';

interface Fuse {
  point: CrashPoint | null;
  /** The batch is meant that did this. */
  when?: () => boolean;
}

const killedAt = (fuse: Fuse): Required<Pick<SmallSiteOptions, 'reach'>> => ({
  reach(point) {
    if (point !== fuse.point || fuse.when?.() === false) return;
    fuse.point = null;
    throw new Error('killed');
  },
});

async function anotherComes(site: SmallSite): Promise<void> {
  const other = await site.anotherWorker();
  const request = { ...REQUEST, trigger: 'change', actor: null } as const;
  const reports = await runChannel(other.site, other.memory, 'houston', lanesOf(other.site, 'houston'), request);
  expect(reports.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  await other.close();
}

const DELETED_IN = {
  hq: (site: SmallSite) => site.hq.delete('customers', { num: 'C1' }),
  channel: (site: SmallSite) => site.houston.delete('shoppers', { cust_num: 'C1' }),
};

describe.each(['delete', 'restore'] as const)('%s that is killed', (action) => {
  it.each([
    ['hq', action === 'delete' ? 'channel-written' : 'hq-written'],
    ['channel', action === 'delete' ? 'hq-written' : 'channel-written'],
  ] as const)('once a record deleted in %s was answered, at %s, leaves no error open', async (side, point) => {
    const fuse: Fuse = { point: null };
    await using site = await siteInStep(killedAt(fuse));
    DELETED_IN[side](site);
    await site.run();
    const [error] = await openErrors(site);
    fuse.point = point;
    await expect(act(site, error!.id, { action })).rejects.toThrow('killed');

    await anotherComes(site);
    expect(await openErrors(site)).toEqual([]);
    const [answered] = await site.sql`select status, resolution from couplet.sync_error where id = ${error!.id}`;
    expect(answered).toMatchObject({ status: 'resolved', resolution: { action, actor: 'anna', reason: 'because' } });
    const log = await site.sql`
      select id, action, code, actor, job_id from couplet.sync_log where error_id = ${error!.id} order by id`;
    const done = action === 'delete' ? 'deleted' : 'restored';
    expect(log.map((entry) => entry['action'])).toEqual(['deletion', done, 'resolved']);
    expect(log[2]).toMatchObject({ code: action, actor: 'anna', job_id: log[1]!['job_id'] });
    expect(answered!['resolution'].logIds).toEqual([log[1]!['id'], log[2]!['id']]);
    const left = action === 'delete' ? 3 : 4;
    expect([site.hq.select('customers').length, site.houston.select('shoppers').length]).toEqual([left, left]);
  });
});

it('a policy that is killed once it deleted the survivor of a pair with a failure leaves none open', async () => {
  const fuse: Fuse = { point: null };
  await using site = await siteInStep({
    ...killedAt(fuse),
    configuration: (text) =>
      text.replace('    initialWinner: manual\n', '    initialWinner: manual\n    deletions: propagate\n'),
  });
  // A value that the channel refuses: the pair has a failure, and its record in the channel is as it was.
  site.hq.update('customers', { num: 'C1' }, { name: 'x'.repeat(60) });
  await site.run();
  expect(await openErrors(site)).toMatchObject([{ kind: 'failure' }]);
  site.hq.delete('customers', { num: 'C1' });
  Object.assign(fuse, { point: 'channel-written', when: () => site.houston.select('shoppers').length === 3 });
  await site.run().catch(() => {});
  expect(fuse.point).toBeNull();
  await anotherComes(site);
  expect(site.houston.select('shoppers', { cust_num: 'C1' })).toEqual([]);
  expect(await openErrors(site)).toEqual([]);
});
