/**
 * What waits in a lane and what else is known of it, read on the session of the lane's lock and sent together with it: a
 * change that wakes an idle lane waits for one answer instead of three.
 */
import type { Side } from '../../domain/record.ts';
import type { WorkAsked, WorkAtHand } from '../../ports/coupling-database.ts';
import { CURSOR_COLUMNS, type LaneRegistry } from '../lanes/lane-registry.ts';
import type { Layouts } from '../lanes/layouts.ts';
import { query } from '../session/connect.ts';
import type { Queryable } from '../session/open-session.ts';
import { COUPLING_CONTENT, coupledByKey, type CouplingRow, couplingsOfRows } from './couplings.ts';
import {
  pendingColumns,
  pendingOfRow,
  type PendingRow,
  TAKE,
  takeArguments,
  takenWorkOf,
  type WorkRow,
} from './pending.ts';

const coupledOn = (side: Side, column: 'hq_key' | 'channel_key'): string =>
  coupledByKey('c.*', `(select p.key where p.side = '${side}')`, column);

/** One row a change, or one without any; with the coupling of its record, and what is pending of the other record. */
export const AT_HAND = `
  select l.hq_cursor, l.channel_cursor, p.*, c.id as coupling_id, ${COUPLING_CONTENT},
    exists (select from couplet.sync_error e
             where e.status = 'open' and e.operation_id is null and e.coupling_id = c.id) as in_error,
    ${pendingColumns('o', 'other_')}
    from (select ${CURSOR_COLUMNS} from couplet.lane l where l.id = $1) l
    left join (${TAKE}) p on true
    left join lateral (${coupledOn('hq', 'hq_key')} union all ${coupledOn('channel', 'channel_key')}) c on true
    left join lateral (select * from couplet.pending o
      where o.lane_id = $1
        and o.side = (case p.side when 'hq' then 'channel' else 'hq' end)::couplet.side
        and o.key = case p.side when 'hq' then c.channel_key else c.hq_key end limit 1) o on true
   order by p.id`;

type CoupledRow = Omit<CouplingRow, 'id'> & { readonly coupling_id: string; readonly in_error: boolean };
type OtherRow = { readonly [Name in keyof PendingRow as `other_${Name}`]: PendingRow[Name] };
type AtHandRow = WorkRow & (CoupledRow | { readonly coupling_id: null }) & (OtherRow | { readonly other_id: null });

const isCoupled = (row: AtHandRow): row is AtHandRow & CoupledRow => row.coupling_id !== null;
const hasOther = (row: AtHandRow): row is AtHandRow & OtherRow => row.other_id !== null;

const otherOf = (row: OtherRow): PendingRow => ({
  id: row.other_id,
  generation: row.other_generation,
  side: row.other_side,
  key: row.other_key,
  deleted: row.other_deleted,
  old_row: row.other_old_row,
  since: row.other_since,
  state: row.other_state,
});

/** Null: there are more changes than were asked for. */
export async function readWorkAtHand(
  session: Queryable,
  laneId: number,
  { states, limit }: WorkAsked,
  lanes: LaneRegistry,
  layouts: Layouts,
): Promise<WorkAtHand | null> {
  const rows = await query<AtHandRow>(session, AT_HAND, takeArguments(laneId, states, null, limit + 1));
  if (rows.length > limit) return null;
  // Both records of a pair may have changed: its coupling comes with each.
  const coupled = new Map(rows.filter(isCoupled).map((row) => [row.coupling_id, row]));
  const couplings = [...coupled.values()].map((row) => ({ ...row, id: row.coupling_id }));
  return {
    ...takenWorkOf(rows),
    couplings: await couplingsOfRows(couplings, lanes, layouts),
    inError: new Set(couplings.flatMap((row) => (row.in_error ? [row.id] : []))),
    partners: rows.filter(hasOther).map((row) => pendingOfRow(otherOf(row))),
  };
}
