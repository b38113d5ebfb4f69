/**
 * One action on many errors, a thousand at a time: the same plan and recording as in a run, each error bound to what
 * its reader saw. One that is stale, answered or refused is its own result and stops none of the others.
 */
import { type Action, allowedActions } from '../domain/allowed-actions.ts';
import type { Json, RecordKey, Side } from '../domain/record.ts';
import { type Job, type JobCounters, type JobResult, noCounters, type SyncError } from '../ports/coupling-database.ts';
import type { Lane } from '../ports/store.ts';
import { ActionRefused, type ActionRequest } from '../ports/synchronizer.ts';
import { actOnError, inActionLane, optionsFor } from './act-on-error.ts';
import { recordingBuilder } from './build-recording.ts';
import type { LaneContext } from './lane-context.ts';
import type { LaneMemory } from './open-lane.ts';
import { writePreview } from './preview-lane.ts';
import { isStale } from './refuse-stale.ts';
import { endInRecording } from './remove-coupling.ts';
import { singleRun, type SingleRun } from './single-run.ts';
import { laneText, lanesOf, type Site } from './site.ts';
import type { Subject } from './subject.ts';
import { errorItem } from './view-pair.ts';
import { carryOut, planBatch, recordParts } from './work-batch.ts';
import { BATCH_RECORDS } from './work-lane.ts';

export interface BulkBody {
  readonly action: Action;
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
}

/** These go through the plan of a batch; the others are rare enough to go one by one. */
const IN_BATCHES: ReadonlySet<Action> = new Set(['retry', 'synchronize', 'restore', 'delete', 'remove-coupling']);
const TRIES = 5;

/** False: cancelled, what was done is done. */
export async function actInBulk(
  site: Site,
  memory: LaneMemory,
  job: Job,
  stop: Bulk['stop'],
): Promise<{ complete: boolean; counters: JobCounters }> {
  const body = job.body as unknown as BulkBody;
  const etags = new Map(body.items.map((item) => [item.id, item.etag]));
  const bulk: Bulk = { site, memory, job, body, counters: noCounters(), etags, stop };
  const ids = body.items.map((item) => item.id);
  const errors: SyncError[] = [];
  for (let at = 0; at < ids.length; at += BATCH_RECORDS)
    errors.push(...(await site.database.errorsById(ids.slice(at, at + BATCH_RECORDS))));
  const known = new Set(errors.map((error) => error.id));
  const missing = ids.filter((id) => !known.has(id)).map((id) => resultOf(id, null, 'failed', 'error-not-found'));
  if (missing.length > 0) await site.database.addJobResults(job.id, missing);
  for (const group of inOrder(site, errors, body.action)) {
    for (let at = 0; at < group.length; at += BATCH_RECORDS) {
      if (await stop()) return { complete: false, counters: bulk.counters };
      await actOnChunk(bulk, group.slice(at, at + BATCH_RECORDS));
      await site.database.updateProgress(job.id, { counters: bulk.counters, done: at, total: ids.length });
    }
  }
  return { complete: true, counters: bulk.counters };
}

/** By lane; restores parents first, deletions children first. */
function inOrder(site: Site, errors: readonly SyncError[], action: Action): SyncError[][] {
  const groups = new Map<string, SyncError[]>();
  for (const error of errors) groups.set(laneText(error.lane), [...(groups.get(laneText(error.lane)) ?? []), error]);
  const lanes = lanesOf(site).map(laneText);
  if (action === 'delete') lanes.reverse();
  return [
    ...lanes.filter((lane) => groups.has(lane)),
    ...[...groups.keys()].filter((lane) => !lanes.includes(lane)),
  ].map((lane) => groups.get(lane) as SyncError[]);
}

async function actOnChunk(bulk: Bulk, errors: readonly SyncError[]): Promise<void> {
  const refused: JobResult[] = [];
  const fitting: SyncError[] = [];
  for (const error of errors) {
    if (error.status === 'resolved') refused.push(resultOf(error.id, error, 'failed', 'already-resolved'));
    else if (!allowedActions(error).includes(bulk.body.action))
      refused.push(resultOf(error.id, error, 'failed', 'action-not-allowed'));
    else fitting.push(error);
  }
  bulk.counters.toChannel.failed += refused.length;
  if (refused.length > 0) await bulk.site.database.addJobResults(bulk.job.id, refused);
  const batched = IN_BATCHES.has(bulk.body.action) && !bulk.job.dryRun;
  for (const error of fitting.filter((candidate) => !batched || candidate.scope === 'mapping'))
    await actAlone(bulk, error);
  const together = batched ? fitting.filter((error) => error.scope === 'record') : [];
  const lane = together[0]?.lane;
  if (lane) await actTogether(bulk, lane, together);
}

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
    result = resultOf(error.id, error, 'failed', fault.code);
  }
  if (result.status === 'failed') bulk.counters.toChannel.failed += 1;
  await bulk.site.database.addJobResults(bulk.job.id, [result]);
}

// ---------------------------------------------------------------- a thousand at a time

async function actTogether(bulk: Bulk, lane: Lane, errors: readonly SyncError[]): Promise<void> {
  const { site, memory, job, body } = bulk;
  await inActionLane(site, memory, lane, async (context) => {
    const cause = body.action === 'retry' ? 'retry' : body.action === 'restore' ? 'restore' : 'resolution';
    const run: SingleRun = {
      ...singleRun(
        site,
        lane,
        'bulk',
        cause,
        { actor: job.actor, reason: body.reason ?? null, requestId: job.requestId },
        job.id,
        null,
      ),
      counters: bulk.counters,
    };
    // Once more under the lane's lock: whoever was answered meanwhile is told so.
    const fresh = await site.database.errorsById(errors.map((error) => error.id));
    const open = fresh.filter((error) => error.status === 'open');
    const late = fresh
      .filter((error) => error.status !== 'open')
      .map((error) => resultOf(error.id, error, 'failed', 'already-resolved'));
    const results =
      body.action === 'remove-coupling'
        ? await uncoupleTogether(bulk, context, run, open)
        : await decideTogether(bulk, context, run, open);
    await site.database.addJobResults(job.id, [...late, ...results]);
    bulk.counters.toChannel.failed += late.length;
  });
}

async function decideTogether(
  bulk: Bulk,
  context: LaneContext,
  run: SingleRun,
  errors: readonly SyncError[],
): Promise<JobResult[]> {
  const results = new Map<string, JobResult>();
  let left = [...errors];
  for (let tries = 0; left.length > 0 && tries < TRIES; tries += 1) {
    const first = left[0] as SyncError;
    const options = { ...optionsFor(context, first, requestOf(bulk, null)), errorId: null, ownErrors: true };
    const { plan, subjects } = await planBatch(context, run.identity, left.map(errorItem), options);
    const byError = new Map<string, Subject>();
    for (const subject of subjects) for (const error of subject.openErrors) byError.set(error.id, subject);
    const going: { error: SyncError; subject: Subject; writes: Json }[] = [];
    for (const error of left) {
      const subject = byError.get(error.id);
      if (!subject) results.set(error.id, resultOf(error.id, error, 'skipped', 'already-resolved'));
      else if (
        isStale(context, error, { action: bulk.body.action, ifMatch: bulk.etags.get(error.id) ?? null }, subject)
      )
        results.set(error.id, resultOf(error.id, error, 'failed', 'stale-decision'));
      else going.push({ error, subject, writes: subject.writes.map((write) => writePreview(context, write)) });
    }
    await carryOut(context, run, plan, [...new Set(going.map(({ subject }) => subject))], options);
    left = [];
    for (const { error, subject, writes } of going) {
      if (subject.verdict.kind === 'again') left.push(error);
      else results.set(error.id, { ...outcomeOf(error, subject), writes });
    }
  }
  for (const error of left) results.set(error.id, resultOf(error.id, error, 'failed', 'stale-decision'));
  return [...results.values()];
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
  errors: readonly SyncError[],
): Promise<JobResult[]> {
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const ids = errors.flatMap((error) => error.couplingId ?? []);
  const couplings = await context.database.couplingsById(ids);
  for (const error of errors)
    endInRecording(run, builder, error, error.couplingId ? (couplings.get(error.couplingId) ?? null) : null);
  bulk.counters.uncoupled += ids.length;
  await recordParts(context, run, builder.build());
  return errors.map((error) => resultOf(error.id, error, 'succeeded', null));
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
