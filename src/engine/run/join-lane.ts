/** Work on a lane that another process holds: what it shares of a large backlog, under its fence. */
import type { Lane } from '../../ports/store.ts';
import { type LaneContext, SHARING } from '../lane/lane-context.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import { standsStill } from '../lane/resting-lane.ts';
import type { Site } from '../lane/site.ts';
import { readyContext } from './open-lane.ts';

/** First until the holder lets others in, as it does several times a second, and hears of it; then until it shares. */
const TRIES = 2;
const WAIT_MS = 1_000;

/**
 * Asks the holder, and waits until there is something to claim. Null: there is no backlog worth it, or the holder does
 * not share, or the lane is no more as this process knows it.
 */
export async function joinLane(site: Site, memory: LaneMemory, lane: Lane): Promise<LaneContext | null> {
  const { database } = site;
  if (!(await database.askForShare(lane, (site.sharing ?? SHARING).least))) return null;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const lock = await database.joinLane(lane, WAIT_MS);
    if (lock === null) continue;
    const { holder, sharing } = lock.state;
    // Nobody but the holder gives anything out; whoever holds it himself opens it as ever.
    if (holder === database.holder) {
      await lock.release();
      return null;
    }
    if (sharing === 'open') {
      try {
        const context = await readyContext(site, memory, lane, lock);
        // Making ready may have told the lane that the configuration is another one.
        const state = await lock.yield();
        const mayWork =
          state.fence === context.fence.number &&
          state.sharing === 'open' &&
          state.fullRunDue === null &&
          standsStill(state, false) === null;
        if (mayWork) return context;
      } catch (fault) {
        await lock.release();
        throw fault;
      }
      await lock.release();
      return null;
    }
    await lock.release();
  }
  return null;
}
