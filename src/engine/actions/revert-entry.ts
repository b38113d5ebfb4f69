/**
 * Takes back what a log entry says was done, as one more write that is logged and can be reverted itself. A resolution:
 * both records and the base as they were before it, its error open again. An ordinary write: the change goes in both
 * apps. A deletion: what was deleted is there again, on both sides if both are gone, coupled again.
 */
import { equalValues } from '../../domain/equal-values.ts';
import { type Base, PLAIN_RUN } from '../../domain/pair.ts';
import { setOf } from '../../domain/prepare-mapping.ts';
import { otherSide, type Side, SIDES, type Value } from '../../domain/record.ts';
import type { LogEntry } from '../../ports/coupling-database.ts';
import { ActionRefused, type ActionResult, type Asker } from '../../ports/synchronizer.ts';
import { recordingBuilder, type Undo } from '../batch/build-recording.ts';
import { gatherPairs } from '../batch/gather-pairs.ts';
import { type LedgerNote, type NoteField, writeNote } from '../batch/ledger-note.ts';
import { addWrite, type BatchPlan, noteBase, subjectOfPair } from '../batch/plan-pairs.ts';
import type { Subject } from '../batch/subject.ts';
import { type BatchOptions, carryOut, planBatch } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import type { Site } from '../lane/site.ts';
import { writePreview } from '../run/preview-lane.ts';
import { settleOwnMarks } from '../run/settle-own-marks.ts';
import { singleRun, type SingleRun } from '../run/single-run.ts';
import { inActionLane } from './act-on-error.ts';
import { revertDeletion } from './revert-deletion.ts';

export interface RevertRequest extends Asker {
  readonly dryRun: boolean;
  readonly jobId: string | null;
}

type Entry = LogEntry & { readonly revertedBy: string | null };

export const REVERTIBLE: ReadonlySet<LogEntry['action']> = new Set(['modified', 'deleted', 'resolved']);

export async function revertEntry(
  site: Site,
  memory: LaneMemory,
  logId: string,
  request: RevertRequest,
): Promise<ActionResult> {
  const entry = await site.database.logEntryById(logId);
  if (!entry) throw new ActionRefused('log-entry-not-found', `there is no log entry ${logId}`);
  if (!REVERTIBLE.has(entry.action) || !entry.couplingId || !entry.jobId)
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
      const result =
        entry.action === 'deleted'
          ? await revertDeletion(context, run, entry, request.dryRun)
          : await revertWrites(context, run, entry, request.dryRun);
      if (!request.dryRun && entry.couplingId) await settleOwnMarks(site, context, run, entry.couplingId);
      await run.finish('succeeded');
      return result;
    } catch (fault) {
      await run.finish('failed', fault instanceof ActionRefused ? fault.code : 'internal-error');
      throw fault;
    }
  });
}

/** A customer operation that came through is never changed: what it wrote is taken back, entry by entry. */
async function refuseOperation(site: Site, entry: Entry): Promise<void> {
  if (entry.action !== 'resolved' || !entry.errorId) return;
  const error = await site.database.errorById(entry.errorId);
  if (error?.operationId)
    throw new ActionRefused('not-revertible', 'the conflict of a customer operation is not opened again');
}

/** What a field was before the step, on both sides and in the base. */
interface Former {
  readonly name: string;
  readonly index: number;
  readonly values: Readonly<Record<Side, Value>>;
  /** What the step left, to see whether it moved since. */
  readonly left: Readonly<Record<Side, Value>>;
  readonly base: NonNullable<NoteField['base']>;
}

async function revertWrites(
  context: LaneContext,
  run: SingleRun,
  entry: Entry,
  dryRun: boolean,
): Promise<ActionResult> {
  const entries = (await context.database.logEntriesOfStep(entry.jobId as string, entry.couplingId as string)).filter(
    (other) => other.action === 'modified' && (other.errorId === entry.errorId || other.id === entry.id),
  );
  const coupling = (await context.database.couplingsById([entry.couplingId as string])).get(entry.couplingId as string);
  if (!coupling || coupling.status === 'ended')
    throw new ActionRefused('not-revertible', 'the coupling has ended since', { couplingId: entry.couplingId });
  const resolution = entries.some((other) => other.cause === 'resolution');
  const step = resolution ? entries : entries.filter((other) => other.id === entry.id);
  if (step.length === 0) throw new ActionRefused('not-revertible', 'nothing was written then', {});
  const gathered = await gatherPairs(context, [{ side: 'hq', key: coupling.hqKey, pending: null }]);
  const [pair] = gathered.pairs;
  if (!pair) throw new ActionRefused('stale-decision', 'the records cannot be read with certainty now', {});
  const formers = formersOf(context, step, resolution, pair.now, coupling.base);
  if (SIDES.some((side) => pair.now[side].deletedSince))
    throw new ActionRefused('stale-decision', 'a record was deleted and created again since', {});
  refuseMoved(context, formers, pair.now);
  const options = optionsFor(entry);
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const plan: BatchPlan = { context, identity: run.identity, options, gathered, builder };
  const subject = subjectOfPair(pair);
  builder.draftOf(coupling);
  for (const side of SIDES) planBack(plan, subject, side, formers, entry.id);
  const writes = subject.writes.map((write) => writePreview(context, write));
  if (dryRun) return { outcome: 'succeeded', jobId: null, writes, dependents: [] };
  await carryOut(context, run, plan, [subject], options);
  if (subject.verdict.kind === 'again') throw new ActionRefused('stale-decision', 'a record has changed since', {});
  if (subject.verdict.kind === 'found') return { outcome: 'failed', jobId: run.identity.jobId, writes, dependents: [] };
  if (resolution) await reopenError(context, run, entry, options);
  return { outcome: 'succeeded', jobId: run.identity.jobId, writes, dependents: [] };
}

function formersOf(
  context: LaneContext,
  step: readonly LogEntry[],
  resolution: boolean,
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
      // After a resolution the source keeps its own version, the one that won; after an ordinary write its change goes too.
      const sourceFormer = resolution ? (now[source].values?.[at] ?? null) : before[source];
      const values = { ...(known?.values ?? { [source]: sourceFormer }), [change.side]: change.old };
      const left = { ...(known?.left ?? { [source]: base[source][at] ?? null }), [change.side]: change.new };
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
  const moved: { field: string; side: Side; left: Value; now: Value }[] = [];
  for (const former of formers) {
    for (const side of SIDES) {
      const type = context.prepared.fields[former.index]?.type[side];
      const value = now[side].values?.[former.index] ?? null;
      if (!now[side].values || (type && !equalValues(type, value, former.left[side])))
        moved.push({ field: former.name, side, left: former.left[side], now: value });
    }
  }
  if (moved.length > 0)
    throw new ActionRefused('stale-decision', `${moved.map(({ field }) => field).join(', ')} moved since`, {
      difference: moved,
    });
}

function planBack(plan: BatchPlan, subject: Subject, side: Side, formers: readonly Former[], reverts: string): void {
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
  const note: LedgerNote = { ...noteBase(plan, subject, side), operation: 'update', fields, code: null, reverts };
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

const optionsFor = (entry: Entry): BatchOptions => ({
  decide: PLAIN_RUN,
  deletions: 'ask',
  truncated: new Set(),
  errorId: entry.errorId,
  lone: { createIn: new Set(), match: false, byHand: false },
  resolution: null,
  withResults: false,
  late: new Set(),
  expectEmpty: false,
});

/** The pair is decided once more with its former base: the conflict is there again, under the same error. */
async function reopenError(context: LaneContext, run: SingleRun, entry: Entry, options: BatchOptions): Promise<void> {
  const coupling = (await context.database.couplingsById([entry.couplingId as string])).get(entry.couplingId as string);
  if (!coupling) return;
  const { plan, subjects } = await planBatch(
    context,
    run.identity,
    [{ side: 'hq', key: coupling.hqKey, pending: null }],
    { ...options, decide: PLAIN_RUN },
  );
  const former = entry.errorId ? await context.database.errorById(entry.errorId) : null;
  // Only what waits for a person is shown again; nothing is written here.
  for (const subject of subjects) {
    subject.writes.length = 0;
    if (former && subject.openErrors.length === 0) subject.reopens = former;
  }
  await carryOut(context, run, plan, subjects, options);
}
