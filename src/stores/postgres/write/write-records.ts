/**
 * One batch in one transaction: fence, rows taken, updates, deletes, inserts, what exchanges values among itself, one
 * reading of what is held now, the ledger. Nothing is written without its entry, and no entry stands without its write.
 *
 * The largest cost in a store, and it stays: 17 µs for an updated row, of which the capture's own mark is a third (it is
 * never left out, for what came from one channel is a change for the others), 3 µs for its lock, 3 µs for the ledger.
 */
import type { WriteBatch, WriteOutcome } from '../../../ports/store.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { deleteRows } from './bulk-delete.ts';
import { insertRows } from './bulk-insert.ts';
import { updateRows } from './bulk-update.ts';
import { exchangeValues } from './exchange-values.ts';
import { holdFence } from './fence.ts';
import type { LaneReaders } from './fence.ts';
import { ledgerStatement } from './ledger.ts';
import { firstLoad, LoadFailed } from './load-rows.ts';
import { lockRows } from './lock-rows.ts';
import { planEntries } from './plan-entries.ts';
import type { PlannedBatch } from './plan-entries.ts';
import { lacksParent } from './refusal.ts';
import { outcomesOf } from './reread-rows.ts';
import { isForOnce, updateAtOnce } from './update-at-once.ts';
import { isForOneAnswer, updateInOneAnswer } from './update-in-one-answer.ts';
import { writeMutual } from './write-mutual.ts';
import { isRecordFault, statementCache } from './write-work.ts';
import type { Entry, WriteWork } from './write-work.ts';

export type WriteRecords = (batch: WriteBatch) => Promise<readonly WriteOutcome[]>;

/** What another transaction holds besides the rows themselves (a unique value, a parent) is waited for this long. */
const BEGIN = `set local lock_timeout = '300ms'`;

export function prepareWrite(table: BoundTable, readers: LaneReaders): WriteRecords {
  const statements = statementCache();
  const load = firstLoad(table);
  // As the last small batch found it: only then is one sent whole, or its triggers would run for nothing.
  let wasPlain = false;
  const transact = async (batch: WriteBatch, planned: PlannedBatch, way: Way): Promise<readonly WriteOutcome[]> => {
    const { outcomes } = await table.connection.transaction(
      async (session) => {
        const work: WriteWork = { table, session, statements };
        const held = holdFence(session, readers, batch.fence);
        const first = way === 'atOnce' ? updateAtOnce(work, planned.updates) : lockRows(work, planned);
        const [reader, isPlain] = await fenced(held, first);
        if (way === 'atOnce') wasPlain = isPlain === true;
        const isLoaded = way === 'load' && (await load.load(work, batch.fence, planned.inserts));
        if (way !== 'atOnce' && !isLoaded) await writeAll(work, planned);
        return { reader, outcomes: await outcomesOf(work, planned, isLoaded ? true : isPlain) };
      },
      {
        begin: BEGIN,
        rollBack: batch.rehearse === true,
        closing: (done) => ledgerStatement(done.reader, batch, done.outcomes, table.encoding),
      },
    );
    return outcomes;
  };
  return async (batch) => {
    const planned = planEntries(table, batch.writes);
    const way = wayOf(table, batch, planned);
    if (way === 'ordinary') return transact(batch, planned, way);
    const reader = wasPlain && way === 'atOnce' ? readers.readerOf(batch.fence.lane) : null;
    if (reader !== null && isForOneAnswer(table, planned)) {
      wasPlain = false;
      const outcomes = await updateInOneAnswer(table, statements, batch, planned, { reader, begin: BEGIN });
      wasPlain = outcomes !== null;
      return outcomes ?? transact(batch, planEntries(table, batch.writes), 'ordinary');
    }
    try {
      return await transact(batch, planned, way);
    } catch (error) {
      if (error instanceof LoadFailed || isRecordFault(error))
        return transact(batch, planEntries(table, batch.writes), 'ordinary');
      throw error;
    }
  };
}

/** The first two are the shorter ones; what goes wrong on them comes again on the ordinary one. */
type Way = 'atOnce' | 'load' | 'ordinary';

function wayOf(table: BoundTable, batch: WriteBatch, planned: PlannedBatch): Way {
  if (batch.rehearse) return 'ordinary';
  if (isForOnce(table, planned)) return 'atOnce';
  return batch.expectEmpty && planned.inserts.length === planned.entries.length ? 'load' : 'ordinary';
}

/** The fence is sent first, always; what travels with it goes with the transaction when the fence is lost. */
async function fenced<T>(held: Promise<string>, sent: Promise<T>): Promise<[reader: string, T]> {
  const [fence, rest] = await Promise.allSettled([held, sent]);
  if (fence.status === 'rejected') throw fence.reason;
  if (rest.status === 'rejected') throw rest.reason;
  return [fence.value, rest.value];
}

/**
 * Updates before deletes, because a delete may clear references of rows that are updated; inserts last, into the room
 * that both have made. What a constraint refused meanwhile is tried again as long as that brings anything.
 */
async function writeAll(work: WriteWork, planned: PlannedBatch): Promise<void> {
  const { entries, updates } = planned;
  await writeThose(work, planned, isOpen);
  await exchangeValues(work, updates);
  for (let left = entries.filter(mayYetSucceed).length; left > 0 && entries.some(isDone); ) {
    await writeThose(work, planned, mayYetSucceed);
    const still = entries.filter(mayYetSucceed).length;
    if (still === left) break;
    left = still;
  }
  await writeMutual(work, updates.filter(lacksParent), planned.inserts.filter(lacksParent));
}

async function writeThose(work: WriteWork, planned: PlannedBatch, which: (entry: Entry) => boolean): Promise<void> {
  await updateRows(work, planned.updates.filter(which));
  await deleteRows(work, planned.deletes.filter(which));
  await insertRows(work, planned.inserts.filter(which));
}

const isOpen = ({ state }: Entry): boolean => state.at === 'open';
const isDone = ({ state }: Entry): boolean => state.at === 'done' || state.at === 'unsure';
const mayYetSucceed = ({ state }: Entry): boolean => state.at === 'refused' && state.mayYetSucceed;
