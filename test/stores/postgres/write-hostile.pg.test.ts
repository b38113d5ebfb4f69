/** Tables whose triggers, rules, constraints and names do what an app's tables do. */
import { expect, it } from 'vitest';
import { deleteOf, insertOf, openStage, refused, restoreOf, statuses, updateOf, versionOf, written } from './stage.ts';

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

it.for(['u', 'a', 'r', 't', 'asked', 'probe', 'made', 'wanted', 'held'])(
  'a table that is called %s is none of our own names',
  async (name) => {
    await using stage = await openStage([
      `create table ${name} (id integer primary key, title text unique)`,
      `insert into ${name} values (1, 'one'), (2, 'two')`,
    ]);
    const table = await stage.table(name, ['id'], ['id', 'title']);
    const outcomes = await stage.write(table, [
      insertOf({ id: '3', title: 'three' }, [{ columns: ['title'], caseSensitive: false, values: ['THREE'] }]),
      insertOf({ id: '4', title: 'two' }, [{ columns: ['title'], caseSensitive: false, values: ['TWO'] }]),
      await updateOf(table, ['1'], { title: 'two' }),
    ]);
    expect(statuses(outcomes)).toEqual(['written', 'matched', 'refused']);
    expect(refused(outcomes[2]).blockedBy).toEqual(['2']);
  },
);

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
