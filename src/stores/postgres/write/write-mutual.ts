/**
 * Records that need each other across statements, by deferrable constraints: all of them in one savepoint, checked
 * together at its end. They come last, when nothing else is left that could make room for one of them alone.
 */
import { insertOnce, KeysReassigned } from './bulk-insert.ts';
import { updateOnce } from './bulk-update.ts';
import { findOrphans } from './find-orphans.ts';
import { unlessName } from './insert-statement.ts';
import { bySameColumns, inSavepoint, isRecordFault } from './write-work.ts';
import type { Entry, InsertEntry, UpdateEntry, WriteWork } from './write-work.ts';

export async function writeMutual(
  work: WriteWork,
  updates: readonly UpdateEntry[],
  inserts: readonly InsertEntry[],
): Promise<void> {
  const all: readonly Entry[] = [...updates, ...inserts];
  if (all.length < 2 || !work.table.references.some(({ deferrable }) => deferrable)) return;
  const orphans = await findOrphans(work, all);
  const states = new Map(all.map((entry) => [entry, entry.state]));
  try {
    await inSavepoint(work, async () => {
      await work.session.query('set constraints all deferred');
      for (const group of bySameColumns(updates.filter((entry) => !orphans.has(entry)))) await updateOnce(work, group);
      const made = inserts.filter((entry) => !orphans.has(entry));
      for (const group of bySameColumns(made, unlessName)) await insertOnce(work, group);
    });
  } catch (error) {
    if (!isRecordFault(error) && !(error instanceof KeysReassigned)) throw error;
    for (const [entry, state] of states) entry.state = state;
  }
}
