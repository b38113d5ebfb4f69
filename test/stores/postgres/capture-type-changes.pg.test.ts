/** The app changes the type of a column before Couplet has seen it: the capture must not stand in its way. */
import { expect, it } from 'vitest';
import { openPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { openStage, READER } from './stage.ts';

it.for<readonly [column: string, value: string, to: string]>([
  ['a numeric(10,2)', '1.50', 'text'],
  ['a numeric', '100', 'bigint'],
  ['a float8', '1.5', 'text'],
  ['a float8', '-0', 'numeric'],
  ['a interval', '30 days', 'text'],
  ['a inet', '10.0.0.1', 'text'],
  ['a inet', '10.0.0.1', 'cidr'],
  ['a timestamptz', '2026-01-01 00:00:00+00', 'date'],
  ['a integer', '7', 'text'],
])('%s with %s becomes %s, as a key and beside one', async ([column, value, to]) => {
  const type = column.slice(2);
  await using stage = await openStage([
    `create table keyed (a ${type} primary key, note text)`,
    `create table other (id integer primary key, a ${type})`,
    `insert into keyed values ('${value}', 'x')`,
    `insert into other values (1, '${value}'), (2, null)`,
  ]);
  const store = openPostgresStore({ side: 'hq', channel: null, url: stage.url });
  const watched = [
    { table: { schema: 'public', name: 'keyed' }, keys: [['a']] },
    { table: { schema: 'public', name: 'other' }, keys: [['id']] },
  ];
  expect((await store.install(watched)).problems).toEqual([]);
  const cursor = await store.currentCursor(READER);
  await stage.sql.unsafe(`alter table keyed alter column a type ${to} using a::${to}`);
  await stage.sql.unsafe(`alter table other alter column a type ${to} using a::${to}`);
  const [held] = await stage.sql.unsafe('select a::text from other where id = 1');
  await stage.sql`update keyed set note = 'y'`;
  await stage.sql`delete from keyed`;
  await stage.sql`delete from other`;
  const { marks } = await store.readWindow(READER, cursor, 10);
  expect(marks).toMatchObject([
    { table: { name: 'keyed' }, deleted: true },
    { key: ['1'], deleted: true, oldRow: { id: '1', a: held?.['a'] } },
    { key: ['2'], deleted: true, oldRow: { id: '2', a: null } },
  ]);
  await store.close();
});
