import { describe, expect, it } from 'vitest';
import { askForOwedRuns } from '../../src/compose/owed-runs.ts';
import { oweFullRuns } from '../../src/engine/lane/due-here.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import type { Job, JobRequest } from '../../src/ports/coupling-database.ts';
import { REQUEST, type SmallSite, smallSite } from './small-site.ts';

const CUSTOMERS = { mapping: 'customers', channel: 'houston' };

const dueOf = async ({ database }: SmallSite) =>
  (await database.laneStates()).find(({ lane }) => lane.mapping === 'customers' && lane.channel === 'houston')
    ?.fullRunDue ?? null;

describe('a full run that is owed', () => {
  it('has all its reasons, the first trigger, and another id each time', async () => {
    await using site = await smallSite();
    await site.database.oweFullRun(CUSTOMERS, { reason: 'capture:hq', trigger: 'change' });
    const first = await dueOf(site);
    await site.database.oweFullRun(CUSTOMERS, {
      reason: 'configuration',
      trigger: 'configuration',
      configuration: 'a',
    });
    await site.database.oweFullRun(CUSTOMERS, { reason: 'capture:hq', trigger: 'manual' });
    const all = await dueOf(site);
    expect(all).toMatchObject({ reason: 'capture:hq configuration', trigger: 'change', configuration: 'a' });
    expect(all?.id).not.toBe(first?.id);
    await site.database.endFullRun(CUSTOMERS, first?.id ?? '');
    expect(await dueOf(site)).toEqual(all);
    await site.database.endFullRun(CUSTOMERS, all?.id ?? '');
    expect(await dueOf(site)).toBeNull();
  });

  it('is still owed when it was owed once more while it ran', async () => {
    const again = { times: 1, during: async (): Promise<void> => {} };
    await using site = await smallSite({
      reach: async (point, lane) => {
        if (point === 'decided' && lane?.mapping === 'customers' && again.times-- === 1) await again.during();
      },
    });
    site.hq.insert('customers', { num: 'C1', name: 'Adatum', email: 'a@x' });
    again.times = 0;
    await site.run();
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { name: 'Adatum Corp' });
    await site.database.oweFullRun(CUSTOMERS, { reason: 'capture:hq', trigger: 'change' });
    again.during = () => site.database.oweFullRun(CUSTOMERS, { reason: 'capture:hq', trigger: 'change' });
    again.times = 1;
    await site.run();
    expect(again.times).toBeLessThan(1);
    expect(await dueOf(site)).toMatchObject({ reason: 'capture:hq' });
    await site.run();
    expect(await dueOf(site)).toBeNull();
  });

  it('is left to the process whose configuration owes it, and so is the mapping until then', async () => {
    await using site = await smallSite();
    site.hq.insert('customers', { num: 'C1', name: 'Adatum', email: 'a@x' });
    await site.run();
    const worker = await site.anotherWorker();
    const mappings = worker.site.mappings.map((mapping) => ({ ...mapping, initialWinner: 'hq' as const }));
    const renewed = { ...worker.site, mappings };
    await oweFullRuns(renewed, ['customers']);
    site.hq.insert('customers', { num: 'C2', name: 'Litware', email: 'l@x' });
    expect(await site.run()).toMatchObject([
      { lane: { mapping: 'groups' }, status: 'succeeded' },
      { lane: { mapping: 'customers' }, status: 'failed', code: 'configuration-outdated' },
    ]);
    expect(site.houston.select('shoppers')).toHaveLength(1);
    await runChannel(renewed, worker.memory, 'houston', lanesOf(renewed, 'houston'), REQUEST);
    expect(site.houston.select('shoppers')).toHaveLength(2);
    expect(await dueOf(site)).toBeNull();
    site.hq.insert('customers', { num: 'C3', name: 'Fabrikam', email: 'f@x' });
    expect(await site.run()).toMatchObject([{}, { status: 'succeeded', code: null }]);
    expect(site.houston.select('shoppers')).toHaveLength(3);
    await worker.close();
  });

  it('has a job that says why it ran, also where it found nothing to do', async () => {
    await using site = await smallSite();
    site.hq.insert('customers', { num: 'C1', name: 'Adatum', email: 'a@x' });
    await site.run();
    await site.run();
    await oweFullRuns(site.site, ['customers']);
    await site.run({ trigger: 'change', actor: null });
    expect(await dueOf(site)).toBeNull();
    const jobs = await site.sql`
      select mapping, scope, status, actor from couplet.job where trigger = 'configuration'`;
    expect(jobs).toMatchObject([{ mapping: 'customers', scope: 'full', status: 'succeeded', actor: null }]);
  });

  it('starts by itself as a job of its own where the schedule would leave it to somebody', async () => {
    await using site = await smallSite({
      configuration: (text) => text.replace('    label: Customer\n', '    label: Customer\n    schedule: manual\n'),
    });
    site.hq.insert('customers', { num: 'C1', name: 'Adatum', email: 'a@x' });
    await site.run();
    const asked: Job[] = [];
    const queue = {
      async enqueue(request: JobRequest) {
        const job = await site.database.createJob(request, 'queued');
        asked.push(job);
        return job;
      },
    };
    await askForOwedRuns(site.site, queue, []);
    await oweFullRuns(site.site, ['customers', 'groups']);
    await site.database.changeLane(CUSTOMERS, { paused: true });
    await askForOwedRuns(site.site, queue, []);
    await site.database.changeLane(CUSTOMERS, { paused: false });
    await askForOwedRuns(site.site, queue, ['customers']);
    await askForOwedRuns(site.site, queue, [], [{ ...CUSTOMERS, mapping: 'groups' }]);
    expect(asked).toEqual([]);
    await askForOwedRuns(site.site, queue, []);
    expect(asked).toMatchObject([{ ...CUSTOMERS, scope: 'full', trigger: 'configuration', actor: null }]);
    await site.synchronizer.execute(asked[0]?.id ?? '', () => Promise.resolve(false));
    expect(await dueOf(site)).toBeNull();
  });
});
