/** Synchronization errors: what needs somebody, and what became of it. */
import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { couplet, errorKind, errorScope, errorStatus, kept, side, time } from './words.ts';

export const syncError = couplet.table(
  'sync_error',
  {
    id: uuid('id').primaryKey(),
    laneId: integer('lane_id').notNull(),
    scope: errorScope('scope').notNull(),
    kind: errorKind('kind').notNull(),
    status: errorStatus('status').notNull(),
    parked: boolean('parked').notNull(),
    attempts: integer('attempts').notNull(),
    /** No foreign key: removing an ended coupling would read all errors for its own, which no whole index finds. */
    couplingId: uuid('coupling_id'),
    /** The customer operation whose conflict it shows: runs of the mapping neither see nor end it. */
    operationId: uuid('operation_id'),
    jobId: uuid('job_id'),
    code: text('code').notNull(),
    cause: text('cause').notNull(),
    params: kept('params').notNull(),
    hqKey: text('hq_key'),
    channelKey: text('channel_key'),
    hqDescription: text('hq_description').notNull(),
    channelDescription: text('channel_description').notNull(),
    /** Exists, modifiedAt, changedBy and version of the two records when the error was seen last. */
    hqSeen: kept('hq_seen').notNull(),
    channelSeen: kept('channel_seen').notNull(),
    deletedIn: side('deleted_in'),
    survivorChanged: boolean('survivor_changed'),
    candidates: kept('candidates'),
    massDeletion: kept('mass_deletion'),
    fields: kept('fields'),
    fieldNames: text('field_names').array(),
    waitsForLaneId: integer('waits_for_lane_id'),
    waitsForSide: side('waits_for_side'),
    waitsForKey: text('waits_for_key'),
    retryAt: time('retry_at'),
    assignee: text('assignee'),
    note: text('note'),
    firstSeenAt: time('first_seen_at').notNull().defaultNow(),
    lastSeenAt: time('last_seen_at').notNull().defaultNow(),
    resolvedAt: time('resolved_at'),
    resolution: kept('resolution'),
  },
  (table) => [
    // At most one open error per coupling, per uncoupled record of a side, and per mapping and code.
    // Of a coupling one that is not an operation's; the whole of them in one index, by which the open ones are found.
    uniqueIndex('sync_error_coupling')
      .on(table.couplingId, sql`coalesce(${table.operationId}, ${table.couplingId})`)
      .where(sql`${table.status} = 'open' and ${table.couplingId} is not null`),
    uniqueIndex('sync_error_operation')
      .on(table.operationId)
      .where(sql`${table.status} = 'open' and ${table.operationId} is not null`),
    uniqueIndex('sync_error_hq_key')
      .on(table.laneId, table.hqKey)
      .where(sql`${table.status} = 'open' and ${table.couplingId} is null and ${table.scope} = 'record'`),
    uniqueIndex('sync_error_channel_key')
      .on(table.laneId, table.channelKey)
      .where(sql`${table.status} = 'open' and ${table.couplingId} is null and ${table.scope} = 'record'`),
    uniqueIndex('sync_error_mapping_code')
      .on(table.laneId, table.code)
      .where(sql`${table.status} = 'open' and ${table.scope} = 'mapping'`),
    index('sync_error_open').on(table.laneId, table.kind, table.id).where(sql`${table.status} = 'open'`),
    index('sync_error_open_id').on(table.id).where(sql`${table.status} = 'open'`),
    index('sync_error_last_seen').on(table.lastSeenAt, table.id).where(sql`${table.status} = 'open'`),
    index('sync_error_cause').on(table.cause, table.id).where(sql`${table.status} = 'open'`),
    index('sync_error_resolved').on(table.laneId, table.id).where(sql`${table.status} = 'resolved'`),
    index('sync_error_resolved_at').on(table.resolvedAt).where(sql`${table.status} = 'resolved'`),
    // The open ones are in the unique one above: an index more for each conflict that is listed cost a tenth of its row.
    index('sync_error_of_coupling').on(table.couplingId).where(sql`${table.status} = 'resolved'`),
    index('sync_error_job').on(table.jobId, table.id).where(sql`${table.jobId} is not null`),
    index('sync_error_retry')
      .on(table.laneId, table.retryAt)
      .where(sql`${table.status} = 'open' and not ${table.parked} and ${table.retryAt} is not null`),
    index('sync_error_waits_for')
      .on(table.waitsForLaneId, table.waitsForSide, table.waitsForKey)
      .where(sql`${table.status} = 'open' and ${table.waitsForKey} is not null`),
    check('sync_error_resolved_check', sql`(${table.status} = 'resolved') = (${table.resolvedAt} is not null)`),
    check('sync_error_resolution_check', sql`(${table.status} = 'resolved') = (${table.resolution} is not null)`),
    check(
      'sync_error_waits_for_check',
      sql`(${table.waitsForLaneId} is null) = (${table.waitsForKey} is null) and (${table.waitsForSide} is null) = (${table.waitsForKey} is null)`,
    ),
    check('sync_error_attempts_check', sql`${table.attempts} >= 0`),
  ],
);
