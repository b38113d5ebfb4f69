/**
 * New records and restored ones: many with one statement, which repeats the match, so that a record that matches by
 * now is not made a second time. What comes back is told by its key, never by its place.
 */
import { canonicalKeyPart } from '../../../domain/equal-values.ts';
import type { RecordKey, Value } from '../../../domain/record.ts';
import type { StoredRecord } from '../../../ports/store.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import type { Row } from '../session/connection.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { drawKeys, redrawTaken } from './draw-keys.ts';
import { insertStatement, unlessName, unlessOf } from './insert-statement.ts';
import { refuseEntry } from './refusal.ts';
import { writeGroup } from './write-group.ts';
import { bisect, bySameColumns, columnsName, inSavepoint } from './write-work.ts';
import type { InsertEntry, WriteWork } from './write-work.ts';

/** Entries of one group share columns and the shape of their match. */
export async function insertRows(work: WriteWork, entries: readonly InsertEntry[]): Promise<void> {
  for (const group of bySameColumns(entries, unlessName)) {
    const keysKnown = await drawKeys(work, group);
    for (const round of roundsOf(group)) {
      if (keysKnown) await insertGroup(work, round);
      else await insertEach(work, round);
    }
  }
}

/**
 * Two records that would match each other are made one after the other, since a statement does not see the rows that
 * it inserts.
 */
function roundsOf(entries: readonly InsertEntry[]): readonly (readonly InsertEntry[])[] {
  const rounds: InsertEntry[][] = [];
  const seen = new Map<string, number>();
  for (const entry of entries) {
    const names = unlessOf(entry).map((match, index) => `${index} ${JSON.stringify(match.values).toLowerCase()}`);
    const round = Math.max(0, ...names.map((name) => seen.get(name) ?? 0));
    for (const name of names) seen.set(name, round + 1);
    rounds[round] ??= [];
    rounds[round].push(entry);
  }
  return rounds;
}

async function insertGroup(work: WriteWork, group: readonly InsertEntry[]): Promise<void> {
  await writeGroup(work, group, (some) => attemptInsert(work, some, 0));
}

async function attemptInsert(work: WriteWork, entries: readonly InsertEntry[], round: number): Promise<void> {
  try {
    await inSavepoint(work, () => insertOnce(work, entries));
  } catch (error) {
    if (error instanceof KeysReassigned) await insertEach(work, entries);
    else if (await redrawTaken(work, entries, error, round)) await attemptInsert(work, entries, round + 1);
    else throw error;
  }
}

/** A trigger gave a row another key than the one it was inserted with: which record is which cannot be told. */
export class KeysReassigned extends Error {}

/** The entries write the same columns under the same match, and bring their keys. */
export async function insertOnce(work: WriteWork, entries: readonly InsertEntry[]): Promise<void> {
  const { table } = work;
  const expected = entries.map((entry) => canonicalKey(table, givenKey(table, entry)));
  const known = new Set(expected);
  const { taken, rows } = toldOf(table, await runInsert(work, entries));
  const byKey = new Map(rows.map((row) => [canonicalKey(table, row.key), row]));
  if ([...byKey.keys()].some((key) => !known.has(key))) throw new KeysReassigned();
  for (const [index, entry] of entries.entries()) {
    const row = byKey.get(expected[index] ?? '');
    entry.returned = row && row.version !== '' ? row : null;
    if (taken.has(index)) entry.state = { at: 'ended', outcome: { status: 'matched' } };
    else if (row) entry.state = { at: 'done', key: row.key };
    else entry.state = { at: 'unsure', key: givenKey(table, entry) };
  }
}

const SINGLES_PER_SAVEPOINT = 100;

/** One statement per record, sent without waiting, where only the statement can tell whose key came back. */
async function insertEach(work: WriteWork, entries: readonly InsertEntry[]): Promise<void> {
  for (let start = 0; start < entries.length; start += SINGLES_PER_SAVEPOINT) {
    await bisect(
      entries.slice(start, start + SINGLES_PER_SAVEPOINT),
      (some) => attemptEach(work, some),
      (entry, fault) => refuseEntry(work, entry, fault),
    );
  }
}

/** Some rows did not come into being; what their triggers did instead must not stay, for nobody would know of it. */
class Swallowed extends Error {
  readonly entries: readonly InsertEntry[];
  constructor(entries: readonly InsertEntry[]) {
    super('swallowed');
    this.entries = entries;
  }
}

async function attemptEach(work: WriteWork, entries: readonly InsertEntry[]): Promise<void> {
  try {
    const told = await inSavepoint(work, async () => {
      const answers = await Promise.all(
        entries.map(async (entry) => toldOf(work.table, await runInsert(work, [entry]))),
      );
      const swallowed = entries.filter((_, index) => {
        const answer = answers[index];
        return answer && answer.rows.length === 0 && !answer.taken.has(0);
      });
      if (swallowed.length > 0) throw new Swallowed(swallowed);
      return answers;
    });
    for (const [index, entry] of entries.entries()) {
      const row = told[index]?.rows[0] ?? null;
      const key = row?.key;
      entry.returned = row && row.version !== '' ? row : null;
      entry.state = key ? { at: 'done', key } : { at: 'ended', outcome: { status: 'matched' } };
    }
  } catch (error) {
    if (!(error instanceof Swallowed)) throw error;
    for (const entry of error.entries) entry.state = { at: 'ended', outcome: { status: 'suppressed' } };
    const others = entries.filter((entry) => !error.entries.includes(entry));
    if (others.length > 0) await attemptEach(work, others);
  }
}

async function runInsert(work: WriteWork, entries: readonly InsertEntry[]): Promise<readonly Row[]> {
  const [first] = entries;
  if (!first) return [];
  const { columns } = first;
  const unless = unlessOf(first);
  const args = columns.map((_, index) => arrayLiteral(entries, (entry) => entry.values[index] ?? null));
  for (const [place, { columns: names }] of unless.entries()) {
    for (const [at] of names.entries()) {
      args.push(arrayLiteral(entries, (entry) => unlessOf(entry)[place]?.values[at] ?? null));
    }
  }
  const name = `insert ${columnsName(columns)}${unlessName(first)}`;
  return work.statements.run(work.session, name, () => insertStatement(work.table, columns, unless), args);
}

/** Of `insertStatement`: the places of what a match kept from being made, and what was made. */
function toldOf(
  table: BoundTable,
  told: readonly Row[],
): { readonly taken: ReadonlySet<number>; readonly rows: readonly StoredRecord[] } {
  const taken = new Set<number>();
  const rows: StoredRecord[] = [];
  const valuesFrom = 2 + table.key.length;
  for (const row of told) {
    const at = row[0];
    if (at !== null && at !== undefined) taken.add(Number(at) - 1);
    else {
      const key = row.slice(2, valuesFrom).map((part) => part ?? '');
      rows.push({ key, values: row.slice(valuesFrom), version: row[1] ?? '', inFilter: true });
    }
  }
  return { taken, rows };
}

function givenKey(table: BoundTable, entry: InsertEntry): RecordKey {
  return table.key.map((column) => entry.values[entry.columns.indexOf(column)] ?? '');
}

const canonicalKey = (table: BoundTable, key: readonly Value[]): string =>
  JSON.stringify(key.map((part, index) => canonicalKeyPart(table.key[index]?.type ?? table.key[0]!.type, part ?? '')));
