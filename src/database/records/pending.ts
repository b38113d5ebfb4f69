/** Changes that were read from a store and still have to be worked. */
import type { KeyText, RecordKey, Side, Value } from '../../domain/record.ts';
import { isPlainPart, keyOfText, keyText } from '../../domain/record.ts';
import type {
  CouplingDatabase,
  NewPending,
  PendingChange,
  PendingState,
  TakenWork,
} from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import {
  CURSOR_COLUMNS,
  type CursorRow,
  cursorsOf,
  hasPending,
  LANE_COLUMNS,
  type LaneRegistry,
  type LaneRow,
  laneStateOf,
} from '../lanes/lane-registry.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { isoTime } from '../session/iso-time.ts';
import type { Parameter, Queryable } from '../session/open-session.ts';

type PendingPart = Pick<
  CouplingDatabase,
  | 'takePending'
  | 'takeWork'
  | 'pendingOf'
  | 'countPending'
  | 'countPendingTwice'
  | 'fingerprintPending'
  | 'lanesWithWork'
  | 'pendRetries'
  | 'changePendingState'
>;

/**
 * A key that is pending already is joined with: once deleted it stays deleted, the last captured row wins, and it is
 * due again, held or not, because what was decided of it was decided of another state. Its place in the queue stays.
 */
export const ON_PENDING_ALREADY = `
  on conflict (lane_id, side, key) do update
    set deleted = p.deleted or excluded.deleted, old_row = coalesce(excluded.old_row, p.old_row),
        generation = p.generation + 1, state = 'due'`;

/** Its five parameters begin at `first`. */
export const pendStatement = (first: number, condition = ''): string => `
  insert into couplet.pending as p (lane_id, side, key, deleted, old_row)
  select lane_id, side, key, deleted, old_row::json
    from unnest($${first}::int[], $${first + 1}::couplet.side[], $${first + 2}::text[], $${first + 3}::boolean[], $${first + 4}::text[])
           as u(lane_id, side, key, deleted, old_row)
  ${condition}
  ${ON_PENDING_ALREADY}`;

const PEND = pendStatement(1);

/** An insert cannot meet the same key twice; and all writers take keys in one order, so that none waits in a circle. */
export const coalescePending = (
  entries: readonly { readonly laneId: number; readonly change: NewPending }[],
): {
  readonly laneId: number;
  readonly side: Side;
  readonly key: KeyText;
  deleted: boolean;
  oldRow: NewPending['oldRow'];
}[] => {
  const byKey = new Map<
    string,
    { laneId: number; side: Side; key: KeyText; deleted: boolean; oldRow: NewPending['oldRow'] }
  >();
  for (const { laneId, change } of entries) {
    const key = keyText(change.key);
    const name = `${laneId} ${change.side} ${key}`;
    const known = byKey.get(name);
    if (known === undefined)
      byKey.set(name, { laneId, side: change.side, key, deleted: change.deleted, oldRow: change.oldRow });
    else {
      known.deleted ||= change.deleted;
      known.oldRow = change.oldRow ?? known.oldRow;
    }
  }
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
};

export const pend = async (sql: Queryable, lanes: LaneRegistry, changes: readonly NewPending[]): Promise<void> => {
  if (changes.length === 0) return;
  await query(sql, PEND, await pendingArguments(lanes, changes));
};

export const pendingArguments = async (lanes: LaneRegistry, changes: readonly NewPending[]): Promise<Parameter[]> => {
  const ids = await laneIdsOf(lanes, changes);
  const rows = coalescePending(changes.map((change) => ({ laneId: ids.get(change.lane) as number, change })));
  return [
    plainArray(rows.map((row) => row.laneId)),
    plainArray(rows.map((row) => row.side)),
    textArray(rows.map((row) => row.key)),
    plainArray(rows.map((row) => row.deleted)),
    textArray(rows.map((row) => (row.oldRow === null ? null : JSON.stringify(row.oldRow)))),
  ];
};

/** Each lane is asked for once, not with every change. */
export const laneIdsOf = async (
  lanes: LaneRegistry,
  changes: readonly { readonly lane: Lane }[],
): Promise<ReadonlyMap<Lane, number>> => {
  const ids = new Map<Lane, number>();
  for (const { lane } of changes) if (!ids.has(lane)) ids.set(lane, await lanes.idOf(lane));
  return ids;
};

export interface PendingRow {
  readonly id: string;
  readonly generation: number;
  readonly side: Side;
  readonly key: string;
  readonly deleted: boolean;
  readonly old_row: Readonly<Record<string, Value>> | null;
  readonly since: string;
  readonly state: PendingState;
}

export type WorkRow = CursorRow & (PendingRow | { readonly id: null });

const isPending = <Row extends WorkRow>(row: Row): row is Row & PendingRow => row.id !== null;

export const pendingOfRow = (row: PendingRow): PendingChange => ({
  id: row.id,
  generation: row.generation,
  side: row.side,
  key: keyOfText(row.key),
  deleted: row.deleted,
  oldRow: row.old_row,
  since: isoTime(row.since),
  state: row.state,
});

export const takenWorkOf = (rows: readonly WorkRow[]): TakenWork => ({
  changes: rows.flatMap((row) => (isPending(row) ? [pendingOfRow(row)] : [])),
  cursors: cursorsOf(rows[0]),
});

const PENDING_NAMES = ['id', 'generation', 'side', 'key', 'deleted', 'old_row', 'since', 'state'] as const;

/** Of a row of `couplet.pending` that goes by this name, under the names of `PendingRow` or with a prefix before them. */
export const pendingColumns = (row: string, prefix = ''): string =>
  PENDING_NAMES.map((name) => `${row}.${name} as ${prefix}${name}`).join(', ');

const PENDING_COLUMNS = pendingColumns('p');

// By state first: each state is one range of the index, and the oldest of a lane is its first entry. Bounds of rows leave
// the planner no other index; by equality it may walk the primary key, which holds every change of every lane.
const inState = (afterId: string, lastId: string): string =>
  `(p.state, p.lane_id, p.id) > (s.state, $1, ${afterId}) and (p.state, p.lane_id, p.id) <= (s.state, $1, ${lastId})`;

export const TAKE = `
  select ${PENDING_COLUMNS}
    from unnest($2::couplet.pending_state[]) as s(state)
   cross join lateral (
     select ${PENDING_COLUMNS} from couplet.pending p
      where ${inState('$3::bigint', '$5::bigint')}
      order by p.state, p.lane_id, p.id limit $4) p
   order by p.id limit $4`;

const LAST_OF_ALL = '9223372036854775807';

export const takeArguments = (
  laneId: number,
  states: readonly PendingState[],
  afterId: string | null,
  limit: number,
  lastId: string | null = null,
): Parameter[] => [laneId, plainArray(states), afterId ?? '0', limit, lastId ?? LAST_OF_ALL];

// The lane is there whatever is pending in it, and with it the cursors.
export const TAKE_WORK = `
  select l.hq_cursor, l.channel_cursor, p.*
    from (select ${CURSOR_COLUMNS} from couplet.lane l where l.id = $1) l
    left join (${TAKE}) p on true
   order by p.id`;

// One look into the unique index per key, whatever the planner believes of a table that is filled and emptied all day.
const OF_KEYS = `
  select ${PENDING_COLUMNS} from unnest($3::text[]) as u(key)
   cross join lateral (select * from couplet.pending p where p.lane_id = $1 and p.side = $2 and p.key = u.key limit 1) p`;

// Range by range of the index by state, so that nobody steps over all that is due to count a few deletions.
export const COUNT = `
  select p.side, p.state, count(*)::int as count
    from unnest($2::couplet.pending_state[]) as s(state)
   cross join lateral (
     select p.side, p.state from couplet.pending p where ${inState('0', LAST_OF_ALL)}) p
   group by p.side, p.state`;

const COUNT_TWICE = `
  select count(*)::int as count
    from couplet.pending h
    join couplet.coupling c on c.lane_id = h.lane_id and c.hq_key = h.key and c.ended_at is null
    join couplet.pending p on p.lane_id = c.lane_id and p.side = 'channel' and p.key = c.channel_key
   where h.lane_id = $1 and h.side = 'hq' and h.state = any($2::couplet.pending_state[])
     and p.state = any($2::couplet.pending_state[])`;

// A sum needs no order: a hundred thousand are added up without being sorted.
const FINGERPRINT = `
  select count(*)::int as count,
         coalesce(sum(hashtextextended(p.id || ' ' || p.generation, 0)::numeric), 0)::text as fingerprint
    from unnest($2::couplet.pending_state[]) as s(state)
   cross join lateral (
     select p.id, p.generation from couplet.pending p
      where ${inState('0', LAST_OF_ALL)} and ($3::couplet.side is null or p.side = $3)) p`;

// One step into an index for each lane: whatever is pending, and however many errors wait for their time. What a run that
// was killed had left for its end is work too, or it would wait for the next change.
export const LANES_WITH_WORK = `
  select ${LANE_COLUMNS} from couplet.lane l
   where l.forgotten_at is null and not l.paused and l.stopped is null and $1
     and (l.full_run_due is not null or not l.first_run_done
       or ${hasPending("'due'")}
       or exists (select from unnest('{deletion,change,replacement}'::couplet.pending_state[]) as s(state)
                   where ${hasPending('s.state')})
       or (select true from couplet.sync_error e where e.lane_id = l.id and e.status = 'open' and not e.parked
              and e.retry_at is not null and e.retry_at <= now() order by e.retry_at limit 1))`;

// A retry is put among the pending once: its time is taken away with it, and the next attempt sets a new one.
const PEND_RETRIES = `
  with chosen as (
      select e.id, e.lane_id, (case when e.hq_key is not null then 'hq' else 'channel' end)::couplet.side as side,
             coalesce(e.hq_key, e.channel_key) as key
        from couplet.sync_error e
       where e.lane_id = $1 and e.status = 'open' and e.scope = 'record'
         and coalesce(e.hq_key, e.channel_key) is not null
         and case $2::text when 'due' then e.kind = 'failure' and not e.parked and e.retry_at <= now()
                           when 'unparked' then e.kind = 'failure' and not e.parked
                           else true end
         and not exists (select from couplet.pending p
                          where p.lane_id = e.lane_id and p.side = (case when e.hq_key is not null then 'hq' else 'channel' end)::couplet.side
                            and p.key = coalesce(e.hq_key, e.channel_key))
       order by e.retry_at limit $3
         for no key update of e skip locked),
    changed as (
      update couplet.sync_error e set retry_at = null, parked = e.parked and $2::text <> 'all'
        from chosen c where e.id = c.id),
    pended as (
      insert into couplet.pending as p (lane_id, side, key, deleted)
      select distinct on (lane_id, side, key) lane_id, side, key, false from chosen order by lane_id, side, key
      ${ON_PENDING_ALREADY})
  select count(*)::int as count from chosen`;

const CHANGE_STATE = `
  with changed as (
    update couplet.pending set state = $4 where lane_id = $1 and side = $2 and state = $3 returning 1)
  select count(*)::int as count from changed`;

export const pendingPart = (clients: Clients, lanes: LaneRegistry): PendingPart => ({
  takePending: async (lane, states, afterId, limit) => {
    const laneId = await lanes.idOf(lane);
    const rows = await query<PendingRow>(clients.looks, TAKE, takeArguments(laneId, states, afterId, limit));
    return rows.map(pendingOfRow);
  },
  takeWork: async (lane, states, afterId, limit, lastId) => {
    const laneId = await lanes.idOf(lane);
    const rows = await query<WorkRow>(clients.looks, TAKE_WORK, takeArguments(laneId, states, afterId, limit, lastId));
    return takenWorkOf(rows);
  },
  pendingOf: async (lane, side, keys) => {
    if (keys.length === 0) return new Map<KeyText, PendingChange>();
    const laneId = await lanes.idOf(lane);
    const rows = await query<PendingRow>(clients.raw, OF_KEYS, [laneId, side, keyArray(keys)]);
    return new Map(rows.map((row) => [row.key, pendingOfRow(row)]));
  },
  countPending: (lane, states) => countPending(clients, lanes, lane, states),
  countPendingTwice: async (lane, states) => {
    const args = [await lanes.idOf(lane), plainArray(states)];
    const [row] = await query<{ count: number }>(clients.raw, COUNT_TWICE, args);
    return row?.count ?? 0;
  },
  fingerprintPending: async (lane, states, side) => {
    const args = [await lanes.idOf(lane), plainArray(states), side];
    const [row] = await query<{ count: number; fingerprint: string }>(clients.raw, FINGERPRINT, args);
    return row ?? { count: 0, fingerprint: '0' };
  },
  lanesWithWork: async () => {
    // With a parameter, so that the driver prepares it.
    const rows = await query<LaneRow>(clients.looks, LANES_WITH_WORK, [true]);
    return rows.map(laneStateOf);
  },
  pendRetries: async (lane, which, limit) => {
    const laneId = await lanes.idOf(lane);
    const [row] = await query<{ count: number }>(clients.raw, PEND_RETRIES, [laneId, which, limit]);
    return row?.count ?? 0;
  },
  changePendingState: async (lane, side, from, to) => {
    const laneId = await lanes.idOf(lane);
    const [row] = await query<{ count: number }>(clients.raw, CHANGE_STATE, [laneId, side, from, to]);
    return row?.count ?? 0;
  },
});

/** Keys as an array of their texts, which are quoted themselves: those of one plain part need no search for what to escape. */
export const keyArray = (keys: readonly RecordKey[]): string => {
  let text = '{';
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as RecordKey;
    if (index > 0) text += ',';
    text +=
      key.length === 1 && isPlainPart(key[0] as string)
        ? `"[\\"${key[0]}\\"]"`
        : textArray([keyText(key)]).slice(1, -1);
  }
  return `${text}}`;
};

const countPending = async (clients: Clients, lanes: LaneRegistry, lane: Lane, states: readonly PendingState[]) => {
  const none = (): Record<PendingState, number> => ({
    due: 0,
    deletion: 0,
    held: 0,
    waiting: 0,
    change: 0,
    changeHeld: 0,
    replacement: 0,
    replacementHeld: 0,
  });
  const counts: Record<Side, Record<PendingState, number>> = { hq: none(), channel: none() };
  const args = [await lanes.idOf(lane), plainArray(states)];
  const rows = await query<{ side: Side; state: PendingState; count: number }>(clients.looks, COUNT, args);
  for (const row of rows) counts[row.side][row.state] = row.count;
  return counts;
};
