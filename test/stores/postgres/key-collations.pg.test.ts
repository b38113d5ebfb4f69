/** Keys under a collation of their own. */
import { expect, it } from 'vitest';
import { keyText } from '../../../src/domain/record.ts';
import { openPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { openStage, READER } from './stage.ts';

const SETUP = [
  `create collation any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  'create table item (code text collate any_case primary key, name text)',
  `insert into item values ('ABC', 'one'), ('X', 'two'), ('Y', 'three')`,
];
const shape = {
  table: { schema: 'public', name: 'item' },
  key: ['code'],
  columns: ['code', 'name'],
  filter: null,
  onCreate: {},
};

it('a key that changes in its case alone is followed, one record at a time or many', async () => {
  await using stage = await openStage(SETUP);
  const store = openPostgresStore({ side: 'hq', channel: null, url: stage.url });
  await store.install([{ table: shape.table, keys: [['code']] }]);
  const cursor = await store.currentCursor(READER);
  await stage.sql`update item set code = 'aBc' where code = 'abc'`;
  await stage.sql`update item set code = lower(code) where code in ('x', 'y')`;
  const { marks } = await store.readWindow(READER, cursor, 10);
  expect(marks.map(({ key, movedTo, deleted }) => [key, movedTo, deleted])).toEqual([
    [['ABC'], ['aBc'], false],
    [['aBc'], null, false],
    [['X'], ['x'], false],
    [['x'], null, false],
    [['Y'], ['y'], false],
    [['y'], null, false],
  ]);
  await store.close();
});

it('a key of columns with a collation each does not keep the app from writing, nor Couplet from reading', async () => {
  await using stage = await openStage([
    'create table item (code text collate "C", language text collate "unicode", name text, primary key (code, language))',
    `insert into item values ('A', 'sv', 'ett'), ('A', 'en', 'one'), ('B', 'en', 'two')`,
  ]);
  const store = openPostgresStore({ side: 'hq', channel: null, url: stage.url });
  await store.install([{ table: shape.table, keys: [['code', 'language']] }]);
  const cursor = await store.currentCursor(READER);
  await stage.sql`update item set name = upper(name)`;
  await stage.sql`update item set code = 'C' where language = 'sv'`;
  await stage.sql`delete from item where code = 'B'`;
  const table = await store.table({ ...shape, key: ['code', 'language'], columns: ['name'] });
  const keys = [
    ['A', 'sv'],
    ['A', 'en'],
    ['B', 'en'],
  ];
  const { records, deletedSince, movedSince } = await table.read(keys, cursor);
  expect([...records.keys()]).toEqual([keyText(['A', 'en'])]);
  expect([...(deletedSince ?? [])]).toEqual([keyText(['B', 'en'])]);
  expect([...(movedSince ?? [])]).toEqual([keyText(['A', 'sv'])]);
  const { marks } = await store.readWindow(READER, cursor, 10);
  expect(marks.filter(({ movedTo }) => movedTo)).toMatchObject([{ key: ['A', 'sv'], movedTo: ['C', 'sv'] }]);
  await store.close();
});
