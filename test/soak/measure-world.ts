/** What may grow without end if something is wrong: memory of the workers, log, jobs, queue, capture tables, ledger. */
import type postgres from 'postgres';
import type { ServerWorld } from '../model/server-world.ts';

export type Measures = Readonly<Record<string, number | string>>;

async function numbers(sql: postgres.Sql, text: string): Promise<Record<string, number>> {
  const [row] = await sql.unsafe<Record<string, string>[]>(text);
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]));
}

/** Couplings that are open now. */
export const countPairs = async (sql: postgres.Sql): Promise<number> =>
  (await numbers(sql, 'select count(*) as pairs from couplet.coupling where ended_at is null'))['pairs'] ?? 0;

const COUPLING = `select (select count(*) from couplet.coupling where ended_at is null) as couplings,
  (select count(*) from couplet.pending) as pending,
  (select count(*) from couplet.sync_error where status = 'open') as "openErrors",
  (select count(*) from couplet.sync_log) as log,
  (select coalesce(sum(pg_total_relation_size(inhrelid)), 0) / 1024 from pg_inherits where inhparent = 'couplet.sync_log'::regclass) as "logKb",
  (select count(*) from couplet.job) as jobs,
  (select pg_database_size(current_database()) / 1048576) as "databaseMb"`;

const STORE = `select (select count(*) from couplet.change) as marks,
  (select pg_total_relation_size('couplet.change') / 1024) as "marksKb",
  (select count(*) from couplet.batch) as batches,
  (select count(*) from couplet.anchor) as anchors`;

export async function measure({ workers, stores, sql }: ServerWorld): Promise<Measures> {
  const memory = await Promise.all(workers.map((worker) => worker.measure()));
  const megabytes = (bytes: number | undefined): number => Math.round((bytes ?? 0) / 1_048_576);
  const [coupling, hq, channel] = await Promise.all([
    numbers(sql, COUPLING),
    numbers(stores.hq.sql, STORE),
    numbers(stores.channel.sql, STORE),
  ]);
  return {
    writes: (await stores.hq.writes()) + (await stores.channel.writes()),
    heapMb: memory.map((each) => megabytes(each?.heapBytes)).join('/'),
    residentMb: memory.map((each) => megabytes(each?.residentBytes)).join('/'),
    ...coupling,
    ...Object.fromEntries(Object.keys(hq).map((name) => [name, `${hq[name]}/${channel[name]}`])),
  };
}

export function printMeasures(seconds: number, measures: Measures): void {
  const told = Object.entries(measures).map(([name, value]) => `${name} ${value}`);
  console.log(`${String(seconds).padStart(5)} s  ${told.join('  ')}`);
}
