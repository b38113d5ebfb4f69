/** Writing entries of one kind together, and setting aside, one by one, those that the store does not take. */
import { findBlockers, indexNamed } from './find-blockers.ts';
import { findOrphans } from './find-orphans.ts';
import { isMissingParent, isUniqueViolation, orphanRefusal, refuseEntry, uniqueRefusal } from './refusal.ts';
import { bisect, isRecordFault } from './write-work.ts';
import type { Entry, WriteWork } from './write-work.ts';

/**
 * A unique violation or a missing parent is asked about once for the whole group: those whom it concerns are set
 * aside with the reason, and the rest goes on together. Bisecting would part records that need each other, and after
 * it each record that is refused has cost two statements. It remains for everything else.
 */
export async function writeGroup<E extends Entry>(
  work: WriteWork,
  group: readonly E[],
  attempt: (entries: readonly E[]) => Promise<void>,
): Promise<void> {
  for (let open: readonly E[] = group; open.length > 0; ) {
    try {
      await attempt(open);
      return;
    } catch (error) {
      if (!isRecordFault(error)) throw error;
      const rest = open.length > 1 ? await setAside(work, open, error) : open;
      if (rest.length === open.length) {
        await bisect(open, attempt, (entry, fault) => refuseEntry(work, entry, fault));
        return;
      }
      open = rest;
    }
  }
}

/** The entries that remain. */
async function setAside<E extends Entry>(
  work: WriteWork,
  entries: readonly E[],
  error: unknown,
): Promise<readonly E[]> {
  const index = isUniqueViolation(error) ? indexNamed(work.table, error.server) : null;
  if (index) {
    const blockers = await findBlockers(work, index, entries);
    for (const entry of entries) {
      const blocker = blockers.get(entry.index);
      if (blocker) entry.state = uniqueRefusal(index, entry, blocker);
    }
    return entries.filter((entry) => !blockers.has(entry.index));
  }
  if (!isMissingParent(error, work.table)) return entries;
  const orphans = await findOrphans(work, entries);
  for (const [entry, reference] of orphans) entry.state = orphanRefusal(reference, entry);
  return entries.filter((entry) => !orphans.has(entry));
}
