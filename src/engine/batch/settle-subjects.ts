/**
 * What becomes of every subject of a batch once the writes are done: its error opens, stays or ends, its pending
 * change goes or stays, its counters move. Every change ends somewhere.
 */
import { causeOfError } from '../../domain/cause-of-error.ts';
import { changedSides } from '../../domain/changed-sides.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import { directionTo, otherSide, type Side, type Value, type WriteDirection } from '../../domain/record.ts';
import type {
  ErrorField,
  ErrorRecord,
  ErrorResolution,
  JobCounters,
  JobResult,
  SyncError,
} from '../../ports/coupling-database.ts';
import type { LaneContext, RunIdentity } from '../lane/lane-context.ts';
import type { RecordingBuilder } from './build-recording.ts';
import { describeRecord } from './build-recording.ts';
import { keepForBreaker } from './hold-changes.ts';
import type { Finding, Subject } from './subject.ts';

export interface Settling {
  readonly context: LaneContext;
  readonly identity: RunIdentity;
  readonly builder: RecordingBuilder;
  readonly counters: JobCounters;
  /** How an error ends that a person acted on; null: by itself. */
  readonly resolution: Omit<ErrorResolution, 'jobId' | 'logIds'> | null;
  /**
   * The run was limited to one direction or to some fields: it says nothing of the rest, so it ends no error and takes
   * away no change that it did not look at whole.
   */
  readonly restricted: { readonly only: WriteDirection | null; readonly fields: boolean };
  /** True: a result per subject is kept with the job. */
  readonly withResults: boolean;
  /** Results of a kind of their own, in the same transaction; not asked about what is decided again. */
  readonly resultsOf?: ((subject: Subject) => readonly JobResult[]) | undefined;
}

const RETRY_FIRST_MS = 30_000;
const RETRY_LONGEST_MS = 3_600_000;
export const retryDelayMs = (attempts: number): number =>
  Math.min(RETRY_FIRST_MS * 2 ** Math.max(0, attempts - 1), RETRY_LONGEST_MS);

export function settleSubject(settling: Settling, subject: Subject): void {
  const { builder } = settling;
  const { verdict } = subject;
  let errorId: string | null = null;
  count(settling, subject);
  switch (verdict.kind) {
    case 'settled':
    case 'skipped':
      endErrors(settling, subject);
      finishPending(settling, subject);
      break;
    case 'again':
      leaveDue(settling, subject);
      break;
    case 'waiting':
      keepPending(settling, subject, 'waiting');
      break;
    case 'deletionDue':
      keepPending(settling, subject, 'deletion');
      break;
    case 'changeDue':
      keepForBreaker(builder, settling.context.lane, subject, verdict.state, verdict.sides);
      break;
    case 'found':
      errorId = openError(settling, subject, verdict.finding);
      finishPending(settling, subject);
      break;
  }
  if (verdict.kind === 'again') return;
  if (settling.withResults) builder.parts.results.push(resultOf(subject, errorId));
  if (settling.resultsOf) builder.parts.results.push(...settling.resultsOf(subject));
}

// ---------------------------------------------------------------- pending

function finishPending({ builder, restricted }: Settling, subject: Subject): void {
  if (restricted.fields) return;
  for (const change of subject.pending)
    if (restricted.only === null || directionTo(otherSide(change.side)) === restricted.only)
      builder.parts.done.push({ id: change.id, generation: change.generation, key: change.key });
}

function leaveDue({ context, builder }: Settling, subject: Subject): void {
  if (subject.pending.length > 0) return;
  const side = subject.loneSide ?? (subject.keys.hq ? 'hq' : 'channel');
  const key = subject.keys[side];
  if (key) builder.parts.pend.push({ lane: context.lane, side, key, deleted: false, oldRow: null });
}

function keepPending(settling: Settling, subject: Subject, state: 'waiting' | 'deletion'): void {
  const decision = subject.decision;
  if (state === 'deletion' && decision?.kind === 'deletion') {
    // The entry of the deleted side is the one that is counted; what else was pending for the pair is settled with it.
    const own = subject.pending.find((change) => change.side === decision.deletedIn);
    const key = subject.keys[decision.deletedIn];
    if (!own && key)
      settling.builder.parts.pend.push({
        lane: settling.context.lane,
        side: decision.deletedIn,
        key,
        deleted: true,
        oldRow: null,
      });
    for (const change of subject.pending) {
      if (change === own) settling.builder.parts.keep.push({ id: change.id, generation: change.generation, state });
      else settling.builder.parts.done.push({ id: change.id, generation: change.generation });
    }
    return;
  }
  if (subject.pending.length === 0) leaveDue(settling, subject);
  for (const change of subject.pending)
    settling.builder.parts.keep.push({ id: change.id, generation: change.generation, state });
}

// ---------------------------------------------------------------- errors

function endErrors(settling: Settling, subject: Subject): void {
  const { builder, identity, resolution, restricted } = settling;
  if (restricted.only !== null || restricted.fields) return;
  const draft = builder.draft(subject.couplingId);
  if (draft && subject.verdict.kind === 'settled') draft.status = 'synchronized';
  if (draft) draft.errorId = null;
  for (const error of subject.openErrors) {
    const logId = builder.log(draft ?? { keys: subject.keys, id: error.couplingId }, {
      ...identity,
      action: 'resolved',
      code: resolution?.action ?? 'automatic',
      params: { kind: error.kind, code: error.code, winner: resolution?.winner ?? null },
      errorId: error.id,
    });
    const logIds = [
      ...builder.parts.log.filter((entry) => entry.errorId === error.id && entry.id !== logId).map((entry) => entry.id),
      logId,
    ];
    builder.parts.resolve.push({
      errorId: error.id,
      resolution: {
        action: resolution?.action ?? 'automatic',
        winner: resolution?.winner ?? null,
        fields: resolution?.fields ?? null,
        actor: identity.actor,
        reason: identity.reason,
        jobId: identity.jobId,
        logIds,
      },
    });
    if (!draft && subject.pair) {
      const reopened = builder.draftOf(subject.pair.coupling);
      reopened.status = subject.verdict.kind === 'settled' ? 'synchronized' : reopened.status;
      reopened.errorId = null;
    }
  }
  // A pair whose error row was resolved elsewhere, or that comes back into the filter, takes its ordinary status again.
  const coupling = subject.loneSide === null ? subject.pair?.coupling : null;
  if (coupling && subject.verdict.kind === 'settled' && (coupling.status !== 'synchronized' || coupling.errorId)) {
    const back = builder.draftOf(coupling);
    back.status = 'synchronized';
    back.errorId = null;
  }
}

/** Answers its id, whether it is opened now or was open before. */
function openError(settling: Settling, subject: Subject, finding: Finding): string {
  const { builder, identity } = settling;
  const [before, ...others] = subject.openErrors;
  const found = sameReplacement(before, finding);
  const error = errorOf(settling, subject, found, before ?? subject.reopens ?? null);
  const isCoupled = builder.draft(subject.couplingId) !== undefined;
  if (isCoupled) {
    const draft = builder.draft(subject.couplingId);
    if (draft) {
      draft.status = found.kind;
      draft.errorId = error.id;
    }
  }
  if (before && sameError(before, error)) return error.id;
  builder.error(error);
  if (!before || before.code !== error.code || before.kind !== error.kind) {
    builder.log(builder.draft(subject.couplingId) ?? { keys: subject.keys, id: error.couplingId }, {
      ...identity,
      action: found.kind === 'failure' ? 'failed' : found.kind,
      code: found.code,
      params: found.params,
      changedBy: error.hqRecord.changedBy ?? error.channelRecord.changedBy,
      errorId: error.id,
    });
  }
  for (const other of others) {
    builder.parts.resolve.push({
      errorId: other.id,
      resolution: {
        action: 'automatic',
        winner: null,
        fields: null,
        actor: identity.actor,
        reason: null,
        jobId: identity.jobId,
        logIds: [],
      },
    });
  }
  return error.id;
}

/** A replaced record stays one, although the mark that told of it is gone. */
const sameReplacement = (before: SyncError | undefined, found: Finding): Finding =>
  before?.code === 'record-replaced' && found.code === 'initial-conflict'
    ? { ...found, code: before.code, params: { ...before.params, ...found.params } }
    : found;

/** An open conflict or deletion that is still the same is not written again: a run at rest writes nothing. */
const sameError = (before: SyncError, now: SyncError): boolean =>
  now.kind !== 'failure' &&
  before.kind === now.kind &&
  before.code === now.code &&
  before.hqRecord.version === now.hqRecord.version &&
  before.channelRecord.version === now.channelRecord.version &&
  JSON.stringify(before.fields) === JSON.stringify(now.fields);

/** Differences that a verification or a comparison found, and pairs that swing: a retry would undo or feed them. */
const FOR_SOMEBODY: ReadonlySet<string> = new Set(['verification-difference', 'partner-missing', 'swinging']);

function errorOf(settling: Settling, subject: Subject, found: Finding, before: SyncError | null): SyncError {
  const { context, identity } = settling;
  const { mapping } = context.prepared;
  const attempts = found.kind === 'failure' ? (before?.kind === 'failure' ? before.attempts : 0) + 1 : 1;
  const forSomebody = FOR_SOMEBODY.has(found.code);
  const parked = found.kind === 'failure' && (attempts >= mapping.failures.maxAttempts || forSomebody);
  const retryAt =
    found.kind === 'failure' && !parked
      ? new Date(context.surroundings.now().getTime() + retryDelayMs(attempts)).toISOString()
      : null;
  const coupled = subject.loneSide === null || settling.builder.draft(subject.couplingId) !== undefined;
  return {
    id: before?.id ?? context.database.newId(),
    scope: 'record',
    lane: context.lane,
    couplingId: coupled ? subject.couplingId : null,
    kind: found.kind,
    code: found.code,
    params: found.params,
    cause: causeOfError(mapping.name, found.code, found.params),
    status: 'open',
    parked,
    attempts,
    retryAt,
    jobId: identity.jobId,
    hqRecord: errorRecord(context, subject, 'hq'),
    channelRecord: errorRecord(context, subject, 'channel'),
    deletedIn: found.deletedIn,
    survivorChanged: found.survivorChanged,
    candidates: found.candidates,
    massDeletion: null,
    fields: errorFields(context, subject, found),
    waitsFor: found.waitsFor,
  };
}

function errorRecord(context: LaneContext, subject: Subject, side: Side): ErrorRecord {
  const record = subject.records[side];
  const { modifiedAt, modifiedBy } = context.prepared.sides[side];
  const known = side === 'hq' ? subject.pair?.coupling.hqDescription : subject.pair?.coupling.channelDescription;
  return {
    key: subject.keys[side],
    description: record ? describeRecord(context.prepared, side, record.values) : (known ?? ''),
    exists: record !== null,
    modifiedAt: record && modifiedAt !== null ? (record.values[modifiedAt] ?? null) : null,
    changedBy: record && modifiedBy !== null ? (record.values[modifiedBy] ?? null) : null,
    version: subject.after[side]?.version ?? record?.version ?? null,
  };
}

/** A record without a partner is shown with what it holds. */
function valuesRead(context: LaneContext, subject: Subject, side: Side): readonly Value[] | null {
  const record = subject.records[side];
  return record ? fieldValuesOf(context.prepared, side, record.values) : null;
}

function errorFields(context: LaneContext, subject: Subject, found: Finding): ErrorField[] {
  const values = (side: Side) =>
    subject.after[side]?.values ?? subject.pair?.now[side].values ?? valuesRead(context, subject, side);
  const hq = values('hq');
  const channel = values('channel');
  const base = subject.pair && subject.loneSide === null ? subject.pair.coupling.base : null;
  const decision = subject.decision;
  const conflicts = decision?.kind === 'fields' && decision.conflict ? decision.conflict.fields : [];
  return context.prepared.fields.map((field) => {
    const at = field.index;
    const state = base?.states?.[at] ?? 'known';
    const known = base && (state === 'known' || state === 'disputed');
    const former = known ? { hq: base.hq[at] ?? null, channel: base.channel[at] ?? null } : null;
    const now = { hq: hq ? (hq[at] ?? null) : undefined, channel: channel ? (channel[at] ?? null) : undefined };
    return {
      name: field.name,
      base: former,
      hq: now.hq ?? null,
      channel: now.channel ?? null,
      changedIn: conflicts.find(({ index }) => index === at)?.changedIn ?? changedSides(field, former, now),
      conflicting: found.conflicting.has(at),
    };
  });
}

// ---------------------------------------------------------------- counters and results

const directionsOf = ({ context }: Pick<Settling, 'context'>, subject: Subject): WriteDirection[] => {
  const sides = new Set(subject.pending.map((change) => change.side));
  if (sides.size > 0) return [...sides].map((side) => directionTo(otherSide(side)));
  if (subject.loneSide) return [directionTo(otherSide(subject.loneSide))];
  return [context.prepared.mapping.direction === 'toHq' ? 'toHq' : 'toChannel'];
};

/** Only Couplet's own writes coming back: nobody changed anything, so what was counted is not counted once more. */
function isEcho({ pair, pending, records, verdict, openErrors }: Subject): boolean {
  const known = verdict.kind === 'found' && verdict.finding.kind === 'conflict' && openErrors.length > 0;
  if (!pair && verdict.kind === 'settled' && !records.hq && !records.channel) return true;
  if (!pair || pending.length === 0 || !(known || verdict.kind === 'settled')) return false;
  return pending.every(({ side }) => {
    const written = pair.coupling.written[side];
    return written !== null && written === records[side]?.version;
  });
}

function count(settling: Settling, subject: Subject): void {
  const wrote = Object.keys(subject.after).length > 0;
  const { kind } = subject.verdict;
  if (kind === 'again' || (!wrote && isEcho(subject))) return;
  const add = (name: 'unchanged' | 'skipped'): void => {
    for (const direction of directionsOf(settling, subject)) settling.counters[direction][name] += 1;
  };
  if (kind === 'settled' && !wrote && settling.builder.draft(subject.couplingId)?.ended === undefined) add('unchanged');
  if (kind === 'skipped' || kind === 'waiting') add('skipped');
  countFinding(settling, subject);
}

/** Of a run and of a dry run alike. */
export function countFinding(settling: Pick<Settling, 'context' | 'counters'>, subject: Subject): void {
  const [{ counters }, { verdict }] = [settling, subject];
  if (verdict.kind !== 'found') return;
  if (verdict.finding.kind === 'conflict') counters.conflicts += 1;
  if (verdict.finding.kind === 'deletion') counters.deletions += 1;
  if (verdict.finding.code === 'match-ambiguous') counters.ambiguous += 1;
  for (const direction of directionsOf(settling, subject)) {
    if (verdict.finding.kind === 'failure') counters[direction].failed += 1;
    else counters[direction].skipped += 1;
  }
}

function resultOf(subject: Subject, errorId: string | null): JobResult {
  const { verdict } = subject;
  const failed = verdict.kind === 'found' ? verdict.finding : null;
  return {
    status: failed ? 'failed' : verdict.kind === 'settled' ? 'succeeded' : 'skipped',
    code: failed?.code ?? null,
    params: failed?.params ?? {},
    errorId,
    couplingId: subject.couplingId,
    hqKey: subject.keys.hq,
    channelKey: subject.keys.channel,
    candidates: failed?.candidates ?? [],
    writes: null,
  };
}
