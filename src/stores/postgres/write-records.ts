/**
 * One batch in one transaction: fence, rows taken, updates, deletes, inserts, what exchanges values among itself, one
 * reading of what is held now, the ledger. Nothing is written without its entry, and no entry stands without its write.
 *
 * The largest cost in a store, and it stays: 17 µs for an updated row, of which the capture's own mark is a third (it is
 * never left out, for what came from one channel is a change for the others), 3 µs for its lock, 3 µs for the ledger.
 */
import type { WriteBatch, WriteOutcome } from '../../ports/store.ts';
import type { BoundTable } from './bound-table.ts';
import { deleteRows } from './bulk-delete.ts';
import { insertRows } from './bulk-insert.ts';
import { updateRows } from './bulk-update.ts';
import { exchangeValues } from './exchange-values.ts';
import { holdFence } from './fence.ts';
import type { LaneReaders } from './fence.ts';
import { writeLedger } from './ledger.ts';
import { lockRows } from './lock-rows.ts';
import { planEntries } from './plan-entries.ts';
import type { PlannedBatch } from './plan-entries.ts';
import { firstLoad, LoadFailed } from './load-rows.ts';
import { lacksParent } from './refusal.ts';
import { outcomesOf } from './reread-rows.ts';
import { writeMutual } from './write-mutual.ts';
import { isRecordFault, statementCache } from './write-work.ts';
import type { Entry, WriteWork } from './write-work.ts';

export type WriteRecords = (batch: WriteBatch) => Promise<readonly WriteOutcome[]>;

/** What another transaction holds besides the rows themselves (a unique value, a parent) is waited for this long. */
const BEGIN = `set local lock_timeout = '300ms'`;

export function prepareWrite(table: BoundTable, readers: LaneReaders): WriteRecords {
  const statements = statementCache();
  const load = firstLoad(table);
  const transact = (batch: WriteBatch, mayLoad: boolean): Promise<readonly WriteOutcome[]> => {
    const rollBack = batch.rehearse === true;
    return table.connection.transaction(
      async (session) => {
        const planned = planEntries(table, batch.writes);
        const work: WriteWork = { table, session, statements };
        const reader = await begin(work, readers, batch, planned);
        const isLoaded = mayLoad && (await load.load(work, batch.fence, planned.inserts));
        if (!isLoaded) await writeAll(work, planned);
        const outcomes = await outcomesOf(work, planned, isLoaded);
        if (!rollBack) await writeLedger(session, reader, batch, outcomes);
        return outcomes;
      },
      { begin: BEGIN, rollBack },
    );
  };
  return async (batch) => {
    if (!batch.expectEmpty || batch.rehearse || batch.writes.some(({ operation }) => operation !== 'insert'))
      return transact(batch, false);
    try {
      return await transact(batch, true);
    } catch (error) {
      if (error instanceof LoadFailed || isRecordFault(error)) return transact(batch, false);
      throw error;
    }
  };
}

/** The fence first, always; the locks travel with it and go with the transaction when the fence is lost. */
async function begin(work: WriteWork, readers: LaneReaders, batch: WriteBatch, planned: PlannedBatch): Promise<string> {
  const held = holdFence(work.session, readers, batch.fence);
  const locked = lockRows(work, planned.updates, planned.deletes);
  const [fence, rows] = await Promise.allSettled([held, locked]);
  if (fence.status === 'rejected') throw fence.reason;
  if (rows.status === 'rejected') throw rows.reason;
  return fence.value;
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
