/**
 * The first load of a table by COPY. It seeks no match, so it is used only while every record of the table is one that
 * this very load has made: the table was empty when it began under this fence, and no mark of anybody else has come
 * since. Whatever goes wrong, the batch goes down the ordinary path, which seeks and which tells the records apart.
 *
 * The look at the marks is to the create what the repeated match is to the ordinary one: it sees what was committed
 * before it. A mark that a reader takes in and prunes in the moment between two batches escapes it; then two records
 * match, and the second to be worked is `match-ambiguous`, as if it had been made a moment later.
 */
import type { Value } from '../../../domain/record.ts';
import type { ValueKind } from '../../../domain/value-type.ts';
import type { Fence } from '../../../ports/store.ts';
import { valuesLiteral } from '../session/array-literal.ts';
import type { Session } from '../session/connection.ts';
import { snapshotParts } from '../session/cursor.ts';
import { quoteLiteral } from '../session/quote.ts';
import type { BoundTable } from '../table/bound-table.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { printedAlike } from '../table/printed-alike.ts';
import { drawKeys } from './draw-keys.ts';
import { plainTable } from './plain-table.ts';
import { columnsName, type InsertEntry, type WriteWork } from './write-work.ts';

export interface FirstLoad {
  /** Loads the entries and tells what they hold. False: nothing was written, and the ordinary path is to be taken. */
  load(work: WriteWork, fence: Fence, entries: readonly InsertEntry[]): Promise<boolean>;
}

interface LoadState {
  /** All that this snapshot sees is ours. */
  ours: string;
  /** The transactions of the last batches, some of which it may not see. */
  readonly transactions: string[];
  isOver: boolean;
  lastAtMs: number;
}

/** A load that stood still for so long begins anew, with the question whether the table is empty. */
const IDLE_MS = 5_000;

/** More than can be in flight. */
const TRANSACTIONS_KEPT = 32;

export function firstLoad(table: BoundTable): FirstLoad {
  let begun: { readonly fence: number; readonly state: Promise<LoadState> } | null = null;
  const stateOf = async (session: Session, fence: number): Promise<LoadState> => {
    const known = begun?.fence === fence ? await begun.state.catch(() => null) : null;
    if (known !== null && performance.now() - known.lastAtMs < IDLE_MS) return known;
    const state = begin(session, table);
    begun = { fence, state };
    return state;
  };
  return {
    async load(work, fence, entries) {
      const columns = entries[0]?.columns ?? [];
      const name = columnsName(columns);
      if (!table.watched || entries.some((entry) => columnsName(entry.columns) !== name)) return false;
      const state = await stateOf(work.session, fence.number);
      if (state.isOver) return false;
      const [transaction, keysKnown] = await Promise.all([beginBatch(work, state), drawKeys(work, entries)]);
      if (transaction === null || !keysKnown || !isKnownAsSent(table, entries)) return false;
      const written = entries[0]?.columns ?? [];
      await work.session.copyIn(
        `copy ${table.relation} (${written.map(({ quoted }) => quoted).join(', ')}) from stdin`,
        [copyText(entries)],
      );
      const [[plain] = []] = await work.session.query(`select ${plainTable(table)}`);
      if (plain !== 't') throw new LoadFailed();
      tellHeld(table, entries, transaction);
      return true;
    },
  };
}

/** The transaction is of no use any more: the batch begins again on the ordinary path. */
export class LoadFailed extends Error {}

async function begin(session: Session, table: BoundTable): Promise<LoadState> {
  const [[ours, isEmpty] = []] = await session.query(
    `select pg_catalog.pg_current_snapshot()::text, not exists (select from ${table.relation}) and ${plainTable(table)}`,
  );
  return { ours: ours ?? '', transactions: [], isOver: isEmpty !== 't', lastAtMs: performance.now() };
}

/** The number by which the rows of this transaction will be known; null when somebody else has written into the table. */
async function beginBatch({ session, table, statements }: WriteWork, state: LoadState): Promise<string | null> {
  const { next, open } = snapshotParts(state.ours);
  const [[transaction, version, snapshot, others] = []] = await statements.run(
    session,
    'load',
    () => loadStatement(table),
    [next, open, valuesLiteral(state.transactions)],
  );
  if (others === 't') {
    state.isOver = true;
    return null;
  }
  // Noted before anything of it can be seen by the next batch.
  state.transactions.push(transaction ?? '');
  if (state.transactions.length > TRANSACTIONS_KEPT) state.transactions.shift();
  state.ours = snapshot ?? state.ours;
  state.lastAtMs = performance.now();
  return version ?? null;
}

function loadStatement({ schema, name }: BoundTable): string {
  const others = `c.xid <> all ($3::text[]::xid8[]) and c.operation <> 'D'
    and c.table_id = (select i.table_id from couplet.installed i where i.schema_name = ${quoteLiteral(schema)} and i.table_name = ${quoteLiteral(name)})`;
  return `select pg_catalog.pg_current_xact_id()::text, pg_catalog.pg_current_xact_id()::xid::text, pg_catalog.pg_current_snapshot()::text,
  exists (select from couplet.change c where c.xid >= $1::text::xid8 and ${others})
  or exists (select from couplet.change c where c.xid = any ($2::text::xid8[]) and ${others})`;
}

/** Kinds whose text in a key is the one that is printed. */
const KEY_KINDS: ReadonlySet<ValueKind> = new Set<ValueKind>(['text', 'integer', 'bigint', 'uuid', 'date']);

/** Every column that is read is written, in a form that it prints as it is. */
function isKnownAsSent(table: BoundTable, entries: readonly InsertEntry[]): boolean {
  const written = entries[0]?.columns ?? [];
  if (!table.values.every((column) => written.includes(column))) return false;
  if (!table.key.every((column) => table.values.includes(column) && KEY_KINDS.has(column.type.kind))) return false;
  const places = table.values.map((column) => written.indexOf(column));
  return entries.every(({ values }) =>
    places.every((place, at) => printedAlike(table.values[at] as StoreColumn, values[place] ?? null)),
  );
}

const ESCAPED = /[\\\n\r\t]/;

function copyText(entries: readonly InsertEntry[]): string {
  let text = '';
  for (const { values } of entries) {
    for (let at = 0; at < values.length; at += 1) {
      const value: Value = values[at] ?? null;
      if (at > 0) text += '\t';
      if (value === null) text += '\\N';
      else text += ESCAPED.test(value) ? escaped(value) : value;
    }
    text += '\n';
  }
  return text;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');

function tellHeld(table: BoundTable, entries: readonly InsertEntry[], version: string): void {
  const written = entries[0]?.columns ?? [];
  const placesOf = (columns: readonly StoreColumn[]): number[] => columns.map((column) => written.indexOf(column));
  const valuesAt = placesOf(table.values);
  const keyAt = placesOf(table.key);
  for (const entry of entries) {
    const key = keyAt.map((at) => entry.values[at] ?? '');
    entry.returned = { key, values: valuesAt.map((at) => entry.values[at] ?? null), version, inFilter: true };
    entry.state = { at: 'done', key };
  }
}
