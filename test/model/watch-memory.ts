/** Sees every row that is committed in memory stores, and who wrote it: the difference between before and after. */
import type { Side } from '../../src/domain/record.ts';
import { SIDES } from '../../src/domain/record.ts';
import type { Store } from '../../src/ports/store.ts';
import type { MemoryDatabase } from '../../src/stores/memory/database.ts';
import type { Move, StoreRow } from './oracle.ts';

type Rows = Map<string, Map<number, StoreRow>>;
type TimedMove = Move & { readonly at: number };

export interface Watch {
  /** What was committed while `work` ran is written by this hand; nothing else happens meanwhile, for it does not wait. */
  as<T>(by: Move['by'], database: MemoryDatabase, work: () => T): T;
  /** The same store, whose writes are seen. */
  store(side: Side, store: Store): Store;
  rows(side: Side): ReadonlyMap<string, readonly StoreRow[]>;
  moves(side: Side): readonly TimedMove[];
}

export function watchRows(databases: Readonly<Record<Side, MemoryDatabase>>): Watch {
  const moves: Record<Side, TimedMove[]> = { hq: [], channel: [] };
  let at = 0;
  const note = (by: Move['by'], side: Side, before: Rows, after: Rows): void => {
    for (const table of new Set([...before.keys(), ...after.keys()])) {
      const was = before.get(table) ?? new Map<number, StoreRow>();
      const is = after.get(table) ?? new Map<number, StoreRow>();
      for (const id of new Set([...was.keys(), ...is.keys()])) {
        const old = was.get(id) ?? null;
        const now = is.get(id) ?? null;
        if (old === now || JSON.stringify(old) === JSON.stringify(now)) continue;
        at += 1;
        moves[side].push({ at, by, table, old, new: now });
      }
    }
  };
  const as: Watch['as'] = (by, database, work) => {
    const side = SIDES.find((name) => databases[name] === database) as Side;
    const before = committedRows(database);
    try {
      return work();
    } finally {
      note(by, side, before, committedRows(database));
    }
  };
  return {
    as,
    store: (side, store) => ({
      ...store,
      table: async (shape) => {
        const table = await store.table(shape);
        return {
          ...table,
          write: (batch) => as('couplet', databases[side], () => table.write(batch)),
        };
      },
    }),
    rows: (side) =>
      new Map([...committedRows(databases[side])].map(([table, rows]) => [table, [...rows.values()]] as const)),
    moves: (side) => moves[side],
  };
}

const committedRows = (database: MemoryDatabase): Rows =>
  new Map(
    [...database.state.tables.values()].map((table) => [
      table.definition.name,
      new Map([...table.slots].flatMap(([id, { committed }]) => (committed ? [[id, committed.values] as const] : []))),
    ]),
  );
