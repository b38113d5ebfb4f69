/**
 * One action on many errors, a thousand at a time: the same plan and recording as in a run, each error bound to what
 * its reader saw. One that is stale, answered or refused is its own result and stops none of the others.
 */
import { allowedActions } from '../../domain/allowed-actions.ts';
import type { Json, RecordKey, Side } from '../../domain/record.ts';
import type { ErrorAction } from '../../domain/terms.ts';
import type { Job, JobCounters, JobResult, SyncError } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import { ActionRefused, type ActionRequest } from '../../ports/synchronizer.ts';
import { type BatchesInFlight, batchesInFlight } from '../batch/batches-in-flight.ts';
import { recordingBuilder } from '../batch/build-recording.ts';
import type { Subject } from '../batch/subject.ts';
import { errorItem } from '../batch/view-pair.ts';
import { type BatchOptions, recordParts } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import { letsOthersIn } from '../lane/let-others-in.ts';
import { formerCounters } from '../lane/resume-job.ts';
import { laneText, lanesOf, type Site } from '../lane/site.ts';
import { writePreview } from '../run/preview-lane.ts';
import { isStale } from '../run/refuse-stale.ts';
import { settleMarksOfJob, writesOf } from '../run/settle-own-marks.ts';
import { singleRun, type SingleRun } from '../run/single-run.ts';
import { BATCH_RECORDS } from '../run/work-lane.ts';
import { actOnError, inActionLane, optionsFor } from './act-on-error.ts';
import { endInRecording } from './remove-coupling.ts';

export interface BulkBody {
  readonly action: ErrorAction;
  readonly items: readonly { readonly id: string; readonly etag: string | null }[];
  readonly winner?: Side | null;
  readonly fields?: Readonly<Record<string, Side>>;
  readonly key?: RecordKey | null;
  readonly create?: boolean;
  readonly reason?: string | null;
}

interface Bulk {
  readonly site: Site;
  readonly memory: LaneMemory;
  readonly job: Job;
  readonly body: BulkBody;
  readonly counters: JobCounters;
  readonly etags: ReadonlyMap<string, string | null>;
  readonly stop: () => Promise<boolean>;
  readonly progress: { done: number; readonly total: number };
}

interface BatchedBulk extends Bulk {
  /** Couplings, and errors, that this job wrote for before it was interrupted. */
  readonly own: ReadonlySet<string>;
}

/** These go through the plan of a batch; the others are rare enough to go one by one. */
const IN_BATCHES: ReadonlySet<ErrorAction> = new Set(['retry', 'synchronize', 'restore', 'delete', 'remove-coupling']);
const TRIES = 5;
const NONE: ReadonlySet<string> = new Set();

/** False: cancelled, what was done is done. */
export async function actInBulk(
  site: Site,
  memory: LaneMemory,
  job: Job,
  stop: Bulk['stop'],
): Promise<{ complete: boolean; counters: JobCounters }> {
  const body = job.body as unknown as BulkBody;
  const etags = new Map(body.items.map((item) => [item.id, item.etag]));
  const { database } = site;
  // The process that began this job may have been killed: what has its result is done.
  const answered = job.attempts > 1 ? await database.answeredErrors(job.id) : new Set<string>();
  const ids = body.items.flatMap(({ id }) => (answered.has(id) ? [] : [id]));
  const progress = { done: answered.size, total: body.items.length };
  const bulk: Bulk = { site, memory, job, body, counters: await formerCounters(site, job), etags, stop, progress };
  const known = await database.subjectsOfErrors(ids);
  const missing = ids.filter((id) => !known.has(id)).map((id) => resultOf(id, null, 'failed', 'error-not-found'));
  await tell(bulk, missing);
  // An error of a mapping as a whole, and an action that answers one at a time, go through the action itself.
  const batched = IN_BATCHES.has(body.action) && !job.dryRun;
  for (const { lane, group } of inOrder(site, ids, known, body.action)) {
    const inBatches = (id: string): boolean =>
      batched && known.get(id)?.scope === 'record' && known.get(id)?.ofOperation === false;
    const [alone, together] = [group.filter((id) => !inBatches(id)), group.filter(inBatches)];
    if (!(await actInLane(bulk, lane, alone, together))) return { complete: false, counters: bulk.counters };
  }
  return { complete: true, counters: bulk.counters };
}

/** By lane; restores parents first, deletions children first. */
function inOrder(
  site: Site,
  ids: readonly string[],
  known: ReadonlyMap<string, { readonly lane: Lane }>,
  action: ErrorAction,
): readonly { readonly lane: Lane; readonly group: readonly string[] }[] {
  const groups = new Map<string, { readonly lane: Lane; readonly group: string[] }>();
  for (const id of ids) {
    const lane = known.get(id)?.lane;
    if (!lane) continue;
    const entry = groups.get(laneText(lane)) ?? { lane, group: [] };
    entry.group.push(id);
    groups.set(laneText(lane), entry);
  }
  const order = lanesOf(site).map(laneText);
  if (action === 'delete') order.reverse();
  const place = (lane: Lane): number => (order.includes(laneText(lane)) ? order.indexOf(laneText(lane)) : order.length);
  return [...groups.values()].toSorted((one, other) => place(one.lane) - place(other.lane));
}

/** False: cancelled. */
async function actInLane(
  bulk: Bulk,
  lane: Lane,
  alone: readonly string[],
  together: readonly string[],
): Promise<boolean> {
  const { site, job, body } = bulk;
  for (const chunk of chunks(alone)) {
    for (const error of await fitting(bulk, chunk)) {
      if (await bulk.stop()) return false;
      await actAlone(bulk, error);
    }
  }
  if (together.length === 0) return true;
  return inActionLane(site, bulk.memory, lane, async (context) => {
    const cause = body.action === 'retry' ? 'retry' : body.action === 'restore' ? 'restore' : 'resolution';
    const asker = { actor: job.actor, reason: body.reason ?? null, requestId: job.requestId };
    const run: SingleRun = {
      ...singleRun(site, lane, 'bulk', cause, asker, job.id, null),
      counters: bulk.counters,
    };
    if (body.action === 'remove-coupling') return uncoupleTogether(bulk, context, run, together);
    // What this job wrote before it was killed has been recorded by now: its own writes make no decision stale.
    const own = job.attempts > 1 ? await site.database.subjectsWrittenBy(job.id) : new Set<string>();
    const before = writesOf(bulk.counters);
    const complete = await decideTogether({ ...bulk, own }, context, run, together);
    return complete && settleMarksOfJob(site, context, run, writesOf(bulk.counters) - before, bulk.stop);
  });
}

function* chunks(ids: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += BATCH_RECORDS) yield ids.slice(at, at + BATCH_RECORDS);
}

/** The errors as they are now; what cannot be acted on has its result. */
async function fitting(bulk: Bulk, ids: readonly string[], own: ReadonlySet<string> = NONE): Promise<SyncError[]> {
  const refused: JobResult[] = [];
  const left: SyncError[] = [];
  for (const error of await bulk.site.database.errorsById(ids)) {
    // Answered by this job, which was interrupted before it could say so.
    if (error.status === 'resolved' && (own.has(error.id) || own.has(error.couplingId ?? '')))
      refused.push(resultOf(error.id, error, 'succeeded', null));
    else if (error.status === 'resolved') refused.push(resultOf(error.id, error, 'failed', 'already-resolved'));
    else if (!allowedActions(error).includes(bulk.body.action)) {
      const params = { action: bulk.body.action, allowed: [...allowedActions(error)] };
      refused.push({ ...resultOf(error.id, error, 'failed', 'action-not-allowed'), params });
    } else left.push(error);
  }
  await tell(bulk, refused);
  return left;
}

/** Results of what nothing was written for. */
async function tell(bulk: Bulk, results: readonly JobResult[]): Promise<void> {
  if (results.length === 0) return;
  bulk.progress.done += results.length;
  bulk.counters.toChannel.failed += results.filter((result) => result.status === 'failed').length;
  await bulk.site.database.addJobResults(bulk.job.id, results);
}

const tellProgress = async ({ site, job, counters, progress }: Bulk): Promise<unknown> =>
  site.database.updateProgress(job.id, { counters, ...progress });

const requestOf = (bulk: Bulk, ifMatch: string | null): ActionRequest => ({
  action: bulk.body.action,
  dryRun: bulk.job.dryRun,
  ifMatch,
  winner: bulk.body.winner ?? null,
  fields: new Map(Object.entries(bulk.body.fields ?? {})),
  key: bulk.body.key ?? null,
  create: bulk.body.create ?? false,
  jobId: bulk.job.id,
  actor: bulk.job.actor,
  reason: bulk.body.reason ?? null,
  requestId: bulk.job.requestId,
});

async function actAlone(bulk: Bulk, error: SyncError): Promise<void> {
  let result: JobResult;
  try {
    const acted = await actOnError(bulk.site, bulk.memory, error.id, requestOf(bulk, bulk.etags.get(error.id) ?? null));
    result = {
      ...resultOf(error.id, error, acted.outcome, null),
      writes: [...acted.writes],
    };
  } catch (fault) {
    if (!(fault instanceof ActionRefused)) throw fault;
    result = { ...resultOf(error.id, error, 'failed', fault.code), params: fault.params };
  }
  await tell(bulk, [result]);
  await tellProgress(bulk);
}

// ---------------------------------------------------------------- a thousand at a time

/** One error and what is done about it; a subject that has to be decided again comes back in the next round. */
interface Going {
  readonly error: SyncError;
  readonly subject: Subject;
  readonly writes: Json;
}

/**
 * Batches overlap as those of a run do. The result of an error is recorded in the transaction of its outcome: a job
 * that was killed and goes on finds either both or neither.
 */
async function decideTogether(
  bulk: BatchedBulk,
  context: LaneContext,
  run: SingleRun,
  ids: readonly string[],
): Promise<boolean> {
  let left = ids;
  // Of all tries: a unique key that is still in the way the second time is what the record fails for.
  const inTheWay = new Set<string>();
  for (let tries = 0; left.length > 0 && tries < TRIES; tries += 1) {
    const going: Going[] = [];
    const more = await decideOnce(bulk, context, run, left, going, inTheWay);
    left = going.flatMap(({ error, subject }) => (subject.verdict.kind === 'again' ? [error.id] : []));
    await tellProgress(bulk);
    if (!more) return false;
  }
  const moving = await bulk.site.database.errorsById(left);
  await tell(
    bulk,
    moving.map((error) => resultOf(error.id, error, 'failed', 'stale-decision')),
  );
  return true;
}

async function decideOnce(
  bulk: BatchedBulk,
  context: LaneContext,
  run: SingleRun,
  ids: readonly string[],
  going: Going[],
  inTheWay: Set<string>,
): Promise<boolean> {
  const goingOf = new Map<Subject, Going[]>();
  const resultsOf = (subject: Subject): JobResult[] => {
    const results = (goingOf.get(subject) ?? []).map(({ error, writes }) => ({ ...outcomeOf(error, subject), writes }));
    bulk.progress.done += results.length;
    return results;
  };
  let options: BatchOptions | null = null;
  let batches: BatchesInFlight | null = null;
  try {
    for (const chunk of chunks(ids)) {
      if (await bulk.stop()) {
        await batches?.drain();
        return false;
      }
      // Under the lane's lock: whoever was answered meanwhile is told so.
      const errors = await fitting(bulk, chunk, bulk.own);
      const [first] = errors;
      if (!first) continue;
      options ??= {
        ...optionsFor(context, first, requestOf(bulk, null)),
        errorId: null,
        ownErrors: true,
        resultsOf,
        late: inTheWay,
      };
      batches ??= batchesInFlight(context, run, options);
      const late: JobResult[] = [];
      await batches.work(errors.map(errorItem), options, (subjects) => {
        const chosen = chooseAmong(bulk, context, errors, subjects, late);
        for (const one of chosen) goingOf.set(one.subject, [...(goingOf.get(one.subject) ?? []), one]);
        going.push(...chosen);
        return [...new Set(chosen.map(({ subject }) => subject))];
      });
      await tell(bulk, late);
      await tellProgress(bulk);
    }
    await batches?.drain();
    return true;
  } finally {
    await batches?.[Symbol.asyncDispose]();
  }
}

/** What is carried out; what is stale or answered goes to `late`. */
function chooseAmong(
  bulk: BatchedBulk,
  context: LaneContext,
  errors: readonly SyncError[],
  subjects: readonly Subject[],
  late: JobResult[],
): Going[] {
  const byError = new Map<string, Subject>();
  for (const subject of subjects) for (const error of subject.openErrors) byError.set(error.id, subject);
  const going: Going[] = [];
  for (const error of errors) {
    const subject = byError.get(error.id);
    const seen = { action: bulk.body.action, ifMatch: bulk.etags.get(error.id) ?? null };
    if (!subject) late.push(resultOf(error.id, error, 'skipped', 'already-resolved'));
    else if (!bulk.own.has(subject.couplingId) && isStale(context, error, seen, subject))
      late.push(resultOf(error.id, error, 'failed', 'stale-decision'));
    else going.push({ error, subject, writes: subject.writes.map((write) => writePreview(context, write)) });
  }
  return going;
}

function outcomeOf(error: SyncError, subject: Subject): JobResult {
  if (subject.verdict.kind !== 'found') return resultOf(error.id, error, 'succeeded', null);
  return {
    ...resultOf(error.id, error, 'failed', subject.verdict.finding.code),
    params: subject.verdict.finding.params,
  };
}

async function uncoupleTogether(
  bulk: Bulk,
  context: LaneContext,
  run: SingleRun,
  ids: readonly string[],
): Promise<boolean> {
  const letOthersIn = letsOthersIn(context);
  for (const chunk of chunks(ids)) {
    if (await bulk.stop()) return false;
    await letOthersIn();
    const errors = await fitting(bulk, chunk);
    const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
    const coupled = errors.flatMap((error) => error.couplingId ?? []);
    const couplings = await context.database.couplingsById(coupled);
    for (const error of errors)
      endInRecording(run, builder, error, error.couplingId ? (couplings.get(error.couplingId) ?? null) : null);
    bulk.counters.uncoupled += coupled.length;
    bulk.progress.done += errors.length;
    const parts = builder.build();
    parts.results.push(...errors.map((error) => resultOf(error.id, error, 'succeeded', null)));
    await recordParts(context, run, parts);
    await tellProgress(bulk);
  }
  return true;
}

const resultOf = (
  errorId: string,
  error: SyncError | null,
  status: JobResult['status'],
  code: string | null,
): JobResult => ({
  status,
  code,
  params: {},
  errorId,
  couplingId: error?.couplingId ?? null,
  hqKey: error?.hqRecord.key ?? null,
  channelKey: error?.channelRecord.key ?? null,
  candidates: [],
  writes: null,
});
