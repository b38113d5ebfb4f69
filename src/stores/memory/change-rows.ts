/** One row inserted, updated or deleted within a transaction: defaults, triggers, rules, cascades, marks. */
import type { Value } from '../../domain/record.ts';
import {
  checkChildren,
  checkParents,
  checkRow,
  checkUnique,
  childrenOf,
  hasDeferrable,
  linksTo,
} from './constraints.ts';
import type { Row, Table, Transaction, Work } from './database.ts';
import { noteChange, noteTruncation } from './note-marks.ts';
import type { RowOperation, RowValues } from './table-definition.ts';
import { displayTable, nameOfTable } from './table-definition.ts';
import { findRows, lockSlot, putVersion, visible, visibleRows, xidOf } from './transaction.ts';
import { canonicalValue } from './value-rules.ts';
import { RowBusy, Violation } from './violation.ts';

/** Every column in its canonical form; computed columns computed. */
function complete(table: Table, values: RowValues): RowValues {
  const row: Record<string, Value> = {};
  for (const [name, column] of Object.entries(table.definition.columns)) {
    row[name] = canonicalValue(name, column.type, values[name] ?? null);
  }
  for (const [name, column] of Object.entries(table.definition.columns)) {
    if (column.generated) row[name] = canonicalValue(name, column.type, column.generated(row));
  }
  return Object.freeze(row);
}

function assertColumns(table: Table, values: RowValues): void {
  for (const name of Object.keys(values)) {
    const column = table.definition.columns[name];
    if (!column) throw new Error(`${displayTable(nameOfTable(table.definition))} has no column ${name}.`);
    if (column.generated) throw new Violation('value-invalid', `${name} is computed by the store.`, { column: name });
  }
}

function fire(table: Table, operation: RowOperation, old: RowValues | null, row: RowValues | null): RowValues | null {
  let current = row;
  for (const trigger of table.definition.triggers ?? []) {
    if (!trigger.on.includes(operation)) continue;
    const result = trigger.before({ operation, old, row: current });
    if (result === null) return null;
    if (operation !== 'delete') current = result;
  }
  return operation === 'delete' ? old : current;
}

/** Numbers that are brought along are not given again, not even after their record is gone. */
function countFrom(table: Table, column: string, value: Value): void {
  if (value === null || !/^\d+$/.test(value)) return;
  const last = table.sequences.get(column) ?? 0n;
  if (BigInt(value) > last) table.sequences.set(column, BigInt(value));
}

function isTaken(table: Table, column: string, value: string, transaction: Transaction): boolean {
  const found = findRows(table, [column], { [column]: value }, transaction);
  return found.contested || found.rows.length > 0;
}

function drawDefault(work: Work, table: Table, name: string): Value {
  const column = table.definition.columns[name]!;
  if (column.identity) {
    let next = table.sequences.get(name) ?? 0n;
    // A number that a record was changed to, be it in a transaction that is still open, is passed over.
    do next += 1n;
    while (isTaken(table, name, next.toString(), work.transaction));
    table.sequences.set(name, next);
    return next.toString();
  }
  return typeof column.default === 'function' ? column.default(work.database.draw) : (column.default ?? null);
}

function checkConstraints({ database, transaction }: Work, table: Table, row: Row | null, before: Row | null): void {
  const rowId = row?.id ?? before!.id;
  if (transaction.deferring || hasDeferrable(database, table)) transaction.unchecked.push({ table, rowId, before });
  if (transaction.deferring) return;
  if (row) {
    checkUnique(table, transaction, row, 'now');
    checkParents(database, table, transaction, row, 'now');
  }
  if (before) checkChildren(database, table, transaction, before, 'now');
}

/** Null: a trigger swallowed the row. `overriding` lets a value be given for an identity column that is `always`. */
export function insertRow(work: Work, table: Table, given: RowValues, overriding: boolean): Row | null {
  const { database, transaction } = work;
  assertColumns(table, given);
  const values: Record<string, Value> = {};
  for (const [name, column] of Object.entries(table.definition.columns)) {
    if (column.generated) continue;
    if (name in given && column.identity === 'always' && !overriding) {
      throw new Violation('value-invalid', `${name} is given by the store.`, { column: name });
    }
    values[name] = name in given ? given[name]! : drawDefault(work, table, name);
    if (column.identity && name in given) countFrom(table, name, given[name]!);
  }
  const fired = fire(table, 'insert', null, complete(table, values));
  if (fired === null) return null;
  const stored = complete(table, fired);
  checkRow(table, stored);
  const row = { id: database.state.nextRowId++, version: xidOf(database, transaction).toString(), values: stored };
  putVersion(table, transaction, row.id, row);
  checkConstraints(work, table, row, null);
  noteChange(work, table, null, stored);
  return row;
}

function visibleRow(table: Table, transaction: Transaction, rowId: number): Row {
  const slot = table.slots.get(rowId);
  if (slot) lockSlot(slot, transaction);
  const row = slot ? visible(slot, transaction) : null;
  if (!row) throw new Error('This row does not exist.');
  return row;
}

export function updateRow(work: Work, table: Table, rowId: number, set: RowValues): Row | null {
  const { database, transaction } = work;
  assertColumns(table, set);
  const before = visibleRow(table, transaction, rowId);
  const fired = fire(table, 'update', before.values, complete(table, { ...before.values, ...set }));
  if (fired === null) return null;
  const stored = complete(table, fired);
  checkRow(table, stored);
  const row = { id: rowId, version: xidOf(database, transaction).toString(), values: stored };
  putVersion(table, transaction, rowId, row);
  followKey(work, table, before.values, stored);
  checkConstraints(work, table, row, before);
  noteChange(work, table, before.values, stored);
  return row;
}

/** Children follow the changed key of their parent where the foreign key says so. */
function followKey(work: Work, table: Table, before: RowValues, after: RowValues): void {
  for (const link of linksTo(work.database, table)) {
    const { columns, parentColumns, onUpdate } = link.foreignKey;
    if (onUpdate !== 'cascade' || parentColumns.every((column) => before[column] === after[column])) continue;
    for (const child of childrenOf(link, before, work.transaction)) {
      const pairs = columns.map((column, index) => [column, after[parentColumns[index]!] ?? null] as const);
      updateRow(work, link.child, child.id, Object.fromEntries(pairs));
    }
  }
}

/** False: a trigger swallowed it. */
export function deleteRow(work: Work, table: Table, rowId: number): boolean {
  const { transaction, database } = work;
  const before = visibleRow(table, transaction, rowId);
  if (fire(table, 'delete', before.values, null) === null) return false;
  xidOf(database, transaction);
  putVersion(table, transaction, rowId, null);
  noteChange(work, table, before.values, null);
  for (const link of linksTo(database, table)) releaseChildren(work, table, link.child, before, link);
  checkConstraints(work, table, null, before);
  return true;
}

function releaseChildren(
  work: Work,
  table: Table,
  child: Table,
  parent: Row,
  link: ReturnType<typeof linksTo>[number],
): void {
  const action = link.foreignKey.onDelete ?? 'noAction';
  if (action === 'noAction') return;
  const children = childrenOf(link, parent.values, work.transaction);
  if (action === 'restrict' && children.length > 0) {
    const { name } = link.foreignKey;
    const params = { constraint: name, table: child.definition.name };
    throw new Violation(
      'constraint-violated',
      `${name}: records of ${child.definition.name} refer to this one.`,
      params,
    );
  }
  for (const { id } of children) {
    // A cascade of two paths, or a table that refers to itself, may have taken the row already.
    const slot = child.slots.get(id);
    if (!slot || visible(slot, work.transaction) === null) continue;
    if (action === 'cascade') deleteRow(work, child, id);
    else updateRow(work, child, id, released(work, child, link.foreignKey.columns, action));
  }
}

function released(
  work: Work,
  child: Table,
  columns: readonly string[],
  action: 'setNull' | 'setDefault' | 'restrict',
): RowValues {
  return Object.fromEntries(
    columns.map((column) => [column, action === 'setDefault' ? drawDefault(work, child, column) : null] as const),
  );
}

/** Takes every row without looking at any: no delete marks, no row triggers, one mark for the table. */
export function truncateTable(work: Work, table: Table): void {
  const { database, transaction } = work;
  for (const { child } of linksTo(database, table)) {
    if (child !== table) throw new Error(`${displayTable(nameOfTable(child.definition))} refers to this table.`);
  }
  if ([...table.slots.values()].some(({ pending }) => pending !== null && pending.by !== transaction)) {
    throw new RowBusy('An open transaction holds rows of this table.');
  }
  xidOf(database, transaction);
  for (const row of [...visibleRows(table, transaction)]) putVersion(table, transaction, row.id, null);
  transaction.atCommit.push(() => {
    table.generation = database.state.nextOid++;
  });
  noteTruncation(work, table);
}
