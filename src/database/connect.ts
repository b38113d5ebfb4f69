/**
 * How the coupling database is spoken to. Drizzle composes the ordinary statements and is given a function to have them
 * carried out, not a client: it would change that client's parsers and serializers, and transactions of postgres.js do
 * not survive a lost connection (see `open-session`). Bulk statements of fixed text go the same way.
 */
import type { SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { drizzle, type PgRemoteDatabase } from 'drizzle-orm/pg-proxy';
import type { Parameter, Queryable } from './open-session.ts';
import { createSessionPool, type SessionPool } from './session-pool.ts';

export type Orm = PgRemoteDatabase;

export interface Clients {
  readonly raw: SessionPool;
  readonly orm: Orm;
  /** For short questions that are asked all the time, each answered by a step into an index; planned once per session. */
  readonly looks: SessionPool;
  /** Rows of a composed statement. */
  read<Row>(statement: SQL): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly connections: number;
  readonly applicationName: string;
}

const LOOK_SESSIONS = 2;
export const LOOK_SETTINGS = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off' } as const;

export const connectClients = (url: string, { connections, applicationName }: ClientOptions): Clients => {
  // For batches, planned with each execution, some 0.1 ms a statement: a plan that was kept from an empty table reads all
  // of it when it has grown. Lists of keys are joined, not `= any(…)`, which the planner weighs element by element.
  const raw = createSessionPool(url, connections, {
    applicationName,
    settings: { plan_cache_mode: 'force_custom_plan' },
  });
  // Planning such a question takes ten times its answer, and with sequential scans out of the way the plan of an empty
  // table is the plan of a full one.
  const looks = createSessionPool(url, LOOK_SESSIONS, {
    applicationName: `${applicationName} looks`,
    settings: LOOK_SETTINGS,
  });
  // For people, whose lists come in few shapes; planning the many months of the log takes longer than reading a page.
  const lists = createSessionPool(url, connections, { applicationName: `${applicationName} lists` });
  const dialect = new PgDialect();
  return {
    raw,
    looks,
    orm: drizzle(async (text, parameters, method) => {
      const rows = method === 'execute' ? await raw.run(text, parameters) : await raw.values(text, parameters);
      return { rows: [...rows] };
    }),
    read: async <Row>(statement: SQL) => {
      const { sql: text, params } = dialect.sqlToQuery(statement);
      return lists.run<Row>(text, params as readonly Parameter[]);
    },
    close: async () => {
      await Promise.all([raw.close(), looks.close(), lists.close()]);
    },
  };
};

/** One statement of fixed text, prepared once per session. */
export const query = <Row>(sql: Queryable, text: string, parameters: readonly Parameter[]): Promise<readonly Row[]> =>
  sql.run<Row>(text, parameters);
