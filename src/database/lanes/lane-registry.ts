/** Lanes have small numbers in every table; this is where they are known by mapping and channel again. */
import { performance } from 'node:perf_hooks';
import { eq, isNotNull } from 'drizzle-orm';
import type { Params } from '../../domain/record.ts';
import type {
  ChannelLook,
  CouplingDatabase,
  FullRunDue,
  LaneLook,
  LaneState,
  PendingState,
} from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import { lane as laneTable } from '../schema/lanes.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { isoTimeOrNull } from '../session/iso-time.ts';
import { newId } from '../session/new-id.ts';
import type { Queryable } from '../session/open-session.ts';

export interface LaneRegistry {
  /** Creates the lane if nobody has: a reference may wait for a mapping that has not run yet. */
  idOf(lane: Lane): Promise<number>;
  /** Null for a lane that nobody has ever named. */
  knownIdOf(lane: Lane): Promise<number | null>;
  /** All lanes, as of a second ago at most: lists ask for them with each page. */
  all(): Promise<ReadonlyMap<number, Lane>>;
  laneOf(id: number): Promise<Lane>;
  forgetCached(): void;
}

const FRESH_MS = 1_000;

const nameOf = (lane: Lane): string => JSON.stringify([lane.mapping, lane.channel]);

export const createLaneRegistry = (clients: Clients): LaneRegistry => {
  const ids = new Map<string, number>();
  const lanes = new Map<number, Lane>();
  const keep = (id: number, lane: Lane): void => {
    ids.set(nameOf(lane), id);
    lanes.set(id, { mapping: lane.mapping, channel: lane.channel });
  };
  const read = async (): Promise<void> => {
    const rows = await clients.orm
      .select({ id: laneTable.id, mapping: laneTable.mapping, channel: laneTable.channel })
      .from(laneTable);
    for (const row of rows) keep(row.id, row);
  };
  // Whoever asks while they are read waits for them: before, it would find some lanes missing, and lists would be empty.
  let latest: { readonly at: number; readonly read: Promise<void> } | null = null;
  const load = async (): Promise<void> => {
    const mine = { at: performance.now(), read: read() };
    latest = mine;
    try {
      await mine.read;
    } catch (fault) {
      if (latest === mine) latest = null;
      throw fault;
    }
  };
  const knownIdOf = async (lane: Lane): Promise<number | null> => {
    if (!ids.has(nameOf(lane))) await load();
    return ids.get(nameOf(lane)) ?? null;
  };
  return {
    knownIdOf,
    idOf: async (lane) => {
      const known = await knownIdOf(lane);
      if (known !== null) return known;
      await insertLanes(clients, [lane]);
      await load();
      const made = ids.get(nameOf(lane));
      if (made === undefined) throw new Error(`The lane ${nameOf(lane)} was made and cannot be found.`);
      return made;
    },
    all: async () => {
      if (latest === null || performance.now() - latest.at > FRESH_MS) await load();
      else await latest.read;
      return lanes;
    },
    laneOf: async (id) => {
      if (!lanes.has(id)) await load();
      const lane = lanes.get(id);
      if (lane === undefined) throw new Error(`There is no lane number ${id}.`);
      return lane;
    },
    forgetCached: () => {
      ids.clear();
      lanes.clear();
      latest = null;
    },
  };
};

export const insertLanes = async (clients: Clients, lanes: readonly Lane[]): Promise<void> => {
  if (lanes.length === 0) return;
  await clients.orm
    .insert(laneTable)
    .values(lanes.map(({ mapping, channel }) => ({ mapping, channel })))
    .onConflictDoUpdate({
      target: [laneTable.mapping, laneTable.channel],
      set: { forgottenAt: null },
      setWhere: isNotNull(laneTable.forgottenAt),
    });
};

export const LANE_COLUMNS = `
  l.id, l.mapping, l.channel, l.fence::text, l.holder, l.paused, l.first_run_done, l.stopped, l.full_run_due, l.layout_id,
  l.last_success_at::text, (select max(s.first_id)::text from couplet.lane_share s where s.lane_id = l.id) as last_share`;

/** As the raw client gives it; a simple query gives the same. */
export interface LaneRow {
  readonly id: number;
  readonly mapping: string;
  readonly channel: string;
  readonly fence: string;
  readonly holder: string | null;
  readonly paused: boolean;
  readonly first_run_done: boolean;
  readonly stopped: unknown;
  readonly full_run_due: unknown;
  readonly layout_id: number | null;
  readonly last_success_at: string | null;
  readonly last_share: string | null;
}

/** What was owed before ids were given has the empty one. */
const dueOf = (due: Partial<FullRunDue> | null): FullRunDue | null =>
  due && {
    reason: due.reason ?? '',
    trigger: due.trigger ?? 'change',
    id: due.id ?? '',
    configuration: due.configuration ?? null,
  };

export const laneStateOf = (row: LaneRow): LaneState => ({
  lane: { mapping: row.mapping, channel: row.channel },
  fence: Number(row.fence),
  holder: row.holder,
  paused: row.paused,
  firstRunDone: row.first_run_done,
  stopped: row.stopped as { code: string; params: Params } | null,
  fullRunDue: dueOf(row.full_run_due as Partial<FullRunDue> | null),
  layoutId: row.layout_id,
  lastSuccessAt: isoTimeOrNull(row.last_success_at),
  sharing: row.last_share === null ? 'none' : row.last_share === '0' ? 'asked' : 'open',
});

/**
 * Whether the lane `l` has a pending change of this state: the entry of the index at or after its place is looked at, one
 * step whatever is pending. Asked for by equality, the planner may join and read every change of the lane, or walk the
 * primary key in search of the first.
 */
export const hasPending = (state: string): string => `
  (select p.state = ${state} and p.lane_id = l.id from couplet.pending p
    where (p.state, p.lane_id) >= (${state}, l.id) order by p.state, p.lane_id, p.id limit 1)`;

/** A look costs the same whatever is pending or in error. */
export const LOOK_COLUMNS = `${LANE_COLUMNS},
  array(select s.state::text from unnest(enum_range(null::couplet.pending_state)) as s(state)
         where ${hasPending('s.state')})::text as pending,
  (select true from couplet.sync_error e where e.lane_id = l.id and e.status = 'open' and not e.parked
      and e.retry_at is not null and e.retry_at <= now() order by e.retry_at limit 1) is not null as retry_due,
  (select true from couplet.sync_error e where e.lane_id = l.id and e.status = 'open' and e.kind = 'failure'
    order by e.id limit 1) is not null as failures`;

export interface LookRow extends LaneRow {
  /** As the text of an array; its members are plain words. */
  readonly pending: string;
  readonly retry_due: boolean;
  readonly failures: boolean;
}

export const lookOf = (row: LookRow): LaneLook => ({
  state: laneStateOf(row),
  pending: new Set(row.pending.slice(1, -1).split(',').filter(Boolean) as PendingState[]),
  retryDue: row.retry_due,
  failures: row.failures,
});

/** As of the same moment as the look itself. */
export const CURSOR_COLUMNS = `
  (select c.cursor from couplet.store_cursor c where c.side = 'hq' and c.channel = '') as hq_cursor,
  (select c.cursor from couplet.store_cursor c where c.side = 'channel' and c.channel = l.channel) as channel_cursor`;

export interface CursorRow {
  readonly hq_cursor: string | null;
  readonly channel_cursor: string | null;
}

export const cursorsOf = (row: CursorRow | undefined): ChannelLook['cursors'] => ({
  hq: row?.hq_cursor ?? null,
  channel: row?.channel_cursor ?? null,
});

export const lookAtLanes = async (sql: Queryable, channel: string): Promise<ChannelLook> => {
  const rows = await query<LookRow & CursorRow>(
    sql,
    `select ${LOOK_COLUMNS}, ${CURSOR_COLUMNS} from couplet.lane l where l.channel = $1 and l.forgotten_at is null`,
    [channel],
  );
  return { cursors: cursorsOf(rows[0]), lanes: rows.map(lookOf) };
};

export const readLaneStates = async (clients: Clients): Promise<readonly LaneState[]> => {
  const rows = await query<LaneRow>(
    clients.raw,
    `select ${LANE_COLUMNS} from couplet.lane l where l.forgotten_at is null order by l.id`,
    [],
  );
  return rows.map(laneStateOf);
};

export const raiseLaneFence = async (clients: Clients, laneId: number, holder: string): Promise<number> => {
  // Waits for a `record` of the former holder that is under way: after this, none of its can commit.
  const [row] = await query<{ fence: string }>(
    clients.raw,
    `with void as (delete from couplet.lane_share where lane_id = $1)
     update couplet.lane set fence = fence + 1, holder = $2 where id = $1 returning fence::text`,
    [laneId, holder],
  );
  if (row === undefined) throw new Error(`There is no lane number ${laneId}.`);
  return Number(row.fence);
};

export const changeLaneRow = async (
  clients: Clients,
  laneId: number,
  change: Partial<Pick<LaneState, 'paused' | 'firstRunDone' | 'stopped'>>,
): Promise<void> => {
  if (Object.keys(change).length === 0) return;
  await clients.orm.update(laneTable).set(change).where(eq(laneTable.id, laneId));
};

/** In one statement, since several processes may owe at once. */
const OWE = `
  update couplet.lane l
     set full_run_due = json_build_object(
       'reason', case
         when l.full_run_due is null then $2
         when $2 = any(string_to_array(l.full_run_due ->> 'reason', ' ')) then l.full_run_due ->> 'reason'
         else (l.full_run_due ->> 'reason') || ' ' || $2 end,
       'trigger', coalesce(l.full_run_due ->> 'trigger', $3),
       'id', $4::text,
       'configuration', coalesce($5, l.full_run_due ->> 'configuration'))
   where l.id = $1`;

const END = `
  update couplet.lane l set full_run_due = null
   where l.id = $1 and coalesce(l.full_run_due ->> 'id', '') = $2`;

export const fullRunPart = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<CouplingDatabase, 'oweFullRun' | 'endFullRun'> => ({
  oweFullRun: async (lane, { reason, trigger, configuration = null }) => {
    await query(clients.raw, OWE, [await lanes.idOf(lane), reason, trigger, newId(), configuration]);
  },
  endFullRun: async (lane, id) => {
    await query(clients.raw, END, [await lanes.idOf(lane), id]);
  },
});
