/** What travelled with a channel and when, which features are switched on, and what of them each channel was told. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { couplet, jobKind, kept, time } from './words.ts';

export const sessionDirection = couplet.enum('session_direction', ['upload', 'download']);
export const sessionStatus = couplet.enum('session_status', ['started', 'applied', 'noData', 'failed', 'canceled']);

export const commerceSession = couplet.table(
  'commerce_session',
  {
    id: uuid('id').primaryKey(),
    job: jobKind('job').notNull(),
    direction: sessionDirection('direction').notNull(),
    channel: text('channel').notNull(),
    status: sessionStatus('status').notNull(),
    tryCount: integer('try_count').notNull().default(0),
    code: text('code'),
    params: kept('params').notNull(),
    rowsAffected: integer('rows_affected').notNull().default(0),
    createdAt: time('created_at').notNull().defaultNow(),
    /** Of the last try; null while a rerun waits for its job. */
    startedAt: time('started_at'),
    appliedAt: time('applied_at'),
    rerunOf: uuid('rerun_of'),
    jobId: uuid('job_id').notNull(),
  },
  (table) => [
    // Most sessions had nothing to carry, and are listed only when somebody asks for all.
    index('commerce_session_with_data').on(table.id).where(sql`${table.status} <> 'noData'`),
    index('commerce_session_open')
      .on(table.job, table.channel, table.id)
      .where(sql`${table.status} in ('started', 'failed')`),
  ],
);

export const commerceFeature = couplet.table('commerce_feature', {
  name: text('name').primaryKey(),
  enabled: boolean('enabled').notNull(),
  /** Counted up with every switch of any feature: a job that began later has brought it. */
  revision: bigint('revision', { mode: 'bigint' }).notNull(),
  changedAt: time('changed_at').notNull().defaultNow(),
  changedBy: text('changed_by'),
});

export const commerceDistribution = couplet.table(
  'commerce_distribution',
  {
    channel: text('channel').notNull(),
    job: jobKind('job').notNull(),
    /** The newest switch when the last run began that came to its end. */
    revision: bigint('revision', { mode: 'bigint' }).notNull(),
  },
  (table) => [primaryKey({ name: 'commerce_distribution_pkey', columns: [table.channel, table.job] })],
);
