/** Synchronization errors for people: list, one, summary, what a mapping's error holds back. */
import { eq, type SQL, sql } from 'drizzle-orm';
import type { Json, Params, RecordKey, Side } from '../../domain/record.ts';
import { keyOfText } from '../../domain/record.ts';
import type { ErrorKind, ErrorResolution, PendingState } from '../../ports/coupling-database.ts';
import type {
  ErrorFilter,
  ErrorGroup,
  ErrorView,
  HeldRecord,
  Page,
  PageRequest,
  Queries,
} from '../../ports/queries.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { all, anyOf, contains, oneOf, same, within } from '../lists/conditions.ts';
import { type Branch, countRows, readIds, readList } from '../lists/list.ts';
import { type Order, orderOf, type PlacedRow, type SortColumn } from '../lists/page.ts';
import { ERROR_COLUMNS, type ErrorRow, errorOfRow } from '../records/sync-errors.ts';
import { syncError } from '../schema/errors.ts';
import type { Clients } from '../session/connect.ts';
import { isId, isoTime } from '../session/iso-time.ts';
import { allLanes, holdersOf, laneArray, lanesOf } from './lanes-of.ts';

const ID: SortColumn = { column: sql`e.id`, type: 'uuid' };

const SORTS: Readonly<Record<string, SortColumn | null>> = {
  // An id is drawn when the error is first seen, and its order is that of time.
  firstSeenAt: null,
  lastSeenAt: { column: sql`e.last_seen_at`, type: 'timestamptz' },
  retryAt: { column: sql`e.retry_at`, type: 'timestamptz', nullable: true },
  resolvedAt: { column: sql`e.resolved_at`, type: 'timestamptz', nullable: true },
  mapping: { column: sql`(select l.mapping from couplet.lane l where l.id = e.lane_id)`, type: 'text' },
  channel: { column: sql`(select l.channel from couplet.lane l where l.id = e.lane_id)`, type: 'text' },
  kind: { column: sql`e.kind::text`, type: 'text' },
  code: { column: sql`e.code`, type: 'text' },
  status: { column: sql`e.status::text`, type: 'text' },
  attempts: { column: sql`e.attempts`, type: 'int' },
  hqKey: { column: sql`e.hq_key`, type: 'text', nullable: true },
  channelKey: { column: sql`e.channel_key`, type: 'text', nullable: true },
};

const FROM = sql`couplet.sync_error e`;

const COLUMNS = sql.raw(`${ERROR_COLUMNS}, e.assignee, e.note, e.first_seen_at::text, e.last_seen_at::text,
  e.resolved_at::text, e.resolution`);

interface ErrorViewRow extends ErrorRow, PlacedRow {
  readonly assignee: string | null;
  readonly note: string | null;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly resolved_at: string | null;
  readonly resolution: ErrorResolution | null;
}

const viewOf = async (row: ErrorViewRow, lanes: LaneRegistry): Promise<ErrorView> => ({
  ...(await errorOfRow(row, lanes)),
  assignee: row.assignee,
  note: row.note,
  firstSeenAt: isoTime(row.first_seen_at),
  lastSeenAt: isoTime(row.last_seen_at),
  resolution:
    row.resolution === null || row.resolved_at === null ? null : { ...row.resolution, at: isoTime(row.resolved_at) },
});

/** Everything but the lanes, which may drive the list, and the status, which decides the indexes. */
const conditionsOf = async (
  clients: Clients,
  lanes: LaneRegistry,
  filter: ErrorFilter,
  laneIds: readonly number[] | null,
): Promise<SQL> =>
  all([
    oneOf(sql`e.kind`, filter.kind, 'couplet.error_kind'),
    oneOf(sql`e.code`, filter.code, 'text'),
    oneOf(sql`e.cause`, filter.cause, 'text'),
    filter.field === null ? null : sql`e.field_names && ${anyOf(filter.field, 'text')}`,
    same(sql`e.parked`, filter.parked),
    oneOf(sql`e.scope`, filter.scope, 'couplet.error_scope'),
    oneOf(sql`e.job_id`, filter.jobId, 'uuid'),
    oneOf(sql`e.coupling_id`, filter.couplingId, 'uuid'),
    oneOf(sql`e.assignee`, filter.assignee, 'text'),
    oneOf(sql`e.id`, filter.ids, 'uuid'),
    contains([sql`e.hq_key`, sql`e.channel_key`, sql`e.hq_description`, sql`e.channel_description`], filter.q),
    ...within(sql`e.last_seen_at`, filter.since, filter.until),
    filter.key === null ? null : await ofRecord(clients, laneIds ?? (await allLanes(lanes)), filter.side, filter.key),
  ]);

/** A coupled record's errors are found through its coupling, so that no index of keys has to be kept for them. */
const ofRecord = async (
  clients: Clients,
  laneIds: readonly number[],
  side: Side | null,
  key: RecordKey,
): Promise<SQL> => {
  const holders = await holdersOf(clients, laneIds, { side, key });
  if (holders === null) return sql`false`;
  const alone = holders.sides.map((one) => {
    const column = one === 'hq' ? sql`e.hq_key` : sql`e.channel_key`;
    return sql`(e.coupling_id is null and e.scope = 'record' and e.lane_id = any(${laneArray(laneIds)}) and ${column} = ${holders.key})`;
  });
  return sql`(e.coupling_id = any(${anyOf(holders.current, 'uuid')}) or ${sql.join(alone, sql` or `)})`;
};

const isNarrow = (filter: ErrorFilter): boolean =>
  [filter.ids, filter.couplingId, filter.jobId, filter.cause, filter.key].some((value) => value !== null);

/** Said plainly, not as a value, since the indexes are each of one status. */
const STATUSES = { open: sql`e.status = 'open'`, resolved: sql`e.status = 'resolved'` };

/**
 * Errors of some lanes are read lane by lane (open ones kind by kind), as the indexes have them; where another filter
 * leaves few, or another order is asked for, all of these are read and sorted.
 */
const branchesOf = (
  filter: ErrorFilter,
  laneIds: readonly number[] | null,
  conditions: SQL,
  byId: boolean,
): readonly Branch[] =>
  [...new Set(filter.status ?? (['open'] as const))].map((status) => {
    const where = sql`${STATUSES[status]} and ${conditions}`;
    if (laneIds === null) return { driver: null, where };
    const lanes = laneArray(laneIds);
    if (!byId || isNarrow(filter)) return { driver: null, where: sql`e.lane_id = any(${lanes}) and ${where}` };
    if (status === 'resolved') {
      return { driver: { source: sql`unnest(${lanes}) as d(lane_id)`, columns: ['lane_id'], uneven: true }, where };
    }
    const kinds = anyOf(filter.kind ?? ['conflict', 'deletion', 'failure'], 'couplet.error_kind');
    const source = sql`(select l.lane_id, k.kind from unnest(${lanes}) as l(lane_id) cross join unnest(${kinds}) as k(kind)) as d`;
    return { driver: { source, columns: ['lane_id', 'kind'], uneven: true }, where };
  });

const select = async (
  clients: Clients,
  lanes: LaneRegistry,
  filter: ErrorFilter,
  order: Order | null,
): Promise<readonly Branch[]> => {
  const laneIds = await lanesOf(lanes, filter);
  return branchesOf(filter, laneIds, await conditionsOf(clients, lanes, filter, laneIds), order?.by === null);
};

type ErrorQueries = Pick<
  Queries,
  | 'errors'
  | 'errorById'
  | 'countErrors'
  | 'errorIds'
  | 'errorSummary'
  | 'heldRecords'
  | 'annotateError'
  | 'openErrorsByKind'
>;

export const errorQueries = (clients: Clients, lanes: LaneRegistry): ErrorQueries => {
  const errorById = async (id: string): Promise<ErrorView | null> => {
    if (!isId(id)) return null;
    const [row] = await clients.read<ErrorViewRow>(
      sql`select ${COLUMNS}, null as place_value, null as place_id from ${FROM} where e.id = ${id}`,
    );
    return row === undefined ? null : viewOf(row, lanes);
  };
  return {
    errors: async (filter, page) => {
      const order = orderOf(page.sort, '-firstSeenAt', SORTS, ID);
      return readList<ErrorViewRow, ErrorView>(clients, {
        columns: COLUMNS,
        from: FROM,
        alias: 'e',
        branches: await select(clients, lanes, filter, order),
        order,
        page,
        toItems: (rows) => Promise.all(rows.map((row) => viewOf(row, lanes))),
      });
    },
    errorById,
    countErrors: async (filter) => countRows(clients, FROM, 'e', await select(clients, lanes, filter, null)),
    errorIds: async (filter, limit) => readIds(clients, FROM, 'e', await select(clients, lanes, filter, null), limit),
    errorSummary: (filter) => summarize(clients, lanes, filter),
    heldRecords: (errorId, page) => heldRecords(clients, errorById, errorId, page),
    annotateError: async (id, change) => {
      if (isId(id) && Object.keys(change).length > 0) {
        await clients.orm.update(syncError).set(change).where(eq(syncError.id, id));
      }
      return errorById(id);
    },
    openErrorsByKind: async () => {
      const counts: Record<ErrorKind, number> = { conflict: 0, deletion: 0, failure: 0 };
      const rows = await clients.read<{ kind: ErrorKind; count: number }>(
        sql`select e.kind, count(*)::int as count from ${FROM} where e.status = 'open' group by e.kind`,
      );
      for (const { kind, count } of rows) counts[kind] = count;
      return counts;
    },
  };
};

const MOST_GROUPS = 1_000;

interface GroupRow {
  readonly cause: string;
  readonly lane_id: number;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly count: number;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly sample_id: string;
  readonly params: Params;
  readonly alike: boolean;
}

const summarize = async (
  clients: Clients,
  lanes: LaneRegistry,
  filter: ErrorFilter,
): Promise<readonly ErrorGroup[]> => {
  const laneIds = await lanesOf(lanes, filter);
  const conditions = await conditionsOf(clients, lanes, filter, laneIds);
  const ofLanes = all([laneIds === null ? null : sql`e.lane_id = any(${laneArray(laneIds)})`, conditions]);
  const statuses = [...new Set(filter.status ?? (['open'] as const))];
  const where = sql.join(
    statuses.map((status) => sql`(${STATUSES[status]} and ${ofLanes})`),
    sql` or `,
  );
  // The newest is the sample. Ids are compared as text: an aggregate over uuid exists from PostgreSQL 18 on only.
  const rows = await clients.read<GroupRow>(sql`
    with found as (
      select e.cause, e.lane_id, e.kind, e.code, count(*)::int as count, min(e.first_seen_at)::text as first_seen_at,
             max(e.last_seen_at)::text as last_seen_at, max(e.id::text)::uuid as sample_id,
             min(e.params::text) = max(e.params::text) as alike
        from ${FROM} where ${where}
       group by e.cause, e.lane_id, e.kind, e.code
       order by count(*) desc, max(e.id::text) desc limit ${MOST_GROUPS})
    select f.cause, f.lane_id, f.kind, f.code, f.count, f.first_seen_at, f.last_seen_at, f.sample_id, s.params, f.alike
      from found f join couplet.sync_error s on s.id = f.sample_id
     order by f.count desc, f.sample_id desc`);
  return Promise.all(
    rows.map(async (row) => ({
      cause: row.cause,
      lane: await lanes.laneOf(row.lane_id),
      kind: row.kind,
      code: row.code,
      params: row.params,
      alike: row.alike,
      count: row.count,
      firstSeenAt: isoTime(row.first_seen_at),
      lastSeenAt: isoTime(row.last_seen_at),
      sampleId: row.sample_id,
    })),
  );
};

interface HeldRow extends PlacedRow {
  readonly side: Side;
  readonly key: string;
  readonly state: PendingState;
  readonly since: string;
  readonly coupling_id: string | null;
  readonly hq_key: string | null;
  readonly channel_key: string | null;
  readonly description: string | null;
}

const HELD_COLUMNS = sql`
  p.side, p.key, p.state, p.since::text, coalesce(h.id, c.id) as coupling_id, coalesce(h.hq_key, c.hq_key) as hq_key,
  coalesce(h.channel_key, c.channel_key) as channel_key, coalesce(h.hq_description, c.channel_description) as description`;

// A join for each side, so that each finds its coupling by its index.
const HELD_FROM = sql`
  couplet.pending p
    left join couplet.coupling h
      on p.side = 'hq' and h.lane_id = p.lane_id and h.hq_key = p.key and h.ended_at is null
    left join couplet.coupling c
      on p.side = 'channel' and c.lane_id = p.lane_id and c.channel_key = p.key and c.ended_at is null`;

const HELD_CHANGE = sql`p.state in ('changeHeld', 'replacementHeld')`;
/** A pair that was changed on both sides stands here as HQ's. */
const ONCE_A_PAIR = sql`not exists (
  select from couplet.pending o
   where o.lane_id = p.lane_id and o.side = 'hq' and o.key = c.hq_key and o.state in ('changeHeld', 'replacementHeld'))`;

const heldRecords = async (
  clients: Clients,
  errorById: (id: string) => Promise<ErrorView | null>,
  errorId: string,
  page: PageRequest,
): Promise<Page<HeldRecord>> => {
  const error = await errorById(errorId);
  const lane = error?.lane;
  if (error === null || lane === undefined || error.scope !== 'mapping') {
    return { items: [], nextCursor: null, total: page.count ? 0 : null };
  }
  const side = error.deletedIn ?? sideOf(error.massDeletion);
  const where = all([
    sql`p.lane_id = (select l.id from couplet.lane l where l.mapping = ${lane.mapping} and l.channel = ${lane.channel})`,
    error.code === 'mass-change' ? sql`${HELD_CHANGE} and ${ONCE_A_PAIR}` : sql`p.state = 'held'`,
    side === null ? null : sql`p.side = ${side}`,
  ]);
  return readList<HeldRow, HeldRecord>(clients, {
    columns: HELD_COLUMNS,
    from: HELD_FROM,
    alias: 'p',
    branches: [{ driver: null, where }],
    order: orderOf(null, 'since', { since: null }, { column: sql`p.id`, type: 'bigint' }),
    page,
    toItems: async (rows) =>
      rows.map((row) => ({
        side: row.side,
        key: keyOfText(row.key),
        state: row.state,
        since: isoTime(row.since),
        couplingId: row.coupling_id,
        hqKey: row.hq_key === null ? null : keyOfText(row.hq_key),
        channelKey: row.channel_key === null ? null : keyOfText(row.channel_key),
        description: row.description ?? '',
      })),
  });
};

const sideOf = (massDeletion: Json): Side | null => {
  if (massDeletion === null || typeof massDeletion !== 'object' || Array.isArray(massDeletion)) return null;
  const { deletedIn } = massDeletion;
  return deletedIn === 'hq' || deletedIn === 'channel' ? deletedIn : null;
};
