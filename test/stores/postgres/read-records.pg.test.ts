/** Reading by key: which plan, which keys, which proof. */
import { expect, it } from 'vitest';
import { keyText } from '../../../src/domain/record.ts';
import type { Value } from '../../../src/domain/record.ts';
import { StoreRefused } from '../../../src/errors/store-faults.ts';
import { bindTable } from '../../../src/stores/postgres/table/bound-table.ts';
import type { Connection } from '../../../src/stores/postgres/session/connection.ts';
import { openPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { prepareRead } from '../../../src/stores/postgres/read/read-records.ts';
import { insertOf, openStage, written } from './stage.ts';

const shapeOf = (name: string, key: readonly string[], columns: readonly string[], filter: string | null = null) => ({
  table: { schema: 'public', name },
  key,
  columns,
  filter,
  onCreate: {},
});

it('a thousand keys of a large table are looked up in the index of the key, marks or not', async () => {
  await using stage = await openStage([
    'create table item (a integer, b text, name text, primary key (a, b))',
    `insert into item select g, 'b' || g, 'name' from generate_series(1, 100000) g`,
    'analyze item',
  ]);
  const asked: { text: string; args: readonly Value[] }[] = [];
  const recording: Connection = {
    ...stage.connection,
    query: (text, args = []) => {
      asked.push({ text, args });
      return stage.connection.query(text, args);
    },
  };
  const table = await bindTable(recording, shapeOf('item', ['a', 'b'], ['a', 'b', 'name'], `name = 'name'`));
  const read = prepareRead(table);
  const keys = Array.from({ length: 1000 }, (_, index) => [String(index * 90 + 1), `b${index * 90 + 1}`]);
  const cursor = JSON.stringify({ version: 1, store: '', number: 1, anchor: '', seen: '10:10:', within: null });
  for (const since of [null, cursor]) {
    expect((await read(keys, since)).records.size).toBe(1000);
    const { text, args } = asked.at(-1)!;
    const plan = (await stage.connection.once(`explain ${text}`, args)).map(([line]) => line).join('\n');
    expect(plan).toMatch(/Index Scan using item_pkey/);
    expect(plan).not.toMatch(/Seq Scan on item\b/);
  }
});

it('keys are asked for and told in one canonical text', async () => {
  await using stage = await openStage([
    'create extension citext',
    'create table item (code citext, amount numeric, ratio float8, span interval, flag boolean, letters char(4), primary key (code, amount, ratio, span, flag, letters))',
    `insert into item values ('AbC', 1.500, '-0', '30 days', true, 'x'), ('abd', 2, 1e3, '1 mon', false, 'ab')`,
  ]);
  const key = ['code', 'amount', 'ratio', 'span', 'flag', 'letters'];
  const table = await stage.table('item', key, key);
  const { records } = await table.read(
    [
      ['abc', '1.5', '0', '1 mon', 'true', 'x'],
      ['ABD', '2.00', '1000', '30 days', 'f', 'ab  '],
    ],
    null,
  );
  expect([...records.values()].map((record) => [record.key, record.values])).toEqual([
    [
      ['abc', '1.5', '0', '1 mon', 'true', 'x'],
      ['AbC', '1.500', '-0', '30 days', 'true', 'x'],
    ],
    [
      ['abd', '2', '1000', '1 mon', 'false', 'ab'],
      ['abd', '2', '1000', '1 mon', 'false', 'ab'],
    ],
  ]);
});

it('keys that are asked for twice, or that no record can have, harm no other', async () => {
  await using stage = await openStage([
    'create table item (id uuid primary key)',
    `insert into item values ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')`,
  ]);
  const table = await stage.table('item', ['id'], ['id']);
  const id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
  const { records } = await table.read([[id], ['none'], [id], ['']], null);
  expect([...records.keys()]).toEqual([keyText([id])]);
});

it('absence is proven by the very table that was installed, and by no other', async () => {
  await using stage = await openStage([
    'create table item (id integer primary key)',
    'create table parts (id integer, region text, primary key (id, region)) partition by list (region)',
    `create table parts_eu partition of parts for values in ('eu')`,
    'insert into item values (1)',
  ]);
  const store = openPostgresStore({ side: 'hq', channel: null, url: stage.url });
  await store.install([
    { table: { schema: 'public', name: 'item' }, keys: [['id']] },
    { table: { schema: 'public', name: 'parts' }, keys: [['id', 'region']] },
  ]);
  const item = await store.table(shapeOf('item', ['id'], ['id']));
  const parts = await store.table(shapeOf('parts', ['id', 'region'], ['id', 'region']));
  const proven = async (): Promise<boolean[]> => [
    (await item.read([['7']], null)).absenceProven,
    (await parts.read([['7', 'eu']], null)).absenceProven,
  ];
  expect(await proven()).toEqual([true, true]);
  await stage.sql`truncate item`;
  await stage.sql`create table parts_us partition of parts for values in ('us')`;
  expect(await proven()).toEqual([false, false]);
  await store.acceptTables([
    { schema: 'public', name: 'item' },
    { schema: 'public', name: 'parts' },
  ]);
  await stage.sql.unsafe('alter table item rename to item_old; create table item (id integer primary key)');
  expect((await item.read([['7']], null)).absenceProven).toBe(false);
  await store.close();
});

it('a filter that is null counts as outside; one that fails refuses the read and not a write', async () => {
  await using stage = await openStage([
    'create table item (id integer primary key, n integer)',
    'insert into item values (1, null), (2, 5), (3, 0)',
  ]);
  const table = await stage.table('item', ['id'], ['id', 'n'], { filter: 'n > 1' });
  const { records } = await table.read([['1'], ['2'], ['3']], null);
  expect([...records.values()].map(({ inFilter }) => inFilter)).toEqual([false, true, false]);
  const failing = await stage.table('item', ['id'], ['id', 'n'], { filter: '1 / n > 0' });
  const [outcome] = await stage.write(failing, [insertOf({ id: '4', n: '0' })]);
  expect(written(outcome).held).toEqual(['4', '0']);
});

it('a table, a column or a view that will not do is refused when it is opened', async () => {
  await using stage = await openStage([
    'create table item (id integer primary key)',
    'create view seen as select * from item',
  ]);
  await expect(stage.table('nowhere', ['id'], ['id'])).rejects.toThrow(StoreRefused);
  await expect(stage.table('item', ['id'], ['id', 'nothing'])).rejects.toMatchObject({
    code: 'schema-changed',
    params: { column: 'nothing' },
  });
  await expect(stage.table('seen', ['id'], ['id'])).rejects.toMatchObject({ params: { kind: 'v' } });
});

it('versions of committed rows stay through vacuum and freeze, and differ for every change', async () => {
  await using stage = await openStage([
    'create table item (id integer primary key, name text)',
    `insert into item values (1, 'a')`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const version = async (): Promise<string | undefined> =>
    (await table.read([['1']], null)).records.get('["1"]')?.version;
  const first = await version();
  await stage.sql`vacuum (freeze) item`;
  expect(await version()).toBe(first);
  await stage.sql`update item set name = 'a'`;
  expect(await version()).not.toBe(first);
});
