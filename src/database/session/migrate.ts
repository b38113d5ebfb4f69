/** Brings the coupling database to the program's version, whoever else starts at the same time. */
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import {
  CouplingDatabaseForeign,
  CouplingDatabaseNewer,
  CouplingDatabaseNotMigrated,
} from '../../errors/coupling-database-faults.ts';
import { makePartitions } from './partitions.ts';
import { createSessionPool } from './session-pool.ts';

const FOLDER = fileURLToPath(new URL('../../../drizzle', import.meta.url));
const CONFIG = { migrationsFolder: FOLDER, migrationsSchema: 'couplet', migrationsTable: 'migration' };
const LOCK = 1668312183;

type Client = postgres.Sql<Record<string, never>>;

/** Migrates if asked to; refuses a database that this program cannot work with. */
export const prepareDatabase = async (url: string, migrate: boolean): Promise<void> => {
  // One connection, so that the lock is held on the session that migrates: drizzle's migrator takes none.
  const client: Client = postgres(url, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: 'couplet migrate' },
  });
  try {
    if (!migrate) {
      await refuseUnlessCurrent(client);
      return;
    }
    await client`select pg_advisory_lock(${LOCK})`;
    await refuseUnlessOlder(client);
    await runMigrations(drizzle(client), CONFIG);
  } finally {
    await client.end({ timeout: 5 });
  }
  const pool = createSessionPool(url, 1, { applicationName: 'couplet migrate' });
  try {
    await makePartitions(pool, Date.now());
  } finally {
    await pool.close();
  }
};

interface Applied {
  readonly hash: string;
  readonly createdAt: number;
}

const appliedMigrations = async (client: Client): Promise<readonly Applied[]> => {
  const [found] = await client<
    { relation: string | null }[]
  >`select to_regclass('couplet.migration')::text as relation`;
  if (found?.relation == null) return [];
  const rows = await client<{ hash: string; created_at: string }[]>`
    select hash, created_at::text from couplet.migration order by created_at`;
  return rows.map((row) => ({ hash: row.hash, createdAt: Number(row.created_at) }));
};

const refuseUnlessOlder = async (client: Client): Promise<number> => {
  const known = readMigrationFiles(CONFIG);
  const applied = await appliedMigrations(client);
  const last = known.at(-1)?.folderMillis ?? 0;
  const newest = applied.at(-1)?.createdAt ?? 0;
  if (newest > last) {
    throw new CouplingDatabaseNewer(
      `The coupling database was migrated by a newer program (its last migration is of ${new Date(newest).toISOString()}, this program's of ${new Date(last).toISOString()}).`,
    );
  }
  for (const [index, migration] of applied.entries()) {
    if (known[index]?.hash !== migration.hash) {
      throw new CouplingDatabaseForeign(
        'The schema "couplet" of the coupling database has other migrations than this program.',
      );
    }
  }
  return known.length - applied.length;
};

const refuseUnlessCurrent = async (client: Client): Promise<void> => {
  const missing = await refuseUnlessOlder(client);
  if (missing === 0) return;
  throw new CouplingDatabaseNotMigrated(
    `The coupling database lacks ${missing} ${missing === 1 ? 'migration' : 'migrations'} of this program.`,
  );
};
