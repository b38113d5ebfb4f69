/** Couples two records by hand, or creates the partner of one, and decides the pair at once. */
import { PLAIN_RUN } from '../../domain/pair.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import { keyText, otherSide, type RecordKey, type Side, SIDES } from '../../domain/record.ts';
import { makeTranslator } from '../../domain/translate.ts';
import type { Coupling, SyncError } from '../../ports/coupling-database.ts';
import type { StoredRecord } from '../../ports/store.ts';
import { ActionRefused, type ActionResult } from '../../ports/synchronizer.ts';
import { type RecordingBuilder, recordingBuilder } from '../batch/build-recording.ts';
import { findParents, type Gathered, type LoneWork } from '../batch/gather-pairs.ts';
import { planCreateOnPurpose, planNewPair } from '../batch/plan-lone-records.ts';
import type { BatchPlan } from '../batch/plan-pairs.ts';
import { type BatchOptions, carryOut, completePlan, lateKeyOf } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { writePreview } from '../run/preview-lane.ts';
import type { SingleRun } from '../run/single-run.ts';

export interface CoupleKeys {
  readonly hqKey: RecordKey | null;
  readonly channelKey: RecordKey | null;
  readonly createIn: Side | null;
  readonly winner: Side | null;
  readonly dryRun: boolean;
  /** The error that this answers. */
  readonly answers: SyncError | null;
}

export interface CoupleResult extends ActionResult {
  readonly couplingId: string;
}

export async function coupleInContext(
  context: LaneContext,
  run: SingleRun,
  request: CoupleKeys,
): Promise<CoupleResult> {
  const records = await readRecords(context, request);
  const ended = await freePartners(context, request, records);
  const items = SIDES.flatMap((side): LoneWork[] => {
    const record = records[side];
    return record
      ? [{ side, key: record.key, pending: null, record, values: fieldValuesOf(context.prepared, side, record.values) }]
      : [];
  });
  const [first, second] = items;
  if (!first) throw new ActionRefused('record-not-found', 'there is no such record');
  const parents = await findParents(context, [], items);
  const gathered: Gathered = {
    pairs: [],
    lone: items,
    void: [],
    unproven: [],
    openErrors: [],
    parents,
    translator: makeTranslator(context.prepared, parents.find),
  };
  const options: BatchOptions = {
    decide: { ...PLAIN_RUN, choice: request.winner ? { winner: request.winner, fields: new Map() } : null },
    deletions: 'ask',
    truncated: new Set(),
    errorId: request.answers?.id ?? null,
    lone: { createIn: new Set(request.createIn ? [request.createIn] : []), match: false, byHand: true },
    resolution: request.answers
      ? {
          action: 'couple',
          winner: request.winner,
          fields: null,
          actor: run.identity.actor,
          reason: run.identity.reason,
        }
      : null,
    withResults: false,
    // Nothing else is written here that could make room: the first refusal is the answer.
    late: new Set([lateKeyOf(otherSide(first.side), first.side, first.key)]),
    expectEmpty: false,
  };
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const plan: BatchPlan = { context, identity: run.identity, options, gathered, builder };
  const ending = await endFormer(context, run, request, builder, ended);
  const subject = second ? planNewPair(plan, first, second.record, null, [], true) : planCreateOnPurpose(plan, first);
  if (!second) builder.parts.forgetUncoupled.push({ side: first.side, key: first.key });
  await completePlan(context, [subject]);
  const known = new Set([...ending, ...subject.openErrors].map(({ id }) => id));
  if (request.answers && !known.has(request.answers.id)) subject.openErrors.push(request.answers);
  const writes = subject.writes.map((write) => writePreview(context, write));
  if (request.dryRun)
    return { outcome: 'succeeded', jobId: null, writes, dependents: [], couplingId: subject.couplingId };
  await carryOut(context, run, plan, [subject], options);
  if (!second && subject.verdict.kind !== 'settled')
    throw refusedCreate(subject.verdict.kind === 'found' ? subject.verdict.finding.code : 'store-busy');
  return {
    outcome: subject.verdict.kind === 'found' && subject.verdict.finding.kind === 'failure' ? 'failed' : 'succeeded',
    jobId: run.identity.jobId,
    writes,
    dependents: [],
    couplingId: subject.couplingId,
  };
}

const refusedCreate = (code: string): ActionRefused =>
  new ActionRefused('create-refused', `the record could not be created: ${code}`, { cause: code });

async function readRecords(context: LaneContext, request: CoupleKeys): Promise<Record<Side, StoredRecord | null>> {
  const keys = { hq: request.hqKey, channel: request.channelKey };
  const records: Record<Side, StoredRecord | null> = { hq: null, channel: null };
  for (const side of SIDES) {
    const key = keys[side];
    if (!key) continue;
    const record = (await context.tables[side].read([key], null)).records.get(keyText(key));
    if (!record)
      throw new ActionRefused(
        'record-not-found',
        `there is no ${side} record with this key in ${context.lane.mapping}`,
        { side, key: [...key] },
      );
    records[side] = record;
  }
  return records;
}

/** With each coupling that gives way ends what was open of it: the deletion of the partner is answered by the new one. */
async function endFormer(
  context: LaneContext,
  run: SingleRun,
  { winner }: CoupleKeys,
  builder: RecordingBuilder,
  former: readonly Coupling[],
): Promise<readonly SyncError[]> {
  if (former.length === 0) return [];
  const couplingIds = former.map(({ id }) => id);
  const errors = await context.database.openErrors(context.lane, { couplingIds, hqKeys: [], channelKeys: [] });
  const { actor, reason, jobId } = run.identity;
  for (const coupling of former) {
    const draft = builder.draftOf(coupling);
    draft.ended = [];
    const own = errors.filter(({ couplingId }) => couplingId === coupling.id);
    const facts = { action: 'uncoupled', code: 'partner-replaced', errorId: own[0]?.id ?? null } as const;
    const logIds = [builder.log(draft, { ...run.identity, ...facts })];
    const resolution = { action: 'couple', winner, fields: null, actor, reason, jobId, logIds } as const;
    builder.parts.resolve.push(...own.map(({ id }) => ({ errorId: id, resolution })));
  }
  return errors;
}

/** A coupling whose partner was deleted gives way; a living one does not. */
async function freePartners(
  context: LaneContext,
  request: CoupleKeys,
  records: Readonly<Record<Side, StoredRecord | null>>,
): Promise<Coupling[]> {
  const ended: Coupling[] = [];
  for (const side of SIDES) {
    const record = records[side];
    if (!record) continue;
    const coupling = (await context.database.couplingsByKey(context.lane, side, [record.key])).get(keyText(record.key));
    if (!coupling || ended.some((known) => known.id === coupling.id)) continue;
    const other = otherSide(side);
    const partnerKey = other === 'hq' ? coupling.hqKey : coupling.channelKey;
    const partner = partnerKey
      ? (await context.tables[other].read([partnerKey], null)).records.get(keyText(partnerKey))
      : undefined;
    if (partner) {
      throw new ActionRefused('already-coupled', `this ${side} record is coupled already`, {
        side,
        key: [...record.key],
        couplingId: coupling.id,
        partner: partnerKey ? [...partnerKey] : null,
      });
    }
    ended.push(coupling);
  }
  return ended;
}
