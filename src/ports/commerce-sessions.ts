/**
 * What the coupling database keeps of the commerce jobs: sessions, features, and what of them each channel was told.
 * Terms: a *session* is what one job carried between Couplet and one channel, over all its tries.
 */
import type { Params } from '../domain/record.ts';
import type { SessionJob } from '../domain/terms.ts';
import type { Page, PageRequest } from './queries.ts';
import type { Lane } from './store.ts';

export type { SessionJob };
export type SessionDirection = 'upload' | 'download';
export type SessionStatus = 'started' | 'applied' | 'noData' | 'failed' | 'canceled';

/** Seen from the channel: what it sends is uploaded. */
export const DIRECTION_OF_JOB: Readonly<Record<SessionJob, SessionDirection>> = {
  'p-job': 'upload',
  'synchronize-customers': 'upload',
  '1010': 'download',
  '1110': 'download',
  '1070': 'download',
};

export interface CommerceSession {
  readonly id: string;
  readonly job: SessionJob;
  readonly direction: SessionDirection;
  readonly channel: string;
  readonly status: SessionStatus;
  /** Tries in which the store was there. */
  readonly tryCount: number;
  readonly code: string | null;
  readonly params: Params;
  /** Over all tries. */
  readonly rowsAffected: number;
  readonly createdAt: string;
  readonly appliedAt: string | null;
  readonly rerunOf: string | null;
  readonly jobId: string;
}

/** Of the values of one filter any may hold; null: not asked for. */
export interface SessionFilter {
  readonly job: readonly string[] | null;
  readonly direction: readonly string[] | null;
  readonly channel: readonly string[] | null;
  readonly status: readonly string[] | null;
  /** False: those without data are left out. */
  readonly all: boolean;
}

export interface SessionEnd {
  readonly status: 'applied' | 'noData' | 'failed' | 'canceled';
  readonly code: string | null;
  readonly params: Params;
  readonly rows: number;
  /** False: the store was away, which is no try. */
  readonly counts: boolean;
  /** After so many tries a session that fails is canceled. */
  readonly tries: number;
}

export interface Feature {
  readonly name: string;
  readonly enabled: boolean;
  readonly revision: bigint;
}

export interface CommerceSessions {
  /**
   * Under the lock of job and channel: the session that failed last, or that a killed process left, goes on; else a new
   * one begins. Null: `rerun` names a session that was canceled before its turn.
   */
  begin(job: SessionJob, channel: string, jobId: string, rerun: string | null): Promise<CommerceSession | null>;
  end(id: string, end: SessionEnd): Promise<void>;
  isCanceled(id: string): Promise<boolean>;
  /** Sorts: `createdAt` (downwards unless asked), `job`, `channel`, `status`, `direction`, `rowsAffected`. */
  sessions(filter: SessionFilter, page: PageRequest): Promise<Page<CommerceSession>>;
  sessionById(id: string): Promise<CommerceSession | null>;
  /** What these jobs carried from or to HQ for the channel, in the order of their sessions. */
  ofJobs(channel: string, jobIds: readonly string[]): Promise<readonly Pick<CommerceSession, 'id' | 'job' | 'jobId'>[]>;
  /** A new session that the job will carry out; the old one is not tried again. Null: it has been applied. */
  rerun(id: string, jobId: string): Promise<CommerceSession | null>;
  /** False: there is nothing left to cancel. */
  cancel(id: string): Promise<boolean>;

  features(): Promise<readonly Feature[]>;
  /** `allowed` looks at the features as they are, before the switch, and refuses by throwing; nobody else switches meanwhile. */
  switchFeature(
    name: string,
    enabled: boolean,
    actor: string | null,
    allowed: (known: readonly Feature[]) => void,
  ): Promise<void>;
  /** The newest switch of any feature. */
  newestRevision(): Promise<bigint>;
  /** A lane that 1010 has run remembers that, as it does of a run of its own. */
  noteRun(lane: Lane, jobId: string, succeeded: boolean): Promise<void>;
  noteDistributed(channel: string, job: SessionJob, revision: bigint): Promise<void>;
  distributed(): Promise<readonly { readonly channel: string; readonly job: SessionJob; readonly revision: bigint }[]>;

  /** What waits for which job: operations that were received, and customers that the channel has not got yet. */
  waitingFor(
    channel: string,
    customers: string,
  ): Promise<{ readonly received: number; readonly undistributed: number }>;
}
