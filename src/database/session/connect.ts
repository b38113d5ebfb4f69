/**
 * How the coupling database is spoken to. Drizzle composes the ordinary statements and is given a function to have them
 * carried out, not a client: it would change that client's parsers and serializers, and transactions of postgres.js do
 * not survive a lost connection (see `open-session`). Bulk statements of fixed text go the same way.
 */
import { DrizzleQueryError, type SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { drizzle, type PgRemoteDatabase } from 'drizzle-orm/pg-proxy';
import type { Parameter, Queryable } from './open-session.ts';
import { createSessionPool, type SessionPool } from './session-pool.ts';

export type Orm = PgRemoteDatabase;

export interface Clients {
  readonly raw: SessionPool;
  readonly orm: Orm;
  /** The same for one row by its id, planned once per session. */
  readonly rowOrm: Orm;
  /** For what concerns a few records and is asked or written all the time: steps into indexes, planned once per session. */
  readonly looks: SessionPool;
  /** Rows of a composed statement. */
  read<Row>(statement: SQL): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly connections: number;
  readonly applicationName: string;
}

const LOOK_SESSIONS = 4;
export const LOOK_SETTINGS = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off' } as const;

const REPLAN_AFTER_MS = 30_000;

export const connectClients = (url: string, { connections, applicationName }: ClientOptions): Clients => {
  // For batches, planned with each execution, some 0.1 ms a statement: a plan that was kept from an empty table may take
  // the wrong one of its indexes when it has grown. Lists of keys are joined, not `= any(…)`, which the planner weighs
  // element by element.
  const raw = createSessionPool(url, connections, {
    applicationName,
    settings: { plan_cache_mode: 'force_custom_plan' },
  });
  // Planning such a question takes ten times its answer. With sequential scans out of the way the plan of an empty table
  // is nearly that of a full one; where it is not, it does not last.
  const looks = createSessionPool(url, LOOK_SESSIONS, {
    applicationName: `${applicationName} looks`,
    settings: LOOK_SETTINGS,
    replanAfterMs: REPLAN_AFTER_MS,
  });
  // For people, whose lists come in few shapes; planning the many months of the log takes longer than reading a page.
  const lists = createSessionPool(url, connections, { applicationName: `${applicationName} lists` });
  const dialect = new PgDialect();
  return {
    raw,
    looks,
    orm: ormOver(raw),
    rowOrm: ormOver(looks),
    read: async <Row>(statement: SQL) => {
      const { sql: text, params } = dialect.sqlToQuery(statement);
      return lists.run<Row>(text, params as readonly Parameter[]);
    },
    close: async () => {
      await Promise.all([raw.close(), looks.close(), lists.close()]);
    },
  };
};

const ormOver = (pool: SessionPool): Orm => {
  const orm = drizzle(async (text, parameters, method) => {
    const rows = method === 'execute' ? await pool.run(text, parameters) : await pool.values(text, parameters);
    return { rows: [...rows] };
  });
  const { session } = orm as unknown as { readonly session: Composer };
  const prepare = session.prepareQuery.bind(session);
  session.prepareQuery = (...statement) => {
    const prepared = prepare(...statement);
    const execute = prepared.execute.bind(prepared);
    prepared.execute = (...values) => execute(...values).catch(unwrap);
    return prepared;
  };
  return orm;
};

interface Composer {
  prepareQuery(...statement: unknown[]): { execute(...values: unknown[]): Promise<unknown> };
}

/** Drizzle puts an error of its own around ours, whose message is the statement with all its values: nobody knows it. */
const unwrap = (fault: unknown): never => {
  throw fault instanceof DrizzleQueryError ? (fault.cause ?? fault) : fault;
};

/** More than these are a batch, which is planned for as many as there are. */
const FEW = 16;

/** The sessions for work on as many records. */
export const sessionsFor = ({ looks, raw }: Pick<Clients, 'looks' | 'raw'>, records: number): SessionPool =>
  records <= FEW ? looks : raw;

/** One statement of fixed text, prepared once per session. */
export const query = <Row>(sql: Queryable, text: string, parameters: readonly Parameter[]): Promise<readonly Row[]> =>
  sql.run<Row>(text, parameters);
