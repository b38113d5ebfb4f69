/** One pair, or one record without a partner, on its way through a batch. */
import type { FieldValues, PairDecision } from '../../domain/pair.ts';
import type { ParentKey } from '../../domain/pair.ts';
import type { Params, RecordKey, Side } from '../../domain/record.ts';
import type { ErrorCandidate, ErrorKind, PendingChange, SyncError } from '../../ports/coupling-database.ts';
import type { StoredRecord, Write } from '../../ports/store.ts';
import type { OldRow, PairWork } from './gather-pairs.ts';
import type { LedgerNote } from './ledger-note.ts';

/** What a subject still needs from somebody: becomes an error row. */
export interface Finding {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly params: Params;
  readonly candidates: readonly ErrorCandidate[];
  readonly deletedIn: Side | null;
  readonly survivorChanged: boolean | null;
  readonly waitsFor: ParentKey | null;
  /** Fields in conflict, by index. */
  readonly conflicting: ReadonlySet<number>;
}

export type Verdict =
  /** In step now: written, agreed, or as it was. An open error ends. */
  | { readonly kind: 'settled' }
  /** Nothing may be done with it (out of filter, coupledOnly, uncoupled by a person). */
  | { readonly kind: 'skipped' }
  /** Moved, busy or matched meanwhile: decide again. */
  | { readonly kind: 'again'; readonly late: boolean }
  /** Its parent is among the pending: silently after it. */
  | { readonly kind: 'waiting' }
  /** An update, or a record deleted and created again, that a breaker counts at the end of the run; by changed sides. */
  | {
      readonly kind: 'changeDue';
      readonly state: 'change' | 'changeHeld' | 'replacement';
      readonly sides: readonly Side[];
    }
  /** A policy will delete, restore or uncouple at the end of the run. */
  | { readonly kind: 'deletionDue' }
  | { readonly kind: 'found'; readonly finding: Finding };

export interface Subject {
  /** Of an existing coupling, or drawn for the one that a match or create will make. */
  readonly couplingId: string;
  readonly pair: PairWork | null;
  /** The side of a record without a partner. */
  readonly loneSide: Side | null;
  readonly keys: Readonly<Record<Side, RecordKey | null>>;
  readonly records: Readonly<Record<Side, StoredRecord | null>>;
  readonly oldRows: Readonly<Record<Side, OldRow | null>>;
  readonly pending: readonly PendingChange[];
  /** Usually none or one; a matched pair may have had one for each record. */
  openErrors: SyncError[];
  /** A revert opens this resolved error again instead of a new one. */
  reopens?: SyncError;
  decision: PairDecision | null;
  verdict: Verdict;
  readonly writes: PlannedWrite[];
  /** What each side holds after the writes carried out, where there were any. */
  after: Partial<Record<Side, { readonly values: FieldValues; readonly version: string }>>;
}

export interface PlannedWrite {
  readonly subject: Subject;
  readonly side: Side;
  readonly write: Write;
  readonly note: LedgerNote;
}

const NONE: ReadonlySet<number> = new Set();

export const finding = (kind: ErrorKind, code: string, params: Params, more: Partial<Finding> = {}): Verdict => ({
  kind: 'found',
  finding: {
    kind,
    code,
    params,
    candidates: [],
    deletedIn: null,
    survivorChanged: null,
    waitsFor: null,
    conflicting: NONE,
    ...more,
  },
});
