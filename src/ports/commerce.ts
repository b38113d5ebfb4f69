/**
 * What commerce needs from outside: the operation tables of a channel store, and the operations as the coupling database
 * keeps them. Terms: an *operation* is a row that a channel wrote; it is never changed, corrections lie beside it. The
 * *GUID* names the customer from the first moment on, before it has a number.
 */
import type { OperationName } from '../domain/describe-change.ts';
import type { OperationPart, OperationRow } from '../domain/operation-row.ts';
import type { Json, Params, RecordKey, Value } from '../domain/record.ts';
import type { OperationStatus } from '../domain/terms.ts';
import type { AsyncRecord, OperationOutcome, OperationResolution } from './operation-outcome.ts';
import type { Page, PageRequest } from './queries.ts';
import type { Lane, TableName } from './store.ts';

// ---------------------------------------------------------------- configuration

export interface CommerceRules {
  /** The mapping of customers. */
  readonly customers: string;
  readonly parts: Readonly<Partial<Record<Exclude<OperationPart, 'customers'>, string>>>;
  readonly account: {
    readonly column: string;
    readonly numbering:
      | { readonly kind: 'store' }
      | { readonly kind: 'format'; readonly before: string; readonly digits: number; readonly after: string };
  };
  readonly asyncAccount: { readonly hq: string; readonly channel: string };
  readonly channels: Readonly<Record<string, { readonly createAsynchronously: boolean; readonly schema: string }>>;
  readonly tries: number;
  readonly deactivateCustomer: { readonly column: string; readonly value: Value } | null;
}

// ---------------------------------------------------------------- the channel's tables

export interface OperationTable {
  readonly part: OperationPart;
  readonly table: TableName;
  /** Beside the columns of every operation table: name, and the type as the store prints it. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export interface NewOperationRow {
  readonly part: OperationPart;
  readonly guid: string;
  readonly operation: 1 | 2 | 3;
  readonly changedColumns: readonly string[] | null;
  readonly createdBy: string | null;
  readonly values: Readonly<Record<string, Value>>;
}

/** The operation tables of one channel store. Throws the faults of a store. */
export interface OperationStore {
  /** Makes what is missing, tables and columns; what is there is used as it is. */
  install(tables: readonly OperationTable[]): Promise<void>;
  script(tables: readonly OperationTable[]): string;
  /** Rows that HQ does not have yet, as the channel says. */
  open(table: TableName): Promise<readonly { readonly counter: string; readonly at: string }[]>;
  /** Of the rows that HQ does not have yet: whose they are, where a column contains the text, newest first. */
  openCustomers(table: TableName, columns: readonly string[], text: string, limit: number): Promise<readonly string[]>;
  /** Counters of the rows of these customers that HQ does not have yet, in their order. */
  openOf(table: TableName, guids: readonly string[]): Promise<readonly string[]>;
  /** The highest counter that was given; 0 when none was. */
  newest(table: TableName): Promise<string>;
  /** HQ has them. Again does no harm. */
  complete(table: TableName, counters: readonly string[]): Promise<void>;
  /** What a till does: all rows or none. */
  append(tables: readonly OperationTable[], rows: readonly NewOperationRow[]): Promise<void>;
  /** What the channel was told of features and settings; empty where it never was. */
  configuration(schema: string): Promise<ReadonlyMap<string, Json>>;
  /** Tells it; returns how many entries are news to it. */
  configure(schema: string, entries: Readonly<Record<string, Json>>): Promise<number>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- operations

export interface OperationEdit {
  readonly at: string;
  readonly actor: string | null;
  readonly name: string;
  readonly old: Value;
  readonly new: Value;
}

/** By field, what HQ and channel held when they last agreed. */
export type RecordedBase = Readonly<Record<string, readonly [hq: Value, channel: Value]>>;

export interface OperationStep {
  readonly at: string;
  readonly status: OperationStatus;
  readonly code: string | null;
  readonly jobId: string | null;
  readonly session: string | null;
}

export interface CustomerOperation {
  readonly id: string;
  readonly channel: string;
  readonly part: OperationPart;
  readonly counter: string;
  readonly guid: string | null;
  readonly name: OperationName | null;
  readonly status: OperationStatus;
  readonly operationTimestamp: string;
  readonly receivedAt: string;
  readonly createdBy: string | null;
  readonly partKey: string | null;
  readonly row: Readonly<Record<string, Value>>;
  readonly values: Readonly<Record<string, Value>>;
  readonly snapshot: boolean;
  /** By field name: what holds instead of the row's value. */
  readonly corrections: Readonly<Record<string, Value>>;
  readonly edits: readonly OperationEdit[];
  readonly code: string | null;
  readonly params: Params;
  readonly attempts: number;
  readonly customerAccount: string | null;
  readonly couplingId: string | null;
  /** Whether 1010 has brought the customer to the channel; null while there is no coupling. */
  readonly distributed: boolean | null;
  /** The open error of its coupling, which 1010 cannot bring to the channel before it is solved. */
  readonly couplingErrorId: string | null;
  readonly blockedBy: string | null;
  readonly jobId: string | null;
  /**
   * By field name in the channel's form, what the customer (or part) held when the operation was applied; before that,
   * what it was known to hold when the operation was received. Null: nothing was known of it.
   */
  readonly found: Readonly<Record<string, Value>> | null;
  /** What the channel had seen when it recorded the operation; null: nothing was known of the customer (or part). */
  readonly base: RecordedBase | null;
  /** What it is found by; see `domain/operation-terms.ts`. */
  readonly terms: readonly string[];
  /** The synchronization error that shows its conflict. */
  readonly errorId: string | null;
  /** How somebody answered the conflict. */
  readonly resolution: OperationResolution | null;
  /** Whether HQ was written at its word. */
  readonly wrote: boolean;
  readonly dismissal: { readonly at: string; readonly actor: string | null; readonly reason: string } | null;
  readonly editing: { readonly by: string; readonly until: string } | null;
  readonly history: readonly OperationStep[];
  /** Raised with every change; the ETag. */
  readonly revision: number;
}

/** What a person asks of one operation; each is refused when the operation has moved on (`revision`). */
export type OperationChange =
  | {
      readonly kind: 'save';
      readonly corrections: Readonly<Record<string, Value>>;
      readonly edits: readonly OperationEdit[];
      readonly terms: readonly string[];
      /** What HQ still refuses of an operation that has failed: values that were not corrected. */
      readonly left: { readonly code: string; readonly params: Params } | null;
    }
  | { readonly kind: 'edit'; readonly by: string; readonly until: string }
  | { readonly kind: 'release' }
  | { readonly kind: 'dismiss'; readonly actor: string | null; readonly reason: string; readonly at: string }
  | { readonly kind: 'reopen' };

export interface OperationFilter {
  readonly ids: readonly string[] | null;
  readonly channel: readonly string[] | null;
  readonly status: readonly string[] | null;
  readonly operation: readonly string[] | null;
  readonly code: readonly string[] | null;
  readonly causes: readonly OperationCause[] | null;
  readonly account: readonly string[] | null;
  readonly guid: readonly string[] | null;
  readonly couplingId: readonly string[] | null;
  readonly q: string | null;
  readonly since: string | null;
  readonly until: string | null;
  /** Any of the values; compared without regard to case; `*` at the end means a prefix. */
  readonly customerFields: Readonly<Record<string, readonly string[]>>;
  readonly partFields: Readonly<Record<string, readonly string[]>>;
}

/** A cause as `causeOfError` words it, taken apart. */
export interface OperationCause {
  readonly part: OperationPart;
  readonly code: string;
  readonly parts: readonly string[];
}

/** A row as it is received, with what is known of its customer by then. */
export interface ReceivedRow extends OperationRow {
  /** Marked as done: if it is not known, somebody else has carried it out, before Couplet or before a restore of it. */
  readonly completed: boolean;
  readonly account: string | null;
  readonly found: Readonly<Record<string, Value>> | null;
  /** As things are now; what was noted of the row before goes before it. */
  readonly base: RecordedBase | null;
  readonly terms: readonly string[];
}

export interface PulledCounts {
  readonly received: number;
  readonly malformed: number;
  /** Counters that are known with another content: the channel was restored. */
  readonly reused: readonly string[];
}

export interface CommerceDatabase {
  /** Takes rows in and the pending changes away in one transaction; what is known already is left as it is. */
  takeIn(
    lane: Lane,
    part: OperationPart,
    rows: readonly ReceivedRow[],
    done: readonly { readonly id: string; readonly generation: number; readonly key: RecordKey }[],
    jobId: string | null,
  ): Promise<PulledCounts>;
  /** Before 1010 moves bases: those of operations that are not pulled yet. What was noted first stays. */
  noteBases(
    channel: string,
    part: OperationPart,
    bases: readonly { readonly counter: string; readonly base: RecordedBase }[],
  ): Promise<void>;
  /** Of these counters, those whose base was noted. */
  basesNoted(channel: string, part: OperationPart, counters: readonly string[]): Promise<ReadonlySet<string>>;
  /** Of these counters, those that were not pulled. */
  notPulled(channel: string, part: OperationPart, counters: readonly string[]): Promise<readonly string[]>;
  /** Operations that the job has not tried yet, in the order of their counters; at most one of each customer or part. */
  dueOperations(
    channel: string,
    part: OperationPart,
    asked: { readonly tries: number; readonly jobId: string; readonly limit: number },
  ): Promise<readonly CustomerOperation[]>;
  /** Synchronized operations that the channel has not been told of. */
  toldNot(
    channel: string,
    limit: number,
  ): Promise<readonly { readonly part: OperationPart; readonly counter: string }[]>;
  noteTold(channel: string, part: OperationPart, counters: readonly string[]): Promise<void>;
  noteOutcomes(outcomes: readonly OperationOutcome[]): Promise<void>;
  /** A lease that has run out is none: the operation is what it was. */
  lapseEdits(): Promise<void>;
  /** Operations behind a create that is not synchronized wait; those whose create came through are due again. */
  blockAndRelease(channel: string): Promise<void>;
  asyncRecords(
    lane: Lane,
    of: readonly { readonly guid: string; readonly partKey: string }[],
  ): Promise<ReadonlyMap<string, AsyncRecord>>;
  /** GUIDs of these couplings. */
  guidsOf(couplingIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  putAsyncRecords(records: readonly AsyncRecord[]): Promise<void>;
  /** Open couplings of the lane that no GUID is known for. */
  couplingsWithoutGuid(lane: Lane, limit: number): Promise<readonly string[]>;
  /** The first of `count` numbers that nobody else gets. */
  drawNumbers(mapping: string, count: number): Promise<bigint>;
  /** Those from `from` on were not used; they are drawn again unless somebody else has drawn `next` by now. */
  returnNumbers(mapping: string, from: bigint, next: bigint): Promise<void>;

  operations(filter: OperationFilter, page: PageRequest): Promise<Page<CustomerOperation>>;
  operationById(id: string): Promise<CustomerOperation | null>;
  operationOfRow(channel: string, part: OperationPart, counter: string): Promise<CustomerOperation | null>;
  countOperations(filter: OperationFilter): Promise<number>;
  operationsById(ids: readonly string[]): Promise<readonly CustomerOperation[]>;
  /** All operations of these customers that have not come through, oldest first. */
  openOperationsOf(channel: string, guids: readonly string[]): Promise<readonly CustomerOperation[]>;
  /** Oldest first. */
  dismissedOperationsOf(channel: string, guid: string): Promise<readonly CustomerOperation[]>;
  /** False: the operation is of another revision by now. */
  changeOperation(id: string, revision: number, change: OperationChange): Promise<boolean>;
  countByStatus(): Promise<
    readonly { readonly channel: string; readonly status: OperationStatus; readonly count: number }[]
  >;
  /** `params`: where they are the same for all. */
  failuresByCode(): Promise<
    readonly {
      readonly code: string;
      readonly params: Params | null;
      readonly count: number;
      readonly sampleId: string;
    }[]
  >;
}

export const asyncRecordName = (guid: string, partKey: string): string => `${guid} ${partKey}`;
