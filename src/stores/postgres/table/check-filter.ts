/**
 * Whether a filter can be read, and whether PostgreSQL would take it as an index predicate. One that it would not
 * (`now()`, a subquery, the time zone of a session) changes its answer while no row changes, so without a mark. It is
 * tried for real, on an empty table of the same columns that is gone with the transaction.
 */
import { StoreRefused, StoreUnreachable } from '../../../errors/store-faults.ts';
import type { SetupProblem, TableName } from '../../../ports/store.ts';
import type { Connection, Session } from '../session/connection.ts';
import { StatementRefused } from '../session/driver-faults.ts';
import { quoteIdentifier, quoteTable } from '../session/quote.ts';

export async function checkFilter(
  connection: Connection,
  table: TableName,
  filter: string,
): Promise<SetupProblem | null> {
  const problem = (params: SetupProblem['params']): SetupProblem => ({
    code: 'filter-invalid',
    params: { table: displayTable(table), filter, ...params },
    table,
  });
  // Named like the mapped table, as the statements that read it name it.
  const probe = `pg_temp.${quoteIdentifier(table.name)}`;
  // A line break ends a comment that the filter may end with.
  const readable = `select (${filter}\n) is true from ${probe}`;
  const indexable = `create index on ${probe} ((true)) where (${filter}\n)`;
  try {
    return await connection.transaction(
      async (session) => {
        await session.once(
          `create temporary table ${quoteIdentifier(table.name)} (like ${quoteTable(table)}) on commit drop`,
        );
        // Sent as parameterized statements, of which PostgreSQL takes one at a time.
        const unreadable = await refusalOf(session, readable, filter);
        if (unreadable) return problem({ ...unreadable, readable: false });
        const unindexable = await refusalOf(session, indexable, filter);
        return unindexable && problem({ ...unindexable, readable: true });
      },
      { rollBack: true },
    );
  } catch (error) {
    if (!(error instanceof StoreRefused) || error.code !== 'permission-denied') throw error;
    // Whoever may not read the table or make temporary ones learns it; the filter is not to blame.
    const [right] = await connection.query(
      `select pg_catalog.has_database_privilege(pg_catalog.current_database(), 'temporary')::text`,
    );
    const params =
      right?.[0] === 'true'
        ? { right: 'read', privilege: 'SELECT', table: displayTable(table) }
        : { right: 'make temporary tables in', privilege: 'TEMPORARY', table: 'the database' };
    return { code: 'right-missing', params, table };
  }
}

interface FilterRefusal {
  [name: string]: string | number | null;
  readonly reason: string;
  /** In characters of the filter, from 1 on. */
  readonly position: number | null;
}

async function refusalOf(session: Session, statement: string, filter: string): Promise<FilterRefusal | null> {
  try {
    await session.once(statement);
    return null;
  } catch (error) {
    // A parameter in the filter: the server wants a value for it and calls that a breach of protocol.
    if (error instanceof StoreUnreachable && error.params['sqlState'] === '08P01') {
      return { reason: 'it takes a parameter', position: null };
    }
    const refused = error instanceof StoreRefused ? error.cause : error;
    if (!(refused instanceof StatementRefused)) throw error;
    const before = [...statement.slice(0, statement.indexOf(`(${filter}\n)`) + 1)].length;
    const within = (refused.server.position ?? 0) - before;
    return { reason: refused.primaryMessage, position: within > 0 && within <= [...filter].length ? within : null };
  }
}

export const displayTable = (table: TableName): string =>
  table.schema === null ? table.name : `${table.schema}.${table.name}`;
