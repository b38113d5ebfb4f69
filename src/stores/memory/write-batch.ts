/** Carries out a batch: one transaction, each write for itself, and the ledger in the same transaction. */
import { FenceLost } from '../../errors/store-faults.ts';
import type { RecordKey, Value } from '../../domain/record.ts';
import type { Lane, LedgerEntry, Refusal, Write, WriteBatch, WriteOutcome } from '../../ports/store.ts';
import { deleteRow, insertRow, updateRow } from './change-rows.ts';
import { checkDeferred } from './constraints.ts';
import type { Row, Transaction, Work } from './database.ts';
import type { BoundShape } from './read-records.ts';
import { matchingRows, rowByKey } from './read-records.ts';
import type { RowValues } from './table-definition.ts';
import { valuesOf } from './table-definition.ts';
import { begin, commit, lockSlot, rollback, rollbackTo, savepoint, visible } from './transaction.ts';
import { RowBusy, Violation } from './violation.ts';

export const laneText = ({ mapping, channel }: Lane): string => JSON.stringify([mapping, channel]);

/** What one write came to within the transaction, before it is known what the rows hold at its end. */
type Attempt =
  | { readonly status: 'done'; readonly rowId: number; readonly before: Row | null; readonly gone: boolean }
  | Exclude<WriteOutcome, { status: 'written' }>;

interface Batch {
  readonly bound: BoundShape;
  readonly work: Work;
  readonly choosesKeys: boolean;
}

const MOVED: Attempt = { status: 'moved' };
const SUPPRESSED: Attempt = { status: 'suppressed' };

function insert({ bound, work, choosesKeys }: Batch, write: Extract<Write, { operation: 'insert' }>): Attempt {
  const isTaken = write.unless.some((match) => matchingRows(bound, match, work.transaction).length > 0);
  if (isTaken) return { status: 'matched' };
  const given = Object.fromEntries([...write.set].filter(([name]) => choosesKeys || !bound.shape.key.includes(name)));
  const row = insertRow(work, bound.table, { ...bound.shape.onCreate, ...given }, true);
  return row ? { status: 'done', rowId: row.id, before: null, gone: false } : SUPPRESSED;
}

function restore({ bound, work, choosesKeys }: Batch, write: Extract<Write, { operation: 'restore' }>): Attempt {
  const { columns } = bound.table.definition;
  const given = Object.entries({ ...write.row, ...Object.fromEntries(write.set) }).filter(
    ([name]) => columns[name] && !columns[name].generated && (choosesKeys || !bound.shape.key.includes(name)),
  );
  const row = insertRow(work, bound.table, Object.fromEntries(given), true);
  return row ? { status: 'done', rowId: row.id, before: null, gone: false } : SUPPRESSED;
}

/** The row that an update or a delete names, if it still is the version that was read. */
function claim({ bound, work }: Batch, key: RecordKey, version: string): Row | null {
  const row = rowByKey(bound, key, work.transaction);
  if (!row) return null;
  lockSlot(bound.table.slots.get(row.id)!, work.transaction);
  // A row that this very batch has written carries the batch's own number and was read before it: it moved.
  return row.version === version ? row : null;
}

function update(batch: Batch, write: Extract<Write, { operation: 'update' }>): Attempt {
  const before = claim(batch, write.key, write.version);
  if (!before) return MOVED;
  const row = updateRow(batch.work, batch.bound.table, before.id, Object.fromEntries(write.set));
  return row ? { status: 'done', rowId: row.id, before, gone: false } : SUPPRESSED;
}

function remove(batch: Batch, write: Extract<Write, { operation: 'delete' }>): Attempt {
  const before = claim(batch, write.key, write.version);
  if (!before) return MOVED;
  const gone = deleteRow(batch.work, batch.bound.table, before.id);
  return gone ? { status: 'done', rowId: before.id, before, gone } : SUPPRESSED;
}

function carryOut(batch: Batch, write: Write): Attempt {
  switch (write.operation) {
    case 'insert':
      return insert(batch, write);
    case 'restore':
      return restore(batch, write);
    case 'update':
      return update(batch, write);
    case 'delete':
      return remove(batch, write);
  }
}

function refusalOf({ bound, work }: Batch, violation: Violation): Refusal {
  const { code, params, blockedBy } = violation;
  const slot = blockedBy?.table === bound.table.text ? bound.table.slots.get(blockedBy.rowId) : undefined;
  const holder = slot ? (visible(slot, work.transaction) ?? slot.committed) : null;
  const key = holder ? bound.shape.key.map((column) => holder.values[column] ?? '') : null;
  return { code, params, blockedBy: key };
}

/** Within a savepoint of its own: what fails leaves nothing behind, not even its marks. */
function attempt(batch: Batch, write: Write): Attempt {
  const { transaction, database } = batch.work;
  const point = savepoint(transaction);
  try {
    const result = carryOut(batch, write);
    // Everything that may be put off is looked at before the next write, so that each refusal finds its own record.
    if (!transaction.deferring) checkDeferred(database, transaction);
    if (result.status !== 'done') rollbackTo(transaction, point);
    return result;
  } catch (error) {
    const result = failed(batch, error);
    rollbackTo(transaction, point);
    return result;
  }
}

function failed(batch: Batch, error: unknown): Attempt {
  if (error instanceof RowBusy) return { status: 'busy' };
  if (error instanceof Violation) return { status: 'refused', refusal: refusalOf(batch, error) };
  throw error;
}

/** A later write of the same batch may free what an earlier one needed: a unique value, a parent. */
const mayYetSucceed = (result: Attempt): boolean =>
  result.status === 'refused' && result.refusal.code === 'constraint-violated';

function attemptAll(batch: Batch, writes: readonly Write[]): Attempt[] {
  const results = writes.map((write) => attempt(batch, write));
  let open = writes
    .keys()
    .filter((index) => mayYetSucceed(results[index]!))
    .toArray();
  for (let progress = true; progress && open.length > 0; ) {
    for (const index of open) results[index] = attempt(batch, writes[index]!);
    const still = open.filter((index) => mayYetSucceed(results[index]!));
    progress = still.length < open.length;
    open = still;
  }
  attemptTogether(batch, writes, results, open);
  return results;
}

/** Records that exchange unique values among themselves: all at once, looked at together at the end. */
function attemptTogether(batch: Batch, writes: readonly Write[], results: Attempt[], open: readonly number[]): void {
  const { transaction, database } = batch.work;
  let remaining = open;
  while (remaining.length > 1) {
    const point = savepoint(transaction);
    transaction.deferring = true;
    const tried = remaining.map((index) => ({ index, result: attempt(batch, writes[index]!) }));
    transaction.deferring = false;
    const culprit = tried.find(({ result }) => result.status !== 'done')?.index ?? firstCulprit(batch, tried);
    if (culprit === null) {
      checkDeferred(database, transaction);
      for (const { index, result } of tried) results[index] = result;
      return;
    }
    rollbackTo(transaction, point);
    remaining = remaining.filter((index) => index !== culprit);
  }
}

/** The write whose row still breaks a rule when all have been made; null when none does. */
function firstCulprit(
  { work }: Batch,
  tried: readonly { readonly index: number; readonly result: Attempt }[],
): number | null {
  const { transaction, database } = work;
  for (const entry of [...transaction.unchecked]) {
    const others = transaction.unchecked.splice(0, transaction.unchecked.length, entry);
    try {
      checkDeferred(database, transaction);
    } catch (error) {
      if (!(error instanceof Violation) && !(error instanceof RowBusy)) throw error;
      const own = tried.find(({ result }) => result.status === 'done' && result.rowId === entry.rowId);
      return (own ?? tried[0]!).index;
    } finally {
      transaction.unchecked.splice(0, transaction.unchecked.length, ...others);
    }
  }
  return null;
}

/** Read again when all is done: what triggers and later writes of the batch have left is what the rows hold. */
function outcomeOf({ bound, work }: Batch, result: Attempt): WriteOutcome {
  if (result.status !== 'done') return result;
  const { shape, table } = bound;
  const slot = table.slots.get(result.rowId);
  const now = slot ? visible(slot, work.transaction) : null;
  const keyFrom = (values: RowValues): RecordKey => shape.key.map((column) => values[column] ?? '');
  const old = result.before ? valuesOf(result.before.values, shape.columns) : null;
  if (result.gone) {
    const { values, version } = result.before!;
    return { status: 'written', key: keyFrom(values), version, held: null, old, oldRow: { ...values } };
  }
  // Another write of the batch took the row along: what is to be decided now is its end.
  if (!now) return { status: 'moved' };
  const held: readonly Value[] = valuesOf(now.values, shape.columns);
  return { status: 'written', key: keyFrom(now.values), version: now.version, held, old, oldRow: null };
}

export function assertFence(bound: BoundShape, batch: WriteBatch): void {
  const { lane, number } = batch.fence;
  const known = bound.database.state.fences.get(laneText(lane));
  if (known !== number)
    throw new FenceLost('Another worker has taken over this lane.', { ...lane, number, known: known ?? null });
}

export function writeBatch(bound: BoundShape, batch: WriteBatch, choosesKeys: boolean): readonly WriteOutcome[] {
  const { database } = bound;
  assertFence(bound, batch);
  if (database.state.ledger.has(batch.batchId)) throw new Error(`Batch ${batch.batchId} was written before.`);
  const transaction: Transaction = begin(database);
  try {
    const context: Batch = { bound, work: { database, transaction }, choosesKeys };
    const outcomes = attemptAll(context, batch.writes).map((result) => outcomeOf(context, result));
    if (batch.rehearse) return outcomes;
    const entries: LedgerEntry[] = outcomes.flatMap((outcome, index) =>
      outcome.status === 'written' ? [{ note: batch.writes[index]!.note, outcome }] : [],
    );
    commit(database, transaction);
    if (entries.length > 0) {
      database.state.ledger.set(batch.batchId, { batchId: batch.batchId, lane: batch.fence.lane, entries });
    }
    return outcomes;
  } finally {
    rollback(database, transaction);
  }
}
