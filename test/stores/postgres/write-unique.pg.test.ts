/** Unique values: held by others, handed around within a batch, wanted by open transactions; locks and bisecting. */
import { expect, it } from 'vitest';
import type { Write } from '../../../src/ports/store.ts';
import { GATE, shutGate } from '../../support/gate.ts';
import { until } from '../../support/until.ts';
import { insertOf, openStage, deleteOf, refused, restoreOf, statuses, updateOf, written } from './stage.ts';

const PLACES = [
  'create table seat (id integer primary key, place integer unique not null, label varchar(6) unique, note text)',
  `insert into seat select g, g, 'L' || g, 'n' from generate_series(1, 1000) g`,
];

it('a thousand records that each take the place of the next are all written', async () => {
  await using stage = await openStage(PLACES);
  const table = await stage.table('seat', ['id'], ['id', 'place']);
  const { records } = await table.read(
    Array.from({ length: 1000 }, (_, index) => [String(index + 1)]),
    null,
  );
  const writes: Write[] = [...records.values()].map(({ key, version, values }) => ({
    operation: 'update',
    key,
    version,
    set: new Map([['place', String((Number(values[1]) % 1000) + 1)]]),
    note: '',
  }));
  const outcomes = await stage.write(table, writes);
  expect(new Set(statuses(outcomes))).toEqual(new Set(['written']));
  expect(await stage.sql`select count(*)::int as moved from seat where place = id % 1000 + 1`).toEqual([
    { moved: 1000 },
  ]);
});

it('exchanges of different columns, chains that end in the open, and one that a check forbids are told apart', async () => {
  await using stage = await openStage([...PLACES, `alter table seat add check (id <> 5 or place < 100)`]);
  const table = await stage.table('seat', ['id'], ['id', 'place', 'label', 'note']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { place: '2', note: 'x' }),
    await updateOf(table, ['2'], { place: '1' }),
    await updateOf(table, ['3'], { label: 'L4' }),
    await updateOf(table, ['4'], { label: 'L3', note: 'y' }),
    await updateOf(table, ['5'], { place: '106' }),
    await updateOf(table, ['106'], { place: '5' }),
    await updateOf(table, ['7'], { label: 'L8' }),
    await updateOf(table, ['8'], { label: 'free' }),
    await updateOf(table, ['9'], { place: '10' }),
  ]);
  expect(statuses(outcomes)).toEqual([
    ...['written', 'written', 'written', 'written', 'refused', 'refused', 'written', 'written', 'refused'],
  ]);
  expect(refused(outcomes[4]).code).toBe('constraint-violated');
  expect(refused(outcomes[8])).toMatchObject({
    blockedBy: ['10'],
    params: { constraint: 'seat_place_key', column: 'place', value: '10' },
  });
  const rows = await stage.sql`select id, place, label from seat where id in (1, 2, 3, 4, 7, 8) order by id`;
  expect(rows.map(({ id, place, label }) => [id, place, label])).toEqual([
    [1, 2, 'L1'],
    [2, 1, 'L2'],
    [3, 3, 'L4'],
    [4, 4, 'L3'],
    [7, 7, 'L8'],
    [8, 8, 'free'],
  ]);
});

it('keys may be exchanged like any unique value', async () => {
  await using stage = await openStage(PLACES);
  const table = await stage.table('seat', ['id'], ['id', 'note']);
  await stage.sql`update seat set note = 'was ' || id where id < 3`;
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { id: '2' }),
    await updateOf(table, ['2'], { id: '1' }),
  ]);
  expect(outcomes.map((outcome) => written(outcome).held)).toEqual([
    ['2', 'was 1'],
    ['1', 'was 2'],
  ]);
});

it('a swallowed step of an exchange leaves no stand-in value behind', async () => {
  await using stage = await openStage([
    ...PLACES,
    `create function guard() returns trigger language plpgsql as $f$ begin if new.place = 2 then return null; end if; return new; end $f$`,
    'create trigger guard before update on seat for each row execute function guard()',
  ]);
  const table = await stage.table('seat', ['id'], ['id', 'place']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['1'], { place: '2' }),
    await updateOf(table, ['2'], { place: '1' }),
  ]);
  expect(statuses(outcomes)).toEqual(['refused', 'refused']);
  expect(await stage.sql`select id, place from seat where id < 3 order by id`).toEqual([
    { id: 1, place: 1 },
    { id: 2, place: 2 },
  ]);
});

it('partial and expression indexes name the record in the way', async () => {
  await using stage = await openStage([
    'create table person (id integer primary key, email text, gone boolean not null default false)',
    'create unique index person_email on person (lower(email)) where not gone',
    `insert into person values (1, 'Ann@x', false), (2, 'bo@x', false), (3, 'cy@x', true)`,
  ]);
  const table = await stage.table('person', ['id'], ['id', 'email', 'gone']);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['2'], { email: 'ANN@X' }),
    await updateOf(table, ['3'], { email: 'ann@x' }),
    insertOf({ id: '4', email: 'aNN@x' }),
    insertOf({ id: '5', email: 'Cy@x' }),
  ]);
  expect(statuses(outcomes)).toEqual(['refused', 'written', 'refused', 'written']);
  expect(refused(outcomes[0]).blockedBy).toEqual(['1']);
  expect(refused(outcomes[2]).blockedBy).toEqual(['1']);
});

it('a sequence that the app left behind its own keys is passed over', async () => {
  await using stage = await openStage([
    'create table item (id bigint generated by default as identity primary key, name text)',
    `insert into item select g, 'theirs' from generate_series(1, 700) g`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const outcomes = await stage.write(
    table,
    ['a', 'b', 'c'].map((name) => insertOf({ name })),
  );
  expect(outcomes.map((outcome) => written(outcome).held?.[1])).toEqual(['a', 'b', 'c']);
  expect(await table.count()).toBe(703);
});

it('a sequence that is not ours to draw from gives its keys through the insert itself', async () => {
  await using stage = await openStage([
    'create table item (id bigint generated by default as identity primary key, name text)',
    `create function hands_off() returns bigint language plpgsql as $f$ begin
       if current_query() not like 'insert%' then raise insufficient_privilege; end if; return nextval('item_id_seq'); end $f$`,
    'alter table item alter id drop identity',
    'create sequence item_id_seq',
    'alter table item alter id set default hands_off()',
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const outcomes = await stage.write(
    table,
    ['a', 'b'].map((name) => insertOf({ name })),
  );
  expect(outcomes.map((outcome) => written(outcome).held)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
  ]);
});

it('rows that somebody holds are busy', async () => {
  await using stage = await openStage(PLACES);
  const table = await stage.table('seat', ['id'], ['id', 'place', 'note']);
  await stage.sql.unsafe('create table ticket (seat integer references seat)');
  const writes = [
    await updateOf(table, ['1'], { note: 'ours' }),
    await updateOf(table, ['2'], { note: 'ours' }),
    await updateOf(table, ['3'], { note: 'ours' }),
    await updateOf(table, ['4'], { place: '2000' }),
    await deleteOf(table, ['5']),
    await updateOf(table, ['6'], { note: 'ours' }),
  ];
  await stage.sql
    .begin(async (app) => {
      await app`update seat set note = 'theirs' where id = 1`;
      await app`select from seat where id = 2 for share`;
      // Refers to rows 3 to 5: that hinders neither row 3, nor anything but a change of what others may refer to.
      await app`insert into ticket values (3), (4), (5)`;
      await app`delete from seat where id = 6`;
      const outcomes = await stage.write(table, writes);
      expect(statuses(outcomes)).toEqual(['busy', 'busy', 'written', 'busy', 'busy', 'busy']);
      throw new Error('roll back');
    })
    .catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'roll back') throw error;
    });
  expect(statuses(await stage.write(table, [writes[0]!]))).toEqual(['written']);
});

it('values that an open transaction has taken make one record busy after a short wait, and only that one', async () => {
  await using stage = await openStage(PLACES);
  const table = await stage.table('seat', ['id'], ['id', 'place', 'note']);
  const updates = await Promise.all(
    Array.from({ length: 60 }, (_, index) => updateOf(table, [String(index + 1)], { place: String(5000 + index) })),
  );
  await stage.sql
    .begin(async (app) => {
      await app`insert into seat values (2000, 5007, 'mine', 'x'), (2001, 5043, 'yours', 'x')`;
      const outcomes = await stage.write(table, [
        ...updates,
        insertOf({ id: '2001', place: '6000' }),
        insertOf({ id: '2002', place: '6001' }),
      ]);
      expect(statuses(outcomes).flatMap((status, index) => (status === 'busy' ? [index] : []))).toEqual([7, 43, 60]);
      expect(statuses(outcomes).filter((status) => status === 'written')).toHaveLength(59);
      throw new Error('roll back');
    })
    .catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'roll back') throw error;
    });
});

it('an app that waits for a row of the batch is never made the victim of a deadlock', async () => {
  await using stage = await openStage([
    ...PLACES,
    GATE,
    'alter table seat add check (id <> 3000 or pass_gate())',
    // Shorter than what a session waits for a lock unless told otherwise: a batch that did not give way would be found.
    `do $$ begin execute format('alter database %I set deadlock_timeout = %L', current_database(), '3s'); end $$`,
  ]);
  const table = await stage.table('seat', ['id'], ['id', 'place', 'note']);
  const writes = [await updateOf(table, ['1'], { note: 'ours' }), insertOf({ id: '3000', place: '7000' })];
  await using gate = await shutGate(stage.sql);
  await stage.sql.begin(async (app) => {
    // So that it is the batch that has to give way.
    await app`set local deadlock_timeout = '60s'`;
    await app`insert into seat values (3001, 7000, 'x', 'x')`;
    const writing = stage.write(table, writes);
    writing.catch(() => undefined);
    await until(() => waiting(stage.sql, 'PgSleep'));
    // Waits for row 1, which the batch holds when it comes to wait for place 7000.
    const waits = app`update seat set note = 'theirs' where id = 1`.then(() => 'got it');
    waits.catch(() => undefined);
    await until(() => waiting(stage.sql, 'transactionid'));
    await gate.open();
    expect(statuses(await writing)).toEqual(['written', 'busy']);
    expect(await waits).toBe('got it');
  });
});

it('of a batch in which every record is refused, each has its own reason', async () => {
  await using stage = await openStage([...PLACES, `alter table seat add check (note <> 'bad')`]);
  const table = await stage.table('seat', ['id'], ['id', 'place', 'note']);
  const outcomes = await stage.write(
    table,
    Array.from({ length: 100 }, (_, index) =>
      index % 2 === 0
        ? insertOf({ id: String(index + 2000), place: String(index + 1) })
        : insertOf({ id: String(index + 2000), place: String(index + 9000), note: 'bad' }),
    ),
  );
  for (const [index, outcome] of outcomes.entries()) {
    expect(refused(outcome).params['constraint']).toBe(index % 2 === 0 ? 'seat_place_key' : 'seat_note_check');
    expect(refused(outcome).blockedBy).toEqual(index % 2 === 0 ? [String(index + 1)] : null);
  }
});

it('a restored record whose key somebody else has taken is refused with that key', async () => {
  await using stage = await openStage(PLACES);
  const table = await stage.table('seat', ['id'], ['id', 'place', 'note']);
  const [outcome] = await stage.write(table, [restoreOf(['1'], { id: '1', place: '99999', label: 'new', note: null })]);
  expect(refused(outcome).blockedBy).toEqual(['1']);
});

it('new records that would match each other are one creation and one match', async () => {
  await using stage = await openStage(['create table person (id serial primary key, email text)']);
  const table = await stage.table('person', ['id'], ['id', 'email']);
  const person = (email: string) =>
    insertOf({ email }, [{ columns: ['email'], caseSensitive: false, values: [email] }]);
  const outcomes = await stage.write(table, [person('a@x'), person('A@X'), person('b@x')]);
  expect(statuses(outcomes)).toEqual(['written', 'matched', 'written']);
});

async function waiting(sql: Awaited<ReturnType<typeof openStage>>['sql'], event: string): Promise<boolean> {
  const found = await sql`select from pg_stat_activity where wait_event = ${event} and datname = current_database()`;
  return found.length > 0;
}
