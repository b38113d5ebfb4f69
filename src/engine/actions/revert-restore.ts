/**
 * Takes back that a record was put where it had been deleted, and that in turn. After a resolution by Restore the record
 * is gone again and its deletion open; after a deletion was taken back, what came back goes and the coupling ends.
 */
import { equalValues } from '../../domain/equal-values.ts';
import { type Side, SIDES } from '../../domain/record.ts';
import type { Coupling, LogEntry } from '../../ports/coupling-database.ts';
import { ActionRefused, type ActionResult } from '../../ports/synchronizer.ts';
import { emptyParts, recordingBuilder, type Undo } from '../batch/build-recording.ts';
import type { PairWork } from '../batch/gather-pairs.ts';
import { type LedgerNote, type NoteField, writeNote } from '../batch/ledger-note.ts';
import { addWrite, type BatchPlan, noteBase, planRestore, subjectOfPair } from '../batch/plan-pairs.ts';
import type { Subject } from '../batch/subject.ts';
import { type BatchOptions, carryOut, completePlan } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { writePreview } from '../run/preview-lane.ts';
import type { SingleRun } from '../run/single-run.ts';
import {
  couplingOf,
  gatherOne,
  liveCouplingOf,
  type Move,
  optionsAnswering,
  refuseMoves,
  reopenError,
  type Revert,
  revertOptions,
  stepOf,
} from './reverting.ts';
import { revertDeletion } from './revert-deletion.ts';

/** A resolution by Restore: the record goes again, the coupling stays, and its deletion is to be decided once more. */
export const revertRestore: Revert = async (context, run, entry, dryRun) => {
  const coupling = await liveCouplingOf(context, entry);
  const restored =
    entry.action === 'restored'
      ? entry
      : (await stepOf(context, entry)).find(
          ({ action, errorId }) => action === 'restored' && errorId === entry.errorId,
        );
  if (!restored) throw new ActionRefused('not-revertible', 'nothing was written then', {});
  const asked = await planOne(context, run, coupling, revertOptions(entry));
  planDelete(asked, restored, basesBefore(restored), false);
  const result = await carryOutOne(asked, dryRun);
  if (!dryRun && result.outcome === 'succeeded') await reopenError(context, run, entry, coupling.id);
  return result;
};

/** What a revert restored: as `revertRestore` while the coupling is older than it, else it goes with the coupling. */
export const deleteBack: Revert = async (context, run, entry, dryRun) => {
  const reverted = entry.reverts === null ? null : await context.database.logEntryById(entry.reverts);
  if (reverted?.couplingId === entry.couplingId) return revertRestore(context, run, entry, dryRun);
  const coupling = await liveCouplingOf(context, entry);
  const restored = (await stepOf(context, entry)).filter(
    ({ action, reverts }) => action === 'restored' && reverts === entry.reverts,
  );
  const asked = await planOne(context, run, coupling, optionsAnswering(run, entry, { action: 'delete', winner: null }));
  // Killed between the two, it leaves a pair of which one record is gone: a deletion that somebody is asked about.
  for (const [at, one] of restored.entries()) planDelete(asked, one, [], at === restored.length - 1);
  const result = await carryOutOne(asked, dryRun);
  if (!dryRun && result.outcome === 'succeeded') await leaveUncoupled(asked);
  return result;
};

/** What a revert deleted: there again, its error answered by it; or, where the coupling ended with it, coupled again. */
export const restoreOnceMore: Revert = async (context, run, entry, dryRun) => {
  const coupling = await couplingOf(context, entry);
  if (!coupling || coupling.status === 'ended') return revertDeletion(context, run, entry, dryRun);
  const asked = await planOne(
    context,
    run,
    coupling,
    optionsAnswering(run, entry, { action: 'restore', winner: null }),
  );
  const side = targetOf(entry);
  if (asked.pair.records[side])
    throw new ActionRefused('stale-decision', 'a record with this key exists again', { side });
  planRestore(asked.plan, asked.subject, side);
  return carryOutOne(asked, dryRun);
};

// ---------------------------------------------------------------- one pair

interface AskedRevert {
  readonly context: LaneContext;
  readonly run: SingleRun;
  readonly options: BatchOptions;
  readonly plan: BatchPlan;
  readonly pair: PairWork;
  readonly subject: Subject;
}

async function planOne(
  context: LaneContext,
  run: SingleRun,
  coupling: Coupling,
  options: BatchOptions,
): Promise<AskedRevert> {
  const { gathered, pair } = await gatherOne(context, coupling);
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  builder.draftOf(coupling);
  const plan: BatchPlan = { context, identity: run.identity, options, gathered, builder };
  const subject = subjectOfPair(pair);
  return { context, run, options, plan, pair, subject };
}

const targetOf = (entry: LogEntry): Side => (entry.undo as Undo | null)?.target ?? 'channel';

/** The base of each field before that write. */
const basesBefore = ({ undo }: LogEntry): NoteField[] =>
  Object.entries((undo as Undo | null)?.base ?? {}).map(([name, [hq, channel, state]]) => ({
    name,
    from: null,
    base: { hq, channel, state },
  }));

/** Deletes what `restored` brought, if it is as it was brought. */
function planDelete({ plan, pair, subject }: AskedRevert, restored: LogEntry, fields: NoteField[], ends: boolean) {
  const side = targetOf(restored);
  const record = pair.records[side];
  if (!record || pair.now[side].deletedSince)
    throw new ActionRefused('stale-decision', 'the record that was restored is gone', { side });
  refuseMoved(plan.context, restored, pair);
  const note: LedgerNote = {
    ...noteBase(plan, subject, side),
    operation: 'delete',
    fields,
    ...(ends && { endsCoupling: true as const }),
    code: null,
  };
  const { key, version } = record;
  addWrite(subject, side, note, { operation: 'delete', key, version, note: writeNote(note) });
}

function refuseMoved({ prepared }: LaneContext, restored: LogEntry, { now }: PairWork): void {
  const moved: Move[] = [];
  for (const { field, side, new: left } of restored.changes) {
    const at = prepared.indexOf.get(field);
    const type = at === undefined ? undefined : prepared.fields[at]?.type[side];
    if (at === undefined || type === undefined) continue;
    const value = now[side].values?.[at] ?? null;
    if (!equalValues(type, value, left)) moved.push({ field, side, left, now: value });
  }
  refuseMoves(moved);
}

async function carryOutOne({ context, run, options, plan, subject }: AskedRevert, dryRun: boolean) {
  await completePlan(context, [subject]);
  if (subject.verdict.kind === 'found' && subject.verdict.finding.code === 'deletion-would-cascade')
    throw new ActionRefused('not-revertible', 'records that are in use would go along', subject.verdict.finding.params);
  const writes = subject.writes.map((write) => writePreview(context, write));
  const result: ActionResult = {
    outcome: 'succeeded',
    jobId: dryRun ? null : run.identity.jobId,
    writes,
    dependents: [],
  };
  if (dryRun) return result;
  await carryOut(context, run, plan, [subject], options);
  if (subject.verdict.kind === 'again') throw new ActionRefused('stale-decision', 'a record has changed since', {});
  return subject.verdict.kind === 'found' ? { ...result, outcome: 'failed' as const } : result;
}

/** The record that had been there all the time stays, uncoupled as it was. */
async function leaveUncoupled({ context, pair, subject }: AskedRevert): Promise<void> {
  const { coupling, records } = pair;
  const keys = { hq: coupling.hqKey, channel: coupling.channelKey };
  const uncoupled = SIDES.flatMap((side) => {
    const key = keys[side];
    const left = records[side] !== null && subject.writes.every((write) => write.side !== side);
    return left && key ? [{ side, key }] : [];
  });
  if (uncoupled.length === 0) return;
  await context.database.record({ ...emptyParts(), uncoupled, fence: context.fence, jobId: null, progress: null });
}
