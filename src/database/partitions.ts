/** The log's months. Made ahead, so that no writer waits for one; removed whole, so that retention deletes no rows. */
import type { Clients, RawSql } from './connect.ts';
import { lowestIdAt } from './iso-time.ts';

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

const existing = async (sql: RawSql): Promise<readonly string[]> => {
  const rows = await sql<{ relname: string }[]>`
    select c.relname from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'couplet.sync_log'::regclass`;
  return rows.map(({ relname }) => relname);
};

/** This month and the next ones. Two programs may start at once. */
export const makePartitions = async (clients: Pick<Clients, 'raw'>, nowMs: number): Promise<void> => {
  const known = new Set(await existing(clients.raw));
  const wanted = Array.from({ length: AHEAD_MONTHS + 1 }, (_, offset) => monthAt(nowMs, offset));
  const missing = wanted.filter(({ name }) => !known.has(name));
  for (const month of missing) {
    await clients.raw.begin(async (sql) => {
      await sql`select pg_advisory_xact_lock(${LOCK})`;
      const [range] = [{ from: lowestIdAt(month.fromMs), until: lowestIdAt(month.untilMs) }];
      const [found] = await sql<
        { relation: string | null }[]
      >`select to_regclass(${`couplet.${month.name}`}) as relation`;
      if (found?.relation != null) return;
      // A clock that ran ahead, or a program that slept for months, has put entries of this month into the default
      // partition; they move, or the new partition could not be attached.
      await sql.unsafe(`
        create table couplet.${month.name} (like couplet.sync_log including defaults including constraints);
        with moved as (delete from couplet.sync_log_default where id >= '${range.from}' and id < '${range.until}' returning *)
        insert into couplet.${month.name} select * from moved;
        alter table couplet.sync_log attach partition couplet.${month.name} for values from ('${range.from}') to ('${range.until}')`);
    });
  }
};

/** Removes the months that ended before the time given. Returns their names. */
export const dropPartitions = async (clients: Pick<Clients, 'raw'>, beforeMs: number): Promise<readonly string[]> => {
  const dropped: string[] = [];
  for (const name of await existing(clients.raw)) {
    const parts = NAME.exec(name);
    if (parts === null) continue;
    const until = Date.UTC(Number(parts[1]), Number(parts[2]), 1);
    if (until > beforeMs) continue;
    await clients.raw.unsafe(`drop table couplet.${name}`);
    dropped.push(name);
  }
  const limit = lowestIdAt(beforeMs);
  await clients.raw`delete from couplet.sync_log_default where id < ${limit}`;
  return dropped;
};
