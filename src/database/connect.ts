/**
 * The two clients of the coupling database. Drizzle changes the parsers and serializers of the client it is given, so
 * it has one of its own; bulk statements, locks and notifications go through the raw one.
 */
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

export type RawSql = postgres.Sql<Record<string, never>>;
export type RawTransaction = postgres.TransactionSql<Record<string, never>>;
export type Orm = PostgresJsDatabase;

export interface Clients {
  readonly raw: RawSql;
  readonly orm: Orm;
  /** Rows of a composed statement; prepared, since the lists of people come in few shapes and planning many partitions takes longer than reading a page. */
  read<Row>(statement: SQL): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** Timestamps stay text: a JavaScript Date drops the last three digits and then no cursor matches any more. */
const TIMES_AS_TEXT = {
  date: {
    to: 1184,
    from: [1082, 1083, 1114, 1184],
    serialize: (value: string) => value,
    parse: (value: string) => value,
  },
};

export interface ClientOptions {
  readonly connections: number;
  readonly applicationName: string;
}

export const connectRaw = (
  url: string,
  options: ClientOptions,
  more: postgres.Options<Record<string, never>> = {},
): RawSql =>
  postgres(url, {
    max: options.connections,
    fetch_types: false,
    onnotice: () => {},
    ...more,
    types: TIMES_AS_TEXT as never,
    connection: { application_name: options.applicationName, TimeZone: 'UTC', DateStyle: 'ISO', ...more.connection },
  });

export const connectClients = (url: string, options: ClientOptions): Clients => {
  // Planned with each execution, some 0.1 ms a statement of a batch: a plan that was kept from an empty table reads all
  // of it when it has grown. Lists of keys are joined, not `= any(…)`, which the planner weighs element by element.
  const raw = connectRaw(url, options, { connection: { plan_cache_mode: 'force_custom_plan' } });
  const ormClient = postgres(url, {
    max: options.connections,
    onnotice: () => {},
    connection: { application_name: options.applicationName, TimeZone: 'UTC', DateStyle: 'ISO' },
  });
  const orm = drizzle(ormClient);
  const dialect = new PgDialect();
  return {
    raw,
    orm,
    read: async <Row>(statement: SQL) => {
      const { sql: text, params } = dialect.sqlToQuery(statement);
      const rows: unknown = await ormClient.unsafe(text, params as postgres.ParameterOrJSON<never>[], {
        prepare: true,
      });
      return rows as readonly Row[];
    },
    close: async () => {
      await Promise.all([raw.end({ timeout: 5 }), ormClient.end({ timeout: 5 })]);
    },
  };
};

/** One statement of fixed text, prepared once per connection. */
export const query = async <Row>(
  sql: RawSql | RawTransaction,
  text: string,
  parameters: readonly (string | number | boolean | null)[],
): Promise<readonly Row[]> => (await sql.unsafe(text, [...parameters], { prepare: true })) as unknown as readonly Row[];
