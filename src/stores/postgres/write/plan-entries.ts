/** A batch taken apart: what each write sets, column by column, before anything is sent. */
import { keyText } from '../../../domain/record.ts';
import type { Value } from '../../../domain/record.ts';
import { StoreRefused } from '../../../errors/store-faults.ts';
import type { Write } from '../../../ports/store.ts';
import type { BoundTable } from '../table/bound-table.ts';
import type { StoreColumn } from '../table/column-types.ts';
import type { DeleteEntry, Entry, InsertEntry, UpdateEntry } from './write-work.ts';

export interface PlannedBatch {
  readonly entries: readonly Entry[];
  readonly updates: readonly UpdateEntry[];
  readonly deletes: readonly DeleteEntry[];
  readonly inserts: readonly InsertEntry[];
}

export function planEntries(table: BoundTable, writes: readonly Write[]): PlannedBatch {
  const updates: UpdateEntry[] = [];
  const deletes: DeleteEntry[] = [];
  const inserts: InsertEntry[] = [];
  const touched = new Set<string>();
  const settable = settableOf(table);
  const entries = writes.map((write, index): Entry => {
    switch (write.operation) {
      case 'update': {
        const entry: UpdateEntry = { ...blank(index), write, ...settable(write.set) };
        if (isFirst(touched, entry)) updates.push(entry);
        return entry;
      }
      case 'delete': {
        const entry: DeleteEntry = { ...blank(index), write, columns: [], values: [] };
        if (isFirst(touched, entry)) deletes.push(entry);
        return entry;
      }
      case 'insert':
      case 'restore': {
        const entry: InsertEntry = { ...blank(index), write, ...settable(valuesToInsert(table, write)) };
        inserts.push(entry);
        return entry;
      }
    }
  });
  return { entries, updates, deletes, inserts };
}

const blank = (index: number): Pick<Entry, 'index' | 'drawn' | 'state' | 'returned' | 'old' | 'oldRow'> => ({
  index,
  drawn: [],
  state: { at: 'open' },
  returned: null,
  old: null,
  oldRow: null,
});

/** A second write of the same record was decided upon a version that the first one ends. */
function isFirst(touched: Set<string>, entry: UpdateEntry | DeleteEntry): boolean {
  const key = keyText(entry.write.key);
  if (touched.has(key)) {
    entry.state = { at: 'ended', outcome: { status: 'moved' } };
    return false;
  }
  touched.add(key);
  return true;
}

function valuesToInsert(
  table: BoundTable,
  write: Extract<Write, { operation: 'insert' | 'restore' }>,
): ReadonlyMap<string, Value> {
  const { onCreate, key: keyNames } = table.shape;
  if (write.operation === 'insert')
    return Object.keys(onCreate).length === 0 ? write.set : new Map([...Object.entries(onCreate), ...write.set]);
  const key = keyNames.map((name, index): [string, Value] => [name, write.key[index] ?? null]);
  // Columns that the app has dropped since the row was captured have no place any more.
  const row = Object.entries(write.row).filter(([name]) => table.byName.has(name));
  return new Map([...row, ...key, ...write.set]);
}

/** Sets columns in the order of the table, so that equal sets have equal names. Generated columns are left to the store. */
type Settable = (set: ReadonlyMap<string, Value>) => Pick<Entry, 'columns' | 'values'>;

/** Equal lists of columns are one list: a batch mostly has one. */
function settableOf(table: BoundTable): Settable {
  let last: readonly StoreColumn[] = [];
  return (set) => {
    const values: Value[] = [];
    let known = 0;
    let others: StoreColumn[] | null = null;
    for (let at = 0; at < table.columns.length; at += 1) {
      const column = table.columns[at] as StoreColumn;
      const value = set.get(column.name);
      if (value === undefined) continue;
      known += 1;
      if (column.generated) continue;
      if (others === null && last[values.length] !== column) others = last.slice(0, values.length);
      others?.push(column);
      values.push(value);
    }
    if (known < set.size) throw missingColumn(table, set);
    if (others === null && values.length < last.length) others = last.slice(0, values.length);
    last = others ?? last;
    return { columns: last, values };
  };
}

function missingColumn(table: BoundTable, set: ReadonlyMap<string, Value>): StoreRefused {
  const column = [...set.keys()].find((name) => !table.byName.has(name)) ?? '';
  return new StoreRefused('schema-changed', `${table.relation} has no column ${column}`, { column });
}
