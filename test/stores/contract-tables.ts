/** Tables and small steps that the sections of the contract suite share. */
import { expect } from 'vitest';
import type { KeyText, RecordKey, Value } from '../../src/domain/record.ts';
import { keyText } from '../../src/domain/record.ts';
import type {
  Cursor,
  Fence,
  LedgerBatch,
  Mark,
  RecordShape,
  Store,
  StoreTable,
  TableName,
  Write,
  WriteBatch,
  WriteOutcome,
} from '../../src/ports/store.ts';
import type { ContractApp, ContractTable, MakeFixture, Row, StoreFixture } from './contract-fixture.ts';

export const READER = 'couplet-contract';
export const LANE = { mapping: 'customers', channel: 'houston' };

export const CUSTOMER: ContractTable = {
  name: 'customer',
  columns: {
    id: { type: 'integer', identity: 'byDefault' },
    code: { type: 'text', required: true },
    name: { type: 'text', maxLength: 20 },
    email: { type: 'text' },
    credit: { type: 'numeric', scale: 2 },
    active: { type: 'boolean', default: 'true' },
    notes: { type: 'text', default: 'none' },
    shout: { type: 'text', upperCaseOf: 'name' },
  },
  primaryKey: ['id'],
  unique: [['code']],
  minimums: { credit: 0 },
};

/** Names that must be taken to the letter, and a key of two columns. */
export const ORDER_LINE: ContractTable = {
  name: 'Order "Line"',
  columns: {
    'Order No': { type: 'text', required: true },
    line: { type: 'integer', required: true },
    'what, exactly': { type: 'text' },
  },
  primaryKey: ['Order No', 'line'],
};

export const CUSTOMER_COLUMNS = ['id', 'code', 'name', 'email', 'credit'] as const;

export function shapeOf(app: ContractApp, table: ContractTable, changes: Partial<RecordShape> = {}): RecordShape {
  const columns = table.name === CUSTOMER.name ? [...CUSTOMER_COLUMNS] : Object.keys(table.columns);
  return { table: app.nameOf(table.name), key: table.primaryKey, columns, filter: null, onCreate: {}, ...changes };
}

/** A customer as the app inserts it. */
export const customer = (id: number, changes: Row = {}): Row => ({
  id: String(id),
  code: `C${id}`,
  name: `Name ${id}`,
  email: `${id}@example.com`,
  credit: '10.00',
  ...changes,
});

export interface Stage extends AsyncDisposable {
  readonly fixture: StoreFixture;
  readonly store: Store;
  readonly app: ContractApp;
  readonly table: StoreTable;
  /** Taken after the capture was installed, before anything was written. */
  readonly cursor: Cursor;
}

/** A fixture with tables made and watched, and a reader that has read everything so far. */
export async function setStage(
  makeFixture: MakeFixture,
  tables: readonly ContractTable[] = [CUSTOMER],
  rows: readonly Row[] = [],
): Promise<Stage> {
  const fixture = await makeFixture();
  const { store, app } = fixture;
  for (const table of tables) await app.createTable(table);
  if (rows.length > 0) await app.insert(tables[0]!.name, rows);
  const watched = tables.map((table) => ({ table: app.nameOf(table.name), keys: [table.primaryKey] }));
  expect((await store.install(watched)).problems).toEqual([]);
  const cursor = await store.currentCursor(READER);
  const table = await store.table(shapeOf(app, tables[0]!));
  return { fixture, store, app, table, cursor, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

export interface WholeWindow {
  readonly marks: readonly Mark[];
  readonly truncated: readonly TableName[];
  readonly cursor: Cursor;
}

/** Page after page until the window is read, each confirmed as the engine does it. */
export async function readAll(store: Store, cursor: Cursor, limit = 1000, reader = READER): Promise<WholeWindow> {
  const marks: Mark[] = [];
  const truncated: TableName[] = [];
  for (let at = cursor; ; ) {
    const page = await store.readWindow(reader, at, limit);
    marks.push(...page.marks);
    truncated.push(...page.truncated);
    at = page.cursor;
    await store.confirm(reader, at);
    if (page.complete) return { marks, truncated, cursor: at };
  }
}

export const keysIn = (marks: readonly Mark[]): KeyText[] => [...new Set(marks.map(({ key }) => keyText(key)))].sort();

/**
 * Follows the marks in their order, as the engine does with its couplings: which key each record has now, and which
 * keys have to be looked at.
 */
export function follow(
  marks: readonly Mark[],
  couplings: ReadonlyMap<string, RecordKey>,
): ReadonlyMap<string, RecordKey> {
  const now = new Map(couplings);
  for (const { key, movedTo } of marks) {
    if (movedTo === null) continue;
    for (const [name, current] of now) if (keyText(current) === keyText(key)) now.set(name, movedTo);
  }
  return now;
}

export async function versionOf(table: StoreTable, key: RecordKey): Promise<string> {
  const { records } = await table.read([key], null);
  const record = records.get(keyText(key));
  if (!record) throw new Error(`No record ${keyText(key)}.`);
  return record.version;
}

export const updateOf = async (table: StoreTable, key: RecordKey, set: Row, note = ''): Promise<Write> => ({
  operation: 'update',
  key,
  version: await versionOf(table, key),
  set: new Map(Object.entries(set)),
  note,
});

export const deleteOf = async (table: StoreTable, key: RecordKey, note = ''): Promise<Write> => ({
  operation: 'delete',
  key,
  version: await versionOf(table, key),
  note,
});

export const insertOf = (set: Row, note = ''): Write => ({
  operation: 'insert',
  set: new Map(Object.entries(set)),
  unless: [],
  note,
});

export const restoreOf = (key: RecordKey, row: Row, set: Row = {}, note = ''): Write => ({
  operation: 'restore',
  key,
  row,
  set: new Map(Object.entries(set)),
  note,
});

let batches = 0;
export const nextBatchId = (): string => `00000000-0000-4000-8000-${String((batches += 1)).padStart(12, '0')}`;

export interface Hand {
  readonly fence: Fence;
  /** Writes a batch and proves that every outcome tells what the store holds. */
  write(table: StoreTable, writes: readonly Write[], changes?: Partial<WriteBatch>): Promise<readonly WriteOutcome[]>;
  readonly found: readonly LedgerBatch[];
}

/** Takes over the lane and writes under its fence. */
export async function takeHand(store: Store, number = 1, lane = LANE): Promise<Hand> {
  const fence = { lane, number };
  const found = await store.takeOver(READER, fence);
  return {
    fence,
    found,
    write: async (table, writes, changes = {}) => {
      const batch = { batchId: nextBatchId(), fence, writes, expectEmpty: false, ...changes };
      const outcomes = await table.write(batch);
      expect(outcomes).toHaveLength(writes.length);
      if (!batch.rehearse) await expectHonest(table, outcomes);
      return outcomes;
    },
  };
}

/** Nobody else writes in between, so what an outcome says must be what a read finds. */
async function expectHonest(table: StoreTable, outcomes: readonly WriteOutcome[]): Promise<void> {
  const carriedOut = outcomes.flatMap((outcome) => (outcome.status === 'written' ? [outcome] : []));
  const { records } = await table.read(
    carriedOut.map(({ key }) => key),
    null,
  );
  const takenAgain = new Set(carriedOut.filter(({ held }) => held !== null).map(({ key }) => keyText(key)));
  for (const { key, version, held } of carriedOut) {
    // A key that a deletion of the same batch left behind may be another record's by now.
    if (held === null && takenAgain.has(keyText(key))) continue;
    const record = records.get(keyText(key));
    expect(record?.values ?? null).toEqual(held);
    if (held !== null) expect(record?.version).toBe(version);
  }
}

export const statuses = (outcomes: readonly WriteOutcome[]): string[] => outcomes.map(({ status }) => status);

export function written(outcome: WriteOutcome | undefined): Extract<WriteOutcome, { status: 'written' }> {
  if (outcome?.status !== 'written') throw new Error(`Not written: ${JSON.stringify(outcome)}`);
  return outcome;
}

export function refused(outcome: WriteOutcome | undefined): Extract<WriteOutcome, { status: 'refused' }>['refusal'] {
  if (outcome?.status !== 'refused') throw new Error(`Not refused: ${JSON.stringify(outcome)}`);
  return outcome.refusal;
}

/** One column of all rows, by another, past the port. */
export async function columnOf(
  app: ContractApp,
  table: string,
  column: string,
  by = 'id',
): Promise<Record<string, Value>> {
  const rows = await app.rows(table);
  return Object.fromEntries(rows.map((row) => [row[by] ?? '', row[column] ?? null]));
}
