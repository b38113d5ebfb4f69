/** Customer operations, the records they speak of, and the numbers that were given. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import { OPERATION_STATUSES } from '../../domain/terms.ts';
import { couplet, kept, time } from './words.ts';

export const operationStatus = couplet.enum('operation_status', OPERATION_STATUSES);

export const customerOperation = couplet.table(
  'customer_operation',
  {
    id: uuid('id').primaryKey(),
    channel: text('channel').notNull(),
    part: text('part').notNull(),
    counter: bigint('counter', { mode: 'bigint' }).notNull(),
    guid: uuid('guid'),
    /** Empty for the customer itself. */
    partKey: text('part_key').notNull(),
    name: text('name'),
    status: operationStatus('status').notNull(),
    operationTimestamp: time('operation_timestamp').notNull().defaultNow(),
    receivedAt: time('received_at').notNull().defaultNow(),
    createdBy: text('created_by'),
    // The row as it came is never changed; corrections lie beside it.
    row: kept('row').notNull(),
    /** The same row again under its counter, without comparing texts of JSON. */
    rowHash: text('row_hash').notNull(),
    values: kept('values').notNull(),
    snapshot: boolean('snapshot').notNull(),
    corrections: kept('corrections').notNull(),
    edits: kept('edits').notNull(),
    history: kept('history').notNull(),
    code: text('code'),
    params: kept('params').notNull(),
    attempts: integer('attempts').notNull().default(0),
    customerAccount: text('customer_account'),
    couplingId: uuid('coupling_id'),
    blockedBy: uuid('blocked_by'),
    jobId: uuid('job_id'),
    /** The synchronization error that shows its conflict. */
    errorId: uuid('error_id'),
    /** How somebody answered that conflict. */
    resolution: kept('resolution'),
    found: kept('found'),
    /** What the channel had seen when it recorded the operation, by field. */
    base: kept('base'),
    /**
     * `field=value` in small letters: the customer as the operation found it and as it would leave it; what is of the part
     * itself begins with `part.`.
     */
    terms: text('terms').array().notNull(),
    /** When it wrote to HQ: later than the coupling was synchronized last means that 1010 has it still to bring. */
    wroteAt: time('wrote_at'),
    /** When it was synchronized, for retention. */
    endedAt: time('ended_at'),
    dismissal: kept('dismissal'),
    editingBy: text('editing_by'),
    editingUntil: time('editing_until'),
    revision: integer('revision').notNull().default(1),
  },
  (table) => [
    unique('customer_operation_counter_key').on(table.channel, table.part, table.counter),
    index('customer_operation_guid').on(table.guid, table.counter),
    index('customer_operation_coupling').on(table.couplingId).where(sql`${table.couplingId} is not null`),
    index('customer_operation_account').on(table.customerAccount, table.id),
    // What is in step is most of it, and is never due.
    index('customer_operation_due')
      .on(table.channel, table.part, table.counter)
      .where(sql`${table.status} not in ('synchronized', 'dismissed')`),
    index('customer_operation_status').on(table.status, table.id),
    // As a search vector, since that finds a whole value and the beginning of one by the same index.
    index('customer_operation_terms').using('gin', sql`array_to_tsvector(${table.terms})`),
    index('customer_operation_time').on(table.operationTimestamp, table.id),
    // The list is in the order of time unless another is asked for: what has a rare status or channel is found without
    // walking over the others.
    index('customer_operation_status_time').on(table.status, table.operationTimestamp, table.id),
    index('customer_operation_channel_time').on(table.channel, table.operationTimestamp, table.id),
    index('customer_operation_channel_id').on(table.channel, table.id),
    index('customer_operation_error').on(table.errorId).where(sql`${table.errorId} is not null`),
    check(
      'customer_operation_dismissed_check',
      sql`(${table.status} = 'dismissed') = (${table.dismissal} is not null)`,
    ),
  ],
);

/**
 * What a search for a text looks through, apart from the wide rows, which every step of an operation writes anew. The
 * account is a line of its own because it comes later than the values.
 */
export const operationSearch = couplet.table(
  'operation_search',
  {
    operationId: uuid('operation_id')
      .notNull()
      .references(() => customerOperation.id, { onDelete: 'cascade' }),
    line: text('line').notNull(),
    text: text('text').notNull(),
    /** See `domain/text-grams.ts`. */
    grams: integer('grams').array().notNull(),
  },
  (table) => [
    primaryKey({ name: 'operation_search_pkey', columns: [table.operationId, table.line] }),
    index('operation_search_grams').using('gin', table.grams),
    check('operation_search_line_check', sql`${table.line} in ('values', 'account')`),
  ],
);

/** Bases of operations that are not pulled yet, noted before 1010 moves them. */
export const operationBase = couplet.table(
  'operation_base',
  {
    channel: text('channel').notNull(),
    part: text('part').notNull(),
    counter: bigint('counter', { mode: 'bigint' }).notNull(),
    base: kept('base').notNull(),
  },
  (table) => [primaryKey({ name: 'operation_base_pkey', columns: [table.channel, table.part, table.counter] })],
);

/** Operations that HQ has and whose channel has not been told so: apart, since telling would write each wide row anew. */
export const operationToTell = couplet.table(
  'operation_to_tell',
  {
    channel: text('channel').notNull(),
    part: text('part').notNull(),
    counter: bigint('counter', { mode: 'bigint' }).notNull(),
  },
  (table) => [primaryKey({ name: 'operation_to_tell_pkey', columns: [table.channel, table.part, table.counter] })],
);

export const asyncRecord = couplet.table(
  'async_record',
  {
    mapping: text('mapping').notNull(),
    channel: text('channel').notNull(),
    guid: uuid('guid').notNull(),
    partKey: text('part_key').notNull(),
    couplingId: uuid('coupling_id').notNull(),
    hqKey: text('hq_key').notNull(),
    /** The operation that brought the GUID. */
    createdBy: uuid('created_by'),
    seen: kept('seen').notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: 'async_record_pkey', columns: [table.mapping, table.channel, table.guid, table.partKey] }),
    index('async_record_coupling').on(table.couplingId),
  ],
);

export const accountNumber = couplet.table('account_number', {
  mapping: text('mapping').primaryKey(),
  next: bigint('next', { mode: 'bigint' }).notNull(),
});
