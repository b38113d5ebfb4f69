/**
 * Takes changed fields back. A resolution: both records and the base as they were before it, its error open again; that
 * in turn: the version that won once more, the error answered by it. An ordinary write: the change goes in both apps.
 */
import { equalValues } from '../../domain/equal-values.ts';
import type { Base } from '../../domain/pair.ts';
import { setOf } from '../../domain/prepare-mapping.ts';
import { otherSide, type Side, SIDES, type Value } from '../../domain/record.ts';
import type { LogEntry } from '../../ports/coupling-database.ts';
import { ActionRefused } from '../../ports/synchronizer.ts';
import { recordingBuilder, type Undo } from '../batch/build-recording.ts';
import { type LedgerNote, type NoteField, writeNote } from '../batch/ledger-note.ts';
import { addWrite, type BatchPlan, noteBase, subjectOfPair } from '../batch/plan-pairs.ts';
import type { Subject } from '../batch/subject.ts';
import { carryOut, completePlan } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { writePreview } from '../run/preview-lane.ts';
import {
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

/** What a field was before the step, on both sides and in the base. */
interface Former {
  readonly name: string;
  readonly index: number;
  readonly values: Readonly<Record<Side, Value>>;
  /** What the step left, to see whether it moved since. */
  readonly left: Readonly<Record<Side, Value>>;
  readonly base: NonNullable<NoteField['base']>;
}

export const revertWrites: Revert = async (context, run, entry, dryRun) => {
  const entries = (await stepOf(context, entry)).filter(
    (other) => other.action === 'modified' && (other.errorId === entry.errorId || other.id === entry.id),
  );
  const coupling = await liveCouplingOf(context, entry);
  const what = await whatIsTakenBack(context, entry, entries);
  const step =
    what === 'answer' && entry.reverts === null ? entries : entries.filter((one) => isOfSameWrite(one, entry));
  if (step.length === 0) throw new ActionRefused('not-revertible', 'nothing was written then', {});
  const { gathered, pair } = await gatherOne(context, coupling);
  const formers = formersOf(context, step, what, pair.now, coupling.base);
  if (SIDES.some((side) => pair.now[side].deletedSince))
    throw new ActionRefused('stale-decision', 'a record was deleted and created again since', {});
  refuseMoved(context, formers, pair.now);
  const options =
    what === 'answer taken back'
      ? optionsAnswering(run, entry, { action: 'synchronize', winner: winnerOf(step) })
      : revertOptions(entry);
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const plan: BatchPlan = { context, identity: run.identity, options, gathered, builder };
  const subject = subjectOfPair(pair);
  builder.draftOf(coupling);
  for (const side of SIDES) planBack(plan, subject, side, formers);
  // Its open error is found with that, and answered.
  if (what === 'answer taken back') await completePlan(context, [subject]);
  const writes = subject.writes.map((write) => writePreview(context, write));
  if (dryRun) return { outcome: 'succeeded', jobId: null, writes, dependents: [] };
  await carryOut(context, run, plan, [subject], options);
  if (subject.verdict.kind === 'again') throw new ActionRefused('stale-decision', 'a record has changed since', {});
  if (subject.verdict.kind === 'found') return { outcome: 'failed', jobId: run.identity.jobId, writes, dependents: [] };
  if (what === 'answer') await reopenError(context, run, entry, coupling.id);
  return { outcome: 'succeeded', jobId: run.identity.jobId, writes, dependents: [] };
};

/** An answer that was taken back may be given again by taking that back, and so on: every other link is the answer. */
type TakenBack = 'write' | 'answer' | 'answer taken back';

async function whatIsTakenBack(
  { database }: LaneContext,
  entry: LogEntry,
  step: readonly LogEntry[],
): Promise<TakenBack> {
  let links = 0;
  let root: LogEntry | null = entry;
  for (; root !== null && root.reverts !== null; links += 1) root = await database.logEntryById(root.reverts);
  const answers = [root, ...(links === 0 ? step : [])];
  if (!answers.some((one) => one?.cause === 'resolution')) return 'write';
  return links % 2 === 0 ? 'answer' : 'answer taken back';
}

/** Whose version was written to the other side; null: of some fields the one's, of some the other's. */
function winnerOf(step: readonly LogEntry[]): Side | null {
  const sides = new Set(step.flatMap(({ changes }) => changes.map(({ side }) => otherSide(side))));
  return sides.size === 1 ? ([...sides][0] as Side) : null;
}

/** A revert may have written on both sides, as two entries; it is one thing all the same, and goes back as one. */
const isOfSameWrite = (other: LogEntry, entry: LogEntry): boolean =>
  other.id === entry.id || (entry.reverts !== null && other.reverts === entry.reverts);

function formersOf(
  context: LaneContext,
  step: readonly LogEntry[],
  what: TakenBack,
  now: Readonly<Record<Side, { readonly values: readonly Value[] | null }>>,
  base: Base,
): Former[] {
  const formers = new Map<number, Former>();
  for (const entry of step) {
    const undo = (entry.undo as Undo | null)?.base ?? {};
    for (const change of entry.changes) {
      const at = context.prepared.indexOf.get(change.field);
      if (at === undefined) continue;
      const known = formers.get(at);
      const source = otherSide(change.side);
      const [hq, channel, state] = undo[change.field] ?? [null, null, 'known'];
      const before = { hq, channel };
      // Of an answer the source keeps its own version, the one that won; of an ordinary write its change goes too.
      const sourceFormer = what === 'write' ? before[source] : (now[source].values?.[at] ?? null);
      // While the answer is taken back, the base is the one before it, which the source does not have.
      const sourceLeft = what === 'answer taken back' ? before[source] : (base[source][at] ?? null);
      const values = { ...(known?.values ?? { [source]: sourceFormer }), [change.side]: change.old };
      const left = { ...(known?.left ?? { [source]: sourceLeft }), [change.side]: change.new };
      formers.set(at, {
        name: change.field,
        index: at,
        values: values as Record<Side, Value>,
        left: left as Record<Side, Value>,
        base: known?.base ?? { ...before, state },
      });
    }
  }
  return [...formers.values()];
}

function refuseMoved(
  context: LaneContext,
  formers: readonly Former[],
  now: Readonly<Record<Side, { readonly values: readonly Value[] | null }>>,
): void {
  const moved: Move[] = [];
  for (const former of formers) {
    for (const side of SIDES) {
      const type = context.prepared.fields[former.index]?.type[side];
      const value = now[side].values?.[former.index] ?? null;
      if (!now[side].values || (type && !equalValues(type, value, former.left[side])))
        moved.push({ field: former.name, side, left: former.left[side], now: value });
    }
  }
  refuseMoves(moved);
}

function planBack(plan: BatchPlan, subject: Subject, side: Side, formers: readonly Former[]): void {
  const { prepared } = plan.context;
  const record = subject.records[side];
  const now = subject.pair?.now[side].values;
  if (!record || !now) return;
  const back = formers.filter((former) => {
    const field = prepared.fields[former.index];
    return (
      field &&
      field.columns[side].length > 0 &&
      !equalValues(field.type[side], now[former.index] ?? null, former.values[side])
    );
  });
  if (back.length === 0) return;
  const fields: NoteField[] = back.map((former) => ({
    name: former.name,
    from: former.values[otherSide(side)],
    base: former.base,
  }));
  const note: LedgerNote = { ...noteBase(plan, subject, side), operation: 'update', fields, code: null };
  const writes = back.map((former) => ({
    index: former.index,
    from: null,
    to: former.values[side],
    old: null,
    cleared: false,
    because: 'choice' as const,
  }));
  addWrite(subject, side, note, {
    operation: 'update',
    key: record.key,
    version: record.version,
    set: setOf(prepared, side, writes),
    note: writeNote(note),
  });
}
