/** A store's reader moves on: the cursor and all that was read commit together, or not at all. */
import type { Side } from '../../domain/record.ts';
import { keyText } from '../../domain/record.ts';
import type { CouplingDatabase, CursorMove, KeyMove, NewPending } from '../../ports/coupling-database.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query, sessionsFor } from '../session/connect.ts';
import type { Parameter, Queryable } from '../session/open-session.ts';
import { laneIdsOf, ON_PENDING_ALREADY, pend, pendingArguments, pendStatement } from './pending.ts';

export const cursorPart = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<CouplingDatabase, 'loadCursor' | 'moveCursor'> => ({
  loadCursor: async (side, channel) => {
    const rows = await query<{ cursor: string }>(
      clients.looks,
      'select cursor from couplet.store_cursor where side = $1 and channel = $2',
      [side, channel ?? ''],
    );
    return rows[0]?.cursor ?? null;
  },
  moveCursor: async (side, channel, from, to, changes, moves) => {
    await laneIdsOf(lanes, changes);
    await laneIdsOf(lanes, moves);
    if (moves.length === 0 && from !== null) {
      const args = await moveArguments(lanes, { side, channel, from, to, pend: changes });
      return moveAndPend(sessionsFor(clients, changes.length), args);
    }
    const place = [side, channel ?? '', to, ...(from === null ? [] : [from])];
    return clients.raw.begin(async (sql) => {
      const moved = await query(sql, from === null ? BEGIN_AT : MOVE, place);
      if (moved.length === 0) return false;
      await moveKeys(sql, lanes, moves);
      await pend(sql, lanes, changes satisfies readonly NewPending[]);
      return true;
    });
  },
});

const BEGIN_AT = `
  insert into couplet.store_cursor (side, channel, cursor) values ($1, $2, $3) on conflict do nothing returning side`;

const MOVE = `
  update couplet.store_cursor set cursor = $3, read_at = now()
   where side = $1 and channel = $2 and cursor = $4 returning side`;

/** One statement where keys stay: a change is on its way one round trip after it was read, not four. */
const MOVE_AND_PEND = `
  with moved as (${MOVE}),
    pended as (${pendStatement(5, 'where exists (select from moved)')})
  select exists (select from moved) as moved`;

export const moveArguments = async (lanes: LaneRegistry, move: CursorMove): Promise<readonly Parameter[]> => [
  move.side,
  move.channel ?? '',
  move.to,
  move.from,
  ...(await pendingArguments(lanes, move.pend)),
];

export const moveAndPend = async (sql: Queryable, args: readonly Parameter[]): Promise<boolean> =>
  (await query<{ moved: boolean }>(sql, MOVE_AND_PEND, args))[0]?.moved ?? false;

const moveKeys = async (sql: Queryable, lanes: LaneRegistry, moves: readonly KeyMove[]): Promise<void> => {
  const groups = new Map<string, { laneId: number; side: Side; moves: KeyMove[] }>();
  for (const move of moves) {
    const laneId = await lanes.idOf(move.lane);
    const name = `${laneId} ${move.side}`;
    const group = groups.get(name) ?? { laneId, side: move.side, moves: [] };
    group.moves.push(move);
    groups.set(name, group);
  }
  for (const [, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await moveKeysOf(sql, group.laneId, group.side, netMoves(group.moves));
  }
};

/** A→B, B→C of one record is A→C; A→B, B→A of two records (through a third key) is a swap. */
export const netMoves = (moves: readonly Pick<KeyMove, 'from' | 'to'>[]): { from: string; to: string }[] => {
  const originOf = new Map<string, string>();
  for (const move of moves) {
    const from = keyText(move.from);
    const origin = originOf.get(from) ?? from;
    originOf.delete(from);
    originOf.set(keyText(move.to), origin);
  }
  return [...originOf].filter(([to, from]) => from !== to).map(([to, from]) => ({ from, to }));
};

interface KeyTextMove {
  readonly from: string;
  readonly to: string;
}

/**
 * A coupling cannot take a key that another living coupling keeps: its record was deleted and the key taken over.
 * Then the coupling stays at its former key. Both keys are pending, and the run finds the former record gone and the
 * other one replaced, which loses nothing.
 *
 * A recording that is under way holds the pending changes that it has worked, and the couplings that it makes are seen
 * once it is over: they are looked up again. One that comes later finds its change under the new key (`FOLLOW`).
 */
const moveKeysOf = async (sql: Queryable, laneId: number, side: Side, moves: readonly KeyTextMove[]): Promise<void> => {
  if (moves.length === 0) return;
  const column = side === 'hq' ? 'hq_key' : 'channel_key';
  const coupledAt = async (keys: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const rows = await query<{ id: string; key: string }>(
      sql,
      `select id, ${column} as key from couplet.coupling
        where lane_id = $1 and ${column} = any($2::text[]) and ended_at is null order by id for update`,
      [laneId, textArray([...new Set(keys)])],
    );
    return new Map(rows.map((row) => [row.key, row.id]));
  };
  const rename = async (couplings: ReadonlyMap<string, string>, some: readonly KeyTextMove[]): Promise<void> => {
    const ids = some.flatMap(({ from, to }) => {
      const id = couplings.get(from);
      return id === undefined ? [] : [{ id, from, to }];
    });
    if (ids.length > 0) await renameCouplings(sql, laneId, side, column, ids);
  };
  const coupled = await coupledAt(moves.flatMap(({ from, to }) => [from, to]));
  const feasible = feasibleMoves(moves, new Set(coupled.keys()));
  await rename(coupled, feasible);
  await renamePending(sql, laneId, side, feasible);
  const others = feasible.filter(({ from }) => !coupled.has(from));
  if (others.length > 0) {
    // Not those that have just taken such a key.
    const moved = new Set(coupled.values());
    const made = [...(await coupledAt(others.map(({ from }) => from)))].filter(([, id]) => !moved.has(id));
    await rename(new Map(made), others);
  }
  const stuck = moves.filter((move) => coupled.has(move.from) && !feasible.includes(move));
  if (stuck.length > 0) await query(sql, PEND_AS_DELETED, [laneId, side, textArray(stuck.map(({ from }) => from))]);
};

const PEND_AS_DELETED = `
  insert into couplet.pending as p (lane_id, side, key, deleted)
  select $1, $2, key, true from unnest($3::text[]) as u(key) order by key ${ON_PENDING_ALREADY}`;

const feasibleMoves = (moves: readonly KeyTextMove[], occupied: ReadonlySet<string>): KeyTextMove[] => {
  let remaining = [...moves];
  for (;;) {
    const leaving = new Set(remaining.map(({ from }) => from));
    const next = remaining.filter(({ to }) => !occupied.has(to) || leaving.has(to));
    if (next.length === remaining.length) return next;
    remaining = next;
  }
};

const renameCouplings = async (
  sql: Queryable,
  laneId: number,
  side: Side,
  column: 'hq_key' | 'channel_key',
  moves: readonly { readonly id: string; readonly from: string; readonly to: string }[],
): Promise<void> => {
  const ids = plainArray(moves.map(({ id }) => id));
  // Through a key that no record has (no JSON begins with '~'): records may have swapped theirs.
  await query(sql, `update couplet.coupling set ${column} = '~' || id where id = any($1::uuid[])`, [ids]);
  await query(
    sql,
    `update couplet.coupling c set ${column} = u.key from unnest($1::uuid[], $2::text[]) as u(id, key) where c.id = u.id`,
    [ids, textArray(moves.map(({ to }) => to))],
  );
  await query(
    sql,
    `insert into couplet.former_key (lane_id, side, key, coupling_id)
     select $1, $2, key, id from unnest($3::text[], $4::uuid[]) as u(key, id)
     on conflict (lane_id, side, key, coupling_id) do update set until = now()`,
    [laneId, side, textArray(moves.map(({ from }) => from)), ids],
  );
};

/** What was pending, uncoupled or in error under the former key belongs to the record, wherever its key went. */
const renamePending = async (
  sql: Queryable,
  laneId: number,
  side: Side,
  moves: readonly { readonly from: string; readonly to: string }[],
): Promise<void> => {
  const parameters = [laneId, side, textArray(moves.map(({ from }) => from)), textArray(moves.map(({ to }) => to))];
  await query(
    sql,
    `with u as (select * from unnest($3::text[], $4::text[]) as u(former, key)),
          gone as (delete from couplet.uncoupled d using u
                    where d.lane_id = $1 and d.side = $2 and d.key = u.former returning u.key, d.at, d.actor)
     insert into couplet.uncoupled (lane_id, side, key, at, actor)
     select $1, $2, key, at, actor from gone on conflict do nothing`,
    parameters,
  );
  const taken = await query<{ id: string; generation: number; key: string; deleted: boolean; old_row: unknown }>(
    sql,
    `with u as (select * from unnest($3::text[], $4::text[]) as u(former, key))
     delete from couplet.pending d using u
      where d.lane_id = $1 and d.side = $2 and d.key = u.former
     returning d.id::text, d.generation, u.key, d.deleted, d.old_row`,
    parameters,
  );
  await query(
    sql,
    `insert into couplet.pending as p (lane_id, side, id, generation, key, deleted, old_row) overriding system value
     select $1, $2, id, generation + 1, key, deleted, old_row::json
       from unnest($3::bigint[], $4::int[], $5::text[], $6::boolean[], $7::text[]) as u(id, generation, key, deleted, old_row)
     order by key ${ON_PENDING_ALREADY}`,
    [
      laneId,
      side,
      plainArray(taken.map(({ id }) => id)),
      plainArray(taken.map(({ generation }) => String(generation))),
      textArray(taken.map(({ key }) => key)),
      plainArray(taken.map(({ deleted }) => deleted)),
      textArray(taken.map(({ old_row }) => (old_row === null ? null : JSON.stringify(old_row)))),
    ],
  );
  const column = side === 'hq' ? 'hq_key' : 'channel_key';
  await query(
    sql,
    `update couplet.sync_error e set ${column} = u.key from unnest($2::text[], $3::text[]) as u(former, key)
      where e.lane_id = $1 and e.${column} = u.former and e.status = 'open' and e.scope = 'record' and e.coupling_id is null
        and not exists (select from couplet.sync_error o where o.lane_id = $1 and o.${column} = u.key
                           and o.status = 'open' and o.scope = 'record' and o.coupling_id is null)`,
    [laneId, parameters[2] as string, parameters[3] as string],
  );
};
