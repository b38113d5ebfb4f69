/**
 * The marks that an action's own writes left in the stores, settled before it answers: whoever looks at the pair next
 * finds it in step, not waiting for a run that will find nothing. Were it left out, nothing but that look would differ.
 */
import { PLAIN_RUN } from '../../domain/pair.ts';
import { SIDES } from '../../domain/record.ts';
import { type JobCounters, noCounters } from '../../ports/coupling-database.ts';
import { type BatchOptions, carryOut, planBatch, type Run } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { Site } from '../lane/site.ts';
import { changesToDefer } from './break-changes.ts';
import { readMarks } from './read-marks.ts';
import { type LaneRequest, optionsOf, workPending } from './work-lane.ts';

const AS_IN_A_RUN: Omit<BatchOptions, 'truncated' | 'late' | 'deletions'> = {
  decide: PLAIN_RUN,
  errorId: null,
  lone: { createIn: new Set(), match: false, byHand: false },
  resolution: null,
  withResults: false,
  expectEmpty: false,
};

/**
 * Under the lane's lock. A change that somebody made meanwhile is among the marks, and is decided as in any run.
 * `deletions`: `ask` where one of the marks is of a deletion that no policy is to act on.
 */
export async function settleOwnMarks(
  site: Site,
  context: LaneContext,
  run: Run,
  couplingId: string,
  deletions: 'defer' | 'ask' = 'defer',
): Promise<void> {
  const { database, lane } = context;
  const [coupling] = await Promise.all([
    database.couplingsById([couplingId]).then((couplings) => couplings.get(couplingId)),
    readMarks(site, 'hq', null),
    readMarks(site, 'channel', lane.channel),
  ]);
  if (!coupling || coupling.status === 'ended') return;
  const keys = { hq: coupling.hqKey, channel: coupling.channelKey };
  const pending = await Promise.all(
    SIDES.map((side) => (keys[side] ? database.pendingOf(lane, side, [keys[side]]) : Promise.resolve(new Map()))),
  );
  if (pending.every((found) => found.size === 0)) return;
  const options: BatchOptions = { ...AS_IN_A_RUN, deletions, truncated: new Set(), late: new Set() };
  const items = [{ side: 'hq', key: coupling.hqKey, pending: null }] as const;
  const { plan, subjects } = await planBatch(context, run.identity, items, options);
  await carryOut(context, { ...run, counters: noCounters() }, plan, subjects, options);
}

/** What a run that somebody waits for may add to its end; the marks of a first load of more are left to the next run. */
const MOST_SETTLED = 10_000;

/**
 * The same for a whole run or job, in the lane that it wrote in. A run of one direction or of some fields leaves them: it
 * may not look at the other side's changes, which stand among the marks.
 */
export async function settleLaneMarks(
  site: Site,
  context: LaneContext,
  run: Run,
  request: LaneRequest,
  written: number,
): Promise<boolean> {
  if (written === 0 || written > MOST_SETTLED) return true;
  if (request.direction !== 'both' || request.fields !== null) return true;
  await Promise.all([readMarks(site, 'hq', null), readMarks(site, 'channel', context.lane.channel)]);
  const changes = await changesToDefer(context, 'modified');
  const modified: LaneRequest = { ...request, scope: 'modified' };
  const options: BatchOptions = { ...optionsOf(context, modified, 'defer', new Set()), changes };
  return workPending(context, run, modified, options, ['due']);
}

/** Of a job of many actions. A lane that is paused stands still but for them, so their marks wait with the rest. */
export async function settleMarksOfJob(
  site: Site,
  context: LaneContext,
  run: Run,
  written: number,
  stop: LaneRequest['stop'],
): Promise<boolean> {
  if (context.state.paused || context.state.stopped) return true;
  const request: LaneRequest = { scope: 'modified', direction: 'both', fields: null, stop };
  return settleLaneMarks(site, context, { ...run, counters: noCounters() }, request, written);
}

/** How many records a run has written so far. */
export const writesOf = ({ toHq, toChannel }: JobCounters): number =>
  toHq.inserted + toHq.modified + toHq.deleted + toChannel.inserted + toChannel.modified + toChannel.deleted;
