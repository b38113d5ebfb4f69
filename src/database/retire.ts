/**
 * Upkeep: the coming months of the log are made ready, and what is older than the configured ages goes. Never what is
 * open or unread: unresolved errors, unfinished jobs, living couplings, pending changes have no age here.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { Retired, Upkeep } from '../ports/queries.ts';
import type { LaneRegistry } from './lanes/lane-registry.ts';
import type { Clients } from './session/connect.ts';
import { query } from './session/connect.ts';
import { dropPartitions, makePartitions } from './session/partitions.ts';

const DAY_MS = 86_400_000;
/** Each statement is short, so that it holds up neither writers nor vacuum. */
const AT_ONCE = 5_000;
/**
 * How long it is remembered that a ledger batch was recorded: longer than a store may be away before its reader is
 * struck off (14 days), since its ledger is cleared only when it is back.
 */
const BATCH_DAYS = 90;
const ACTIVITY_DAYS = 7;
/** Hours older than `ACTIVITY_DAYS` are added up in this one, for the number of couplings. */
const BEFORE = sql`timestamptz '2000-01-01 00:00:00+00'`;

/** What a lane leaves when it is forgotten, children first. */
const LANE_TABLES = [
  'parent_wait',
  'pending',
  'uncoupled',
  'sync_error',
  'coupling',
  'lane_activity',
  'lane_share',
] as const;

export const createUpkeep = (clients: Clients, lanes: LaneRegistry): Upkeep => ({
  retire: async (ages) => {
    const nowMs = Date.now();
    await makePartitions(clients.raw, nowMs);
    await foldActivity(clients);
    await deleteAll(clients, sql`couplet.recorded_batch`, sql`batch_id`, olderThan(sql`recorded_at`, BATCH_DAYS));
    await deleteSessions(clients, ages.jobsDays);
    await deleteAll(clients, sql`couplet.idempotency_key`, sql`ctid`, olderThan(sql`created_at`, 1));
    const retired: Retired = {
      logMonths: ages.logDays === null ? [] : await dropPartitions(clients.raw, nowMs - ages.logDays * DAY_MS),
      couplings: ages.logDays === null ? 0 : await deleteEndedCouplings(clients, ages.logDays),
      jobs: ages.jobsDays === null ? 0 : await deleteJobs(clients, ages.jobsDays),
      errors: ages.resolvedErrorsDays === null ? 0 : await deleteErrors(clients, ages.resolvedErrorsDays),
      operations: ages.resolvedErrorsDays === null ? 0 : await deleteOperations(clients, ages.resolvedErrorsDays),
    };
    return retired;
  },
  forgetLane: async (lane) => {
    const laneId = await lanes.knownIdOf(lane);
    if (laneId === null) return;
    await clients.raw.begin(async (transaction) => {
      // A worker that still has the lane finds its fence gone with it.
      await query(transaction, 'select id from couplet.lane where id = $1 for update', [laneId]);
      for (const table of LANE_TABLES) {
        await query(
          transaction,
          `delete from couplet.${table} where ${table === 'parent_wait' ? 'parent_lane_id' : 'lane_id'} = $1`,
          [laneId],
        );
      }
      await query(
        transaction,
        `update couplet.lane set fence = fence + 1, holder = null, paused = false, first_run_done = false, stopped = null,
                full_run_due = null, layout_id = null, last_success_at = null, last_job_id = null, forgotten_at = now()
          where id = $1`,
        [laneId],
      );
    });
  },
  renameLane: async (from, to) => {
    const renamed = await clients.raw.begin(async (transaction) => {
      // A lane of the new name that has come to nothing yet makes room; one with things of its own stays, and is told.
      // It gets a name that no mapping can have and is not removed: a worker may be about to write its number.
      await query(
        transaction,
        `update couplet.lane l set mapping = l.mapping || ' ' || l.id, forgotten_at = now()
          where l.mapping = $1 and l.channel = $2
            and not exists (select from couplet.lane_activity a where a.lane_id = l.id)
            and not exists (select from couplet.pending p where p.lane_id = l.id)
            and not exists (select from couplet.uncoupled u where u.lane_id = l.id)
            and not exists (select from couplet.sync_error e where e.lane_id = l.id)`,
        [to.mapping, to.channel],
      );
      return query(
        transaction,
        `update couplet.lane l set mapping = $1, channel = $2, fence = fence + 1
          where l.mapping = $3 and l.channel = $4 and l.forgotten_at is null
            and not exists (select from couplet.lane o where o.mapping = $1 and o.channel = $2)
         returning l.id`,
        [to.mapping, to.channel, from.mapping, from.channel],
      );
    });
    lanes.forgetCached();
    return renamed.length > 0;
  },
});

const olderThan = (column: SQL, days: number): SQL => sql`${column} < now() - ${days} * interval '1 day'`;

const deleteAll = async (clients: Clients, table: SQL, id: SQL, where: SQL): Promise<number> => {
  for (let total = 0; ; ) {
    const rows = await clients.read<{ count: number }>(sql`
      with gone as (
        delete from ${table} where ${id} = any(array(select ${id} from ${table} where ${where} limit ${AT_ONCE})) returning 1)
      select count(*)::int as count from gone`);
    const count = rows[0]?.count ?? 0;
    total += count;
    if (count < AT_ONCE) return total;
  }
};

const deleteErrors = (clients: Clients, days: number): Promise<number> =>
  deleteAll(
    clients,
    sql`couplet.sync_error`,
    sql`id`,
    sql`status = 'resolved' and ${olderThan(sql`resolved_at`, days)}`,
  );

/** One that the channel does not know to be done would come again; a dismissed one is what keeps its row away. */
const deleteOperations = (clients: Clients, days: number): Promise<number> =>
  deleteAll(
    clients,
    sql`couplet.customer_operation`,
    sql`id`,
    sql`status = 'synchronized' and ${olderThan(sql`ended_at`, days)} and not exists (
          select from couplet.operation_to_tell t
           where (t.channel, t.part, t.counter) = (customer_operation.channel, customer_operation.part, customer_operation.counter))`,
  );

/** An ended coupling can be looked up as long as its log is kept. */
const deleteEndedCouplings = (clients: Clients, days: number): Promise<number> =>
  deleteAll(clients, sql`couplet.coupling`, sql`id`, sql`ended_at is not null and ${olderThan(sql`ended_at`, days)}`);

/** A job goes with its children and results, and not before the last child has finished. */
const deleteJobs = (clients: Clients, days: number): Promise<number> =>
  deleteAll(
    clients,
    sql`couplet.job`,
    sql`id`,
    sql`parent_id is null and ${olderThan(sql`finished_at`, days)} and not exists (
          select from couplet.job child where child.parent_id = job.id and child.finished_at is null)`,
  );

/** Sessions that carried nothing come every minute and tell nothing after some days; what failed stays until it travelled. */
const deleteSessions = async (clients: Clients, days: number | null): Promise<void> => {
  const sessions = sql`couplet.commerce_session`;
  const quiet = sql`status = 'noData' and ${olderThan(sql`created_at`, ACTIVITY_DAYS)}`;
  await deleteAll(clients, sessions, sql`id`, quiet);
  if (days === null) return;
  const ended = sql`status in ('applied', 'canceled') and ${olderThan(sql`created_at`, days)}`;
  await deleteAll(clients, sessions, sql`id`, ended);
};

const foldActivity = async (clients: Clients): Promise<void> => {
  await clients.read(sql`
    with old as (
      delete from couplet.lane_activity a
       where ${olderThan(sql`a.hour`, ACTIVITY_DAYS)} and a.hour <> ${BEFORE}
      returning a.lane_id, a.changes, a.writes, a.errors, a.couplings)
    insert into couplet.lane_activity as a (lane_id, hour, changes, writes, errors, couplings)
    select lane_id, ${BEFORE}, sum(changes), sum(writes), sum(errors), sum(couplings) from old group by lane_id
    on conflict (lane_id, hour) do update
      set changes = a.changes + excluded.changes, writes = a.writes + excluded.writes,
          errors = a.errors + excluded.errors, couplings = a.couplings + excluded.couplings`);
};
