/** Tables whose triggers, rules, constraints and names do what an app's tables do. */
import { expect, it } from 'vitest';
import { openTable } from '../../../src/stores/postgres/open-table.ts';
import {
  batchOf,
  deleteOf,
  insertOf,
  openStage,
  refused,
  restoreOf,
  statuses,
  updateOf,
  versionOf,
  written,
} from './stage.ts';

const TRIGGER = (name: string, body: string, when: string, table = 'item'): string[] => [
  `create function ${name}() returns trigger language plpgsql as $f$ begin ${body} end $f$`,
  `create trigger ${name} ${when} on ${table} for each row execute function ${name}()`,
];
const ITEM = 'create table item (id integer primary key, name text, state text)';
const ITEMS = `insert into item select g, 'n' || g, 'new' from generate_series(1, 4) g`;

it('a BEFORE trigger that changes a row: what it made is held', async () => {
  await using stage = await openStage([
    ITEM,
    ITEMS,
    ...TRIGGER('upper_name', 'new.name = upper(new.name); return new;', 'before insert or update'),
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { name: 'soft' }),
    insertOf({ id: '9', name: 'new' }),
  ]);
  expect(outcomes.map((outcome) => written(outcome).held)).toEqual([
    ['1', 'SOFT'],
    ['9', 'NEW'],
  ]);
  expect(written(outcomes[0]).old).toEqual(['1', 'n1']);
});

it('an AFTER trigger and a deferred one: what they made is held, with the version that others read', async () => {
  await using stage = await openStage([
    ITEM,
    ITEMS,
    ...TRIGGER(
      'stamp',
      `update item set state = 'stamped' where id = new.id and state <> 'stamped'; return null;`,
      'after update',
    ),
    `create function late() returns trigger language plpgsql as $f$ begin
      update item set name = name || '!' where id = new.id and name not like '%!'; return null; end $f$`,
    'create constraint trigger late after insert or update on item deferrable initially deferred for each row execute function late()',
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name', 'state']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { name: 'x' }),
    insertOf({ id: '9', name: 'y', state: 'a' }),
  ]);
  expect(outcomes.map((outcome) => written(outcome).held)).toEqual([
    ['1', 'x!', 'stamped'],
    ['9', 'y!', 'stamped'],
  ]);
  expect(written(outcomes[0]).version).toBe(await versionOf(table, ['1']));
  expect(written(outcomes[1]).version).toBe(await versionOf(table, ['9']));
});

it('a trigger that swallows updates, deletes and inserts: suppressed, and the others are written', async () => {
  await using stage = await openStage([
    ITEM,
    ITEMS,
    ...TRIGGER(
      'guard',
      `if tg_op = 'DELETE' then if old.id = 2 then return null; end if; return old; end if;
       if new.name = 'swallow' then return null; end if; return new;`,
      'before insert or update or delete',
    ),
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { name: 'swallow' }),
    await updateOf(table, ['3'], { name: 'fine' }),
    await deleteOf(table, ['2']),
    await deleteOf(table, ['4']),
    insertOf({ id: '10', name: 'swallow' }),
    insertOf({ id: '11', name: 'fine' }),
  ]);
  expect(statuses(outcomes)).toEqual(['suppressed', 'written', 'suppressed', 'written', 'suppressed', 'written']);
});

it('a trigger that takes a row away after it was written: the record has moved', async () => {
  await using stage = await openStage([
    ITEM,
    ITEMS,
    ...TRIGGER(
      'archive',
      `if new.state = 'closed' then delete from item where id = new.id; end if; return null;`,
      'after update',
    ),
  ]);
  const table = await stage.table('item', ['id'], ['id', 'state']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { state: 'closed' }),
    await updateOf(table, ['2'], { state: 'open' }),
  ]);
  expect(statuses(outcomes)).toEqual(['moved', 'written']);
});

it('a trigger that gives a row another key: the outcome names it', async () => {
  await using stage = await openStage([
    ITEM,
    ITEMS,
    ...TRIGGER(
      'rekey',
      `if new.state = 'move' then new.id = new.id + 100; new.state = 'moved'; end if; return new;`,
      'before update',
    ),
  ]);
  const table = await stage.table('item', ['id'], ['id', 'state']);
  const [outcome] = await stage.write(table, [await updateOf(table, ['1'], { state: 'move' })]);
  expect(written(outcome)).toMatchObject({ key: ['101'], held: ['101', 'moved'] });
});

it('a trigger that gives every new record its key, whatever default or key was given: each outcome has its own', async () => {
  await using stage = await openStage([
    'create table ticket (no bigint generated always as identity primary key, title text unique)',
    'create sequence ticket_no start 1000',
    ...TRIGGER('number_ticket', `new.no = nextval('ticket_no'); return new;`, 'before insert', 'ticket'),
  ]);
  const table = await stage.table('ticket', ['no'], ['no', 'title']);
  const titles = Array.from({ length: 250 }, (_, index) => `t${(index * 37) % 250}`);
  const outcomes = await stage.write(table, [...titles.map((title) => insertOf({ title })), insertOf({ title: 't0' })]);
  expect(outcomes.slice(0, -1).map((outcome) => written(outcome).held?.[1])).toEqual(titles);
  expect(refused(outcomes.at(-1)).code).toBe('constraint-violated');
  expect(new Set(outcomes.slice(0, -1).map((outcome) => written(outcome).key[0])).size).toBe(250);
});

it('a trigger that swallows and assigns keys at once leaves nothing behind of what it swallowed', async () => {
  await using stage = await openStage([
    'create table ticket (no bigint primary key, title text)',
    'create table side_note (title text)',
    'create sequence ticket_no',
    ...TRIGGER(
      'number_ticket',
      `new.no = nextval('ticket_no'); insert into side_note values (new.title);
       if new.title = 'swallow' then return null; end if; return new;`,
      'before insert',
      'ticket',
    ),
  ]);
  const table = await stage.table('ticket', ['no'], ['no', 'title']);
  const outcomes = await stage.write(
    table,
    ['a', 'swallow', 'b'].map((title) => insertOf({ title })),
  );
  expect(statuses(outcomes)).toEqual(['written', 'suppressed', 'written']);
  expect(await stage.sql`select title from side_note order by title`).toEqual([{ title: 'a' }, { title: 'b' }]);
});

it('a trigger that reroutes rows into a child table: they are written where it put them', async () => {
  await using stage = await openStage([
    'create table item (id serial primary key, name text)',
    'create table item_a (primary key (id)) inherits (item)',
    ...TRIGGER('route', 'insert into item_a values (new.*); return null;', 'before insert'),
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const outcomes = await stage.write(table, [insertOf({ name: 'one' }), insertOf({ name: 'two' })]);
  expect(outcomes.map((outcome) => written(outcome).held?.[1])).toEqual(['one', 'two']);
  const update = await stage.write(table, [await updateOf(table, written(outcomes[0]).key, { name: 'ONE' })]);
  expect(statuses(update)).toEqual(['written']);
  expect(await stage.sql`select name from only item_a order by name`).toEqual([{ name: 'ONE' }, { name: 'two' }]);
});

it('rules that do nothing or something else: suppressed, or written as the rule wrote it', async () => {
  await using stage = await openStage([
    ITEM,
    ITEMS,
    `create rule no_delete as on delete to item do instead nothing`,
    `create rule quiet as on update to item where new.name = 'quiet' do instead nothing`,
    `create rule other_insert as on insert to item where new.name = 'other' do instead insert into item values (new.id, 'by rule', 'x')`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const outcomes = await stage.write(table, [
    await deleteOf(table, ['1']),
    await updateOf(table, ['2'], { name: 'quiet' }),
    await updateOf(table, ['3'], { name: 'loud' }),
  ]);
  expect(statuses(outcomes)).toEqual(['suppressed', 'suppressed', 'written']);
});

it('a partitioned table: rows are found, moved between partitions, and told by version', async () => {
  await using stage = await openStage([
    'create table item (id integer, region text, name text, primary key (id, region)) partition by list (region)',
    `create table item_eu partition of item for values in ('eu')`,
    `create table item_us partition of item for values in ('us')`,
    'alter table item_eu add unique (name)',
    `insert into item values (1, 'eu', 'a'), (2, 'eu', 'b'), (3, 'us', 'c')`,
  ]);
  const table = await stage.table('item', ['id', 'region'], ['id', 'region', 'name']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1', 'eu'], { region: 'us' }),
    await updateOf(table, ['2', 'eu'], { name: 'B' }),
    await deleteOf(table, ['3', 'us']),
    insertOf({ id: '4', region: 'eu', name: 'd' }),
    insertOf({ id: '5', region: 'eu', name: 'B' }),
  ]);
  expect(statuses(outcomes)).toEqual(['written', 'written', 'written', 'written', 'refused']);
  expect(written(outcomes[0]).key).toEqual(['1', 'us']);
  expect(refused(outcomes[4]).blockedBy).toEqual(['2', 'eu']);
  expect(written(outcomes[0]).version).toBe(await versionOf(table, ['1', 'us']));
});

it('names with capitals, blanks, quotes, dollars and other alphabets are taken to the letter', async () => {
  const odd = 'Ünï "quoted" $1 \'x\' \\ ; --';
  const quoted = `"${odd.replaceAll('"', '""')}"`;
  await using stage = await openStage([
    `create schema ${quoted}`,
    `create table ${quoted}.${quoted} ("Key $1" integer generated always as identity, "at" text, "p0" text, ${quoted} text, primary key ("Key $1", "at"))`,
  ]);
  const table = await stage.table('', ['Key $1', 'at'], [odd, 'at', 'Key $1', 'p0'], {
    table: { schema: odd, name: odd },
    filter: `"p0" is null or ${quoted} = 'in' -- comment`,
  });
  const [first] = await stage.write(table, [insertOf({ at: 'a', [odd]: 'in', p0: 'x' })]);
  expect(written(first).held).toEqual(['in', 'a', '1', 'x']);
  expect((await table.scan(null, 5))[0]?.inFilter).toBe(true);
  const [second] = await stage.write(table, [await updateOf(table, ['1', 'a'], { [odd]: 'out', at: 'b' })]);
  expect(written(second).key).toEqual(['1', 'b']);
  const again = insertOf({ at: 'c', [odd]: 'IN' }, [{ columns: [odd], caseSensitive: false, values: ['out'] }]);
  expect(statuses(await stage.write(table, [again]))).toEqual(['written']);
  expect(await table.count()).toBe(1);
});

it('a filter that uses the names that our statements use sees the columns of its table', async () => {
  await using stage = await openStage([
    'create table item (id integer primary key, at text, c0 text, k0 text, taken text)',
    `insert into item values (1, 'x', 'y', 'z', 'w')`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'at'], {
    filter: `at = 'x' and c0 = 'y' and k0 = 'z' and item.taken = 'w'`,
  });
  expect((await table.read([['1']], null)).records.get('["1"]')?.inFilter).toBe(true);
  const match = [{ columns: ['at'], caseSensitive: true, values: ['x'] }];
  expect(statuses(await stage.write(table, [insertOf({ id: '2' }, match)]))).toEqual(['matched']);
  expect(await table.match({ columns: ['at'], caseSensitive: false, probes: [['X']], limitPerProbe: 1 })).toHaveLength(
    1,
  );
});

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
    { code: 'constraint-violated', params: { constraint: 'item_amount_check' } },
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

it('generated columns are left alone, in updates, inserts and restores', async () => {
  await using stage = await openStage([
    'create table item (id integer primary key, name text, shout text generated always as (upper(name)) stored)',
    `insert into item values (1, 'a')`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name', 'shout']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { name: 'b', shout: 'no' }),
    insertOf({ id: '2', name: 'c', shout: 'no' }),
    restoreOf(['3'], { id: '3', name: 'd', shout: 'no', dropped: 'a column of old' }, { name: 'e' }),
  ]);
  expect(outcomes.map((outcome) => written(outcome).held)).toEqual([
    ['1', 'b', 'B'],
    ['2', 'c', 'C'],
    ['3', 'e', 'E'],
  ]);
});
