/**
 * A large backlog of one lane, worked by several processes at once. Its holder cuts what is due into stretches and lets
 * others in; each, the holder too, claims one after the other and works it under the holder's fence; then the holder has
 * the lane to himself again and works what nobody could.
 *
 * No pair is worked by two: a pair's changes are in one stretch, or whoever meets it leaves it alone (`isWithin`). A
 * change that came later is in no stretch; it is taken along with its pair by whoever has that pair, or waits. Records
 * without a coupling, which two might couple at once, wait for the holder. Whoever is killed in the middle leaves his
 * stretch claimed: the holder finds it when all the others have let go of the lane, and takes the lane over as from any
 * dead holder, with a new fence and what the ledgers tell. A person's action comes in between two batches, as ever,
 * raises the fence, and with it ends the sharing.
 */
import { FenceLost } from '../../errors/store-faults.ts';
import type { PendingState, Share } from '../../ports/coupling-database.ts';
import { batchesInFlight } from '../batch/batches-in-flight.ts';
import type { BatchOptions, Run } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { BATCH_RECORDS, itemsOf, type LaneRequest } from './work-lane.ts';

/** Others end the stretch that they have; one that is killed lets go at once, one that stands still when it is given up. */
const ALONE_AFTER_MS = 30_000;
const DUE: readonly PendingState[] = ['due'];

/** The holder's part, when another worker has asked. False: stopped on request. */
export async function shareBacklog(
  context: LaneContext,
  run: Run,
  request: LaneRequest,
  options: BatchOptions,
): Promise<boolean> {
  const { database, fence, lock, lane } = context;
  if ((await database.splitBacklog(fence, context.sharing.stretch)) === 0) return true;
  await lock.share();
  // The others go on with what is shared; whoever has the lane next finds that it was.
  if (!(await workShares(context, run, request, options))) return false;
  const state = await lock.alone(ALONE_AFTER_MS);
  const lost = (why: string): FenceLost => new FenceLost(why, { mapping: lane.mapping, channel: lane.channel });
  if (state === null) throw lost('others still work their shares of this lane');
  if (state.fence !== fence.number) throw lost('somebody else works this lane now');
  if (state.sharing === 'open') throw lost('a worker did not come to the end of its share');
  return true;
}

/** Stretch after stretch, until none is left; the batches of one overlap with those of the next. */
export async function workShares(
  context: LaneContext,
  run: Run,
  request: LaneRequest,
  options: BatchOptions,
): Promise<boolean> {
  const { database, fence } = context;
  const claimed: Share[] = [];
  await using batches = batchesInFlight(context, run, options, DUE);
  for (;;) {
    const share = await database.claimShare(fence);
    if (share === null) break;
    claimed.push(share);
    if (await workShare(context, request, share, (items) => batches.work(items, { ...options, within: share })))
      continue;
    await batches.drain();
    await database.returnShares(fence, claimed);
    return false;
  }
  await batches.drain();
  await database.endShares(fence, claimed);
  return true;
}

async function workShare(
  context: LaneContext,
  request: LaneRequest,
  { firstId, lastId }: Share,
  work: (items: ReturnType<typeof itemsOf>) => Promise<void>,
): Promise<boolean> {
  let after = String(BigInt(firstId) - 1n);
  for (;;) {
    if (await request.stop()) return false;
    const { changes, cursors } = await context.database.takeWork(context.lane, DUE, after, BATCH_RECORDS, lastId);
    context.cursors = cursors;
    const items = itemsOf(request, changes);
    if (items.length > 0) await work(items);
    const last = changes.at(-1);
    if (last === undefined || changes.length < BATCH_RECORDS) return true;
    after = last.id;
  }
}
