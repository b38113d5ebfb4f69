/** Sees every row that is committed in memory stores, and who wrote it: the difference between before and after. */
import type { Store } from '../../src/ports/store.ts';
import type { MemoryDatabase } from '../../src/stores/memory/database.ts';
import type { Move, StoreRow } from './oracle.ts';

type Rows = Map<string, Map<number, StoreRow>>;
type TimedMove = Move & { readonly at: number; readonly batchId: string | null };
/** A write of Couplet: which lane it belongs to, and the row of the ledger that tells of it. */
type Batch = { readonly lane: string; readonly batchId: string };

/** A store by name: 'hq', or a channel. */
export type Place = string;

export interface Watch {
  /** What was committed while `work` ran is written by this hand; nothing else happens meanwhile, for it does not wait. */
  as<T>(by: Move['by'], place: Place, work: () => T, batch?: Batch): T;
  /** The same store, whose writes are seen. */
  store(place: Place, store: Store): Store;
  rows(place: Place): ReadonlyMap<string, readonly StoreRow[]>;
  moves(place: Place): readonly TimedMove[];
  /** These batches were lost with the store that held them: nobody can know any more that Couplet wrote them. */
  disown(place: Place, batchIds: ReadonlySet<string>): void;
}

export function watchRows(databases: ReadonlyMap<Place, MemoryDatabase>): Watch {
  const moves = new Map<Place, TimedMove[]>([...databases.keys()].map((place) => [place, []]));
  const databaseOf = (place: Place): MemoryDatabase => databases.get(place) as MemoryDatabase;
  const movesOf = (place: Place): TimedMove[] => moves.get(place) as TimedMove[];
  let at = 0;
  const note = (by: Move['by'], place: Place, before: Rows, after: Rows, batch: Batch | null): void => {
    for (const table of new Set([...before.keys(), ...after.keys()])) {
      const was = before.get(table) ?? new Map<number, StoreRow>();
      const is = after.get(table) ?? new Map<number, StoreRow>();
      for (const id of new Set([...was.keys(), ...is.keys()])) {
        const old = was.get(id) ?? null;
        const now = is.get(id) ?? null;
        if (old === now || JSON.stringify(old) === JSON.stringify(now)) continue;
        at += 1;
        movesOf(place).push({
          at,
          by,
          table,
          old,
          new: now,
          lane: batch?.lane ?? null,
          batchId: batch?.batchId ?? null,
        });
      }
    }
  };
  const as: Watch['as'] = (by, place, work, batch) => {
    const before = committedRows(databaseOf(place));
    try {
      return work();
    } finally {
      note(by, place, before, committedRows(databaseOf(place)), batch ?? null);
    }
  };
  return {
    as,
    store: (place, store) => ({
      ...store,
      table: async (shape) => {
        const table = await store.table(shape);
        return {
          ...table,
          write: (batch) =>
            as('couplet', place, () => table.write(batch), {
              lane: batch.fence.lane.channel,
              batchId: batch.batchId,
            }),
        };
      },
    }),
    rows: (place) =>
      new Map([...committedRows(databaseOf(place))].map(([table, rows]) => [table, [...rows.values()]] as const)),
    moves: movesOf,
    disown(place, batchIds) {
      moves.set(
        place,
        movesOf(place).map((move) => (batchIds.has(move.batchId ?? '') ? { ...move, by: 'app' } : move)),
      );
    },
  };
}

const committedRows = (database: MemoryDatabase): Rows =>
  new Map(
    [...database.state.tables.values()].map((table) => [
      table.definition.name,
      new Map([...table.slots].flatMap(([id, { committed }]) => (committed ? [[id, committed.values] as const] : []))),
    ]),
  );
