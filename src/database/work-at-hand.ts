/**
 * What waits in a lane and what else is known of it, read on the session of the lane's lock and sent together with it: a
 * change that wakes an idle lane waits for one answer instead of three.
 */
import type { Side } from '../domain/record.ts';
import type { PendingState, WorkAtHand } from '../ports/coupling-database.ts';
import { COUPLING_COLUMNS, coupledByKey, type CouplingRow, couplingsOfRows } from './couplings.ts';
import { query } from './connect.ts';
import type { LaneRegistry } from './lane-registry.ts';
import type { Layouts } from './layouts.ts';
import type { Queryable } from './open-session.ts';
import {
  PENDING_COLUMNS,
  type PendingRow,
  pendingOfRow,
  TAKE,
  TAKE_WORK,
  takeArguments,
  takenWorkOf,
  type WorkRow,
} from './pending.ts';

const coupledOn = (side: Side, column: 'hq_key' | 'channel_key'): string =>
  coupledByKey('u.side, c.*', `(select * from taken where side = '${side}')`, column);

const COUPLED = `
  with taken as materialized (${TAKE}),
    coupled as materialized (${coupledOn('hq', 'hq_key')} union all ${coupledOn('channel', 'channel_key')})`;

export const COUPLINGS_AT_HAND = `${COUPLED}
  select ${COUPLING_COLUMNS},
    exists (select from couplet.sync_error e
             where e.status = 'open' and e.operation_id is null and e.coupling_id = c.id) as in_error
    from coupled c`;

export const PARTNERS_AT_HAND = `${COUPLED}
  select ${PENDING_COLUMNS} from coupled c
   cross join lateral (select * from couplet.pending p
     where p.lane_id = $1
       and p.side = (case c.side when 'hq' then 'channel' else 'hq' end)::couplet.side
       and p.key = case c.side when 'hq' then c.channel_key else c.hq_key end limit 1) p`;

export interface WorkAsked {
  readonly states: readonly PendingState[];
  /** More than so many changes are not worth sending twice. */
  readonly limit: number;
}

/** Null: there are more changes than were asked for. */
export async function readWorkAtHand(
  session: Queryable,
  laneId: number,
  { states, limit }: WorkAsked,
  lanes: LaneRegistry,
  layouts: Layouts,
): Promise<WorkAtHand | null> {
  const args = takeArguments(laneId, states, null, limit + 1);
  const [work, couplings, partners] = await Promise.all([
    query<WorkRow>(session, TAKE_WORK, args),
    query<CouplingRow & { readonly in_error: boolean }>(session, COUPLINGS_AT_HAND, args),
    query<PendingRow>(session, PARTNERS_AT_HAND, args),
  ]);
  const taken = takenWorkOf(work);
  if (taken.changes.length > limit) return null;
  return {
    ...taken,
    couplings: await couplingsOfRows(couplings, lanes, layouts),
    inError: new Set(couplings.flatMap((row) => (row.in_error ? [row.id] : []))),
    partners: partners.map(pendingOfRow),
  };
}
