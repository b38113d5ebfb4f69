/** The app whose data the memory store holds, as its own users work with it: past the port, in transactions. */
import type { TableName } from '../../ports/store.ts';
import { deleteRow, insertRow, truncateTable, updateRow } from './change-rows.ts';
import { checkDeferred } from './constraints.ts';
import type { Backup } from './copy-state.ts';
import { restoreState, snapshotState } from './copy-state.ts';
import type { MemoryDatabase, Row, Savepoint, Transaction } from './database.ts';
import { assertReachable, createTable, tableOf, wakeSleepers } from './database.ts';
import type { ColumnDefinition, RowValues, TableDefinition } from './table-definition.ts';
import { tableText } from './table-definition.ts';
import { begin, commit, findRows, putVersion, rollback, rollbackTo, savepoint, visibleRows } from './transaction.ts';
import { canonicalValue } from './value-rules.ts';

/** Which rows are meant: all that have these values. */
export type Where = RowValues;

export interface MemoryStatements {
  /** The row as stored, or null when a trigger swallowed it. */
  insert(table: TableName | string, values: RowValues): RowValues | null;
  /** How many rows were written. */
  update(table: TableName | string, where: Where, set: RowValues): number;
  delete(table: TableName | string, where: Where): number;
  /** An update of key columns: the record lives on under its new key. */
  changeKey(table: TableName | string, where: Where, key: RowValues): number;
  truncate(table: TableName | string): void;
  select(table: TableName | string, where?: Where): readonly RowValues[];
}

export interface MemoryTransaction extends MemoryStatements {
  /** Holds rows without changing them, as SELECT … FOR UPDATE does. */
  lock(table: TableName | string, where: Where): void;
  savepoint(): Savepoint;
  rollbackTo(point: Savepoint): void;
  commit(): void;
  rollback(): void;
}

export interface MemoryApp extends MemoryStatements {
  begin(): MemoryTransaction;
  createTable(definition: TableDefinition): void;
  dropTable(table: TableName | string): void;
  /** Dropped and created again with the same rows, as a nightly reload does it: another table, without capture. */
  replaceTable(table: TableName | string): void;
  addColumn(table: TableName | string, name: string, column: ColumnDefinition): void;
  /** As ALTER TABLE … RENAME COLUMN: not while somebody holds rows; constraints do not follow. */
  renameColumn(table: TableName | string, from: string, to: string): void;
  setCapture(table: TableName | string, on: boolean): void;
  snapshotState(): Backup;
  restoreState(backup: Backup): void;
  goDown(): void;
  comeBack(): void;
}

const nameOf = (table: TableName | string): TableName =>
  typeof table === 'string' ? { schema: null, name: table } : table;

function rowsWhere(
  database: MemoryDatabase,
  table: TableName | string,
  where: Where,
  transaction: Transaction | null,
): readonly Row[] {
  const found = tableOf(database, nameOf(table));
  const columns = Object.keys(where);
  if (columns.length === 0) return [...visibleRows(found, transaction)];
  const wanted = columns.map((column) => {
    const type = found.definition.columns[column]?.type;
    if (!type) throw new Error(`There is no column ${column}.`);
    return [column, canonicalValue(column, type, where[column] ?? null)] as const;
  });
  if (wanted.every(([, value]) => value !== null)) {
    return findRows(found, columns, Object.fromEntries(wanted), transaction).rows;
  }
  return [...visibleRows(found, transaction)].filter((row) =>
    wanted.every(([column, value]) => row.values[column] === value),
  );
}

/** Each statement is all or nothing, as everywhere: what fails within it leaves the transaction as it was. */
function statementsIn(database: MemoryDatabase, transaction: Transaction): MemoryStatements {
  const work = { database, transaction };
  const statement = <Result>(run: () => Result): Result => {
    assertReachable(database);
    const point = savepoint(transaction);
    try {
      return run();
    } catch (error) {
      rollbackTo(transaction, point);
      throw error;
    }
  };
  const update = (table: TableName | string, where: Where, set: RowValues): number =>
    statement(() => {
      const rows = rowsWhere(database, table, where, transaction);
      return rows.filter(({ id }) => updateRow(work, tableOf(database, nameOf(table)), id, set)).length;
    });
  return {
    insert: (table, values) =>
      statement(() => insertRow(work, tableOf(database, nameOf(table)), values, false)?.values ?? null),
    update,
    changeKey: update,
    delete: (table, where) =>
      statement(() => {
        const rows = rowsWhere(database, table, where, transaction);
        return rows.filter(({ id }) => deleteRow(work, tableOf(database, nameOf(table)), id)).length;
      }),
    truncate: (table) => statement(() => truncateTable(work, tableOf(database, nameOf(table)))),
    select: (table, where = {}) => {
      assertReachable(database);
      return rowsWhere(database, table, where, transaction).map(({ values }) => values);
    },
  };
}

function beginTransaction(database: MemoryDatabase): MemoryTransaction {
  assertReachable(database);
  const transaction = begin(database);
  return {
    ...statementsIn(database, transaction),
    lock: (table, where) => {
      const found = tableOf(database, nameOf(table));
      for (const row of rowsWhere(database, table, where, transaction)) holdRow(found, transaction, row);
    },
    savepoint: () => savepoint(transaction),
    rollbackTo: (point) => rollbackTo(transaction, point),
    commit: () => {
      assertReachable(database);
      try {
        checkDeferred(database, transaction);
        commit(database, transaction);
      } finally {
        rollback(database, transaction);
      }
    },
    rollback: () => rollback(database, transaction),
  };
}

const holdRow = (table: Parameters<typeof putVersion>[0], transaction: Transaction, row: Row): void =>
  putVersion(table, transaction, row.id, row);

export function memoryApp(place: MemoryDatabase | { readonly database: MemoryDatabase }): MemoryApp {
  const database = 'database' in place ? place.database : place;
  /** A single statement is a transaction of its own. */
  const alone = <Result>(run: (transaction: MemoryTransaction) => Result): Result => {
    const transaction = beginTransaction(database);
    try {
      const result = run(transaction);
      transaction.commit();
      return result;
    } finally {
      transaction.rollback();
    }
  };
  return {
    insert: (table, values) => alone((transaction) => transaction.insert(table, values)),
    update: (table, where, set) => alone((transaction) => transaction.update(table, where, set)),
    changeKey: (table, where, key) => alone((transaction) => transaction.changeKey(table, where, key)),
    delete: (table, where) => alone((transaction) => transaction.delete(table, where)),
    truncate: (table) => alone((transaction) => transaction.truncate(table)),
    select: (table, where) => alone((transaction) => transaction.select(table, where)),
    begin: () => beginTransaction(database),
    ...definitionsIn(database),
    snapshotState: () => snapshotState(database),
    restoreState: (backup) => restoreState(database, backup),
    goDown: () => {
      for (const transaction of [...database.open]) rollback(database, transaction);
      database.reachable = false;
      wakeSleepers(database);
    },
    comeBack: () => {
      database.reachable = true;
    },
  };
}

function definitionsIn(
  database: MemoryDatabase,
): Pick<MemoryApp, 'createTable' | 'dropTable' | 'replaceTable' | 'addColumn' | 'renameColumn' | 'setCapture'> {
  const find = (table: TableName | string) => tableOf(database, nameOf(table));
  return {
    createTable: (definition) => {
      createTable(database, definition);
    },
    dropTable: (table) => {
      database.state.tables.delete(tableText(nameOf(table)));
    },
    replaceTable: (table) => {
      const old = find(table);
      database.state.tables.delete(old.text);
      const created = createTable(database, old.definition);
      for (const [rowId, { committed }] of old.slots) {
        if (committed) created.slots.set(rowId, { committed, pending: null });
      }
      for (const [column, value] of old.sequences) created.sequences.set(column, value);
    },
    addColumn: (table, name, column) => {
      const found = find(table);
      found.definition = { ...found.definition, columns: { ...found.definition.columns, [name]: column } };
    },
    renameColumn: (table, from, to) => {
      const found = find(table);
      if (!found.definition.columns[from]) throw new Error(`There is no column ${from}.`);
      if ([...found.slots.values()].some(({ pending }) => pending !== null)) {
        throw new Error('An open transaction holds rows of this table.');
      }
      const renamed = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
        Object.fromEntries(Object.entries(values).map(([name, value]) => [name === from ? to : name, value]));
      found.definition = { ...found.definition, columns: renamed(found.definition.columns) };
      for (const [rowId, { committed }] of found.slots) {
        if (committed)
          found.slots.set(rowId, { committed: { ...committed, values: renamed(committed.values) }, pending: null });
      }
      found.lookups.clear();
    },
    setCapture: (table, on) => {
      find(table).captureOn = on;
    },
  };
}
