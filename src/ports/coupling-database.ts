/**
 * The coupling database as the engine sees it: lanes, cursors, pending changes, couplings, errors, log, jobs.
 * Lists for people (filters, pages, totals) are in `queries.ts`.
 *
 * Whatever a batch leads to is one `Recording`, committed in one transaction: never a base without its log entry, never
 * a pending change gone without its outcome. Everything takes and gives arrays: a batch is a handful of statements.
 */
import type { KeyText, Params, RecordKey, Side, Json } from '../domain/record.ts';
import type {
  ChannelLook,
  CursorMove,
  LaneState,
  LaneLock,
  PendingChange,
  PendingState,
  Share,
  TakenWork,
  RecentWrites,
  NewPending,
  KeyMove,
  WorkAsked,
  Coupling,
  SyncError,
  LogEntry,
} from './coupling-records.ts';
import type {
  Job,
  JobCounters,
  JobProgress,
  JobRequest,
  JobResult,
  JobStatus,
  JobTrigger,
  JobWrites,
} from './job-records.ts';
import type { Recording } from './recording.ts';
import type { Cursor, Fence, Lane } from './store.ts';
import type { ProofKeeping } from './verification.ts';

export type * from './candidate.ts';
export type * from './coupling-records.ts';
export type * from './job-records.ts';
export type * from './recording.ts';
export { noCounters } from './job-records.ts';

export interface SubjectOfError {
  readonly lane: Lane;
  readonly scope: SyncError['scope'];
  /** It shows the conflict of a customer operation. */
  readonly ofOperation: boolean;
}

export interface CouplingDatabase {
  /** Names this coupling database among the readers of a store; kept for good. */
  readonly reader: string;
  /** This process, as holder of fences. */
  readonly holder: string;

  // lanes
  ensureLanes(lanes: readonly Lane[]): Promise<readonly LaneState[]>;
  laneStates(): Promise<readonly LaneState[]>;
  /** Every lane of the channel that has not been forgotten. */
  lookAtLanes(channel: string): Promise<ChannelLook>;
  /** Null when somebody else has it and `waitMs` ran out. */
  lockLane(lane: Lane, waitMs: number, asked?: WorkAsked): Promise<LaneLock | null>;
  /** For a share of the work of whoever holds the lane: null while it is held by one alone and `waitMs` runs out. */
  joinLane(lane: Lane, waitMs: number): Promise<LaneLock | null>;
  /** The caller becomes holder; returns the new fence number. Shares that were given out under former ones are void. */
  raiseFence(lane: Lane): Promise<number>;
  changeLane(lane: Lane, change: Partial<Pick<LaneState, 'paused' | 'firstRunDone' | 'stopped'>>): Promise<void>;
  /** Adds a reason to what the lane owes already; the configuration goes before one that was named earlier. */
  oweFullRun(
    lane: Lane,
    owed: { readonly reason: string; readonly trigger: JobTrigger; readonly configuration?: string },
  ): Promise<void>;
  /** It was done as it was owed under this id; what has been owed since stays. */
  endFullRun(lane: Lane, id: string): Promise<void>;

  // fields of a mapping over time: bases are stored by layout, names and fingerprints of fields in order
  /** `changed`: the lane was worked with other fields before; false for a lane that never was. */
  ensureLayout(
    lane: Lane,
    fields: readonly { readonly name: string; readonly fingerprint: string }[],
  ): Promise<{ readonly layoutId: number; readonly changed: boolean }>;

  // cursors and pending
  loadCursor(side: Side, channel: string | null): Promise<Cursor | null>;
  /** Moves the cursor from one text to the next and takes in what was read, in one transaction. False: another did. */
  moveCursor(
    side: Side,
    channel: string | null,
    from: Cursor | null,
    to: Cursor,
    pend: readonly NewPending[],
    moves: readonly KeyMove[],
  ): Promise<boolean>;
  /**
   * The same for a few changes, and behind it, without waiting in between, the lock of a lane and a look at its channel.
   * Each has its own outcome: the lock may be held when another moved the cursor, and the cursor moved when another has
   * the lock. The look is as of after the step.
   */
  moveCursorAndLock(
    move: CursorMove,
    lane: Lane,
    asked: WorkAsked,
  ): {
    readonly moved: Promise<boolean>;
    readonly lock: Promise<LaneLock | null>;
    readonly look: Promise<ChannelLook>;
  };
  /** Oldest first after `afterId`; only in the given states. */
  takePending(
    lane: Lane,
    states: readonly PendingState[],
    afterId: string | null,
    limit: number,
  ): Promise<readonly PendingChange[]>;
  /** The same with the cursors as of the same moment: whatever they have passed was among the pending then. */
  takeWork(
    lane: Lane,
    states: readonly PendingState[],
    afterId: string | null,
    limit: number,
    /** None after this one; null: to the end. */
    lastId?: string | null,
  ): Promise<TakenWork>;
  /**
   * Tells the holder that somebody would take a share. False: nothing will come of it, for fewer changes than `least` are
   * due, or he was asked before and did not answer.
   */
  askForShare(lane: Lane, least: number): Promise<boolean>;
  /** Shares out what is due, in stretches of so many changes; returns how many they are, 0 for what is not worth it. */
  splitBacklog(fence: Fence, changes: number): Promise<number>;
  claimShare(fence: Fence): Promise<Share | null>;
  /** All of them is worked, recorded, and gone from the ledgers. */
  endShares(fence: Fence, shares: readonly Share[]): Promise<void>;
  /** Whoever claimed them stops in good order, with nothing under way. */
  returnShares(fence: Fence, shares: readonly Share[]): Promise<void>;
  /** For these keys, whatever their state: a pair may be pending on the other side too. */
  pendingOf(lane: Lane, side: Side, keys: readonly RecordKey[]): Promise<ReadonlyMap<KeyText, PendingChange>>;
  /** Of these states; none of the others. */
  countPending(
    lane: Lane,
    states: readonly PendingState[],
  ): Promise<Readonly<Record<Side, Readonly<Record<PendingState, number>>>>>;
  /** Pairs that are pending in these states on both sides: each is counted twice above. */
  countPendingTwice(lane: Lane, states: readonly PendingState[]): Promise<number>;
  /** How many are in these states, and one text that is another when others are, or when one was pended anew. */
  fingerprintPending(
    lane: Lane,
    states: readonly PendingState[],
    /** Null: both. */
    side: Side | null,
  ): Promise<{ readonly count: number; readonly fingerprint: string }>;
  /** Lanes that stand still for nobody and have due changes, errors whose retry has come, or a full run that they owe. */
  lanesWithWork(): Promise<readonly LaneState[]>;
  /**
   * Errors of records are put among the pending, but for those whose key is pending already. `due`: failures whose time
   * has come; `unparked`: failures that are not parked, whatever their time; `all`: every open error of any kind,
   * unparked with it. A call takes the time of a retry away; the next attempt sets a new one. Returns how many.
   */
  pendRetries(lane: Lane, which: 'due' | 'unparked' | 'all', limit: number): Promise<number>;
  /** Held or deletion entries become due, or the other way. */
  changePendingState(lane: Lane, side: Side, from: PendingState, to: PendingState): Promise<number>;

  // couplings
  /** Those that live: a key may have had other couplings before. */
  couplingsByKey(lane: Lane, side: Side, keys: readonly RecordKey[]): Promise<ReadonlyMap<KeyText, Coupling>>;
  couplingsById(ids: readonly string[]): Promise<ReadonlyMap<string, Coupling>>;
  /** In the order of their ids, open ones. */
  scanCouplings(lane: Lane, afterId: string | null, limit: number): Promise<readonly Coupling[]>;
  countCouplings(lane: Lane): Promise<number>;
  /** The partner keys and coupling ids of parents, for references. */
  partnersOf(
    lane: Lane,
    side: Side,
    keys: readonly RecordKey[],
  ): Promise<
    ReadonlyMap<
      KeyText,
      { readonly couplingId: string; readonly hqKey: RecordKey; readonly channelKey: RecordKey | null }
    >
  >;
  /** Open couplings in these lanes that refer to this coupling as a parent. */
  couplingsOfParent(parentId: string, lanes: readonly Lane[], limit: number): Promise<readonly Coupling[]>;
  uncoupledAmong(lane: Lane, side: Side, keys: readonly RecordKey[]): Promise<ReadonlySet<KeyText>>;

  /** With who uncoupled and when, for people. */
  uncoupledMarks(
    lane: Lane,
    side: Side,
    keys: readonly RecordKey[],
  ): Promise<ReadonlyMap<KeyText, { readonly at: string; readonly actor: string | null }>>;

  // errors
  openErrors(
    lane: Lane,
    of: {
      readonly couplingIds: readonly string[];
      readonly hqKeys: readonly RecordKey[];
      readonly channelKeys: readonly RecordKey[];
    },
  ): Promise<readonly SyncError[]>;
  errorsById(ids: readonly string[]): Promise<readonly SyncError[]>;
  /** What each error is about, without its values; ids of no error are left out. */
  subjectsOfErrors(ids: readonly string[]): Promise<ReadonlyMap<string, SubjectOfError>>;
  errorById(id: string): Promise<SyncError | null>;
  /** A set-up fault of a whole lane, told without its fence, for the lane could not be opened. Written over the open one of its id. */
  reportMappingError(error: SyncError): Promise<void>;
  /** Open set-up faults of the lane ended by themselves: it could be opened again. */
  endSetupErrors(lane: Lane): Promise<void>;
  openMappingError(lane: Lane, code: string): Promise<SyncError | null>;

  // log
  logEntryById(id: string): Promise<(LogEntry & { readonly at: string; readonly revertedBy: string | null }) | null>;
  /**
   * The last changes of each of these couplings, newest first, since the given time: what was written to one side or
   * the other. An error that was resolved ends the list: what was before it is answered.
   */
  recentWrites(couplingIds: readonly string[], since: Date, limit: number): Promise<ReadonlyMap<string, RecentWrites>>;
  /** Entries of the same job and coupling, the given one included, oldest first. */
  logEntriesOfStep(jobId: string, couplingId: string): Promise<readonly LogEntry[]>;
  /** Its records' deletions by Couplet, on whichever side, newest first. */
  deletionsOf(couplingId: string): Promise<readonly LogEntry[]>;

  // recording
  recordedBatches(batchIds: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Throws `FenceLost` when the lane's fence is not the recording's any more; nothing is recorded then. Does nothing
   * when all its `batchIds` are recorded already, so a recording whose answer was lost may be sent again.
   */
  record(recording: Recording): Promise<void>;

  // jobs
  /** Continuous runs leave a job only when they find something: the id is drawn first, the row comes with the first find. */
  newId(): string;
  createJob(request: JobRequest, status: 'queued' | 'running', id?: string): Promise<Job>;
  startJob(id: string): Promise<Job>;
  updateProgress(id: string, progress: JobProgress): Promise<{ readonly cancelRequested: boolean }>;
  finishJob(
    id: string,
    status: 'succeeded' | 'failed' | 'cancelled',
    progress: JobProgress,
    outcome: { readonly code: string | null; readonly params: Params } | null,
  ): Promise<void>;
  /** A job that ended as cancelled only because its process ended is queued again. False: somebody cancelled it, or it is done. */
  giveBackJob(id: string): Promise<boolean>;
  /** Results of a job that writes nothing: a check, a verification. */
  addJobResults(jobId: string, results: readonly JobResult[]): Promise<void>;
  /** The result of one error acted on in bulk; the coupling and keys are the error's. */
  addJobResult(
    jobId: string,
    errorId: string,
    status: JobResult['status'],
    code: string | null,
    writes: Json,
  ): Promise<void>;
  // Of a job that was interrupted and goes on: what it has done already.
  /** Errors that have their result. */
  answeredErrors(jobId: string): Promise<ReadonlySet<string>>;
  /** Couplings and errors of which the log says that this job wrote a record. */
  subjectsWrittenBy(jobId: string): Promise<ReadonlySet<string>>;
  /** Log entries that have their result. */
  revertedEntries(jobId: string): Promise<ReadonlySet<string>>;
  /** Pairs that have their result, as the texts of both keys with a space in between. */
  coupledPairs(jobId: string): Promise<ReadonlySet<string>>;
  /** What the log says that was written under this job, in all its attempts. */
  writesOfJob(jobId: string): Promise<JobWrites>;
  /** Results, and children, of a job that only looks: it looks again from the beginning. */
  forgetLooks(jobId: string): Promise<void>;
  jobById(id: string): Promise<Job | null>;
  /** Whether somebody asked for the end of this job; asked between batches, without its body. */
  isCancelRequested(id: string): Promise<boolean>;
  /** Continuous runs of the lane that a killed process left running; asked under the lane's lock. */
  endInterruptedJobs(lane: Lane): Promise<void>;
  jobProgress(id: string): Promise<{ readonly done: number; readonly total: number | null }>;
  jobOutcome(id: string): Promise<{
    readonly status: JobStatus;
    readonly code: string | null;
    readonly params: Params | null;
    readonly counters: JobCounters;
  }>;
  countOpenErrors(): Promise<number>;
  /**
   * A queued job of this request; one that is queued already with the same kind, mapping, channel, scope, direction,
   * dryRun and body is given instead, also when both are asked for at once.
   */
  queueJob(request: JobRequest): Promise<{ readonly job: Job; readonly isNew: boolean }>;
  queuedJobs(olderThanMs: number): Promise<readonly Job[]>;
  /** Jobs of the same request that were asked for before this one and are running; none once this one has ended. */
  runningJobsLike(id: string): Promise<readonly string[]>;

  /** How far the lanes are proven. */
  readonly proofs: ProofKeeping;

  close(): Promise<void>;
}
