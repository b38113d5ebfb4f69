/** Transactions: read committed, one holder per row, undone by taking back what they did in reverse. */
import type { Lookup, MemoryDatabase, Row, Savepoint, Slot, Table, Transaction } from './database.ts';
import { wakeSleepers } from './database.ts';
import { equalityText } from './value-rules.ts';
import { RowBusy } from './violation.ts';

export function begin(database: MemoryDatabase): Transaction {
  const transaction: Transaction = {
    xid: null,
    state: 'open',
    undo: [],
    marks: [],
    atCommit: [],
    deferring: false,
    unchecked: [],
    held: new Map(),
  };
  database.open.add(transaction);
  return transaction;
}

export function assertOpen(transaction: Transaction): void {
  if (transaction.state !== 'open') throw new Error(`This transaction is ${transaction.state}.`);
}

export function xidOf(database: MemoryDatabase, transaction: Transaction): bigint {
  assertOpen(transaction);
  transaction.xid ??= database.state.nextXid++;
  return transaction.xid;
}

export const savepoint = (transaction: Transaction): Savepoint => ({
  undo: transaction.undo.length,
  marks: transaction.marks.length,
  atCommit: transaction.atCommit.length,
  unchecked: transaction.unchecked.length,
});

export function rollbackTo(transaction: Transaction, point: Savepoint): void {
  while (transaction.undo.length > point.undo) transaction.undo.pop()!();
  transaction.marks.length = point.marks;
  transaction.atCommit.length = point.atCommit;
  transaction.unchecked.length = point.unchecked;
}

export function rollback(database: MemoryDatabase, transaction: Transaction): void {
  if (transaction.state !== 'open') return;
  rollbackTo(transaction, { undo: 0, marks: 0, atCommit: 0, unchecked: 0 });
  transaction.state = 'rolledBack';
  database.open.delete(transaction);
}

/** The caller has checked what was deferred. Rows and marks appear together, at this moment and not before. */
export function commit(database: MemoryDatabase, transaction: Transaction): void {
  assertOpen(transaction);
  for (const [table, rowIds] of transaction.held) settle(table, rowIds, transaction);
  for (const apply of transaction.atCommit) apply();
  transaction.state = 'committed';
  database.open.delete(transaction);
  if (transaction.marks.length === 0) return;
  database.state.marks.push(...transaction.marks);
  wakeSleepers(database);
}

function settle(table: Table, rowIds: ReadonlySet<number>, transaction: Transaction): void {
  for (const rowId of rowIds) {
    const slot = table.slots.get(rowId);
    if (slot?.pending?.by !== transaction) continue;
    slot.committed = slot.pending.row;
    slot.pending = null;
    if (slot.committed === null) table.slots.delete(rowId);
  }
}

function noteHeld(transaction: Transaction, table: Table, rowId: number): void {
  const rows = transaction.held.get(table);
  if (rows) rows.add(rowId);
  else transaction.held.set(table, new Set([rowId]));
}

/** What this transaction sees in a slot; null stands for a reader outside of any. */
export const visible = (slot: Slot, transaction: Transaction | null): Row | null =>
  slot.pending !== null && slot.pending.by === transaction ? slot.pending.row : slot.committed;

export function lockSlot(slot: Slot, transaction: Transaction): void {
  if (slot.pending !== null && slot.pending.by !== transaction) throw new RowBusy();
}

/** Puts a version into a slot for this transaction alone. */
export function putVersion(table: Table, transaction: Transaction, rowId: number, row: Row | null): void {
  let slot = table.slots.get(rowId);
  if (!slot) table.slots.set(rowId, (slot = { committed: null, pending: null }));
  lockSlot(slot, transaction);
  const before = slot.pending;
  slot.pending = { by: transaction, row };
  noteHeld(transaction, table, rowId);
  if (row) addToLookups(table, row);
  const place = slot;
  transaction.undo.push(() => {
    place.pending = before;
    if (before?.row) addToLookups(table, before.row);
    if (before === null && place.committed === null) table.slots.delete(rowId);
  });
}

/** The values of some columns as one text by which equal rows are found; null where a value is null. */
export function lookupText(
  table: Table,
  columns: readonly string[],
  values: Row['values'],
  ignoringCase = false,
): string | null {
  const parts: string[] = [];
  for (const column of columns) {
    const value = values[column] ?? null;
    const type = table.definition.columns[column]?.type;
    if (value === null || !type) return null;
    parts.push(ignoringCase ? value.toLowerCase() : equalityText(type, value));
  }
  return JSON.stringify(parts);
}

function addToLookup(table: Table, lookup: Lookup, row: Row): void {
  const text = lookupText(table, lookup.columns, row.values, lookup.ignoringCase);
  if (text === null) return;
  const rowIds = lookup.rowIds.get(text);
  if (rowIds) rowIds.add(row.id);
  else lookup.rowIds.set(text, new Set([row.id]));
}

function addToLookups(table: Table, row: Row): void {
  for (const lookup of table.lookups.values()) addToLookup(table, lookup, row);
}

function lookupFor(table: Table, columns: readonly string[], ignoringCase: boolean): Lookup {
  const name = JSON.stringify([ignoringCase, columns]);
  const known = table.lookups.get(name);
  if (known) return known;
  const lookup: Lookup = { columns, ignoringCase, rowIds: new Map() };
  for (const slot of table.slots.values()) {
    if (slot.committed) addToLookup(table, lookup, slot.committed);
    if (slot.pending?.row) addToLookup(table, lookup, slot.pending.row);
  }
  table.lookups.set(name, lookup);
  return lookup;
}

export interface Found {
  /** Rows that this transaction sees with these values. */
  readonly rows: readonly Row[];
  /** An open transaction of somebody else has made, or is taking away, a row with these values. */
  readonly contested: boolean;
}

/** Rows by the values of some columns, through an index made at the first question. Null finds nothing. */
export function findRows(
  table: Table,
  columns: readonly string[],
  values: Row['values'],
  transaction: Transaction | null,
  ignoringCase = false,
): Found {
  const textOf = (of: Row['values']): string | null => lookupText(table, columns, of, ignoringCase);
  const text = textOf(values);
  const ids = text === null ? undefined : lookupFor(table, columns, ignoringCase).rowIds.get(text);
  if (text === null || !ids) return { rows: [], contested: false };
  const matches = (row: Row | null): boolean => row !== null && textOf(row.values) === text;
  const rows: Row[] = [];
  let contested = false;
  for (const rowId of [...ids]) {
    const slot = table.slots.get(rowId);
    const pendingMatches = matches(slot?.pending?.row ?? null);
    const committedMatches = matches(slot?.committed ?? null);
    if (!slot || (!pendingMatches && !committedMatches)) {
      ids.delete(rowId);
      continue;
    }
    const row = visible(slot, transaction);
    if (row !== null && matches(row)) rows.push(row);
    if (slot.pending !== null && slot.pending.by !== transaction && pendingMatches !== committedMatches)
      contested = true;
  }
  return { rows, contested };
}

/** All rows that a transaction, or a reader outside of any, sees. */
export function* visibleRows(table: Table, transaction: Transaction | null): Generator<Row> {
  for (const slot of table.slots.values()) {
    const row = visible(slot, transaction);
    if (row) yield row;
  }
}
