/** Couplings as the engine reads them; `record` writes them. */
import type { Base } from '../../domain/pair.ts';
import type { KeyText, RecordKey, Side, Value } from '../../domain/record.ts';
import { keyOfText } from '../../domain/record.ts';
import type { Coupling, CouplingDatabase, CouplingStatus } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import type { Layouts } from '../lanes/layouts.ts';
import { loadBase } from '../lanes/layouts.ts';
import { parsePlainArray, plainArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { isId, isoTime } from '../session/iso-time.ts';
import { keyArray } from './pending.ts';

type CouplingsPart = Pick<
  CouplingDatabase,
  | 'couplingsByKey'
  | 'couplingsById'
  | 'scanCouplings'
  | 'countCouplings'
  | 'partnersOf'
  | 'couplingsOfParent'
  | 'uncoupledAmong'
  | 'uncoupledMarks'
>;

export interface CouplingRow {
  readonly id: string;
  readonly lane_id: number;
  readonly layout_id: number;
  readonly status: CouplingStatus;
  readonly hq_key: string;
  readonly channel_key: string | null;
  readonly base_hq: string;
  readonly base_channel: string;
  readonly base_states: string | null;
  readonly hq_description: string;
  readonly channel_description: string;
  readonly error_id: string | null;
  readonly parents: string | null;
  readonly written_hq: string | null;
  readonly written_channel: string | null;
  readonly old_rows: Readonly<Partial<Record<Side, Readonly<Record<string, Value>>>>> | null;
}

/** All but its id. */
export const COUPLING_CONTENT = `
  c.lane_id, c.layout_id, c.status, c.hq_key, c.channel_key, c.base_hq, c.base_channel, c.base_states,
  c.hq_description, c.channel_description, c.error_id, c.parents::text, c.written_hq, c.written_channel, c.old_rows`;

export const COUPLING_COLUMNS = `c.id, ${COUPLING_CONTENT}`;

/** Rows of any lanes, each base brought to the layout that this process works its lane with. */
export const couplingsOfRows = async (
  rows: readonly CouplingRow[],
  lanes: LaneRegistry,
  layouts: Layouts,
): Promise<readonly Coupling[]> => {
  const found: Coupling[] = [];
  let known: { laneId: number; layoutId: number; lane: Lane; project: (base: Base) => Base } | null = null;
  for (const row of rows) {
    // Rows of a batch share lane and layout: asked once, not awaited a thousand times.
    if (known === null || known.laneId !== row.lane_id || known.layoutId !== row.layout_id) {
      const current = (await layouts.currentOf(row.lane_id)) ?? row.layout_id;
      const project = await layouts.projection(row.layout_id, current);
      known = { laneId: row.lane_id, layoutId: row.layout_id, lane: await lanes.laneOf(row.lane_id), project };
    }
    const { lane, project } = known;
    found.push({
      id: row.id,
      lane,
      hqKey: keyOfText(row.hq_key),
      channelKey: row.channel_key === null ? null : keyOfText(row.channel_key),
      base: project(loadBase({ hq: row.base_hq, channel: row.base_channel, states: row.base_states })),
      status: row.status,
      errorId: row.error_id,
      parents: row.parents === null ? [] : parsePlainArray(row.parents),
      hqDescription: row.hq_description,
      channelDescription: row.channel_description,
      written: { hq: row.written_hq, channel: row.written_channel },
      oldRows: row.old_rows,
    });
  }
  return found;
};

/**
 * One look into the unique index per key. It is asked for as the first key from there on, because without statistics
 * the planner holds `ended_at is null` for rare and reads all of a lane's couplings by another index for each batch:
 * a first load was quadratic (at 20,000 couplings 424 ms a batch, this way 4). Only the unique index has this order.
 */
export const coupledByKey = (columns: string, from: string, column: 'hq_key' | 'channel_key'): string => `
  select ${columns} from ${from} u
   cross join lateral (select * from couplet.coupling c
     where c.lane_id = $1 and c.${column} >= u.key and c.ended_at is null order by c.${column} limit 1) c
   where c.${column} = u.key`;

const eachByKey = (columns: string, column: 'hq_key' | 'channel_key'): string =>
  coupledByKey(columns, '(select unnest($2::text[]) as key)', column);

const byKey = (column: 'hq_key' | 'channel_key'): string => eachByKey(COUPLING_COLUMNS, column);
const BY_KEY: Readonly<Record<Side, string>> = { hq: byKey('hq_key'), channel: byKey('channel_key') };

const partners = (column: 'hq_key' | 'channel_key'): string => eachByKey('c.id, c.hq_key, c.channel_key', column);
const PARTNERS: Readonly<Record<Side, string>> = { hq: partners('hq_key'), channel: partners('channel_key') };

const SCAN = `
  select ${COUPLING_COLUMNS} from couplet.coupling c
   where c.lane_id = $1 and c.ended_at is null and c.id > $2::uuid order by c.id limit $3`;

const OF_PARENT = `
  select ${COUPLING_COLUMNS} from couplet.coupling c
   where c.parents @> array[$1::uuid] and c.lane_id = any($2::int[]) and c.ended_at is null order by c.id limit $3`;

const UNCOUPLED_AMONG = `
  select u.key from unnest($3::text[]) as u(key)
   cross join lateral (select from couplet.uncoupled d where d.lane_id = $1 and d.side = $2 and d.key = u.key limit 1) d`;

const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

export const couplingsPart = (clients: Clients, lanes: LaneRegistry, layouts: Layouts): CouplingsPart => ({
  couplingsByKey: async (lane, side, keys) => {
    if (keys.length === 0) return new Map<KeyText, Coupling>();
    const rows = await query<CouplingRow>(clients.raw, BY_KEY[side], [await lanes.idOf(lane), keyArray(keys)]);
    const couplings = await couplingsOfRows(rows, lanes, layouts);
    return new Map(
      rows.flatMap((row, index): [KeyText, Coupling][] => {
        const key = side === 'hq' ? row.hq_key : row.channel_key;
        const coupling = couplings[index];
        return key === null || coupling === undefined ? [] : [[key, coupling]];
      }),
    );
  },
  couplingsById: async (asked) => {
    const ids = asked.filter(isId);
    if (ids.length === 0) return new Map<string, Coupling>();
    const rows = await query<CouplingRow>(
      clients.raw,
      `select ${COUPLING_COLUMNS} from couplet.coupling c where c.id = any($1::uuid[])`,
      [plainArray(ids)],
    );
    const couplings = await couplingsOfRows(rows, lanes, layouts);
    return new Map(couplings.map((coupling) => [coupling.id, coupling]));
  },
  scanCouplings: async (lane, afterId, limit) => {
    const rows = await query<CouplingRow>(clients.raw, SCAN, [await lanes.idOf(lane), afterId ?? LOWEST_ID, limit]);
    return couplingsOfRows(rows, lanes, layouts);
  },
  countCouplings: async (lane) => {
    const [row] = await query<{ count: number }>(
      clients.raw,
      'select coalesce(sum(couplings), 0)::int as count from couplet.lane_activity where lane_id = $1',
      [await lanes.idOf(lane)],
    );
    return row?.count ?? 0;
  },
  partnersOf: (lane, side, keys) => partnersOf(clients, lanes, lane, side, keys),
  couplingsOfParent: async (parentId, among, limit) => {
    if (!isId(parentId) || among.length === 0) return [];
    const laneIds = await Promise.all(among.map((lane) => lanes.idOf(lane)));
    return couplingsOfRows(
      await query<CouplingRow>(clients.raw, OF_PARENT, [parentId, plainArray(laneIds), limit]),
      lanes,
      layouts,
    );
  },
  ...uncoupledPart(clients, lanes),
});

const uncoupledPart = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<CouplingDatabase, 'uncoupledMarks' | 'uncoupledAmong'> => ({
  uncoupledMarks: async (lane, side, keys) => {
    if (keys.length === 0) return new Map<KeyText, { at: string; actor: string | null }>();
    const rows = await query<{ key: string; at: string; actor: string | null }>(
      clients.raw,
      'select key, at::text, actor from couplet.uncoupled where lane_id = $1 and side = $2 and key = any($3::text[])',
      [await lanes.idOf(lane), side, keyArray(keys)],
    );
    return new Map(rows.map(({ key, at, actor }) => [key, { at: isoTime(at), actor }]));
  },
  uncoupledAmong: async (lane, side, keys) => {
    if (keys.length === 0) return new Set<KeyText>();
    const rows = await query<{ key: string }>(clients.raw, UNCOUPLED_AMONG, [
      await lanes.idOf(lane),
      side,
      keyArray(keys),
    ]);
    return new Set(rows.map(({ key }) => key));
  },
});

const partnersOf = async (
  clients: Clients,
  lanes: LaneRegistry,
  lane: Lane,
  side: Side,
  keys: readonly RecordKey[],
) => {
  const found = new Map<KeyText, { couplingId: string; hqKey: RecordKey; channelKey: RecordKey | null }>();
  if (keys.length === 0) return found;
  const rows = await query<{ id: string; hq_key: string; channel_key: string | null }>(clients.raw, PARTNERS[side], [
    await lanes.idOf(lane),
    keyArray(keys),
  ]);
  for (const row of rows) {
    const key = side === 'hq' ? row.hq_key : row.channel_key;
    if (key === null) continue;
    const channelKey = row.channel_key === null ? null : keyOfText(row.channel_key);
    found.set(key, { couplingId: row.id, hqKey: keyOfText(row.hq_key), channelKey });
  }
  return found;
};
