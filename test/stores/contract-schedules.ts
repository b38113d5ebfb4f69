/** Window completeness whatever the order of commits: by hand where it is known to hurt, then by random schedules. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyText } from '../../src/domain/record.ts';
import type { Mark } from '../../src/ports/store.ts';
import type { ContractEffort, ContractTransaction, MakeFixture } from './contract-fixture.ts';
import { CUSTOMER, READER, customer, keysIn, readAll, setStage } from './contract-tables.ts';

export function describeSchedules(makeFixture: MakeFixture, effort: ContractEffort): void {
  describe('commits in any order', () => {
    it('do not hide what was written early and committed late', async () => {
      await using stage = await setStage(makeFixture);
      const early = await stage.app.begin();
      await early.insert('customer', [customer(1)]);
      await stage.app.insert('customer', [customer(2)]);
      const first = await readAll(stage.store, stage.cursor);
      expect(keysIn(first.marks)).toEqual(['["2"]']);
      await early.commit();
      const second = await readAll(stage.store, first.cursor);
      expect(keysIn(second.marks)).toEqual(['["1"]']);
      expect((await readAll(stage.store, second.cursor)).marks).toEqual([]);
    });

    it('leave a transaction that stays open over many windows to be told in full when it ends', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
      const { app, store } = stage;
      const long = await app.begin();
      await long.update('customer', { id: '1' }, { name: 'Long' });
      let { cursor } = stage;
      for (let round = 2; round < 8; round += 1) {
        await app.insert('customer', [customer(round)]);
        await long.insert('customer', [customer(round + 100)]);
        const window = await readAll(store, cursor);
        expect(keysIn(window.marks)).toEqual([keyText([String(round)])]);
        cursor = window.cursor;
      }
      await long.commit();
      const window = await readAll(store, cursor);
      expect(keysIn(window.marks)).toEqual(
        ['["1"]', ...[2, 3, 4, 5, 6, 7].map((round) => `["${round + 100}"]`)].sort(),
      );
    });

    it('tell nothing of what was rolled back, in whole or to a savepoint', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
      const given = await stage.app.begin();
      await given.insert('customer', [customer(2)]);
      await given.rollback();
      const partly = await stage.app.begin();
      await partly.insert('customer', [customer(3)]);
      await partly.savepoint();
      await partly.delete('customer', { id: '1' });
      await partly.rollbackToSavepoint();
      await partly.commit();
      expect((await readAll(stage.store, stage.cursor)).marks).toMatchObject([{ key: ['3'], deleted: false }]);
    });

    it('start a reader behind transactions that were open when it started', async () => {
      await using stage = await setStage(makeFixture);
      const open = await stage.app.begin();
      await open.insert('customer', [customer(1)]);
      const cursor = await stage.store.currentCursor('later');
      await open.commit();
      expect(keysIn((await readAll(stage.store, cursor, 10, 'later')).marks)).toEqual(['["1"]']);
    });

    it('in the middle of a window come with a later one', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      const open = await app.begin();
      await open.insert('customer', [customer(100)]);
      await app.insert(
        'customer',
        Array.from({ length: 12 }, (_, index) => customer(index + 1)),
      );
      const first = await store.readWindow(READER, stage.cursor, 5);
      await open.commit();
      const rest = await readAll(store, first.cursor, 5);
      const after = await readAll(store, rest.cursor);
      expect(keysIn([...first.marks, ...rest.marks, ...after.marks])).toHaveLength(13);
    });

    it('of any random schedule are all told, and nothing else is', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(stepArbitrary, { minLength: 5, maxLength: 40 }), async (steps) => {
          await using stage = await setStage(makeFixture);
          await playSchedule(stage, steps);
        }),
        { numRuns: effort.schedules, seed: 20_260_801 },
      );
    });
    it('are told exactly once, however the windows are cut into pages', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(pageStepArbitrary, { minLength: 5, maxLength: 40 }), async (steps) => {
          await using stage = await setStage(makeFixture);
          await playPages(stage, steps);
        }),
        { numRuns: effort.schedules, seed: 20_260_802 },
      );
    });
  });
}

type Step =
  | { readonly step: 'write'; readonly by: number; readonly key: number; readonly what: 'insert' | 'update' | 'delete' }
  | { readonly step: 'commit' | 'rollback'; readonly by: number }
  | { readonly step: 'window' };

const WRITERS = 3;
const by = fc.nat(WRITERS - 1);
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      step: fc.constant('write' as const),
      by,
      key: fc.nat(2),
      what: fc.constantFrom('insert' as const, 'update' as const, 'delete' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constantFrom('commit' as const, 'rollback' as const), by }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('window' as const) }) },
);

/** What one writer has done since it began: by key, whether a row of it was deleted. */
interface Writer {
  readonly transaction: ContractTransaction;
  readonly changed: Map<string, boolean>;
  readonly existing: Set<string>;
}

/**
 * Writers own separate keys, so that none waits for another; what matters here is the order of writing and of commits.
 * After each commit the changes are owed; each page pays; at the end nothing may be owed and nothing paid unowed.
 */
async function playSchedule(stage: Awaited<ReturnType<typeof setStage>>, steps: readonly Step[]): Promise<void> {
  const { app, store } = stage;
  const writers = new Map<number, Writer>();
  const committed = new Map<number, Set<string>>();
  const owed = new Map<string, boolean>();
  let { cursor } = stage;
  const pay = (marks: readonly Mark[]): void => {
    for (const { key, deleted } of marks) {
      expect(owed.has(key[0]!), `key ${key[0]} is told without a change`).toBe(true);
      if (owed.get(key[0]!)) expect(deleted, `key ${key[0]} was deleted`).toBe(true);
      owed.delete(key[0]!);
    }
  };
  const settle = async (number: number, how: 'commit' | 'rollback'): Promise<void> => {
    const writer = writers.get(number);
    if (!writer) return;
    writers.delete(number);
    await writer.transaction[how]();
    if (how === 'rollback') return;
    committed.set(number, writer.existing);
    for (const [key, deleted] of writer.changed) owed.set(key, deleted || (owed.get(key) ?? false));
  };
  for (const step of steps) {
    if (step.step === 'write') {
      let writer = writers.get(step.by);
      if (!writer) {
        const existing = new Set(committed.get(step.by));
        writers.set(step.by, (writer = { transaction: await app.begin(), changed: new Map(), existing }));
      }
      await writeAs(writer, String(step.by * 10 + step.key + 1), step.what);
    } else if (step.step === 'window') {
      // Whole windows only: a key that was changed twice may be told on two pages.
      const window = await readAll(store, cursor, 1000);
      pay(window.marks);
      expect([...owed.keys()]).toEqual([]);
      cursor = window.cursor;
    } else await settle(step.by, step.step);
  }
  for (const number of [...writers.keys()]) await settle(number, 'commit');
  const last = await readAll(store, cursor, 2);
  expect(keysIn(last.marks)).toEqual([...owed.keys()].map((key) => keyText([key])).sort());
  expect((await readAll(store, last.cursor)).marks).toEqual([]);
}

async function writeAs({ transaction, changed, existing }: Writer, key: string, what: string): Promise<void> {
  const note = (deleted: boolean): void => {
    changed.set(key, deleted || (changed.get(key) ?? false));
  };
  if (!existing.has(key)) {
    await transaction.insert('customer', [customer(Number(key))]);
    existing.add(key);
    return note(false);
  }
  if (what === 'delete') {
    await transaction.delete('customer', { id: key });
    existing.delete(key);
    return note(true);
  }
  await transaction.update('customer', { id: key }, { name: what });
  note(false);
}

type PageStep =
  | { readonly step: 'write'; readonly by: number; readonly rows: number }
  | { readonly step: 'commit' | 'rollback'; readonly by: number }
  | { readonly step: 'page'; readonly limit: number; readonly kept: boolean };

const pageStepArbitrary: fc.Arbitrary<PageStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ step: fc.constant('write' as const), by, rows: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constantFrom('commit' as const, 'rollback' as const), by }) },
  {
    weight: 3,
    // A page that is not kept was read by a worker that died before it could store the cursor.
    arbitrary: fc.record({
      step: fc.constant('page' as const),
      limit: fc.integer({ min: 1, max: 4 }),
      kept: fc.boolean(),
    }),
  },
);

/** Every record is inserted once and never touched again, so that it must be told once, whatever is read in between. */
async function playPages(stage: Awaited<ReturnType<typeof setStage>>, steps: readonly PageStep[]): Promise<void> {
  const { app, store } = stage;
  const open = new Map<number, { readonly transaction: ContractTransaction; readonly keys: string[] }>();
  const committed: string[] = [];
  const told: string[] = [];
  let next = 1;
  let { cursor } = stage;
  const end = async (number: number, how: 'commit' | 'rollback'): Promise<void> => {
    const writer = open.get(number);
    if (!writer) return;
    open.delete(number);
    await writer.transaction[how]();
    if (how === 'commit') committed.push(...writer.keys);
  };
  for (const step of steps) {
    if (step.step === 'write') {
      const writer = open.get(step.by) ?? { transaction: await app.begin(), keys: [] };
      open.set(step.by, writer);
      const rows = Array.from({ length: step.rows }, () => customer(next++));
      await writer.transaction.insert('customer', rows);
      writer.keys.push(...rows.map(({ id }) => id!));
    } else if (step.step === 'page') {
      const page = await store.readWindow(READER, cursor, step.limit);
      expect(page.marks.every(({ key }) => committed.includes(key[0]!))).toBe(true);
      if (!step.kept) continue;
      told.push(...page.marks.map(({ key }) => key[0]!));
      cursor = page.cursor;
      if (step.limit % 2 === 0) await store.confirm(READER, cursor);
    } else await end(step.by, step.step);
  }
  for (const number of [...open.keys()]) await end(number, 'commit');
  // The window that was begun keeps its upper end: what was committed since comes with the next one.
  const rest = await readAll(store, cursor, 3);
  const after = await readAll(store, rest.cursor, 3);
  told.push(...[...rest.marks, ...after.marks].map(({ key }) => key[0]!));
  expect([...told].sort()).toEqual([...committed].sort());
}
