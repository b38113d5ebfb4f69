/** What the capture check found is kept while the catalog is as it was: whatever is done to a table between two looks shows. */
import { expect, it } from 'vitest';
import { CAPTURE_CHECK } from '../../../src/stores/postgres/install/capture-check.ts';
import type { DedicatedSession, Rows } from '../../../src/stores/postgres/session/connection.ts';
import { catalogToken, checkCapture, knownCapture } from '../../../src/stores/postgres/capture/known-capture.ts';
import { openPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { openStage, READER } from './stage.ts';

const SETUP = [
  'create table item (id integer primary key, name varchar(10) not null, part integer)',
  'create table part_of_item (check (id > 100)) inherits (item)',
  'create schema elsewhere',
  `insert into item values (1, 'one', 1)`,
];
const ITEM = { table: { schema: 'public', name: 'item' }, keys: [['id']] };

async function quiet(setup: readonly string[] = []) {
  const stage = await openStage([...SETUP, ...setup]);
  const store = openPostgresStore({ side: 'hq', channel: null, url: stage.url });
  expect((await store.install([ITEM])).problems).toEqual([]);
  const cursor = await store.currentCursor(READER);
  const changed = async (): Promise<string[]> =>
    (await store.readWindow(READER, cursor, 10)).changedTables.map(({ difference }) => difference);
  for (let time = 0; time < 4; time += 1) expect(await changed()).toEqual([]);
  return {
    stage,
    store,
    changed,
    async [Symbol.asyncDispose]() {
      await store.close();
      await stage[Symbol.asyncDispose]();
    },
  };
}

const trigger = `(select tgname from pg_trigger where tgrelid = 'item'::regclass and not tgisinternal order by tgname limit 1)`;
const onTrigger = (what: string): string => `do $$ begin execute replace('${what}', '%', ${trigger}); end $$`;

it.for<readonly [string, readonly string[]]>([
  ['a column was added', ['alter table item add column more text']],
  ['a column may be empty now', ['alter table item alter column name drop not null']],
  ['a column is longer, in the same file', ['alter table item alter column name type varchar(20)']],
  ['a column has another name', ['alter table item rename column part to parts']],
  ['a column is gone', ['alter table item drop column part']],
  ['a trigger was disabled', [onTrigger('alter table item disable trigger %')]],
  [
    'a trigger was away for a moment',
    [onTrigger('alter table item disable trigger %'), onTrigger('alter table item enable trigger %')],
  ],
  ['a trigger was dropped', [onTrigger('drop trigger % on item')]],
  ['the rows were rewritten', ['cluster item using item_pkey']],
  ['the table has another name', ['alter table item rename to thing']],
  ['the table is in another schema', ['alter table item set schema elsewhere']],
  ['its schema has another name', ['alter schema public rename to private']],
  ['the table is gone', ['drop table item cascade']],
  ['another took its place', ['alter table item rename to thing', 'create table item (like thing including all)']],
  ['another table belongs to it', ['create table more_items () inherits (item)']],
  ['a table belongs to it no more', ['alter table part_of_item no inherit item']],
  ['a table of it has another column', ['alter table part_of_item add column more text']],
  ['the function is gone', ['drop function couplet.capture_1 cascade']],
])('%s', async ([, statements]) => {
  await using own = await quiet();
  const { stage, changed } = own;
  for (const statement of statements) await stage.sql.unsafe(statement);
  expect(await changed()).toHaveLength(1);
  expect(await changed()).toHaveLength(1);
});

it('what somebody else has accepted is as it should be, and what comes after that shows', async () => {
  await using own = await quiet();
  const { stage, store, changed } = own;
  await stage.sql.unsafe('alter table item add column more text');
  expect(await changed()).toHaveLength(1);
  await store.acceptTables([ITEM.table]);
  for (let time = 0; time < 4; time += 1) expect(await changed()).toEqual([]);
  await stage.sql.unsafe('alter table item add column yet_more text');
  expect(await changed()).toHaveLength(1);
});

it('the capture of an older version is renewed, and what it marked is read', async () => {
  await using own = await quiet();
  const { stage, store, changed } = own;
  const bodies = () => stage.sql`select prosrc from pg_proc where proname = 'capture_1'`;
  const [renewed] = await bodies();
  const cursor = await store.currentCursor(READER);
  await stage.sql`insert into item values (2, 'two', 2)`;
  await stage.sql.unsafe(`comment on schema couplet is 'Couplet capture 1'`);
  await stage.sql.unsafe(
    `create or replace function couplet.capture_1() returns trigger language plpgsql security definer as 'begin return null; end'`,
  );
  expect(await store.isInstalled([ITEM])).toBe(false);
  expect((await store.install([ITEM])).problems).toEqual([]);
  expect(await store.isInstalled([ITEM])).toBe(true);
  expect(await bodies()).toEqual([renewed]);
  await stage.sql`insert into item values (3, 'three', 3)`;
  expect(await changed()).toEqual([]);
  expect((await store.readWindow(READER, cursor, 10)).marks.map(({ key }) => key)).toEqual([['2'], ['3']]);
});

it('the check is asked again only after a change', async () => {
  await using quietly = await quiet();
  await using session = await sessionOf(quietly.stage.connection.openSession());
  let checks = 0;
  const counting: DedicatedSession = {
    ...session.wire,
    query(text, args): Promise<Rows> {
      if (text.includes(CAPTURE_CHECK)) checks += 1;
      return session.wire.query(text, args);
    },
  };
  const look = async (): Promise<boolean> => {
    const known = knownCapture(counting);
    const [row] = await counting.query(`select ${catalogToken(1)}`, [known.relations]);
    const tables = await checkCapture(counting, known, row?.[0] ?? '');
    return tables.length === 1 && tables.every((table) => !table.changed);
  };
  for (let time = 0; time < 5; time += 1) expect(await look()).toBe(true);
  expect(checks).toBe(2);
  await quietly.stage.sql.unsafe('vacuum analyze item');
  expect(await look()).toBe(true);
  expect(checks).toBe(2);
  await quietly.stage.sql.unsafe('create table more_items () inherits (item)');
  expect(await look()).toBe(false);
  expect(await look()).toBe(false);
  expect(checks).toBe(4);
});

async function sessionOf(opening: Promise<DedicatedSession>) {
  const wire = await opening;
  return { wire, [Symbol.asyncDispose]: () => wire.close() };
}
