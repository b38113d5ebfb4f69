/** Backups: what is committed, taken at one moment and put back at any later one, as often as a test likes. */
import type { DatabaseState, MemoryDatabase, Slot, Table } from './database.ts';
import { wakeSleepers } from './database.ts';
import { rollback } from './transaction.ts';

/** Rows and marks never change once written, so that copying the maps that hold them is a full copy. */
export type Backup = { readonly state: DatabaseState };

function copyTable(table: Table): Table {
  const slots = new Map<number, Slot>();
  for (const [rowId, { committed }] of table.slots) {
    if (committed) slots.set(rowId, { committed, pending: null });
  }
  return { ...table, slots, sequences: new Map(table.sequences), lookups: new Map() };
}

function copyState(state: DatabaseState): DatabaseState {
  return {
    ...state,
    tables: new Map([...state.tables].map(([text, table]) => [text, copyTable(table)])),
    marks: [...state.marks],
    watched: new Map(state.watched),
    baselines: new Map(state.baselines),
    readers: new Map(state.readers),
    fences: new Map(state.fences),
    ledger: new Map(state.ledger),
  };
}

export const snapshotState = (database: MemoryDatabase): Backup => ({ state: copyState(database.state) });

/** The store goes back in time. Open transactions are lost, as with any server that goes down. */
export function restoreState(database: MemoryDatabase, backup: Backup): void {
  for (const transaction of [...database.open]) rollback(database, transaction);
  database.state = copyState(backup.state);
  wakeSleepers(database);
}
