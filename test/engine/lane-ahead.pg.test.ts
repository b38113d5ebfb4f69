/** A lane that is taken ahead is worked as any other, with fewer questions; a guess that was wrong costs nothing but its lock. */
import { describe, expect, it } from 'vitest';
import { moveAndTake, noteArrivals } from '../../src/engine/run/lane-ahead.ts';
import type { LaneReport, RunRequest } from '../../src/engine/run/lane-run.ts';
import { readMarks, storeText } from '../../src/engine/run/read-marks.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import type { CouplingDatabase } from '../../src/ports/coupling-database.ts';
import { type Side, SIDES } from '../../src/domain/record.ts';
import type { Lane, Store } from '../../src/ports/store.ts';
import { until } from '../support/until.ts';
import { openErrors, REQUEST, type SmallSite, type SmallSiteOptions, smallSite } from './small-site.ts';

const CUSTOMERS: Lane = { mapping: 'customers', channel: 'houston' };
const GROUPS: Lane = { mapping: 'groups', channel: 'houston' };

const QUESTIONS = [
  'takeWork',
  'couplingsByKey',
  'openErrors',
  'pendingOf',
  'lockLane',
  'lookAtLanes',
  'loadCursor',
  'moveCursor',
] as const;
type Question = (typeof QUESTIONS)[number];

/** Counts what the coupling database is asked. */
function counting(database: CouplingDatabase) {
  const asked = Object.fromEntries(QUESTIONS.map((question) => [question, 0])) as Record<Question, number>;
  const counted = { ...database };
  for (const question of QUESTIONS) {
    const ask = database[question] as (...args: never[]) => unknown;
    Object.assign(counted, {
      [question]: (...args: never[]) => {
        asked[question] += 1;
        return ask(...args);
      },
    });
  }
  return { asked, counted };
}

type StoreQuestions = Record<Side, { marks: number; records: number }>;

function countingStore(store: Store, asked: StoreQuestions): Store {
  const { side } = store;
  return {
    ...store,
    readWindow(...args) {
      asked[side].marks += 1;
      return store.readWindow(...args);
    },
    async table(shape) {
      const table = await store.table(shape);
      return {
        ...table,
        read(...args) {
          asked[side].records += 1;
          return table.read(...args);
        },
      };
    },
  };
}

async function filled(options: SmallSiteOptions = {}): Promise<SmallSite> {
  const own = await smallSite(options);
  own.hq.insert('groups', { code: 'G1', title: 'Retail' });
  for (let n = 1; n <= 5; n += 1)
    own.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com`, group_code: 'G1' });
  await own.run();
  await own.run();
  return own;
}

const takeIn = ({ site, memory }: SmallSite): Promise<unknown> =>
  Promise.all([
    readMarks(site, 'hq', null, { remembered: memory.cursors, taken: (lanes) => noteArrivals(memory, lanes) }),
    readMarks(site, 'channel', 'houston', {
      remembered: memory.cursors,
      taken: (lanes) => noteArrivals(memory, lanes),
    }),
  ]);

const WOKEN: RunRequest = { ...REQUEST, trigger: 'change', waitForLaneMs: 0, onlyOwn: true };

const woken = (
  { site, memory }: Pick<SmallSite, 'site' | 'memory'>,
  database: CouplingDatabase = site.database,
): Promise<LaneReport[]> => runChannel({ ...site, database }, memory, 'houston', lanesOf(site, 'houston'), WOKEN);

const modified = (reports: readonly LaneReport[]): number =>
  reports.reduce((sum, { counters }) => sum + counters.toHq.modified + counters.toChannel.modified, 0);

describe('a lane that marks have come for', () => {
  it('is worked with what came with its lock: pairs changed on both sides, conflicts and new records as ever', async () => {
    await using own = await filled();
    own.hq.update('customers', { num: 'C1' }, { name: 'HQ' });
    own.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
    own.hq.update('customers', { num: 'C2' }, { name: 'HQ two' });
    own.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'Till two' });
    own.hq.insert('customers', { num: 'C9', name: 'New', email: 'c9@example.com', group_code: 'G1' });
    await takeIn(own);
    const { asked, counted } = counting(own.site.database);
    const reports = await woken(own, counted);
    expect(reports.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(modified(reports)).toBe(2);
    expect(own.houston.select('shoppers', { cust_num: 'C1' })[0]).toMatchObject({
      full_name: 'HQ',
      mail: 'till@example.com',
    });
    expect(own.houston.select('shoppers', { cust_num: 'C9' })).toHaveLength(1);
    expect(await openErrors(own)).toMatchObject([{ kind: 'conflict' }]);
    expect(asked).toMatchObject({ takeWork: 0, couplingsByKey: 0, lockLane: 1 });
  });

  it('knows the open error of a pair, and ends it when it is over', async () => {
    await using own = await filled();
    own.hq.update('customers', { num: 'C2' }, { name: 'HQ two' });
    own.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'Till two' });
    await takeIn(own);
    await woken(own);
    expect(await openErrors(own)).toHaveLength(1);
    own.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'HQ two' });
    await takeIn(own);
    const { asked, counted } = counting(own.site.database);
    await woken(own, counted);
    expect(await openErrors(own)).toEqual([]);
    expect(asked).toMatchObject({ takeWork: 0, couplingsByKey: 0, openErrors: 1 });
  });

  it('is asked once more what waits in it when marks were taken in since', async () => {
    await using own = await filled();
    own.hq.update('customers', { num: 'C1' }, { name: 'first' });
    await takeIn(own);
    own.hq.update('customers', { num: 'C2' }, { name: 'second' });
    const reports = await woken(own);
    expect(modified(reports)).toBe(2);
  });

  it('is asked once more what waits in it when it was shared meanwhile', async () => {
    await using own = await filled();
    for (let n = 1; n <= 3; n += 1) own.hq.update('customers', { num: `C${n}` }, { name: `HQ ${n}` });
    await takeIn(own);
    expect(await own.database.askForShare(CUSTOMERS, 2)).toBe(true);
    const { asked, counted } = counting(own.site.database);
    const reports = await woken({ ...own, site: { ...own.site, sharing: { least: 2, stretch: 1 } } }, counted);
    expect(modified(reports)).toBe(3);
    // Once for each of the three stretches, and once for what is left after them.
    expect(asked).toMatchObject({ lockLane: 1, takeWork: 4 });
  });

  it('has its records read once, with what came with its lock', async () => {
    const asked = { hq: { marks: 0, records: 0 }, channel: { marks: 0, records: 0 } };
    await using own = await filled({ wrap: (store) => countingStore(store, asked) });
    own.hq.update('customers', { num: 'C1' }, { name: 'HQ' });
    await takeIn(own);
    for (const side of SIDES) asked[side] = { marks: 0, records: 0 };
    expect(modified(await woken(own))).toBe(1);
    expect(asked).toEqual({ hq: { marks: 1, records: 1 }, channel: { marks: 1, records: 1 } });
  });

  it('begins without asking the store whose marks have just called for it, unless that is a while ago', async () => {
    const asked = { hq: { marks: 0, records: 0 }, channel: { marks: 0, records: 0 } };
    await using own = await filled({ wrap: (store) => countingStore(store, asked) });
    for (const [name, sinceMs, marks] of [
      ['first', -60_000, 0],
      ['second', 1_000, 1],
    ] as const) {
      own.hq.update('customers', { num: 'C1' }, { name });
      await readMarks(own.site, 'hq', null, {
        remembered: own.memory.cursors,
        taken: (lanes, here) => noteArrivals(own.memory, lanes, here ? storeText('hq', null) : null),
      });
      for (const side of SIDES) asked[side] = { marks: 0, records: 0 };
      const arrivals = own.memory.arrivals.get('houston');
      // As if no time passed until the run, however slow the machine, and then as if the clock had gone on.
      if (arrivals?.from) arrivals.from = { ...arrivals.from, atMs: performance.now() - sinceMs };
      expect(modified(await woken(own))).toBe(1);
      expect([asked.hq.marks, asked.channel.marks]).toEqual([marks, 1]);
      expect(own.houston.select('shoppers', { cust_num: 'C1' })[0]).toMatchObject({ full_name: name });
    }
  });

  it('is looked at anew when somebody else had it who left something in a ledger', async () => {
    await using own = await filled();
    let written = (): void => {};
    const died = new Promise<void>((resolve) => (written = resolve));
    const other = await own.anotherWorker((point) => {
      if (point !== 'channel-written') return undefined;
      written();
      return new Promise<void>(() => {});
    });
    own.hq.update('customers', { num: 'C1' }, { name: 'first' });
    void runChannel(other.site, other.memory, 'houston', [CUSTOMERS], { ...WOKEN, onlyOwn: false });
    await died;
    // With its sessions goes the lock; what it wrote is known from the store's ledger alone.
    await other.close();
    // The server frees it when it finds the session gone.
    await (await own.database.lockLane(CUSTOMERS, 10_000))?.release();
    expect(own.houston.select('shoppers', { cust_num: 'C1' })[0]).toMatchObject({ full_name: 'first' });
    own.hq.update('customers', { num: 'C1' }, { name: 'second' });
    await takeIn(own);
    // As in a channel of one lane: all are noted where another process has taken marks in.
    own.memory.arrivals.clear();
    noteArrivals(own.memory, [CUSTOMERS]);
    await runChannel(own.site, own.memory, 'houston', lanesOf(own.site, 'houston'), { ...WOKEN, onlyOwn: false });
    expect(await openErrors(own)).toEqual([]);
    expect(own.houston.select('shoppers', { cust_num: 'C1' })[0]).toMatchObject({ full_name: 'second' });
  });

  it('is given back when another has something to do as well, and worked after its parents', async () => {
    await using own = await filled();
    own.hq.insert('groups', { code: 'G2', title: 'Wholesale' });
    await readMarks(own.site, 'hq', null);
    own.hq.update('customers', { num: 'C1' }, { group_code: 'G2' });
    await readMarks(own.site, 'hq', null);
    noteArrivals(own.memory, [CUSTOMERS]);
    const reports = await woken(own);
    expect(reports.map(({ lane, status }) => [lane.mapping, status])).toEqual([
      ['groups', 'succeeded'],
      ['customers', 'succeeded'],
    ]);
    const [segment] = own.houston.select('segments', { ext_code: 'G2' });
    expect(own.houston.select('shoppers', { cust_num: 'C1' })[0]).toMatchObject({ segment_id: segment!['id'] });
    await using free = await own.database.lockLane(GROUPS, 0);
    await using alsoFree = await own.database.lockLane(CUSTOMERS, 0);
    expect([free?.held, alsoFree?.held]).toEqual([true, true]);
  });

  it('is left to whoever works it, and free again when there was nothing to do', async () => {
    await using own = await filled();
    noteArrivals(own.memory, [CUSTOMERS]);
    await woken(own);
    await using held = await own.database.lockLane(CUSTOMERS, 0);
    expect(held?.held).toBe(true);
    own.hq.update('customers', { num: 'C1' }, { name: 'HQ' });
    await takeIn(own);
    const reports = await woken(own);
    expect(reports.at(-1)).toMatchObject({ status: 'skipped', code: 'lane-busy' });
    await held?.release();
    noteArrivals(own.memory, [CUSTOMERS]);
    expect(modified(await woken(own))).toBe(1);
  });
});

describe('a lane that is taken with the step that brings its marks', () => {
  const step = (own: Pick<SmallSite, 'site' | 'memory'>, side: Side = 'channel', keptMs = 60_000) => {
    const { site, memory } = own;
    const told: { lanes: readonly string[]; here: boolean }[] = [];
    const channel = side === 'hq' ? null : 'houston';
    const reading = readMarks(site, side, channel, {
      remembered: memory.cursors,
      taken(lanes, here) {
        told.push({ lanes: [...lanes].map(({ mapping }) => mapping).toSorted(), here });
        noteArrivals(memory, lanes, here ? storeText(side, channel) : null);
      },
      step: (move, concerned) => moveAndTake(site, memory, move, concerned, keptMs),
    });
    return reading.then(() => told);
  };
  /** As if no time passed until the run, however slow the machine. */
  const asOfNow = ({ memory }: SmallSite): void => {
    const arrivals = memory.arrivals.get('houston');
    if (arrivals?.from) arrivals.from = { ...arrivals.from, atMs: performance.now() + 60_000 };
  };
  const isFree = async (own: SmallSite): Promise<boolean> => {
    await using lock = await own.database.lockLane(CUSTOMERS, 0);
    return lock !== null;
  };

  it('is worked without one more question to the coupling database', async () => {
    await using own = await filled();
    own.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Till' });
    const { asked, counted } = counting(own.site.database);
    const same = { site: { ...own.site, database: counted }, memory: own.memory };
    expect(await step(same)).toEqual([{ lanes: ['customers'], here: true }]);
    expect(await isFree(own)).toBe(false);
    asOfNow(own);
    expect(modified(await woken(own, counted))).toBe(1);
    expect(asked).toEqual(Object.fromEntries(QUESTIONS.map((question) => [question, 0])));
    expect(own.hq.select('customers', { num: 'C1' })[0]).toMatchObject({ name: 'Till' });
    expect(await isFree(own)).toBe(true);
  });

  it('is not taken for marks of several lanes, nor while a run is called for already', async () => {
    await using own = await filled();
    // A customer of HQ is one of every channel.
    own.hq.update('customers', { num: 'C1' }, { name: 'HQ' });
    expect(await step(own, 'hq')).toEqual([{ lanes: ['customers', 'customers'], here: true }]);
    expect(await isFree(own)).toBe(true);
    own.houston.update('shoppers', { cust_num: 'C2' }, { full_name: 'Till' });
    expect(await step(own)).toEqual([{ lanes: ['customers'], here: true }]);
    expect(await isFree(own)).toBe(true);
    expect(modified(await woken(own))).toBe(2);
  });

  it('is asked once more what waits in it when more comes before its run', async () => {
    await using own = await filled();
    own.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'first' });
    await step(own);
    own.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'second' });
    own.hq.update('customers', { num: 'C2' }, { name: 'HQ' });
    await step(own);
    await step(own, 'hq');
    expect(modified(await woken(own))).toBe(2);
    expect(own.hq.select('customers', { num: 'C1' })[0]).toMatchObject({ name: 'second' });
  });

  it('is given back when another process has moved the cursor, and every lane may have something to do', async () => {
    await using own = await filled();
    own.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Till' });
    const overtaken: CouplingDatabase = {
      ...own.site.database,
      moveCursorAndLock(...args) {
        const other = readMarks(own.site, 'channel', 'houston').then(() =>
          own.site.database.moveCursorAndLock(...args),
        );
        return {
          moved: other.then(({ moved }) => moved),
          lock: other.then(({ lock }) => lock),
          look: other.then(({ look }) => look),
        };
      },
    };
    const told = await step({ site: { ...own.site, database: overtaken }, memory: own.memory });
    expect(told).toEqual([{ lanes: ['customers', 'groups'], here: false }]);
    await until(() => isFree(own));
    expect(modified(await woken(own))).toBe(1);
  });

  it('is free again by itself when no run comes', async () => {
    await using own = await filled();
    own.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Till' });
    await step(own, 'channel', 1);
    await until(() => isFree(own));
    expect(modified(await woken(own))).toBe(1);
  });

  it('leaves the step to whoever has it when the lane is worked by somebody else', async () => {
    await using own = await filled();
    await using held = await own.database.lockLane(CUSTOMERS, 0);
    own.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Till' });
    expect(await step(own)).toEqual([{ lanes: ['customers'], here: true }]);
    expect((await woken(own)).at(-1)).toMatchObject({ status: 'skipped', code: 'lane-busy' });
    await held?.release();
    noteArrivals(own.memory, [CUSTOMERS]);
    expect(modified(await woken(own))).toBe(1);
  });
});
