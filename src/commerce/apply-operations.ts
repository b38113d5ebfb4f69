/**
 * A batch of operations on distinct customers (or parts), carried out in HQ: known records looked up, new ones matched or
 * numbered, all written at once, recorded with the operations in one transaction. All of one operation or nothing.
 */
import type { FieldWrite } from '../domain/pair.ts';
import { fieldValuesOf, setOf } from '../domain/prepare-mapping.ts';
import type { RecordKey, Value } from '../domain/record.ts';
import { makeTranslator } from '../domain/translate.ts';
import {
  baseOfMatched,
  describeRecord,
  type RecordingBuilder,
  recordingBuilder,
} from '../engine/batch/build-recording.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import { type LedgerNote, type NoteOperation, writeNote } from '../engine/batch/ledger-note.ts';
import { matchColumns, matchFields, probeOf } from '../engine/batch/match-lone-records.ts';
import { fieldOfColumn, recordParts, type Run } from '../engine/batch/work-batch.ts';
import type { CustomerOperation } from '../ports/commerce.ts';
import { type OperationOutcome, type OperationResolution, PLAIN_OUTCOME } from '../ports/operation-outcome.ts';
import type { StoredRecord, Write, WriteOutcome } from '../ports/store.ts';
import { type Answers, NO_ANSWERS, settleConflicts } from './answer-conflicts.ts';
import type { CommerceSite } from './commerce-site.ts';
import { type DrawnAccount, returnAccounts } from './draw-accounts.ts';
import { failedPlan, gatherOperations, type OperationWork, planOperations, withoutTwins } from './gather-operations.ts';
import { foundAtFirst, type OperationPlan } from './plan-operation.ts';

export interface Applied {
  /** Carried out, or ended as failed or in conflict. */
  readonly settled: number;
  readonly synchronized: number;
  /** Moved or busy meanwhile: due again at once. */
  readonly again: number;
  readonly works: readonly OperationWork[];
  readonly outcomes: readonly OperationOutcome[];
}

export async function applyOperations(
  commerce: CommerceSite,
  context: LaneContext,
  run: Run,
  operations: readonly CustomerOperation[],
  late: Set<string>,
  answers: Answers = NO_ANSWERS,
  plan: typeof planOperations = planOperations,
): Promise<Applied> {
  const gathered = await gatherOperations(commerce, context, operations);
  const works = withoutTwins(context, gathered);
  const choices = new Map([...answers].map(([id, { choice }]) => [id, choice]));
  await plan(commerce, context, works, { choices, rehearses: false });
  await context.surroundings.reach('decided', context.lane);
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const outcomes: OperationOutcome[] = [];
  const again = await writeAll(commerce, context, run, works, builder, outcomes, late, answers);
  const settled = [...(builder.parts.operations ?? []), ...outcomes];
  const answered = settleConflicts(context, run, works, settled, builder, answers);
  const parts = builder.build();
  parts.operations = answered;
  run.counters.coupled += parts.couple.length;
  await run.ensureJob();
  await recordParts(context, run, parts);
  await context.stores.hq.clearBatches(parts.batchIds);
  await context.surroundings.reach('ledger-cleared', context.lane);
  const synchronized = parts.operations.filter(({ status }) => status === 'synchronized').length;
  const waiting = gathered.length - works.length;
  return { settled: answered.length, synchronized, again: again + waiting, works, outcomes: answered };
}

// ---------------------------------------------------------------- writes

export interface Planned {
  readonly work: OperationWork;
  readonly note: LedgerNote;
  readonly write: Write;
}

async function writeAll(
  commerce: CommerceSite,
  context: LaneContext,
  run: Run,
  works: readonly OperationWork[],
  builder: RecordingBuilder,
  outcomes: OperationOutcome[],
  late: Set<string>,
  answers: Answers,
): Promise<number> {
  const planned: Planned[] = [];
  for (const work of works) {
    const resolution = answers.get(work.operation.id)?.resolution;
    if (work.plan === null || work.plan.kind === 'failed') {
      outcomes.push(ended(run, work, work.plan ?? failedPlan('internal-error')));
      run.counters.toHq.failed += 1;
      continue;
    }
    if (work.plan.kind === 'delete') {
      planned.push(plannedDelete(commerce, context, run, work, work.plan, resolution));
      continue;
    }
    const item = plannedWrite(commerce, context, run, work, work.plan, resolution);
    if (item) planned.push(item);
    else outcomes.push(withoutWrite(commerce, context, run, work, work.plan, builder));
  }
  if (planned.length === 0) return 0;
  await run.ensureJob();
  const batchId = context.database.newId();
  const written = await context.tables.hq.write({
    batchId,
    fence: context.fence,
    writes: planned.map(({ write }) => write),
    expectEmpty: false,
  });
  await context.surroundings.reach('hq-written', context.lane);
  builder.parts.batchIds.push(batchId);
  let again = 0;
  const drawn: DrawnAccount[] = [];
  for (const [at, item] of planned.entries()) {
    const outcome = written[at] as WriteOutcome;
    const { work } = item;
    if (work.account !== null)
      drawn.push({ account: work.account, refused: outcome.status === 'refused' || outcome.status === 'suppressed' });
    if (outcome.status === 'written') {
      if (work.coupling) builder.draftOf(work.coupling);
      const draft = builder.written(item.note, outcome);
      if (item.note.endsCoupling) draft.ended = [];
      work.made = item.note.operation === 'insert';
      if (outcome.held !== null)
        work.hq = { ...(work.hq ?? NEW_RECORD), key: outcome.key, version: outcome.version, values: outcome.held };
      run.counters.toHq[COUNTED[item.note.operation]] += 1;
    } else if (outcome.status === 'refused' || outcome.status === 'suppressed') {
      // A number that somebody else took meanwhile is drawn again, once.
      const unique = outcome.status === 'refused' && outcome.refusal.params['unique'] === true && work.account !== null;
      if (unique && !late.has(work.operation.id)) {
        late.add(work.operation.id);
        again += 1;
        continue;
      }
      outcomes.push(ended(run, work, refusedPlan(context, outcome)));
      run.counters.toHq.failed += 1;
    } else again += 1;
  }
  await returnAccounts(commerce, drawn);
  return again;
}

/** HQ speaks of its columns, whoever corrects the operation of its attributes. */
export const refusedPlan = (
  context: LaneContext,
  outcome: Extract<WriteOutcome, { status: 'refused' | 'suppressed' }>,
): Extract<OperationPlan, { kind: 'failed' }> => {
  if (outcome.status === 'suppressed') return failedPlan('write-suppressed', { side: 'hq' });
  const { code, params, blockedBy } = outcome.refusal;
  const field = fieldOfColumn(context, 'hq', params);
  return failedPlan(code, { ...field, ...params, ...(blockedBy && { blockedBy: [...blockedBy] }) });
};

const COUNTED = { insert: 'inserted', restore: 'inserted', update: 'modified', delete: 'deleted' } as const;
const NEW_RECORD = { inFilter: true } as const;

/** Until 1010 has made it in the channel there is nothing to be taken away there. */
function plannedDelete(
  commerce: CommerceSite,
  context: LaneContext,
  run: Run,
  work: OperationWork,
  plan: Extract<OperationPlan, { kind: 'delete' }>,
  resolution?: OperationResolution,
): Planned {
  const hq = work.hq as StoredRecord;
  const unseen = work.coupling?.channelKey === null;
  const whole = { kind: 'write', writes: [], conflict: null, found: plan.found, legs: null } as const;
  const note: LedgerNote = {
    ...noteOf(commerce, context, run, work, whole, [], resolution),
    operation: 'delete',
    ...(unseen && { endsCoupling: true as const }),
  };
  return { work, note, write: { operation: 'delete', key: hq.key, version: hq.version, note: writeNote(note) } };
}

export function plannedWrite(
  commerce: CommerceSite,
  context: LaneContext,
  run: Run,
  work: OperationWork,
  plan: Extract<OperationPlan, { kind: 'write' }>,
  resolution?: OperationResolution,
): Planned | null {
  const { rules } = commerce;
  const writes = withParent(commerce, context, work, plan.writes);
  const set = setOf(context.prepared, 'hq', writes);
  const { deactivateCustomer } = rules;
  if (work.operation.name === 'deactivateCustomer' && deactivateCustomer)
    set.set(deactivateCustomer.column, deactivateCustomer.value);
  if (set.size === 0 && work.hq !== null) return null;
  const note = noteOf(commerce, context, run, work, plan, writes, resolution);
  if (work.hq !== null) {
    const write: Write = {
      operation: 'update',
      key: work.hq.key,
      version: work.hq.version,
      set,
      note: writeNote(note),
    };
    return { work, note, write };
  }
  if (work.account !== null) set.set(rules.account.column, work.account);
  return {
    work,
    note,
    write: { operation: 'insert', set, unless: unlessMatched(context, work), note: writeNote(note) },
  };
}

/** Whose part it is only the GUID says; the channel may not have the customer yet. */
function withParent(
  commerce: CommerceSite,
  context: LaneContext,
  work: OperationWork,
  writes: readonly FieldWrite[],
): readonly FieldWrite[] {
  const { parent } = work;
  if (parent === null || work.hq !== null) return writes;
  const to = parent.hqKey.length === 1 ? (parent.hqKey[0] ?? null) : JSON.stringify(parent.hqKey);
  const known = { from: null, to, old: null, cleared: false, because: 'change' } as const;
  const ofParent = context.prepared.fields.flatMap(({ index, toHq, field }): FieldWrite[] =>
    toHq && field.references?.mapping === commerce.rules.customers ? [{ index, ...known }] : [],
  );
  const others = writes.filter(({ index }) => !ofParent.some((write) => write.index === index));
  return [...others, ...ofParent].toSorted((a, b) => a.index - b.index);
}

function noteOf(
  commerce: CommerceSite,
  context: LaneContext,
  run: Run,
  work: OperationWork,
  plan: Extract<OperationPlan, { kind: 'write' }>,
  writes: readonly FieldWrite[],
  resolution?: OperationResolution,
): LedgerNote {
  const { operation } = work;
  const { prepared } = context;
  const inserts = work.hq === null;
  const couples = work.coupling === null;
  const customerOperation: NoteOperation = {
    id: operation.id,
    guid: operation.guid ?? '',
    partKey: operation.partKey ?? '',
    counter: operation.counter,
    accountColumn: context.lane.mapping === commerce.rules.customers ? commerce.rules.account.column : null,
    creates: work.record === null,
    conflict: plan.conflict,
    found: foundAtFirst(operation, work.record?.seen, plan.found),
    ...(resolution && { resolution }),
  };
  const fieldOf = (write: FieldWrite) => {
    const name = prepared.fields[write.index]?.name ?? '';
    // An update leaves the base where it is: the channel's own record has not moved.
    return inserts ? { name, from: write.from } : { name, from: write.from, baseLater: true as const };
  };
  return {
    couplingId: work.coupling?.id ?? context.database.newId(),
    operation: inserts ? 'insert' : 'update',
    target: 'hq',
    fields: writes.map(fieldOf),
    sourceKey: null,
    sourceValues: couples ? [...work.values] : null,
    sourceDescription: couples ? describeValues(context, work.values) : null,
    parents: couples ? prepared.references.map((index) => parentCoupling(commerce, context, work, index)) : null,
    jobId: run.identity.jobId,
    cause: run.identity.cause,
    actor: run.identity.actor,
    changedBy: operation.createdBy,
    reason: run.identity.reason,
    requestId: run.identity.requestId,
    errorId: operation.errorId,
    reverts: null,
    code: null,
    customerOperation,
  };
}

const parentCoupling = (
  commerce: CommerceSite,
  context: LaneContext,
  work: OperationWork,
  index: number,
): string | null =>
  context.prepared.fields[index]?.field.references?.mapping === commerce.rules.customers
    ? (work.parent?.couplingId ?? null)
    : null;

/** What the channel would show of a record that it does not have yet. */
function describeValues(context: LaneContext, values: readonly Value[]): string {
  const { prepared } = context;
  const row = prepared.sides.channel.columns.map((_, place) => {
    const field = prepared.fields.find(({ columns }) => columns.channel.length === 1 && columns.channel[0] === place);
    return field ? (values[field.index] ?? null) : null;
  });
  return describeRecord(prepared, 'channel', row);
}

/** The match once more, within the statement that creates: somebody may have made the customer since it was sought. */
function unlessMatched(
  context: LaneContext,
  { values }: OperationWork,
): Extract<Write, { operation: 'insert' }>['unless'] {
  const translator = makeTranslator(context.prepared, () => null);
  return context.prepared.mapping.match.flatMap((group) => {
    const fields = matchFields(context, group.fields);
    const probe = probeOf(fields, 'channel', values, translator);
    if (!probe) return [];
    return [{ columns: matchColumns(context, fields, 'hq'), caseSensitive: group.caseSensitive, values: probe }];
  });
}

// ---------------------------------------------------------------- ends

function ended(run: Run, { operation, coupling }: OperationWork, plan: OperationPlan): OperationOutcome {
  const { code, params } = plan.kind === 'failed' ? plan : { code: 'internal-error', params: {} };
  return {
    id: operation.id,
    status: 'failed',
    jobId: run.identity.jobId,
    code,
    params,
    couplingId: coupling?.id ?? null,
    account: null,
    found: null,
    record: null,
    ...PLAIN_OUTCOME,
  };
}

/** HQ holds what the operation wants already, or all of it is in conflict. */
function withoutWrite(
  commerce: CommerceSite,
  context: LaneContext,
  run: Run,
  work: OperationWork,
  plan: Extract<OperationPlan, { kind: 'write' }>,
  builder: RecordingBuilder,
): OperationOutcome {
  const { operation, hq } = work;
  const plain = {
    id: operation.id,
    status: plan.conflict ? ('conflict' as const) : ('synchronized' as const),
    jobId: run.identity.jobId,
    code: plan.conflict?.code ?? null,
    params: plan.conflict?.params ?? {},
    found: foundAtFirst(operation, work.record?.seen, plan.found),
    ...PLAIN_OUTCOME,
  };
  if (hq === null) return { ...plain, couplingId: work.coupling?.id ?? null, account: null, record: null };
  let couplingId = work.coupling?.id;
  if (couplingId === undefined) {
    couplingId = context.database.newId();
    const keys: { hq: RecordKey; channel: null } = { hq: hq.key, channel: null };
    const draft = builder.newDraft(couplingId, keys, {
      hq: describeRecord(context.prepared, 'hq', hq.values),
      channel: describeValues(context, work.values),
    });
    draft.status = 'pending';
    baseOfMatched(
      context.prepared,
      draft,
      work.values,
      fieldValuesOf(context.prepared, 'hq', hq.values),
      plan.conflict,
    );
    builder.log(draft, { ...run.identity, cause: 'commerce', action: 'coupled', code: null, params: {} });
  }
  return {
    ...plain,
    couplingId,
    account: accountOf(commerce, context, hq),
    record: {
      mapping: context.lane.mapping,
      channel: context.lane.channel,
      guid: operation.guid ?? '',
      partKey: operation.partKey ?? '',
      couplingId,
      hqKey: work.coupling?.hqKey ?? hq.key,
      createdBy: work.record === null ? operation.id : null,
      seen: {},
    },
  };
}

const accountOf = (commerce: CommerceSite, context: LaneContext, hq: StoredRecord): string | null =>
  context.lane.mapping === commerce.rules.customers
    ? (hq.values[context.prepared.sides.hq.columns.indexOf(commerce.rules.account.column)] ?? null)
    : null;
