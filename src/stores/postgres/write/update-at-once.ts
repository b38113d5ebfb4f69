/**
 * A small batch that changes nothing but rows, in two answers instead of six: a single change is on its way at rest, and
 * all that it waits for is answers. The rows are taken and written by one statement, which is sent behind BEGIN and the
 * fence; the ledger and COMMIT are sent together, for nothing is left to be decided between them.
 *
 * One whose table is known to be plain is sent whole instead, if all of it writes the same columns
 * (`update-in-one-answer.ts`).
 *
 * Whatever does not go smoothly (a row refused, columns that others refer to) rolls all of it back and goes down the
 * ordinary path, which sets the records apart; hence small batches only, where that costs little.
 */
import { arrayLiteral } from '../session/array-literal.ts';
import type { Rows } from '../session/connection.ts';
import { versionExpression } from '../table/bound-table.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { valueExpression } from '../table/column-types.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { TEXT_PARAMETER, unnested } from '../table/record-select.ts';
import { takeReturned, updatedValues } from './bulk-update.ts';
import { explainMissing, isRead, keyArrays, keyEquals } from './lock-rows.ts';
import { isPlain } from './plain-table.ts';
import type { PlannedBatch } from './plan-entries.ts';
import { bySameColumns, columnsName, type UpdateEntry, type WriteWork } from './write-work.ts';

const MOST_ENTRIES = 50;

/** Whether the batch is of the kind; without a look at the store. */
export function isForOnce(table: BoundTable, { entries, updates }: PlannedBatch): boolean {
  if (entries.length === 0 || entries.length > MOST_ENTRIES || updates.length !== entries.length) return false;
  if (table.hasChildren || table.rules.has('update') || table.values.some((column) => column.generated)) return false;
  return updates.every(
    ({ columns }) => columns.length > 0 && columns.every(({ name }) => !table.keyLockColumns.has(name)),
  );
}

/** True: what was returned is what the rows hold, see `plain-table.ts`. */
export async function updateAtOnce(work: WriteWork, updates: readonly UpdateEntry[]): Promise<boolean> {
  const missing: UpdateEntry[] = [];
  const [, , plain] = await Promise.all([
    Promise.all(bySameColumns(updates).map((group) => takeAndUpdate(work, group, missing))),
    // What stays cannot fail at COMMIT.
    work.session.query('set constraints all immediate'),
    isPlain(work),
  ]);
  await explainMissing(work, missing);
  return plain;
}

async function takeAndUpdate(work: WriteWork, group: readonly UpdateEntry[], missing: UpdateEntry[]): Promise<void> {
  const { table, session, statements } = work;
  const columns = group[0]?.columns ?? [];
  const old = group.every(isRead) ? [] : table.values;
  const rows = await statements.run(
    session,
    `take ${old.length} and update ${columnsName(columns)}`,
    () => takeAndUpdateText(table, columns, old),
    updateArguments(table, group),
  );
  missing.push(...tellTaken(table, group, rows, old.length));
}

/** The parameters of `takeAndUpdateText`, in their order: the key, the version, what is set. */
export const updateArguments = (table: BoundTable, group: readonly UpdateEntry[]): string[] => [
  ...keyArrays(table, group),
  arrayLiteral(group, (entry) => entry.write.version),
  ...(group[0]?.columns ?? []).map((_, index) => arrayLiteral(group, (entry) => entry.values[index] ?? null)),
];

/** Tells entries what became of them by the rows of the statement; gives back those that it has no row of. */
export function tellTaken(
  table: BoundTable,
  group: readonly UpdateEntry[],
  rows: Rows,
  /** How many values that were held stand between the version and what was written. */
  oldValues: number,
): readonly UpdateEntry[] {
  const found = new Map(rows.map((row) => [Number(row[0]) - 1, row]));
  const writtenAt = 2 + oldValues;
  const missing: UpdateEntry[] = [];
  for (const [index, entry] of group.entries()) {
    const row = found.get(index);
    if (row === undefined) missing.push(entry);
    else if (row[1] !== entry.write.version) entry.state = { at: 'ended', outcome: { status: 'moved' } };
    else {
      entry.old = entry.write.read ?? row.slice(2, writtenAt);
      // Taken and not written: a trigger of the table kept it from being so.
      takeReturned(table, entry, row[writtenAt] === null ? undefined : row.slice(writtenAt));
    }
  }
  return missing;
}

/**
 * Rows that somebody holds are passed over, as in `lock-rows.ts`, and never waited for. A row that was changed since the
 * statement began is taken as it is now, so its version tells, and the update leaves it.
 */
export function takeAndUpdateText(
  table: BoundTable,
  columns: readonly StoreColumn[],
  old: readonly StoreColumn[],
  /** A further part of the WITH, which may refer to `written`. */
  more = '',
): string {
  const versionAt = table.key.length;
  const u = unnested([...table.key, TEXT_PARAMETER, ...columns], 1, 'u');
  const asked = unnested(table.key, 1, 'asked');
  const set = columns.map((column, index) => `${column.quoted} = ${u.value(versionAt + 1 + index)}`);
  const version = versionExpression(table, 't.');
  const held = old.map((column) => valueExpression(`t.${column.quoted}`, column.type));
  const written = updatedValues(table, columns);
  const names = (letter: string, list: readonly string[]): string[] => list.map((_, index) => `${letter}${index}`);
  return `with taken (${['at', 'version', ...names('o', held)].join(', ')}) as materialized (
  select ${['asked.at', version, ...held].join(', ')} from ${asked.from}
  join ${table.relation} t on ${keyEquals(table, asked.value)}
  for no key update of t skip locked),
written (${['at', ...names('w', written)].join(', ')}) as (
  update ${table.relation} as t set ${set.join(', ')}
  from ${u.from} join taken on taken.at = u.at and taken.version = u.p${versionAt}
  where ${keyEquals(table, u.value)} and ${version} = u.p${versionAt}
  returning ${['u.at', ...written].join(', ')})${more}
select taken.*, ${names('written.w', written).join(', ')} from taken left join written on written.at = taken.at`;
}
