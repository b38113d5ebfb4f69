/** Jobs as the coupling database keeps them: what was asked for, how far it is, what came of each item. */
import type { Direction, Json, Params, RecordKey } from '../domain/record.ts';
import type { JobKind, JobScope, JobStatus, JobTrigger, ResultStatus } from '../domain/terms.ts';
import type { ErrorCandidate } from './candidate.ts';

export type { JobKind, JobStatus, JobTrigger };

export interface DirectionCounters {
  inserted: number;
  modified: number;
  deleted: number;
  unchanged: number;
  skipped: number;
  failed: number;
}

export interface JobCounters {
  toHq: DirectionCounters;
  toChannel: DirectionCounters;
  coupled: number;
  uncoupled: number;
  conflicts: number;
  deletions: number;
  ambiguous: number;
  unmatchedInHq: number;
  unmatchedInChannel: number;
}

type Writes = Pick<DirectionCounters, 'inserted' | 'modified' | 'deleted'>;

export interface JobWrites extends Readonly<Pick<JobCounters, 'coupled' | 'uncoupled'>> {
  readonly toHq: Readonly<Writes>;
  readonly toChannel: Readonly<Writes>;
}

export interface JobRequest {
  readonly kind: JobKind;
  readonly mapping: string | null;
  readonly channel: string | null;
  readonly parentId: string | null;
  readonly scope: JobScope | null;
  readonly direction: Direction | null;
  readonly dryRun: boolean;
  readonly trigger: JobTrigger;
  readonly actor: string | null;
  readonly requestId: string | null;
  /** What the job's kind needs besides: pairs, filters, actions. */
  readonly body: Json;
}

export interface Job extends JobRequest {
  readonly id: string;
  readonly status: JobStatus;
  readonly attempts: number;
  readonly cancelRequested: boolean;
}

/**
 * A run that was killed after a store had committed and before it had written that there is such a job. What it wrote
 * is known from the store's ledger.
 */
export interface InterruptedJob
  extends Pick<Job, 'id' | 'kind' | 'mapping' | 'channel' | 'scope' | 'direction' | 'trigger' | 'actor' | 'requestId'> {
  readonly progress: JobProgress;
}

/** An item of bulk work or of a dry run. */
export interface JobResult {
  readonly status: ResultStatus;
  readonly code: string | null;
  readonly params: Params;
  readonly errorId: string | null;
  readonly couplingId: string | null;
  readonly hqKey: RecordKey | null;
  readonly channelKey: RecordKey | null;
  readonly candidates: readonly ErrorCandidate[];
  readonly writes: Json;
}

export interface JobProgress {
  readonly counters: JobCounters;
  readonly done: number;
  readonly total: number | null;
}

export const noCounters = (): JobCounters => {
  const none = (): DirectionCounters => ({ inserted: 0, modified: 0, deleted: 0, unchanged: 0, skipped: 0, failed: 0 });
  return {
    toHq: none(),
    toChannel: none(),
    coupled: 0,
    uncoupled: 0,
    conflicts: 0,
    deletions: 0,
    ambiguous: 0,
    unmatchedInHq: 0,
    unmatchedInChannel: 0,
  };
};
