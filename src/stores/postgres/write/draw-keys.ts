/**
 * Keys of new records, drawn from the columns' own defaults before anything is inserted: rows that are returned come
 * in no promised order, so a record can be told only by a key that is known beforehand.
 */
import type { Value } from '../../../domain/record.ts';
import { StoreBusy, StoreRefused } from '../../../errors/store-faults.ts';
import { StatementRefused } from '../session/driver-faults.ts';
import { quoteLiteral } from '../session/quote.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { valueExpression } from '../table/column-types.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { findBlockers, indexNamed } from './find-blockers.ts';
import { isUniqueViolation } from './refusal.ts';
import { columnsName, inSavepoint } from './write-work.ts';
import type { InsertEntry, WriteWork } from './write-work.ts';

/** The key columns that an entry leaves to the store. */
const missingKeys = (table: BoundTable, entry: InsertEntry): readonly StoreColumn[] =>
  table.key.filter((column) => !entry.columns.includes(column));

/**
 * Fills in the keys that the entries leave to the store. False when no default gives them, because a trigger of the
 * app assigns them or the sequence is not Couplet's to draw from. All entries leave the same columns to the store.
 */
export async function drawKeys(work: WriteWork, entries: readonly InsertEntry[]): Promise<boolean> {
  const [first] = entries;
  const missing = first ? missingKeys(work.table, first) : [];
  if (missing.length === 0) return true;
  if (missing.some((column) => defaultOf(column) === null)) return false;
  const drawn = await draw(work, missing, entries.length);
  if (!drawn) return false;
  fillKeys(work.table, entries, missing, drawn);
  return true;
}

/** Doubling from round to round, this passes over a million numbers. */
const MOST_ROUNDS = 20;

/**
 * Another key for each entry whose drawn key is taken: an app that brought keys of its own leaves its sequence behind
 * them. True when any was found and the insert may be tried again; `round` counts those trials.
 */
export async function redrawTaken(
  work: WriteWork,
  entries: readonly InsertEntry[],
  fault: unknown,
  round: number,
): Promise<boolean> {
  const drawn = entries[0]?.drawn ?? [];
  if (drawn.length === 0 || round >= MOST_ROUNDS) return false;
  const blocked = await blockedByKey(work, entries, drawn, fault, round);
  const fresh = blocked.length > 0 ? await draw(work, drawn, blocked.length * 2 ** round) : null;
  if (!fresh) return false;
  // The last ones are the furthest on.
  fillKeys(work.table, blocked, drawn, fresh.slice(-blocked.length));
  return true;
}

async function blockedByKey(
  work: WriteWork,
  entries: readonly InsertEntry[],
  drawn: readonly StoreColumn[],
  fault: unknown,
  round: number,
): Promise<readonly InsertEntry[]> {
  // A record alone that waited in vain may have waited for its very key, which an open transaction has taken.
  if (fault instanceof StoreBusy) return entries.length === 1 && round === 0 ? entries : [];
  const index = isUniqueViolation(fault) ? indexNamed(work.table, fault.server) : null;
  if (!index || !drawn.some(({ name }) => index.columns?.includes(name))) return [];
  const blockers = await findBlockers(work, index, entries);
  return entries.filter((entry) => blockers.has(entry.index));
}

const defaultOf = (column: StoreColumn): string | null =>
  column.identitySequence === null ? column.defaultSql : `nextval(${quoteLiteral(column.identitySequence)})`;

async function draw(
  work: WriteWork,
  columns: readonly StoreColumn[],
  count: number,
): Promise<readonly (readonly Value[])[] | null> {
  const texts = columns.map((column) =>
    valueExpression(`(${defaultOf(column) ?? 'null'})::${column.cast}`, column.type),
  );
  const text = `select ${texts.join(', ')} from generate_series(1, $1::text::bigint)`;
  try {
    return await inSavepoint(work, () =>
      work.statements.run(work.session, `draw ${columnsName(columns)}`, () => text, [String(count)]),
    );
  } catch (error) {
    if (error instanceof StatementRefused) return null;
    if (error instanceof StoreRefused && error.code === 'permission-denied') return null;
    throw error;
  }
}

/** From the columns of an entry and those drawn for it to the columns that it writes, and where the values come from. */
interface Filled {
  readonly from: readonly StoreColumn[];
  readonly columns: readonly StoreColumn[];
  /** Place among the entry's own values, or `~place` among the drawn ones. */
  readonly places: readonly number[];
}

function filledOf(table: BoundTable, from: readonly StoreColumn[], missing: readonly StoreColumn[]): Filled {
  const columns = table.columns.filter((column) => from.includes(column) || missing.includes(column));
  const places = columns.map((column) => {
    const drawn = missing.indexOf(column);
    return drawn >= 0 ? ~drawn : from.indexOf(column);
  });
  return { from, columns, places };
}

function fillKeys(
  table: BoundTable,
  entries: readonly InsertEntry[],
  missing: readonly StoreColumn[],
  drawn: readonly (readonly Value[])[],
): void {
  let filled: Filled | null = null;
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index] as InsertEntry;
    if (filled?.from !== entry.columns) filled = filledOf(table, entry.columns, missing);
    const keys = drawn[index] ?? [];
    const { values } = entry;
    entry.drawn = missing;
    entry.columns = filled.columns;
    entry.values = filled.places.map((place) => (place < 0 ? keys[~place] : values[place]) ?? null);
  }
}
