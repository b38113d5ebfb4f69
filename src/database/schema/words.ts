/** The schema `couplet`, the enumerations and the column kinds that every table is made of. */
import { json, pgSchema, timestamp } from 'drizzle-orm/pg-core';
import { JOB_KINDS } from '../../domain/job-kinds.ts';

export const couplet = pgSchema('couplet');

// Enumerations are four bytes in ten million log entries, check themselves, and are read by people as words.
export const side = couplet.enum('side', ['hq', 'channel']);
export const couplingStatus = couplet.enum('coupling_status', [
  'synchronized',
  'pending',
  'conflict',
  'deletion',
  'failure',
  'outOfFilter',
  'neverSynchronized',
  'ended',
]);
export const pendingState = couplet.enum('pending_state', [
  'due',
  'deletion',
  'held',
  'waiting',
  'change',
  'changeHeld',
  'replacement',
  'replacementHeld',
]);
export const errorScope = couplet.enum('error_scope', ['record', 'mapping']);
export const errorKind = couplet.enum('error_kind', ['conflict', 'deletion', 'failure']);
export const errorStatus = couplet.enum('error_status', ['open', 'resolved']);
export const writeDirection = couplet.enum('write_direction', ['toHq', 'toChannel']);
export const logAction = couplet.enum('log_action', [
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
]);
export const logCause = couplet.enum('log_cause', [
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
]);
export const jobKind = couplet.enum('job_kind', JOB_KINDS);
export const jobScope = couplet.enum('job_scope', ['modified', 'full']);
export const direction = couplet.enum('direction', ['both', 'toHq', 'toChannel']);
export const jobTrigger = couplet.enum('job_trigger', ['schedule', 'change', 'manual', 'configuration', 'recovery']);
export const jobStatus = couplet.enum('job_status', ['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export const resultStatus = couplet.enum('result_status', ['succeeded', 'failed', 'skipped']);
export const storeCondition = couplet.enum('store_condition', ['reachable', 'unreachable', 'setupProblem', 'replaced']);
export const role = couplet.enum('role', ['viewer', 'operator', 'admin', 'channel']);

// As text with all six digits: a JavaScript Date keeps three, and a keyset cursor through it skips and repeats rows.
export const time = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: 'string' });

// `json`, not `jsonb`: these are kept and given back whole; jsonb would be parsed into a tree and printed again, and it
// would reorder the names.
export const kept = (name: string) => json(name);
