/**
 * Operations in conflict: each has an ordinary synchronization error that shows the operation's values as the channel's.
 * When the conflict is over, by somebody's choice or by itself, the error ends in the same recording as the operation.
 */
import { newError } from '../engine/batch/new-error.ts';
import type { Choice } from '../domain/pair.ts';
import { fieldValuesOf } from '../domain/prepare-mapping.ts';
import type { Json } from '../domain/record.ts';
import { describeRecord, type RecordingBuilder } from '../engine/batch/build-recording.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import type { Run } from '../engine/batch/work-batch.ts';
import type { ErrorField, LogChange, SyncError } from '../ports/coupling-database.ts';
import type { OperationOutcome, OperationResolution } from '../ports/operation-outcome.ts';
import type { OperationWork } from './gather-operations.ts';
import type { Legs } from './plan-operation.ts';

/** What somebody chose, by the id of the operation. */
export interface Answer {
  readonly choice: Choice;
  readonly resolution: OperationResolution;
}
export type Answers = ReadonlyMap<string, Answer>;
export const NO_ANSWERS: Answers = new Map();

export function settleConflicts(
  context: LaneContext,
  run: Run,
  works: readonly OperationWork[],
  outcomes: readonly OperationOutcome[],
  builder: RecordingBuilder,
  answers: Answers,
): OperationOutcome[] {
  const byId = new Map(works.map((work) => [work.operation.id, work]));
  return outcomes.map((outcome) => {
    const work = byId.get(outcome.id);
    if (work === undefined) return outcome;
    const answer = answers.get(outcome.id) ?? null;
    const settling: Settling = { context, run, work, builder, answer };
    // What the store refuses of somebody's choice leaves the conflict open, with the new cause. Without its coupling the
    // operation has nothing left that it could be in conflict with.
    if (outcome.status === 'failed' && answer !== null && answer.resolution.action !== 'remove-coupling')
      return stillInConflict(settling, { ...outcome, status: 'conflict' });
    if (outcome.status === 'conflict') return stillInConflict(settling, outcome);
    return work.operation.errorId === null ? outcome : overNow(settling, outcome);
  });
}

interface Settling {
  readonly context: LaneContext;
  readonly run: Run;
  readonly work: OperationWork;
  readonly builder: RecordingBuilder;
  readonly answer: Answer | null;
}

function stillInConflict(settling: Settling, outcome: OperationOutcome): OperationOutcome {
  const { context, run, work, builder, answer } = settling;
  const { operation } = work;
  const error = conflictError(
    context,
    work,
    outcome,
    operation.errorId ?? context.database.newId(),
    run.identity.jobId,
  );
  builder.error(error);
  if (operation.errorId === null) {
    builder.log(keysOf(work, outcome), {
      ...run.identity,
      action: 'conflict',
      code: error.code,
      params: error.params,
      changedBy: operation.createdBy,
      errorId: error.id,
    });
  }
  run.counters.conflicts += 1;
  // Fields that were answered stay answered.
  const resolution = answer === null || outcome.code !== work.operation.code ? null : answer.resolution;
  return { ...outcome, errorId: error.id, ...(resolution && { resolution }) };
}

const keysOf = ({ coupling, hq }: OperationWork, { couplingId, record }: OperationOutcome) => ({
  id: couplingId,
  keys: { hq: coupling?.hqKey ?? record?.hqKey ?? hq?.key ?? null, channel: coupling?.channelKey ?? null },
});

function overNow(settling: Settling, outcome: OperationOutcome): OperationOutcome {
  const { context, run, work, builder, answer } = settling;
  const { operation } = work;
  const errorId = operation.errorId as string;
  const logId = builder.log(keysOf(work, outcome), {
    ...run.identity,
    action: 'resolved',
    code: answer?.resolution.action ?? 'automatic',
    params: { kind: 'conflict', code: operation.code, winner: answer?.resolution.winner ?? null },
    changes: lostValues(context, work),
    errorId,
  });
  const written = builder.parts.log.filter((entry) => entry.errorId === errorId && entry.id !== logId);
  builder.parts.resolve.push({
    errorId,
    resolution: {
      action: answer?.resolution.action ?? 'automatic',
      winner: answer?.resolution.winner ?? null,
      fields: answer?.resolution.fields ?? null,
      actor: run.identity.actor,
      reason: run.identity.reason,
      jobId: run.identity.jobId,
      logIds: [...written.map(({ id }) => id), logId],
    },
  });
  if (answer === null) return outcome;
  const { resolution } = answer;
  const reached = outcome.wrote || operation.wrote || operation.row['operation'] === '1';
  if (outcome.status !== 'synchronized' || reached) return { ...outcome, resolution };
  const reason = resolution.reason ?? 'the conflict was resolved: HQ wins';
  return {
    ...outcome,
    status: 'dismissed',
    resolution,
    dismissal: { at: resolution.at, actor: resolution.actor, reason },
  };
}

/** What the operation wanted and did not get stays in the log. */
function lostValues(context: LaneContext, { plan, operation, hq }: OperationWork): LogChange[] {
  if (plan?.kind !== 'write' || plan.legs === null || hq === null) return [];
  const written = new Set(plan.writes.map(({ index }) => index));
  const given = { ...operation.values, ...operation.corrections };
  return context.prepared.fields.flatMap(({ index, name }) => {
    const wanted = given[name];
    const held = plan.found?.[name] ?? null;
    if (wanted === undefined || written.has(index) || wanted === held) return [];
    return [{ field: name, side: 'channel' as const, old: wanted, new: held }];
  });
}

// ---------------------------------------------------------------- the error

function conflictError(
  context: LaneContext,
  work: OperationWork,
  outcome: OperationOutcome,
  id: string,
  jobId: string,
): SyncError {
  const { prepared, lane } = context;
  const { operation, coupling, hq } = work;
  const { modifiedAt, modifiedBy } = prepared.sides.hq;
  const code = outcome.code ?? 'update-conflict';
  const at = (place: number | null) => (place === null ? null : (hq?.values[place] ?? null));
  return newError({
    id,
    scope: 'record',
    lane,
    couplingId: outcome.couplingId,
    kind: 'conflict',
    code,
    params: outcome.params,
    attempts: operation.attempts + 1,
    jobId,
    hqRecord: {
      key: hq?.key ?? coupling?.hqKey ?? null,
      description: hq === null ? '' : describeRecord(prepared, 'hq', hq.values),
      exists: hq !== null,
      modifiedAt: at(modifiedAt),
      changedBy: at(modifiedBy),
      version: hq?.version ?? null,
    },
    channelRecord: {
      key: coupling?.channelKey ?? null,
      description: coupling?.channelDescription ?? '',
      exists: true,
      modifiedAt: operation.operationTimestamp,
      changedBy: operation.createdBy,
      version: null,
    },
    fields: work.plan?.kind === 'write' && work.plan.legs !== null ? errorFields(context, work, work.plan.legs) : [],
    operationId: operation.id,
  });
}

function errorFields({ prepared }: LaneContext, { hq }: OperationWork, legs: Legs): ErrorField[] {
  const now = hq === null ? legs.hq : fieldValuesOf(prepared, 'hq', hq.values);
  return prepared.fields.map(({ index, name }) => {
    const { base } = legs;
    const known = base !== null && (base.states === null || base.states[index] === 'known');
    const conflict = legs.conflicting.find((field) => field.index === index);
    return {
      name,
      base: known ? { hq: base.hq[index] ?? null, channel: base.channel[index] ?? null } : null,
      hq: now[index] ?? null,
      channel: legs.channel[index] ?? null,
      changedIn: conflict?.changedIn ?? [],
      conflicting: conflict !== undefined,
    };
  });
}

/** What was chosen, in words that the operation keeps; fields answered before stay among them. */
export function resolutionFields(before: OperationResolution | null, choice: Choice): Json {
  const earlier = before?.fields;
  const kept = typeof earlier === 'object' && earlier !== null && !Array.isArray(earlier) ? earlier : {};
  const chosen = [...choice.fields].map(([name, pick]) => [
    name,
    typeof pick === 'string' ? pick : { value: pick.value, side: pick.side },
  ]);
  const fields = { ...kept, ...(Object.fromEntries(chosen) as Record<string, Json>) };
  return Object.keys(fields).length === 0 ? null : fields;
}
