/** Sleeping readers: woken by a commit, at once when there is something already, and never forgotten. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../src/ports/store.ts';
import type { ContractEffort, MakeFixture, StoreFixture } from './contract-fixture.ts';
import { CUSTOMER, READER, customer, readAll, setStage } from './contract-tables.ts';

/** A sleep so long that a wake-up that is lost ends the test, not the sleep. */
const FOR_EVER_MS = 600_000;

export function describeWaking(makeFixture: MakeFixture, effort: ContractEffort): void {
  describe('a sleeping reader', () => {
    it('does not sleep when there is something to read', async () => {
      await using stage = await setStage(makeFixture);
      await stage.app.insert('customer', [customer(1)]);
      await stage.store.waitForMarks(READER, stage.cursor, FOR_EVER_MS, new AbortController().signal);
      expect((await readAll(stage.store, stage.cursor)).marks).toHaveLength(1);
    });

    it('gets up when its time is over or it is told to', async () => {
      await using stage = await setStage(makeFixture);
      await stage.store.waitForMarks(READER, stage.cursor, 1, new AbortController().signal);
      const abort = new AbortController();
      const sleep = stage.store.waitForMarks(READER, stage.cursor, FOR_EVER_MS, abort.signal);
      abort.abort();
      await sleep;
      await stage.store.waitForMarks(READER, stage.cursor, FOR_EVER_MS, AbortSignal.abort());
    });

    it('is woken by a commit, not by what is still open', async () => {
      await using stage = await setStage(makeFixture);
      const { app } = stage;
      let awake = false;
      const transaction = await app.begin();
      await transaction.insert('customer', [customer(1)]);
      const sleep = sleepUntilNews(stage.fixture, stage.cursor).then((cursor) => {
        awake = true;
        return cursor;
      });
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      expect(awake).toBe(false);
      await transaction.commit();
      await sleep;
    });

    it('wakes every reader that sleeps', async () => {
      await using stage = await setStage(makeFixture);
      const { store, app } = stage;
      const other = await stage.fixture.open();
      const cursor = await other.currentCursor('other');
      const sleepers = [
        store.waitForMarks(READER, stage.cursor, FOR_EVER_MS, new AbortController().signal),
        other.waitForMarks('other', cursor, FOR_EVER_MS, new AbortController().signal),
      ];
      await app.insert('customer', [customer(1)]);
      // Whoever is woken too early goes back to sleep: what counts is that nobody sleeps on.
      await Promise.all(sleepers);
    });

    it('misses no commit in any interleaving', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
      let { cursor } = stage;
      let commits = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.nat(12),
          fc.nat(6),
          fc.integer({ min: 1, max: 3 }),
          async (readerTurns, appTurns, updates) => {
            const read = async (): Promise<void> => {
              await pass(readerTurns);
              cursor = await sleepUntilNews(stage.fixture, cursor);
            };
            const write = async (): Promise<void> => {
              for (let index = 0; index < updates; index += 1) {
                await pass(appTurns);
                await stage.app.update('customer', { id: '1' }, { name: `Commit ${(commits += 1)}` });
              }
            };
            await Promise.all([read(), write()]);
            ({ cursor } = await readAll(stage.store, cursor));
          },
        ),
        { numRuns: effort.wakeUps, seed: 20_260_803 },
      );
    });
  });
}

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await (turn % 4 === 3 ? nextTurn() : Promise.resolve());
}

/** As the engine's poller: sleep, look, and sleep again when somebody woke it for nothing. */
async function sleepUntilNews({ store }: StoreFixture, cursor: Cursor): Promise<Cursor> {
  for (;;) {
    await store.waitForMarks(READER, cursor, FOR_EVER_MS, new AbortController().signal);
    const window = await readAll(store, cursor);
    if (window.marks.length > 0) return window.cursor;
  }
}
