/** One action on many operations: each is a result of its own, and one that fails stops none of the others. */
import type { OperationPart } from '../domain/operation-row.ts';
import { inActionLane } from '../engine/actions/act-on-error.ts';
import type { Outcome } from '../engine/lane/job-outcome.ts';
import { singleRun } from '../engine/run/single-run.ts';
import { StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import { asyncRecordName, type CustomerOperation } from '../ports/commerce.ts';
import { type Job, type JobResult, noCounters } from '../ports/coupling-database.ts';
import type { OperationBulk } from '../ports/customer-operations.ts';
import { ActionRefused, type Asker } from '../ports/synchronizer.ts';
import { applyOperations } from './apply-operations.ts';
import { type CommerceSite, laneFor, partsOf } from './commerce-site.ts';
import { dismissOperation, reopenOperation } from './dismiss-operation.ts';
import type { Stop } from './job-report.ts';
import { refuseUnfit, staleOperation } from './refuse-action.ts';
import { saveInContext } from './save-operation.ts';
import { after } from './synchronize-operation.ts';

const AT_ONCE = 1_000;
const PATIENT_ROUNDS = 5;

interface Bulk {
  readonly commerce: CommerceSite;
  readonly job: Job;
  readonly body: OperationBulk;
  readonly asker: Asker;
  readonly stop: Stop;
  readonly revisions: ReadonlyMap<string, number | null>;
  readonly counters: Outcome['counters'];
  done: number;
}

export async function operationsInBulk(commerce: CommerceSite, job: Job, stop: Stop): Promise<Outcome> {
  const body = job.body as unknown as OperationBulk;
  const bulk: Bulk = {
    commerce,
    job,
    body,
    asker: { actor: job.actor, reason: body.reason, requestId: job.requestId },
    stop,
    revisions: new Map(body.items.map(({ id, revision }) => [id, revision])),
    counters: noCounters(),
    done: 0,
  };
  await commerce.database.lapseEdits();
  const found = await loadAll(bulk);
  const complete = await actOnAll(bulk, found);
  return {
    status: complete ? 'succeeded' : 'cancelled',
    code: null,
    params: {},
    counters: bulk.counters,
    done: bulk.done,
  };
}

async function loadAll(bulk: Bulk): Promise<CustomerOperation[]> {
  const ids = bulk.body.items.map(({ id }) => id);
  const found: CustomerOperation[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE)
    found.push(...(await bulk.commerce.database.operationsById(ids.slice(at, at + AT_ONCE))));
  const known = new Set(found.map(({ id }) => id));
  await tell(
    bulk,
    ids.filter((id) => !known.has(id)).map((id) => resultOf(id, null, 'operation-not-found', {})),
  );
  return found;
}

/** Customers before their parts, each in the order of its counter: as jobs do it. */
async function actOnAll(bulk: Bulk, found: readonly CustomerOperation[]): Promise<boolean> {
  const { commerce } = bulk;
  const channels = [...new Set(found.map(({ channel }) => channel))];
  for (const channel of channels) {
    for (const part of partsOf(commerce.rules)) {
      const own = found
        .filter((operation) => operation.channel === channel && operation.part === part)
        .toSorted((a, b) => Number(BigInt(a.counter) - BigInt(b.counter)));
      for (let at = 0; at < own.length; at += AT_ONCE) {
        if (await bulk.stop()) return false;
        await actOnChunk(bulk, channel, part, own.slice(at, at + AT_ONCE));
      }
    }
    if (bulk.body.action === 'synchronize') await after(commerce, channel);
  }
  return true;
}

async function actOnChunk(
  bulk: Bulk,
  channel: string,
  part: OperationPart,
  operations: readonly CustomerOperation[],
): Promise<void> {
  const { commerce, asker, body } = bulk;
  const lane = laneFor(commerce, channel, part);
  if (body.action === 'save') {
    await inActionLane(commerce.site, commerce.memory, lane, async (context) => {
      for (const { id } of operations)
        await one(bulk, id, () =>
          saveInContext(
            commerce,
            context,
            id,
            bulk.revisions.get(id) ?? null,
            { values: body.values, reset: body.reset },
            asker,
          ),
        );
    });
    return;
  }
  if (body.action === 'synchronize') return synchronizeChunk(bulk, lane, operations);
  for (const seen of operations)
    await one(bulk, seen.id, async () => {
      const operation = await commerce.database.operationById(seen.id);
      refuseStale(bulk, operation);
      // A create that was dismissed before it has taken it along.
      if (body.action === 'dismiss' && operation?.status === 'dismissed' && seen.status !== 'dismissed') return;
      if (body.action === 'dismiss') await dismissOperation(commerce, seen.id, { ...asker, dryRun: false });
      else await reopenOperation(commerce, seen.id, asker);
    });
}

function refuseStale(bulk: Bulk, operation: CustomerOperation | null): void {
  const revision = operation === null ? null : (bulk.revisions.get(operation.id) ?? null);
  if (revision !== null && revision !== operation?.revision) throw staleOperation();
}

async function one(bulk: Bulk, id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    await tell(bulk, [resultOf(id, null, null, {})]);
  } catch (fault) {
    await tell(bulk, [refusalOf(id, fault)]);
  }
}

/** A store that is away fails the job, which is tried again as a whole; what one operation meets is its own. */
function refusalOf(id: string, fault: unknown): JobResult {
  if (fault instanceof StoreUnreachable) throw fault;
  if (fault instanceof ActionRefused || fault instanceof StoreBusy || fault instanceof StoreRefused)
    return resultOf(id, null, fault.code, fault.params);
  throw fault;
}

// ---------------------------------------------------------------- synchronize

async function synchronizeChunk(
  bulk: Bulk,
  lane: { readonly mapping: string; readonly channel: string },
  operations: readonly CustomerOperation[],
): Promise<void> {
  const { commerce, job, asker } = bulk;
  await commerce.database.blockAndRelease(lane.channel);
  const fitting: string[] = [];
  for (const { id } of operations) {
    const operation = await commerce.database.operationById(id);
    try {
      refuseStale(bulk, operation);
      if (operation) refuseUnfit(operation, 'synchronize', asker.actor);
      fitting.push(id);
    } catch (fault) {
      await tell(bulk, [refusalOf(id, fault)]);
    }
  }
  await inActionLane(commerce.site, commerce.memory, lane, async (context) => {
    const run = { ...singleRun(commerce.site, lane, 'bulk', 'commerce', asker, job.id, null), counters: bulk.counters };
    const late = new Set<string>();
    let left = await commerce.database.operationsById(fitting);
    left = left.toSorted((a, b) => Number(BigInt(a.counter) - BigInt(b.counter)));
    for (let patience = PATIENT_ROUNDS; left.length > 0 && patience > 0; ) {
      const batch = firstOfEach(left);
      const { again } = await applyOperations(commerce, context, run, batch, late);
      const now = await commerce.database.operationsById(batch.map(({ id }) => id));
      const tried = now.filter(({ id, attempts }) => attempts !== batch.find((before) => before.id === id)?.attempts);
      await tell(
        bulk,
        tried.map((operation) =>
          operation.status === 'synchronized' || operation.status === 'dismissed'
            ? resultOf(operation.id, operation, null, {})
            : resultOf(operation.id, operation, operation.code, operation.params),
        ),
      );
      const done = new Set(tried.map(({ id }) => id));
      left = left.filter(({ id }) => !done.has(id));
      patience = again === batch.length || done.size === 0 ? patience - 1 : PATIENT_ROUNDS;
    }
    await tell(
      bulk,
      left.map(({ id }) => resultOf(id, null, 'store-busy', {})),
    );
  });
}

/** Two of one customer are never in one batch: the second is decided by what the first left. */
function firstOfEach(operations: readonly CustomerOperation[]): CustomerOperation[] {
  const names = new Set<string>();
  return operations.filter(({ guid, partKey }) => {
    const name = asyncRecordName(guid ?? '', partKey ?? '');
    if (names.has(name)) return false;
    names.add(name);
    return true;
  });
}

// ---------------------------------------------------------------- results

async function tell(bulk: Bulk, results: readonly JobResult[]): Promise<void> {
  if (results.length === 0) return;
  const { site } = bulk.commerce;
  await site.database.addJobResults(bulk.job.id, results);
  bulk.done += results.length;
  await site.database.updateProgress(bulk.job.id, {
    counters: bulk.counters,
    done: bulk.done,
    total: bulk.body.items.length,
  });
}

const resultOf = (
  id: string,
  operation: CustomerOperation | null,
  code: string | null,
  params: JobResult['params'],
): JobResult => ({
  status: code === null ? 'succeeded' : 'failed',
  code,
  params: { ...params, operation: id },
  errorId: operation?.errorId ?? null,
  couplingId: operation?.couplingId ?? null,
  hqKey: null,
  channelKey: null,
  candidates: [],
  writes: null,
});
