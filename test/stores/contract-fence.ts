/** Who may write, and what was written by whom: the fence and the ledger. */
import { describe, expect, it } from 'vitest';
import { FenceLost } from '../../src/errors/store-faults.ts';
import type { MakeFixture } from './contract-fixture.ts';
import {
  CUSTOMER,
  LANE,
  READER,
  columnOf,
  customer,
  deleteOf,
  insertOf,
  nextBatchId,
  readAll,
  setStage,
  shapeOf,
  statuses,
  takeHand,
  updateOf,
} from './contract-tables.ts';

const OTHER_LANE = { mapping: 'customers', channel: 'online' };

export function describeFence(makeFixture: MakeFixture): void {
  describe('the fence', () => describeFences(makeFixture));
  describe('the ledger', () => describeLedger(makeFixture));
}

function describeFences(makeFixture: MakeFixture): void {
  it('stops a worker whose lane was taken over, before it writes anything', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app, table, store, cursor } = stage;
    const late = await takeHand(store, 1);
    const write = await updateOf(table, ['1'], { name: 'Late' });
    const other = await stage.fixture.open();
    await takeHand(other, 2);
    await expect(late.write(table, [write, insertOf({ code: 'late' })])).rejects.toThrow(FenceLost);
    await expect(late.write(table, [write], { rehearse: true })).rejects.toThrow(FenceLost);
    expect(await columnOf(app, 'customer', 'name')).toEqual({ 1: 'Name 1' });
    expect((await readAll(store, cursor)).marks).toEqual([]);
  });

  it('lets nobody write a lane that was never taken', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const fence = { lane: LANE, number: 1 };
    const batch = { batchId: nextBatchId(), fence, writes: [insertOf({ code: 'x' })], expectEmpty: false };
    await expect(stage.table.write(batch)).rejects.toThrow(FenceLost);
    await takeHand(stage.store, 1);
    await expect(stage.table.write({ ...batch, fence: { lane: LANE, number: 2 } })).rejects.toThrow(FenceLost);
    expect(await stage.app.rows('customer')).toHaveLength(1);
  });

  it('does not go down: who comes with a lower number is turned away', async () => {
    await using stage = await setStage(makeFixture);
    const { store, table } = stage;
    const hand = await takeHand(store, 5);
    await expect(takeHand(store, 4)).rejects.toThrow(FenceLost);
    expect(statuses(await hand.write(table, [insertOf({ code: 'x' })]))).toEqual(['written']);
  });

  it('may be raised again to the number that it has, since the answer may have been lost', async () => {
    await using stage = await setStage(makeFixture);
    await takeHand(stage.store, 3);
    const hand = await takeHand(stage.store, 3);
    expect(statuses(await hand.write(stage.table, [insertOf({ code: 'x' })]))).toEqual(['written']);
  });

  it('stands for each lane by itself', async () => {
    await using stage = await setStage(makeFixture);
    const { store, table } = stage;
    const one = await takeHand(store, 1);
    await takeHand(store, 9, OTHER_LANE);
    await takeHand(store, 7, { mapping: 'items', channel: 'houston' });
    expect(statuses(await one.write(table, [insertOf({ code: 'x' })]))).toEqual(['written']);
  });

  it('lets two lanes write at the same time', async () => {
    await using stage = await setStage(makeFixture);
    const other = await stage.fixture.open();
    const second = await other.table(shapeOf(stage.app, CUSTOMER));
    const one = await takeHand(stage.store, 1);
    const two = await takeHand(other, 1, OTHER_LANE);
    const batches = await Promise.all([
      one.write(stage.table, [insertOf({ code: 'a' }), insertOf({ code: 'b' })]),
      two.write(second, [insertOf({ code: 'c' }), insertOf({ code: 'd' })]),
    ]);
    expect(batches.flat().map(({ status }) => status)).toEqual(['written', 'written', 'written', 'written']);
  });

  it('raised while batches are being written leaves each of them whole and found, or not made at all', async () => {
    await using stage = await setStage(makeFixture);
    const { app, table, store } = stage;
    const late = await takeHand(store, 1);
    const other = await stage.fixture.open();
    const writing = Promise.allSettled(
      Array.from({ length: 8 }, (_, batch) =>
        late.write(
          table,
          Array.from({ length: 5 }, (__, row) => insertOf({ code: `${batch}-${row}` }, `${batch}-${row}`)),
        ),
      ),
    );
    const { found } = await takeHand(other, 2);
    await writing;
    // Whatever is there now was there when the lane was taken over: nothing came behind it.
    const codes = (await app.rows('customer')).map(({ code }) => code).sort();
    expect(found.flatMap(({ entries }) => entries.map(({ note }) => note)).sort()).toEqual(codes);
    for (const { entries } of found) expect(entries).toHaveLength(5);
  });
}

function describeLedger(makeFixture: MakeFixture): void {
  it('holds a batch that was written until the coupling database has it', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2), customer(3)]);
    const { table, store } = stage;
    const hand = await takeHand(store, 1);
    const batchId = nextBatchId();
    const outcomes = await hand.write(
      table,
      [
        await updateOf(table, ['1'], { name: 'New' }, '{"pair":1}'),
        await updateOf(table, ['2'], { credit: '-1' }, '{"pair":2}'),
        await deleteOf(table, ['3'], 'it\'s "three", \\'),
        insertOf({ code: 'new' }, '{"pair":4}'),
      ],
      { batchId },
    );
    // The worker dies here; its successor asks the store, and infers nothing from values that happen to be equal.
    const other = await stage.fixture.open();
    const { found } = await takeHand(other, 2);
    expect(found).toMatchObject([{ batchId, lane: LANE }]);
    const entries = new Map(found[0]!.entries.map(({ note, outcome }) => [note, outcome]));
    expect(entries).toEqual(
      new Map([
        ['{"pair":1}', outcomes[0]],
        ['it\'s "three", \\', outcomes[2]],
        ['{"pair":4}', outcomes[3]],
      ]),
    );
    expect((await takeHand(other, 3)).found).toHaveLength(1);
    await other.clearBatches([batchId]);
    expect((await takeHand(other, 4)).found).toEqual([]);
  });

  it('keeps lanes apart, and batches that are not asked to go', async () => {
    await using stage = await setStage(makeFixture);
    const { table, store } = stage;
    const one = await takeHand(store, 1);
    const two = await takeHand(store, 1, OTHER_LANE);
    const ids = [nextBatchId(), nextBatchId(), nextBatchId()] as const;
    await one.write(table, [insertOf({ code: 'a' }, 'a')], { batchId: ids[0] });
    await one.write(table, [insertOf({ code: 'b' }, 'b')], { batchId: ids[1] });
    await two.write(table, [insertOf({ code: 'c' }, 'c')], { batchId: ids[2] });
    await store.clearBatches([ids[0], nextBatchId()]);
    expect((await takeHand(store, 2)).found.map(({ batchId }) => batchId)).toEqual([ids[1]]);
    expect((await takeHand(store, 2, OTHER_LANE)).found.map(({ batchId }) => batchId)).toEqual([ids[2]]);
    await store.clearBatches([]);
  });

  it('tells after the app went on what the batch did, not what is there now', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app, table, store } = stage;
    const hand = await takeHand(store, 1);
    const [outcome] = await hand.write(table, [await updateOf(table, ['1'], { name: 'Ours' }, 'n')]);
    await app.update('customer', { id: '1' }, { name: 'Theirs' });
    const { found } = await takeHand(store, 2);
    expect(found[0]?.entries).toEqual([{ note: 'n', outcome }]);
  });

  it('says which batches of a lane stand in it, until they are cleared', async () => {
    await using stage = await setStage(makeFixture);
    const { table, store } = stage;
    const hand = await takeHand(store, 1);
    const batchId = nextBatchId();
    expect(await store.batchesOf(READER, LANE)).toEqual([]);
    await hand.write(table, [insertOf({ code: 'x' }, 'n')], { batchId });
    expect(await store.batchesOf(READER, LANE)).toEqual([batchId]);
    expect(await store.batchesOf(READER, { ...LANE, channel: 'elsewhere' })).toEqual([]);
    await store.clearBatches([batchId]);
    expect(await store.batchesOf(READER, LANE)).toEqual([]);
  });

  it('has no entry for what was not written', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { table, store } = stage;
    const hand = await takeHand(store, 1);
    expect(statuses(await hand.write(table, [insertOf({ code: 'C1' })]))).toEqual(['refused']);
    expect(await hand.write(table, [])).toEqual([]);
    expect((await takeHand(store, 2)).found.flatMap(({ entries }) => entries)).toEqual([]);
  });

  it('does not take a batch twice', async () => {
    await using stage = await setStage(makeFixture);
    const { app, table, store } = stage;
    const hand = await takeHand(store, 1);
    const batchId = nextBatchId();
    await hand.write(table, [insertOf({ code: 'once' }, 'n')], { batchId });
    await expect(hand.write(table, [insertOf({ code: 'twice' }, 'n')], { batchId })).rejects.toBeInstanceOf(Error);
    expect(await app.rows('customer')).toHaveLength(1);
  });

  it('survives the store being closed and opened again', async () => {
    await using stage = await setStage(makeFixture);
    const hand = await takeHand(stage.store, 1);
    await hand.write(stage.table, [insertOf({ code: 'x' }, 'n')]);
    await stage.store.close();
    const other = await stage.fixture.open();
    expect(await other.takeOver(READER, { lane: LANE, number: 2 })).toHaveLength(1);
  });
}
