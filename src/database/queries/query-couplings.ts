/** Couplings for people: with what is pending of them, and why. */
import { type SQL, sql } from 'drizzle-orm';
import type { Side } from '../../domain/record.ts';
import { keyText } from '../../domain/record.ts';
import type { Coupling, CouplingStatus, PendingState } from '../../ports/coupling-database.ts';
import type { CouplingFilter, CouplingView, PendingReason, Queries } from '../../ports/queries.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import type { Layouts } from '../lanes/layouts.ts';
import { all, anyOf, contains, isText } from '../lists/conditions.ts';
import { type Branch, readList } from '../lists/list.ts';
import { orderOf, type PlacedRow, type SortColumn } from '../lists/page.ts';
import { COUPLING_COLUMNS, type CouplingRow, couplingsOfRows } from '../records/couplings.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { isId, isoTime, isoTimeOrNull } from '../session/iso-time.ts';
import { allLanes, laneArray, lanesOf } from './lanes-of.ts';

const ID: SortColumn = { column: sql`c.id`, type: 'uuid' };

const SORTS: Readonly<Record<string, SortColumn | null>> = {
  // Ids are drawn when a pair is coupled, and their order is that of time.
  createdAt: null,
  lastSynchronizedAt: { column: sql`c.last_synchronized_at`, type: 'timestamptz', nullable: true },
  endedAt: { column: sql`c.ended_at`, type: 'timestamptz', nullable: true },
  status: { column: sql`c.status::text`, type: 'text' },
  hqKey: { column: sql`c.hq_key`, type: 'text' },
  channelKey: { column: sql`c.channel_key`, type: 'text', nullable: true },
  mapping: { column: sql`(select l.mapping from couplet.lane l where l.id = c.lane_id)`, type: 'text' },
  channel: { column: sql`(select l.channel from couplet.lane l where l.id = c.lane_id)`, type: 'text' },
};

const FROM = sql`couplet.coupling c`;

const COLUMNS = sql.raw(`${COUPLING_COLUMNS}, c.created_at::text, c.last_synchronized_at::text, c.last_job_id,
  c.ended_at::text`);

interface CouplingViewRow extends CouplingRow, PlacedRow {
  readonly created_at: string;
  readonly last_synchronized_at: string | null;
  readonly last_job_id: string | null;
  readonly ended_at: string | null;
}

/** Statuses that are stored as people see them; a synchronized pair with something pending is seen as pending. */
const OUT_OF_STEP: ReadonlySet<CouplingStatus> = new Set([
  'pending',
  'conflict',
  'deletion',
  'failure',
  'outOfFilter',
  'neverSynchronized',
]);

const HAS_PENDING = sql`(
  exists (select from couplet.pending p where p.lane_id = c.lane_id and p.side = 'hq' and p.key = c.hq_key)
  or exists (select from couplet.pending p where p.lane_id = c.lane_id and p.side = 'channel' and p.key = c.channel_key))`;

/** From what is pending to the couplings, never from all couplings to what may be pending of them. */
const amongPending = (laneIds: readonly number[] | null): SQL => {
  const lanes = laneIds === null ? sql`true` : sql`p.lane_id = any(${laneArray(laneIds)})`;
  return sql`c.id in (
    select h.id from couplet.pending p join couplet.coupling h
      on h.lane_id = p.lane_id and h.hq_key = p.key and h.ended_at is null where p.side = 'hq' and ${lanes}
    union
    select h.id from couplet.pending p join couplet.coupling h
      on h.lane_id = p.lane_id and h.channel_key = p.key and h.ended_at is null where p.side = 'channel' and ${lanes})`;
};

const conditionsOf = (filter: CouplingFilter): SQL => {
  const key = filter.key === null ? null : keyText(filter.key);
  const sides: readonly Side[] = filter.side === null ? ['hq', 'channel'] : [filter.side];
  const ofKey = sides.map((side) => (side === 'hq' ? sql`c.hq_key = ${key}` : sql`c.channel_key = ${key}`));
  return all([
    key === null ? null : filter.key?.every(isText) ? sql`(${sql.join(ofKey, sql` or `)})` : sql`false`,
    filter.parent === null ? null : sql`c.parents && ${anyOf(filter.parent, 'uuid')}`,
    contains([sql`c.hq_key`, sql`c.channel_key`, sql`c.hq_description`, sql`c.channel_description`], filter.q),
  ]);
};

const branchesOf = (filter: CouplingFilter, laneIds: readonly number[] | null): readonly Branch[] => {
  const where = conditionsOf(filter);
  const narrow = filter.key !== null || filter.parent !== null;
  const lanes = laneIds === null ? null : laneArray(laneIds);
  const read = (more: SQL): Branch => {
    if (lanes === null) return { driver: null, where: sql`${more} and ${where}` };
    if (narrow) return { driver: null, where: sql`c.lane_id = any(${lanes}) and ${more} and ${where}` };
    return {
      driver: { source: sql`unnest(${lanes}) as d(lane_id)`, columns: ['lane_id'], uneven: true },
      where: sql`${more} and ${where}`,
    };
  };
  const statuses = filter.status === null ? null : new Set(filter.status);
  if (statuses === null) return [read(sql`c.ended_at is null`)];
  const branches: Branch[] = [];
  const inStep = sql`c.ended_at is null and c.status = 'synchronized'`;
  const outOfStep = [...statuses].filter((status) => OUT_OF_STEP.has(status));
  if (outOfStep.length > 0) branches.push(outOfStepBranch(outOfStep, narrow ? null : lanes, read, where));
  if (statuses.has('pending')) branches.push(read(sql`${inStep} and ${amongPending(laneIds)}`));
  if (statuses.has('synchronized')) branches.push(read(sql`${inStep} and not ${HAS_PENDING}`));
  if (statuses.has('ended')) branches.push(read(sql`c.ended_at is not null`));
  return branches;
};

const outOfStepBranch = (
  statuses: readonly CouplingStatus[],
  lanes: SQL | null,
  read: (more: SQL) => Branch,
  where: SQL,
): Branch => {
  const wanted = anyOf(statuses, 'couplet.coupling_status');
  const open = sql`c.ended_at is null and c.status <> 'synchronized'`;
  if (lanes === null) return read(sql`${open} and c.status = any(${wanted})`);
  const source = sql`(select l.lane_id, s.status from unnest(${lanes}) as l(lane_id) cross join unnest(${wanted}) as s(status)) as d`;
  return { driver: { source, columns: ['lane_id', 'status'], uneven: true }, where: sql`${open} and ${where}` };
};

export const couplingQueries = (
  clients: Clients,
  lanes: LaneRegistry,
  layouts: Layouts,
): Pick<Queries, 'couplings' | 'couplingById'> => ({
  couplings: async (filter, page) => {
    const laneIds = await lanesOf(lanes, filter);
    // A key is found, and keys are sorted, by an index within a lane.
    const byKey = filter.key !== null || page.sort?.endsWith('Key') === true;
    const named = laneIds === null && byKey ? await allLanes(lanes) : laneIds;
    return readList<CouplingViewRow, CouplingView>(clients, {
      columns: COLUMNS,
      from: FROM,
      alias: 'c',
      branches: branchesOf(filter, named),
      order: orderOf(page.sort, '-createdAt', SORTS, ID),
      page,
      toItems: (rows) => viewsOf(clients, lanes, layouts, rows),
    });
  },
  couplingById: async (id) => {
    if (!isId(id)) return null;
    const rows = await clients.read<CouplingViewRow>(
      sql`select ${COLUMNS}, null as place_value, null as place_id from ${FROM} where c.id = ${id}`,
    );
    const [view] = await viewsOf(clients, lanes, layouts, rows);
    return view ?? null;
  },
});

interface PendingOf {
  readonly since: string;
  readonly states: readonly PendingState[];
}

const viewsOf = async (
  clients: Clients,
  lanes: LaneRegistry,
  layouts: Layouts,
  rows: readonly CouplingViewRow[],
): Promise<readonly CouplingView[]> => {
  if (rows.length === 0) return [];
  const [couplings, pending, away] = await Promise.all([
    couplingsOfRows(rows, lanes, layouts),
    pendingOf(clients, rows),
    lanesAway(clients, rows),
  ]);
  const views: CouplingView[] = [];
  for (const [index, row] of rows.entries()) {
    const coupling = couplings[index];
    if (coupling === undefined) continue;
    const layoutId = (await layouts.currentOf(row.lane_id)) ?? row.layout_id;
    const waits = pending.get(row.id) ?? null;
    const status = row.status === 'synchronized' && waits !== null ? 'pending' : row.status;
    views.push({
      ...coupling,
      status,
      reason: status === 'pending' ? reasonOf(coupling, waits, away.get(row.lane_id) ?? null) : null,
      pendingSince: waits?.since ?? null,
      fieldNames: (await layouts.fieldsOf(layoutId)).map(({ name }) => name),
      createdAt: isoTime(row.created_at),
      lastSynchronizedAt: isoTimeOrNull(row.last_synchronized_at),
      lastJobId: row.last_job_id,
      endedAt: isoTimeOrNull(row.ended_at),
    });
  }
  return views;
};

const reasonOf = (coupling: Coupling, waits: PendingOf | null, away: PendingReason | null): PendingReason => {
  if (away !== null) return away;
  if (waits?.states.includes('waiting') === true) return 'waitingForParent';
  // Whatever HQ's own mark of its creation says.
  return coupling.channelKey === null ? 'awaitingDistribution' : 'queued';
};

const pendingOf = async (
  clients: Clients,
  rows: readonly CouplingViewRow[],
): Promise<ReadonlyMap<string, PendingOf>> => {
  const found = await clients.read<{ id: string; since: string; states: PendingState[] }>(sql`
    select u.id, min(p.since)::text as since, json_agg(p.state) as states
      from unnest(${plainArray(rows.map(({ id }) => id))}::text::uuid[], ${plainArray(rows.map((row) => row.lane_id))}::text::int[],
                  ${textArray(rows.map((row) => row.hq_key))}::text::text[], ${textArray(rows.map((row) => row.channel_key))}::text::text[])
             as u(id, lane_id, hq_key, channel_key)
      join couplet.pending p on p.lane_id = u.lane_id
           and (p.side = 'hq' and p.key = u.hq_key or p.side = 'channel' and p.key = u.channel_key)
     group by u.id`);
  return new Map(found.map(({ id, since, states }) => [id, { since: isoTime(since), states }]));
};

/** Lanes in which nothing goes on, whatever is pending. */
const lanesAway = async (
  clients: Clients,
  rows: readonly CouplingViewRow[],
): Promise<ReadonlyMap<number, PendingReason>> => {
  const found = await clients.read<{ id: number; paused: boolean }>(sql`
    select l.id, l.paused from couplet.lane l
     where l.id = any(${laneArray([...new Set(rows.map((row) => row.lane_id))])})
       and (l.paused or exists (
         select from couplet.store_state s
          where s.state = 'unreachable' and (s.side = 'hq' or s.channel = l.channel)))`);
  return new Map(found.map(({ id, paused }) => [id, paused ? 'paused' : 'storeUnreachable']));
};
