/**
 * One batch, as a story: gather the pairs, decide each, write to HQ, then to the channel, record everything in one
 * transaction, clear the ledger. Whoever is killed in between leaves a ledger that the next holder records.
 *
 * No transaction is open in two databases at once, and a write is always conditional on the version decided upon.
 */
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import { directionTo, keyText, type Params, type RecordKey, type Side, SIDES } from '../../domain/record.ts';
import type { ErrorResolution, JobCounters, JobProgress, JobResult, Share } from '../../ports/coupling-database.ts';
import type { LedgerBatch, Write, WriteOutcome } from '../../ports/store.ts';
import type { LaneContext, RunIdentity } from '../lane/lane-context.ts';
import { type RecordingBuilder, type RecordingParts, recordingBuilder } from './build-recording.ts';
import { checkCascades } from './check-cascades.ts';
import { endAnswered } from './end-answered.ts';
import { type Gathered, gatherPairs, type WorkItem } from './gather-pairs.ts';
import { interruptedJobs } from './interrupted-jobs.ts';
import { readNote } from './ledger-note.ts';
import { loadOpenErrors } from './load-open-errors.ts';
import { goneSubject, type LoneOptions, planInsert, planLoneRecords } from './plan-lone-records.ts';
import { type BatchPlan, planPair, type PlanOptions, subjectOfPair } from './plan-pairs.ts';
import { recordWithKeys } from './record-with-keys.ts';
import { settleSubject } from './settle-subjects.ts';
import { stopSwinging } from './stop-swinging.ts';
import { finding, type PlannedWrite, type Subject } from './subject.ts';

export interface BatchOptions extends PlanOptions {
  readonly lone: LoneOptions;
  readonly resolution: Omit<ErrorResolution, 'jobId' | 'logIds'> | null;
  readonly withResults: boolean;
  /** What the job tells of a subject once it is settled; recorded with the outcome itself, or not at all. */
  readonly resultsOf?: (subject: Subject) => readonly JobResult[];
  /** Pairs whose unique key was in the way once: a second refusal is final. */
  readonly late: Set<string>;
  /** What is worked is a share of the lane; without it, all of it. */
  readonly within?: Share;
  /** The store may load in bulk: no record of the lane's target is known. */
  readonly expectEmpty: boolean;
}

export interface BatchResult {
  readonly subjects: readonly Subject[];
  readonly parts: RecordingParts;
  /** Subjects that must be decided again soon. */
  readonly again: number;
}

export interface Run {
  readonly identity: RunIdentity;
  readonly counters: JobCounters;
  progress(): JobProgress;
  /** Makes the job's row if it is not there yet: a run that finds nothing leaves none. */
  ensureJob(): Promise<void>;
}

/** Writes, settles, records and clears what was planned; for batches and for what a person asked of one pair alike. */
export async function carryOut(
  context: LaneContext,
  run: Run,
  plan: BatchPlan,
  subjects: readonly Subject[],
  options: BatchOptions,
): Promise<BatchResult> {
  await context.surroundings.reach('decided', context.lane);
  const batches = await writeBoth(context, run, subjects, plan.builder, options);
  const restricted = { only: options.decide.only, fields: options.decide.fields !== null };
  const settling = {
    context,
    identity: run.identity,
    builder: plan.builder,
    counters: run.counters,
    resolution: options.resolution,
    restricted,
    withResults: options.withResults,
    resultsOf: options.resultsOf,
  };
  for (const subject of subjects) settleSubject(settling, subject);
  const parts = plan.builder.build();
  parts.batchIds.push(...batches.hq, ...batches.channel);
  run.counters.coupled += parts.couple.length;
  run.counters.uncoupled += parts.end.length;
  await recordParts(context, run, parts);
  await clearLedger(context, batches);
  const again = subjects.filter((subject) => subject.verdict.kind === 'again').length + plan.gathered.unproven.length;
  return { subjects, parts, again };
}

/** Everything up to the writes; a dry run stops here. */
export async function planBatch(
  context: LaneContext,
  identity: RunIdentity,
  items: readonly WorkItem[],
  options: BatchOptions,
) {
  return planGathered(context, identity, await gatherPairs(context, items, options.decide.choice), options);
}

export async function planGathered(
  context: LaneContext,
  identity: RunIdentity,
  gathered: Gathered,
  options: BatchOptions,
) {
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const plan: BatchPlan = { context, identity, options, gathered, builder };
  const subjects = gathered.pairs.map(subjectOfPair);
  for (const subject of subjects) {
    const { pair } = subject;
    const hq = pair?.records.hq;
    // A customer whose number is there but whose record has not come to the channel yet: it is made there.
    if (pair && hq && pair.coupling.channelKey === null) {
      builder.draftOf(pair.coupling);
      planInsert(plan, subject, 'hq', pair.now.hq.values ?? [], hq);
    } else planPair(plan, subject);
  }
  subjects.push(...(await planLoneRecords(plan, options.lone)));
  // Records that are gone and were never coupled: what was wrong with them is over.
  for (const item of gathered.void) subjects.push(goneSubject(plan, item));
  await Promise.all([completePlan(context, subjects, gathered), stopSwinging(context, identity, subjects)]);
  return { plan, subjects };
}

/** What a plan needs to know beyond the pairs themselves: open errors, parents on their way, rows a delete would take along. */
export async function completePlan(
  context: LaneContext,
  subjects: readonly Subject[],
  gathered: Gathered | null = null,
): Promise<void> {
  await Promise.all([
    loadOpenErrors(context, subjects, gathered),
    letWaitForPendingParents(context, subjects),
    checkCascades(context, subjects),
  ]);
}

/** A child whose parent is itself among the pending waits silently for it; otherwise it is an error that says so. */
async function letWaitForPendingParents(context: LaneContext, subjects: readonly Subject[]): Promise<void> {
  const waiting = subjects.filter((subject) => subject.verdict.kind === 'found' && subject.verdict.finding.waitsFor);
  const groups = new Map<string, { mapping: string; side: Side; subjects: Map<string, Subject[]> }>();
  for (const subject of waiting) {
    const waitsFor = subject.verdict.kind === 'found' ? subject.verdict.finding.waitsFor : null;
    if (!waitsFor) continue;
    const name = `${waitsFor.side}:${waitsFor.mapping}`;
    const group = groups.get(name) ?? {
      mapping: waitsFor.mapping,
      side: waitsFor.side,
      subjects: new Map<string, Subject[]>(),
    };
    const key = keyText(waitsFor.key);
    group.subjects.set(key, [...(group.subjects.get(key) ?? []), subject]);
    groups.set(name, group);
  }
  for (const group of groups.values()) {
    const lane = { mapping: group.mapping, channel: context.lane.channel };
    const keys = [...group.subjects.keys()].map((text) => JSON.parse(text) as string[]);
    for (const key of (await context.database.pendingOf(lane, group.side, keys)).keys()) {
      for (const subject of group.subjects.get(key) ?? []) subject.verdict = { kind: 'waiting' };
    }
  }
}

// ---------------------------------------------------------------- writing

async function writeBoth(
  context: LaneContext,
  run: Run,
  subjects: readonly Subject[],
  builder: RecordingBuilder,
  options: BatchOptions,
): Promise<Batches> {
  const batches: Record<Side, string[]> = { hq: [], channel: [] };
  for (const side of SIDES) {
    const planned: PlannedWrite[] = [];
    for (const subject of subjects) {
      if (
        subject.verdict.kind === 'again' ||
        (subject.verdict.kind === 'found' && subject.verdict.finding.kind === 'failure')
      )
        continue;
      for (const write of subject.writes) if (write.side === side) planned.push(write);
    }
    if (planned.length > 0) {
      batches[side].push(await writeSide(context, run, side, planned, builder, options));
    }
    await context.surroundings.reach(side === 'hq' ? 'hq-written' : 'channel-written', context.lane);
  }
  return batches;
}

async function writeSide(
  context: LaneContext,
  run: Run,
  side: Side,
  planned: readonly PlannedWrite[],
  builder: RecordingBuilder,
  options: BatchOptions,
): Promise<string> {
  const batchId = context.database.newId();
  const writes: Write[] = planned.map((item) => item.write);
  const outcomes = await context.tables[side].write({
    batchId,
    fence: context.fence,
    writes,
    expectEmpty: options.expectEmpty,
  });
  for (let at = 0; at < planned.length; at += 1) {
    takeOutcome(context, run, planned[at] as PlannedWrite, outcomes[at] as WriteOutcome, builder, options);
  }
  return batchId;
}

function takeOutcome(
  context: LaneContext,
  run: Run,
  planned: PlannedWrite,
  outcome: WriteOutcome,
  builder: RecordingBuilder,
  options: BatchOptions,
): void {
  const { subject, side, note } = planned;
  if (outcome.status === 'written') {
    const draft = builder.written(note, outcome);
    if (outcome.held) {
      subject.after[side] = { values: fieldValuesOf(context.prepared, side, outcome.held), version: outcome.version };
    } else subject.after[side] = { values: [], version: outcome.version };
    if (note.endsCoupling) draft.ended = [];
    const counters = run.counters[directionTo(side)];
    if (note.operation === 'delete') counters.deleted += 1;
    else if (note.operation === 'update') counters.modified += 1;
    else counters.inserted += 1;
    return;
  }
  if (outcome.status === 'refused') {
    const key = `${side}:${note.couplingId}:${keyText(subject.keys.hq ?? subject.keys.channel ?? [])}`;
    const { refusal } = outcome;
    // A unique key held by a record that this run may itself change: once more at the end, then it is an error.
    const unique =
      refusal.blockedBy !== null ||
      (note.operation === 'insert' && refusal.code === 'constraint-violated' && refusal.params['unique'] === true);
    const lateKey = subject.loneSide ? lateKeyOf(side, subject.loneSide, subject.keys[subject.loneSide]) : key;
    if (unique && !options.late.has(lateKey)) {
      options.late.add(lateKey);
      subject.verdict = { kind: 'again', late: true };
      return;
    }
    const params = { ...fieldOfColumn(context, side, refusal.params), ...refusal.params };
    subject.verdict = finding(
      'failure',
      refusal.code,
      refusal.blockedBy ? { ...params, blockedBy: [...refusal.blockedBy] } : params,
    );
    return;
  }
  if (outcome.status === 'suppressed') subject.verdict = finding('failure', 'write-suppressed', { side });
  else subject.verdict = { kind: 'again', late: false };
}

/** Of a record without a partner that is written to this side. */
export const lateKeyOf = (side: Side, loneSide: Side, key: RecordKey | null): string =>
  `${side}:${loneSide}:${keyText(key ?? [])}`;

/** A store knows columns; lists, causes and sentences speak of fields. */
export function fieldOfColumn({ prepared }: LaneContext, side: Side, { column }: Params): { readonly field?: string } {
  const at = typeof column === 'string' ? prepared.sides[side].columns.indexOf(column) : -1;
  const field = at < 0 ? undefined : prepared.fields.find(({ columns }) => columns[side].includes(at));
  return field === undefined ? {} : { field: field.name };
}

// ---------------------------------------------------------------- recording

export const hasContent = (parts: RecordingParts): boolean =>
  Object.values(parts).some((list) => Array.isArray(list) && list.length > 0);

export async function recordParts(context: LaneContext, run: Run, parts: RecordingParts): Promise<void> {
  if (!hasContent(parts)) return;
  if (parts.log.length > 0 || parts.errors.length > 0 || parts.results.length > 0) await run.ensureJob();
  const { jobId } = run.identity;
  await recordWithKeys(context, { ...parts, fence: context.fence, jobId, progress: null });
  await context.surroundings.reach('outcomes-recorded', context.lane);
}

/** Ids of what was written, by the store whose ledger has it. */
type Batches = Readonly<Record<Side, readonly string[]>>;

async function clearLedger(context: LaneContext, batches: Batches): Promise<void> {
  const sides = SIDES.filter((side) => batches[side].length > 0);
  await Promise.all(sides.map((side) => context.stores[side].clearBatches(batches[side])));
  await context.surroundings.reach('ledger-cleared', context.lane);
}

/** Records batches that a former holder wrote and did not get to record. */
export async function recordFoundBatches(context: LaneContext, batches: readonly LedgerBatch[]): Promise<void> {
  if (batches.length === 0) return;
  const ids = batches.map((batch) => batch.batchId);
  const recorded = await context.database.recordedBatches(ids);
  const fresh = batches.filter((batch) => !recorded.has(batch.batchId));
  const entries = fresh.flatMap((batch) =>
    batch.entries.map((entry) => ({ note: readNote(entry.note), outcome: entry.outcome })),
  );
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const couplings = await context.database.couplingsById([...new Set(entries.map((entry) => entry.note.couplingId))]);
  const written = entries.map(({ note, outcome }) => {
    const coupling = couplings.get(note.couplingId);
    if (coupling) builder.draftOf(coupling);
    const draft = builder.written(note, outcome);
    if (note.endsCoupling) draft.ended = [];
    return { note, draft };
  });
  await endAnswered((of) => context.database.errorsById(of), builder, written);
  const parts = builder.build();
  parts.batchIds.push(...fresh.map((batch) => batch.batchId));
  const interrupted = interruptedJobs(context.lane, entries);
  if (fresh.length > 0)
    await recordWithKeys(context, { ...parts, fence: context.fence, jobId: null, progress: null, interrupted });
  await clearLedger(context, { hq: ids, channel: ids });
}
