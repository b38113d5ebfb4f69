/** What the coupling database keeps, as the engine and everybody above it know it. */
import type { Base } from '../domain/pair.ts';
import type { Json, Params, RecordKey, Side, Value, WriteDirection } from '../domain/record.ts';
import type {
  CouplingStatus,
  ErrorKind,
  ErrorScope,
  ErrorStatus,
  JobTrigger,
  LogAction,
  LogCause,
  PendingState,
  ResolutionAction,
} from '../domain/terms.ts';
import type { ErrorCandidate } from './candidate.ts';
import type { Cursor, Lane } from './store.ts';

export type { CouplingStatus, ErrorKind, LogAction, LogCause, PendingState };

// ---------------------------------------------------------------- lanes

/** Everything has to be looked at again: the configuration is another, or the capture was not as installed. */
export interface FullRunDue {
  /** Words, a space between them. */
  readonly reason: string;
  readonly trigger: JobTrigger;
  /** Another each time it is owed: a run ends what was owed when it began, and nothing that came since. */
  readonly id: string;
  /** What owes it, as a fingerprint: a process with another configuration would look with other eyes. Null: any may. */
  readonly configuration: string | null;
}

export interface LaneState {
  readonly lane: Lane;
  readonly fence: number;
  /** The process that raised the fence last. */
  readonly holder: string | null;
  readonly paused: boolean;
  /** Both stores held records and nobody has asked for a first run yet: schedules wait until this is true. */
  readonly firstRunDone: boolean;
  /** Set when a store went back in time: the code and the comparison; nothing runs until a person resumes. */
  readonly stopped: { readonly code: string; readonly params: Params } | null;
  readonly fullRunDue: FullRunDue | null;
  readonly layoutId: number | null;
  readonly lastSuccessAt: string | null;
  /** Whether a worker asks its holder for a share of the backlog, or shares of it are given out and not all done. */
  readonly sharing: 'none' | 'asked' | 'open';
}

/** A lane and what there is to do in it, told by one statement: a run that finds nothing costs no more than this look. */
export interface LaneLook {
  readonly state: LaneState;
  /** Which states have pending changes. */
  readonly pending: ReadonlySet<PendingState>;
  /** Failures whose time has come. */
  readonly retryDue: boolean;
  /** Failures that somebody who asks for a run wants tried again, whatever their time. */
  readonly failures: boolean;
}

/** Lanes of a channel and the cursors of its two stores, seen together: what the cursors have passed is among the pending. */
export interface ChannelLook {
  readonly cursors: Readonly<Record<Side, Cursor | null>>;
  readonly lanes: readonly LaneLook[];
}

/**
 * The exclusive right to work a lane. Scheduling only: a worker that lost it without knowing is stopped by the fence
 * in the stores and in `record`.
 */
export interface LaneLock extends AsyncDisposable {
  readonly state: LaneState;
  /** As of the moment at which the lock was got: seen by the statement after it, so what the former holder did is in it. */
  readonly first: LaneLook & {
    readonly cursors: Readonly<Record<Side, Cursor | null>>;
    /** Null: not asked for, or more than was asked for. */
    readonly work: WorkAtHand | null;
  };
  /** False once the lock's session is known to be gone. */
  readonly held: boolean;
  /** Whether somebody waits for the lane. `state` is as of now then. */
  isWanted(): Promise<boolean>;
  /** Lets waiting actions in and takes the lock again; the fence tells whether anyone worked meanwhile. */
  yield(): Promise<LaneState>;
  /** From now on others may have it as well who come for a share, and nobody who wants the lane for himself. */
  share(): Promise<void>;
  /** Alone again, when all the others have let go. Null: they did not in time, and the lock is not held any more. */
  alone(waitMs: number): Promise<LaneState | null>;
  release(): Promise<void>;
}

// ---------------------------------------------------------------- pending

/** A change that was read from a store and still has to be worked, one per lane, side and key. */
export interface PendingChange {
  readonly id: string;
  /** Raised when the same key changes again, so that only what was worked is taken away. */
  readonly generation: number;
  readonly side: Side;
  readonly key: RecordKey;
  readonly deleted: boolean;
  readonly oldRow: Readonly<Record<string, Value>> | null;
  readonly since: string;
  /** `due`; `deletion`: decided as a deletion that a policy carries out, waits for the end of the run and the breaker;
   * `held`: a breaker holds it; `waiting`: for a parent that is itself pending; `change` and `replacement`: decided as
   * an update, or as a record deleted and created again, that a breaker has to count first, and held by it. */
  readonly state: PendingState;
}
/** A stretch of what was due in a lane when its backlog was shared, by ids of pending changes, both ends included. */
export interface Share {
  readonly firstId: string;
  readonly lastId: string;
  /** The end of the last stretch. What came later is in none. */
  readonly untilId: string;
}

/** With the cursors as of the same moment: whatever they have passed was among the pending then. */
export interface TakenWork {
  readonly changes: readonly PendingChange[];
  readonly cursors: Readonly<Record<Side, Cursor | null>>;
}

/** Changes with what else is known of them, so that a batch of them need not ask. */
export interface WorkAtHand extends TakenWork {
  /** A change whose record is in none of them has no coupling. */
  readonly couplings: readonly Coupling[];
  /** Those of them that have an open error. */
  readonly inError: ReadonlySet<string>;
  /** What is pending of the other record of each coupling. */
  readonly partners: readonly PendingChange[];
}

export interface NewPending {
  readonly lane: Lane;
  readonly side: Side;
  readonly key: RecordKey;
  readonly deleted: boolean;
  readonly oldRow: Readonly<Record<string, Value>> | null;
}

/** The coupling follows a record whose key was changed. */
export interface KeyMove {
  readonly lane: Lane;
  readonly side: Side;
  readonly from: RecordKey;
  readonly to: RecordKey;
}

/** A reader's step: from one text of its cursor to the next, with what was read in between. */
export interface CursorMove {
  readonly side: Side;
  readonly channel: string | null;
  readonly from: Cursor;
  readonly to: Cursor;
  readonly pend: readonly NewPending[];
}

/** What is wanted with a lane's lock, oldest first, if there is no more than so much of it. */
export interface WorkAsked {
  readonly states: readonly PendingState[];
  readonly limit: number;
}

// ---------------------------------------------------------------- couplings

export interface Coupling {
  readonly id: string;
  readonly lane: Lane;
  readonly hqKey: RecordKey;
  /** Null while a customer's creation has reached HQ but not yet come back to the channel. */
  readonly channelKey: RecordKey | null;
  /** Already brought to the current layout of the mapping's fields: one value per field. */
  readonly base: Base;
  readonly status: CouplingStatus;
  readonly errorId: string | null;
  /** Couplings of the parents that this record refers to, aligned with the mapping's reference fields; [] when none. */
  readonly parents: readonly (string | null)[];
  readonly hqDescription: string;
  readonly channelDescription: string;
  /**
   * The version that Couplet's own last write left on each side, null when it never wrote there: tells an echo from a
   * change of unmapped columns, which a propagated deletion must not take along. Never used to skip a decision.
   */
  readonly written: Readonly<Record<Side, string | null>>;
  /** The last captured row of a side that was deleted, for restore; by column name. */
  readonly oldRows: Readonly<Partial<Record<Side, Readonly<Record<string, Value>>>>> | null;
}

export type NewCoupling = Omit<Coupling, 'lane'>;

export interface CouplingUpdate {
  readonly id: string;
  readonly hqKey?: RecordKey;
  readonly channelKey?: RecordKey | null;
  readonly base?: Base;
  readonly status?: CouplingStatus;
  readonly errorId?: string | null;
  readonly parents?: readonly (string | null)[];
  readonly hqDescription?: string;
  readonly channelDescription?: string;
  readonly written?: Coupling['written'];
  readonly oldRows?: Coupling['oldRows'];
  /** True: `lastSynchronizedAt` moves. */
  readonly synchronized?: boolean;
}

/** A record that a person uncoupled stays uncoupled until somebody couples it. */
export interface UncoupledMark {
  readonly side: Side;
  readonly key: RecordKey;
}

export interface EndedCoupling {
  readonly id: string;
  /** The records that must not be coupled again by themselves. */
  readonly uncoupled: readonly UncoupledMark[];
}

// ---------------------------------------------------------------- errors

export interface ErrorField {
  readonly name: string;
  readonly base: { readonly hq: Value; readonly channel: Value } | null;
  readonly hq: Value;
  readonly channel: Value;
  readonly changedIn: readonly Side[];
  readonly conflicting: boolean;
}

export interface ErrorRecord {
  readonly key: RecordKey | null;
  readonly description: string;
  readonly exists: boolean;
  readonly modifiedAt: string | null;
  readonly changedBy: string | null;
  /** The version that the stored values belong to: what an action without If-Match is bound to. */
  readonly version: string | null;
}

/** Something that needs somebody. At most one open error per coupling, and per uncoupled record. */
export interface SyncError {
  readonly id: string;
  readonly scope: ErrorScope;
  readonly lane: Lane;
  readonly couplingId: string | null;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly params: Params;
  readonly cause: string;
  readonly status: ErrorStatus;
  readonly parked: boolean;
  readonly attempts: number;
  readonly retryAt: string | null;
  readonly jobId: string | null;
  readonly hqRecord: ErrorRecord;
  readonly channelRecord: ErrorRecord;
  readonly deletedIn: Side | null;
  readonly survivorChanged: boolean | null;
  readonly candidates: readonly ErrorCandidate[];
  readonly massDeletion: Json;
  readonly fields: readonly ErrorField[];
  /** The parent whose coupling releases this record. */
  readonly waitsFor: { readonly mapping: string; readonly side: Side; readonly key: RecordKey } | null;
  /** The customer operation whose conflict it shows: its channel values are the operation's. */
  readonly operationId?: string | null;
}

export interface ErrorResolution {
  readonly action: ResolutionAction;
  readonly winner: Side | null;
  readonly fields: Json;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly jobId: string | null;
  readonly logIds: readonly string[];
}

// ---------------------------------------------------------------- log

export interface LogChange {
  readonly field: string;
  readonly side: Side;
  readonly old: Value;
  readonly new: Value;
}

/** What was done to a record. `undo` is what a revert needs beyond `changes`: the base before, the row deleted. */
export interface LogEntry {
  /** UUID of version 7: its time is the entry's `at`, its order the order of the log. */
  readonly id: string;
  readonly jobId: string | null;
  readonly lane: Lane;
  readonly couplingId: string | null;
  readonly hqKey: RecordKey | null;
  readonly channelKey: RecordKey | null;
  readonly action: LogAction;
  readonly direction: WriteDirection | null;
  readonly cause: LogCause;
  readonly actor: string | null;
  readonly changedBy: string | null;
  readonly reason: string | null;
  readonly code: string | null;
  readonly params: Params;
  readonly changes: readonly LogChange[];
  readonly errorId: string | null;
  readonly requestId: string | null;
  readonly reverts: string | null;
  readonly undo: Json;
}

export type RecentWrites = readonly Pick<LogEntry, 'direction' | 'changedBy' | 'changes'>[];
