/** Ends a coupling, or leaves a lone record alone: both records stay as they are until somebody couples them again. */
import { type RecordKey, type Side, SIDES } from '../../domain/record.ts';
import type { Coupling, ErrorResolution, SyncError } from '../../ports/coupling-database.ts';
import type { ActionResult, Asker } from '../../ports/synchronizer.ts';
import { type RecordingBuilder, recordingBuilder } from '../batch/build-recording.ts';
import { recordParts } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { SingleRun } from '../run/single-run.ts';

export async function removeCoupling(
  context: LaneContext,
  run: SingleRun,
  error: SyncError,
  request: Asker & { readonly dryRun: boolean },
): Promise<ActionResult> {
  const jobId = request.dryRun ? null : run.identity.jobId;
  if (!request.dryRun) {
    const coupling = error.couplingId
      ? (await context.database.couplingsById([error.couplingId])).get(error.couplingId)
      : null;
    await recordEnd(context, run, coupling ?? null, error);
  }
  return { outcome: 'succeeded', jobId, writes: [], dependents: [] };
}

export const endCoupling = (
  context: LaneContext,
  run: SingleRun,
  coupling: Coupling,
  error: SyncError | null,
): Promise<void> => recordEnd(context, run, coupling, error);

async function recordEnd(
  context: LaneContext,
  run: SingleRun,
  coupling: Coupling | null,
  error: SyncError | null,
): Promise<void> {
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  endInRecording(run, builder, error, coupling);
  await recordParts(context, run, builder.build());
}

/** Both records stay uncoupled, also in mappings that create records; what is pending of them finds that mark. */
export function endInRecording(
  run: SingleRun,
  builder: RecordingBuilder,
  error: SyncError | null,
  coupling: Coupling | null,
  reverts: string | null = null,
): void {
  let logId: string;
  if (coupling) {
    const draft = builder.draftOf(coupling);
    draft.ended = marksOf(coupling.hqKey, coupling.channelKey);
    logId = builder.log(draft, { ...run.identity, action: 'uncoupled', errorId: error?.id ?? null, reverts });
  } else {
    const keys = { hq: error?.hqRecord.key ?? null, channel: error?.channelRecord.key ?? null };
    builder.parts.uncoupled.push(...marksOf(keys.hq, keys.channel));
    logId = builder.log(
      { keys, id: null },
      { ...run.identity, action: 'uncoupled', code: 'left-uncoupled', errorId: error?.id ?? null },
    );
  }
  if (error) builder.parts.resolve.push({ errorId: error.id, resolution: resolutionOf(run, [logId]) });
}

const marksOf = (hq: RecordKey | null, channel: RecordKey | null): { side: Side; key: RecordKey }[] =>
  SIDES.flatMap((side) => {
    const key = side === 'hq' ? hq : channel;
    return key ? [{ side, key }] : [];
  });

const resolutionOf = (run: SingleRun, logIds: readonly string[]): ErrorResolution => ({
  action: 'remove-coupling',
  winner: null,
  fields: null,
  actor: run.identity.actor,
  reason: run.identity.reason,
  jobId: run.identity.jobId,
  logIds,
});
