/**
 * What a person decides about one error. The same plan, writes and recording as in a run, under the lane's fence, bound
 * to the versions that the person saw: a record that moved since makes the decision stale and nothing is written.
 */
import { allowedActions } from '../../domain/allowed-actions.ts';
import { type Choice, PLAIN_RUN } from '../../domain/pair.ts';
import type { RecordKey, Side } from '../../domain/record.ts';
import { SIDES } from '../../domain/record.ts';
import { StoreBusy } from '../../errors/store-faults.ts';
import type { ErrorResolution, SyncError } from '../../ports/coupling-database.ts';
import { ActionRefused, type ActionRequest, type ActionResult } from '../../ports/synchronizer.ts';
import { emptyParts } from '../batch/build-recording.ts';
import type { WorkItem } from '../batch/gather-pairs.ts';
import type { Subject } from '../batch/subject.ts';
import { etagOf, errorItem, findDependents } from '../batch/view-pair.ts';
import { type BatchOptions, carryOut, planBatch } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { forgetLane, type LaneMemory } from '../lane/lane-memory.ts';
import type { Site } from '../lane/site.ts';
import { heldBy, refuseStaleMass } from '../run/held-by-error.ts';
import { openLane } from '../run/open-lane.ts';
import { writePreview } from '../run/preview-lane.ts';
import { readMarks } from '../run/read-marks.ts';
import { answersBoundTo, isStale, stale } from '../run/refuse-stale.ts';
import { settleOwnMarks } from '../run/settle-own-marks.ts';
import { singleRun, type SingleRun } from '../run/single-run.ts';
import { answerMassError } from './answer-mass-error.ts';
import { coupleInContext } from './couple-records.ts';
import { removeCoupling } from './remove-coupling.ts';

/** How long an action waits for the batch in hand to end. */
const LANE_WAIT_MS = 30_000;
const TRIES = 5;

/** Opens the lane for an action and closes it again, whatever happens. */
export async function inActionLane<T>(
  site: Site,
  memory: LaneMemory,
  lane: SyncError['lane'],
  work: (context: LaneContext) => Promise<T>,
): Promise<T> {
  // A store that was restored or replaced is noticed before an action writes, as before a run does.
  await Promise.all([readMarks(site, 'hq', null), readMarks(site, 'channel', lane.channel)]);
  const context = await openLane(site, memory, lane, LANE_WAIT_MS);
  if (!context) throw new StoreBusy('the mapping is busy; try again', { ...lane });
  try {
    const { stopped } = context.state;
    if (stopped)
      throw new ActionRefused('mapping-stopped', `${lane.mapping} stands still: ${stopped.code}`, {
        ...lane,
        cause: stopped.code,
      });
    return await work(context);
  } catch (fault) {
    if (!(fault instanceof ActionRefused)) forgetLane(memory, lane);
    throw fault;
  } finally {
    await context.lock.release();
  }
}

export async function actOnError(
  site: Site,
  memory: LaneMemory,
  errorId: string,
  request: ActionRequest,
): Promise<ActionResult> {
  const seen = await openErrorFor(site, errorId, request);
  if (seen.operationId && site.operationErrors?.act) return site.operationErrors.act(seen, request);
  return inActionLane(site, memory, seen.lane, async (context) => {
    // Once more under the lane's lock: of two people on one error, the second finds it answered.
    const error = await openErrorFor(site, errorId, request);
    const run = singleRun(
      site,
      error.lane,
      'resolve',
      request.action === 'retry' ? 'retry' : request.action === 'restore' ? 'restore' : 'resolution',
      request,
      request.jobId,
      { errorId, action: request.action },
    );
    if (!request.dryRun) await run.ensureJob();
    try {
      const result = await dispatch(site, context, run, error, request);
      const couplingId = result.couplingId ?? error.couplingId;
      if (couplingId !== null && !request.dryRun) await settleOwnMarks(site, context, run, couplingId);
      await run.finish('succeeded');
      return result;
    } catch (fault) {
      await run.finish('failed', fault instanceof ActionRefused ? fault.code : 'internal-error');
      throw fault;
    }
  });
}

export async function openErrorFor(site: Site, errorId: string, request: ActionRequest): Promise<SyncError> {
  const error = await site.database.errorById(errorId);
  if (!error) throw new ActionRefused('error-not-found', `there is no synchronization error ${errorId}`);
  if (error.status === 'resolved')
    throw new ActionRefused('already-resolved', 'this error was resolved already', {}, errorId);
  const allowed = allowedActions(error);
  if (!allowed.includes(request.action)) {
    throw new ActionRefused(
      'action-not-allowed',
      `${request.action} does not fit this error; ${allowed.join(', ')} do`,
      { action: request.action, allowed: [...allowed] },
      errorId,
    );
  }
  return error;
}

async function dispatch(
  site: Site,
  context: LaneContext,
  run: SingleRun,
  error: SyncError,
  request: ActionRequest,
): Promise<ActionResult> {
  if (error.scope === 'mapping') {
    await refuseStaleMass(context.database, error, request);
    const held = heldBy(error);
    if (held) return answerMassError(site, context, run, error, held, request);
    await context.database.oweFullRun(error.lane, { reason: 'retry', trigger: 'manual' });
    return { outcome: 'succeeded', jobId: run.identity.jobId, writes: [], dependents: [] };
  }
  if (request.action === 'remove-coupling') {
    await refuseStaleTag(context, error, request);
    return removeCoupling(context, run, error, request);
  }
  if (request.action === 'couple') {
    await refuseStaleTag(context, error, request);
    return coupleInContext(context, run, {
      ...coupleKeys(error, request),
      winner: request.winner,
      dryRun: request.dryRun,
      answers: error,
    });
  }
  return decideAgain(site, context, run, error, request);
}

/** `couple` names the record of the other side, or asks for one to be created there. */
function coupleKeys(
  error: SyncError,
  request: ActionRequest,
): { hqKey: RecordKey | null; channelKey: RecordKey | null; createIn: Side | null } {
  const side: Side =
    error.couplingId === null
      ? error.hqRecord.exists && error.hqRecord.key
        ? 'hq'
        : 'channel'
      : error.deletedIn === 'hq'
        ? 'channel'
        : 'hq';
  const own = side === 'hq' ? error.hqRecord.key : error.channelRecord.key;
  const other = request.create ? null : request.key;
  if (!request.create && !request.key)
    throw new ActionRefused('key-required', 'couple needs the key of a record, or "create": true');
  return {
    hqKey: side === 'hq' ? own : other,
    channelKey: side === 'channel' ? own : other,
    createIn: request.create ? (side === 'hq' ? 'channel' : 'hq') : null,
  };
}

async function decideAgain(
  site: Site,
  context: LaneContext,
  run: SingleRun,
  error: SyncError,
  request: ActionRequest,
): Promise<ActionResult> {
  const options = optionsFor(context, error, request);
  const items: WorkItem[] = [errorItem(error)];
  for (let tries = 0; ; tries += 1) {
    const { plan, subjects } = await planBatch(context, run.identity, items, options);
    const subject = subjects.find((candidate) => candidate.couplingId === error.couplingId) ?? subjects[0];
    if (subject && isStale(context, error, request, subject)) throw stale(error);
    const writes = subject ? subject.writes.map((write) => writePreview(context, write)) : [];
    const dependents =
      request.action === 'restore' || request.action === 'delete' ? await findDependents(site, context, error) : [];
    if (request.dryRun) {
      return { outcome: 'succeeded', jobId: null, writes: writes, dependents };
    }
    await carryOut(context, run, plan, subjects, options);
    if (subject?.verdict.kind === 'again' && tries < TRIES) {
      if (answersBoundTo(request.action) && !subject.verdict.late) await refuseMoved(context, error, request);
      await new Promise((resolve) => setTimeout(resolve, 20 * (tries + 1)));
      continue;
    }
    return {
      outcome: succeeded(request, subject) ? 'succeeded' : 'failed',
      jobId: run.identity.jobId,
      writes: writes,
      dependents,
    };
  }
}

/** Fields chosen one by one leave the others in conflict: that is what was asked for. */
function succeeded(request: ActionRequest, subject: Subject | undefined): boolean {
  if (!subject || subject.verdict.kind === 'settled' || subject.verdict.kind === 'skipped') return true;
  if (subject.verdict.kind === 'found')
    return request.action === 'synchronize' && request.winner === null && subject.verdict.finding.kind === 'conflict';
  return false;
}

export function optionsFor(context: LaneContext, error: SyncError, request: ActionRequest): BatchOptions {
  const choice: Choice | null =
    request.action === 'synchronize' ? { winner: request.winner, fields: request.fields } : null;
  if (choice && choice.winner === null && choice.fields.size === 0 && error.kind === 'conflict') {
    throw new ActionRefused(
      'winner-required',
      'say which version wins: "winner": "hq" or "channel", or "fields"',
      {},
      error.id,
    );
  }
  for (const name of choice?.fields.keys() ?? []) {
    if (!context.prepared.fields.some((field) => field.name === name))
      throw new ActionRefused('unknown-field', `the mapping has no field ${name}`, { field: name });
  }
  const deletions = request.action === 'restore' ? 'restore' : request.action === 'delete' ? 'propagate' : 'defer';
  const { mapping } = context.prepared;
  const resolution: Omit<ErrorResolution, 'jobId' | 'logIds'> = {
    action: request.action,
    winner: request.winner,
    fields:
      request.fields.size > 0
        ? Object.fromEntries(
            [...request.fields].map(([name, pick]) => [
              name,
              typeof pick === 'string' ? pick : { value: pick.value, side: pick.side },
            ]),
          )
        : null,
    actor: request.actor,
    reason: request.reason,
  };
  return {
    decide: { ...PLAIN_RUN, choice },
    deletions,
    truncated: new Set(),
    errorId: error.id,
    lone: { createIn: new Set(SIDES), match: !mapping.coupledOnly, byHand: false },
    resolution,
    withResults: false,
    late: new Set(),
    expectEmpty: false,
  };
}

// ---------------------------------------------------------------- stale decisions

/** The write found another version: what was decided is stale, and the next run shows the error as it is now. */
async function refuseMoved(context: LaneContext, error: SyncError, request: ActionRequest): Promise<void> {
  if (request.ifMatch === '*') return;
  await context.database.record({
    ...emptyParts(),
    fence: context.fence,
    jobId: null,
    pend: SIDES.flatMap((side) => {
      const key = side === 'hq' ? error.hqRecord.key : error.channelRecord.key;
      return key ? [{ lane: error.lane, side, key, deleted: false, oldRow: null }] : [];
    }),
    progress: null,
  });
  throw stale(error);
}

/** Actions that touch no record are stale only against an etag that was sent. */
async function refuseStaleTag(context: LaneContext, error: SyncError, request: ActionRequest): Promise<void> {
  if (request.ifMatch === null || request.ifMatch === '*') return;
  if ((await etagOf(context, error)) !== request.ifMatch) throw stale(error);
}
