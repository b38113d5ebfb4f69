import { describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import { lanesOf, type Site } from '../../src/engine/lane/site.ts';
import { readMarks } from '../../src/engine/run/read-marks.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { StoreUnreachable } from '../../src/errors/store-faults.ts';
import { openErrors, REQUEST, type SmallSite, smallSite } from './small-site.ts';

const POINTS: readonly CrashPoint[] = [
  'changes-read',
  'cursor-moved',
  'decided',
  'hq-written',
  'channel-written',
  'outcomes-recorded',
  'ledger-cleared',
];

class Killed extends Error {}

interface Fuse {
  point: CrashPoint | null;
  passes: number;
}

/** Throws at the n-th pass of a point, once; what a killed process had in memory is never used again. */
const reachOf = (fuse: Fuse) => (point: CrashPoint) => {
  if (point !== fuse.point) return;
  fuse.passes -= 1;
  if (fuse.passes > 0) return;
  fuse.point = null;
  throw new Killed(point);
};

/** `survives`: the process goes on, as after a fault that ended nothing but the run. */
async function story(fuse: Fuse | null, survives = false): Promise<{ site: SmallSite; state: unknown; log: unknown }> {
  const own: Fuse = { point: null, passes: 0 };
  const site = await smallSite({ reach: reachOf(own) });
  site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  for (let n = 1; n <= 6; n += 1)
    site.hq.insert('customers', {
      num: `C${n}`,
      name: `Customer ${n}`,
      email: `c${n}@example.com`,
      credit: '1',
      group_code: 'G1',
    });
  await site.run();
  site.hq.update('customers', { num: 'C1' }, { name: 'HQ only' });
  site.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'Till only' });
  site.hq.update('customers', { num: 'C3' }, { name: 'both HQ' });
  site.houston.update('shoppers', { cust_num: 'C3' }, { mail: 'both@till' });
  site.hq.update('customers', { num: 'C4' }, { email: 'conflict@hq' });
  site.houston.update('shoppers', { cust_num: 'C4' }, { mail: 'conflict@till' });
  site.hq.delete('customers', { num: 'C5' });
  site.hq.insert('customers', { num: 'C7', name: 'New in HQ', email: 'c7@example.com', credit: '7', group_code: 'G1' });
  site.houston.insert('shoppers', {
    cust_num: 'C8',
    full_name: 'New in the till',
    mail: 'c8@example.com',
    segment_id: site.houston.select('segments')[0]!['id']!,
  });
  if (fuse) Object.assign(own, fuse);
  await site.run().catch(() => {});
  if (fuse) expect(own.point, 'the crash point was reached').toBeNull();
  // Another process comes along, knows nothing, and finishes.
  const other = await site.anotherWorker();
  const next = survives ? site : other;
  for (let round = 0; round < 2; round += 1) {
    const reports = await runChannel(next.site, next.memory, 'houston', lanesOf(next.site, 'houston'), REQUEST);
    expect(reports.map((report) => report.status)).toEqual(['succeeded', 'succeeded']);
  }
  await other.close();
  const state = {
    hq: [site.hq.select('groups'), site.hq.select('customers')],
    houston: [site.houston.select('segments'), site.houston.select('shoppers')],
  };
  const rows =
    await site.sql`select action, cause, direction, hq_key, channel_key, changes::text as changes, code from couplet.sync_log`;
  const errors = await site.sql`select kind, code, status from couplet.sync_error`;
  const log = [...rows.map((row) => JSON.stringify(row)).sort(), ...errors.map((row) => JSON.stringify(row)).sort()];
  return { site, state: sorted(state), log };
}

const sorted = (state: Record<string, readonly (readonly unknown[])[]>) =>
  Object.fromEntries(
    Object.entries(state).map(([store, tables]) => [
      store,
      tables.map((rows) => rows.map((row) => JSON.stringify(row)).sort()),
    ]),
  );

describe('a process that is killed', () => {
  it.each(POINTS.flatMap((point) => [1, 2].map((passes) => ({ point, passes }))))(
    'at $point, pass $passes, leaves the same stores, errors and log as one that is not',
    async ({ point, passes }) => {
      const quiet = await story(null);
      await using _quiet = quiet.site;
      const killed = await story({ point, passes });
      await using _killed = killed.site;
      expect(killed.state).toEqual(quiet.state);
      expect(killed.log).toEqual(quiet.log);
    },
  );

  it.each(['hq-written', 'channel-written'] as const)(
    'so does one that fails at %s and goes on by itself',
    async (point) => {
      const quiet = await story(null);
      await using _quiet = quiet.site;
      const failed = await story({ point, passes: 1 }, true);
      await using _failed = failed.site;
      expect(failed.state).toEqual(quiet.state);
      expect(failed.log).toEqual(quiet.log);
    },
  );
});

/** Its marks are taken in without knowing what its ledger holds. */
const whileChannelsAreAway = (site: Site): Site => {
  const away = () => Promise.reject(new StoreUnreachable('The store is away.'));
  return {
    ...site,
    channels: new Map([...site.channels].map(([name, store]) => [name, { ...store, batchesOf: away }])),
  };
};

it.each([
  { channel: 'there', names: ['Still One', 'Still Two'] },
  { channel: 'away', names: ['Still One', 'Still Two', 'Two'] },
])(
  'a new record whose key another one has by the time it is recorded does not hold up its mapping, the channel being $channel when the keys are read',
  async ({ channel, names }) => {
    const fuse: Fuse = { point: null, passes: 0 };
    await using site = await smallSite({
      reach: reachOf(fuse),
      configuration: (text) => text.replace('    match: [[number], [email]]\n', ''),
    });
    site.hq.insert('customers', { num: 'C1', name: 'One' });
    await site.run();
    site.hq.insert('customers', { num: 'C2', name: 'Two' });
    Object.assign(fuse, { point: 'channel-written', passes: 1 });
    await site.run().catch(() => {});
    expect(site.houston.select('shoppers')).toHaveLength(2);
    // While nobody was there to record it, its app renumbered it and gave its key to the one that is coupled.
    site.hq.update('customers', { num: 'C2' }, { num: 'C3' });
    site.hq.update('customers', { num: 'C1' }, { num: 'C2' });
    const other = await site.anotherWorker();
    if (channel === 'away') await readMarks(whileChannelsAreAway(other.site), 'hq', null);
    const lanes = lanesOf(other.site, 'houston');
    for (let round = 0; round < 2; round += 1) {
      const reports = await runChannel(other.site, other.memory, 'houston', lanes, REQUEST);
      expect(reports.map(({ status, code }) => [status, code])).toEqual([
        ['succeeded', null],
        ['succeeded', null],
      ]);
    }
    await other.close();
    // What was made has no partner then: going the other way it meets the number, and somebody is asked.
    const asked = [{ code: 'constraint-violated', params: { blockedBy: ['C2'] } }];
    expect(await openErrors(site)).toMatchObject(channel === 'away' ? asked : []);
    site.hq.update('customers', { num: 'C2' }, { name: 'Still One' });
    site.hq.update('customers', { num: 'C3' }, { name: 'Still Two' });
    await site.run();
    const found = site.houston.select('shoppers').map((row) => row['full_name']);
    expect(found.toSorted()).toEqual(names);
  },
);

describe('two workers', () => {
  it('never work one lane at the same time: the one that wakes up late writes nothing', async () => {
    let paused: (() => void) | null = null;
    let reached: (() => void) | null = null;
    const stopped = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let armed = false;
    await using site = await smallSite({
      reach: async (point) => {
        if (!armed || point !== 'decided') return;
        armed = false;
        reached?.();
        await new Promise<void>((resolve) => {
          paused = resolve;
        });
      },
    });
    site.hq.insert('groups', { code: 'G1', title: 'Retail' });
    site.hq.insert('customers', { num: 'C1', name: 'One', email: 'c1@example.com', group_code: 'G1' });
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { name: 'Two' });
    armed = true;
    const late = site.run();
    await stopped;
    // As if the first worker's session had been cut while it stood still: its lane is free, its memory old.
    await site.sql`select pg_terminate_backend(pid) from pg_stat_activity where pid in (select pid from pg_locks where locktype = 'advisory') and datname = current_database()`;
    const other = await site.anotherWorker();
    const lanes = lanesOf(other.site, 'houston');
    const reports = await runChannel(other.site, other.memory, 'houston', lanes, REQUEST);
    expect(reports.every((report) => report.status === 'succeeded')).toBe(true);
    site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Three' });
    await runChannel(other.site, other.memory, 'houston', lanes, REQUEST);
    expect(site.hq.select('customers', { num: 'C1' })[0]?.['name']).toBe('Three');
    paused!();
    await late.catch(() => {});
    expect(site.hq.select('customers', { num: 'C1' })[0]?.['name']).toBe('Three');
    expect(site.houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name']).toBe('Three');
    await other.close();
  });
});
