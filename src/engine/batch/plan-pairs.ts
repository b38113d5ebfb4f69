/** From pairs to writes: each pair is decided by the one pure function, and its decision becomes writes and findings. */
import { decide } from '../../domain/decide.ts';
import type { DecideOptions, FieldWrite, PairDecision } from '../../domain/pair.ts';
import { valueSetOf } from '../../domain/prepare-mapping.ts';
import { otherSide, type Params, type RecordKey, type Side, type Value } from '../../domain/record.ts';
import type { LaneContext, RunIdentity } from '../lane/lane-context.ts';
import { describeMoved, describeRecord, type RecordingBuilder } from './build-recording.ts';
import type { Draft } from './draft.ts';
import { type Gathered, type PairWork, parentKeyOf } from './gather-pairs.ts';
import {
  changeDue,
  changedBeyondMapping,
  type ChangesMode,
  choiceOfReplacement,
  disputeDifferences,
  disputeReplaced,
  type FieldsDecision,
} from './hold-changes.ts';
import { type LedgerNote, type NoteField, writeNote } from './ledger-note.ts';
import { nextParents } from './next-parents.ts';
import { finding, type PlannedWrite, type Subject } from './subject.ts';

export interface PlanOptions {
  readonly decide: DecideOptions;
  /**
   * `defer`: deletions that a policy acts on wait for the end of the run, where the breaker counts them; `ask`: each
   * becomes an error whatever the policy; `approved`: a person let a mass deletion pass, which propagates also where the
   * policy is manual; `restore` and `propagate` are a person's word on one pair.
   */
  readonly deletions: 'defer' | 'carryOut' | 'ask' | 'approved' | 'restore' | 'propagate';
  /** Sides that were truncated: their deletions wait for the breaker even where the policy is manual. */
  readonly truncated: ReadonlySet<Side>;
  /** The error that an action answers; stands in the notes of its writes. */
  readonly errorId: string | null;
  /** The log entry that a revert takes back; likewise. */
  readonly reverts?: string;
  /**
   * After a store went back in time and a person let the mapping go on: every difference of a coupled pair waits for a
   * person, and nothing is written.
   */
  readonly compare?: boolean;
  /** What a breaker may have to stop; absent: as decided. */
  readonly changes?: ChangesMode;
  readonly heldSides?: ReadonlySet<Side>;
  /** An action on many errors: each write answers the open error of its own coupling. */
  readonly ownErrors?: boolean;
}

export interface BatchPlan {
  readonly context: LaneContext;
  readonly identity: RunIdentity;
  readonly options: PlanOptions;
  readonly gathered: Gathered;
  readonly builder: RecordingBuilder;
}

export function subjectOfPair(pair: PairWork): Subject {
  return {
    couplingId: pair.coupling.id,
    pair,
    loneSide: null,
    keys: { hq: pair.coupling.hqKey, channel: pair.coupling.channelKey },
    records: pair.records,
    oldRows: pair.oldRows,
    pending: pair.pending,
    openErrors: [],
    decision: null,
    verdict: { kind: 'settled' },
    writes: [],
    after: {},
  };
}

/** Decides an existing pair and plans what follows. */
export function planPair(plan: BatchPlan, subject: Subject): void {
  const pair = subject.pair as PairWork;
  const now = { hq: pair.now.hq, channel: pair.now.channel, base: pair.coupling.base };
  const decided = decide(plan.context.prepared, now, plan.gathered.translator, plan.options.decide);
  const choice = plan.options.changes === 'approved' ? choiceOfReplacement(decided) : null;
  const decision =
    choice === null
      ? decided
      : decide(plan.context.prepared, now, plan.gathered.translator, { ...plan.options.decide, choice });
  subject.decision = decision;
  subject.verdict = changeDue(plan.options, decision) ?? subject.verdict;
  if (subject.verdict.kind === 'changeDue') return;
  if (decision.kind === 'nothing') {
    const draft = plan.builder.draft(subject.couplingId);
    if (draft) draft.status = 'synchronized';
    return;
  }
  const draft = plan.builder.draftOf(pair.coupling);
  switch (decision.kind) {
    case 'frozen':
      draft.status = 'outOfFilter';
      subject.verdict = { kind: 'skipped' };
      return;
    case 'end':
      endPair(plan, subject, draft, decision.why);
      return;
    case 'deletion':
      planDeletion(plan, subject, draft, decision);
      return;
    case 'fields':
      planFields(plan, subject, draft, decision);
  }
}

/** Writes, agreements and findings of a decision on fields; for new pairs as well as for old ones. */
export function planFields(plan: BatchPlan, subject: Subject, draft: Draft, decision: FieldsDecision): void {
  subject.decision = decision;
  const problem = decision.problems[0];
  if (problem) {
    subject.verdict = finding(
      'failure',
      problem.code,
      { ...problem.params, field: problem.field },
      { waitsFor: problem.waitsFor },
    );
  }
  agreeFields(subject, draft, decision);
  if (decision.replacedAlike) logReplacedAlike(plan, subject, draft);
  if (decision.conflict && !problem) {
    const { code, fields, replacedIn } = decision.conflict;
    const params: Params = {
      fields: fields.map((field) => plan.context.prepared.fields[field.index]?.name ?? ''),
      field: plan.context.prepared.fields[fields[0]?.index ?? 0]?.name ?? null,
      ...(replacedIn.length > 0 && { replacedIn: [...replacedIn] }),
    };
    const conflicting = new Set(fields.map((field) => field.index));
    subject.verdict = finding('conflict', code, params, { conflicting });
    if (replacedIn.length > 0) disputeReplaced(plan.context.prepared, draft, conflicting, plan.options.decide.fields);
  }
  if (problem) return;
  const disputed = disputeDifferences(plan.options, plan.context.prepared, draft, decision);
  if (disputed !== null) {
    subject.verdict = disputed;
    return;
  }
  if (plan.context.prepared.references.length > 0)
    draft.parents = nextParents(plan.context.prepared, plan.gathered.parents, subject.pair, decision);
  const both = new Set(decision.toHq.map((write) => write.index));
  for (const side of ['hq', 'channel'] as const) {
    const fields = side === 'hq' ? decision.toHq : decision.toChannel;
    if (fields.length === 0) continue;
    // An own value goes to both sides: its base moves with the second write, the channel's, for until then the two differ.
    const later =
      side === 'hq'
        ? new Set(decision.toChannel.filter((write) => both.has(write.index)).map((write) => write.index))
        : null;
    planUpdate(plan, subject, side, fields, later, decision);
  }
}

function agreeFields(subject: Subject, draft: Draft, decision: FieldsDecision): void {
  const hq = subject.records.hq && subject.pair ? subject.pair.now.hq.values : null;
  const channel = subject.pair?.now.channel.values ?? null;
  if (!hq || !channel || decision.agreed.length === 0) return;
  for (const index of decision.agreed) {
    draft.base.hq[index] = hq[index] ?? null;
    draft.base.channel[index] = channel[index] ?? null;
    draft.base.states[index] = 'known';
  }
  draft.baseMoved = true;
}

function logReplacedAlike(plan: BatchPlan, subject: Subject, draft: Draft): void {
  const { identity } = plan;
  const side = subject.pair?.now.hq.deletedSince ? 'hq' : 'channel';
  plan.builder.log(draft, { ...identity, action: 'coupled', code: 'replaced-alike', params: { side } });
}

const directionCode = (decision: FieldsDecision, fields: readonly FieldWrite[]): string | null =>
  decision.byClock ? 'latest-wins' : fields.some((field) => field.because === 'policy') ? 'policy' : null;

function planUpdate(
  plan: BatchPlan,
  subject: Subject,
  side: Side,
  fields: readonly FieldWrite[],
  later: ReadonlySet<number> | null,
  decision: FieldsDecision,
): void {
  const { context } = plan;
  const record = subject.records[side];
  if (!record) return;
  const note: LedgerNote = {
    ...noteBase(plan, subject, side),
    operation: 'update',
    fields: noteFieldsOf(plan, subject, side, fields, later),
    code: directionCode(decision, fields),
  };
  addWrite(subject, side, note, {
    operation: 'update',
    key: record.key,
    version: record.version,
    read: record.values,
    set: valueSetOf(context.prepared, side, fields),
    note: writeNote(note),
  });
}

export function addWrite(subject: Subject, side: Side, note: LedgerNote, write: PlannedWrite['write']): void {
  subject.writes.push({ subject, side, note, write });
}

export function noteFieldsOf(
  plan: BatchPlan,
  subject: Subject,
  side: Side,
  fields: readonly FieldWrite[],
  later: ReadonlySet<number> | null,
): NoteField[] {
  const { prepared } = plan.context;
  return fields.map((field) => {
    const name = prepared.fields[field.index]?.name as string;
    if (field.cleared) {
      const key = parentKeyOf(plan.context, field.index, otherSide(side), field.from);
      const mapping = prepared.fields[field.index]?.field.references?.mapping;
      if (key && mapping)
        plan.builder.parts.waits.push({ couplingId: subject.couplingId, mapping, side: otherSide(side), key });
      return { name, from: field.from, cleared: true };
    }
    return later?.has(field.index) ? { name, from: field.from, baseLater: true } : { name, from: field.from };
  });
}

export function noteBase(
  plan: BatchPlan,
  subject: Subject,
  target: Side,
): Omit<LedgerNote, 'operation' | 'fields' | 'code'> {
  const { identity, context } = plan;
  const source = otherSide(target);
  const record = subject.records[source];
  const changedByAt = context.prepared.sides[source].modifiedBy;
  return {
    couplingId: subject.couplingId,
    target,
    sourceKey: subject.keys[source],
    sourceValues: null,
    sourceDescription: describeMoved(context.prepared, source, record?.values, subject.pair?.coupling),
    parents: null,
    jobId: identity.jobId,
    cause: identity.cause,
    actor: identity.actor,
    changedBy: record && changedByAt !== null ? (record.values[changedByAt] ?? null) : null,
    reason: identity.reason,
    requestId: identity.requestId,
    errorId: plan.options.errorId ?? (plan.options.ownErrors ? (subject.pair?.coupling.errorId ?? null) : null),
    reverts: plan.options.reverts ?? null,
  };
}

/** Couplings of the parents that the record refers to, as the given side names them. */
export const parentsOf = (plan: BatchPlan, side: Side, values: readonly Value[]): (string | null)[] =>
  plan.context.prepared.references.map((index) => plan.gathered.parents.couplingOf(index, side, values[index] ?? null));

function endPair(plan: BatchPlan, subject: Subject, draft: Draft, why: EndDecision['why']): void {
  draft.ended = [];
  for (const side of ['hq', 'channel'] as const) {
    const key = subject.keys[side];
    if (!subject.records[side] || !key) continue;
    // What exists is a new record when the old one was replaced; otherwise it stays uncoupled until a person speaks.
    if (why === 'replacedWhileOtherGone')
      plan.builder.parts.pend.push({ lane: plan.context.lane, side, key, deleted: false, oldRow: null });
    else draft.ended = [...draft.ended, { side, key }];
  }
  plan.builder.log(draft, { ...plan.identity, action: 'uncoupled', code: CODE_OF_END[why], params: {} });
}

type EndDecision = Extract<PairDecision, { kind: 'end' }>;

/** An uncoupling without a code is a person's. */
const CODE_OF_END: Readonly<Record<EndDecision['why'], string>> = {
  bothGone: 'both-deleted',
  deletedOutOfFilter: 'deleted-out-of-filter',
  replacedWhileOtherGone: 'replaced-while-other-gone',
};

function planDeletion(
  plan: BatchPlan,
  subject: Subject,
  draft: Draft,
  decision: Extract<PairDecision, { kind: 'deletion' }>,
): void {
  const { deletedIn } = decision;
  const survivor = otherSide(deletedIn);
  const oldRow = subject.oldRows[deletedIn];
  if (oldRow && draft.oldRows?.[deletedIn] !== oldRow) draft.oldRows = { ...draft.oldRows, [deletedIn]: oldRow };
  if (plan.options.deletions === 'restore') return planRestore(plan, subject, deletedIn);
  if (plan.options.deletions === 'propagate') return planPropagation(plan, subject, survivor);
  const survivorChanged = decision.survivorChanged || changedBeyondMapping(subject, draft, survivor);
  const policy = policyFor(plan, subject, decision);
  if (policy === 'manual' || (policy === 'propagate' && survivorChanged)) {
    const code = survivorChanged ? 'deleted-and-changed' : deletedIn === 'hq' ? 'deleted-in-hq' : 'deleted-in-channel';
    subject.verdict = finding(
      'deletion',
      code,
      { deletedIn, key: keyParam(subject.keys[deletedIn]) },
      { deletedIn, survivorChanged },
    );
    return;
  }
  if (plan.options.deletions === 'defer') {
    subject.verdict = { kind: 'deletionDue' };
    return;
  }
  if (policy === 'removeCoupling') {
    const key = subject.keys[survivor];
    draft.ended = key ? [{ side: survivor, key }] : [];
    plan.builder.log(draft, { ...plan.identity, action: 'uncoupled', code: 'deletion-policy', params: { deletedIn } });
    return;
  }
  if (policy === 'restore') planRestore(plan, subject, deletedIn);
  else planPropagation(plan, subject, survivor);
}

function policyFor(plan: BatchPlan, subject: Subject, decision: Extract<PairDecision, { kind: 'deletion' }>) {
  const { deletions, truncated } = plan.options;
  if (deletions === 'ask') return 'manual';
  const { deletedIn, policy } = decision;
  const isHeld = subject.pending.some((change) => change.side === deletedIn && change.state === 'held');
  const waits = deletions === 'defer' && (isHeld || truncated.has(deletedIn));
  return policy === 'manual' && (deletions === 'approved' || waits) ? 'propagate' : policy;
}

export const keyParam = (key: RecordKey | null): Params[string] => (key ? [...key] : null);

/** Recreates the record where it was deleted: the captured row, with the survivor's values over it. */
export function planRestore(plan: BatchPlan, subject: Subject, deletedIn: Side): void {
  const { prepared } = plan.context;
  const survivor = otherSide(deletedIn);
  const values = subject.pair?.now[survivor].values;
  const key = subject.keys[deletedIn];
  if (!values || !key) return;
  const fields: FieldWrite[] = [];
  for (const field of prepared.fields) {
    // What travels only the other way comes back from the captured row.
    const travels = deletedIn === 'hq' ? field.toHq : field.toChannel;
    if (!travels || field.columns[deletedIn].length === 0) continue;
    const translated = plan.gathered.translator.translate(field.index, deletedIn, values[field.index] ?? null);
    if (!translated.ok) {
      subject.verdict = finding(
        'failure',
        translated.code,
        { ...translated.params, field: field.name },
        { waitsFor: translated.waitsFor },
      );
      return;
    }
    fields.push({
      index: field.index,
      from: values[field.index] ?? null,
      to: translated.value,
      old: null,
      cleared: translated.cleared,
      because: 'choice',
    });
  }
  const note: LedgerNote = {
    ...noteBase(plan, subject, deletedIn),
    operation: 'restore',
    sourceValues: [...values],
    sourceDescription: describeRecord(prepared, survivor, subject.records[survivor]?.values ?? []),
    fields: noteFieldsOf(plan, subject, deletedIn, fields, null),
    code: null,
  };
  const write = {
    operation: 'restore',
    key,
    row: subject.oldRows[deletedIn] ?? {},
    set: valueSetOf(prepared, deletedIn, fields),
    note: writeNote(note),
  } as const;
  addWrite(subject, deletedIn, note, write);
}

/** Deletes the survivor and ends the coupling. */
export function planPropagation(plan: BatchPlan, subject: Subject, survivor: Side): void {
  const record = subject.records[survivor];
  if (!record) return;
  const note: LedgerNote = {
    ...noteBase(plan, subject, survivor),
    operation: 'delete',
    fields: [],
    endsCoupling: true,
    code: null,
  };
  addWrite(subject, survivor, note, {
    operation: 'delete',
    key: record.key,
    version: record.version,
    note: writeNote(note),
  });
}
