/** What a table's rules and rights say against a record, and against a whole batch. */
import { expect, it } from 'vitest';
import { openTable } from '../../../src/stores/postgres/open-table.ts';
import { batchOf, insertOf, openStage, refused, statuses, updateOf, written } from './stage.ts';

const TRIGGER = (name: string, body: string, when: string, table = 'item'): string[] => [
  `create function ${name}() returns trigger language plpgsql as $f$ begin ${body} end $f$`,
  `create trigger ${name} ${when} on ${table} for each row execute function ${name}()`,
];
const ITEM = 'create table item (id integer primary key, name text, state text)';
const ITEMS = `insert into item select g, 'n' || g, 'new' from generate_series(1, 4) g`;

it('row security that hides rows is an error, never an empty answer', async () => {
  await using stage = await openStage([
    ITEM,
    ITEMS,
    'alter table item enable row level security',
    `create policy some_rows on item using (id < 3)`,
  ]);
  const connection = await stage.as(['select, insert, update, delete on item']);
  const { shape } = await stage.table('item', ['id'], ['id', 'name']);
  const table = await openTable(connection, shape, stage.readers);
  const hidden = { code: 'permission-denied', params: { rowSecurity: true } };
  await expect(table.read([['4']], null)).rejects.toMatchObject(hidden);
  await expect(table.scan(null, 10)).rejects.toMatchObject(hidden);
  await expect(table.count()).rejects.toMatchObject(hidden);
  await expect(table.write(batchOf([insertOf({ id: '9' }), insertOf({ id: '10' })]))).rejects.toMatchObject(hidden);
});

it('rights that are missing are a matter of the set-up, not of a record', async () => {
  await using stage = await openStage([ITEM, ITEMS]);
  const connection = await stage.as(['select, insert, delete on item', 'update (state) on item']);
  const { shape } = await stage.table('item', ['id'], ['id', 'name', 'state']);
  const table = await openTable(connection, shape, stage.readers);
  const writes = [await updateOf(table, ['1'], { state: 'x' }), await updateOf(table, ['2'], { name: 'x' })];
  await expect(table.write(batchOf(writes))).rejects.toMatchObject({ code: 'permission-denied' });
  expect(statuses(await table.write(batchOf(writes.slice(0, 1))))).toEqual(['written']);
  await stage.sql`alter table item rename to item_away`;
  await expect(table.write(batchOf(writes))).rejects.toMatchObject({ code: 'schema-changed' });
});

it('a key that only the store may give is refused in an update, and given in an insert', async () => {
  await using stage = await openStage([
    'create table item (id integer generated always as identity primary key, name text)',
    `insert into item (name) values ('a')`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { id: '7' }),
    insertOf({ id: '8', name: 'b' }),
  ]);
  expect(refused(outcomes[0])).toMatchObject({ code: 'value-invalid', params: { column: 'id' } });
  expect(written(outcomes[1]).key).toEqual(['8']);
});

it('each record may change columns of its own', async () => {
  const columns = Array.from({ length: 8 }, (_, index) => `c${index}`);
  await using stage = await openStage([
    `create table item (id integer primary key, ${columns.map((name) => `${name} integer check (${name} > 0)`).join(', ')})`,
    'insert into item select g from generate_series(1, 255) g',
  ]);
  const table = await stage.table('item', ['id'], ['id', ...columns]);
  const { records } = await table.read(
    Array.from({ length: 255 }, (_, index) => [String(index + 1)]),
    null,
  );
  const chosen = (id: number): string[] => columns.filter((_, bit) => id & (1 << bit));
  const writes = [...records.values()].map(({ key, version }) => ({
    operation: 'update' as const,
    key,
    version,
    set: new Map(chosen(Number(key[0])).map((name) => [name, key[0] === '77' ? '0' : (key[0] ?? '')])),
    note: '',
  }));
  const outcomes = await stage.write(table, writes);
  expect(outcomes.flatMap(({ status }, index) => (status === 'written' ? [] : [writes[index]?.key[0]]))).toEqual([
    '77',
  ]);
  for (const [index, { key }] of writes.entries()) {
    if (key[0] === '77') continue;
    const held = columns.map((name) => (chosen(Number(key[0])).includes(name) ? key[0] : null));
    expect(written(outcomes[index]).held).toEqual([key[0], ...held]);
  }
});

it('constraints of every kind refuse the record alone, in words that name it', async () => {
  await using stage = await openStage([
    'create extension btree_gist',
    `create domain short as text not null check (length(value) < 5)`,
    `create table parent (id integer primary key)`,
    `create table item (id integer primary key, name varchar(3), amount numeric(4,2) check (amount > 0), code short default 'x',
      during int4range, parent integer references parent, needed text not null, constraint no_overlap exclude using gist (during with &&))`,
    `insert into parent values (1)`,
    `insert into item values (1, 'a', 1, 'c', '[1,5)', 1, 'x')`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name', 'amount', 'code', 'during', 'parent', 'needed']);
  const good = { needed: 'x' };
  const outcomes = await stage.write(table, [
    insertOf({ id: '10', ...good, name: 'long' }),
    insertOf({ id: '11', ...good, amount: '100' }),
    insertOf({ id: '12', ...good, amount: '-1' }),
    insertOf({ id: '13', ...good, code: 'longer' }),
    insertOf({ id: '14', ...good, code: null }),
    insertOf({ id: '15', ...good, during: '[4,9)' }),
    insertOf({ id: '16', ...good, parent: '77' }),
    insertOf({ id: '17' }),
    insertOf({ id: '18', ...good, name: 'ok' }),
  ]);
  expect(outcomes.slice(0, 8).map((outcome) => refused(outcome))).toMatchObject([
    { code: 'value-too-long', params: { column: 'name', limit: 3, length: 4, value: 'long' } },
    { code: 'value-invalid', params: { column: 'amount', value: '100' } },
    { code: 'constraint-violated', params: { constraint: 'item_amount_check', column: 'amount', value: '-1' } },
    { code: 'constraint-violated', params: { constraint: 'short_check' } },
    { code: 'required-value-missing', params: { column: 'code' } },
    { code: 'constraint-violated', params: { constraint: 'no_overlap' } },
    {
      code: 'constraint-violated',
      params: { constraint: 'item_parent_fkey', parent: 'parent', columns: ['parent'], values: ['77'] },
    },
    { code: 'required-value-missing', params: { column: 'needed' } },
  ]);
  expect(outcomes[8]?.status).toBe('written');
});

it('a trigger that speaks for itself is quoted', async () => {
  await using stage = await openStage([
    ITEM,
    ITEMS,
    ...TRIGGER(
      'veto',
      `if new.name = 'bad' then raise exception 'Item % is blocked', new.id; end if; return new;`,
      'before update',
    ),
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { name: 'bad' }),
    await updateOf(table, ['2'], { name: 'good' }),
  ]);
  expect(refused(outcomes[0])).toMatchObject({ code: 'constraint-violated', params: { message: 'Item 1 is blocked' } });
  expect(outcomes[1]?.status).toBe('written');
});

it('deferred constraints refuse the record alone, before the transaction ends', async () => {
  await using stage = await openStage([
    'create table node (id integer primary key, parent integer references node deferrable initially deferred, place integer unique deferrable initially deferred)',
    'insert into node select g, null, g from generate_series(1, 3) g',
  ]);
  const table = await stage.table('node', ['id'], ['id', 'parent', 'place']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { parent: '99' }),
    await updateOf(table, ['2'], { place: '3' }),
    await updateOf(table, ['3'], { parent: '2' }),
    insertOf({ id: '11', parent: '12' }),
    insertOf({ id: '12', parent: '11', place: '12' }),
    insertOf({ id: '13', parent: '98' }),
  ]);
  expect(statuses(outcomes)).toEqual(['refused', 'refused', 'written', 'written', 'written', 'refused']);
  expect(refused(outcomes[1]).blockedBy).toEqual(['3']);
});
