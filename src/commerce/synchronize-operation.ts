/** One operation at somebody's word, whatever its tries; and what somebody decides where it is in conflict. */
import { equalValues } from '../domain/equal-values.ts';
import type { Choice } from '../domain/pair.ts';
import { fieldValuesOf } from '../domain/prepare-mapping.ts';
import { keyToJson, valueToJson } from '../domain/value-json.ts';
import type { Value } from '../domain/record.ts';
import { inActionLane, openErrorFor } from '../engine/actions/act-on-error.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import { stale } from '../engine/run/refuse-stale.ts';
import { endCoupling } from '../engine/actions/remove-coupling.ts';
import { singleRun, type SingleRun } from '../engine/run/single-run.ts';
import { etagOf } from '../engine/batch/view-pair.ts';
import { StoreBusy } from '../errors/store-faults.ts';
import type { CustomerOperation } from '../ports/commerce.ts';
import type { SyncError } from '../ports/coupling-database.ts';
import {
  ActionRefused,
  type ActionRequest,
  type ActionResult,
  type Asker,
  type WritePreview,
} from '../ports/synchronizer.ts';
import { type Answers, NO_ANSWERS, resolutionFields } from './answer-conflicts.ts';
import { applyOperations } from './apply-operations.ts';
import { type CommerceSite, laneFor } from './commerce-site.ts';
import { ends, gatherOperations, type OperationWork, planOperations } from './gather-operations.ts';
import { isAway } from './operations-waiting.ts';
import { refuseUnfit, requireOperation } from './refuse-action.ts';
import { tellChannel } from './synchronize-customers.ts';

const TRIES = 5;
const PAUSE_MS = 20;

export async function synchronizeOperation(commerce: CommerceSite, id: string, asker: Asker): Promise<void> {
  const seen = await requireOperation(commerce.database, id);
  refuseUnfit(seen, 'synchronize', asker.actor);
  const lane = laneFor(commerce, seen.channel, seen.part);
  // What stands before it may have come through since, or failed.
  await commerce.database.blockAndRelease(seen.channel);
  await inActionLane(commerce.site, commerce.memory, lane, async (context) => {
    const operation = await requireOperation(commerce.database, id);
    refuseUnfit(operation, 'synchronize', asker.actor);
    const run = singleRun(commerce.site, lane, 'synchronize-customers', 'commerce', asker, null, { operation: id });
    await finishing(run, async () => void (await applyOne(commerce, context, run, operation, NO_ANSWERS)));
  });
  await after(commerce, seen.channel);
}

/** The channel is told at once if it can be reached; if not, the next run tells it. */
export async function after(commerce: CommerceSite, channel: string): Promise<void> {
  await commerce.database.blockAndRelease(channel);
  try {
    await tellChannel(commerce, channel);
  } catch (fault) {
    if (!isAway(fault)) throw fault;
  }
}

async function finishing<T>(run: SingleRun, work: () => Promise<T>): Promise<T> {
  await run.ensureJob();
  try {
    const result = await work();
    await run.finish('succeeded');
    return result;
  } catch (fault) {
    await run.finish('failed', fault instanceof ActionRefused ? fault.code : 'internal-error');
    throw fault;
  }
}

async function applyOne(
  commerce: CommerceSite,
  context: LaneContext,
  run: SingleRun,
  operation: CustomerOperation,
  answers: Answers,
): Promise<OperationWork | null> {
  const late = new Set<string>();
  for (let tries = 0; tries < TRIES; tries += 1) {
    const applied = await applyOperations(commerce, context, run, [operation], late, answers);
    if (applied.again === 0) return applied.works[0] ?? null;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (tries + 1)));
  }
  throw new StoreBusy('the customer is being changed by somebody else; try again', { operation: operation.id });
}

// ---------------------------------------------------------------- the error of a conflict

export async function actOnOperationError(
  commerce: CommerceSite,
  seen: SyncError,
  request: ActionRequest,
): Promise<ActionResult> {
  const { site, memory, database } = commerce;
  const result = await inActionLane(site, memory, seen.lane, async (context) => {
    const error = await openErrorFor(site, seen.id, request);
    const operation = await requireOperation(database, error.operationId ?? '');
    refuseUnfit(operation, 'synchronize', request.actor);
    const choice = choiceOf(context, error, request, operation);
    const [work] = await gatherOperations(commerce, context, [operation]);
    if (work === undefined) throw stale(error);
    if (await isStale(context, error, request, work)) throw stale(error);
    if (request.action === 'remove-coupling') return uncouple(commerce, context, error, request, work);
    await planOperations(commerce, context, [work], {
      choices: new Map(choice === null ? [] : [[operation.id, choice]]),
      rehearses: true,
    });
    const writes = previewOf(context, work);
    if (request.dryRun) return { outcome: 'succeeded', jobId: null, writes, dependents: [] } as const;
    const body = { errorId: error.id, operation: operation.id, action: request.action };
    const cause = request.action === 'retry' ? 'retry' : 'resolution';
    const run = singleRun(site, error.lane, 'resolve', cause, request, request.jobId, body);
    const answers = choice === null ? NO_ANSWERS : answersOf(context, run, operation, request, choice);
    await finishing(run, () => applyOne(commerce, context, run, operation, answers));
    const now = await requireOperation(database, operation.id);
    const partly = request.action === 'synchronize' && request.winner === null;
    const open = now.status === 'failed' || (now.status === 'conflict' && !(partly && now.code === operation.code));
    return { outcome: open ? 'failed' : 'succeeded', jobId: run.identity.jobId, writes, dependents: [] } as const;
  });
  if (!request.dryRun) await after(commerce, seen.lane.channel);
  return result;
}

/** Both records stay, and the operation fails: it has its values for whoever couples the customer again, or dismisses it. */
async function uncouple(
  commerce: CommerceSite,
  context: LaneContext,
  error: SyncError,
  request: ActionRequest,
  { operation, coupling }: OperationWork,
): Promise<ActionResult> {
  const result = { outcome: 'succeeded', writes: [], dependents: [] } as const;
  if (request.dryRun) return { ...result, jobId: null };
  const { site } = commerce;
  const body = { errorId: error.id, operation: operation.id, action: request.action };
  const run = singleRun(site, error.lane, 'resolve', 'resolution', request, request.jobId, body);
  const answers = answersOf(context, run, operation, request, { winner: null, fields: new Map() });
  await finishing(run, async () => {
    if (coupling !== null && coupling.status !== 'ended') {
      const own = coupling.errorId === null ? null : await site.database.errorById(coupling.errorId);
      run.counters.uncoupled += 1;
      await endCoupling(context, run, coupling, own?.status === 'open' ? own : null);
    }
    await applyOne(commerce, context, run, operation, answers);
  });
  return { ...result, jobId: run.identity.jobId };
}

function choiceOf(
  context: LaneContext,
  error: SyncError,
  request: ActionRequest,
  operation: CustomerOperation,
): Choice | null {
  if (request.action !== 'synchronize') return null;
  // A part goes as a whole, or stays.
  if (request.winner === null && (request.fields.size === 0 || ends(operation)))
    throw new ActionRefused('winner-required', 'say which version wins: "winner" or "fields"', {}, error.id);
  for (const name of request.fields.keys()) {
    if (!context.prepared.indexOf.has(name))
      throw new ActionRefused('unknown-field', `the mapping has no field ${name}`, { field: name });
  }
  return { winner: request.winner, fields: request.fields };
}

const answersOf = (
  context: LaneContext,
  run: SingleRun,
  operation: CustomerOperation,
  request: ActionRequest,
  choice: Choice,
): Answers =>
  new Map([
    [
      operation.id,
      {
        choice,
        resolution: {
          at: context.surroundings.now().toISOString(),
          action: request.action,
          winner: request.winner,
          fields: resolutionFields(operation.resolution, choice),
          actor: request.actor,
          reason: request.reason,
          jobId: run.identity.jobId,
        },
      },
    ],
  ]);

/** Bound to what HQ held when the error was shown, or to the etag that the caller saw. The operation itself never changes. */
async function isStale(
  context: LaneContext,
  error: SyncError,
  request: ActionRequest,
  { hq }: OperationWork,
): Promise<boolean> {
  if (request.ifMatch === '*') return false;
  if (request.ifMatch !== null) return (await etagOf(context, error)) !== request.ifMatch;
  if (request.action !== 'synchronize') return false;
  if (hq === null) return true;
  const values = fieldValuesOf(context.prepared, 'hq', hq.values);
  return context.prepared.fields.some((field) => {
    const stored = error.fields.find(({ name }) => name === field.name);
    return stored !== undefined && !equalValues(field.type.hq, stored.hq, values[field.index] ?? null);
  });
}

function previewOf(context: LaneContext, { plan, hq }: OperationWork): WritePreview[] {
  const { prepared } = context;
  if (plan === null || plan.kind === 'failed' || hq === null) return [];
  const types = prepared.sides.hq.key.map((at) => prepared.sides.hq.types[at] as never);
  const key = keyToJson(prepared.mapping.hq.key, types, hq.key);
  if (plan.kind === 'delete') return [{ side: 'hq', operation: 'delete', key, fields: [] }];
  if (plan.writes.length === 0) return [];
  return [
    {
      side: 'hq',
      operation: 'update',
      key,
      fields: plan.writes.flatMap((write) => {
        const field = prepared.fields[write.index];
        if (field === undefined) return [];
        const json = (value: Value) => valueToJson(field.type.hq, value);
        return [{ name: field.name, old: json(write.old), new: json(write.to) }];
      }),
    },
  ];
}
