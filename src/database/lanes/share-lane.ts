/**
 * The backlog of a lane in stretches that several workers take, under the fence of the lane's holder. A pair may be
 * pending on both sides: whoever meets one that is pending in another stretch leaves it, see `src/engine/run/share-lane.ts`.
 */
import type { CouplingDatabase, Share } from '../../ports/coupling-database.ts';
import { plainArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import type { LaneRegistry } from './lane-registry.ts';

type SharingPart = Pick<CouplingDatabase, 'askForShare' | 'splitBacklog' | 'claimShare' | 'endShares' | 'returnShares'>;

const DUE = `couplet.pending p where (p.state, p.lane_id) >= ('due', $1) and (p.state, p.lane_id) <= ('due', $1)`;

export const ASK = `
  with backlog as (select count(*) >= $2 as is_large from (select from ${DUE} order by p.state, p.lane_id, p.id limit $2) p),
    asked as (
      insert into couplet.lane_share (lane_id, first_id, last_id, until_id, fence)
      select l.id, 0, 0, 0, l.fence from couplet.lane l, backlog b
       where l.id = $1 and b.is_large and not exists (select from couplet.lane_share s where s.lane_id = $1)
      on conflict do nothing returning 1)
  select is_large and (exists (select from asked)
      or exists (select from couplet.lane_share s where s.lane_id = $1 and s.first_id > 0)) as worth_waiting
    from backlog`;

const SPLIT = `
  with answered as (delete from couplet.lane_share where lane_id = $1 and first_id = 0),
    numbered as (select p.id, (row_number() over (order by p.id) - 1) / $3::bigint as number from ${DUE}),
    stretch as (select min(id) as first_id, max(id) as last_id from numbered group by number),
    shared as (
      insert into couplet.lane_share (lane_id, first_id, last_id, until_id, fence)
      select $1, s.first_id, s.last_id, (select max(last_id) from stretch), $2::bigint from stretch s
       where (select count(*) from stretch) > 1
      returning 1)
  select count(*)::int as count from shared`;

const CLAIM = `
  update couplet.lane_share s set holder = $3
   where (s.lane_id, s.first_id) = (
     select o.lane_id, o.first_id from couplet.lane_share o
      where o.lane_id = $1 and o.fence = $2::bigint and o.holder is null and o.first_id > 0
      order by o.first_id limit 1 for update skip locked)
  returning s.first_id::text, s.last_id::text, s.until_id::text`;

const MINE = 'lane_id = $1 and fence = $2::bigint and first_id = any($3::bigint[])';

export const sharingPart = (clients: Clients, lanes: LaneRegistry, holder: string): SharingPart => ({
  askForShare: async (lane, least) => {
    const [row] = await query<{ worth_waiting: boolean }>(clients.raw, ASK, [await lanes.idOf(lane), least]);
    return row?.worth_waiting ?? false;
  },
  splitBacklog: async ({ lane, number }, changes) => {
    const [row] = await query<{ count: number }>(clients.raw, SPLIT, [
      await lanes.idOf(lane),
      String(number),
      String(changes),
    ]);
    return row?.count ?? 0;
  },
  claimShare: async ({ lane, number }) => {
    const [row] = await query<{ first_id: string; last_id: string; until_id: string }>(clients.raw, CLAIM, [
      await lanes.idOf(lane),
      String(number),
      holder,
    ]);
    return row === undefined ? null : { firstId: row.first_id, lastId: row.last_id, untilId: row.until_id };
  },
  endShares: async (fence, shares) => {
    await query(clients.raw, `delete from couplet.lane_share where ${MINE}`, await idsOf(lanes, fence, shares));
  },
  returnShares: async (fence, shares) => {
    await query(
      clients.raw,
      `update couplet.lane_share set holder = null where ${MINE}`,
      await idsOf(lanes, fence, shares),
    );
  },
});

const idsOf = async (
  lanes: LaneRegistry,
  { lane, number }: Parameters<SharingPart['endShares']>[0],
  shares: readonly Share[],
): Promise<(string | number)[]> => [
  await lanes.idOf(lane),
  String(number),
  plainArray(shares.map(({ firstId }) => firstId)),
];
