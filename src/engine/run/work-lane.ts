/**
 * The two halves of a run in one lane. First everything but deletions: what a full comparison finds, then what is
 * pending. Then, after all lanes that refer to this one, the deletions that a policy carries out, if the breaker lets them.
 */
import { travels } from '../../domain/mapping.ts';
import type { DecideOptions } from '../../domain/pair.ts';
import { PLAIN_RUN } from '../../domain/pair.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import {
  type Direction,
  directionTo,
  keyText,
  otherSide,
  type RecordKey,
  type Side,
  SIDES,
} from '../../domain/record.ts';
import type { JobScope } from '../../domain/terms.ts';
import { makeTranslator } from '../../domain/translate.ts';
import type { PendingChange, PendingState, TakenWork } from '../../ports/coupling-database.ts';
import type { StoredRecord } from '../../ports/store.ts';
import { type BatchesInFlight, batchesInFlight, refersToItself } from '../batch/batches-in-flight.ts';
import type { WorkItem } from '../batch/gather-pairs.ts';
import type { BatchOptions, Run } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { knownOf, type WorkAhead } from '../lane/work-ahead.ts';
import { announceScan } from './await-recording.ts';
import { breakChanges, changesToDefer, retellChanges } from './break-changes.ts';
import { breakDeletions, truncatedSides } from './break-deletions.ts';
import { owesComparison } from './compare-lineage.ts';
import { loadFilter } from './load-filter.ts';

/** Past a thousand the gain is small (measured: 1,000 to 5,000 within noise), and a batch is the grain of waiting. */
export const BATCH_RECORDS = 1_000;
/** Rounds over what moved meanwhile; whatever is still moving then stays pending for the next run. */
const ROUNDS = 8;
const PAUSE_MS = 20;

export interface LaneRequest {
  readonly scope: JobScope;
  readonly direction: Direction;
  /** Indices of fields; null: all. */
  readonly fields: ReadonlySet<number> | null;
  /** How a backlog is worked when others ask for a share of it; without it, it is not shared. */
  readonly share?: (context: LaneContext, run: Run, request: LaneRequest, options: BatchOptions) => Promise<boolean>;
  /** True between batches when the job is to be cancelled or the process to drain. */
  readonly stop: () => Promise<boolean>;
}

export function decideOptionsOf(request: LaneRequest): DecideOptions {
  return {
    ...PLAIN_RUN,
    full: request.scope === 'full',
    only: request.direction === 'both' ? null : request.direction,
    fields: request.fields,
  };
}

export function createSides(context: LaneContext, direction: LaneRequest['direction']): Set<Side> {
  const { mapping, fields } = context.prepared;
  if (mapping.coupledOnly) return new Set();
  // A record of which no field would say anything is not made.
  const isServed = (side: Side): boolean => fields.some(({ toHq, toChannel }) => (side === 'hq' ? toHq : toChannel));
  return new Set(
    SIDES.filter((side) => travels(mapping.direction, side) && travels(direction, side) && isServed(side)),
  );
}

export const optionsOf = (
  context: LaneContext,
  request: LaneRequest,
  deletions: BatchOptions['deletions'],
  late: Set<string>,
): BatchOptions => {
  const compare = owesComparison(context.state);
  return {
    decide: decideOptionsOf(request),
    deletions: compare ? 'ask' : deletions,
    compare,
    errorId: null,
    lone: {
      // In a store that went back in time nobody knows what a record without a partner is: new, or back from its end.
      createIn: compare ? new Set() : createSides(context, request.direction),
      ...(compare && { askIn: createSides(context, request.direction) }),
      match: !context.prepared.mapping.coupledOnly,
      byHand: false,
    },
    resolution: null,
    withResults: false,
    late,
    expectEmpty: false,
    truncated: truncatedSides(context.state.fullRunDue?.reason),
  };
};

/** Everything but deletions. False: stopped on request, the rest stays pending. */
export async function workChanges(context: LaneContext, run: Run, request: LaneRequest): Promise<boolean> {
  const { database, lane } = context;
  // As it was when the lock was got; what waits since then is for the next run.
  if (context.lock.first.pending.has('waiting'))
    for (const side of SIDES) await database.changePendingState(lane, side, 'waiting', 'due');
  const options = await optionsOfChanges(context, request);
  if (request.scope === 'full' && !(await compareAll(context, run, request, options))) return false;
  return workPending(context, run, request, options, ['due'], firstPage(context, request));
}

export async function optionsOfChanges(context: LaneContext, request: LaneRequest): Promise<BatchOptions> {
  const changes = await changesToDefer(context, request.scope);
  return { ...optionsOf(context, request, 'defer', new Set()), changes };
}

/** What came with the lock, unless changes have become due since, which would stand behind it. */
function firstPage({ lock, atHand }: LaneContext, { scope }: LaneRequest): WorkAhead | null {
  const { pending, retryDue, failures } = lock.first;
  return scope === 'full' || pending.has('waiting') || retryDue || failures ? null : atHand;
}

export async function workPending(
  context: LaneContext,
  run: Run,
  request: LaneRequest,
  options: BatchOptions,
  states: readonly PendingState[],
  first: WorkAhead | null = null,
): Promise<boolean> {
  let atHand = first;
  for (let round = 0; round < ROUNDS; round += 1) {
    let after: string | null = null;
    await using batches = batchesInFlight(context, run, options, states);
    for (;;) {
      if (await request.stop()) {
        await batches.drain();
        return false;
      }
      if (request.share && context.lock.state.sharing === 'asked' && !refersToItself(context)) {
        await batches.drain();
        if (!(await request.share(context, run, request, options))) return false;
        // Others have worked since it was read.
        atHand = null;
      }
      const known = atHand && knownOf(atHand);
      const taken: TakenWork = atHand ?? (await context.database.takeWork(context.lane, states, after, BATCH_RECORDS));
      atHand = null;
      const { changes, cursors } = taken;
      context.cursors = cursors;
      const last = changes.at(-1);
      if (!last) break;
      after = last.id;
      const items = itemsOf(request, changes, known);
      if (items.length > 0) await batches.work(items);
      if (changes.length < BATCH_RECORDS) break;
    }
    await batches.drain();
    if (batches.again === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (round + 1)));
  }
  return true;
}

export const itemsOf = (
  request: LaneRequest,
  changes: readonly PendingChange[],
  known: ReturnType<typeof knownOf> | null = null,
): readonly WorkItem[] =>
  changes.flatMap((pending): WorkItem[] =>
    flows(request, pending.side) ? [{ side: pending.side, key: pending.key, pending, ...known?.(pending) }] : [],
  );

/** Whether changes of this side are what the run was asked to carry. */
const flows = (request: LaneRequest, side: Side): boolean =>
  request.direction === 'both' || request.direction === directionTo(otherSide(side));

// ---------------------------------------------------------------- full comparison

/** Compares every coupled pair, then looks for records without a partner, on HQ and on the channel. */
async function compareAll(
  context: LaneContext,
  run: Run,
  request: LaneRequest,
  options: BatchOptions,
): Promise<boolean> {
  const { database, lane } = context;
  await using batches = batchesInFlight(context, run, options);
  let afterId: string | null = null;
  let coupled = 0;
  for (;;) {
    if (await request.stop()) {
      await batches.drain();
      return false;
    }
    const couplings = await database.scanCouplings(lane, afterId, BATCH_RECORDS);
    const last = couplings.at(-1);
    if (!last) break;
    afterId = last.id;
    coupled += couplings.length;
    await batches.work(couplings.map((coupling) => ({ side: 'hq', key: coupling.hqKey, pending: null })));
  }
  await batches.drain();
  const expectEmpty = coupled === 0 && (await context.tables.channel.count()) === 0;
  for (const side of SIDES) {
    // Where nothing was, there is now what this load has made; what others have made since has left marks, for the
    // cursor was taken before it was counted.
    if (side === 'channel' && expectEmpty) continue;
    if (!(await scanSide(context, run, request, { ...options, expectEmpty: expectEmpty && side === 'hq' }, side)))
      return false;
  }
  return true;
}

/** Records of one side that have no coupling, page by page, the next page read while this one is worked. */
async function scanSide(
  context: LaneContext,
  run: Run,
  request: LaneRequest,
  options: BatchOptions,
  side: Side,
): Promise<boolean> {
  const table = context.tables[side];
  // Ends after the last batch: whoever reads marks waits for what a page leads to.
  using scan = announceScan(context.database, context.lane);
  await using batches = batchesInFlight(context, run, options);
  const load = options.expectEmpty ? loadSide(context, options, side, batches) : null;
  let isRecorded = scan.page();
  let page = await table.scan(null, BATCH_RECORDS);
  while (page.length > 0) {
    if (await request.stop()) {
      await batches.drain();
      return false;
    }
    const isPageRecorded = isRecorded;
    isRecorded = scan.page();
    const last: RecordKey = (page.at(-1) as (typeof page)[number]).key;
    const next = table.scan(last, BATCH_RECORDS);
    next.catch(() => {});
    const records = page.filter(({ inFilter }) => inFilter);
    if (load) await load(await leftToScan(context, request, side, records));
    else await batches.work(await withoutCoupling(context, request, side, records, batches));
    void batches.landed().then(isPageRecorded);
    page = await next;
  }
  await batches.drain();
  return true;
}

/**
 * What is due is worked after the comparison: looked at here as well, it would be tried, and counted, twice in one run. So
 * is a record that got its key a moment ago: under the former one it may have a coupling, or be getting one just now, and
 * would be made a second time. Its mark will make it due.
 */
async function leftToScan(
  { database, lane, tables }: LaneContext,
  request: LaneRequest,
  side: Side,
  page: readonly StoredRecord[],
): Promise<readonly StoredRecord[]> {
  if (page.length === 0) return page;
  const keys = page.map((record) => record.key);
  // In this order: a mark that was read before the cursor was looked up has made its record due by now.
  const cursor = await database.loadCursor(side, side === 'hq' ? null : lane.channel);
  const [moved, pending] = await Promise.all([
    cursor === null ? new Set<string>() : tables[side].movedTo(keys, cursor),
    flows(request, side) ? database.pendingOf(lane, side, keys) : new Map<string, PendingChange>(),
  ]);
  const isLeft = (key: string): boolean => !moved.has(key) && pending.get(key)?.state !== 'due';
  return page.filter((record) => isLeft(keyText(record.key)));
}

async function withoutCoupling(
  context: LaneContext,
  request: LaneRequest,
  side: Side,
  page: readonly StoredRecord[],
  batches: BatchesInFlight,
): Promise<WorkItem[]> {
  // What is in flight may be coupling just these.
  await batches.drain();
  const uncoupled = await uncoupledOf(context, side, page);
  // Once more: a coupling may have followed its record to one of these keys since, together with the mark that told it.
  const left = await uncoupledOf(context, side, await leftToScan(context, request, side, uncoupled));
  return left.map((record) => ({ side, key: record.key, pending: null, record }));
}

async function uncoupledOf({ database, lane }: LaneContext, side: Side, page: readonly StoredRecord[]) {
  if (page.length === 0) return page;
  const keys = page.map((record) => record.key);
  const coupled = await database.couplingsByKey(lane, side, keys);
  return page.filter((record) => !coupled.has(keyText(record.key)));
}

/**
 * A first load, under the lock of a lane that has no coupling: what the load filter holds for new is made at once, what
 * may match a record of this load waits until that one is recorded and is then sought in the store like any other.
 */
function loadSide(context: LaneContext, options: BatchOptions, side: Side, batches: BatchesInFlight) {
  const filter = loadFilter(
    context,
    side,
    makeTranslator(context.prepared, () => null),
  );
  const unmatched: BatchOptions = { ...options, lone: { ...options.lone, match: false } };
  const ordinary: BatchOptions = { ...options, expectEmpty: false };
  return async (page: readonly StoredRecord[]): Promise<void> => {
    const fresh: WorkItem[] = [];
    const doubtful: WorkItem[] = [];
    for (const record of page) {
      const item = { side, key: record.key, pending: null, record };
      const isNew = filter.isNew(fieldValuesOf(context.prepared, side, record.values));
      (isNew ? fresh : doubtful).push(item);
    }
    if (fresh.length > 0) await batches.work(fresh, unmatched);
    if (doubtful.length > 0) await batches.work(doubtful, ordinary);
  };
}

// ---------------------------------------------------------------- deletions

const DEFERRED = ['deletion', 'change', 'replacement'] as const;
/** With those that a breaker holds, however many: only when others join them. */
const COUNTED = [...DEFERRED, 'held', 'changeHeld', 'replacementHeld'] as const;

/** Carries out what a breaker had to count first: updates and replaced records, then deletions that a policy acts on. */
export async function workDeletions(context: LaneContext, run: Run, request: LaneRequest): Promise<boolean> {
  const due = await context.database.countPending(context.lane, DEFERRED);
  if (SIDES.every((side) => DEFERRED.every((state) => due[side][state] === 0))) return true;
  const counts = await context.database.countPending(context.lane, COUNTED);
  const deferred = await breakChanges(context, run, counts, request.scope);
  if (deferred !== null) {
    const { states, heldSides } = deferred;
    const changes: BatchOptions = { ...optionsOf(context, request, 'defer', new Set()), heldSides };
    if (!(await workPending(context, run, request, changes, states))) return false;
    if (heldSides.size > 0) await retellChanges(context, run, request.scope);
  }
  if (counts.hq.deletion + counts.channel.deletion === 0) return true;
  const held = await breakDeletions(context, run, counts);
  if (held.size === SIDES.length) return true;
  const options: BatchOptions = {
    ...optionsOf(context, request, 'carryOut', new Set()),
    lone: { createIn: new Set(), match: false, byHand: false },
  };
  return workPending(context, run, request, options, ['deletion']);
}
