/** What a check wants to know of a store before it looks at single tables. */
import type { SetupProblem, StoreSurvey } from '../../../ports/store.ts';
import type { Connection } from '../session/connection.ts';

const OLDEST_VERSION = 15;
/** A suggestion is looked for among these; a store with more tables than this is not typed by hand. */
const MOST_TABLES = 5_000;

const STORE = `
select pg_catalog.current_setting('server_version'), pg_catalog.current_setting('server_version_num')::int / 10000,
  pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('max_prepared_transactions'),
  case when n.oid is null then pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create')
    else pg_catalog.has_schema_privilege(n.oid, 'create') end
from (select) one left join pg_catalog.pg_namespace n on n.nspname = 'couplet'`;

const TABLES = `
select n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'couplet' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by 1, 2 limit ${MOST_TABLES}`;

export async function survey(connection: Connection): Promise<StoreSurvey> {
  const [[version, major, standby, prepared, mayInstall] = []] = await connection.query(STORE);
  const tables = await connection.query(TABLES);
  const problem = (code: string, params: SetupProblem['params']): SetupProblem => ({ code, params, table: null });
  const problems: SetupProblem[] = [];
  if (Number(major) < OLDEST_VERSION)
    problems.push(problem('store-version', { version: version ?? '', required: OLDEST_VERSION }));
  if (standby === 't') problems.push(problem('store-read-only', { reason: 'it is a standby' }));
  if (Number(prepared) > 0) {
    problems.push(problem('wake-up-not-possible', { setting: 'max_prepared_transactions', value: prepared ?? '' }));
  }
  return {
    // One that the search path finds is known by its name alone, too.
    tables: tables.flatMap(([schema, name, visible]) => [
      { schema: schema ?? '', name: name ?? '' },
      ...(visible === 't' ? [{ schema: null, name: name ?? '' }] : []),
    ]),
    mayInstall: mayInstall === 't',
    problems,
  };
}
