/** Reading by key with versions and unread delete marks, scans, counts, search, cascades. */
import { describe, expect, it } from 'vitest';
import type { RecordKey } from '../../src/domain/record.ts';
import { keyText } from '../../src/domain/record.ts';
import type { Cursor, StoreTable } from '../../src/ports/store.ts';
import type { ContractTable, MakeFixture } from './contract-fixture.ts';
import { CUSTOMER, ORDER_LINE, customer, readAll, setStage, shapeOf, versionOf } from './contract-tables.ts';

export function describeReading(makeFixture: MakeFixture): void {
  describe('reading by key', () => describeRead(makeFixture));
  describe('unread deletions', () => describeUnreadDeletions(makeFixture));
  describe('scanning', () => describeScan(makeFixture));
  describe('cascades', () => describeCascades(makeFixture));
}

function describeRead(makeFixture: MakeFixture): void {
  it('gives values in the order of the columns, null as null, and nothing for a key that is not there', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1, { email: null }), customer(2)]);
    const columns = ['email', 'id', 'credit'];
    const table = await stage.store.table(shapeOf(stage.app, CUSTOMER, { columns }));
    const { records, absenceProven } = await table.read([['1'], ['2'], ['3']], stage.cursor);
    expect([...records.keys()].sort()).toEqual(['["1"]', '["2"]']);
    expect(records.get('["1"]')).toMatchObject({ key: ['1'], values: [null, '1', '10.00'], inFilter: true });
    expect(absenceProven).toBe(true);
  });

  it('gives a record another version with each change, and the same as long as nobody touches it', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app, table } = stage;
    const before = await versionOf(table, ['1']);
    const untouched = await versionOf(table, ['2']);
    await app.update('customer', { id: '1' }, { notes: 'a column that no mapping knows' });
    expect(await versionOf(table, ['1'])).not.toBe(before);
    expect(await versionOf(table, ['2'])).toBe(untouched);
  });

  it('gives the same version to every connection and to scans', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const other = await stage.fixture.open();
    const table = await other.table(shapeOf(stage.app, CUSTOMER));
    const version = await versionOf(stage.table, ['1']);
    expect(await versionOf(table, ['1'])).toBe(version);
    expect((await stage.table.scan(null, 10))[0]?.version).toBe(version);
  });

  it('tells whether a record is in the filter and hides none that is not', async () => {
    const rows = [customer(1), customer(2, { active: 'false' }), customer(3, { active: null })];
    await using stage = await setStage(makeFixture, [CUSTOMER], rows);
    const table = await stage.store.table(shapeOf(stage.app, CUSTOMER, { filter: stage.app.filter('active', 'true') }));
    const { records } = await table.read([['1'], ['2'], ['3']], null);
    expect([...records.values()].map(({ key, inFilter }) => [key[0], inFilter]).sort()).toEqual([
      ['1', true],
      ['2', false],
      ['3', false],
    ]);
  });

  it('sees what is committed and nothing else', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app, table } = stage;
    const open = await app.begin();
    await open.update('customer', { id: '1' }, { name: 'Not yet' });
    await open.delete('customer', { id: '2' });
    await open.insert('customer', [customer(3)]);
    const { records, deletedSince } = await table.read([['1'], ['2'], ['3']], stage.cursor);
    expect([...records.values()].map(({ values }) => values[2]).sort()).toEqual(['Name 1', 'Name 2']);
    expect(deletedSince.size).toBe(0);
    await open.rollback();
  });

  it('answers for no key and for a thousand', async () => {
    const rows = Array.from({ length: 1000 }, (_, index) => customer(index + 1));
    await using stage = await setStage(makeFixture, [CUSTOMER], rows);
    expect((await stage.table.read([], stage.cursor)).records.size).toBe(0);
    const keys = rows.map(({ id }) => [id!]);
    expect((await stage.table.read([...keys, ['5000']], stage.cursor)).records.size).toBe(1000);
  });

  it('takes a key that no record can have for absent', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const byCode = await stage.store.table(shapeOf(stage.app, CUSTOMER, { key: ['code'] }));
    const { records } = await byCode.read([["'; drop table customer; --"], ['c1']], null);
    expect(records.size).toBe(0);
  });
}

function describeUnreadDeletions(makeFixture: MakeFixture): void {
  it('are told with the record until their window is read', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app, store, table } = stage;
    await app.delete('customer', { id: '1' });
    const before = await table.read([['1'], ['2']], stage.cursor);
    expect([...before.deletedSince]).toEqual(['["1"]']);
    expect([...before.records.keys()]).toEqual(['["2"]']);
    const { cursor } = await readAll(store, stage.cursor);
    expect((await table.read([['1'], ['2']], cursor)).deletedSince.size).toBe(0);
  });

  it('are told also when the record exists again', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app, table } = stage;
    await app.delete('customer', { id: '1' });
    await app.insert('customer', [customer(1, { name: 'Another' })]);
    const { records, deletedSince } = await table.read([['1']], stage.cursor);
    expect(records.get('["1"]')?.values[2]).toBe('Another');
    expect([...deletedSince]).toEqual(['["1"]']);
  });

  it('are not asked for without a cursor, and do not speak of other keys', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app, table } = stage;
    await app.delete('customer', { id: '1' });
    expect((await table.read([['1']], null)).deletedSince.size).toBe(0);
    expect((await table.read([['2']], stage.cursor)).deletedSince.size).toBe(0);
  });

  it('of later pages of a window are unread until those pages are read', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app, store, table } = stage;
    await app.delete('customer', { id: '1' });
    await app.delete('customer', { id: '2' });
    const first = await store.readWindow('couplet-contract', stage.cursor, 1);
    const told = first.marks[0]!.key;
    const { deletedSince } = await table.read([['1'], ['2']], first.cursor);
    expect(deletedSince.has(keyText(told))).toBe(false);
    expect(deletedSince.size).toBe(1);
  });

  it('are told by the very read that does not find a record any more', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app, table } = stage;
    const open = await app.begin();
    await open.delete('customer', { id: '1' });
    expect((await table.read([['1']], stage.cursor)).records.size).toBe(1);
    await open.commit();
    const after = await table.read([['1']], stage.cursor);
    expect(after.records.size).toBe(0);
    expect(after.deletedSince.size).toBe(1);
  });

  it('do not speak of a record that only changed its key', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    await stage.app.update('customer', { id: '1' }, { id: '10' });
    const { records, deletedSince, movedSince } = await stage.table.read([['1'], ['10']], stage.cursor);
    expect([...records.keys()]).toEqual(['["10"]']);
    expect(deletedSince.size).toBe(0);
    expect([...(movedSince ?? [])]).toEqual(['["1"]']);
  });

  it('tell of which keys a record has got since, until that is read', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
    const { app, table, cursor } = stage;
    const moved = async (since: Cursor) => [...(await table.movedTo([['1'], ['2'], ['10'], ['11']], since))];
    expect(await moved(cursor)).toEqual([]);
    await app.update('customer', { id: '1' }, { id: '10' });
    await app.delete('customer', { id: '2' });
    expect(await moved(cursor)).toEqual(['["10"]']);
    expect(await table.movedTo([['2'], ['11']], cursor)).toEqual(new Set());
    const { cursor: after } = await readAll(stage.store, cursor);
    expect(await moved(after)).toEqual([]);
  });
}

async function scanAll(table: StoreTable, limit: number): Promise<RecordKey[]> {
  const keys: RecordKey[] = [];
  for (let after: RecordKey | null = null; ; ) {
    const page = await table.scan(after, limit);
    if (page.length === 0) return keys;
    expect(page.length).toBeLessThanOrEqual(limit);
    keys.push(...page.map(({ key }) => key));
    after = page.at(-1)!.key;
  }
}

function describeScan(makeFixture: MakeFixture): void {
  it('goes through all records once, those outside the filter included', async () => {
    const rows = Array.from({ length: 23 }, (_, index) => customer(index + 1, { active: String(index % 2 === 0) }));
    await using stage = await setStage(makeFixture, [CUSTOMER], rows);
    const filter = stage.app.filter('active', 'true');
    const table = await stage.store.table(shapeOf(stage.app, CUSTOMER, { filter }));
    const keys = await scanAll(table, 5);
    expect(keys.map(([id]) => id)).toEqual(rows.map(({ id }) => id));
    expect(await table.count()).toBe(12);
    const page = await table.scan(null, 2);
    expect(page.map(({ inFilter }) => inFilter)).toEqual([true, false]);
  });

  it('goes through keys of several columns, whatever stands in them', async () => {
    const numbers = ['b', 'a', '', '"', 'ä', 'B', 'a b', '\\'];
    const rows = numbers.flatMap((number) => ['2', '10'].map((line) => ({ 'Order No': number, line })));
    await using stage = await setStage(makeFixture, [ORDER_LINE], rows);
    for (const limit of [1, 3, 100]) {
      const keys = await scanAll(stage.table, limit);
      expect(keys.map(keyText).sort()).toEqual(rows.map((row) => keyText([row['Order No'], row.line])).sort());
    }
  });

  it('ends at once in an empty table, whose count is nothing', async () => {
    await using stage = await setStage(makeFixture);
    expect(await stage.table.scan(null, 10)).toEqual([]);
    expect(await stage.table.count()).toBe(0);
  });
}

const BRANCH: ContractTable = {
  name: 'branch',
  columns: { id: { type: 'integer' }, customer: { type: 'integer' }, parent: { type: 'integer' } },
  primaryKey: ['id'],
  references: [
    { columns: ['customer'], parent: 'customer', parentColumns: ['id'], onDelete: 'cascade' },
    { columns: ['parent'], parent: 'branch', parentColumns: ['id'], onDelete: 'cascade' },
  ],
};
const PERSON: ContractTable = {
  name: 'person',
  columns: { code: { type: 'text' }, branch: { type: 'integer' }, helper: { type: 'integer' } },
  primaryKey: ['code'],
  references: [
    { columns: ['branch'], parent: 'branch', parentColumns: ['id'], onDelete: 'cascade' },
    { columns: ['helper'], parent: 'customer', parentColumns: ['id'], onDelete: 'setNull' },
  ],
};

function describeCascades(makeFixture: MakeFixture): void {
  it('name every row that a delete would take along, over all levels, each once', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER, BRANCH, PERSON], [customer(1), customer(2)]);
    const { app, table } = stage;
    await app.insert('branch', [
      { id: '10', customer: '1', parent: null },
      { id: '11', customer: '1', parent: '10' },
      { id: '12', customer: null, parent: '11' },
      { id: '20', customer: '2', parent: null },
    ]);
    await app.insert('person', [
      { code: 'ann', branch: '12', helper: '2' },
      { code: 'bo', branch: '10', helper: '1' },
      { code: 'cy', branch: null, helper: '1' },
    ]);
    const cascades = await table.cascades([['1'], ['2'], ['3']], 10);
    const found = cascades.map(({ of, table: { name }, keys, count }) => ({
      of: of[0],
      name,
      keys: keys.map(([part]) => part).sort(),
      count,
    }));
    expect(found).toHaveLength(3);
    expect(found).toEqual(
      expect.arrayContaining([
        { of: '1', name: 'branch', keys: ['10', '11', '12'], count: 3 },
        { of: '1', name: 'person', keys: ['ann', 'bo'], count: 2 },
        { of: '2', name: 'branch', keys: ['20'], count: 1 },
      ]),
    );
  });

  it('count all and name at most as many as asked for', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER, BRANCH], [customer(1)]);
    const { app, table } = stage;
    await app.insert(
      'branch',
      Array.from({ length: 7 }, (_, index) => ({ id: String(index + 1), customer: '1' })),
    );
    const [cascade] = await table.cascades([['1']], 3);
    expect(cascade).toMatchObject({ count: 7 });
    expect(cascade?.keys).toHaveLength(3);
  });

  it('are none where nothing refers to the records', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    expect(await stage.table.cascades([['1']], 10)).toEqual([]);
  });
}
