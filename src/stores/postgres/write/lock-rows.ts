/**
 * Rows are taken before they are written, skipping those that somebody holds: a batch never waits for a row of the
 * app, so that the app never waits for a batch that waits for it. Fence first, rows second, in every transaction.
 */
import type { Value } from '../../../domain/record.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import type { Row } from '../session/connection.ts';
import { versionExpression } from '../table/bound-table.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { compareSql, valueExpression } from '../table/column-types.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { unnested } from '../table/record-select.ts';
import type { PlannedBatch } from './plan-entries.ts';
import type { DeleteEntry, UpdateEntry, WriteWork } from './write-work.ts';

type Strength = 'no key update' | 'update';

/** Ends the entries whose row is held, gone or another version; gives `old` to the others. */
export async function lockRows(work: WriteWork, { updates, deletes }: PlannedBatch): Promise<null> {
  const { keyLockColumns, values, columns } = work.table;
  // The lock that the UPDATE itself would take: a column that others may refer to needs the strongest.
  const changesKey = (entry: UpdateEntry): boolean => entry.columns.some(({ name }) => keyLockColumns.has(name));
  const ordinary = updates.filter((entry) => !changesKey(entry));
  const strong = updates.filter(changesKey);
  const missing = await Promise.all([
    lock(work, 'no key update', ordinary, ordinary.every(isRead) ? NO_COLUMNS : values),
    lock(work, 'update', strong, strong.every(isRead) ? NO_COLUMNS : values),
    lock(work, 'update', deletes, columns),
  ]);
  await explainMissing(work, missing.flat());
  return null;
}

/** The caller has read what the row holds in this version, and the version is told with the lock. */
export const isRead = ({ write }: UpdateEntry): boolean => write.read !== undefined;
const NO_COLUMNS: readonly StoreColumn[] = [];

async function lock(
  work: WriteWork,
  strength: Strength,
  entries: readonly (UpdateEntry | DeleteEntry)[],
  columns: readonly StoreColumn[],
): Promise<(UpdateEntry | DeleteEntry)[]> {
  if (entries.length === 0) return [];
  const whole = columns === work.table.columns;
  const rows = await work.statements.run(
    work.session,
    `lock for ${strength} ${whole ? 'delete' : columns.length}`,
    () => lockStatement(work.table, strength, columns),
    keyArrays(work.table, entries),
  );
  const found = new Map(rows.map((row) => [Number(row[0]) - 1, row]));
  return entries.filter((entry, index) => {
    const row = found.get(index);
    if (!row) return true;
    if (row[1] === entry.write.version) keepOld(work.table, entry, row, whole);
    else entry.state = { at: 'ended', outcome: { status: 'moved' } };
    return false;
  });
}

function keepOld(table: BoundTable, entry: UpdateEntry | DeleteEntry, row: Row, whole: boolean): void {
  if (!whole) {
    entry.old = (entry.write.operation === 'update' && entry.write.read) || row.slice(2);
    return;
  }
  const oldRow: Record<string, Value> = {};
  for (const [index, column] of table.columns.entries()) oldRow[column.name] = row[index + 2] ?? null;
  entry.oldRow = oldRow;
  entry.old = table.shape.columns.map((name) => oldRow[name] ?? null);
}

function lockStatement(table: BoundTable, strength: Strength, columns: readonly StoreColumn[]): string {
  const asked = unnested(table.key, 1, 'asked');
  const list = columns.map((column) => valueExpression(`t.${column.quoted}`, column.type));
  return `select ${['asked.at', versionExpression(table, 't.'), ...list].join(', ')}
from ${asked.from} join ${table.relation} t on ${keyEquals(table, asked.value)}
for ${strength} of t skip locked`;
}

/** Held by somebody, or not there at all: an ordinary read, which waits for nobody, tells. */
export async function explainMissing(work: WriteWork, entries: readonly (UpdateEntry | DeleteEntry)[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = await work.statements.run(
    work.session,
    'present',
    () => {
      const asked = unnested(work.table.key, 1, 'asked');
      return `select asked.at from ${asked.from} join ${work.table.relation} t on ${keyEquals(work.table, asked.value)}`;
    },
    keyArrays(work.table, entries),
  );
  const present = new Set(rows.map(([at]) => Number(at) - 1));
  for (const [index, entry] of entries.entries()) {
    entry.state = { at: 'ended', outcome: { status: present.has(index) ? 'busy' : 'moved' } };
  }
}

export const keyArrays = (table: BoundTable, entries: readonly (UpdateEntry | DeleteEntry)[]): string[] =>
  table.key.map((_, index) => arrayLiteral(entries, (entry) => entry.write.key[index] ?? null));

/** The row `t` has the key that stands in the first columns of an `unnest`. */
export const keyEquals = (table: BoundTable, value: (index: number) => string): string =>
  table.key.map((column, index) => compareSql(column, `t.${column.quoted}`, '=', value(index))).join(' and ');
