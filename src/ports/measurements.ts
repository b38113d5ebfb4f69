/** Sums for metrics: what only grows, and how long things take. */
import type { JobKind, JobStatus } from './coupling-database.ts';
import type { Lane } from './store.ts';

export interface LaneTotals {
  readonly lane: Lane;
  readonly changes: number;
  readonly writes: number;
  readonly errors: number;
}

export interface JobTotals {
  readonly kind: JobKind;
  readonly status: JobStatus;
  readonly count: number;
  readonly seconds: number;
  /** Attempts beyond the first. */
  readonly retries: number;
}

export interface LaneApplying {
  readonly lane: Lane;
  /** Of the run that is under way; 0 when none is. */
  readonly seconds: number;
}

/** Customer operations as they stand. */
export interface OperationTotals {
  readonly channel: string;
  readonly status: string;
  readonly count: number;
}

export interface Measurements {
  readonly lanes: readonly LaneTotals[];
  readonly jobs: readonly JobTotals[];
  readonly applying: readonly LaneApplying[];
  readonly operations: readonly OperationTotals[];
}

export interface Measures {
  measure(): Promise<Measurements>;
}
