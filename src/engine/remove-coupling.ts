/** Ends a coupling, or leaves a lone record alone: both records stay as they are until somebody couples them again. */
import { keyText, type RecordKey, type Side, SIDES } from '../domain/record.ts';
import type { Coupling, ErrorResolution, SyncError } from '../ports/coupling-database.ts';
import type { ActionResult, Asker } from '../ports/synchronizer.ts';
import { recordingBuilder } from './build-recording.ts';
import type { LaneContext } from './lane-context.ts';
import type { SingleRun } from './single-run.ts';
import { recordParts } from './work-batch.ts';

const NO_RESULT = (jobId: string | null): ActionResult => ({ outcome: 'succeeded', jobId, writes: [], dependents: [] });

export async function removeCoupling(
  context: LaneContext,
  run: SingleRun,
  error: SyncError,
  request: Asker & { readonly dryRun: boolean },
): Promise<ActionResult> {
  if (request.dryRun) return NO_RESULT(null);
  if (error.couplingId !== null) {
    const coupling = (await context.database.couplingsById([error.couplingId])).get(error.couplingId);
    if (coupling) {
      await endCoupling(context, run, coupling, error);
      return NO_RESULT(run.identity.jobId);
    }
  }
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const keys = { hq: error.hqRecord.key, channel: error.channelRecord.key };
  for (const side of SIDES) {
    const key = keys[side];
    if (key) builder.parts.uncoupled.push({ side, key });
  }
  const logId = builder.log(
    { keys, id: null },
    { ...run.identity, action: 'uncoupled', code: 'left-uncoupled', errorId: error.id },
  );
  builder.parts.resolve.push({ errorId: error.id, resolution: resolutionOf(run, [logId]) });
  await recordParts(context, run, builder.build());
  return NO_RESULT(run.identity.jobId);
}

const resolutionOf = (run: SingleRun, logIds: readonly string[]): ErrorResolution => ({
  action: 'remove-coupling',
  winner: null,
  fields: null,
  actor: run.identity.actor,
  reason: run.identity.reason,
  jobId: run.identity.jobId,
  logIds,
});

/** Both records stay uncoupled, also in mappings that create records. */
export async function endCoupling(
  context: LaneContext,
  run: SingleRun,
  coupling: Coupling,
  error: SyncError | null,
): Promise<void> {
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const draft = builder.draftOf(coupling);
  draft.ended = marksOf(coupling);
  const logId = builder.log(draft, {
    ...run.identity,
    action: 'uncoupled',
    errorId: error?.id ?? null,
    undo: {
      base: {
        hq: [...coupling.base.hq],
        channel: [...coupling.base.channel],
        states: coupling.base.states ? [...coupling.base.states] : null,
      },
    },
  });
  if (error) builder.parts.resolve.push({ errorId: error.id, resolution: resolutionOf(run, [logId]) });
  for (const mark of draft.ended) await dropPending(context, builder.parts.done, mark.side, mark.key);
  await recordParts(context, run, builder.build());
}

const marksOf = (coupling: Coupling): { side: Side; key: RecordKey }[] => [
  { side: 'hq', key: coupling.hqKey },
  ...(coupling.channelKey ? [{ side: 'channel' as const, key: coupling.channelKey }] : []),
];

/** What was pending of the pair has nobody to go to any more. */
async function dropPending(
  context: LaneContext,
  done: { id: string; generation: number }[],
  side: Side,
  key: RecordKey,
): Promise<void> {
  const change = (await context.database.pendingOf(context.lane, side, [key])).get(keyText(key));
  if (change) done.push({ id: change.id, generation: change.generation });
}
