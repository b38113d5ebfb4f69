/**
 * A store: one of the two apps whose records Couplet keeps in step.
 *
 * Terms. A *mark* says that a record changed, by key alone. A *window* is the set of marks between two cursors.
 * A *version* is what a conditional write names: the row's `xmin` in PostgreSQL, an ETag elsewhere; opaque here.
 * A *lane* is a mapping and a channel; whoever works it holds its *fence* number. The *ledger* holds, in the store
 * itself and written in the same transaction as the records, what a batch did, until the coupling database has it.
 *
 * No method assumes SQL, transactions over several records, or keys that the caller chooses: what a store can do it
 * says in its capabilities. Every method may throw `StoreUnreachable` (nothing is known to have happened; for a write:
 * ask the ledger) and `StoreRefused` (set-up: rights, missing tables).
 */
import type { KeyText, Params, RecordKey, Side, Value } from '../domain/record.ts';
import type { ValueType } from '../domain/value-type.ts';
import type {
  InstallResult,
  SetupProblem,
  StoreSurvey,
  TableDescription,
  TableName,
  WatchedTable,
} from './store-setup.ts';

export type * from './store-setup.ts';

/** What the engine reads and writes of one table for one mapping. `values` of a record are aligned with `columns`. */
export interface RecordShape {
  readonly table: TableName;
  readonly key: readonly string[];
  /** Distinct; the key columns are among them. */
  readonly columns: readonly string[];
  /** A predicate in the store's own language, read as a boolean column and never put into WHERE. */
  readonly filter: string | null;
  /** Values of unmapped columns for a record that Couplet creates. */
  readonly onCreate: Readonly<Record<string, Value>>;
}

export interface StoreCapabilities {
  /** A record and the ledger are written in one transaction; else a create is announced before it is made. */
  readonly transactions: boolean;
  /** The caller may choose the key of a new record (restore with the same key). */
  readonly choosesKeys: boolean;
  /** The store can be woken; else `waitForMarks` just waits. */
  readonly wakes: boolean;
  /** A batch into an empty table can be loaded in bulk. */
  readonly bulkLoad: boolean;
  readonly maxBatchRecords: number;
}

// ---------------------------------------------------------------- capture

/** Opaque text of the store: where a reader stands. Kept in the coupling database, moved only with `pending`. */
export type Cursor = string;

/** Marks of one record within a window, coalesced. */
export interface Mark {
  readonly table: TableName;
  /** Which of the table's watched keys this is: the index in `WatchedTable.keys`. */
  readonly keyIndex: number;
  readonly key: RecordKey;
  /** The record was deleted at least once in the window, whether or not it exists again. */
  readonly deleted: boolean;
  /** The columns of the last deleted row, as text, by name; null when nothing was deleted. */
  readonly oldRow: Readonly<Record<string, Value>> | null;
  /** The key was changed to this one: the coupling follows the record. `key` then holds the former key. */
  readonly movedTo: RecordKey | null;
}

export interface WindowPage {
  readonly marks: readonly Mark[];
  readonly truncated: readonly TableName[];
  /** Where the reader stands after this page. Equal to the given cursor when nothing was found. */
  readonly cursor: Cursor;
  /** False: the window has more pages; ask again with `cursor` at once. */
  readonly complete: boolean;
  /** Commit time of the oldest mark of the page as the store's clock tells it, for display only. */
  readonly oldestAt: string | null;
  /** Tables whose identity, columns, triggers, children or partitions differ from what was installed. */
  readonly changedTables: readonly { readonly table: TableName; readonly difference: string }[];
}

export interface StoreIdentity {
  /** Names this very store; another value is another store. */
  readonly identity: string;
  readonly version: string;
}

// ---------------------------------------------------------------- reading

export interface StoredRecord {
  readonly key: RecordKey;
  readonly values: readonly Value[];
  readonly version: string;
  readonly inFilter: boolean;
}

export interface ReadResult {
  readonly records: ReadonlyMap<KeyText, StoredRecord>;
  /** Keys with a delete mark that the cursor has not read, up to the very snapshot of this read. */
  readonly deletedSince: ReadonlySet<KeyText>;
  /** Keys with a key-change mark that the cursor has not read: the record lives on under another key, so it is no deletion. */
  readonly movedSince?: ReadonlySet<KeyText>;
  /**
   * True: a key that is not among the records is proven absent. False: the table is not the one that was installed
   * (replaced, truncated), so absence proves nothing.
   */
  readonly absenceProven: boolean;
}

export interface MatchRequest {
  /** All must be equal; null never equals anything. */
  readonly columns: readonly string[];
  readonly caseSensitive: boolean;
  /** One probe per record that seeks a partner; aligned with `columns`. */
  readonly probes: readonly (readonly Value[])[];
  /** At most this many candidates per probe. */
  readonly limitPerProbe: number;
}

export interface MatchCandidate {
  readonly probe: number;
  readonly record: StoredRecord;
}

/**
 * What a digest is made of: per record the JSON array of its key, as `keyText` has it, followed at once by the JSON
 * array of its values, each the column's text or null. A value of several columns is the JSON array of their texts as
 * one text, null when any of them is null; one of no column is null. JSON escapes `"`, `\\` and control characters, in
 * the shortest way, and nothing else.
 */
export interface DigestRequest {
  readonly keys: readonly RecordKey[];
  /** Per value, which columns of the shape. */
  readonly values: readonly (readonly number[])[];
}

/** Of the records inside the filter; absent ones count for nothing. */
export interface RangeDigest {
  readonly records: number;
  /**
   * Of the MD5 of each record's text in UTF-8: its first eight hexadecimal digits as an integer of 32 bits with sign,
   * summed up; a colon; the same of the next eight.
   */
  readonly sum: string;
}

// ---------------------------------------------------------------- writing

export interface Lane {
  readonly mapping: string;
  readonly channel: string;
}

export interface Fence {
  readonly lane: Lane;
  readonly number: number;
}

/** `note` is JSON text that the store keeps in its ledger beside what the write did, and gives back untouched. */
export type Write =
  | {
      readonly operation: 'insert';
      /** By column. Key columns that are not among them are assigned by the store. */
      readonly set: ReadonlyMap<string, Value>;
      /** Do not create if a record matches one of these: the match, repeated within the statement. */
      readonly unless: readonly {
        readonly columns: readonly string[];
        readonly caseSensitive: boolean;
        readonly values: readonly Value[];
      }[];
      readonly note: string;
    }
  | {
      readonly operation: 'restore';
      readonly key: RecordKey;
      /** The captured row, all columns by name; `set` goes over it. Generated columns are left out by the store. */
      readonly row: Readonly<Record<string, Value>>;
      readonly set: ReadonlyMap<string, Value>;
      readonly note: string;
    }
  | {
      readonly operation: 'update';
      readonly key: RecordKey;
      readonly version: string;
      /** What the record holds in this version, aligned with the shape's columns: then the store need not read `old` again. */
      readonly read?: readonly Value[];
      /** Only what changes. */
      readonly set: ReadonlyMap<string, Value>;
      readonly note: string;
    }
  | { readonly operation: 'delete'; readonly key: RecordKey; readonly version: string; readonly note: string };

/** Why a store refused one write. `code` is of the error catalogue. */
export interface Refusal {
  readonly code: string;
  readonly params: Params;
  /** For a unique key: the record that holds it. */
  readonly blockedBy: RecordKey | null;
}

export type WriteOutcome =
  /** `held` is what the row holds at the end of the transaction, triggers and rounding included; null after a delete. */
  | {
      readonly status: 'written';
      readonly key: RecordKey;
      readonly version: string;
      readonly held: readonly Value[] | null;
      /** What the row held before; null for an insert. */
      readonly old: readonly Value[] | null;
      /** After a delete: the whole row, every column by name, for a restore. */
      readonly oldRow: Readonly<Record<string, Value>> | null;
    }
  /** Another version is there now, or none: read and decide again. */
  | { readonly status: 'moved' }
  /** Somebody else holds the row: try again soon. */
  | { readonly status: 'busy' }
  /** A record that matches exists by now: match again. */
  | { readonly status: 'matched' }
  /** The same version is still there: a trigger or rule swallowed the write. */
  | { readonly status: 'suppressed' }
  | { readonly status: 'refused'; readonly refusal: Refusal };

export interface WriteBatch {
  readonly batchId: string;
  readonly fence: Fence;
  readonly writes: readonly Write[];
  /**
   * The caller knows of no record in the table but those that this load, under this fence, has written, and that none
   * of them matches another: the store may load in bulk, without seeking matches, as long as it finds nobody else's
   * record there. What a constraint refuses sends the batch down the ordinary path, which seeks.
   */
  readonly expectEmpty: boolean;
  /** True: everything is done and rolled back; outcomes tell what would have happened. */
  readonly rehearse?: boolean;
}

/** One entry per write that was carried out, in any order. */
export interface LedgerEntry {
  readonly note: string;
  readonly outcome: Extract<WriteOutcome, { status: 'written' }>;
}

export interface LedgerBatch {
  readonly batchId: string;
  readonly lane: Lane;
  readonly entries: readonly LedgerEntry[];
}

/** Rows elsewhere in the store that a delete would take along through foreign keys. */
export interface Cascade {
  /** The key that is to be deleted. */
  readonly of: RecordKey;
  readonly table: TableName;
  /** The table is found by its name alone too, as a mapping may write it. */
  readonly byNameAlone?: boolean;
  /** Keys of the rows that would go, in the given watched key; at most `limit`. */
  readonly keys: readonly RecordKey[];
  readonly count: number;
}

// ---------------------------------------------------------------- the port

export interface StoreTable {
  readonly shape: RecordShape;
  readonly types: readonly ValueType[];

  /** By key, without filter, in one statement: rows, versions, unread delete marks. `since` null: no cursor yet. */
  read(keys: readonly RecordKey[], since: Cursor | null): Promise<ReadResult>;

  /** Of these keys, those that a record has got by a change of its key which the cursor has not read. */
  movedTo(keys: readonly RecordKey[], since: Cursor): Promise<ReadonlySet<KeyText>>;

  /** Pages by key in READ COMMITTED; records outside the filter included. An empty page ends the scan. */
  scan(after: RecordKey | null, limit: number): Promise<readonly StoredRecord[]>;

  /** Exact number of records inside the filter. */
  count(): Promise<number>;

  /** Of the records that are there; computed in the store where it can. */
  digest(request: DigestRequest): Promise<RangeDigest>;
  /** The MD5 of each record's text, in hexadecimal digits; null for one that is absent or outside the filter. */
  digestEach(request: DigestRequest): Promise<readonly (string | null)[]>;

  /** Records inside the filter that match a probe, coupled or not. */
  match(request: MatchRequest): Promise<readonly MatchCandidate[]>;

  /** Records whose key or given columns contain the text, for people who search. */
  search(text: string, columns: readonly string[], limit: number): Promise<readonly StoredRecord[]>;

  /**
   * Carries out a batch; outcomes are aligned with `writes`. One record that cannot be written does not fail the others.
   * Throws `FenceLost` when somebody else holds the lane (nothing is written then).
   */
  write(batch: WriteBatch): Promise<readonly WriteOutcome[]>;

  /** What deleting these records would take along, over all foreign keys, transitively. */
  cascades(keys: readonly RecordKey[], limit: number): Promise<readonly Cascade[]>;
}

export interface Store {
  readonly side: Side;
  /** Null for HQ. */
  readonly channel: string | null;
  readonly capabilities: StoreCapabilities;

  identify(): Promise<StoreIdentity>;
  survey(): Promise<StoreSurvey>;
  /** Null for a table that does not exist. */
  describe(tables: readonly TableName[]): Promise<readonly (TableDescription | null)[]>;
  /** Whether the predicate can be read at all, and whether it could be an index predicate. */
  checkFilter(table: TableName, filter: string): Promise<SetupProblem | null>;

  install(watched: readonly WatchedTable[]): Promise<InstallResult>;
  installScript(watched: readonly WatchedTable[]): Promise<string>;
  uninstall(): Promise<void>;
  isInstalled(watched: readonly WatchedTable[]): Promise<boolean>;

  /** Where a reader begins that has read everything up to now: taken before a first load reads the tables. */
  currentCursor(reader: string): Promise<Cursor>;
  /**
   * The next page of marks after `cursor`, durable in the store already. Throws `LineageBroken` when the store, or
   * the reader, went back in time, was copied or replaced.
   */
  readWindow(reader: string, cursor: Cursor, limit: number): Promise<WindowPage>;
  /** The coupling database has committed `cursor`; marks that every reader has confirmed may go. */
  confirm(reader: string, cursor: Cursor): Promise<void>;
  /** Accepts the tables as they are now, after a full comparison of what had changed. */
  acceptTables(tables: readonly TableName[]): Promise<void>;
  /** Returns when there may be something to read, or after `timeoutMs`, or when aborted. The net below is polling. */
  waitForMarks(reader: string, cursor: Cursor, timeoutMs: number, signal: AbortSignal): Promise<void>;

  /** Raises the fence of the lane; returns the ledger batches found. Throws `FenceLost` if the store knows a higher one. */
  takeOver(reader: string, fence: Fence): Promise<readonly LedgerBatch[]>;
  /** Ids of batches that stand in the ledger: being recorded just now, or left by a holder that is gone. */
  batchesOf(reader: string, lane: Lane): Promise<readonly string[]>;
  /** The coupling database has these batches; they may go. */
  clearBatches(batchIds: readonly string[]): Promise<void>;

  table(shape: RecordShape): Promise<StoreTable>;
  close(): Promise<void>;
}
