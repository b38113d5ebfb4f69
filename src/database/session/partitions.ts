/** The log's months. Made ahead, so that no writer waits for one; removed whole, so that retention deletes no rows. */
import { query } from './connect.ts';
import { lowestIdAt } from './iso-time.ts';
import type { Queryable } from './open-session.ts';
import type { SessionPool } from './session-pool.ts';

const LOCK = 1668312182;
const AHEAD_MONTHS = 2;
const NAME = /^sync_log_(\d{4})_(\d{2})$/;

interface Month {
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

const monthAt = (timestampMs: number, offset: number): Month => {
  const at = new Date(timestampMs);
  const from = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset, 1));
  const until = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset + 1, 1));
  const month = String(from.getUTCMonth() + 1).padStart(2, '0');
  return { name: `sync_log_${from.getUTCFullYear()}_${month}`, fromMs: from.getTime(), untilMs: until.getTime() };
};

const existing = async (sql: Queryable): Promise<readonly string[]> => {
  const rows = await query<{ relname: string }>(
    sql,
    `select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'couplet.sync_log'::regclass`,
    [],
  );
  return rows.map(({ relname }) => relname);
};

/** This month and the next ones. Two programs may start at once. */
export const makePartitions = async (pool: SessionPool, nowMs: number): Promise<void> => {
  const known = new Set(await existing(pool));
  const wanted = Array.from({ length: AHEAD_MONTHS + 1 }, (_, offset) => monthAt(nowMs, offset));
  for (const month of wanted.filter(({ name }) => !known.has(name))) {
    await pool.begin(async (sql) => {
      await query(sql, 'select pg_advisory_xact_lock($1)', [LOCK]);
      if (!(await existing(sql)).includes(month.name)) await makePartition(sql, month);
    });
  }
};

/**
 * A clock that ran ahead, or a program that slept for months, has put entries of this month into the default partition;
 * they move, or the new partition could not be attached.
 */
const makePartition = async (sql: Queryable, month: Month): Promise<void> => {
  const [from, until] = [lowestIdAt(month.fromMs), lowestIdAt(month.untilMs)];
  const table = `couplet.${month.name}`;
  await query(sql, `create table ${table} (like couplet.sync_log including defaults including constraints)`, []);
  await query(
    sql,
    `with moved as (delete from couplet.sync_log_default where id >= $1 and id < $2 returning *)
     insert into ${table} select * from moved`,
    [from, until],
  );
  await query(
    sql,
    `alter table couplet.sync_log attach partition ${table} for values from ('${from}') to ('${until}')`,
    [],
  );
};

/** Removes the months that ended before the time given. Returns their names. */
export const dropPartitions = async (pool: SessionPool, beforeMs: number): Promise<readonly string[]> => {
  const dropped: string[] = [];
  for (const name of await existing(pool)) {
    const parts = NAME.exec(name);
    if (parts === null) continue;
    const until = Date.UTC(Number(parts[1]), Number(parts[2]), 1);
    if (until > beforeMs) continue;
    await query(pool, `drop table couplet.${name}`, []);
    dropped.push(name);
  }
  await query(pool, 'delete from couplet.sync_log_default where id < $1', [lowestIdAt(beforeMs)]);
  return dropped;
};
