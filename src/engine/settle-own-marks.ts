/**
 * The marks that an action's own writes left in the stores, settled before it answers: whoever looks at the pair next
 * finds it in step, not waiting for a run that will find nothing. Were it left out, nothing but that look would differ.
 */
import { PLAIN_RUN } from '../domain/pair.ts';
import { SIDES } from '../domain/record.ts';
import { noCounters } from '../ports/coupling-database.ts';
import type { LaneContext } from './lane-context.ts';
import { readMarks } from './read-marks.ts';
import type { Site } from './site.ts';
import { type BatchOptions, carryOut, planBatch, type Run } from './work-batch.ts';

const AS_IN_A_RUN: Omit<BatchOptions, 'truncated' | 'late'> = {
  decide: PLAIN_RUN,
  deletions: 'defer',
  errorId: null,
  lone: { createIn: new Set(), match: false, byHand: false },
  resolution: null,
  withResults: false,
  expectEmpty: false,
};

/** Under the lane's lock. A change that somebody made meanwhile is among the marks, and is decided as in any run. */
export async function settleOwnMarks(site: Site, context: LaneContext, run: Run, couplingId: string): Promise<void> {
  const { database, lane } = context;
  const [coupling] = await Promise.all([
    database.couplingsById([couplingId]).then((couplings) => couplings.get(couplingId)),
    readMarks(site, 'hq', null),
    readMarks(site, 'channel', lane.channel),
  ]);
  if (!coupling || coupling.status === 'ended') return;
  const keys = { hq: coupling.hqKey, channel: coupling.channelKey };
  const pending = await Promise.all(
    SIDES.map((side) => (keys[side] ? database.pendingOf(lane, side, [keys[side]]) : new Map())),
  );
  if (pending.every((found) => found.size === 0)) return;
  const options: BatchOptions = { ...AS_IN_A_RUN, truncated: new Set(), late: new Set() };
  const items = [{ side: 'hq', key: coupling.hqKey, pending: null }] as const;
  const { plan, subjects } = await planBatch(context, run.identity, items, options);
  await carryOut(context, { ...run, counters: noCounters() }, plan, subjects, options);
}
