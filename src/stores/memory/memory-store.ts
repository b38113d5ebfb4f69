/** The memory store seen through the port: a second kind of store, and the one that property tests run against. */
import { FenceLost, StoreRefused } from '../../errors/store-faults.ts';
import type { Side } from '../../domain/record.ts';
import type { Fence, Lane, LedgerBatch, RecordShape, Store, StoreCapabilities, StoreTable } from '../../ports/store.ts';
import { acceptTables, confirm, install, isInstalled, readWindow, uninstall } from './capture.ts';
import { formatCursor, startReader } from './cursor.ts';
import type { MemoryDatabase } from './database.ts';
import { assertReachable } from './database.ts';
import { checkFilter, describeTables } from './describe-tables.ts';
import type { BoundShape } from './read-records.ts';
import {
  arrivedAmong,
  cascadesOf,
  countRecords,
  matchRecords,
  readRecords,
  scanRecords,
  searchRecords,
} from './read-records.ts';
import { digestEach, digestOf } from './digest-records.ts';
import { displayTable, nameOfTable, tableText } from './table-definition.ts';
import { waitForMarks } from './wait-for-marks.ts';
import { laneText, writeBatch } from './write-batch.ts';

export interface MemoryStore extends Store {
  readonly database: MemoryDatabase;
}

export interface MemoryStoreOptions {
  readonly database: MemoryDatabase;
  readonly side: Side;
  readonly channel: string | null;
  readonly capabilities?: Partial<StoreCapabilities>;
}

const CAPABILITIES: StoreCapabilities = {
  transactions: true,
  choosesKeys: true,
  wakes: true,
  bulkLoad: true,
  maxBatchRecords: 1000,
};

/** Several stores may be opened on one database, as several workers connect to one server. */
export function openMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const { database, side, channel } = options;
  const capabilities = { ...CAPABILITIES, ...options.capabilities };
  let closed = false;
  /** Every method goes through this: a promise in any case, and nothing at all from a store that is down. */
  const ask = async <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    if (closed) throw new Error('This store was closed.');
    assertReachable(database);
    return work();
  };
  return {
    database,
    side,
    channel,
    capabilities,
    identify: () => ask(() => ({ identity: database.state.identity, version: 'memory' })),
    survey: () =>
      ask(() => ({
        tables: [...database.state.tables.values()].map(({ definition }) => nameOfTable(definition)),
        mayInstall: true,
        problems: [],
      })),
    describe: (tables) => ask(() => describeTables(database, tables)),
    checkFilter: (table, filter) => ask(() => checkFilter(database, table, filter)),
    install: (watched) => ask(() => install(database, watched)),
    installScript: () => ask(() => '-- The memory store captures changes without anything being installed by hand.\n'),
    uninstall: () => ask(() => uninstall(database)),
    isInstalled: (watched) => ask(() => isInstalled(database, watched)),
    currentCursor: (reader) => ask(() => formatCursor(startReader(database, reader))),
    readWindow: (reader, cursor, limit) => ask(() => readWindow(database, reader, cursor, limit)),
    confirm: (reader, cursor) => ask(() => confirm(database, reader, cursor)),
    acceptTables: (tables) => ask(() => acceptTables(database, tables)),
    waitForMarks: (_reader, cursor, timeoutMs, signal) => ask(() => waitForMarks(database, cursor, timeoutMs, signal)),
    takeOver: (_reader, fence) => ask(() => takeOver(database, fence)),
    batchesOf: (_reader, lane) => ask(() => ledgerOf(database, lane).map(({ batchId }) => batchId)),
    clearBatches: (batchIds) =>
      ask(() => {
        for (const batchId of batchIds) database.state.ledger.delete(batchId);
      }),
    table: (shape) =>
      ask(() => {
        assertShape(database, shape);
        return openTable(database, shape, capabilities, ask);
      }),
    close: async () => {
      closed = true;
    },
  };
}

function takeOver(database: MemoryDatabase, { lane, number }: Fence): readonly LedgerBatch[] {
  const { fences } = database.state;
  const known = fences.get(laneText(lane));
  if (known !== undefined && known > number) {
    throw new FenceLost('Another worker has taken over this lane.', { ...lane, number, known });
  }
  fences.set(laneText(lane), number);
  return ledgerOf(database, lane);
}

const ledgerOf = ({ state }: MemoryDatabase, lane: Lane): readonly LedgerBatch[] =>
  [...state.ledger.values()].filter((batch) => laneText(batch.lane) === laneText(lane));

function assertShape(database: MemoryDatabase, shape: RecordShape): void {
  const table = database.state.tables.get(tableText(shape.table));
  const name = displayTable(shape.table);
  if (!table) throw new StoreRefused('table-not-found', `There is no table ${name}.`, { table: name });
  for (const column of [...shape.key, ...shape.columns, ...Object.keys(shape.onCreate)]) {
    if (table.definition.columns[column]) continue;
    throw new StoreRefused('column-not-found', `${name} has no column ${column}.`, { table: name, column });
  }
  const problem = shape.filter === null ? null : checkFilter(database, shape.table, shape.filter);
  if (problem) throw new StoreRefused(problem.code, `There is no filter ${shape.filter}.`, problem.params);
}

function openTable(
  database: MemoryDatabase,
  shape: RecordShape,
  capabilities: StoreCapabilities,
  ask: <Result>(work: () => Result) => Promise<Result>,
): StoreTable {
  // Bound anew at each call: the table may have been replaced, or the whole state put back, since the last one.
  const bound = (): BoundShape => {
    assertShape(database, shape);
    return { database, table: database.state.tables.get(tableText(shape.table))!, shape };
  };
  return {
    shape,
    types: shape.columns.map((column) => bound().table.definition.columns[column]!.type),
    read: (keys, since) => ask(() => readRecords(bound(), keys, since)),
    movedTo: (keys, since) => ask(() => arrivedAmong(bound(), keys, since)),
    scan: (after, limit) => ask(() => scanRecords(bound(), after, limit)),
    count: () => ask(() => countRecords(bound())),
    digest: (request) => ask(() => digestOf(bound(), request)),
    digestEach: (request) => ask(() => digestEach(bound(), request)),
    match: (request) => ask(() => matchRecords(bound(), request)),
    search: (text, columns, limit) => ask(() => searchRecords(bound(), text, columns, limit)),
    write: (batch) => ask(() => writeBatch(bound(), batch, capabilities.choosesKeys)),
    cascades: (keys, limit) => ask(() => cascadesOf(bound(), keys, limit)),
  };
}
