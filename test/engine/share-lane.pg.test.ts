/** A backlog that two workers share ends as it does when one works it alone, whoever of them is killed on the way. */
import { describe, expect, it } from 'vitest';
import type { CrashPoint, EngineSurroundings } from '../../src/engine/lane/lane-context.ts';
import { emptyMemory, type LaneMemory } from '../../src/engine/lane/lane-memory.ts';
import type { LaneReport } from '../../src/engine/run/lane-run.ts';
import { joinLane } from '../../src/engine/run/join-lane.ts';
import { readMarks } from '../../src/engine/run/read-marks.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf, type Site } from '../../src/engine/lane/site.ts';
import type { CouplingDatabase } from '../../src/ports/coupling-database.ts';
import { until } from '../support/until.ts';
import { REQUEST, type SmallSite, smallSite } from './small-site.ts';

const LANE = { mapping: 'customers', channel: 'houston' };
const SHARING = { least: 10, stretch: 10 };
const CUSTOMERS = 60;

type Reach = EngineSurroundings['reach'];
class Killed extends Error {}

const customer = (n: number): Record<string, string> => ({
  num: `C${n}`,
  name: `Customer ${n}`,
  email: `c${n}@example.com`,
  credit: '1',
  group_code: 'G1',
});

/** Every pair of a few kinds of change, so that each stretch has some of each; and records without a partner. */
function change({ hq, houston }: SmallSite): void {
  const [segment] = houston.select('segments');
  for (let n = 1; n <= CUSTOMERS; n += 1) {
    const kind = n % 6;
    const [here, there] = [{ num: `C${n}` }, { cust_num: `C${n}` }];
    if (kind !== 1) hq.update('customers', here, { name: `HQ ${n}` });
    if (kind === 1 || kind === 2) houston.update('shoppers', there, { mail: `till${n}@example.com` });
    if (kind === 3) houston.update('shoppers', there, { full_name: `Till ${n}` });
    if (kind === 4 && n % 4 === 0) houston.delete('shoppers', there);
  }
  for (let n = 101; n <= 105; n += 1) hq.insert('customers', customer(n));
  for (let n = 201; n <= 205; n += 1)
    houston.insert('shoppers', {
      cust_num: `C${n}`,
      full_name: `Customer ${n}`,
      mail: `c${n}@example.com`,
      segment_id: segment!['id']!,
    });
}

const continuously = (site: Site, memory: LaneMemory): Promise<LaneReport[]> =>
  runChannel(site, memory, 'houston', lanesOf(site, 'houston'), {
    ...REQUEST,
    trigger: 'change',
    jobId: null,
    waitForLaneMs: 0,
  });

interface Ended {
  readonly site: SmallSite;
  readonly outcome: unknown;
  readonly fences: number;
  /** Of the lane, by worker. */
  readonly written: { readonly holder: number; readonly helper: number };
}

interface Hooks {
  readonly holder?: Reach;
  readonly helper?: Reach;
  /**
   * Told how many changes are pending in each stretch that the holder has claimed and written nothing of, when the other
   * has done all he can.
   */
  readonly untouched?: (pending: readonly number[]) => void;
}

async function story(hooks: Hooks | null): Promise<Ended> {
  let duringWork: Reach = () => {};
  const own = await smallSite({ reach: (point, lane) => duringWork(point, lane) });
  own.hq.insert('groups', { code: 'G1', title: 'Retail' });
  for (let n = 1; n <= CUSTOMERS; n += 1) own.hq.insert('customers', customer(n));
  await own.run();
  await own.run();
  change(own);
  const fenceBefore = await fenceOf(own);
  let written = { holder: 0, helper: 0 };
  if (hooks === null) await continuously(own.site, own.memory);
  else {
    const other = await own.anotherWorker(hooks.helper);
    const site = { ...own.site, sharing: SHARING };
    await Promise.all([readMarks(site, 'hq', null), readMarks(site, 'channel', 'houston')]);
    expect(await other.site.database.askForShare(LANE, SHARING.least)).toBe(true);
    let joined = false;
    const database: CouplingDatabase = {
      ...other.site.database,
      async claimShare(fence) {
        const share = await other.site.database.claimShare(fence);
        joined ||= share !== null;
        return share;
      },
    };
    let helping: Promise<LaneReport[]> | null = null;
    duringWork = async (point, lane) => {
      // The holder goes on when the other has joined, or it would be done before.
      if (lane?.mapping === LANE.mapping && !joined) {
        await until(() => joined);
        if (hooks.untouched) {
          await until(async () => helping !== null && (await sharesOf(own)).every(({ holder }) => holder !== null));
          await helping;
          hooks.untouched(await pendingOfHolder(own));
        }
      }
      await hooks.holder?.(point, lane);
    };
    const holding = continuously(site, own.memory);
    // Whoever joins waits for no more than seconds.
    await until(async () => (await sharesOf(own)).length > 1 && (await isShared(own)));
    helping = continuously({ ...other.site, database, sharing: SHARING }, other.memory);
    const [mine, theirs] = await Promise.all([holding, helping]);
    written = { holder: writesOf(mine), helper: writesOf(theirs) };
    await other.close();
  }
  duringWork = () => {};
  const fences = (await fenceOf(own)) - fenceBefore;
  // Whoever comes next, with nothing in memory.
  for (let round = 0; round < 2; round += 1) {
    const memory = hooks?.holder ? emptyMemory() : own.memory;
    const reports = await runChannel(own.site, memory, 'houston', lanesOf(own.site, 'houston'), REQUEST);
    expect(reports.map(({ status }) => status)).not.toContain('failed');
  }
  expect(await sharesOf(own)).toEqual([]);
  return { site: own, outcome: await outcomeOf(own), fences, written };
}

const writesOf = (reports: readonly LaneReport[]): number =>
  reports.reduce((sum, { counters }) => sum + counters.toHq.modified + counters.toChannel.modified, 0);

const fenceOf = async ({ database }: SmallSite): Promise<number> =>
  (await database.laneStates()).find(({ lane }) => lane.mapping === LANE.mapping)?.fence ?? 0;

const pendingOfHolder = async ({ sql, database }: SmallSite): Promise<number[]> => {
  const rows = await sql<{ count: number }[]>`
    select (select count(*)::int from couplet.pending p
             where p.lane_id = s.lane_id and p.state = 'due' and p.id between s.first_id and s.last_id) as count
      from couplet.lane_share s where s.holder = ${database.holder} and s.last_id < s.until_id`;
  return rows.map(({ count }) => count);
};

const sharesOf = ({ sql }: SmallSite) =>
  sql<
    { first_id: string; holder: string | null }[]
  >`select first_id, holder from couplet.lane_share where first_id > 0`;

const isShared = async ({ sql }: SmallSite): Promise<boolean> => {
  const held = await sql`
    select from pg_locks where locktype = 'advisory' and granted and mode = 'ShareLock'
       and database = (select oid from pg_database where datname = current_database())`;
  return held.length > 0;
};

async function outcomeOf({ sql, hq, houston }: SmallSite) {
  const lines = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
  const withoutKeys = houston.select('shoppers').map(({ id: _, ...row }) => row);
  const keyed = (key: string | null): boolean => key !== null && Number(JSON.parse(key)[0]) <= CUSTOMERS;
  const log =
    await sql`select action, cause, direction, hq_key, channel_key, changes::text as changes, code from couplet.sync_log`;
  return {
    hq: lines(hq.select('customers')),
    houston: lines(withoutKeys),
    log: lines(log.filter(({ channel_key: key }) => keyed(key as string | null))),
    others: log.length,
    errors: lines(await sql`select kind, code, status, hq_key from couplet.sync_error`),
    pending: lines(await sql`select side, key, state from couplet.pending`),
    couplings: lines(await sql`select status, hq_key from couplet.coupling`),
  };
}

let deaths = 0;
const dieAt =
  (wanted: CrashPoint): Reach =>
  (point, lane) => {
    if (point !== wanted || lane?.mapping !== LANE.mapping) return;
    deaths += 1;
    throw new Killed(point);
  };

const POINTS: readonly CrashPoint[] = [
  'decided',
  'hq-written',
  'channel-written',
  'outcomes-recorded',
  'ledger-cleared',
];

/** A life in which somebody dies ends as one without; returns how often the fence was raised on the way. */
async function fencesOfLifeWith(hooks: Hooks): Promise<number> {
  const alone = await story(null);
  await using _alone = alone.site;
  deaths = 0;
  const shared = await story(hooks);
  await using _shared = shared.site;
  expect(deaths).toBeGreaterThan(0);
  expect(shared.outcome).toEqual(alone.outcome);
  return shared.fences;
}

describe('a backlog that is shared', () => {
  it('is worked by both, and ends as if one had worked it alone, under the same fence', async () => {
    const alone = await story(null);
    await using _alone = alone.site;
    const shared = await story({});
    await using _shared = shared.site;
    expect(shared.outcome).toEqual(alone.outcome);
    expect(shared.fences).toBe(0);
    expect(shared.written.holder).toBeGreaterThan(0);
    expect(shared.written.helper).toBeGreaterThan(0);
  });

  it('leaves alone a pair that is pending in the stretch of another as well', async () => {
    let left: readonly number[] | null = null;
    const shared = await story({ untouched: (pending) => void (left ??= pending) });
    await using _shared = shared.site;
    expect(left).not.toHaveLength(0);
    expect(new Set(left)).toEqual(new Set([SHARING.stretch]));
  });

  it.each(POINTS)(
    'ends the same when the one who helps is killed at %s: the holder takes over under a new fence',
    async (point) => {
      expect(await fencesOfLifeWith({ helper: dieAt(point) })).toBe(1);
    },
  );

  it.each(POINTS)('ends the same when its holder is killed at %s', async (point) => {
    await fencesOfLifeWith({ holder: dieAt(point) });
  });

  it('left open, is taken over by the one who had shared it, although nothing else is due', async () => {
    await using own = await smallSite();
    own.hq.insert('groups', { code: 'G1', title: 'Retail' });
    own.hq.insert('customers', customer(1));
    await own.run();
    await own.run();
    const before = await fenceOf(own);
    await own.sql`
      insert into couplet.lane_share (lane_id, first_id, last_id, until_id, fence, holder)
      select id, 1, 1, 1, fence, 'gone' from couplet.lane where mapping = ${LANE.mapping} and channel = ${LANE.channel}`;
    await continuously(own.site, own.memory);
    expect([await sharesOf(own), await fenceOf(own)]).toEqual([[], before + 1]);
  });

  it('is joined by nobody while the lane owes a full run or is paused', async () => {
    await using own = await smallSite();
    own.hq.insert('groups', { code: 'G1', title: 'Retail' });
    for (let n = 1; n <= 12; n += 1) own.hq.insert('customers', customer(n));
    await own.run();
    await own.run();
    for (let n = 1; n <= 12; n += 1) own.hq.update('customers', { num: `C${n}` }, { name: `HQ ${n}` });
    await readMarks(own.site, 'hq', null);
    const { database } = own.site;
    await using lock = await database.lockLane(LANE, 5_000);
    expect(await database.splitBacklog({ lane: LANE, number: await fenceOf(own) }, 5)).toBe(3);
    await lock?.share();
    const other = await own.anotherWorker();
    const joined = async (): Promise<boolean> => {
      const context = await joinLane({ ...other.site, sharing: SHARING }, other.memory, LANE);
      await context?.lock.release();
      return context !== null;
    };
    expect(await joined()).toBe(true);
    await database.changeLane(LANE, { paused: true });
    expect(await joined()).toBe(false);
    await database.changeLane(LANE, { paused: false });
    await database.oweFullRun(LANE, { reason: 'retry', trigger: 'manual' });
    expect(await joined()).toBe(false);
    await other.close();
  });
});
