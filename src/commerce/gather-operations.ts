/**
 * Before anything is written: which records the operations speak of, what HQ holds of them, and what each operation means
 * for it. New customers are sought in HQ before they are made there.
 */
import type { Choice, Translator } from '../domain/pair.ts';
import { fieldValuesOf } from '../domain/prepare-mapping.ts';
import { type KeyText, keyText, type Params, type Value } from '../domain/record.ts';
import { makeTranslator } from '../domain/translate.ts';
import { describeRecord } from '../engine/batch/build-recording.ts';
import { findParents, type LoneWork } from '../engine/batch/gather-pairs.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import { matchFields, matchLoneRecords, probeOf } from '../engine/batch/match-lone-records.ts';
import { asyncRecordName, type CustomerOperation } from '../ports/commerce.ts';
import type { Coupling, ErrorCandidate, PendingChange } from '../ports/coupling-database.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import type { StoredRecord } from '../ports/store.ts';
import { type CommerceSite, guidFieldOf, laneFor } from './commerce-site.ts';
import { drawAccounts } from './draw-accounts.ts';
import { partsByChannelKey } from './known-parts.ts';
import { fieldArray, type OperationPlan, planCreate, planMatched, planUpdate, valuesOf } from './plan-operation.ts';
import { planRemoval, refuseCascades } from './plan-removal.ts';

export interface OperationWork {
  readonly operation: CustomerOperation;
  readonly values: Value[];
  /** Of the customer that a part belongs to. */
  readonly parent: AsyncRecord | null;
  record: AsyncRecord | null;
  coupling: Coupling | null;
  hq: StoredRecord | null;
  plan: OperationPlan | null;
  account: string | null;
  /** HQ has the record through this operation. */
  made: boolean;
}

// ---------------------------------------------------------------- what is known

export async function gatherOperations(
  commerce: CommerceSite,
  context: LaneContext,
  operations: readonly CustomerOperation[],
): Promise<OperationWork[]> {
  const { channel } = context.lane;
  const part = operations[0]?.part ?? 'customers';
  const named = operations.map(({ guid, partKey }) => ({ guid: guid ?? '', partKey: partKey ?? '' }));
  const isPart = context.lane.mapping !== commerce.rules.customers;
  const recorded = await commerce.database.asyncRecords(context.lane, named);
  const parents = isPart
    ? await commerce.database.asyncRecords(
        laneFor(commerce, channel, 'customers'),
        named.map(({ guid }) => ({ guid, partKey: '' })),
      )
    : new Map<string, AsyncRecord>();
  const records = isPart
    ? new Map([...recorded, ...(await partsByChannelKey(commerce, channel, part, operations, recorded, parents))])
    : recorded;
  const couplings = await currentCouplings(context, [...records.values()]);
  const keys = [...couplings.values()].map(({ hqKey }) => hqKey);
  const read =
    keys.length > 0
      ? (await context.tables.hq.read(keys, context.cursors.hq)).records
      : new Map<string, StoredRecord>();
  const guidField = isPart ? null : guidFieldOf(context.prepared.mapping, commerce.rules);
  return operations.map((operation) => {
    const record = records.get(asyncRecordName(operation.guid ?? '', operation.partKey ?? '')) ?? null;
    const coupling = record ? (couplings.get(record.couplingId) ?? null) : null;
    const values = fieldArray(context.prepared, valuesOf(operation));
    const guidAt = guidField === null ? undefined : context.prepared.indexOf.get(guidField);
    if (guidAt !== undefined) values[guidAt] = operation.guid;
    return {
      operation,
      values,
      parent: parents.get(asyncRecordName(operation.guid ?? '', '')) ?? null,
      record,
      coupling,
      hq: coupling ? (read.get(keyText(coupling.hqKey)) ?? null) : null,
      plan: null,
      account: null,
      made: false,
    };
  });
}

/** By the id that the record names. One that was ended and coupled again goes on under its new id: the GUID is for ever. */
async function currentCouplings(
  context: LaneContext,
  records: readonly AsyncRecord[],
): Promise<ReadonlyMap<string, Coupling>> {
  const couplings = new Map(await context.database.couplingsById(records.map(({ couplingId }) => couplingId)));
  const lost = records.filter(({ couplingId }) => isOver(couplings.get(couplingId) ?? null));
  if (lost.length === 0) return couplings;
  const again = await context.database.couplingsByKey(
    context.lane,
    'hq',
    lost.map(({ hqKey }) => hqKey),
  );
  for (const { couplingId, hqKey } of lost) {
    const coupling = again.get(keyText(hqKey));
    if (coupling) couplings.set(couplingId, coupling);
  }
  return couplings;
}

/**
 * Two new records that match each other wait for one another: the second is sought when the first is there, so that a
 * person whom two tills created becomes one customer.
 */
export function withoutTwins(context: LaneContext, works: readonly OperationWork[]): readonly OperationWork[] {
  const translator = makeTranslator(context.prepared, () => null);
  const taken = new Set<string>();
  return works.filter((work) => {
    if (work.record !== null) return true;
    const names = context.prepared.mapping.match.flatMap((group, at) => {
      const probe = probeOf(matchFields(context, group.fields), 'channel', work.values, translator);
      if (!probe) return [];
      const text = JSON.stringify([at, probe]);
      return [group.caseSensitive ? text : text.toLowerCase()];
    });
    if (names.some((name) => taken.has(name))) return false;
    for (const name of names) taken.add(name);
    return true;
  });
}

// ---------------------------------------------------------------- plans

const CREATES: ReadonlySet<string> = new Set([
  'createCustomer',
  'createAddress',
  'upsertContact',
  'upsertAffiliation',
  'setAttribute',
]);
export const failedPlan = (code: string, params: Params = {}): Extract<OperationPlan, { kind: 'failed' }> => ({
  kind: 'failed',
  code,
  params,
});

export interface PlanAsked {
  /** What somebody chose where an operation is in conflict, by its id. */
  readonly choices: ReadonlyMap<string, Choice>;
  /** Nothing is kept, so no number is taken from the sequence. */
  readonly rehearses: boolean;
}

export const PLAIN_PLAN: PlanAsked = { choices: new Map(), rehearses: false };

export async function planOperations(
  commerce: CommerceSite,
  context: LaneContext,
  works: readonly OperationWork[],
  asked: PlanAsked,
): Promise<void> {
  const translator = await translatorFor(context, works);
  const fresh: OperationWork[] = [];
  const isPart = context.lane.mapping !== commerce.rules.customers;
  const guidField = isPart ? null : guidFieldOf(context.prepared.mapping, commerce.rules);
  const pending = isPart ? await pendingOfRemoved(context, works) : NO_PENDING;
  for (const work of works) {
    const { operation, record, coupling, hq } = work;
    const choice = asked.choices.get(operation.id) ?? null;
    if (isPart && work.parent === null) work.plan = failedPlan('customer-not-found', { account: operation.guid });
    else if (record === null && CREATES.has(operation.name ?? '')) fresh.push(work);
    // A part that was taken away and comes again under its key is a new one.
    else if (isPart && CREATES.has(operation.name ?? '') && !ends(operation) && (isOver(coupling) || hq === null)) {
      Object.assign(work, { record: null, coupling: null, hq: null });
      fresh.push(work);
    } else if (record === null)
      work.plan = isPart
        ? failedPlan('record-not-found', { key: operation.partKey, mapping: context.lane.mapping })
        : failedPlan('customer-not-found', { account: operation.guid });
    // Gone already: what a deactivation wants is so.
    else if (ends(operation) && isPart && (isOver(coupling) || hq === null)) work.plan = NOTHING;
    // Made directly in HQ, whose answer was lost: then the GUID stands for the operation that the call would have been.
    else if (
      operation.name === 'createCustomer' &&
      record.createdBy !== operation.id &&
      record.createdBy !== record.guid
    )
      work.plan = failedPlan('guid-in-use', { guid: operation.guid });
    else if (coupling === null || hq === null) work.plan = failedPlan('deleted-in-hq', { key: [...record.hqKey] });
    else if (isOver(coupling)) work.plan = failedPlan('coupling-ended', { couplingId: coupling.id });
    else if (operation.name === 'deactivateCustomer') work.plan = planDeactivation(commerce, operation);
    else if (ends(operation))
      work.plan = planRemoval(context, { operation, coupling, seen: record.seen, hq, translator, choice, pending });
    else {
      work.plan = planUpdate(context.prepared, operation, coupling, record.seen, hq, translator, { guidField, choice });
    }
  }
  if (isPart) await refuseCascades(context, works);
  await planFresh(commerce, context, fresh, translator, asked.rehearses);
}

const NO_PENDING: ReadonlyMap<KeyText, PendingChange> = new Map();

async function pendingOfRemoved(context: LaneContext, works: readonly OperationWork[]) {
  const keys = works.flatMap(({ operation, hq }) => (ends(operation) && hq !== null ? [hq.key] : []));
  return keys.length === 0 ? NO_PENDING : context.database.pendingOf(context.lane, 'hq', keys);
}

const isOver = (coupling: Coupling | null): boolean => coupling === null || coupling.status === 'ended';
export const ends = ({ row }: CustomerOperation): boolean => row['operation'] === '3';
const NOTHING: OperationPlan = { kind: 'write', writes: [], conflict: null, found: null, legs: null };

const planDeactivation = ({ rules }: CommerceSite, operation: CustomerOperation): OperationPlan =>
  rules.deactivateCustomer === null
    ? failedPlan('operation-not-supported', { operation: operation.name })
    : { ...NOTHING };

/** With the partners of all that the operations refer to, and of all that HQ's records refer to. */
async function translatorFor(context: LaneContext, works: readonly OperationWork[]): Promise<Translator> {
  const inHq = works.flatMap(({ hq }): LoneWork[] => {
    if (hq === null) return [];
    const values = fieldValuesOf(context.prepared, 'hq', hq.values);
    return [{ side: 'hq', key: hq.key, pending: null, record: hq, values }];
  });
  const parents = await findParents(context, [], [...works.map(loneWork), ...inHq]);
  return makeTranslator(context.prepared, parents.find);
}

/** A new customer is sought in HQ before it is made there. */
async function planFresh(
  commerce: CommerceSite,
  context: LaneContext,
  works: readonly OperationWork[],
  translator: Translator,
  rehearses: boolean,
): Promise<void> {
  if (works.length === 0) return;
  const { prepared } = context;
  const byItem = new Map(works.map((work) => [loneWork(work), work]));
  const { matched, unmatched, ambiguous } = await matchLoneRecords(
    context,
    'channel',
    [...byItem.keys()],
    translator,
    false,
  );
  const guidField = guidFieldOf(prepared.mapping, commerce.rules);
  const guidIndex = guidField === null ? null : (prepared.indexOf.get(guidField) ?? null);
  const met: OperationWork[] = [];
  for (const { item, partner } of matched) {
    const work = byItem.get(item) as OperationWork;
    work.hq = partner;
    met.push(work);
  }
  for (const { item, candidates } of ambiguous) {
    const work = byItem.get(item) as OperationWork;
    if (await meetsCoupled(context, work, candidates)) met.push(work);
  }
  if (met.length > 0) {
    const knowing = await translatorFor(context, met);
    for (const work of met) {
      const record = work.hq as StoredRecord;
      work.plan = namingMatched(context, record, planMatched(prepared, work.values, record, knowing, guidIndex));
    }
  }
  const creates = unmatched.map((item) => byItem.get(item) as OperationWork);
  for (const work of creates) {
    const unsaid = context.lane.mapping === commerce.rules.customers ? null : unsaidField(commerce, context, work);
    work.plan =
      unsaid === null
        ? planCreate(prepared, work.values, translator)
        : failedPlan('required-value-missing', { field: unsaid, side: 'hq' });
  }
  const numbered = creates.filter(({ plan }) => plan?.kind === 'write');
  if (context.lane.mapping !== commerce.rules.customers) return;
  const accounts = await drawAccounts(commerce, context, numbered.length, !rehearses);
  for (const [at, work] of numbered.entries()) work.account = accounts[at] ?? null;
}

/** The same person once more: this GUID names the customer too. */
async function meetsCoupled(
  context: LaneContext,
  work: OperationWork,
  candidates: readonly ErrorCandidate[],
): Promise<boolean> {
  const [only] = candidates;
  const coupling =
    candidates.length === 1 && only
      ? (await context.database.couplingsByKey(context.lane, 'hq', [only.key])).get(keyText(only.key))
      : undefined;
  const record = coupling
    ? (await context.tables.hq.read([coupling.hqKey], context.cursors.hq)).records.get(keyText(coupling.hqKey))
    : undefined;
  if (coupling && record) {
    Object.assign(work, { coupling, hq: record });
    return true;
  }
  work.plan = failedPlan('match-ambiguous', {
    candidates: candidates.length,
    ...(candidates.length > 1 && { several: candidates.length }),
    matchedOn: [...(only?.matchedOn ?? [])],
    found: candidates.map(({ key, description }) => ({ key: [...key], description })),
  });
  return false;
}

/** What stands in the way lies in a record that the caller has not named: without its name nobody would know why. */
function namingMatched({ prepared }: LaneContext, record: StoredRecord, plan: OperationPlan): OperationPlan {
  const matched = describeRecord(prepared, 'hq', record.values);
  if (plan.kind === 'failed') return { ...plan, params: { ...plan.params, matched } };
  if (plan.kind !== 'write' || plan.conflict === null) return plan;
  return { ...plan, conflict: { ...plan.conflict, params: { ...plan.conflict.params, matched } } };
}

/** A new part that says nothing would be an empty address; the field is the first that it could say. */
function unsaidField({ rules }: CommerceSite, { prepared }: LaneContext, { values }: OperationWork): string | null {
  const own = prepared.fields.filter(({ toHq, columns, field }) => {
    return toHq && columns.channel.length > 0 && field.references?.mapping !== rules.customers;
  });
  return own.every(({ index }) => (values[index] ?? null) === null) ? (own[0]?.name ?? null) : null;
}

const loneWork = ({ operation, values }: OperationWork): LoneWork => {
  const key = [operation.guid ?? '', operation.partKey ?? ''];
  return { side: 'channel', key, pending: null, record: { key, values: [], version: '', inFilter: true }, values };
};
