/** The two apps in memory: their tables as both declare them, and their users. */
import type { Side } from '../../src/domain/record.ts';
import { plainType } from '../../src/domain/value-type.ts';
import { createMemoryDatabase, type MemoryDatabase } from '../../src/stores/memory/database.ts';
import { type MemoryApp, memoryApp, type MemoryTransaction } from '../../src/stores/memory/memory-app.ts';
import type { StoreRow } from './oracle.ts';
import type { Place, Watch } from './watch-memory.ts';
import { type App, AppRefused, FILTER, KEY_COLUMN, OTHER_NAMES } from './world.ts';

const TEXT = { type: plainType('text') };
const INTEGER = { type: plainType('integer') };
const NUMERIC = { type: plainType('numeric') };

/** A key that changes takes along who refers to it, as apps do it; a record that is referred to cannot be deleted. */
const refersTo = (parent: string, column: string) =>
  ({ parent: { schema: null, name: parent }, parentColumns: [column], onUpdate: 'cascade' }) as const;

const predicates = { [FILTER]: (row: StoreRow) => (row['state'] ?? '') !== 'blocked' };

export function createHq(seed: number): MemoryDatabase {
  const hq = createMemoryDatabase({ seed, predicates });
  const hqApp: MemoryApp = memoryApp(hq);
  hqApp.createTable({ name: 'groups', columns: { code: TEXT, title: TEXT, state: TEXT }, primaryKey: ['code'] });
  hqApp.createTable({
    name: 'customers',
    columns: { num: TEXT, name: TEXT, email: TEXT, credit: NUMERIC, group_code: TEXT, state: TEXT },
    primaryKey: ['num'],
    foreignKeys: [{ name: 'customers_group', columns: ['group_code'], ...refersTo('groups', 'code') }],
    checks: [{ name: 'email_has_at', holds: (row) => (row['email'] == null ? null : row['email'].includes('@')) }],
  });
  return hq;
}

export function createChannel(seed: number): MemoryDatabase {
  const channel = createMemoryDatabase({ seed, predicates });
  const channelApp = memoryApp(channel);
  channelApp.createTable({
    name: 'segments',
    columns: { id: { ...INTEGER, identity: 'byDefault' }, ext_code: TEXT, caption: TEXT, state: TEXT },
    primaryKey: ['id'],
  });
  channelApp.createTable({
    name: 'shoppers',
    columns: {
      id: { ...INTEGER, identity: 'byDefault' },
      cust_num: TEXT,
      full_name: { type: { ...plainType('text'), maxLength: 40 } },
      mail: TEXT,
      credit: NUMERIC,
      segment_id: INTEGER,
      state: TEXT,
    },
    primaryKey: ['id'],
    foreignKeys: [{ name: 'shoppers_segment', columns: ['segment_id'], ...refersTo('segments', 'id') }],
    unique: [{ name: 'shoppers_mail_key', columns: ['mail'] }],
  });
  return channel;
}

export function appOf(side: Side, place: Place, database: MemoryDatabase, watch: Watch): App {
  const app = memoryApp(database);
  const refused = async <T>(work: () => T): Promise<T> => {
    try {
      return watch.as('app', place, work);
    } catch (fault) {
      throw new AppRefused(fault instanceof Error ? fault.message : String(fault));
    }
  };
  const where = (table: string, key: string) => ({ [KEY_COLUMN[table] as string]: key });
  return {
    rows: async (table) => (database.reachable ? app.select(table) : []),
    insert: (table, row) => refused(() => void app.insert(table, row)),
    update: (table, key, set) => refused(() => void app.update(table, where(table, key), set)),
    delete: (table, key) => refused(() => void app.delete(table, where(table, key))),
    empty: (table, again) =>
      refused(() => {
        const transaction = app.begin();
        try {
          transaction.truncate(table);
          for (const row of again) transaction.insert(table, row);
          transaction.commit();
        } finally {
          transaction.rollback();
        }
      }),
    async rename(to) {
      const { table, ...names } = OTHER_NAMES[side];
      try {
        // No row is written, so whoever watches rows has nothing to see.
        app.renameColumn(table, to === 'own' ? names.other : names.own, names[to]);
      } catch (fault) {
        throw new AppRefused(fault instanceof Error ? fault.message : String(fault));
      }
    },
    async hold(table, key, set) {
      const transaction: MemoryTransaction = await refused(() => app.begin());
      try {
        await refused(() => void transaction.update(table, where(table, key), set));
      } catch (fault) {
        transaction.rollback();
        throw fault;
      }
      return (commit) => refused(() => (commit ? transaction.commit() : transaction.rollback()));
    },
  };
}
