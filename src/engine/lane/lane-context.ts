/**
 * What everything in the engine works with: one lane (a mapping and a channel), held by a lock and a fence, with both
 * stores and their tables at hand. Made by `open-lane.ts`, never kept longer than the lock.
 */
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import type { Json, RecordKey, Side } from '../../domain/record.ts';
import type { CouplingDatabase, JobTrigger, LaneLock, LaneState, LogCause } from '../../ports/coupling-database.ts';
import type { Cascade, Cursor, Fence, Lane, Store, StoreTable } from '../../ports/store.ts';
import type { ForeseenCouplings } from './foreseen-couplings.ts';
import type { WorkAhead } from './work-ahead.ts';

/** Named points at which tests stop the process or the run, to prove that nothing is lost or done twice. */
export type CrashPoint =
  | 'changes-read'
  | 'cursor-moved'
  | 'decided'
  | 'hq-written'
  | 'channel-written'
  | 'outcomes-recorded'
  | 'ledger-cleared';

/** Everything the engine takes from outside besides ports. */
export interface EngineSurroundings {
  readonly now: () => Date;
  /** Called at each crash point; the product does nothing there. */
  readonly reach: (point: CrashPoint, lane: Lane | null) => void | Promise<void>;
  readonly log: {
    info(event: Json, message: string): void;
    warn(event: Json, message: string): void;
    error(event: Json, message: string): void;
  };
}

/** When the backlog of a lane is shared with other workers. */
export interface SharingTerms {
  /** A backlog of fewer changes is not. */
  readonly least: number;
  /** Changes of one stretch. */
  readonly stretch: number;
}

/**
 * What one worker carries in some five seconds, and in half a one. Measured on two cores, which one worker and PostgreSQL
 * fill: with backlogs of 40,000 two workers were at 0.74 of one, for the second came with code that was not warm and
 * nothing to run it on; with 150,000 at 1.09.
 */
export const SHARING: SharingTerms = { least: 50_000, stretch: 5_000 };

/** On whose behalf and why a run works; stands in every log entry. */
export interface RunIdentity {
  readonly jobId: string;
  readonly trigger: JobTrigger;
  readonly cause: LogCause;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
}

export interface LaneContext {
  readonly lane: Lane;
  readonly state: LaneState;
  /** Another one after others were let in who raised theirs; never while a batch is in flight. */
  fence: Fence;
  readonly lock: LaneLock;
  readonly database: CouplingDatabase;
  readonly stores: Readonly<Record<Side, Store>>;
  readonly tables: Readonly<Record<Side, StoreTable>>;
  readonly prepared: PreparedMapping;
  /**
   * How far each store's marks were read when the changes in hand were taken; unread delete marks count from here. A mark
   * may stay in a store long after it was read, so in a long run one that is worked would count as unread once more.
   */
  cursors: Readonly<Record<Side, Cursor | null>>;
  /** What waited when the lock was got, if it came with it: the first page of what is due. */
  atHand: WorkAhead | null;
  readonly sharing: SharingTerms;
  readonly surroundings: EngineSurroundings;
  /** Of a dry run: what it would couple before it came to this lane. */
  readonly foreseen?: ForeseenCouplings;
  /** Under a fence of its own again, after others worked the lane; what they left in the ledgers is recorded. */
  takeOver(): Promise<void>;
  /** Of the rows that a delete would take along, those that are coupled in some mapping of this channel. */
  livingDependents(
    side: Side,
    cascade: Cascade,
  ): Promise<readonly { readonly mapping: string; readonly couplingId: string; readonly key: RecordKey }[]>;
}
