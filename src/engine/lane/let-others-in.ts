/**
 * A lane is held for as long as there is work, and given away in between to whoever waits for it: a person's action, in
 * this process or another, comes in after the batch in hand. Who gave it away goes on where he was, not from the start.
 */
import { FenceLost } from '../../errors/store-faults.ts';
import type { LaneContext } from './lane-context.ts';

/** How often it is looked whether somebody waits. To give the lane away unasked cost a seventh of the conflicts listed in a second. */
export const LOOK_EVERY_MS = 200;

/** Whether somebody waits for the lane, looked at now and then. */
export function looksForOthers(context: LaneContext): () => Promise<boolean> {
  let lookedAtMs = performance.now();
  return async () => {
    if (performance.now() - lookedAtMs <= LOOK_EVERY_MS) return false;
    const wanted = await context.lock.isWanted();
    lookedAtMs = performance.now();
    const { fence, stopped } = context.lock.state;
    if (fence !== context.fence.number || (stopped && !context.state.stopped)) throw lost(context);
    return wanted;
  };
}

/** For work one batch after the other, before each. True: others may have been in, and what was read before is old. */
export function letsOthersIn(context: LaneContext): () => Promise<boolean> {
  const isWanted = looksForOthers(context);
  return async () => {
    const wanted = await isWanted();
    if (wanted) await letOthersIn(context);
    return wanted;
  };
}

/**
 * Right after a look, with nothing in flight. What was read of the records of the lane is old then. Throws `FenceLost`
 * where the lane itself is another one: it has to be opened anew, if it may be worked at all.
 */
export async function letOthersIn(context: LaneContext): Promise<void> {
  const before = context.lock.state;
  const now = await context.lock.yield();
  if (now.fence === context.fence.number) return;
  const isAsItWas =
    now.stopped === null &&
    now.layoutId === before.layoutId &&
    now.fullRunDue?.id === before.fullRunDue?.id &&
    now.sharing !== 'open';
  if (!isAsItWas) throw lost(context);
  await context.takeOver();
}

/** The same in a share of a backlog, whose fence is its holder's: whoever raised it has ended the sharing. */
export async function letOthersIntoShare(context: LaneContext): Promise<void> {
  const { fence } = await context.lock.yield();
  if (fence !== context.fence.number) throw lost(context);
}

const lost = ({ lane }: LaneContext): FenceLost =>
  new FenceLost('somebody else works this lane now', { mapping: lane.mapping, channel: lane.channel });
