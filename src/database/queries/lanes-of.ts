/** The lanes that a filter of mappings and channels means, and the couplings that have or had a key. */
import { sql } from 'drizzle-orm';
import type { RecordKey, Side } from '../../domain/record.ts';
import { keyText } from '../../domain/record.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { isText } from '../lists/conditions.ts';
import { plainArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';

export interface LaneFilter {
  readonly mapping: readonly string[] | null;
  readonly channel: readonly string[] | null;
}

/** Null: any lane. */
export const lanesOf = async (lanes: LaneRegistry, filter: LaneFilter): Promise<readonly number[] | null> => {
  if (filter.mapping === null && filter.channel === null) return null;
  return [...(await lanes.all())].flatMap(([id, lane]) =>
    (filter.mapping?.includes(lane.mapping) ?? true) && (filter.channel?.includes(lane.channel) ?? true) ? [id] : [],
  );
};

export const laneArray = (laneIds: readonly number[]) => sql`${plainArray(laneIds)}::text::int[]`;

export const allLanes = async (lanes: LaneRegistry): Promise<readonly number[]> => [...(await lanes.all()).keys()];

export interface KeyHolders {
  readonly key: string;
  readonly sides: readonly Side[];
  /** Couplings that have the key, open or ended. */
  readonly current: readonly string[];
  /** Couplings whose record had it before it was renamed. */
  readonly former: readonly string[];
}

const MOST_HOLDERS = 1_000;

/** Null: no record can have this key. */
export const holdersOf = async (
  clients: Clients,
  laneIds: readonly number[],
  of: { readonly side: Side | null; readonly key: RecordKey },
): Promise<KeyHolders | null> => {
  const key = keyText(of.key);
  if (!of.key.every(isText)) return null;
  const sides: readonly Side[] = of.side === null ? ['hq', 'channel'] : [of.side];
  const lanes = laneArray(laneIds);
  const parts = sides.flatMap((side) => {
    const column = side === 'hq' ? sql`c.hq_key` : sql`c.channel_key`;
    return [
      sql`select c.id, false as former from couplet.coupling c where c.lane_id = any(${lanes}) and ${column} = ${key} and c.ended_at is null`,
      sql`select c.id, false as former from couplet.coupling c where c.lane_id = any(${lanes}) and ${column} = ${key} and c.ended_at is not null`,
      sql`select f.coupling_id as id, true as former from couplet.former_key f where f.lane_id = any(${lanes}) and f.side = ${side} and f.key = ${key}`,
    ];
  });
  const rows = await clients.read<{ id: string; former: boolean }>(
    sql`${sql.join(parts, sql` union `)} limit ${MOST_HOLDERS}`,
  );
  const current = rows.filter((row) => !row.former).map((row) => row.id);
  return {
    key,
    sides,
    current,
    former: rows.filter((row) => row.former && !current.includes(row.id)).map((row) => row.id),
  };
};
