import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';

export interface TestDatabase extends AsyncDisposable {
  name: string;
  url: string;
  /** A client of postgres.js that disposing closes. */
  sql: postgres.Sql;
}

export interface TestDatabaseOptions {
  /** A database to copy, usually from `ensureTemplate`. */
  template?: string;
  /** Another one than UTF8, with the locale that goes with every encoding. */
  encoding?: 'LATIN1' | 'SQL_ASCII';
  /** The server, when it is not the shared one: `server.url`. */
  url?: (database: string) => string;
}

/** A database of one's own on the shared server: `await using db = await createDatabase()`. */
export async function createDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { template, encoding, url = sharedUrl } = options;
  const name = `test_${randomBytes(6).toString('hex')}`;
  const like = encoding
    ? `template template0 encoding '${encoding}' locale 'C'`
    : `template "${template ?? 'template1'}"`;
  await inMaintenance(url, (sql) => sql.unsafe(`create database ${name} ${like}`));
  const sql = postgres(url(name), { max: 8, onnotice: () => {} });
  return {
    name,
    url: url(name),
    sql,
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      // By force: a test that failed may have left connections behind.
      await inMaintenance(url, (maintenance) => maintenance`drop database if exists ${maintenance(name)} with (force)`);
    },
  };
}

/**
 * Makes the template database `name` once in a run, whichever test comes first, by handing the URL of an empty database
 * to `build`, which must close its connections. Answers the name, for `createDatabase({ template })`.
 */
export async function ensureTemplate(name: string, build: (url: string) => Promise<void>): Promise<string> {
  const draft = `${name}_draft`;
  await inMaintenance(sharedUrl, async (sql) => {
    await sql`select pg_advisory_lock(hashtextextended(${name}, 0))`;
    const found = await sql`select 1 from pg_database where datname = ${name}`;
    if (found.length > 0) return;
    await sql`drop database if exists ${sql(draft)} with (force)`;
    await sql`create database ${sql(draft)}`;
    await build(sharedUrl(draft));
    await sql`alter database ${sql(draft)} rename to ${sql(name)}`;
  });
  return name;
}

/** The URL of a database on the server that all tests share. */
export function sharedUrl(database: string): string {
  return `${inject('serverUrl')}/${database}`;
}

async function inMaintenance(
  url: (database: string) => string,
  work: (sql: postgres.Sql) => Promise<unknown>,
): Promise<void> {
  const sql = postgres(url('postgres'), { max: 1, onnotice: () => {} });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}
