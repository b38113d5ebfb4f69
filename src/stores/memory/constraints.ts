/** The rules that a row must keep: required values, checks, unique sets, foreign keys. */
import type { MemoryDatabase, Row, Table, Transaction } from './database.ts';
import { tableOf } from './database.ts';
import type { ForeignKey, RowValues } from './table-definition.ts';
import { isRequired, tableText, uniqueConstraintsOf, valuesOf } from './table-definition.ts';
import { findRows, visible } from './transaction.ts';
import { RowBusy, Violation } from './violation.ts';

export function checkRow(table: Table, values: RowValues): void {
  const { definition } = table;
  for (const column of Object.keys(definition.columns)) {
    if ((values[column] ?? null) === null && isRequired(definition, column)) {
      throw new Violation('required-value-missing', `${column} must have a value.`, { column });
    }
  }
  for (const check of definition.checks ?? []) {
    if (check.holds(values) === false) {
      throw new Violation('constraint-violated', `${check.name} does not allow it.`, { constraint: check.name });
    }
  }
}

/** Now: what may not be put off. At the end: everything. */
export type CheckTime = 'now' | 'end';

export function checkUnique(table: Table, transaction: Transaction, row: Row, time: CheckTime): void {
  for (const { name, columns, deferrable } of uniqueConstraintsOf(table.definition)) {
    if (deferrable && time === 'now') continue;
    const found = findRows(table, columns, row.values, transaction);
    const other = found.rows.find(({ id }) => id !== row.id);
    if (other) {
      const params = { constraint: name, columns: [...columns], values: [...valuesOf(row.values, columns)] };
      const blockedBy = { table: table.text, rowId: other.id };
      throw new Violation(
        'constraint-violated',
        `Another record holds this value of ${columns.join(', ')}.`,
        params,
        blockedBy,
      );
    }
    if (found.contested) throw new RowBusy();
  }
}

/** As a child: every reference that is not null has its parent. */
export function checkParents(
  database: MemoryDatabase,
  table: Table,
  transaction: Transaction,
  row: Row,
  time: CheckTime,
): void {
  for (const foreignKey of table.definition.foreignKeys ?? []) {
    if (foreignKey.deferrable && time === 'now') continue;
    const wanted = referenced(foreignKey, row.values);
    if (wanted === null) continue;
    const parents = findRows(tableOf(database, foreignKey.parent), foreignKey.parentColumns, wanted, transaction);
    if (parents.contested && parents.rows.length > 0) throw new RowBusy('The parent is being taken away.');
    if (parents.rows.length === 0) throw missingParent(foreignKey, row.values);
  }
}

function missingParent(foreignKey: ForeignKey, values: RowValues): Violation {
  const params = {
    constraint: foreignKey.name,
    columns: [...foreignKey.columns],
    values: [...valuesOf(values, foreignKey.columns)],
  };
  return new Violation('constraint-violated', `${foreignKey.name}: there is no such parent.`, params);
}

/** The parent's columns and values that a child points to; null when one of them is null. */
function referenced(foreignKey: ForeignKey, child: RowValues): RowValues | null {
  const wanted: Record<string, string> = {};
  for (const [index, column] of foreignKey.columns.entries()) {
    const value = child[column] ?? null;
    if (value === null) return null;
    wanted[foreignKey.parentColumns[index]!] = value;
  }
  return wanted;
}

export interface ChildLink {
  readonly child: Table;
  readonly foreignKey: ForeignKey;
}

/** Every foreign key that points to this table. */
export function linksTo(database: MemoryDatabase, parent: Table): readonly ChildLink[] {
  return [...database.state.tables.values()].flatMap((child) =>
    (child.definition.foreignKeys ?? [])
      .filter((foreignKey) => tableText(foreignKey.parent) === parent.text)
      .map((foreignKey) => ({ child, foreignKey })),
  );
}

/** Children of a parent row. A child that somebody else is just writing cannot be judged: that is busy. */
export function childrenOf(link: ChildLink, parentValues: RowValues, transaction: Transaction | null): readonly Row[] {
  const wanted: Record<string, string | null> = {};
  for (const [index, column] of link.foreignKey.columns.entries()) {
    wanted[column] = parentValues[link.foreignKey.parentColumns[index]!] ?? null;
  }
  const found = findRows(link.child, link.foreignKey.columns, wanted, transaction);
  if (transaction !== null && found.contested) throw new RowBusy('A child of this record is being written.');
  return found.rows;
}

/** As a parent that went away or changed its key: nobody points to what it was. */
export function checkChildren(
  database: MemoryDatabase,
  table: Table,
  transaction: Transaction,
  before: Row,
  time: CheckTime,
): void {
  for (const link of linksTo(database, table)) {
    if (link.foreignKey.deferrable && time === 'now') continue;
    if (findRows(table, link.foreignKey.parentColumns, before.values, transaction).rows.length > 0) continue;
    if (childrenOf(link, before.values, transaction).length === 0) continue;
    const { name } = link.foreignKey;
    const params = { constraint: name, table: link.child.definition.name };
    throw new Violation(
      'constraint-violated',
      `${name}: records of ${link.child.definition.name} refer to this one.`,
      params,
    );
  }
}

/** Whether anything about this table can wait until the transaction ends. */
export const hasDeferrable = (database: MemoryDatabase, table: Table): boolean =>
  (table.definition.unique ?? []).some(({ deferrable }) => deferrable) ||
  (table.definition.foreignKeys ?? []).some(({ deferrable }) => deferrable) ||
  linksTo(database, table).some(({ foreignKey }) => foreignKey.deferrable);

/** What was put off is looked at together; until then rows may exchange unique values and point to each other. */
export function checkDeferred(database: MemoryDatabase, transaction: Transaction): void {
  for (const { table, rowId, before } of transaction.unchecked) {
    const slot = table.slots.get(rowId);
    const row = slot ? visible(slot, transaction) : null;
    if (row) {
      checkUnique(table, transaction, row, 'end');
      checkParents(database, table, transaction, row, 'end');
    }
    if (before) checkChildren(database, table, transaction, before, 'end');
  }
  transaction.unchecked.length = 0;
}
