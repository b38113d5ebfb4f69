/** Conditional writes that go well, and the ways in which a record has moved on before them. */
import { describe, expect, it } from 'vitest';
import type { ContractTable, MakeFixture } from './contract-fixture.ts';
import {
  CUSTOMER,
  ORDER_LINE,
  columnOf,
  customer,
  deleteOf,
  insertOf,
  readAll,
  setStage,
  statuses,
  takeHand,
  updateOf,
  versionOf,
  written,
} from './contract-tables.ts';

export function describeWriting(makeFixture: MakeFixture): void {
  describe('updates', () => describeUpdates(makeFixture));
  describe('deletions', () => describeDeletions(makeFixture));
  describe('what a record holds after a write', () => describeHeld(makeFixture));
  describe('a rehearsal', () => describeRehearsal(makeFixture));
}

function describeUpdates(makeFixture: MakeFixture): void {
  it('write the columns given and no other, and tell what was there before', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1, { notes: 'mine' })]);
    const { app, table, store } = stage;
    const hand = await takeHand(store);
    const [outcome] = await hand.write(table, [await updateOf(table, ['1'], { name: 'New', email: null })]);
    expect(written(outcome)).toMatchObject({
      key: ['1'],
      old: ['1', 'C1', 'Name 1', '1@example.com', '10.00'],
      held: ['1', 'C1', 'New', null, '10.00'],
      oldRow: null,
    });
    expect(await app.rows('customer')).toMatchObject([{ name: 'New', email: null, notes: 'mine', shout: 'NEW' }]);
  });

  it('leave a record alone that has another version by now, or is gone', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2), customer(3)]);
    const { app, table, store } = stage;
    const writes = await Promise.all(['1', '2', '3'].map((id) => updateOf(table, [id], { name: 'Ours' })));
    await app.update('customer', { id: '1' }, { notes: 'a column that no mapping knows' });
    await app.delete('customer', { id: '2' });
    const hand = await takeHand(store);
    expect(statuses(await hand.write(table, writes))).toEqual(['moved', 'moved', 'written']);
    expect(await columnOf(app, 'customer', 'name')).toEqual({ 1: 'Name 1', 3: 'Ours' });
  });

  it('leave a record alone that was deleted and created again with the same values', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app, table, store } = stage;
    const write = await updateOf(table, ['1'], { name: 'Ours' });
    await app.delete('customer', { id: '1' });
    await app.insert('customer', [customer(1)]);
    const hand = await takeHand(store);
    expect(statuses(await hand.write(table, [write]))).toEqual(['moved']);
  });

  it('come back later to a record that somebody holds, and never wait for the app', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app, table, store } = stage;
    const writes = [await updateOf(table, ['1'], { name: 'Ours' }), await updateOf(table, ['2'], { name: 'Ours' })];
    const open = await app.begin();
    await open.update('customer', { id: '1' }, { email: 'theirs@example.com' });
    const hand = await takeHand(store);
    expect(statuses(await hand.write(table, writes))).toEqual(['busy', 'written']);
    await open.rollback();
    expect(statuses(await hand.write(table, writes.slice(0, 1)))).toEqual(['written']);
  });

  it('of the same record in one batch: the second meets a record that has moved', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { table, store } = stage;
    const writes = [await updateOf(table, ['1'], { name: 'One' }), await updateOf(table, ['1'], { email: 'two' })];
    const outcomes = await (await takeHand(store)).write(table, writes);
    expect(statuses(outcomes).sort()).toEqual(['moved', 'written']);
  });

  it('know a record by a key of several columns', async () => {
    const rows = [
      { 'Order No': 'a"b', line: '1' },
      { 'Order No': 'a"b', line: '2' },
    ];
    await using stage = await setStage(makeFixture, [ORDER_LINE], rows);
    const { app, table, store } = stage;
    const hand = await takeHand(store);
    await hand.write(table, [await updateOf(table, ['a"b', '2'], { 'what, exactly': `it's {"x"}, \\ NULL` })]);
    expect(await columnOf(app, ORDER_LINE.name, 'what, exactly', 'line')).toEqual({
      1: null,
      2: `it's {"x"}, \\ NULL`,
    });
  });

  it('may change the key, and tell the new one', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { table, store } = stage;
    const [outcome] = await (await takeHand(store)).write(table, [await updateOf(table, ['1'], { id: '10' })]);
    expect(written(outcome).key).toEqual(['10']);
    expect((await readAll(store, stage.cursor)).marks.find(({ key }) => key[0] === '1')).toMatchObject({
      movedTo: ['10'],
    });
  });

  it('may exchange unique values among themselves in one batch', async () => {
    await using stage = await setStage(
      makeFixture,
      [CUSTOMER],
      [1, 2, 3, 4].map((id) => customer(id)),
    );
    const { app, table, store } = stage;
    const hand = await takeHand(store);
    const codes = { 1: 'C2', 2: 'C1', 3: 'C4', 4: 'NEW' };
    const writes = await Promise.all(Object.entries(codes).map(([id, code]) => updateOf(table, [id], { code })));
    expect(statuses(await hand.write(table, writes))).toEqual(['written', 'written', 'written', 'written']);
    expect(await columnOf(app, 'customer', 'code')).toEqual(codes);
  });

  it('by the hundred are all made, in one batch', async () => {
    const rows = Array.from({ length: 500 }, (_, index) => customer(index + 1));
    await using stage = await setStage(makeFixture, [CUSTOMER], rows);
    const { table, store, app } = stage;
    const { records } = await table.read(
      rows.map(({ id }) => [id!]),
      null,
    );
    const writes = [...records.values()].map(({ key, version }, index) => ({
      operation: 'update' as const,
      key,
      version,
      set: new Map(index % 2 === 0 ? [['name', `N${key[0]}`]] : [['email', null]]),
      note: '',
    }));
    const outcomes = await (await takeHand(store)).write(table, writes);
    expect(new Set(statuses(outcomes))).toEqual(new Set(['written']));
    const names = await columnOf(app, 'customer', 'name');
    for (const [index, { key }] of writes.entries()) {
      expect(names[key[0]!]).toBe(index % 2 === 0 ? `N${key[0]}` : `Name ${key[0]}`);
    }
  });
}

function describeDeletions(makeFixture: MakeFixture): void {
  it('return the whole row', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1, { notes: 'keep me' }), customer(2)]);
    const { app, table, store } = stage;
    const [row] = await app.rows('customer');
    const [outcome] = await (await takeHand(store)).write(table, [await deleteOf(table, ['1'])]);
    expect(written(outcome)).toMatchObject({
      key: ['1'],
      held: null,
      old: ['1', 'C1', 'Name 1', '1@example.com', '10.00'],
    });
    expect(written(outcome).oldRow).toMatchObject({ id: row!['id'], credit: row!['credit'], notes: 'keep me' });
    expect(Object.keys(await columnOf(app, 'customer', 'id'))).toEqual(['2']);
  });

  it('leave a record alone that has changed, is gone, or is held by somebody', async () => {
    await using stage = await setStage(
      makeFixture,
      [CUSTOMER],
      [1, 2, 3, 4].map((id) => customer(id)),
    );
    const { app, table, store } = stage;
    const writes = await Promise.all(['1', '2', '3', '4'].map((id) => deleteOf(table, [id])));
    await app.update('customer', { id: '1' }, { notes: 'touched' });
    await app.delete('customer', { id: '2' });
    const open = await app.begin();
    await open.update('customer', { id: '3' }, { name: 'Theirs' });
    expect(statuses(await (await takeHand(store)).write(table, writes))).toEqual(['moved', 'moved', 'busy', 'written']);
    await open.commit();
    expect(Object.keys(await columnOf(app, 'customer', 'id'))).toEqual(['1', '3']);
  });

  it('leave a key behind that a creation of the same batch may take', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app, table, store } = stage;
    const writes = [insertOf({ code: 'C1', name: 'Heir' }), await deleteOf(table, ['1'])];
    expect(statuses(await (await takeHand(store)).write(table, writes))).toEqual(['written', 'written']);
    expect(await columnOf(app, 'customer', 'name', 'code')).toEqual({ C1: 'Heir' });
  });
}

const SHOUTED: ContractTable = {
  name: 'shouted',
  columns: {
    id: { type: 'integer' },
    name: { type: 'text' },
    price: { type: 'numeric', scale: 2 },
    parent: { type: 'integer' },
  },
  primaryKey: ['id'],
  references: [{ columns: ['parent'], parent: 'shouted', parentColumns: ['id'], onDelete: 'setNull' }],
  triggers: [{ does: 'upperCase', column: 'name' }],
};

function describeHeld(makeFixture: MakeFixture): void {
  it('is told as triggers and rounding have left it', async () => {
    await using stage = await setStage(makeFixture, [SHOUTED], [{ id: '1', name: 'a' }]);
    const { table, store } = stage;
    const outcomes = await (await takeHand(store)).write(table, [
      await updateOf(table, ['1'], { name: 'quiet', price: '1.005' }),
      insertOf({ id: '2', name: 'soft', price: '7' }),
    ]);
    expect(outcomes.map((outcome) => written(outcome).held)).toEqual([
      ['1', 'QUIET', '1.01', null],
      ['2', 'SOFT', '7.00', null],
    ]);
  });

  it('is told as later writes of the same batch have left it', async () => {
    await using stage = await setStage(
      makeFixture,
      [SHOUTED],
      [
        { id: '1', name: 'a' },
        { id: '2', name: 'b', parent: '1' },
      ],
    );
    const { table, store } = stage;
    const writes = [await updateOf(table, ['2'], { name: 'child' }), await deleteOf(table, ['1'])];
    const outcomes = await (await takeHand(store)).write(table, writes);
    expect(written(outcomes[0]).held).toEqual(['2', 'CHILD', null, null]);
  });

  it('has a parent that the same batch created, in whatever order they stand', async () => {
    await using stage = await setStage(makeFixture, [SHOUTED]);
    const { app, table, store } = stage;
    const writes = [insertOf({ id: '2', name: 'child', parent: '1' }), insertOf({ id: '1', name: 'parent' })];
    expect(statuses(await (await takeHand(store)).write(table, writes))).toEqual(['written', 'written']);
    expect(await columnOf(app, 'shouted', 'parent')).toEqual({ 1: null, 2: '1' });
  });
}

function describeRehearsal(makeFixture: MakeFixture): void {
  it('tells what would happen and writes nothing: no record, no mark, no ledger', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2), customer(3)]);
    const { app, table, store, cursor } = stage;
    const before = await app.rows('customer');
    const version = await versionOf(table, ['1']);
    const hand = await takeHand(store);
    const outcomes = await hand.write(
      table,
      [
        await updateOf(table, ['1'], { name: 'Would be' }),
        insertOf({ code: 'C2' }),
        await deleteOf(table, ['3']),
        insertOf({ code: 'new' }),
      ],
      { rehearse: true },
    );
    expect(statuses(outcomes)).toEqual(['written', 'refused', 'written', 'written']);
    expect(written(outcomes[0]).held?.[2]).toBe('Would be');
    expect(await app.rows('customer')).toEqual(before);
    expect(await versionOf(table, ['1'])).toBe(version);
    expect((await readAll(store, cursor)).marks).toEqual([]);
    expect((await takeHand(store, 2)).found).toEqual([]);
  });
}
