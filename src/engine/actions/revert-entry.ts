/**
 * Takes back what a log entry says was done, as one more write that is logged and can be reverted itself. A resolution:
 * both records and the base as they were before it, its error open again. An ordinary write: the change goes in both
 * apps. A deletion: what was deleted is there again, on both sides if both are gone, coupled again.
 */
import type { LogEntry } from '../../ports/coupling-database.ts';
import { ActionRefused, type ActionResult, type Asker } from '../../ports/synchronizer.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import type { Site } from '../lane/site.ts';
import { settleOwnMarks } from '../run/settle-own-marks.ts';
import { singleRun } from '../run/single-run.ts';
import { inActionLane } from './act-on-error.ts';
import { coupleBack, uncoupleBack } from './revert-coupling.ts';
import { revertDeletion, revertDeleteAction } from './revert-deletion.ts';
import { deleteBack, restoreOnceMore, revertRestore } from './revert-restore.ts';
import { revertWrites } from './revert-writes.ts';
import type { Revert } from './reverting.ts';

export interface RevertRequest extends Asker {
  readonly dryRun: boolean;
  readonly jobId: string | null;
}

export async function revertEntry(
  site: Site,
  memory: LaneMemory,
  logId: string,
  request: RevertRequest,
): Promise<ActionResult> {
  const entry = await site.database.logEntryById(logId);
  if (!entry) throw new ActionRefused('log-entry-not-found', `there is no log entry ${logId}`);
  const revert = revertOf(entry);
  if (revert === null || !entry.couplingId || !entry.jobId)
    throw new ActionRefused('not-revertible', `an entry that says «${entry.action}» cannot be reverted`, {
      action: entry.action,
    });
  return inActionLane(site, memory, entry.lane, async (context) => {
    const fresh = await site.database.logEntryById(logId);
    if (fresh?.revertedBy)
      throw new ActionRefused('already-reverted', 'this entry was reverted already', { revertedBy: fresh.revertedBy });
    const run = singleRun(site, entry.lane, 'revert', 'revert', request, request.jobId, { logId });
    await refuseOperation(site, entry);
    if (!request.dryRun) await run.ensureJob();
    try {
      const result = await revert(context, run, entry, request.dryRun);
      const couplingId = result.couplingId ?? entry.couplingId;
      // The deletion that is open again is a person's to decide, whatever the policy.
      const deletions = entry.errorId === null ? 'defer' : 'ask';
      if (!request.dryRun && couplingId) await settleOwnMarks(site, context, run, couplingId, deletions);
      await run.finish('succeeded');
      return result;
    } catch (fault) {
      await run.finish('failed', fault instanceof ActionRefused ? fault.code : 'internal-error');
      throw fault;
    }
  });
}

/** By what the entry says; null: it tells of nothing that could be taken back. */
function revertOf({ action, cause, code, errorId }: LogEntry): Revert | null {
  switch (action) {
    case 'modified':
      return revertWrites;
    case 'resolved':
      if (code === 'restore') return revertRestore;
      return code === 'delete' ? revertDeleteAction : revertWrites;
    case 'deleted':
      return cause === 'revert' ? restoreOnceMore : revertDeletion;
    case 'restored':
      if (cause === 'revert') return deleteBack;
      return cause === 'restore' && errorId !== null ? revertRestore : null;
    case 'uncoupled':
      // By a person; what ended by itself has a code.
      return code === null ? coupleBack : null;
    case 'coupled':
      return cause === 'revert' ? uncoupleBack : null;
    default:
      return null;
  }
}

/** A customer operation that came through is never changed: what it wrote is taken back, entry by entry. */
async function refuseOperation(site: Site, entry: LogEntry): Promise<void> {
  if (entry.action !== 'resolved' || !entry.errorId) return;
  const error = await site.database.errorById(entry.errorId);
  if (error?.operationId)
    throw new ActionRefused('not-revertible', 'the conflict of a customer operation is not opened again');
}
