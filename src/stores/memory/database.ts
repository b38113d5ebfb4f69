/**
 * The memory store's server: tables with several versions of a row, transactions that commit in any order, and what
 * capture keeps beside them. Everything happens in one thread and at once, so a test decides every interleaving.
 *
 * No clock is read, and chance comes from an injected seed. The generator is deliberately not part of the state: a
 * store that goes back in time and lives on draws other numbers than the life it lost, which is what lineage rests on.
 */
import { StoreUnreachable } from '../../errors/store-faults.ts';
import type { RecordKey, Value } from '../../domain/record.ts';
import type { LedgerBatch, TableName, WatchedTable } from '../../ports/store.ts';
import type { Draw, RowValues, TableDefinition, TableText } from './table-definition.ts';
import { displayTable, nameOfTable, tableText } from './table-definition.ts';

export interface Row {
  readonly id: number;
  /** Number of the transaction that wrote it, as PostgreSQL's xmin. */
  readonly version: string;
  readonly values: RowValues;
}

/** A place for a row: what is committed, and what the one transaction that holds it has made of it. */
export interface Slot {
  committed: Row | null;
  pending: { readonly by: Transaction; readonly row: Row | null } | null;
}

export interface Table {
  readonly text: TableText;
  definition: TableDefinition;
  /** Another value is another table of the same name. */
  oid: number;
  /** Another value is another storage: the table was truncated. */
  generation: number;
  captureOn: boolean;
  readonly slots: Map<number, Slot>;
  readonly sequences: Map<string, bigint>;
  readonly lookups: Map<string, Lookup>;
}

/** Row ids by the values of some columns, of every version alive; entries that no longer hold are dropped when met. */
export interface Lookup {
  readonly columns: readonly string[];
  readonly ignoringCase: boolean;
  readonly rowIds: Map<string, Set<number>>;
}

export interface MarkRow {
  /** Order of writing. Never the order of commits, which is why no cursor rests on it. */
  readonly sequence: number;
  readonly xid: bigint;
  readonly table: TableName;
  readonly operation: 'insert' | 'update' | 'delete' | 'changeKey' | 'truncate';
  readonly keyIndex: number;
  readonly key: RecordKey;
  readonly newKey: RecordKey | null;
  readonly oldRow: Readonly<Record<string, Value>> | null;
  readonly at: string | null;
}

export interface Transaction {
  /** Drawn at the first write, as in PostgreSQL: a transaction that only reads has no number. */
  xid: bigint | null;
  state: 'open' | 'committed' | 'rolledBack';
  readonly undo: (() => void)[];
  readonly marks: MarkRow[];
  /** What others shall see only once it is committed, besides rows and marks. */
  readonly atCommit: (() => void)[];
  /** Constraints are looked at together, by `checkDeferred`, instead of at each row. */
  deferring: boolean;
  readonly unchecked: { readonly table: Table; readonly rowId: number; readonly before: Row | null }[];
  /** The rows that it holds, so that a commit does not walk through whole tables. */
  readonly held: Map<Table, Set<number>>;
}

/** How far a transaction had come; everything after it can be taken back. */
export interface Savepoint {
  readonly undo: number;
  readonly marks: number;
  readonly atCommit: number;
  readonly unchecked: number;
}

/** Where rows are changed, and by whom. */
export interface Work {
  readonly database: MemoryDatabase;
  readonly transaction: Transaction;
}

/** What a table looked like when it was installed or accepted. */
export interface Baseline {
  readonly oid: number;
  readonly generation: number;
  readonly columns: string;
}

/** A reader: the position that it has confirmed, and those handed out since. */
export interface ReaderRow {
  readonly advances: number;
  readonly nonce: string;
  readonly cursor: string;
  readonly issued: readonly { readonly advances: number; readonly nonce: string }[];
}

export interface DatabaseState {
  identity: string;
  nextXid: bigint;
  nextSequence: number;
  nextRowId: number;
  nextOid: number;
  readonly tables: Map<TableText, Table>;
  marks: MarkRow[];
  installed: boolean;
  readonly watched: Map<TableText, WatchedTable>;
  readonly baselines: Map<TableText, Baseline>;
  readonly readers: Map<string, ReaderRow>;
  readonly fences: Map<string, number>;
  readonly ledger: Map<string, LedgerBatch>;
}

/** The memory store's language of filters: a name, and what it stands for. Null counts as false, as in SQL. */
export type Predicates = Readonly<Record<string, (row: RowValues) => boolean | null>>;

export interface MemoryDatabase {
  state: DatabaseState;
  readonly predicates: Predicates;
  readonly draw: Draw;
  readonly now: () => string | null;
  readonly open: Set<Transaction>;
  /** Called whenever marks were committed. */
  readonly sleepers: Set<() => void>;
  reachable: boolean;
}

export interface MemoryDatabaseOptions {
  readonly tables?: readonly TableDefinition[];
  readonly predicates?: Predicates;
  readonly seed?: number;
  /** Time for display only; without it the store tells none. */
  readonly now?: () => string | null;
}

/** Mulberry32: 32 bits of state are plenty for tests, and the same seed gives the same run everywhere. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const drawNonce = (draw: Draw): string =>
  [0, 1, 2, 3]
    .map(() =>
      Math.floor(draw() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');

export function createMemoryDatabase(options: MemoryDatabaseOptions = {}): MemoryDatabase {
  const draw = drawFrom(options.seed ?? 1);
  const database: MemoryDatabase = {
    state: {
      identity: drawNonce(draw),
      nextXid: 100n,
      nextSequence: 1,
      nextRowId: 1,
      nextOid: 1,
      tables: new Map(),
      marks: [],
      installed: false,
      watched: new Map(),
      baselines: new Map(),
      readers: new Map(),
      fences: new Map(),
      ledger: new Map(),
    },
    predicates: options.predicates ?? {},
    draw,
    now: options.now ?? (() => null),
    open: new Set(),
    sleepers: new Set(),
    reachable: true,
  };
  for (const definition of options.tables ?? []) createTable(database, definition);
  return database;
}

export function createTable(database: MemoryDatabase, definition: TableDefinition): Table {
  const name = nameOfTable(definition);
  const text = tableText(name);
  const { state } = database;
  if (state.tables.has(text)) throw new Error(`Table ${displayTable(name)} exists.`);
  const table: Table = {
    text,
    definition,
    oid: state.nextOid++,
    generation: 1,
    captureOn: false,
    slots: new Map(),
    sequences: new Map(),
    lookups: new Map(),
  };
  state.tables.set(text, table);
  return table;
}

export function tableOf(database: MemoryDatabase, name: TableName): Table {
  const table = database.state.tables.get(tableText(name));
  if (!table) throw new Error(`There is no table ${displayTable(name)}.`);
  return table;
}

export function assertReachable(database: MemoryDatabase): void {
  if (!database.reachable) throw new StoreUnreachable('The memory store is down.');
}

export function wakeSleepers(database: MemoryDatabase): void {
  for (const wake of [...database.sleepers]) wake();
}
