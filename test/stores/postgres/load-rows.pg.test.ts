/** The first load by COPY: what it may be used for, what it tells, and what sends a batch down the ordinary path. */
import { expect, it } from 'vitest';
import { openPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { LANE, openStage, READER, insertOf, type Stage, statuses, written } from './stage.ts';
import { takeOver } from '../../../src/stores/postgres/write/fence.ts';

const CONTACT = `create table contact (id bigint generated always as identity primary key, code text unique, credit numeric(12,2),
  active boolean, at timestamptz, note varchar(20))`;
const COLUMNS = ['id', 'code', 'credit', 'active', 'at', 'note'];
const VALUES = { credit: '1.50', active: 'true', at: '2026-01-01 00:00:00.5+00', note: 'a\tb\\c\n"d"' };
const matching = (code: string) => [{ columns: ['code'], caseSensitive: true, values: [code] }];
const contact = (code: string, changes: Record<string, string | null> = {}) =>
  insertOf({ ...VALUES, code, ...changes }, matching(code));
const LOAD = { expectEmpty: true };

async function stageWith(...more: string[]): Promise<Stage> {
  const stage = await openStage([CONTACT, ...more]);
  const store = openPostgresStore({ side: 'channel', channel: 'houston', url: stage.url });
  await store.install([{ table: { schema: null, name: 'contact' }, keys: [['id']] }]);
  await store.close();
  return stage;
}

it('what is told of loaded records is what they hold, version and all', async () => {
  await using stage = await stageWith();
  const table = await stage.table('contact', ['id'], COLUMNS);
  const outcomes = await stage.write(table, [contact('a'), contact('b', { note: null, credit: '-0.10' })], LOAD);
  const more = await stage.write(table, [contact('c')], LOAD);
  const told = [...outcomes, ...more].map((outcome) => written(outcome));
  const read = await table.read(
    told.map(({ key }) => key),
    null,
  );
  for (const { key, held, version } of told) {
    const record = read.records.get(JSON.stringify(key));
    expect({ held, version }).toEqual({ held: record?.values, version: record?.version });
  }
});

it('values that the column prints in another way are told as it prints them', async () => {
  await using stage = await stageWith();
  const table = await stage.table('contact', ['id'], COLUMNS);
  const [outcome] = await stage.write(table, [contact('a', { credit: '1.5', at: '2026-01-01 01:00:00+01' })], LOAD);
  expect(written(outcome).held?.slice(1, 5)).toEqual(['a', '1.50', 'true', '2026-01-01 00:00:00+00']);
});

it('a record that the app has made meanwhile is matched again', async () => {
  await using stage = await stageWith();
  const table = await stage.table('contact', ['id'], COLUMNS);
  expect(statuses(await stage.write(table, [contact('a')], LOAD))).toEqual(['written']);
  await stage.sql`insert into contact (code) values ('b')`;
  expect(statuses(await stage.write(table, [contact('b'), contact('c')], LOAD))).toEqual(['matched', 'written']);
  // From then on every batch seeks.
  await stage.sql`insert into contact (code) values ('d')`;
  expect(statuses(await stage.write(table, [contact('d')], LOAD))).toEqual(['matched']);
});

it('a table that holds records when the load begins is never loaded without seeking', async () => {
  await using stage = await stageWith(`insert into contact (code) values ('a')`);
  const table = await stage.table('contact', ['id'], COLUMNS);
  expect(statuses(await stage.write(table, [contact('a'), contact('b')], LOAD))).toEqual(['matched', 'written']);
});

it('what a constraint refuses is refused alone', async () => {
  await using stage = await stageWith('alter table contact add check (length(code) < 5)');
  const table = await stage.table('contact', ['id'], COLUMNS);
  const batch = [contact('a'), contact('much too long'), contact('b', { active: 'perhaps' }), contact('c')];
  expect(statuses(await stage.write(table, batch, LOAD))).toEqual(['written', 'refused', 'refused', 'written']);
  expect(statuses(await stage.write(table, [contact('d')], LOAD))).toEqual(['written']);
  expect(await stage.sql`select code from contact order by code`).toEqual(['a', 'c', 'd'].map((code) => ({ code })));
});

it('what a trigger of the app makes of a record is what is told of it', async () => {
  await using stage = await stageWith(
    `create function louder() returns trigger language plpgsql as $f$ begin update contact set code = upper(code) where id = new.id and code <> upper(code); return null; end $f$`,
    'create trigger louder after insert on contact for each row execute function louder()',
  );
  const table = await stage.table('contact', ['id'], COLUMNS);
  const [outcome] = await stage.write(table, [contact('a')], LOAD);
  expect(written(outcome).held?.[1]).toBe('A');
});

it('each batch of a load is in the ledger with what it did', async () => {
  await using stage = await stageWith();
  const table = await stage.table('contact', ['id'], COLUMNS);
  const outcomes = await stage.write(table, [contact('a'), contact('b')], LOAD);
  const [batch] = await takeOver(stage.connection, stage.readers, READER, { lane: LANE, number: 2 });
  expect(batch?.entries.map(({ outcome }) => outcome)).toEqual(outcomes);
});

it('a trigger made after the table was opened is noticed when an update returns', async () => {
  await using stage = await stageWith(`insert into contact (code) values ('a')`);
  const table = await stage.table('contact', ['id'], COLUMNS);
  await stage.sql.unsafe(
    `create function later() returns trigger language plpgsql as $f$ begin update contact set note = 'seen' where id = new.id and note is distinct from 'seen'; return null; end $f$`,
  );
  await stage.sql.unsafe('create trigger later after update on contact for each row execute function later()');
  const [record] = await table.scan(null, 1);
  if (!record) throw new Error('no record');
  const [outcome] = await stage.write(table, [
    { operation: 'update', key: record.key, version: record.version, set: new Map([['credit', '3.00']]), note: '{}' },
  ]);
  expect(written(outcome).held?.slice(2)).toEqual(['3.00', null, null, 'seen']);
});
