/**
 * What a channel asks of HQ at once: the same operations as the asynchronous ones, carried out without being recorded in
 * the channel first. All of a call or nothing: what HQ refuses fails the call, and a new customer goes with its parts.
 */
import type { OperationName } from '../domain/describe-change.ts';
import { equalValues } from '../domain/equal-values.ts';
import { type OperationPart, operationName } from '../domain/operation-row.ts';
import type { FieldWrite } from '../domain/pair.ts';
import { fieldValuesOf } from '../domain/prepare-mapping.ts';
import type { Params, Value } from '../domain/record.ts';
import { inActionLane } from '../engine/actions/act-on-error.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import { singleRun, type SingleRun } from '../engine/run/single-run.ts';
import { StoreBusy } from '../errors/store-faults.ts';
import { HqRefused } from '../ports/channel-customers.ts';
import type { CustomerOperation } from '../ports/commerce.ts';
import { ActionRefused, type Asker } from '../ports/synchronizer.ts';
import { NO_ANSWERS } from './answer-conflicts.ts';
import { applyOperations, plannedWrite, refusedPlan } from './apply-operations.ts';
import { type CommerceSite, guidFieldOf, laneFor, operationStoreOf, partsOf, tableOf } from './commerce-site.ts';
import { gatherOperations, type OperationWork, PLAIN_PLAN, planOperations } from './gather-operations.ts';

const TRIES = 5;
const PAUSE_MS = 20;

export interface DirectOperation {
  /** Of a new customer its GUID: a call that lost HQ's answer is known by it when the operation comes the other way. */
  readonly id: string;
  readonly part: OperationPart;
  readonly guid: string;
  readonly partKey: string | null;
  readonly operation: 1 | 2 | 3;
  readonly values: Readonly<Record<string, Value>>;
  /** Where it stands in the body of the call. */
  readonly pointer: string;
}

export async function applyDirectly(
  commerce: CommerceSite,
  channel: string,
  operations: readonly DirectOperation[],
  asker: Asker,
): Promise<void> {
  const creates = operations.some(({ part, operation }) => part === 'customers' && operation === 1);
  const done: Done[] = [];
  try {
    // With one operation there is nothing that could be done by halves.
    if (!creates && operations.length > 1) await eachPart(commerce, channel, operations, rehearseAll);
    await eachPart(commerce, channel, operations, async (direct, context, own) => {
      const run = runOf(direct, context, asker);
      for (const operation of own) {
        done.push({ operation, work: await applyOne(direct, context, run, operation) });
      }
      await run.finish('succeeded');
    });
  } catch (fault) {
    if (fault instanceof HqRefused && creates) await undo(commerce, channel, done, asker);
    throw fault;
  }
}

/** `work`: as it was carried out. */
interface Done {
  readonly operation: DirectOperation;
  readonly work: OperationWork | null;
}

type Direct = CommerceSite & { readonly channel: string; readonly counters: ReadonlyMap<OperationPart, string> };
type PartWork = (direct: Direct, context: LaneContext, own: readonly DirectOperation[]) => Promise<void>;

/** Customers before what belongs to them. */
async function eachPart(
  commerce: CommerceSite,
  channel: string,
  operations: readonly DirectOperation[],
  work: PartWork,
): Promise<void> {
  const counters = new Map<OperationPart, string>();
  for (const part of partsOf(commerce.rules)) {
    const own = operations.filter((operation) => operation.part === part);
    if (own.length === 0) continue;
    // Later than whatever the channel has recorded, and not later than what it records next.
    const newest = await operationStoreOf(commerce, channel).newest(tableOf(commerce.rules, channel, part));
    counters.set(part, String(BigInt(newest) + 1n));
    const direct = { ...commerce, channel, counters };
    await inActionLane(commerce.site, commerce.memory, laneFor(commerce, channel, part), (context) =>
      work(direct, context, own),
    );
  }
}

const runOf = ({ site }: Direct, context: LaneContext, asker: Asker): SingleRun =>
  singleRun(site, context.lane, 'synchronize', 'commerce', asker, null, { direct: true });

/** Everything that HQ could refuse is tried before anything is kept. */
const rehearseAll: PartWork = async (direct, context, own) => {
  for (const operation of own) await plan(direct, context, operation, true);
};

/** A call never answers with half of what was asked: where HQ has other values by now, nothing is written. */
async function plan(direct: Direct, context: LaneContext, operation: DirectOperation, tries: boolean): Promise<void> {
  const [work] = await gatherOperations(direct, context, [operationOf(direct, operation)]);
  if (!work) return;
  await planOperations(direct, context, [work], { ...PLAIN_PLAN, rehearses: true });
  if (work.plan?.kind === 'failed') throw refused(operation, work.plan.code, work.plan.params);
  if (work.plan?.kind !== 'write') return;
  if (work.plan.conflict) throw refused(operation, work.plan.conflict.code, work.plan.conflict.params);
  const run = runOf(direct, context, NOBODY);
  const planned = tries ? plannedWrite(direct, context, run, work, work.plan) : null;
  if (!planned) return;
  const [outcome] = await context.tables.hq.write({
    batchId: context.database.newId(),
    fence: context.fence,
    writes: [planned.write],
    expectEmpty: false,
    rehearse: true,
  });
  if (outcome?.status !== 'refused' && outcome?.status !== 'suppressed') return;
  const { code, params } = refusedPlan(context, outcome);
  throw refused(operation, code, params);
}

const NOBODY: Asker = { actor: null, reason: null, requestId: null };

async function applyOne(
  direct: Direct,
  context: LaneContext,
  run: SingleRun,
  operation: DirectOperation,
): Promise<OperationWork | null> {
  const late = new Set<string>();
  try {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      await plan(direct, context, operation, false);
      const applied = await applyOperations(direct, context, run, [operationOf(direct, operation)], late);
      const outcome = applied.outcomes.find(({ id }) => id === operation.id);
      if (outcome && outcome.status !== 'synchronized')
        throw refused(operation, outcome.code ?? 'internal-error', outcome.params);
      if (applied.again === 0) return applied.works.find((work) => work.operation.id === operation.id) ?? null;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (attempt + 1)));
    }
    throw new StoreBusy('the customer is being changed by somebody else; try again', { ...context.lane });
  } catch (fault) {
    await run.finish('failed', fault instanceof ActionRefused ? fault.code : 'internal-error');
    throw fault;
  }
}

function refused({ pointer, part }: DirectOperation, code: string, params: Params): HqRefused {
  const field = typeof params['field'] === 'string' ? params['field'] : null;
  return new HqRefused(code, part === 'customers' ? params : { ...params, part }, field && `${pointer}/${field}`);
}

/**
 * Parts first. What the call made goes again; nobody else knows of it yet. Whom HQ had before stays, with the GUID, and
 * gets back the values that the call has changed.
 */
async function undo(commerce: CommerceSite, channel: string, done: readonly Done[], asker: Asker): Promise<void> {
  for (const { operation, work } of done.toReversed()) {
    const back: DirectOperation = { ...operation, operation: work?.made ? 3 : 2, values: {} };
    await eachPart(commerce, channel, [back], async (direct, context) => {
      const run = runOf(direct, context, { ...asker, reason: 'the rest of the call was refused' });
      // Without its name it is no deactivation, which would leave the customer in HQ.
      const each = { ...operationOf(direct, back), name: null };
      const planner = work?.made ? planOperations : planBack(commerce, work);
      await applyOperations(direct, context, run, [each], new Set(), NO_ANSWERS, planner);
      await run.finish('succeeded');
    });
  }
}

/** What HQ still holds as the call has written it. */
const planBack =
  ({ rules }: CommerceSite, done: OperationWork | null): typeof planOperations =>
  async (_commerce, { prepared }, works) => {
    const written = done?.plan?.kind === 'write' ? done.plan : null;
    const guidField = guidFieldOf(prepared.mapping, rules);
    for (const work of works) {
      const now = work.hq && fieldValuesOf(prepared, 'hq', work.hq.values);
      const writes = (written?.writes ?? []).flatMap((write): FieldWrite[] => {
        const field = prepared.fields[write.index];
        if (!field || !now || field.name === guidField) return [];
        if (!equalValues(field.type.hq, now[write.index] ?? null, write.to)) return [];
        return [{ ...write, from: written?.found?.[field.name] ?? null, to: write.old, old: write.to }];
      });
      work.plan = { kind: 'write', writes, conflict: null, found: null, legs: null };
    }
  };

function operationOf({ channel, counters }: Direct, direct: DirectOperation): CustomerOperation {
  const name: OperationName | null = operationName(direct.part, direct.operation);
  const at = new Date().toISOString();
  return {
    id: direct.id,
    channel,
    part: direct.part,
    counter: counters.get(direct.part) ?? '0',
    guid: direct.guid,
    name,
    status: 'received',
    operationTimestamp: at,
    receivedAt: at,
    createdBy: null,
    partKey: direct.partKey,
    row: { operation: String(direct.operation) },
    values: direct.values,
    snapshot: false,
    corrections: {},
    edits: [],
    code: null,
    params: {},
    attempts: 0,
    customerAccount: null,
    couplingId: null,
    distributed: null,
    couplingErrorId: null,
    blockedBy: null,
    jobId: null,
    found: null,
    base: null,
    terms: [],
    errorId: null,
    resolution: null,
    wrote: false,
    dismissal: null,
    editing: null,
    history: [],
    revision: 0,
  };
}
