/** The schema `couplet`, the enumerations and the column kinds that every table is made of. */
import { json, pgSchema, timestamp } from 'drizzle-orm/pg-core';
import { DIRECTIONS, SIDES, WRITE_DIRECTIONS } from '../../domain/record.ts';
import {
  JOB_KINDS,
  COUPLING_STATUSES,
  ERROR_KINDS,
  ERROR_SCOPES,
  ERROR_STATUSES,
  JOB_SCOPES,
  JOB_STATUSES,
  JOB_TRIGGERS,
  LOG_ACTIONS,
  LOG_CAUSES,
  PENDING_STATES,
  RESULT_STATUSES,
  ROLES,
  STORE_CONDITIONS,
} from '../../domain/terms.ts';

export const couplet = pgSchema('couplet');

// Enumerations are four bytes in ten million log entries, check themselves, and are read by people as words.
export const side = couplet.enum('side', SIDES);
export const couplingStatus = couplet.enum('coupling_status', COUPLING_STATUSES);
export const pendingState = couplet.enum('pending_state', PENDING_STATES);
export const errorScope = couplet.enum('error_scope', ERROR_SCOPES);
export const errorKind = couplet.enum('error_kind', ERROR_KINDS);
export const errorStatus = couplet.enum('error_status', ERROR_STATUSES);
export const writeDirection = couplet.enum('write_direction', WRITE_DIRECTIONS);
export const logAction = couplet.enum('log_action', LOG_ACTIONS);
export const logCause = couplet.enum('log_cause', LOG_CAUSES);
export const jobKind = couplet.enum('job_kind', JOB_KINDS);
export const jobScope = couplet.enum('job_scope', JOB_SCOPES);
export const direction = couplet.enum('direction', DIRECTIONS);
export const jobTrigger = couplet.enum('job_trigger', JOB_TRIGGERS);
export const jobStatus = couplet.enum('job_status', JOB_STATUSES);
export const resultStatus = couplet.enum('result_status', RESULT_STATUSES);
export const storeCondition = couplet.enum('store_condition', STORE_CONDITIONS);
export const role = couplet.enum('role', ROLES);

// As text with all six digits: a JavaScript Date keeps three, and a keyset cursor through it skips and repeats rows.
export const time = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: 'string' });

// `json`, not `jsonb`: these are kept and given back whole; jsonb would be parsed into a tree and printed again, and it
// would reorder the names.
export const kept = (name: string) => json(name);
