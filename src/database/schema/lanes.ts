/** Lanes (a mapping with a channel), cursors, and the changes that wait to be worked. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { couplet, kept, pendingState, side, storeCondition, time } from './words.ts';

/** One row: what names this coupling database among the readers of a store. */
export const identity = couplet.table('identity', {
  only: boolean('only').primaryKey().default(true),
  reader: uuid('reader').notNull(),
  createdAt: time('created_at').notNull().defaultNow(),
});

/** The fields of a mapping, in order, as bases were written under them. Never changed, shared by equal lists. */
export const layout = couplet.table(
  'layout',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    /** SHA-256 of `fields`: the list itself may be longer than an index entry. */
    fingerprint: text('fingerprint').notNull(),
    fields: kept('fields').notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [unique('layout_fingerprint_key').on(table.fingerprint)],
);

export const lane = couplet.table(
  'lane',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    mapping: text('mapping').notNull(),
    channel: text('channel').notNull(),
    fence: bigint('fence', { mode: 'number' }).notNull().default(0),
    holder: text('holder'),
    paused: boolean('paused').notNull().default(false),
    firstRunDone: boolean('first_run_done').notNull().default(false),
    stopped: kept('stopped'),
    fullRunDue: kept('full_run_due'),
    layoutId: integer('layout_id'),
    lastSuccessAt: time('last_success_at'),
    lastJobId: uuid('last_job_id'),
    createdAt: time('created_at').notNull().defaultNow(),
    /** Its log still names it. */
    forgottenAt: time('forgotten_at'),
  },
  (table) => [
    unique('lane_mapping_channel_key').on(table.mapping, table.channel),
    foreignKey({ name: 'lane_layout_id_fkey', columns: [table.layoutId], foreignColumns: [layout.id] }),
  ],
);

/** What was done in a lane, by the hour; also the number of its couplings, so that nobody counts a million rows. */
export const laneActivity = couplet.table(
  'lane_activity',
  {
    laneId: integer('lane_id').notNull(),
    hour: time('hour').notNull(),
    changes: bigint('changes', { mode: 'number' }).notNull().default(0),
    writes: bigint('writes', { mode: 'number' }).notNull().default(0),
    errors: bigint('errors', { mode: 'number' }).notNull().default(0),
    /** Couplings made less couplings ended. */
    couplings: bigint('couplings', { mode: 'number' }).notNull().default(0),
  },
  (table) => [
    primaryKey({ name: 'lane_activity_pkey', columns: [table.laneId, table.hour] }),
    index('lane_activity_hour').on(table.hour),
    foreignKey({ name: 'lane_activity_lane_id_fkey', columns: [table.laneId], foreignColumns: [lane.id] }),
  ],
);

/** How far a lane is proven to hold what its couplings say: the pass under way, and the last one that was completed. */
export const proof = couplet.table(
  'proof',
  {
    laneId: integer('lane_id').primaryKey(),
    /** Null: no pass is under way. */
    passStartedAt: time('pass_started_at'),
    /** The last coupling that the pass has compared. */
    passAfter: uuid('pass_after'),
    passPairs: bigint('pass_pairs', { mode: 'number' }).notNull().default(0),
    passVerified: bigint('pass_verified', { mode: 'number' }).notNull().default(0),
    passDrift: bigint('pass_drift', { mode: 'number' }).notNull().default(0),
    /** When the last complete pass began: no pair of it was compared before. */
    provenAt: time('proven_at'),
    pairs: bigint('pairs', { mode: 'number' }).notNull().default(0),
    verified: bigint('verified', { mode: 'number' }).notNull().default(0),
    drift: bigint('drift', { mode: 'number' }).notNull().default(0),
  },
  (table) => [foreignKey({ name: 'proof_lane_id_fkey', columns: [table.laneId], foreignColumns: [lane.id] })],
);

/** Where the reader of a store stands. HQ has the empty channel. */
export const storeCursor = couplet.table(
  'store_cursor',
  {
    side: side('side').notNull(),
    channel: text('channel').notNull(),
    cursor: text('cursor').notNull(),
    readAt: time('read_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: 'store_cursor_pkey', columns: [table.side, table.channel] })],
);

/** What the workers found a store to be, for people. */
export const storeState = couplet.table(
  'store_state',
  {
    side: side('side').notNull(),
    channel: text('channel').notNull(),
    state: storeCondition('state').notNull(),
    since: time('since').notNull().defaultNow(),
    captureInstalled: boolean('capture_installed').notNull(),
    problems: kept('problems').notNull(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: 'store_state_pkey', columns: [table.side, table.channel] })],
);

export const pending = couplet.table(
  'pending',
  {
    /** From a sequence, for paging oldest first; a key that changes again keeps its place. */
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    laneId: integer('lane_id').notNull(),
    side: side('side').notNull(),
    key: text('key').notNull(),
    deleted: boolean('deleted').notNull(),
    oldRow: kept('old_row'),
    generation: integer('generation').notNull().default(1),
    state: pendingState('state').notNull().default('due'),
    since: time('since').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('pending_key').on(table.laneId, table.side, table.key),
    index('pending_state').on(table.state, table.laneId, table.id),
  ],
);

/**
 * A stretch of the backlog of a lane that its holder shares with other workers: the pending changes from one id to
 * another, for whoever claims it, under the holder's fence. The one that begins at 0 only says that a worker has asked.
 * The row goes when all of the stretch is recorded, so one that is left tells of a worker that did not come to its end.
 */
export const laneShare = couplet.table(
  'lane_share',
  {
    laneId: integer('lane_id').notNull(),
    firstId: bigint('first_id', { mode: 'number' }).notNull(),
    lastId: bigint('last_id', { mode: 'number' }).notNull(),
    /** The last id of the backlog that was shared, the same in all of its stretches. */
    untilId: bigint('until_id', { mode: 'number' }).notNull(),
    fence: bigint('fence', { mode: 'number' }).notNull(),
    holder: text('holder'),
  },
  (table) => [
    primaryKey({ name: 'lane_share_pkey', columns: [table.laneId, table.firstId] }),
    foreignKey({ name: 'lane_share_lane_id_fkey', columns: [table.laneId], foreignColumns: [lane.id] }),
  ],
);

/** Records that were uncoupled, by whatever way: they stay so until somebody couples them. */
export const uncoupled = couplet.table(
  'uncoupled',
  {
    laneId: integer('lane_id').notNull(),
    side: side('side').notNull(),
    key: text('key').notNull(),
    at: time('at').notNull().defaultNow(),
    actor: text('actor'),
  },
  (table) => [
    primaryKey({ name: 'uncoupled_pkey', columns: [table.laneId, table.side, table.key] }),
    foreignKey({ name: 'uncoupled_lane_id_fkey', columns: [table.laneId], foreignColumns: [lane.id] }),
  ],
);

/** Ledger batches of the stores whose outcomes are recorded here; each once. */
export const recordedBatch = couplet.table(
  'recorded_batch',
  {
    batchId: text('batch_id').primaryKey(),
    recordedAt: time('recorded_at').notNull().defaultNow(),
  },
  (table) => [index('recorded_batch_recorded_at').on(table.recordedAt)],
);

export const configurationHistory = couplet.table('configuration_history', {
  id: uuid('id').primaryKey(),
  at: time('at').notNull().default(sql`now()`),
  actor: text('actor'),
  difference: kept('difference').notNull(),
  configuration: kept('configuration').notNull(),
});
