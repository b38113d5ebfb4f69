/** Words that are stored, sent over REST, asked for on the command line and shown: each list stands here once. */

// ---------------------------------------------------------------- couplings and what is pending of them

export const COUPLING_STATUSES = [
  'synchronized',
  'pending',
  'conflict',
  'deletion',
  'failure',
  'outOfFilter',
  'neverSynchronized',
  'ended',
] as const;
export type CouplingStatus = (typeof COUPLING_STATUSES)[number];

export const PENDING_STATES = [
  'due',
  'deletion',
  'held',
  'waiting',
  'change',
  'changeHeld',
  'replacement',
  'replacementHeld',
] as const;
export type PendingState = (typeof PENDING_STATES)[number];

// ---------------------------------------------------------------- errors

export const ERROR_SCOPES = ['record', 'mapping'] as const;
export type ErrorScope = (typeof ERROR_SCOPES)[number];

export const ERROR_KINDS = ['conflict', 'deletion', 'failure'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

export const ERROR_STATUSES = ['open', 'resolved'] as const;
export type ErrorStatus = (typeof ERROR_STATUSES)[number];

export const ERROR_ACTIONS = [
  'retry',
  'synchronize',
  'restore',
  'delete',
  'couple',
  'remove-coupling',
  'approve',
  'decline',
] as const;
export type ErrorAction = (typeof ERROR_ACTIONS)[number];

/** What somebody did, `dismiss` to the customer operation whose conflict it was; or that it ended by itself. */
export const RESOLUTION_ACTIONS = [...ERROR_ACTIONS, 'dismiss', 'automatic'] as const;
export type ResolutionAction = (typeof RESOLUTION_ACTIONS)[number];

// ---------------------------------------------------------------- log

export const LOG_ACTIONS = [
  'coupled',
  'uncoupled',
  'inserted',
  'modified',
  'deleted',
  'restored',
  'conflict',
  'deletion',
  'failed',
  'resolved',
] as const;
export type LogAction = (typeof LOG_ACTIONS)[number];

export const LOG_CAUSES = [
  'change',
  'full',
  'match',
  'retry',
  'resolution',
  'restore',
  'revert',
  'recovery',
  'configuration',
  'commerce',
] as const;
export type LogCause = (typeof LOG_CAUSES)[number];

// ---------------------------------------------------------------- jobs

/** Jobs of asynchronous customers that work in sessions, one channel at a time. */
export const SESSION_JOBS = ['p-job', 'synchronize-customers', '1010', '1110', '1070'] as const;
export type SessionJob = (typeof SESSION_JOBS)[number];

/** All jobs of asynchronous customers; the pipeline is several of them, one after the other. */
export const COMMERCE_JOBS = [...SESSION_JOBS, 'pipeline'] as const;
export type CommerceJob = (typeof COMMERCE_JOBS)[number];

export const JOB_KINDS = [
  'synchronize',
  'couple',
  'uncouple',
  'resolve',
  'bulk',
  'revert',
  'verify',
  'check',
  ...COMMERCE_JOBS,
] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export const JOB_SCOPES = ['modified', 'full'] as const;
export type JobScope = (typeof JOB_SCOPES)[number];

export const JOB_TRIGGERS = ['schedule', 'change', 'manual', 'configuration', 'recovery'] as const;
export type JobTrigger = (typeof JOB_TRIGGERS)[number];

export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const RESULT_STATUSES = ['succeeded', 'failed', 'skipped'] as const;
export type ResultStatus = (typeof RESULT_STATUSES)[number];

// ---------------------------------------------------------------- customer operations

export const OPERATION_STATUSES = [
  'received',
  'processing',
  'editing',
  'synchronized',
  'failed',
  'conflict',
  'blocked',
  'dismissed',
] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

/** `waiting`: the channel has not handed it over yet. */
export const OPERATION_STATES = ['waiting', ...OPERATION_STATUSES] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

export const OPERATION_ACTIONS = ['save', 'edit', 'release', 'synchronize', 'dismiss', 'reopen'] as const;
export type OperationAction = (typeof OPERATION_ACTIONS)[number];

export const NEXT_STEPS = ['synchronize-customers', '1010', 'repair'] as const;
export type NextStep = (typeof NEXT_STEPS)[number];

// ---------------------------------------------------------------- stores and people

export const STORE_CONDITIONS = ['reachable', 'unreachable', 'setupProblem', 'replaced'] as const;
export type StoreCondition = (typeof STORE_CONDITIONS)[number];

export const ROLES = ['viewer', 'operator', 'admin', 'channel'] as const;
export type Role = (typeof ROLES)[number];
