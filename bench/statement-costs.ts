/** Where PostgreSQL was most of its time, by statement; the embedded server brings the extension that counts it. */
import { openSession } from './server.ts';

export const COUNTING = { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'top' };

const SHOWN = 25;
const LENGTH = 160;

export async function startCounting(url: string): Promise<void> {
  const sql = openSession(url);
  await sql.unsafe('create extension if not exists pg_stat_statements');
  await sql.unsafe('select pg_stat_statements_reset()');
  await sql.end();
}

export async function countedCosts(url: string): Promise<string[]> {
  const sql = openSession(url);
  const rows = await sql<{ database: string; calls: string; spent: number; rows: string; text: string }[]>`
    select d.datname as database, s.calls::text, s.total_exec_time::float8 as spent, s.rows::text, s.query as text
    from pg_stat_statements s join pg_database d on d.oid = s.dbid order by s.total_exec_time desc limit ${SHOWN}`;
  await sql.end();
  return rows.map(
    ({ database, calls, spent, rows: touched, text }) =>
      `${spent.toFixed(1).padStart(9)} ms ${calls.padStart(6)} calls ${touched.padStart(8)} rows  ${database.replace('couplet_bench_', '').padEnd(8)} ${text.replace(/\s+/g, ' ').trim().slice(0, LENGTH)}`,
  );
}
