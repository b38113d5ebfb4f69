/** Who is signed in, and what happens, for whoever watches. */
import { sql } from 'drizzle-orm';
import { bigint, check, customType, foreignKey, index, text, uuid } from 'drizzle-orm/pg-core';
import { apiKey } from './jobs.ts';
import { couplet, kept, role, time } from './words.ts';

/** A session of the page; kept by the hash of its secret, as keys are. */
export const session = couplet.table(
  'session',
  {
    hash: text('hash').primaryKey(),
    actor: text('actor').notNull(),
    role: role('role').notNull(),
    channel: text('channel'),
    apiKeyId: uuid('api_key_id'),
    createdAt: time('created_at').notNull().defaultNow(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [
    index('session_api_key_id').on(table.apiKeyId),
    index('session_expires_at').on(table.expiresAt),
    foreignKey({ name: 'session_api_key_id_fkey', columns: [table.apiKeyId], foreignColumns: [apiKey.id] }).onDelete(
      'cascade',
    ),
    check('session_channel_check', sql`(${table.role} = 'channel') = (${table.channel} is not null)`),
  ],
);

const transactionId = customType<{ data: string }>({ dataType: () => 'xid8' });

/**
 * What happened to jobs, errors and stores within the last hour, written by triggers of those tables. Read by the
 * transactions that a snapshot did not see yet, as marks are: an order by `id` would lose what commits late.
 */
export const event = couplet.table(
  'event',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    xid: transactionId('xid').notNull().default(sql`pg_current_xact_id()`),
    name: text('name').notNull(),
    payload: kept('payload').notNull(),
    at: time('at').notNull().defaultNow(),
  },
  (table) => [index('event_xid').on(table.xid), index('event_at').on(table.at)],
);
