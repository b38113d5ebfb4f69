/** Approve carries the held deletions out; decline makes each a deletion error. */
import { directionTo, otherSide } from '../../domain/record.ts';
import type { SyncError } from '../../ports/coupling-database.ts';
import type { ActionRequest, ActionResult } from '../../ports/synchronizer.ts';
import { recordingBuilder } from '../batch/build-recording.ts';
import { type BatchOptions, recordParts } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { Site } from '../lane/site.ts';
import type { Held } from '../run/held-by-error.ts';
import type { SingleRun } from '../run/single-run.ts';
import { type LaneRequest, optionsOf, workPending } from '../run/work-lane.ts';
import { previewMassAnswer } from './preview-mass-error.ts';

export async function answerMassError(
  site: Site,
  context: LaneContext,
  run: SingleRun,
  error: SyncError,
  held: Held,
  request: ActionRequest,
): Promise<ActionResult> {
  const approved = request.action === 'approve';
  const scope = error.params['scope'] === 'full' ? 'full' : 'modified';
  const asked: LaneRequest = { scope, direction: 'both', fields: null, stop: () => Promise.resolve(false) };
  const options: BatchOptions = {
    ...optionsOf(context, asked, approved ? 'approved' : 'ask', new Set()),
    changes: approved ? 'approved' : 'ask',
    lone: { createIn: new Set(), match: false, byHand: false },
    errorId: error.id,
  };
  if (request.dryRun) return previewMassAnswer(site, context, run, held, asked, options);
  const { states, releases } = held;
  for (const { side, from, to } of releases) await context.database.changePendingState(context.lane, side, from, to);
  // Those of the other side have waited for this answer untold: the next run counts them, for an error of their own.
  if (held.side !== null)
    await context.database.changePendingState(context.lane, otherSide(held.side), 'held', 'deletion');
  // The answer is recorded first: whoever is killed now leaves deletions that are due and counted anew, never lost ones.
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const logId = builder.log(
    { keys: { hq: null, channel: null }, id: null },
    { ...run.identity, action: 'resolved', code: request.action, params: error.params, errorId: error.id },
  );
  builder.parts.resolve.push({
    errorId: error.id,
    resolution: {
      action: request.action,
      winner: null,
      fields: null,
      actor: request.actor,
      reason: request.reason,
      jobId: run.identity.jobId,
      logIds: [logId],
    },
  });
  await recordParts(context, run, builder.build());
  const answered: LaneRequest = held.side === null ? asked : { ...asked, direction: directionTo(otherSide(held.side)) };
  await workPending(context, run, answered, options, states);
  return { outcome: 'succeeded', jobId: run.identity.jobId, writes: [], dependents: [] };
}
