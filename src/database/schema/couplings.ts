/** Couplings with their bases, and references that wait for a parent. */
import { sql } from 'drizzle-orm';
import { check, foreignKey, index, integer, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { lane } from './lanes.ts';
import { couplet, couplingStatus, kept, side, time } from './words.ts';

/**
 * Pages are filled to four fifths and no index names a column that an ordinary synchronization changes, so that the
 * update of a base stays within its page (HOT). `status` is in a predicate: it changes when a pair falls out of step.
 * No foreign keys to lane and layout: the same two rows would be locked for every pair of a first load, by all workers,
 * which doubled the server's time for a pair (22 to 43 µs); nor has any other table that is written by the thousand.
 * Lanes and layouts are never removed.
 */
export const coupling = couplet.table(
  'coupling',
  {
    id: uuid('id').primaryKey(),
    laneId: integer('lane_id').notNull(),
    layoutId: integer('layout_id').notNull(),
    status: couplingStatus('status').notNull(),
    hqKey: text('hq_key').notNull(),
    channelKey: text('channel_key'),
    // Bases are JSON arrays of texts and nulls, in the order of the layout. As text[] they would take an array literal
    // within an array literal on the way in, and a parser in JavaScript instead of JSON.parse on the way out.
    baseHq: text('base_hq').notNull(),
    baseChannel: text('base_channel').notNull(),
    baseStates: text('base_states'),
    hqDescription: text('hq_description').notNull(),
    channelDescription: text('channel_description').notNull(),
    errorId: uuid('error_id'),
    parents: uuid('parents').array(),
    /** The version that Couplet's own last write left on each side. */
    writtenHq: text('written_hq'),
    writtenChannel: text('written_channel'),
    oldRows: kept('old_rows'),
    lastJobId: uuid('last_job_id'),
    createdAt: time('created_at').notNull().defaultNow(),
    lastSynchronizedAt: time('last_synchronized_at'),
    endedAt: time('ended_at'),
  },
  (table) => [
    uniqueIndex('coupling_hq_key').on(table.laneId, table.hqKey).where(sql`${table.endedAt} is null`),
    uniqueIndex('coupling_channel_key').on(table.laneId, table.channelKey).where(sql`${table.endedAt} is null`),
    index('coupling_open').on(table.laneId, table.id).where(sql`${table.endedAt} is null`),
    index('coupling_out_of_step')
      .on(table.laneId, table.status, table.id)
      .where(sql`${table.endedAt} is null and ${table.status} <> 'synchronized'`),
    index('coupling_ended_hq_key').on(table.laneId, table.hqKey).where(sql`${table.endedAt} is not null`),
    index('coupling_ended_channel_key').on(table.laneId, table.channelKey).where(sql`${table.endedAt} is not null`),
    index('coupling_ended').on(table.laneId, table.id).where(sql`${table.endedAt} is not null`),
    index('coupling_parents').using('gin', table.parents).where(sql`${table.parents} is not null`),
    check('coupling_ended_check', sql`(${table.status} = 'ended') = (${table.endedAt} is not null)`),
  ],
);

/** Keys that a coupling had before its record was renamed: a record's log is found under its former keys too. */
export const formerKey = couplet.table(
  'former_key',
  {
    laneId: integer('lane_id').notNull(),
    side: side('side').notNull(),
    key: text('key').notNull(),
    couplingId: uuid('coupling_id').notNull(),
    until: time('until').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: 'former_key_pkey', columns: [table.laneId, table.side, table.key, table.couplingId] }),
    index('former_key_coupling_id').on(table.couplingId),
    foreignKey({
      name: 'former_key_coupling_id_fkey',
      columns: [table.couplingId],
      foreignColumns: [coupling.id],
    }).onDelete('cascade'),
  ],
);

/** Couplings with a reference that was written as null because this parent was not coupled; gone when it is. */
export const parentWait = couplet.table(
  'parent_wait',
  {
    parentLaneId: integer('parent_lane_id').notNull(),
    parentSide: side('parent_side').notNull(),
    parentKey: text('parent_key').notNull(),
    couplingId: uuid('coupling_id').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'parent_wait_pkey',
      columns: [table.parentLaneId, table.parentSide, table.parentKey, table.couplingId],
    }),
    index('parent_wait_coupling_id').on(table.couplingId),
    foreignKey({
      name: 'parent_wait_coupling_id_fkey',
      columns: [table.couplingId],
      foreignColumns: [coupling.id],
    }).onDelete('cascade'),
    foreignKey({ name: 'parent_wait_parent_lane_id_fkey', columns: [table.parentLaneId], foreignColumns: [lane.id] }),
  ],
);
