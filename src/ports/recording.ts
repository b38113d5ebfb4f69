/** What one batch leads to, taken in one transaction. */
import type { RecordKey, Side } from '../domain/record.ts';
import type {
  PendingState,
  NewPending,
  NewCoupling,
  CouplingUpdate,
  UncoupledMark,
  EndedCoupling,
  SyncError,
  ErrorResolution,
  LogEntry,
} from './coupling-records.ts';
import type { InterruptedJob, JobResult, JobProgress } from './job-records.ts';
import type { OperationOutcome } from './operation-outcome.ts';
import type { Fence } from './store.ts';

/** All that a batch led to. Arrays may be empty. */
export interface Recording {
  readonly fence: Fence;
  readonly jobId: string | null;
  /** Ledger batches taken into account here; recorded once, whoever comes second is told by `recordedBatches`. */
  readonly batchIds: readonly string[];
  readonly couple: readonly NewCoupling[];
  readonly update: readonly CouplingUpdate[];
  readonly end: readonly EndedCoupling[];
  /** Records without a coupling that a person wants left alone. */
  readonly uncoupled: readonly UncoupledMark[];
  /** Keys that somebody couples again: their uncoupled marks go. */
  readonly forgetUncoupled: readonly UncoupledMark[];
  /**
   * Couplings whose reference was written as null because this parent is not coupled. When the parent is coupled (or was
   * by now: a parent's recording may have committed since it was looked up, so the parent's lane row is locked before
   * this is checked), the coupling is put among the pending and the wait is gone. Errors with `waitsFor` are released
   * in the same way.
   */
  readonly waits: readonly {
    readonly couplingId: string;
    readonly mapping: string;
    readonly side: Side;
    readonly key: RecordKey;
  }[];
  readonly log: readonly LogEntry[];
  /** Inserted, or written over the open error of the same id. */
  readonly errors: readonly SyncError[];
  readonly resolve: readonly { readonly errorId: string; readonly resolution: ErrorResolution }[];
  /** Worked: gone unless the key changed again meanwhile (generation). Under `key` it was worked, where couplings were made. */
  readonly done: readonly { readonly id: string; readonly generation: number; readonly key?: RecordKey }[];
  readonly keep: readonly { readonly id: string; readonly generation: number; readonly state: PendingState }[];
  readonly pend: readonly NewPending[];
  readonly results: readonly JobResult[];
  /** Customer operations that these writes carried out, or could not. */
  readonly operations?: readonly OperationOutcome[];
  readonly progress: JobProgress | null;
  /** Jobs that the log names here, as interrupted ones; those that have a row are left as they are. */
  readonly interrupted?: readonly InterruptedJob[];
}
