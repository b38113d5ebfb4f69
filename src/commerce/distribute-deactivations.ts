/**
 * What operations have ended in HQ goes in the channels too, before the ordinary run would ask somebody about it: whoever
 * deactivated it has decided. A record that was changed in the channel meanwhile is asked about all the same.
 */
import { PLAIN_RUN } from '../domain/pair.ts';
import { keyText } from '../domain/record.ts';
import type { WorkItem } from '../engine/batch/gather-pairs.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import { forgetLane } from '../engine/lane/lane-memory.ts';
import { openLane } from '../engine/run/open-lane.ts';
import { readMarks } from '../engine/run/read-marks.ts';
import { singleRun } from '../engine/run/single-run.ts';
import { type BatchOptions, carryOut, planBatch } from '../engine/batch/work-batch.ts';
import { StoreBusy } from '../errors/store-faults.ts';
import { type Job, type JobCounters, noCounters, type PendingChange } from '../ports/coupling-database.ts';
import type { Lane } from '../ports/store.ts';
import type { CommerceSite } from './commerce-site.ts';
import type { Stop } from './job-report.ts';

const LANE_WAIT_MS = 600_000;
const BATCH_RECORDS = 1_000;

/** Lanes of parts, children before parents; returns what was done. */
export async function distributeDeactivations(
  commerce: CommerceSite,
  lanes: readonly Lane[],
  job: Job,
  stop: Stop,
): Promise<JobCounters> {
  const counters = noCounters();
  await readMarks(commerce.site, 'hq', null);
  for (const lane of lanes.toReversed()) {
    if (await stop()) break;
    const [due, asked] = await Promise.all([
      deactivatedIn(commerce, lane, null),
      commerce.index.endedAndAsked(lane, BATCH_RECORDS),
    ]);
    if (due.length === 0 && asked.length === 0) continue;
    const context = await openLane(commerce.site, commerce.memory, lane, LANE_WAIT_MS);
    if (!context) throw new StoreBusy('the mapping is busy; try again', { ...lane });
    try {
      if (!context.state.stopped && !context.state.paused) await inLane(commerce, context, job, counters);
    } catch (fault) {
      forgetLane(commerce.memory, lane);
      throw fault;
    } finally {
      await context.lock.release();
    }
  }
  return counters;
}

async function inLane(commerce: CommerceSite, context: LaneContext, job: Job, counters: JobCounters): Promise<void> {
  const asker = { actor: job.actor, reason: null, requestId: job.requestId };
  const run = { ...singleRun(commerce.site, context.lane, '1010', 'commerce', asker, job.id, null), counters };
  const end = async (items: readonly WorkItem[]): Promise<void> => {
    const options = { ...optionsFor(context), ownErrors: true };
    const { plan, subjects } = await planBatch(context, run.identity, items, options);
    await carryOut(context, run, plan, subjects, options);
  };
  for (let after: string | null = null; ; ) {
    const changes = await deactivatedIn(commerce, context.lane, after);
    const last = changes.at(-1);
    if (!last) break;
    after = last.id;
    await end(changes.map((pending) => ({ side: 'hq', key: pending.key, pending }) as const));
  }
  // HQ's deletion may be seen here before the channel that asked for it has recorded it, or by a run that somebody asked
  // for: then it was listed as anybody's. Now it is known whose it was.
  const asked = await commerce.index.endedAndAsked(context.lane, BATCH_RECORDS);
  if (asked.length > 0) await end(asked.map((key) => ({ side: 'hq', key, pending: null }) as const));
}

/** Deleted in HQ by an operation, and not worked here yet. */
async function deactivatedIn(commerce: CommerceSite, lane: Lane, after: string | null): Promise<PendingChange[]> {
  for (let from = after; ; ) {
    const page = await commerce.site.database.takePending(lane, ['due'], from, BATCH_RECORDS);
    const last = page.at(-1);
    if (!last) return [];
    from = last.id;
    const gone = page.filter(({ side, deleted }) => side === 'hq' && deleted);
    if (gone.length === 0) continue;
    const known = await commerce.index.endedByOperation(
      lane.mapping,
      gone.map(({ key }) => key),
    );
    const found = gone.filter(({ key }) => known.has(keyText(key)));
    if (found.length > 0) return found;
  }
}

/** `approved` looks whether the survivor was changed; a policy that would bring the record back is for other deletions. */
function optionsFor({ prepared }: LaneContext): BatchOptions {
  const policy = prepared.mapping.deletions.inHq;
  return {
    decide: PLAIN_RUN,
    deletions: policy === 'manual' || policy === 'propagate' ? 'approved' : 'propagate',
    errorId: null,
    lone: { createIn: new Set(), match: false, byHand: false },
    resolution: null,
    withResults: false,
    late: new Set(),
    expectEmpty: false,
    truncated: new Set(),
  };
}
