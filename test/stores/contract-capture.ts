/** Windows of marks: nothing is missed, nothing is told twice, and what was deleted is told with its row. */
import { describe, expect, it } from 'vitest';
import type { RecordKey } from '../../src/domain/record.ts';
import type { MakeFixture } from './contract-fixture.ts';
import {
  CUSTOMER,
  ORDER_LINE,
  READER,
  customer,
  follow,
  insertOf,
  keysIn,
  readAll,
  setStage,
  shapeOf,
  takeHand,
  updateOf,
} from './contract-tables.ts';

export function describeCapture(makeFixture: MakeFixture): void {
  describe('windows of marks', () => describeWindows(makeFixture));
  describe('coalescing', () => describeCoalescing(makeFixture));
  describe('key changes', () => describeKeyChanges(makeFixture));
  describe('paging', () => describePaging(makeFixture));
}

function describeWindows(makeFixture: MakeFixture): void {
  it('stay empty while nothing happens, and the cursor stays where it is', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    for (let time = 0; time < 3; time += 1) {
      const page = await stage.store.readWindow(READER, stage.cursor, 10);
      expect(page).toEqual({
        marks: [],
        truncated: [],
        cursor: stage.cursor,
        complete: true,
        oldestAt: null,
        changedTables: [],
      });
      await stage.store.confirm(READER, page.cursor);
    }
  });

  it('tell of inserts, updates and deletes by key, once', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2), customer(3)]);
    const { app, store } = stage;
    await app.insert('customer', [customer(4)]);
    await app.update('customer', { id: '2' }, { name: 'Changed' });
    await app.delete('customer', { id: '3' });
    const window = await readAll(store, stage.cursor);
    expect(keysIn(window.marks)).toEqual(['["2"]', '["3"]', '["4"]']);
    const table = app.nameOf('customer');
    expect(window.marks.find(({ key }) => key[0] === '4')).toEqual({
      table,
      keyIndex: 0,
      key: ['4'],
      deleted: false,
      oldRow: null,
      movedTo: null,
    });
    expect(window.marks.map(({ deleted }) => deleted).filter(Boolean)).toHaveLength(1);
    expect(window.cursor).not.toBe(stage.cursor);
    expect((await readAll(store, window.cursor)).marks).toEqual([]);
  });

  it('carry the whole row that was deleted, columns that no mapping knows included', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1, { notes: 'keep me' })]);
    await stage.app.delete('customer', { id: '1' });
    const [mark] = (await readAll(stage.store, stage.cursor)).marks;
    expect(mark).toMatchObject({ deleted: true });
    expect(mark?.oldRow).toMatchObject({ id: '1', code: 'C1', name: 'Name 1', credit: '10.00', notes: 'keep me' });
  });

  it('tell of every row that one statement touches', async () => {
    const rows = Array.from({ length: 30 }, (_, index) => customer(index + 1));
    await using stage = await setStage(makeFixture, [CUSTOMER], rows);
    await stage.app.update('customer', { active: 'true' }, { email: 'all@example.com' });
    const window = await readAll(stage.store, stage.cursor);
    expect(keysIn(window.marks)).toHaveLength(30);
    await stage.app.delete('customer', { email: 'all@example.com' });
    const deletions = (await readAll(stage.store, window.cursor)).marks;
    expect(deletions.filter(({ deleted, oldRow }) => deleted && oldRow !== null)).toHaveLength(30);
  });

  it('tell of children that a cascade takes along', async () => {
    const child = {
      name: 'contact',
      columns: { id: { type: 'integer' }, customer: { type: 'integer' } },
      primaryKey: ['id'],
      references: [{ columns: ['customer'], parent: 'customer', parentColumns: ['id'], onDelete: 'cascade' }],
    } as const;
    await using stage = await setStage(makeFixture, [CUSTOMER, child], [customer(1)]);
    await stage.app.insert('contact', [{ id: '7', customer: '1' }]);
    const { cursor } = await readAll(stage.store, stage.cursor);
    await stage.app.delete('customer', { id: '1' });
    const { marks } = await readAll(stage.store, cursor);
    const contact = marks.find(({ table }) => table.name === 'contact');
    expect(contact).toMatchObject({ key: ['7'], deleted: true, oldRow: { id: '7', customer: '1' } });
  });

  it('tell of what Couplet itself wrote like of anything else', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const hand = await takeHand(stage.store);
    await hand.write(stage.table, [await updateOf(stage.table, ['1'], { name: 'Ours' }), insertOf(customer(2))]);
    expect(keysIn((await readAll(stage.store, stage.cursor)).marks)).toEqual(['["1"]', '["2"]']);
  });

  it('serve several readers, each from where it stands', async () => {
    await using stage = await setStage(makeFixture);
    const { app, store } = stage;
    await app.insert('customer', [customer(1)]);
    const late = await store.currentCursor('late');
    const first = await readAll(store, stage.cursor);
    await app.insert('customer', [customer(2)]);
    expect(keysIn((await readAll(store, first.cursor)).marks)).toEqual(['["2"]']);
    expect(keysIn((await readAll(store, late, 10, 'late')).marks)).toEqual(['["2"]']);
  });

  it('hold the key of several columns, whatever stands in it', async () => {
    await using stage = await setStage(makeFixture, [ORDER_LINE]);
    const keys = ['plain', '', ' ', 'a,b', '"', "it's", '\\', '{x}', '(1,2)', 'NULL', 'é漢😀', 'line\nbreak', '\t'];
    await stage.app.insert(
      ORDER_LINE.name,
      keys.map((key) => ({ 'Order No': key, line: '1', 'what, exactly': key })),
    );
    const { marks } = await readAll(stage.store, stage.cursor);
    expect(marks.map(({ key }) => key[0]).sort()).toEqual([...keys].sort());
    const { records } = await stage.table.read(
      marks.map(({ key }) => key),
      null,
    );
    expect([...records.values()].map(({ values }) => values[2]).sort()).toEqual([...keys].sort());
  });

  it('know a table under several keys, and mark each', async () => {
    await using fixture = await makeFixture();
    const { app, store } = fixture;
    await app.createTable(CUSTOMER);
    await app.insert('customer', [customer(1)]);
    const watched = [{ table: app.nameOf('customer'), keys: [['id'], ['code']] }];
    expect((await store.install(watched)).problems).toEqual([]);
    const cursor = await store.currentCursor(READER);
    await app.update('customer', { id: '1' }, { code: 'NEW' });
    await app.delete('customer', { id: '1' });
    const { marks } = await readAll(store, cursor);
    const byId = marks.filter(({ keyIndex }) => keyIndex === 0);
    const byCode = marks.filter(({ keyIndex }) => keyIndex === 1);
    expect(byId).toMatchObject([{ key: ['1'], deleted: true, movedTo: null }]);
    expect(byCode.find(({ key }) => key[0] === 'C1')).toMatchObject({ movedTo: ['NEW'] });
    expect(byCode.find(({ key }) => key[0] === 'NEW')).toMatchObject({ deleted: true });
  });
}

function describeCoalescing(makeFixture: MakeFixture): void {
  it('makes one mark of many changes of a record', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    for (const name of ['a', 'b', 'c']) await stage.app.update('customer', { id: '1' }, { name });
    expect((await readAll(stage.store, stage.cursor)).marks).toHaveLength(1);
  });

  it('keeps that a record was deleted when it was created again', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app } = stage;
    await app.delete('customer', { id: '1' });
    await app.insert('customer', [customer(1, { name: 'Another' })]);
    await app.update('customer', { id: '1' }, { email: null });
    const { marks } = await readAll(stage.store, stage.cursor);
    expect(marks).toMatchObject([{ key: ['1'], deleted: true, oldRow: { name: 'Name 1' } }]);
  });

  it('keeps the row of the last deletion', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app } = stage;
    await app.delete('customer', { id: '1' });
    await app.insert('customer', [customer(1, { name: 'Second' })]);
    await app.delete('customer', { id: '1' });
    const { marks } = await readAll(stage.store, stage.cursor);
    expect(marks).toMatchObject([{ deleted: true, oldRow: { name: 'Second' } }]);
  });

  it('tells of a record that came and went within the window', async () => {
    await using stage = await setStage(makeFixture);
    await stage.app.insert('customer', [customer(1)]);
    await stage.app.delete('customer', { id: '1' });
    expect((await readAll(stage.store, stage.cursor)).marks).toMatchObject([{ key: ['1'], deleted: true }]);
  });
}

function describeKeyChanges(makeFixture: MakeFixture): void {
  const couplings = new Map<string, RecordKey>([
    ['first', ['1']],
    ['second', ['2']],
  ]);

  it('carry the record to its new key, and are no deletion', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    await stage.app.update('customer', { id: '1' }, { id: '10', name: 'Moved' });
    const { marks } = await readAll(stage.store, stage.cursor);
    expect(marks.find(({ key }) => key[0] === '1')).toMatchObject({ movedTo: ['10'], deleted: false });
    expect(follow(marks, couplings)).toEqual(
      new Map([
        ['first', ['10']],
        ['second', ['2']],
      ]),
    );
  });

  it('follow a record over several keys, and to its deletion', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app } = stage;
    await app.update('customer', { id: '1' }, { id: '10' });
    await app.update('customer', { id: '10' }, { id: '11' });
    await app.update('customer', { id: '2' }, { id: '20' });
    await app.delete('customer', { id: '20' });
    const { marks } = await readAll(stage.store, stage.cursor);
    expect(follow(marks, couplings)).toEqual(
      new Map([
        ['first', ['11']],
        ['second', ['20']],
      ]),
    );
    expect(marks.find(({ key }) => key[0] === '20')).toMatchObject({ deleted: true });
  });

  it('follow two records that exchanged their keys', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app } = stage;
    await app.update('customer', { id: '1' }, { id: '99' });
    await app.update('customer', { id: '2' }, { id: '1' });
    await app.update('customer', { id: '99' }, { id: '2' });
    const { marks } = await readAll(stage.store, stage.cursor);
    expect(follow(marks, couplings)).toEqual(
      new Map([
        ['first', ['2']],
        ['second', ['1']],
      ]),
    );
    expect(marks.every(({ deleted }) => !deleted)).toBe(true);
  });

  it('leave the old key to a new record, which is told of as well', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app, store } = stage;
    await app.update('customer', { id: '1' }, { id: '10' });
    const window = await readAll(store, stage.cursor);
    await app.insert('customer', [customer(1, { code: 'NEW' })]);
    const { marks } = await readAll(store, window.cursor);
    expect(marks).toMatchObject([{ key: ['1'], movedTo: null, deleted: false }]);
  });

  it('of several columns at once carry the whole key', async () => {
    await using stage = await setStage(makeFixture, [ORDER_LINE], [{ 'Order No': 'A', line: '1' }]);
    await stage.app.update(ORDER_LINE.name, { line: '1' }, { 'Order No': 'B', line: '2' });
    const { marks } = await readAll(stage.store, stage.cursor);
    expect(marks.find(({ key }) => key[0] === 'A')).toMatchObject({ key: ['A', '1'], movedTo: ['B', '2'] });
  });
}

function describePaging(makeFixture: MakeFixture): void {
  it('hands out a window in pages that can be taken up again from any of their cursors', async () => {
    await using stage = await setStage(makeFixture);
    const { app, store } = stage;
    await app.insert(
      'customer',
      Array.from({ length: 25 }, (_, index) => customer(index + 1)),
    );
    const first = await store.readWindow(READER, stage.cursor, 10);
    expect(first.complete).toBe(false);
    expect(first.marks.length).toBeLessThanOrEqual(10);
    const second = await store.readWindow(READER, first.cursor, 10);
    expect((await store.readWindow(READER, first.cursor, 10)).marks).toEqual(second.marks);
    const rest = await readAll(store, second.cursor, 10);
    expect(keysIn([...first.marks, ...second.marks, ...rest.marks])).toHaveLength(25);
    expect(first.marks.length + second.marks.length + rest.marks.length).toBe(25);
    expect((await readAll(store, rest.cursor)).marks).toEqual([]);
  });

  it('says of a page that fills the limit exactly whether there is more', async () => {
    await using stage = await setStage(makeFixture);
    await stage.app.insert(
      'customer',
      Array.from({ length: 10 }, (_, index) => customer(index + 1)),
    );
    const { marks, cursor } = await readAll(stage.store, stage.cursor, 10);
    expect(marks).toHaveLength(10);
    expect((await readAll(stage.store, cursor)).marks).toEqual([]);
  });

  it('loses nothing that is committed between two pages, on keys told already included', async () => {
    await using stage = await setStage(makeFixture);
    const { app, store } = stage;
    await app.insert(
      'customer',
      Array.from({ length: 20 }, (_, index) => customer(index + 1)),
    );
    const first = await store.readWindow(READER, stage.cursor, 8);
    const told = first.marks[0]!.key[0]!;
    await app.delete('customer', { id: told });
    await app.insert('customer', [customer(21)]);
    const within = await readAll(store, first.cursor, 8);
    const after = await readAll(store, within.cursor);
    const marks = [...within.marks, ...after.marks];
    expect(marks.find(({ key }) => key[0] === told)).toMatchObject({ deleted: true });
    expect(keysIn([...first.marks, ...marks])).toHaveLength(21);
  });

  it('keeps a reader in the middle of a window safe from what other readers confirm', async () => {
    await using stage = await setStage(makeFixture);
    const { app, store } = stage;
    const other = await store.currentCursor('other');
    await app.insert(
      'customer',
      Array.from({ length: 20 }, (_, index) => customer(index + 1)),
    );
    const first = await store.readWindow(READER, stage.cursor, 8);
    await store.confirm(READER, first.cursor);
    expect((await readAll(store, other, 1000, 'other')).marks).toHaveLength(20);
    const rest = await readAll(store, first.cursor, 8);
    expect(first.marks.length + rest.marks.length).toBe(20);
  });

  it('works with a limit of one', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app } = stage;
    await app.update('customer', { id: '1' }, { id: '10' });
    await app.delete('customer', { id: '2' });
    const { marks } = await readAll(stage.store, stage.cursor, 1);
    expect(marks.find(({ key }) => key[0] === '1')).toMatchObject({ movedTo: ['10'] });
    expect(marks.find(({ key }) => key[0] === '2')).toMatchObject({ deleted: true });
  });

  it('opens a table by the shape that another mapping has of it', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const byCode = await stage.store.table(shapeOf(stage.app, CUSTOMER, { key: ['code'], columns: ['code', 'name'] }));
    const { records } = await byCode.read([['C1']], null);
    expect(records.get('["C1"]')?.values).toEqual(['C1', 'Name 1']);
  });
}
