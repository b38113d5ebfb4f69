/**
 * Applies what was received: customers first, then their parts, each in the order of its counter per customer. A create
 * that failed holds back what is behind it; a failed update holds back nothing. Then the channel is told what HQ has.
 */
import pRetry from 'p-retry';
import type { OperationPart } from '../domain/operation-row.ts';
import { forgetLane } from '../engine/lane/lane-memory.ts';
import { letsOthersIn } from '../engine/lane/let-others-in.ts';
import { openLane } from '../engine/run/open-lane.ts';
import { readMarks } from '../engine/run/read-marks.ts';
import { singleRun } from '../engine/run/single-run.ts';
import { FenceLost, StoreBusy, StoreUnreachable } from '../errors/store-faults.ts';
import type { CustomerOperation } from '../ports/commerce.ts';
import { type Job, type JobCounters, noCounters } from '../ports/coupling-database.ts';
import { ActionRefused, type Asker } from '../ports/synchronizer.ts';
import { applyOperations } from './apply-operations.ts';
import { type CommerceSite, laneFor, operationStoreOf, partsOf, tableOf } from './commerce-site.ts';
import type { Moved, Stop } from './job-report.ts';

const BATCH_OPERATIONS = 1_000;
const LANE_WAIT_MS = 600_000;
/** Rounds in which only records that somebody else held were met. */
const PATIENT_ROUNDS = 5;
const RETRIES = { retries: 3, minTimeout: 50, factor: 3, randomize: true };

export interface Synchronized {
  counters: JobCounters;
  readonly moved: Moved;
  complete: boolean;
}

export async function synchronizeCustomers(
  commerce: CommerceSite,
  channel: string,
  job: Pick<Job, 'id'> & Asker,
  stop: Stop,
  moved: Moved,
): Promise<Synchronized> {
  const done: Synchronized = { counters: noCounters(), moved, complete: true };
  await Promise.all([readMarks(commerce.site, 'hq', null), readMarks(commerce.site, 'channel', channel)]);
  await commerce.database.blockAndRelease(channel);
  for (const part of partsOf(commerce.rules)) {
    if (!(await applyPart(commerce, channel, part, job, stop, done))) {
      done.complete = false;
      break;
    }
    await commerce.database.blockAndRelease(channel);
  }
  return done;
}

/** Bulk and idempotent: what was told before a crash is told again. */
export async function tellChannel(commerce: CommerceSite, channel: string): Promise<number> {
  const store = operationStoreOf(commerce, channel);
  let told = 0;
  for (;;) {
    const due = await commerce.database.toldNot(channel, BATCH_OPERATIONS);
    if (due.length === 0) return told;
    for (const [part, operations] of Map.groupBy(due, (operation) => operation.part)) {
      const counters = operations.map(({ counter }) => counter);
      // Of a part that is configured no more there is nobody to tell.
      if (partsOf(commerce.rules).includes(part))
        await store.complete(tableOf(commerce.rules, channel, part), counters);
      await commerce.database.noteTold(channel, part, counters);
    }
    told += due.length;
  }
}

/** Applies a batch; returns how many have to be tried again at once. */
type Apply = (operations: readonly CustomerOperation[]) => Promise<number>;

async function applyPart(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  job: Pick<Job, 'id'> & Asker,
  stop: Stop,
  done: Synchronized,
): Promise<boolean> {
  const due = (limit: number) =>
    commerce.database.dueOperations(channel, part, { tries: commerce.rules.tries, jobId: job.id, limit });
  if ((await due(1)).length === 0) return true;
  let complete = true;
  await inLane(commerce, channel, part, job, done, async (apply, letOthersIn) => {
    for (let patience = PATIENT_ROUNDS; patience > 0; ) {
      if (await stop()) {
        complete = false;
        return;
      }
      await letOthersIn();
      const operations = await due(BATCH_OPERATIONS);
      if (operations.length === 0) return;
      const again = await apply(operations);
      patience = again === operations.length ? patience - 1 : PATIENT_ROUNDS;
      // A create that failed just now holds back what the next round would take.
      await commerce.database.blockAndRelease(channel);
    }
  });
  return complete;
}

async function inLane(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  job: Pick<Job, 'id'> & Asker,
  done: Synchronized,
  work: (apply: Apply, letOthersIn: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const { site, memory } = commerce;
  const lane = laneFor(commerce, channel, part);
  const attempt = async (): Promise<void> => {
    const context = await openLane(site, memory, lane, LANE_WAIT_MS);
    if (!context) throw new StoreBusy('the mapping is busy; try again', { ...lane });
    try {
      const { stopped, paused } = context.state;
      // What was received stays due, as changes of the mapping do; what somebody asks of one operation is still done.
      if (paused) return;
      if (stopped)
        throw new ActionRefused('mapping-stopped', `${lane.mapping} stands still: ${stopped.code}`, {
          ...lane,
          cause: stopped.code,
        });
      const run = singleRun(site, lane, 'synchronize-customers', 'commerce', job, job.id, null);
      const late = new Set<string>();
      await work(async (operations) => {
        const applied = await applyOperations(commerce, context, { ...run, counters: done.counters }, operations, late);
        done.moved.rows += applied.synchronized;
        return applied.again;
      }, letsOthersIn(context));
    } catch (fault) {
      if (!(fault instanceof ActionRefused)) forgetLane(memory, lane);
      throw fault;
    } finally {
      await context.lock.release();
    }
  };
  await pRetry(attempt, {
    ...RETRIES,
    shouldRetry: ({ error }) =>
      error instanceof StoreBusy || error instanceof StoreUnreachable || error instanceof FenceLost,
  });
}
