/** The shapes of the commerce part of the API. */

export type OperationStatus =
  | 'received'
  | 'processing'
  | 'editing'
  | 'synchronized'
  | 'failed'
  | 'conflict'
  | 'blocked'
  | 'dismissed';

export type OperationName =
  | 'createCustomer'
  | 'updateCustomer'
  | 'deactivateCustomer'
  | 'createAddress'
  | 'updateAddress'
  | 'deactivateAddress'
  | 'upsertContact'
  | 'deactivateContact'
  | 'upsertAffiliation'
  | 'removeAffiliation'
  | 'setAttribute'
  | 'removeAttribute';

export type CommerceJobName = 'p-job' | 'synchronize-customers' | '1010' | '1110' | '1070' | 'pipeline';

export interface KnownError {
  readonly code: string;
  readonly field?: string | null;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface OperationAttribute {
  readonly name: string;
  readonly oldValue: unknown;
  readonly newValue: unknown;
  readonly changed: boolean;
}

export interface Operation {
  readonly id: string;
  readonly channel: string;
  readonly channelName: string;
  readonly customerAccount: string | null;
  readonly asyncCustomerAccount: string;
  readonly operationTimestamp: string;
  readonly operation: OperationName;
  /** `waiting` only in the list of what a channel has not handed over yet. */
  readonly status: OperationStatus | 'waiting';
  readonly lastKnownError: KnownError | null;
  readonly changeDescription: string;
  readonly attempts: number;
  readonly attributes: readonly OperationAttribute[];
  readonly edits: readonly {
    readonly at: string;
    readonly actor: string | null;
    readonly name: string;
    readonly old: unknown;
    readonly new: unknown;
  }[];
}

export interface OperationDetail extends Operation {
  readonly allowedActions: readonly string[];
  readonly errorId: string | null;
  readonly couplingId: string | null;
  readonly jobId: string | null;
  readonly blockedBy: string | null;
  readonly partKey: unknown;
  readonly createdBy: string | null;
  readonly editing: { readonly by: string; readonly until: string } | null;
  readonly nextStep: 'synchronize-customers' | '1010' | 'repair' | null;
  readonly history: readonly {
    readonly at: string;
    readonly status: string;
    readonly code: string | null;
    readonly jobId: string | null;
    readonly session: string | null;
  }[];
  readonly dismissal?: { readonly at: string; readonly actor: string | null; readonly reason: string | null } | null;
  readonly raw?: unknown;
  readonly etag?: string;
}

export interface OperationSummary {
  readonly channels: readonly {
    readonly channel: string;
    readonly name: string;
    readonly waiting: { readonly count: number; readonly oldestAt: string | null };
    readonly statuses: Readonly<Partial<Record<OperationStatus, number>>>;
  }[];
  readonly failures: readonly { readonly code: string; readonly count: number; readonly sampleId: string }[];
}

export interface CommerceJob {
  readonly job: CommerceJobName;
  readonly label: string;
  readonly schedule: string;
  readonly lastRun: unknown;
  readonly nextRunAt: string | null;
}

export interface CommerceSession {
  readonly session: string;
  readonly job: CommerceJobName;
  readonly direction: 'upload' | 'download';
  readonly channel: string;
  readonly channelName?: string;
  readonly status: 'started' | 'applied' | 'noData' | 'failed' | 'canceled';
  readonly tryCount: number;
  readonly code?: string | null;
  readonly params?: Readonly<Record<string, unknown>> | null;
  readonly message: string | null;
  readonly rowsAffected: number | null;
  readonly createdAt: string;
  readonly appliedAt: string | null;
  readonly rerunOf: string | null;
}

export interface CommerceFeature {
  readonly name: string;
  readonly label: string;
  readonly enabled: boolean;
  readonly requires: readonly string[];
  readonly effective: Readonly<Record<string, boolean>>;
  readonly drift: boolean;
  readonly pendingJobs: Readonly<Record<string, readonly string[]>>;
}
