/** What the phases of one batch share: its transaction, its entries, and how a phase tries a set of them. */
import type { RecordKey, Value } from '../../../domain/record.ts';
import { StoreBusy, StoreUnreachable } from '../../../errors/store-faults.ts';
import type { Refusal, StoredRecord, Write, WriteOutcome } from '../../../ports/store.ts';
import type { Row, Rows, Session } from '../session/connection.ts';
import { StatementRefused } from '../session/driver-faults.ts';
import type { BoundTable } from '../table/bound-table.ts';
import type { StoreColumn } from '../table/column-types.ts';

/** How far one write has come. */
export type EntryState =
  | { readonly at: 'open' }
  /** Carried out, as far as its statement told: under this key the row is read again at the end. */
  | { readonly at: 'done'; readonly key: RecordKey }
  /** Its statement ran without an error and did not name it. What is read at the end tells why. */
  | { readonly at: 'unsure'; readonly key: RecordKey }
  | { readonly at: 'refused'; readonly refusal: Refusal; readonly mayYetSucceed: boolean }
  | { readonly at: 'ended'; readonly outcome: Exclude<WriteOutcome, { status: 'written' | 'refused' }> };

export interface Entry<W extends Write = Write> {
  /** Place in the batch. */
  readonly index: number;
  readonly write: W;
  /** Columns written and their values, side by side; generated columns are not among them. */
  columns: readonly StoreColumn[];
  values: readonly Value[];
  /** Key columns whose values Couplet drew from their defaults. */
  drawn: readonly StoreColumn[];
  state: EntryState;
  /** What the statement that wrote the row returned of it: what it holds, if the table is plain. */
  returned: StoredRecord | null;
  /** As the lock found the row. */
  old: readonly Value[] | null;
  oldRow: Readonly<Record<string, Value>> | null;
}

export type UpdateEntry = Entry<Extract<Write, { operation: 'update' }>>;
export type DeleteEntry = Entry<Extract<Write, { operation: 'delete' }>>;
export type InsertEntry = Entry<Extract<Write, { operation: 'insert' | 'restore' }>>;

export interface WriteWork {
  readonly table: BoundTable;
  readonly session: Session;
  readonly statements: StatementCache;
}

/** Texts of statements by what they are for; the first of them stay prepared. */
export interface StatementCache {
  run(session: Session, name: string, build: () => string, args: readonly Value[]): Promise<Rows>;
}

/**
 * Sets of columns that change together are few in practice, but nothing bounds them, and every prepared statement
 * stays in the memory of the server session.
 */
const MOST_PREPARED = 200;

export function statementCache(): StatementCache {
  const texts = new Map<string, string>();
  return {
    run: (session, name, build, args) => {
      const known = texts.get(name);
      if (known !== undefined) return session.query(known, args);
      const text = build();
      if (texts.size >= MOST_PREPARED) return session.once(text, args);
      texts.set(name, text);
      return session.query(text, args);
    },
  };
}

/** Why a set of entries could not be written together: one of them is refused, or somebody holds what it needs. */
export type RecordFault = StatementRefused | StoreBusy;

/**
 * Lock timeouts concern a record. A deadlock and the like concern the transaction: it is rolled back and comes again.
 */
export const isRecordFault = (error: unknown): error is RecordFault =>
  error instanceof StatementRefused || (error instanceof StoreBusy && error.params['sqlState'] === '55P03');

/**
 * Within a savepoint, which is released only after everything deferred was checked: what fails leaves nothing behind,
 * and what stays cannot fail at COMMIT.
 *
 * After the first wait of 300 ms there is no other: an app that waits for our rows would see its deadlock check run
 * (after one second) and become the victim.
 */
export async function inSavepoint<T>({ session }: WriteWork, run: () => Promise<T>): Promise<T> {
  const opened = session.query('savepoint couplet_write');
  try {
    const result = await run();
    await Promise.all([
      opened,
      session.query('set constraints all immediate'),
      session.query('release savepoint couplet_write'),
    ]);
    return result;
  } catch (error) {
    if (error instanceof StoreUnreachable) throw error;
    await session.query('rollback to savepoint couplet_write');
    await session.query('release savepoint couplet_write');
    if (error instanceof StoreBusy) await session.query(`set local lock_timeout = '1ms'`);
    throw error;
  }
}

/** A question about entries. Values that their type refuses would end the transaction here, so then nothing is told. */
export async function askWithin(work: WriteWork, text: string, args: readonly Value[]): Promise<readonly Row[]> {
  try {
    return await inSavepoint(work, () => work.session.once(text, args));
  } catch (error) {
    if (error instanceof StatementRefused) return [];
    throw error;
  }
}

/**
 * Tries all together and, where that fails, the halves, until the record that is at fault stands alone: one that
 * cannot be written costs some twenty statements of a thousand records, and none of the others.
 */
export async function bisect<E extends Entry>(
  entries: readonly E[],
  attempt: (entries: readonly E[]) => Promise<void>,
  refuse: (entry: E, fault: RecordFault) => Promise<void>,
): Promise<void> {
  if (entries.length === 0) return;
  try {
    await attempt(entries);
  } catch (error) {
    if (!isRecordFault(error)) throw error;
    const [only] = entries;
    if (entries.length === 1 && only) return refuse(only, error);
    const middle = entries.length >> 1;
    await bisect(entries.slice(0, middle), attempt, refuse);
    await bisect(entries.slice(middle), attempt, refuse);
  }
}

/** Entries that write the same columns are written by the same statement. */
export function bySameColumns<E extends Entry>(entries: readonly E[], more: (entry: E) => string = () => ''): E[][] {
  const groups = new Map<string, E[]>();
  for (const entry of entries) {
    const name = columnsName(entry.columns) + more(entry);
    const group = groups.get(name);
    if (group) group.push(entry);
    else groups.set(name, [entry]);
  }
  return [...groups.values()];
}

const names = new WeakMap<readonly StoreColumn[], string>();

/** Asked of every entry, most of which share their list of columns. */
export function columnsName(columns: readonly StoreColumn[]): string {
  const known = names.get(columns);
  if (known !== undefined) return known;
  const name = JSON.stringify(columns.map((column) => column.name));
  names.set(columns, name);
  return name;
}
