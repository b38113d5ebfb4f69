/**
 * What people ask of the coupling database: lists, single items, sums; and the little that they change without a run
 * (assignee, note, a job's cancellation). HTTP and commands ask; nothing here touches a store.
 *
 * Lists. `limit` items after `cursor`, which is opaque and holds the place of the last item: while items come and go,
 * each that stays is given exactly once. (Under a sort by something that changes, such as `lastSeenAt`, an item that
 * changes moves.) A cursor of another sort or of nothing at all throws `InvalidCursor`. `sort` is a name, with a leading
 * minus downwards; which names a list knows stands at its filter. Of the values of one filter any may hold; `null` means
 * not asked for. `total` is given only with `count`.
 *
 * Ids that are no UUIDs and names that nobody has select nothing; they are no faults.
 */
import type { Json, Params, RecordKey, Side } from '../domain/record.ts';
import type {
  Coupling,
  CouplingStatus,
  ErrorKind,
  ErrorResolution,
  Job,
  JobCounters,
  JobKind,
  JobResult,
  JobStatus,
  JobTrigger,
  LogAction,
  LogCause,
  LogEntry,
  LaneState,
  PendingState,
  SyncError,
} from './coupling-database.ts';
import type { Lane } from './store.ts';

export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
  readonly sort: string | null;
  readonly count: boolean;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
  readonly total: number | null;
}

/** The cursor is not one that this list gave for this sort. */
export class InvalidCursor extends Error {
  constructor() {
    super('the cursor is not one that this list gave for this sort');
    this.name = 'InvalidCursor';
  }
}

type Either<Name> = readonly Name[] | null;

/** `side` null: the key of either side. */
interface OfRecord {
  readonly side: Side | null;
  readonly key: RecordKey | null;
}

/** ISO 8601, UTC where no offset is given; `since` included, `until` not. */
interface OfPeriod {
  readonly since: string | null;
  readonly until: string | null;
}

// ---------------------------------------------------------------- errors

/**
 * Sorts: `firstSeenAt` (the order of ids; downwards unless asked), `lastSeenAt`, `retryAt`, `mapping`, `channel`, `kind`,
 * `code`, `status`, `attempts`, `hqKey`, `channelKey`. The period is that of `lastSeenAt`.
 */
export interface ErrorFilter extends OfRecord, OfPeriod {
  readonly mapping: Either<string>;
  readonly channel: Either<string>;
  readonly kind: Either<ErrorKind>;
  readonly code: Either<string>;
  readonly cause: Either<string>;
  /** In conflict, or named by the error. */
  readonly field: Either<string>;
  /** Null: open ones. */
  readonly status: Either<SyncError['status']>;
  readonly parked: boolean | null;
  readonly scope: Either<SyncError['scope']>;
  readonly jobId: Either<string>;
  readonly couplingId: Either<string>;
  readonly assignee: Either<string>;
  /** Text within a key or a description, case ignored. */
  readonly q: string | null;
  /** Only these, for bulk work by ids. */
  readonly ids: Either<string>;
}

export interface ErrorView extends SyncError {
  readonly assignee: string | null;
  readonly note: string | null;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly resolution: (ErrorResolution & { readonly at: string }) | null;
}

export interface ErrorGroup {
  readonly cause: string;
  readonly lane: Lane;
  readonly kind: ErrorKind;
  readonly code: string;
  /** Of the sample. */
  readonly params: Params;
  /** Every error of the group has them. */
  readonly alike: boolean;
  readonly count: number;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly sampleId: string;
}

/** What a mapping's error holds back. */
export interface HeldRecord {
  readonly side: Side;
  readonly key: RecordKey;
  readonly state: PendingState;
  readonly since: string;
  readonly couplingId: string | null;
  readonly hqKey: RecordKey | null;
  readonly channelKey: RecordKey | null;
  readonly description: string;
}

// ---------------------------------------------------------------- couplings

/** Sorts: `createdAt` (downwards unless asked), `lastSynchronizedAt`, `status`, `hqKey`, `channelKey`, `mapping`, `channel`. */
export interface CouplingFilter extends OfRecord {
  readonly mapping: Either<string>;
  readonly channel: Either<string>;
  /** Ended ones only when asked for. */
  readonly status: Either<CouplingStatus>;
  readonly q: string | null;
  /** Couplings that these refer to. */
  readonly parent: Either<string>;
}

export type PendingReason = 'queued' | 'paused' | 'storeUnreachable' | 'waitingForParent' | 'awaitingDistribution';

/**
 * `status` is as people see it: a synchronized pair with a change that still has to be worked is `pending`. Conflicts and
 * failures stay what they are, whatever is pending.
 */
export interface CouplingView extends Coupling {
  readonly reason: PendingReason | null;
  readonly pendingSince: string | null;
  /** Names of the fields that `base` has values of, in order. */
  readonly fieldNames: readonly string[];
  readonly createdAt: string;
  readonly lastSynchronizedAt: string | null;
  readonly lastJobId: string | null;
  readonly endedAt: string | null;
}

// ---------------------------------------------------------------- log

/** Sort: `at`, downwards unless asked. */
export interface LogFilter extends OfRecord, OfPeriod {
  readonly mapping: Either<string>;
  readonly channel: Either<string>;
  readonly couplingId: Either<string>;
  /** With `couplingId`: also couplings that refer to these. */
  readonly related: boolean;
  /** Of a job with children, theirs too. */
  readonly jobId: Either<string>;
  readonly errorId: Either<string>;
  readonly field: Either<string>;
  readonly actor: Either<string>;
  readonly action: Either<LogAction>;
  readonly cause: Either<LogCause>;
  readonly q: string | null;
  /** Only these, for bulk work by ids. */
  readonly ids: Either<string>;
}

export interface LogView extends LogEntry {
  readonly at: string;
  /** The entry that took this one back and is itself in force. */
  readonly revertedBy: string | null;
  /** A revert would take it, unless its records have moved since. */
  readonly revertible: boolean;
}

// ---------------------------------------------------------------- jobs

/** Sorts: `createdAt` (downwards unless asked), `startedAt`, `finishedAt`, `mapping`, `channel`, `kind`, `status`. */
export interface JobFilter extends OfPeriod {
  readonly mapping: Either<string>;
  readonly channel: Either<string>;
  readonly kind: Either<JobKind>;
  readonly status: Either<JobStatus>;
  readonly trigger: Either<JobTrigger>;
}

/** Without its body, which names every item of bulk work. */
export interface JobView extends Omit<Job, 'body'> {
  readonly reason: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly done: number;
  readonly total: number | null;
  /** Of a job with children: theirs in sum. */
  readonly counters: JobCounters;
  readonly code: string | null;
  readonly params: Params | null;
  /** Oldest first. */
  readonly children: readonly string[];
}

export interface JobResultView extends JobResult {
  /** Of the job under which it stands; null where that has several. */
  readonly lane: Lane | null;
}

export interface JobResultFilter {
  readonly status: Either<JobResult['status']>;
  readonly code: Either<string>;
  /** Text within a key. */
  readonly q: string | null;
}

// ---------------------------------------------------------------- overview

export interface LaneView {
  readonly state: LaneState;
  readonly lastJobId: string | null;
  /** Open couplings by the status that people see; statuses that none has are left out. */
  readonly couplings: Readonly<Partial<Record<CouplingStatus, number>>>;
  readonly openErrors: Readonly<Partial<Record<ErrorKind, number>>>;
  /** Changes that wait to be worked. */
  readonly backlog: Readonly<Record<Side, number>>;
  /** Age of the oldest of them; 0 when there is none; null before the store was read for the first time. */
  readonly lagSeconds: Readonly<Record<Side, number | null>>;
}

export interface HourOfActivity {
  readonly hour: string;
  readonly changes: number;
  readonly writes: number;
  readonly errors: number;
}

export type StoreCondition = 'reachable' | 'unreachable' | 'setupProblem' | 'replaced';

/** What the workers found a store to be. */
export interface StoreState {
  readonly side: Side;
  /** Null for HQ. */
  readonly channel: string | null;
  readonly state: StoreCondition;
  readonly since: string;
  readonly captureInstalled: boolean;
  readonly problems: Json;
}

export interface ConfigurationEntry {
  readonly id: string;
  readonly at: string;
  readonly actor: string | null;
  readonly difference: Json;
  /** Without secrets. */
  readonly configuration: Json;
}

// ---------------------------------------------------------------- the port

export interface Queries {
  errors(filter: ErrorFilter, page: PageRequest): Promise<Page<ErrorView>>;
  errorById(id: string): Promise<ErrorView | null>;
  countErrors(filter: ErrorFilter): Promise<number>;
  /** Ids alone, in their order, of at most so many errors. */
  errorIds(filter: ErrorFilter, limit: number): Promise<readonly string[]>;
  /** Most frequent cause first. */
  errorSummary(filter: ErrorFilter): Promise<readonly ErrorGroup[]>;
  /** What an error of a mapping is about: the changes that its breaker holds. */
  heldRecords(errorId: string, page: PageRequest): Promise<Page<HeldRecord>>;
  /** Null: no such error. What is left out stays. */
  annotateError(
    id: string,
    change: { readonly assignee?: string | null; readonly note?: string | null },
  ): Promise<ErrorView | null>;

  couplings(filter: CouplingFilter, page: PageRequest): Promise<Page<CouplingView>>;
  couplingById(id: string): Promise<CouplingView | null>;

  log(filter: LogFilter, page: PageRequest): Promise<Page<LogView>>;
  logEntryById(id: string): Promise<LogView | null>;
  countLog(filter: LogFilter): Promise<number>;

  jobs(filter: JobFilter, page: PageRequest): Promise<Page<JobView>>;
  jobById(id: string): Promise<JobView | null>;
  /** What is asked again and again by those who wait. */
  isJobFinished(id: string): Promise<boolean>;
  jobResults(jobId: string, filter: JobResultFilter, page: PageRequest): Promise<Page<JobResultView>>;
  /** A queued job is cancelled at once, a running one is asked to stop. Null: no such job. */
  cancelJob(id: string): Promise<'cancelled' | 'asked' | 'finished' | null>;

  /** Every lane that there ever was, those included that somebody had forgotten: their log is kept. */
  everyLane(): Promise<readonly Lane[]>;
  /** Every lane that was ever worked, also those that are no longer configured. */
  lanes(mappings: Either<string>): Promise<readonly LaneView[]>;
  openErrorsByKind(): Promise<Readonly<Record<ErrorKind, number>>>;
  /** The last 24 hours, oldest first, hours in which nothing happened included. */
  history(): Promise<readonly HourOfActivity[]>;

  storeStates(): Promise<readonly StoreState[]>;
  /**
   * `since` moves only when the state changes. With `keepReplaced` a store that is told to be another one now stays
   * told so, whatever was noted meanwhile: a check cannot know that, only its marks tell.
   */
  noteStoreState(state: Omit<StoreState, 'since'>, options?: { readonly keepReplaced: boolean }): Promise<void>;

  configurationHistory(page: PageRequest): Promise<Page<ConfigurationEntry>>;
  latestConfiguration(): Promise<ConfigurationEntry | null>;
  noteConfiguration(entry: Omit<ConfigurationEntry, 'id' | 'at'>): Promise<ConfigurationEntry>;
}

/** Ages from which things may go, in days; null: never. */
export interface RetentionAges {
  readonly logDays: number | null;
  readonly jobsDays: number | null;
  readonly resolvedErrorsDays: number | null;
}

export interface Retired {
  readonly logMonths: readonly string[];
  readonly couplings: number;
  readonly jobs: number;
  readonly errors: number;
  /** Customer operations that came through. */
  readonly operations: number;
}

/** Upkeep, called daily by one worker. Nothing open or unread is ever removed. */
export interface Upkeep {
  /** Makes the coming months of the log ready, folds what is only counted, removes what is older than the ages. */
  retire(ages: RetentionAges): Promise<Retired>;
  /** Takes every trace of a lane away but its log: of what is gone from the configuration. */
  forgetLane(lane: Lane): Promise<void>;
  /** Couplings, errors and log go on under the new name. False: there is no such lane, or the new name has things already. */
  renameLane(from: Lane, to: Lane): Promise<boolean>;
}
