/** Generated columns that are computed when they are read, which PostgreSQL 18 makes unless told otherwise. */
import { expect, it } from 'vitest';
import { openPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { openStage, READER } from './stage.ts';

it('do not keep the app from deleting, and are read like any other', async () => {
  await using stage = await openStage([
    `create table item (id integer primary key, name text, loud text generated always as (upper(name)) virtual,
      kept text generated always as (lower(name)) stored)`,
    `insert into item values (1, 'One'), (2, 'Two')`,
  ]);
  const store = openPostgresStore({ side: 'hq', channel: null, url: stage.url });
  const watched = { table: { schema: 'public', name: 'item' }, keys: [['id']] };
  expect((await store.install([watched])).problems).toEqual([]);
  const cursor = await store.currentCursor(READER);
  await stage.sql`insert into item (id, name) values (3, 'Three')`;
  await stage.sql`update item set name = 'Changed' where id = 1`;
  await stage.sql`delete from item where id = 2`;
  const { marks } = await store.readWindow(READER, cursor, 10);
  expect(marks.map(({ key, oldRow }) => [key, oldRow])).toEqual([
    [['3'], null],
    [['1'], null],
    [['2'], { id: '2', name: 'Two', kept: 'two' }],
  ]);
  const table = await store.table({ ...watched, key: ['id'], columns: ['loud', 'kept'], filter: null, onCreate: {} });
  const { records } = await table.read([['1']], cursor);
  expect([...records.values()].map(({ values }) => values)).toEqual([['CHANGED', 'changed']]);
  await store.close();
});
