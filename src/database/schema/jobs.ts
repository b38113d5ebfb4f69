/** Jobs and their results, repeated requests, keys of the API. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import {
  couplet,
  direction,
  jobKind,
  jobScope,
  jobStatus,
  jobTrigger,
  kept,
  resultStatus,
  role,
  time,
} from './words.ts';

export const job = couplet.table(
  'job',
  {
    id: uuid('id').primaryKey(),
    parentId: uuid('parent_id'),
    kind: jobKind('kind').notNull(),
    status: jobStatus('status').notNull(),
    trigger: jobTrigger('trigger').notNull(),
    scope: jobScope('scope'),
    direction: direction('direction'),
    dryRun: boolean('dry_run').notNull(),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    attempts: integer('attempts').notNull().default(0),
    mapping: text('mapping'),
    channel: text('channel'),
    actor: text('actor'),
    requestId: text('request_id'),
    body: kept('body'),
    counters: kept('counters').notNull(),
    done: integer('done').notNull().default(0),
    total: integer('total'),
    code: text('code'),
    params: kept('params'),
    createdAt: time('created_at').notNull().defaultNow(),
    startedAt: time('started_at'),
    finishedAt: time('finished_at'),
  },
  (table) => [
    index('job_mapping').on(table.mapping, table.id),
    index('job_parent').on(table.parentId, table.id).where(sql`${table.parentId} is not null`),
    // Most jobs are continuous runs that succeeded; the others are found without reading past them.
    index('job_status').on(table.status, table.id).where(sql`${table.status} <> 'succeeded'`),
    index('job_kind').on(table.kind, table.id).where(sql`${table.kind} <> 'synchronize'`),
    index('job_trigger').on(table.trigger, table.id).where(sql`${table.trigger} <> 'change'`),
    index('job_finished_at').on(table.finishedAt).where(sql`${table.finishedAt} is not null`),
    foreignKey({ name: 'job_parent_id_fkey', columns: [table.parentId], foreignColumns: [table.id] }).onDelete(
      'cascade',
    ),
    check(
      'job_finished_check',
      sql`(${table.status} in ('succeeded', 'failed', 'cancelled')) = (${table.finishedAt} is not null)`,
    ),
  ],
);

export const jobResult = couplet.table(
  'job_result',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    jobId: uuid('job_id').notNull(),
    status: resultStatus('status').notNull(),
    code: text('code'),
    params: kept('params').notNull(),
    errorId: uuid('error_id'),
    couplingId: uuid('coupling_id'),
    hqKey: text('hq_key'),
    channelKey: text('channel_key'),
    candidates: kept('candidates'),
    writes: kept('writes'),
  },
  (table) => [
    index('job_result_job').on(table.jobId, table.id),
    foreignKey({ name: 'job_result_job_id_fkey', columns: [table.jobId], foreignColumns: [job.id] }).onDelete(
      'cascade',
    ),
  ],
);

/** The first answer to a request that carried an Idempotency-Key, by caller, method and path; kept a day. */
export const idempotencyKey = couplet.table(
  'idempotency_key',
  {
    caller: text('caller').notNull(),
    method: text('method').notNull(),
    path: text('path').notNull(),
    key: text('key').notNull(),
    bodyHash: text('body_hash').notNull(),
    /** Null while the first request is running. */
    status: integer('status'),
    headers: kept('headers'),
    body: text('body'),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: 'idempotency_key_pkey', columns: [table.caller, table.method, table.path, table.key] }),
    index('idempotency_key_created_at').on(table.createdAt),
  ],
);

export const apiKey = couplet.table(
  'api_key',
  {
    id: uuid('id').primaryKey(),
    name: text('name').notNull(),
    hash: text('hash').notNull(),
    role: role('role').notNull(),
    channel: text('channel'),
    expiresAt: time('expires_at'),
    revokedAt: time('revoked_at'),
    lastUsedAt: time('last_used_at'),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [
    unique('api_key_name_key').on(table.name),
    unique('api_key_hash_key').on(table.hash),
    check('api_key_channel_check', sql`(${table.role} = 'channel') = (${table.channel} is not null)`),
  ],
);
