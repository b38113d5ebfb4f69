import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FenceLost, StoreBusy, StoreUnreachable } from '../../../src/errors/store-faults.ts';
import type { Store } from '../../../src/ports/store.ts';
import type { HostileOptions } from '../../support/hostile-store.ts';
import { hostileStore, ProcessDied } from '../../support/hostile-store.ts';
import type { StoreFixture } from '../contract-fixture.ts';
import { describeStoreContract } from '../contract.ts';
import type { Stage } from '../contract-tables.ts';
import {
  CUSTOMER,
  customer,
  insertOf,
  LANE,
  nextBatchId,
  READER,
  readAll,
  setStage,
  shapeOf,
  statuses,
  takeHand,
  updateOf,
} from '../contract-tables.ts';
import { makeMemoryFixture } from './contract-fixture.ts';

const hostileStage = async (options: Partial<HostileOptions>) => {
  const stage = await setStage(makeMemoryFixture, [CUSTOMER], [customer(1), customer(2)]);
  const store = hostileStore(stage.store, { seed: 1, ...options });
  return { stage, store, table: await store.table(shapeOf(stage.app, CUSTOMER)) };
};

describe('a hostile store', () => {
  it('that cannot be reached, or is busy, does nothing', async () => {
    for (const [mishap, fault] of [
      ['unreachable', StoreUnreachable],
      ['busy', StoreBusy],
    ] as const) {
      const { stage, store, table } = await hostileStage({ mishaps: { [mishap]: 1 }, only: ['write'] });
      const hand = await takeHand(store);
      await expect(hand.write(table, [insertOf({ code: 'x' })])).rejects.toThrow(fault);
      expect(await stage.app.rows('customer')).toHaveLength(2);
      store.calm();
      expect(statuses(await hand.write(table, [insertOf({ code: 'x' })]))).toEqual(['written']);
    }
  });

  it('that loses the answer of a write has written, and its ledger tells what', async () => {
    const { store, table } = await hostileStage({ mishaps: { answerLost: 1 }, only: ['write'] });
    const hand = await takeHand(store);
    const batchId = nextBatchId();
    await expect(hand.write(table, [insertOf({ code: 'x' }, 'n')], { batchId })).rejects.toThrow(StoreUnreachable);
    expect(await table.count()).toBe(3);
    expect((await takeHand(store, 2)).found).toMatchObject([{ batchId, entries: [{ note: 'n' }] }]);
  });

  it('that changes records before a write leaves the write to find that they have moved', async () => {
    const disturb = (): Promise<void> => stage.app.update('customer', { id: '1' }, { name: 'Theirs' });
    const { stage, store, table } = await hostileStage({ mishaps: { disturbed: 1 }, disturb });
    const hand = await takeHand(store);
    const writes = [await updateOf(table, ['1'], { name: 'Ours' }), await updateOf(table, ['2'], { name: 'Ours' })];
    expect(statuses(await hand.write(table, writes))).toEqual(['moved', 'written']);
  });

  it('lets a write that was under way when its lane was taken over write nothing', async () => {
    const { stage, store, table } = await hostileStage({ mishaps: { late: 1 } });
    const late = await takeHand(store, 1);
    const writing = late.write(table, [insertOf({ code: 'late' })]);
    await stage.store.takeOver(READER, { lane: LANE, number: 2 });
    await expect(writing).rejects.toThrow(FenceLost);
    expect(await stage.app.rows('customer')).toHaveLength(2);
  });

  it('in which the process dies at a named call hears nothing more of it', async () => {
    for (const when of ['before', 'after'] as const) {
      const { stage, store, table } = await hostileStage({ crash: { call: 'write', time: 2, when } });
      const hand = await takeHand(store);
      await hand.write(table, [insertOf({ code: 'a' }, 'a')]);
      await expect(hand.write(table, [insertOf({ code: 'b' }, 'b')])).rejects.toThrow(ProcessDied);
      await expect(hand.write(table, [insertOf({ code: 'c' }, 'c')])).rejects.toThrow(ProcessDied);
      await expect(store.readWindow(READER, stage.cursor, 10)).rejects.toThrow(ProcessDied);
      const found = await stage.store.takeOver(READER, { lane: LANE, number: 2 });
      expect(found.map(({ entries }) => entries[0]?.note)).toEqual(when === 'before' ? ['a'] : ['a', 'b']);
    }
  });

  it('does the same again with the same seed', async () => {
    const journalOf = async (seed: number): Promise<readonly string[]> => {
      const { stage } = await hostileStage({});
      const mishaps = { unreachable: 0.3, late: 0.3, answerLost: 0.3, shortPages: 0.5 };
      const store = hostileStore(stage.store, { seed, mishaps });
      for (let round = 0; round < 20; round += 1) {
        await store.readWindow(READER, stage.cursor, 10).catch(() => undefined);
      }
      return store.journal;
    };
    expect(await journalOf(7)).toEqual(await journalOf(7));
    expect(await journalOf(7)).not.toEqual(await journalOf(8));
  });
});

/**
 * A worker as small as one can be: it makes one record per note, records what the ledger tells, and begins again under
 * a higher number whenever anything goes wrong. It never looks at the records to find out what it has done.
 */
async function makeAll(stage: Stage, seed: number, notes: readonly string[]): Promise<readonly string[]> {
  const mishaps = { unreachable: 0.2, busy: 0.1, answerLost: 0.25, late: 0.3, shuffled: 0.5 };
  const store = hostileStore(stage.store, { seed, mishaps });
  const recorded: string[] = [];
  const known = new Set<string>();
  for (let number = 1; number < 1000; number += 1) {
    try {
      const fence = { lane: LANE, number };
      for (const { batchId, entries } of await store.takeOver(READER, fence)) {
        if (!known.has(batchId)) recorded.push(...entries.map(({ note }) => note));
        known.add(batchId);
        await store.clearBatches([batchId]);
      }
      const table = await store.table(shapeOf(stage.app, CUSTOMER));
      const open = notes.filter((note) => !recorded.includes(note));
      if (open.length === 0) return recorded;
      const writes = open.slice(0, 3).map((note) => insertOf({ code: note }, note));
      const batchId = nextBatchId();
      const outcomes = await table.write({ batchId, fence, writes, expectEmpty: false });
      known.add(batchId);
      recorded.push(...writes.filter((_, index) => outcomes[index]?.status === 'written').map(({ note }) => note));
      await store.clearBatches([batchId]);
    } catch (error) {
      if (!(error instanceof StoreUnreachable) && !(error instanceof StoreBusy)) throw error;
    }
  }
  throw new Error('It never came to an end.');
}

describe('a worker that trusts the ledger alone', () => {
  it('makes each record once and records each once, whatever goes wrong', async () => {
    const notes = Array.from({ length: 10 }, (_, index) => `note ${index}`);
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        await using stage = await setStage(makeMemoryFixture);
        const recorded = await makeAll(stage, seed, notes);
        expect([...recorded].sort()).toEqual(notes);
        expect((await stage.app.rows('customer')).map(({ code }) => code).sort()).toEqual(notes);
      }),
      { numRuns: 100, seed: 20_260_804 },
    );
  });
});

describe('a reader of windows that are late, cut short and lost', () => {
  it('sees every change', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        await using stage = await setStage(makeMemoryFixture);
        const mishaps = { unreachable: 0.2, answerLost: 0.3, shortPages: 0.7, late: 0.2, wokenEarly: 0.5 };
        const store = hostileStore(stage.store, { seed, mishaps });
        const seen = new Set<string>();
        const commits = Array.from({ length: 8 }, (_, index) => index + 1);
        let { cursor } = stage;
        for (const id of commits) {
          await stage.app.insert('customer', [customer(id), customer(id + 100)]);
          const page = await store.readWindow(READER, cursor, 3).catch(() => null);
          if (page === null) continue;
          for (const { key } of page.marks) seen.add(key[0]!);
          cursor = page.cursor;
          await store.confirm(READER, cursor).catch(() => undefined);
        }
        store.calm();
        for (let round = 0; round < 2; round += 1) {
          const window = await readAll(store, cursor);
          for (const { key } of window.marks) seen.add(key[0]!);
          cursor = window.cursor;
        }
        expect(seen.size).toBe(2 * commits.length);
      }),
      { numRuns: 100, seed: 20_260_805 },
    );
  });
});

/** What arrives late and in any order is still a store: it keeps every promise that does not speak of time. */
async function makeDisorderlyFixture(): Promise<StoreFixture> {
  const fixture = await makeMemoryFixture();
  const mishaps = { late: 0.2, shuffled: 0.5, wokenEarly: 0.2 };
  let seed = 0;
  const wrap = (store: Store): Store => hostileStore(store, { seed: (seed += 1), mishaps });
  return {
    store: wrap(fixture.store),
    app: fixture.app,
    open: async () => wrap(await fixture.open()),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

describeStoreContract('a slow and disorderly store', makeDisorderlyFixture, { schedules: 20, wakeUps: 200 });
