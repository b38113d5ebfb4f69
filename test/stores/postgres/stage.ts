/** A database with an app's tables, the capture's own tables, and a hand that writes a lane. */
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { keyText } from '../../../src/domain/record.ts';
import type { RecordKey, Value } from '../../../src/domain/record.ts';
import type {
  RecordShape,
  StoredRecord,
  StoreTable,
  Write,
  WriteBatch,
  WriteOutcome,
} from '../../../src/ports/store.ts';
import { CAPTURE_STATEMENTS } from '../../../src/stores/postgres/install/capture-sql.ts';
import { openConnection } from '../../../src/stores/postgres/session/connection.ts';
import type { Connection, ConnectionSettings } from '../../../src/stores/postgres/session/connection.ts';
import { laneReaders, takeOver } from '../../../src/stores/postgres/write/fence.ts';
import type { LaneReaders } from '../../../src/stores/postgres/write/fence.ts';
import { openTable } from '../../../src/stores/postgres/open-table.ts';
import { createDatabase, ensureTemplate } from '../../support/database.ts';

export const READER = 'reader-1';
export const LANE = { mapping: 'customers', channel: 'houston' };

export interface Stage extends AsyncDisposable {
  readonly sql: postgres.Sql;
  readonly url: string;
  readonly connection: Connection;
  readonly readers: LaneReaders;
  table(
    name: string,
    key: readonly string[],
    columns: readonly string[],
    changes?: Partial<RecordShape>,
  ): Promise<StoreTable>;
  /** A session of another user, who has these rights and those on the capture's tables. */
  as(rights: readonly string[]): Promise<Connection>;
  /** Under fence number 1 of `LANE`. */
  write(table: StoreTable, writes: readonly Write[], changes?: Partial<WriteBatch>): Promise<readonly WriteOutcome[]>;
}

/** `setup` are the app's own statements, run as its owner. */
export async function openStage(setup: readonly string[], settings: Partial<ConnectionSettings> = {}): Promise<Stage> {
  const template = await ensureTemplate('postgres_store_stage', async (url) => {
    const connection = openConnection({ url });
    await connection.once('create schema couplet');
    for (const text of CAPTURE_STATEMENTS) await connection.once(text);
    await connection.close();
  });
  const database = await createDatabase({ template });
  // The tests sign in as a user of the same name as the capture's schema, which would otherwise come first.
  const sql = postgres(database.url, { max: 8, onnotice: () => undefined, connection: { search_path: 'public' } });
  for (const text of setup) await sql.unsafe(text);
  const connection = openConnection({ url: `${database.url}?search_path=public`, ...settings });
  const roles: { readonly name: string; readonly connection: Connection }[] = [];
  const readers = laneReaders();
  await takeOver(connection, readers, READER, { lane: LANE, number: 1 });
  return {
    sql,
    url: `${database.url}?search_path=public`,
    connection,
    readers,
    table: (name, key, columns, changes = {}) =>
      openTable(
        connection,
        { table: { schema: null, name }, key, columns, filter: null, onCreate: {}, ...changes },
        readers,
      ),
    as: async (rights) => {
      const name = `role_${randomUUID().replaceAll('-', '')}`;
      await sql.unsafe(`create role ${name} login password 'x'; grant usage on schema couplet to ${name};
        grant select, insert, update, delete on all tables in schema couplet to ${name};
        ${rights.map((right) => `grant ${right} to ${name}`).join(';')}`);
      const url = `${database.url.replace(/\/\/[^@]*@/, `//${name}:x@`)}?search_path=public`;
      const role = { name, connection: openConnection({ url, maxSessions: 1 }) };
      roles.push(role);
      return role.connection;
    },
    write: (table, writes, changes = {}) => table.write(batchOf(writes, changes)),
    [Symbol.asyncDispose]: async () => {
      for (const role of roles) {
        await role.connection.close();
        await sql.unsafe(`drop owned by ${role.name}; drop role ${role.name}`);
      }
      await connection.close();
      await sql.end({ timeout: 1 });
      await database[Symbol.asyncDispose]();
    },
  };
}

export const batchOf = (writes: readonly Write[], changes: Partial<WriteBatch> = {}): WriteBatch => ({
  batchId: randomUUID(),
  fence: { lane: LANE, number: 1 },
  writes,
  expectEmpty: false,
  ...changes,
});

export type Values = Readonly<Record<string, Value>>;

async function recordOf(table: StoreTable, key: RecordKey): Promise<StoredRecord> {
  const record = (await table.read([key], null)).records.get(keyText(key));
  if (!record) throw new Error(`No record ${keyText(key)}`);
  return record;
}

export const versionOf = async (table: StoreTable, key: RecordKey): Promise<string> =>
  (await recordOf(table, key)).version;

/** As the engine writes: it has read what it changes. */
export async function updateOf(table: StoreTable, key: RecordKey, set: Values, note = 'note'): Promise<Write> {
  const { version, values } = await recordOf(table, key);
  return { operation: 'update', key, version, read: values, set: new Map(Object.entries(set)), note };
}

export const deleteOf = async (table: StoreTable, key: RecordKey, note = 'note'): Promise<Write> => ({
  operation: 'delete',
  key,
  version: await versionOf(table, key),
  note,
});

type Insert = Extract<Write, { operation: 'insert' }>;

export const insertOf = (set: Values, unless: Insert['unless'] = [], note = 'note'): Insert => ({
  operation: 'insert',
  set: new Map(Object.entries(set)),
  unless,
  note,
});

export const restoreOf = (key: RecordKey, row: Values, set: Values = {}): Write => ({
  operation: 'restore',
  key,
  row,
  set: new Map(Object.entries(set)),
  note: 'note',
});

export const statuses = (outcomes: readonly WriteOutcome[]): string[] => outcomes.map(({ status }) => status);

export function written(outcome: WriteOutcome | undefined): Extract<WriteOutcome, { status: 'written' }> {
  if (outcome?.status !== 'written') throw new Error(`Not written: ${JSON.stringify(outcome)}`);
  return outcome;
}

export function refused(outcome: WriteOutcome | undefined): Extract<WriteOutcome, { status: 'refused' }>['refusal'] {
  if (outcome?.status !== 'refused') throw new Error(`Not refused: ${JSON.stringify(outcome)}`);
  return outcome.refusal;
}
