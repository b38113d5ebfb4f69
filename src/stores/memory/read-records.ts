/** Reading for the port: by key, in pages, by match, by search, and what a delete would take along. */
import type { KeyText, RecordKey, Value } from '../../domain/record.ts';
import { keyText } from '../../domain/record.ts';
import type {
  Cascade,
  Cursor,
  MatchCandidate,
  MatchRequest,
  ReadResult,
  RecordShape,
  StoredRecord,
} from '../../ports/store.ts';
import { isTableAsInstalled, unreadEnds } from './capture.ts';
import { childrenOf, linksTo } from './constraints.ts';
import type { MemoryDatabase, Row, Table, Transaction } from './database.ts';
import type { TableText } from './table-definition.ts';
import { keysOf, nameOfTable, valuesOf } from './table-definition.ts';
import { findRows, visibleRows } from './transaction.ts';
import { canonicalValue, compareValues } from './value-rules.ts';
import { Violation } from './violation.ts';

/** A shape bound to the table it speaks of. */
export interface BoundShape {
  readonly database: MemoryDatabase;
  readonly table: Table;
  readonly shape: RecordShape;
}

const keyOfRow = (row: Row, columns: readonly string[]): RecordKey => columns.map((column) => row.values[column] ?? '');

function isInFilter({ database, shape }: BoundShape, row: Row): boolean {
  return shape.filter === null || database.predicates[shape.filter]?.(row.values) === true;
}

export function storedRecord(bound: BoundShape, row: Row): StoredRecord {
  return {
    key: keyOfRow(row, bound.shape.key),
    values: valuesOf(row.values, bound.shape.columns),
    version: row.version,
    inFilter: isInFilter(bound, row),
  };
}

/** A given value in the form of the column, or undefined where the column could not hold it at all. */
function fitted(table: Table, column: string, value: Value): Value | undefined {
  const type = table.definition.columns[column]!.type;
  try {
    return canonicalValue(column, { ...type, maxLength: null }, value);
  } catch (error) {
    if (error instanceof Violation) return undefined;
    throw error;
  }
}

/** The row under a key, as a transaction or, with null, as everybody sees it. */
export function rowByKey({ table, shape }: BoundShape, key: RecordKey, transaction: Transaction | null): Row | null {
  const wanted: Record<string, Value> = {};
  for (const [index, column] of shape.key.entries()) {
    const value = fitted(table, column, key[index] ?? null);
    if (value === undefined) return null;
    wanted[column] = value;
  }
  return findRows(table, shape.key, wanted, transaction).rows[0] ?? null;
}

export function readRecords(bound: BoundShape, keys: readonly RecordKey[], since: Cursor | null): ReadResult {
  const { database, table, shape } = bound;
  const records = new Map<KeyText, StoredRecord>();
  for (const key of keys) {
    const row = rowByKey(bound, key, null);
    if (row) records.set(keyText(key), storedRecord(bound, row));
  }
  const asked = new Set(keys.map(keyText));
  const ends = (since === null ? [] : unreadEnds(database, table, shape.key, since)).filter(({ key }) =>
    asked.has(keyText(key)),
  );
  const ofOperation = (wanted: string): readonly RecordKey[] =>
    ends.filter(({ operation }) => operation === wanted).map(({ key }) => key);
  return {
    records,
    deletedSince: new Set(ofOperation('delete').map(keyText)),
    movedSince: new Set(ofOperation('changeKey').map(keyText)),
    absenceProven: isTableAsInstalled(database, table),
  };
}

export function arrivedAmong(
  { database, table, shape }: BoundShape,
  keys: readonly RecordKey[],
  since: Cursor,
): ReadonlySet<KeyText> {
  const asked = new Set(keys.map(keyText));
  const arrived = unreadEnds(database, table, shape.key, since).map(({ newKey }) => newKey && keyText(newKey));
  return new Set(arrived.filter((key) => key !== null && asked.has(key)) as KeyText[]);
}

function compareKeys({ table, shape }: BoundShape, left: RecordKey, right: RecordKey): number {
  for (const [index, column] of shape.key.entries()) {
    const order = compareValues(table.definition.columns[column]!.type, left[index]!, right[index]!);
    if (order !== 0) return order;
  }
  return 0;
}

const sortedRecords = (bound: BoundShape, rows: Iterable<Row>): StoredRecord[] =>
  [...rows].map((row) => storedRecord(bound, row)).sort((a, b) => compareKeys(bound, a.key, b.key));

export function scanRecords(bound: BoundShape, after: RecordKey | null, limit: number): readonly StoredRecord[] {
  const records = sortedRecords(bound, visibleRows(bound.table, null));
  const rest = after === null ? records : records.filter(({ key }) => compareKeys(bound, key, after) > 0);
  return rest.slice(0, limit);
}

export function countRecords(bound: BoundShape): number {
  let count = 0;
  for (const row of visibleRows(bound.table, null)) if (isInFilter(bound, row)) count += 1;
  return count;
}

/** Rows of the filter whose columns equal the values; null equals nothing. */
export function matchingRows(
  bound: BoundShape,
  match: { readonly columns: readonly string[]; readonly caseSensitive: boolean; readonly values: readonly Value[] },
  transaction: Transaction | null,
): readonly Row[] {
  const { table } = bound;
  const wanted: Record<string, Value> = {};
  for (const [index, column] of match.columns.entries()) {
    const value = fitted(table, column, match.values[index] ?? null);
    if (value === undefined || value === null) return [];
    wanted[column] = value;
  }
  const { rows } = findRows(table, match.columns, wanted, transaction, !match.caseSensitive);
  return rows.filter((row) => isInFilter(bound, row));
}

export function matchRecords(bound: BoundShape, request: MatchRequest): readonly MatchCandidate[] {
  const { columns, caseSensitive, probes, limitPerProbe } = request;
  return probes.flatMap((values, probe) =>
    sortedRecords(bound, matchingRows(bound, { columns, caseSensitive, values }, null))
      .slice(0, limitPerProbe)
      .map((record) => ({ probe, record })),
  );
}

export function searchRecords(
  bound: BoundShape,
  text: string,
  columns: readonly string[],
  limit: number,
): readonly StoredRecord[] {
  const sought = text.toLowerCase();
  const places = [...bound.shape.key, ...columns];
  const rows = [...visibleRows(bound.table, null)].filter(({ values }) =>
    places.some((column) => values[column]?.toLowerCase().includes(sought)),
  );
  return sortedRecords(bound, rows).slice(0, limit);
}

/** The rows that would go with a row, over foreign keys that cascade, each once; the row itself is not among them. */
function takenAlong(
  bound: BoundShape,
  root: Row,
): ReadonlyMap<TableText, { readonly table: Table; readonly rows: Row[] }> {
  const { database } = bound;
  const seen = new Set([root.id]);
  const byTable = new Map<TableText, { table: Table; rows: Row[] }>();
  const queue: { table: Table; row: Row }[] = [{ table: bound.table, row: root }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    for (const link of linksTo(database, next.table)) {
      if (link.foreignKey.onDelete !== 'cascade') continue;
      for (const row of childrenOf(link, next.row.values, null)) {
        if (seen.has(row.id)) continue;
        seen.add(row.id);
        const group = byTable.get(link.child.text) ?? { table: link.child, rows: [] };
        group.rows.push(row);
        byTable.set(link.child.text, group);
        queue.push({ table: link.child, row });
      }
    }
  }
  return byTable;
}

export function cascadesOf(bound: BoundShape, keys: readonly RecordKey[], limit: number): readonly Cascade[] {
  return keys.flatMap((of) => {
    const root = rowByKey(bound, of, null);
    if (!root) return [];
    return [...takenAlong(bound, root).values()].map(({ table, rows }) => {
      const watched = bound.database.state.watched.get(table.text)?.keys[0];
      const keyColumns = watched ?? keysOf(table.definition)[0]!;
      const taken = rows.slice(0, limit).map((row) => keyOfRow(row, keyColumns));
      return { of, table: nameOfTable(table.definition), keys: taken, count: rows.length };
    });
  });
}
