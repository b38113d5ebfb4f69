/**
 * The note that travels with every write into the store's ledger and comes back from it, in the ordinary course and
 * after a crash alike: all that is needed to record the write. Fields go by name, so that a note outlives a change of
 * the configuration between the write and its recovery.
 */
import type { Params, RecordKey, Side, Value } from '../domain/record.ts';
import type { BaseState } from '../domain/pair.ts';
import type { LogCause } from '../ports/coupling-database.ts';
import type { OperationResolution } from '../ports/operation-outcome.ts';

export interface NoteField {
  readonly name: string;
  /** The source's value, which becomes the source side's base. */
  readonly from: Value;
  /** Null was written because the parent is not coupled. */
  readonly cleared?: true;
  /** A revert puts the base back to what it was, whatever was held in between. */
  readonly base?: { readonly hq: Value; readonly channel: Value; readonly state: BaseState };
  /** An own value goes to both sides: the base moves only with the second write. */
  readonly baseLater?: true;
}

/** A customer operation that the write carries out: recorded with it, so that it is applied exactly once. */
export interface NoteOperation {
  readonly id: string;
  readonly guid: string;
  readonly partKey: string;
  readonly counter: string;
  /** The HQ column of the account number; null for parts. */
  readonly accountColumn: string | null;
  readonly creates: boolean;
  /** Some of its fields are in conflict and were not written. */
  readonly conflict: { readonly code: string; readonly params: Params } | null;
  readonly found: Readonly<Record<string, Value>> | null;
  /** Somebody answered its conflict in this way. */
  readonly resolution?: OperationResolution;
}

export interface LedgerNote {
  readonly couplingId: string;
  readonly operation: 'insert' | 'restore' | 'update' | 'delete';
  readonly target: Side;
  readonly fields: readonly NoteField[];
  /** Of an insert: the record it was made from. Of a delete or restore: the survivor. */
  readonly sourceKey: RecordKey | null;
  /** The source's values of all fields, for the base of a new pair. */
  readonly sourceValues: readonly Value[] | null;
  readonly sourceDescription: string | null;
  readonly parents: readonly (string | null)[] | null;
  /** A delete that ends the coupling (propagated or asked for), or one that leaves it to be restored. */
  readonly endsCoupling?: true;
  readonly jobId: string;
  readonly cause: LogCause;
  readonly actor: string | null;
  readonly changedBy: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly errorId: string | null;
  readonly reverts: string | null;
  /** Policy, clock: what the log says besides. */
  readonly code: string | null;
  readonly customerOperation?: NoteOperation;
}

export const writeNote = (note: LedgerNote): string => JSON.stringify(note);
export const readNote = (text: string): LedgerNote => JSON.parse(text) as LedgerNote;
