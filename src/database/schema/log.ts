/** The synchronization log. */
import { sql } from 'drizzle-orm';
import { index, integer, text, uuid } from 'drizzle-orm/pg-core';
import { couplet, logAction, logCause, writeDirection } from './words.ts';

/**
 * Partitioned by the month of `id`: a UUID of version 7 begins with its time, so one column is the order, the cursor,
 * the partition and, read back, the `at` of the entry. No foreign keys: the log outlives what it tells of.
 */
export const syncLog = couplet.table(
  'sync_log',
  {
    id: uuid('id').primaryKey(),
    laneId: integer('lane_id').notNull(),
    action: logAction('action').notNull(),
    cause: logCause('cause').notNull(),
    direction: writeDirection('direction'),
    couplingId: uuid('coupling_id'),
    jobId: uuid('job_id'),
    errorId: uuid('error_id'),
    reverts: uuid('reverts'),
    /** The entry that took this one back and is in force itself. The one column that is ever changed. */
    revertedBy: uuid('reverted_by'),
    hqKey: text('hq_key'),
    channelKey: text('channel_key'),
    actor: text('actor'),
    changedBy: text('changed_by'),
    reason: text('reason'),
    code: text('code'),
    requestId: text('request_id'),
    // JSON, as text: it is given back as it was taken, and checking it ten million times serves nobody.
    params: text('params'),
    /** JSON array of [field, side, old, new]. */
    changes: text('changes'),
    undo: text('undo'),
  },
  (table) => [
    index('sync_log_lane').on(table.laneId, table.id),
    index('sync_log_job').on(table.jobId, table.id).where(sql`${table.jobId} is not null`),
    // The log of a coupled record is found through its coupling (and the couplings it had); only entries without one
    // are found by key. That saves two wide indexes on every entry written.
    index('sync_log_coupling').on(table.couplingId, table.id).where(sql`${table.couplingId} is not null`),
    index('sync_log_hq_key').on(table.laneId, table.hqKey, table.id).where(sql`${table.couplingId} is null`),
    index('sync_log_channel_key').on(table.laneId, table.channelKey, table.id).where(sql`${table.couplingId} is null`),
    // Seldom entries, found without reading past the frequent ones.
    index('sync_log_error').on(table.errorId, table.id).where(sql`${table.errorId} is not null`),
    index('sync_log_actor').on(table.actor, table.id).where(sql`${table.actor} is not null`),
    index('sync_log_action').on(table.action, table.id).where(sql`${table.action} <> 'modified'`),
    index('sync_log_cause').on(table.cause, table.id).where(sql`${table.cause} <> 'change'`),
  ],
);
