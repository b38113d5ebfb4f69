/**
 * The shortest way to write: a small batch that updates the same columns of rows that were read, sent whole. The ledger
 * entry is put together by the statement that writes the rows, and COMMIT goes with it, so a change that is on its way at
 * rest waits for one answer of the store it is written to.
 *
 * What would have been decided between the statements has to fail in them: a fence that is not the lane's own, and a
 * table whose rows may hold something else than what was returned of them. Then nothing is written, and the ordinary way
 * tells why. Rows that moved or are held by somebody are passed over, with their entries.
 */
import type { WriteBatch, WriteOutcome } from '../../../ports/store.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import type { Rows, Session } from '../session/connection.ts';
import type { BoundTable } from '../table/bound-table.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { TEXT_PARAMETER, unnested } from '../table/record-select.ts';
import { requireFence } from './fence.ts';
import { entryPieces, ledgerPart, ledgerText } from './ledger.ts';
import { explainMissing, isRead } from './lock-rows.ts';
import { requirePlain } from './plain-table.ts';
import type { PlannedBatch } from './plan-entries.ts';
import { outcomesReturned } from './reread-rows.ts';
import { isForOnce, takeAndUpdateText, tellTaken, updateArguments } from './update-at-once.ts';
import {
  bySameColumns,
  columnsName,
  isRecordFault,
  type StatementCache,
  type UpdateEntry,
  type WriteWork,
} from './write-work.ts';

/** Whether the batch is of the kind; without a look at the store. */
export function isForOneAnswer(table: BoundTable, planned: PlannedBatch): boolean {
  const { updates } = planned;
  if (!isForOnce(table, planned) || !updates.every(isRead) || bySameColumns(updates).length > 1) return false;
  return (updates[0]?.columns ?? []).every((column) => table.values.includes(column) && !table.key.includes(column));
}

/** Null: nothing was written, and the ordinary way tells why. */
export async function updateInOneAnswer(
  table: BoundTable,
  statements: StatementCache,
  batch: WriteBatch,
  planned: PlannedBatch,
  { reader, begin }: { readonly reader: string; readonly begin: string },
): Promise<readonly WriteOutcome[] | null> {
  const { updates } = planned;
  const { connection } = table;
  const send = async (session: Session): Promise<Rows> => {
    const work: WriteWork = { table, session, statements };
    const [, rows] = await Promise.all([
      requireFence(session, reader, batch.fence),
      updateAndEnter(work, updates, batch, reader),
      // What stays cannot fail at COMMIT.
      session.query('set constraints all immediate'),
      requirePlain(work),
    ]);
    return rows;
  };
  let rows: Rows;
  try {
    rows = await connection.inOneAnswer(send, begin);
  } catch (error) {
    if (isRecordFault(error)) return null;
    throw error;
  }
  // Whatever goes wrong from here on, it is written: only the ledger may tell.
  const missing = tellTaken(table, updates, rows, 0);
  if (missing.length > 0)
    await connection.withSession((session) => explainMissing({ table, session, statements }, missing));
  return outcomesReturned(planned);
}

function updateAndEnter(
  { table, session, statements }: WriteWork,
  updates: readonly UpdateEntry[],
  batch: WriteBatch,
  reader: string,
) {
  const columns = updates[0]?.columns ?? [];
  const places = placesOf(table, columns);
  const pieces = updates.map(({ write }) => entryPieces(write.key, write.read ?? [], places, write.note));
  const written = (text: string): string => ledgerText(text, table.encoding);
  const texts = (pieces[0]?.texts ?? []).map((_, at) =>
    arrayLiteral(pieces, (entry) => written(entry.texts[at] ?? '')),
  );
  const { mapping, channel } = batch.fence.lane;
  return statements.run(session, `update and enter ${columnsName(columns)}`, () => statementOf(table, columns), [
    ...updateArguments(table, updates),
    ...texts,
    arrayLiteral(pieces, ({ note }) => written(note)),
    batch.batchId,
    reader,
    mapping,
    channel,
  ]);
}

const placesOf = (table: BoundTable, columns: readonly StoreColumn[]): number[] =>
  columns.map((column) => table.values.indexOf(column)).toSorted((a, b) => a - b);

function statementOf(table: BoundTable, columns: readonly StoreColumn[]): string {
  const places = placesOf(table, columns);
  const first = table.key.length + 2 + columns.length;
  const count = places.length + 2;
  const piece = unnested(
    Array.from({ length: count + 1 }, () => TEXT_PARAMETER),
    first,
    'piece',
  );
  // Of `written`: the version first, then the key, then what was set, in the order of the columns.
  const json = (name: string): string => `coalesce(to_json(written.${name})::text, 'null')`;
  const set = places.map((place) =>
    json(`w${1 + table.key.length + columns.findIndex((column) => column === table.values[place])}`),
  );
  const parts = [json('w0'), ...set].flatMap((value, at) => [piece.value(at), value]);
  const entered = ledgerPart(
    first + count + 1,
    `written join ${piece.from} on piece.at = written.at`,
    'written.at',
    [...parts, piece.value(count - 1)],
    piece.value(count),
  );
  return takeAndUpdateText(table, columns, [], `,\nentered as (${entered})`);
}
