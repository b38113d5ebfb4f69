/**
 * Records that wait for a parent go on when it is coupled: those in error because it was not, and those whose reference
 * was written as null meanwhile. They are put among the pending in the transaction that couples the parent.
 *
 * Two transactions, one that couples and one that begins to wait, cannot see each other before they commit, and then
 * nobody would release the one that waits. So both take an advisory lock on the parent's lane: shared to couple,
 * exclusive to wait, in the order of lane numbers, after the lock on the fence and before anything else.
 */
import { keyText } from '../../domain/record.ts';
import type { Recording } from '../../ports/coupling-database.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import { query } from '../session/connect.ts';
import type { Queryable } from '../session/open-session.ts';
import { keyArray, ON_PENDING_ALREADY } from './pending.ts';

const LOCK_CLASS = 1668312181;

export interface WaitLocks {
  /** Lane numbers whose couplings are added to: taken shared, unless they are also waited for. */
  readonly coupled: number | null;
  readonly waitedFor: readonly number[];
}

/** Lane numbers of the parents that this recording begins to wait for, by mapping. */
export const parentLanesOf = async (
  recording: Recording,
  lanes: LaneRegistry,
): Promise<ReadonlyMap<string, number>> => {
  const { channel } = recording.fence.lane;
  const found = new Map<string, number>();
  const add = async (mapping: string): Promise<void> => {
    if (!found.has(mapping)) found.set(mapping, await lanes.idOf({ mapping, channel }));
  };
  for (const error of recording.errors) if (error.waitsFor !== null) await add(error.waitsFor.mapping);
  for (const wait of recording.waits) await add(wait.mapping);
  return found;
};

export const lockWaiting = async (sql: Queryable, locks: WaitLocks): Promise<void> => {
  const exclusive = new Set(locks.waitedFor);
  const ids = new Set(locks.waitedFor);
  if (locks.coupled !== null) ids.add(locks.coupled);
  for (const id of [...ids].sort((a, b) => a - b)) {
    const name = exclusive.has(id) ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
    await query(sql, `select ${name}($1::int, $2::int)`, [LOCK_CLASS, id]);
  }
};

export const writeWaits = async (
  sql: Queryable,
  parentLaneIds: ReadonlyMap<string, number>,
  waits: Recording['waits'],
): Promise<void> => {
  await query(
    sql,
    `insert into couplet.parent_wait (parent_lane_id, parent_side, parent_key, coupling_id)
     select lane_id, side, key, coupling_id
       from unnest($1::int[], $2::couplet.side[], $3::text[], $4::uuid[]) as u(lane_id, side, key, coupling_id)
     on conflict do nothing`,
    [
      plainArray(waits.map(({ mapping }) => parentLaneIds.get(mapping) ?? null)),
      plainArray(waits.map(({ side }) => side)),
      textArray(waits.map(({ key }) => keyText(key))),
      plainArray(waits.map(({ couplingId }) => couplingId)),
    ],
  );
};

// An error that waited is unparked: that its parent has come is what it was waiting for.
const RELEASE = `
  with released as (
      select e.id, e.lane_id, e.hq_key, e.channel_key from couplet.sync_error e
       where e.status = 'open' and e.waits_for_lane_id = $1 and e.waits_for_side = 'hq' and e.waits_for_key = any($2::text[])
      union
      select e.id, e.lane_id, e.hq_key, e.channel_key from couplet.sync_error e
       where e.status = 'open' and e.waits_for_lane_id = $1 and e.waits_for_side = 'channel' and e.waits_for_key = any($3::text[])),
    unparked as (
      update couplet.sync_error e set parked = false, retry_at = null from released r where e.id = r.id),
    over as (
      delete from couplet.parent_wait w
       where w.parent_lane_id = $1
         and (w.parent_side = 'hq' and w.parent_key = any($2::text[])
              or w.parent_side = 'channel' and w.parent_key = any($3::text[]))
      returning w.coupling_id),
    records as (
      select lane_id, hq_key, channel_key from released
      union
      select c.lane_id, c.hq_key, c.channel_key
        from over join couplet.coupling c on c.id = over.coupling_id and c.ended_at is null)
  insert into couplet.pending as p (lane_id, side, key, deleted)
  select lane_id, side, key, false
    from (select distinct lane_id, (case when hq_key is null then 'channel' else 'hq' end)::couplet.side as side,
                 coalesce(hq_key, channel_key) as key
            from records) as r
   where key is not null order by lane_id, side, key
  ${ON_PENDING_ALREADY}`;

/** `laneId` has couplings with these keys now. */
export const releaseWaiting = async (
  sql: Queryable,
  laneId: number,
  hqKeys: string,
  channelKeys: string,
): Promise<void> => {
  await query(sql, RELEASE, [laneId, hqKeys, channelKeys]);
};

/** Parents that were coupled before this recording began to wait for them, but after it looked. */
export const releaseFromCoupled = async (
  sql: Queryable,
  parentLaneIds: ReadonlyMap<string, number>,
  recording: Recording,
): Promise<void> => {
  const waits = [
    ...recording.errors.flatMap((error) => (error.waitsFor === null ? [] : [error.waitsFor])),
    ...recording.waits,
  ];
  for (const [mapping, laneId] of parentLaneIds) {
    const parents = waits.filter((parent) => parent.mapping === mapping);
    const found = await query<{ hq_key: string; channel_key: string | null }>(
      sql,
      `select hq_key, channel_key from couplet.coupling
        where lane_id = $1 and ended_at is null and hq_key = any($2::text[])
       union select hq_key, channel_key from couplet.coupling
        where lane_id = $1 and ended_at is null and channel_key = any($3::text[])`,
      [
        laneId,
        keyArray(parents.filter(({ side }) => side === 'hq').map(({ key }) => key)),
        keyArray(parents.filter(({ side }) => side === 'channel').map(({ key }) => key)),
      ],
    );
    if (found.length === 0) continue;
    const channelKeys = found.flatMap(({ channel_key }) => (channel_key === null ? [] : [channel_key]));
    await releaseWaiting(sql, laneId, textArray(found.map(({ hq_key }) => hq_key)), textArray(channelKeys));
  }
};
