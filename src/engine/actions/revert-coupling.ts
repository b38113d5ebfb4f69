/** Takes back that a person uncoupled two records, and that in turn. No record is written. */
import { keyText, type RecordKey, type Side, SIDES } from '../../domain/record.ts';
import { ActionRefused, type ActionResult } from '../../ports/synchronizer.ts';
import { describeRecord, emptyParts, recordingBuilder } from '../batch/build-recording.ts';
import { recordParts } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { endInRecording } from './remove-coupling.ts';
import { couplingOf, liveCouplingOf, reopenError, type Revert } from './reverting.ts';

/** Coupled again with the base that they had, its error, if that was the answer to one, open again; what was changed meanwhile goes its way in the next run. */
export const coupleBack: Revert = async (context, run, entry, dryRun) => {
  const former = await couplingOf(context, entry);
  const { hqKey, channelKey } = entry;
  if (!former || !hqKey || !channelKey) throw new ActionRefused('not-revertible', 'the entry does not name a pair', {});
  const keys = { hq: hqKey, channel: channelKey };
  const descriptions = await describeBoth(context, keys);
  if (descriptions.hq === null && descriptions.channel === null)
    throw new ActionRefused('stale-decision', 'both records are gone', {});
  for (const side of SIDES) await refuseCoupled(context, side, keys[side]);
  const couplingId = context.database.newId();
  const jobId = dryRun ? null : run.identity.jobId;
  const result: ActionResult = { outcome: 'succeeded', jobId, writes: [], dependents: [], couplingId };
  if (dryRun) return result;
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const draft = builder.newDraft(couplingId, keys, {
    hq: descriptions.hq ?? former.hqDescription,
    channel: descriptions.channel ?? former.channelDescription,
  });
  const { hq, channel, states } = former.base;
  draft.base = { hq: [...hq], channel: [...channel], states: states ? [...states] : hq.map(() => 'known') };
  draft.parents = former.parents;
  draft.written = { ...former.written };
  draft.oldRows = former.oldRows;
  for (const side of SIDES) builder.parts.forgetUncoupled.push({ side, key: keys[side] });
  builder.log(draft, { ...run.identity, action: 'coupled', errorId: entry.errorId, reverts: entry.id });
  await recordParts(context, run, builder.build());
  await reopenError(context, run, entry, couplingId);
  await lookAgain(context, keys);
  return result;
};

/** Uncoupled once more, and with it ends what is open of the pair. */
export const uncoupleBack: Revert = async (context, run, entry, dryRun) => {
  const coupling = await liveCouplingOf(context, entry);
  const result: ActionResult = { outcome: 'succeeded', jobId: null, writes: [], dependents: [] };
  if (dryRun) return result;
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const error = coupling.errorId === null ? null : await context.database.errorById(coupling.errorId);
  endInRecording(run, builder, error, coupling, entry.id);
  await recordParts(context, run, builder.build());
  return { ...result, jobId: run.identity.jobId };
};

async function describeBoth(context: LaneContext, keys: Readonly<Record<Side, RecordKey>>) {
  const describe = async (side: Side): Promise<string | null> => {
    const record = (await context.tables[side].read([keys[side]], null)).records.get(keyText(keys[side]));
    return record ? describeRecord(context.prepared, side, record.values) : null;
  };
  const [hq, channel] = await Promise.all([describe('hq'), describe('channel')]);
  return { hq, channel };
}

async function refuseCoupled({ database, lane }: LaneContext, side: Side, key: RecordKey): Promise<void> {
  const coupling = (await database.couplingsByKey(lane, side, [key])).get(keyText(key));
  if (coupling)
    throw new ActionRefused('stale-decision', `the ${side} record has been coupled since`, {
      side,
      key: [...key],
      couplingId: coupling.id,
    });
}

const lookAgain = ({ database, lane, fence }: LaneContext, keys: Readonly<Record<Side, RecordKey>>): Promise<void> =>
  database.record({
    ...emptyParts(),
    fence,
    jobId: null,
    pend: SIDES.map((side) => ({ lane, side, key: keys[side], deleted: false, oldRow: null })),
    progress: null,
  });
