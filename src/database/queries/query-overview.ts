/** How the lanes stand, what happened lately, what the stores are found to be, which configurations there were. */
import { type SQL, sql } from 'drizzle-orm';
import type { Json, Side } from '../../domain/record.ts';
import type { CouplingStatus, ErrorKind } from '../../ports/coupling-database.ts';
import type { ConfigurationEntry, LaneView, Queries, StoreCondition, StoreState } from '../../ports/queries.ts';
import { LANE_COLUMNS, type LaneRow, laneStateOf } from '../lanes/lane-registry.ts';
import { anyOf } from '../lists/conditions.ts';
import { readList } from '../lists/list.ts';
import { orderOf, type PlacedRow } from '../lists/page.ts';
import type { Clients } from '../session/connect.ts';
import { isoTime } from '../session/iso-time.ts';
import { newId } from '../session/new-id.ts';

interface LaneViewRow extends LaneRow {
  readonly last_job_id: string | null;
  readonly couplings: number;
  readonly statuses: Partial<Record<CouplingStatus, number>> | null;
  readonly pending_couplings: number;
  readonly errors: Partial<Record<ErrorKind, number>> | null;
  readonly backlog: Partial<Record<Side, { readonly count: number; readonly lag: number }>> | null;
  readonly hq_read: boolean;
  readonly channel_read: boolean;
}

/**
 * Lanes of commerce, whose names begin with `@`, carry no pairs. Nothing here counts what is in step: the couplings of a lane are counted as they come and go, those out of step and
 * the pending ones are few.
 */
const LANES = (where: SQL): SQL => sql`
  select ${sql.raw(LANE_COLUMNS)}, l.last_job_id,
         (select coalesce(sum(a.couplings), 0)::int from couplet.lane_activity a where a.lane_id = l.id) as couplings,
         (select json_object_agg(s.status, s.count)
            from (select c.status, count(*) as count from couplet.coupling c
                   where c.lane_id = l.id and c.ended_at is null and c.status <> 'synchronized' group by c.status) s) as statuses,
         (select count(*)::int
            from (select c.id from couplet.pending p join couplet.coupling c
                      on c.lane_id = p.lane_id and c.hq_key = p.key and c.ended_at is null
                   where p.lane_id = l.id and p.side = 'hq' and c.status = 'synchronized'
                  union
                  select c.id from couplet.pending p join couplet.coupling c
                      on c.lane_id = p.lane_id and c.channel_key = p.key and c.ended_at is null
                   where p.lane_id = l.id and p.side = 'channel' and c.status = 'synchronized') x) as pending_couplings,
         (select json_object_agg(e.kind, e.count)
            from (select e.kind, count(*) as count from couplet.sync_error e
                   where e.lane_id = l.id and e.status = 'open' group by e.kind) e) as errors,
         (select json_object_agg(p.side, json_build_object('count', p.count, 'lag', p.lag))
            from (select p.side, count(*) as count,
                         greatest(0, round(extract(epoch from now() - min(p.since) filter (where p.state in ('due', 'waiting'))), 1)) as lag
                    from couplet.pending p where p.lane_id = l.id group by p.side) p) as backlog,
         exists (select from couplet.store_cursor s where s.side = 'hq') as hq_read,
         exists (select from couplet.store_cursor s where s.side = 'channel' and s.channel = l.channel) as channel_read
    from couplet.lane l where l.forgotten_at is null and left(l.mapping, 1) <> '@' and ${where}
   order by l.mapping, l.channel`;

const laneViewOf = (row: LaneViewRow): LaneView => {
  const statuses: Partial<Record<CouplingStatus, number>> = { ...row.statuses };
  const outOfStep = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const pending = (statuses.pending ?? 0) + row.pending_couplings;
  const inStep = row.couplings - outOfStep - row.pending_couplings;
  if (pending > 0) statuses.pending = pending;
  if (inStep > 0) statuses.synchronized = inStep;
  const of = (side: Side) => row.backlog?.[side] ?? null;
  return {
    state: laneStateOf(row),
    lastJobId: row.last_job_id,
    couplings: statuses,
    openErrors: row.errors ?? {},
    backlog: { hq: of('hq')?.count ?? 0, channel: of('channel')?.count ?? 0 },
    lagSeconds: {
      hq: row.hq_read ? (of('hq')?.lag ?? 0) : null,
      channel: row.channel_read ? (of('channel')?.lag ?? 0) : null,
    },
  };
};

const HISTORY_HOURS = 24;

const HISTORY = sql`
  select to_char(h.hour at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as hour, coalesce(sum(a.changes), 0)::int as changes,
         coalesce(sum(a.writes), 0)::int as writes, coalesce(sum(a.errors), 0)::int as errors
    from generate_series(date_trunc('hour', now(), 'UTC') - ${HISTORY_HOURS - 1} * interval '1 hour',
                         date_trunc('hour', now(), 'UTC'), interval '1 hour') as h(hour)
    left join couplet.lane_activity a on a.hour = h.hour
   group by h.hour order by h.hour`;

interface StoreRow {
  readonly side: Side;
  readonly channel: string;
  readonly state: StoreCondition;
  readonly since: string;
  readonly capture_installed: boolean;
  readonly problems: Json;
}

const storeStateOf = (row: StoreRow): StoreState => ({
  side: row.side,
  channel: row.side === 'hq' ? null : row.channel,
  state: row.state,
  since: isoTime(row.since),
  captureInstalled: row.capture_installed,
  problems: row.problems,
});

interface ConfigurationRow extends PlacedRow {
  readonly id: string;
  readonly at: string;
  readonly actor: string | null;
  readonly difference: Json;
  readonly configuration: Json;
}

const CONFIGURATION_COLUMNS = sql`h.id, h.at::text, h.actor, h.difference, h.configuration`;

const configurationOf = (row: ConfigurationRow): ConfigurationEntry => ({
  id: row.id,
  at: isoTime(row.at),
  actor: row.actor,
  difference: row.difference,
  configuration: row.configuration,
});

export const overviewQueries = (
  clients: Clients,
): Pick<Queries, 'lanes' | 'history' | 'storeStates' | 'noteStoreState'> => ({
  lanes: async (mappings) => {
    const where = mappings === null ? sql`true` : sql`l.mapping = any(${anyOf(mappings, 'text')})`;
    return (await clients.read<LaneViewRow>(LANES(where))).map(laneViewOf);
  },
  history: async () => {
    const rows = await clients.read<{ hour: string; changes: number; writes: number; errors: number }>(HISTORY);
    return rows.map((row) => ({ ...row, hour: isoTime(row.hour) }));
  },
  storeStates: async () => {
    const rows = await clients.read<StoreRow>(sql`
      select s.side, s.channel, s.state, s.since::text, s.capture_installed, s.problems
        from couplet.store_state s order by s.side, s.channel`);
    return rows.map(storeStateOf);
  },
  noteStoreState: async (
    { side, channel, state, captureInstalled, problems },
    { keepReplaced } = { keepReplaced: false },
  ) => {
    // Asked of the row as it is when it is written: what was read before may be over.
    const kept = sql`(${keepReplaced} and s.state = 'replaced')`;
    await clients.read(sql`
      insert into couplet.store_state as s (side, channel, state, capture_installed, problems)
      values (${side}, ${channel ?? ''}, ${state}, ${captureInstalled}, ${JSON.stringify(problems)}::text::json)
      on conflict (side, channel) do update
        set since = case when ${kept} or s.state = excluded.state then s.since else now() end,
            state = case when ${kept} then s.state else excluded.state end,
            problems = case when ${kept} then s.problems else excluded.problems end,
            capture_installed = excluded.capture_installed, updated_at = now()`);
  },
});

export const configurationQueries = (
  clients: Clients,
): Pick<Queries, 'configurationHistory' | 'latestConfiguration' | 'noteConfiguration'> => ({
  configurationHistory: (page) =>
    readList<ConfigurationRow, ConfigurationEntry>(clients, {
      columns: CONFIGURATION_COLUMNS,
      from: sql`couplet.configuration_history h`,
      alias: 'h',
      branches: [{ driver: null, where: sql`true` }],
      order: orderOf(page.sort, '-at', { at: null }, { column: sql`h.id`, type: 'uuid' }),
      page,
      toItems: async (rows) => rows.map(configurationOf),
    }),
  latestConfiguration: async () => {
    const [row] = await clients.read<ConfigurationRow>(
      sql`select ${CONFIGURATION_COLUMNS} from couplet.configuration_history h order by h.id desc limit 1`,
    );
    return row === undefined ? null : configurationOf(row);
  },
  noteConfiguration: async ({ actor, difference, configuration }) => {
    const [row] = await clients.read<ConfigurationRow>(sql`
      insert into couplet.configuration_history as h (id, actor, difference, configuration)
      values (${newId()}, ${actor}, ${JSON.stringify(difference)}::text::json, ${JSON.stringify(configuration)}::text::json)
      returning ${CONFIGURATION_COLUMNS}`);
    if (row === undefined) throw new Error('A configuration was noted and is not there.');
    return configurationOf(row);
  },
});
