/** Installing the capture, and reading windows of marks from it. */
import type { RecordKey } from '../../domain/record.ts';
import type {
  Cursor,
  InstallResult,
  Mark,
  SetupProblem,
  TableName,
  WatchedTable,
  WindowPage,
} from '../../ports/store.ts';
import {
  assertLineage,
  confirmPosition,
  formatCursor,
  isUnread,
  issue,
  parseCursor,
  prune,
  takeSnapshot,
  unreadMarks,
  withinWindow,
} from './cursor.ts';
import type { Position } from './cursor.ts';
import type { Baseline, MarkRow, MemoryDatabase, Table } from './database.ts';
import { drawNonce } from './database.ts';
import type { TableText } from './table-definition.ts';
import { displayTable, keysOf, nameOfTable, tableText } from './table-definition.ts';

const sameSet = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((column) => right.includes(column));

const columnsText = (table: Table): string =>
  JSON.stringify(Object.entries(table.definition.columns).map(([name, { type }]) => [name, type.name]));

const baselineOf = (table: Table): Baseline => ({
  oid: table.oid,
  generation: table.generation,
  columns: columnsText(table),
});

export function setupProblems(database: MemoryDatabase, { table: name, keys }: WatchedTable): readonly SetupProblem[] {
  const table = database.state.tables.get(tableText(name));
  if (!table) return [{ code: 'table-not-found', params: { table: displayTable(name) }, table: name }];
  const problems: SetupProblem[] = [];
  for (const key of keys) {
    if (!keysOf(table.definition).some((columns) => sameSet(columns, key))) {
      problems.push({ code: 'key-not-unique', params: { table: displayTable(name), key: [...key] }, table: name });
    }
  }
  // A transaction that wrote before the capture was there would commit changes without marks.
  if ([...table.slots.values()].some(({ pending }) => pending !== null) && !table.captureOn) {
    problems.push({ code: 'table-busy', params: { table: displayTable(name) }, table: name });
  }
  return problems;
}

export function install(database: MemoryDatabase, watched: readonly WatchedTable[]): InstallResult {
  const { state } = database;
  const installed: TableName[] = [];
  const unchanged: TableName[] = [];
  const problems: SetupProblem[] = [];
  state.installed = true;
  for (const wanted of watched) {
    const found = setupProblems(database, wanted);
    problems.push(...found);
    if (found.length > 0) continue;
    const table = state.tables.get(tableText(wanted.table))!;
    const before = state.watched.get(table.text);
    const same = table.captureOn && JSON.stringify(before?.keys) === JSON.stringify(wanted.keys);
    (same ? unchanged : installed).push(wanted.table);
    table.captureOn = true;
    state.watched.set(table.text, wanted);
    // A table that was known keeps its baseline: only `acceptTables` may say that a difference was looked into.
    if (!state.baselines.has(table.text)) state.baselines.set(table.text, baselineOf(table));
  }
  return { installed, unchanged, problems };
}

export function uninstall(database: MemoryDatabase): void {
  const { state } = database;
  for (const table of state.tables.values()) table.captureOn = false;
  state.installed = false;
  state.marks = [];
  for (const map of [state.watched, state.baselines, state.readers, state.fences, state.ledger]) map.clear();
}

export function isInstalled(database: MemoryDatabase, watched: readonly WatchedTable[]): boolean {
  const { state } = database;
  return watched.every(({ table: name, keys }) => {
    const text = tableText(name);
    return (
      state.tables.get(text)?.captureOn === true &&
      JSON.stringify(state.watched.get(text)?.keys) === JSON.stringify(keys)
    );
  });
}

export function acceptTables(database: MemoryDatabase, tables: readonly TableName[]): void {
  for (const name of tables) {
    const table = database.state.tables.get(tableText(name));
    if (table) database.state.baselines.set(table.text, baselineOf(table));
  }
}

/** What differs between a watched table and what was installed; null when nothing does. */
function differenceOf(table: Table | undefined, baseline: Baseline | undefined): string | null {
  if (!table) return 'the table is gone';
  if (!baseline) return null;
  if (table.oid !== baseline.oid) return 'the table was replaced';
  if (table.generation !== baseline.generation) return 'the storage of the table was replaced';
  if (columnsText(table) !== baseline.columns) return 'the columns differ';
  return table.captureOn ? null : 'the capture is switched off';
}

export function changedTables(database: MemoryDatabase): WindowPage['changedTables'] {
  const { state } = database;
  return [...state.watched.values()].flatMap(({ table }) => {
    const text = tableText(table);
    const difference = differenceOf(state.tables.get(text), state.baselines.get(text));
    return difference === null ? [] : [{ table, difference }];
  });
}

/** Absence proves something only in the table that was installed: the same one, with the storage it had. */
export function isTableAsInstalled(database: MemoryDatabase, table: Table): boolean {
  const baseline = database.state.baselines.get(table.text);
  return baseline === undefined || (baseline.oid === table.oid && baseline.generation === table.generation);
}

type Draft = { -readonly [Property in keyof Mark]: Mark[Property] };

interface Gathered {
  readonly marks: readonly Mark[];
  readonly truncated: readonly TableName[];
  /** How many of the rows went into them. */
  readonly taken: number;
}

/**
 * Up to `limit` marks, coalesced by key; one row at least, so that a small limit still gets on. After a key was left
 * for another, the same key begins anew, since it is another record's by then: whoever follows the marks in their
 * order follows every record, also where two have exchanged their keys.
 */
function gather(rows: readonly MarkRow[], limit: number): Gathered {
  const marks: Draft[] = [];
  const truncated = new Map<TableText, TableName>();
  const current = new Map<string, Draft>();
  const placeOf = (row: MarkRow, key: RecordKey): string => JSON.stringify([tableText(row.table), row.keyIndex, key]);
  const draftFor = (row: MarkRow, key: RecordKey): Draft => {
    const known = current.get(placeOf(row, key));
    if (known) return known;
    const draft: Draft = { table: row.table, keyIndex: row.keyIndex, key, deleted: false, oldRow: null, movedTo: null };
    current.set(placeOf(row, key), draft);
    marks.push(draft);
    return draft;
  };
  const toEnd = (draft: Draft): void => {
    marks.splice(marks.indexOf(draft), 1);
    marks.push(draft);
  };
  let taken = 0;
  for (const row of rows) {
    if (taken > 0 && marks.length + truncated.size >= limit) break;
    taken += 1;
    if (row.operation === 'truncate') {
      truncated.set(tableText(row.table), row.table);
      continue;
    }
    const draft = draftFor(row, row.key);
    if (row.operation === 'delete') Object.assign(draft, { deleted: true, oldRow: row.oldRow });
    if (row.newKey === null) continue;
    draft.movedTo = row.newKey;
    current.delete(placeOf(row, row.key));
    // A move stands where it happens, and what arrives stands behind it, wherever the two keys were first met.
    toEnd(draft);
    toEnd(draftFor(row, row.newKey));
  }
  return { marks, truncated: [...truncated.values()], taken };
}

export function readWindow(database: MemoryDatabase, reader: string, cursor: Cursor, limit: number): WindowPage {
  const { state } = database;
  const position = parseCursor(cursor);
  assertLineage(state, reader, position);
  const until = position.within?.until ?? takeSnapshot(database);
  const rows = withinWindow(until, unreadMarks(state, position));
  const differences = changedTables(database);
  if (rows.length === 0 && position.within === null) {
    return { marks: [], truncated: [], cursor, complete: true, oldestAt: null, changedTables: differences };
  }
  const { marks, truncated, taken } = gather(rows, limit);
  const complete = taken === rows.length;
  const last = rows[taken - 1];
  const next: Position = {
    store: position.store,
    advances: position.advances + 1,
    nonce: drawNonce(database.draw),
    seen: complete ? until : position.seen,
    within: complete || !last ? null : { until, after: last.sequence },
  };
  issue(state, reader, next);
  return {
    marks,
    truncated,
    cursor: formatCursor(next),
    complete,
    oldestAt: rows.slice(0, taken).reduce<string | null>((oldest, { at }) => earlier(oldest, at), null),
    changedTables: differences,
  };
}

const earlier = (left: string | null, right: string | null): string | null =>
  left === null || (right !== null && right < left) ? right : left;

export function confirm(database: MemoryDatabase, reader: string, cursor: Cursor): void {
  const { state } = database;
  const position = parseCursor(cursor);
  // A confirmation that was overtaken by a later one says nothing new.
  const known = state.readers.get(reader);
  if (known && position.store === state.identity && position.advances < known.advances) return;
  assertLineage(state, reader, position);
  confirmPosition(state, reader, position);
  prune(state);
}

/** Deletes and key changes that the reader has not read. */
export function unreadEnds(
  database: MemoryDatabase,
  table: Table,
  keyColumns: readonly string[],
  cursor: Cursor,
): readonly MarkRow[] {
  const watched = database.state.watched.get(table.text);
  const keyIndex = watched?.keys.findIndex((key) => JSON.stringify(key) === JSON.stringify(keyColumns)) ?? -1;
  const name = tableText(nameOfTable(table.definition));
  const position = parseCursor(cursor);
  return database.state.marks.filter(
    (mark) =>
      mark.keyIndex === keyIndex &&
      (mark.operation === 'delete' || mark.operation === 'changeKey') &&
      tableText(mark.table) === name &&
      isUnread(position, mark),
  );
}
