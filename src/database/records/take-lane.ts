/** A lane taken, alone or with others, with what is wanted along with its lock. */
import type { ChannelLook, CouplingDatabase } from '../../ports/coupling-database.ts';
import { lookAtLanes, type LaneRegistry } from '../lanes/lane-registry.ts';
import type { Layouts } from '../lanes/layouts.ts';
import type { LaneLocks } from '../lanes/lock-lane.ts';
import { moveAndPend, moveArguments } from './move-cursor.ts';
import { readWorkAtHand } from './work-at-hand.ts';

export const lockingPart = (
  locks: LaneLocks,
  lanes: LaneRegistry,
  layouts: Layouts,
): Pick<CouplingDatabase, 'lockLane' | 'joinLane' | 'moveCursorAndLock'> => ({
  lockLane: async (lane, waitMs, asked) => {
    const id = await lanes.idOf(lane);
    return locks.lock(id, waitMs, asked && { along: (session) => readWorkAtHand(session, id, asked, lanes, layouts) });
  },
  joinLane: async (lane, waitMs) => locks.join(await lanes.idOf(lane), waitMs),
  moveCursorAndLock: (move, lane, asked) => {
    const moved = Promise.withResolvers<boolean>();
    const look = Promise.withResolvers<ChannelLook>();
    const lock = (async () => {
      const id = await lanes.idOf(lane);
      const args = await moveArguments(lanes, move);
      return locks.lock(id, 0, {
        before: (session) => moveAndPend(session, args).then(moved.resolve, moved.reject),
        along: (session) => {
          const work = readWorkAtHand(session, id, asked, lanes, layouts);
          lookAtLanes(session, lane.channel).then(look.resolve, look.reject);
          return work;
        },
      });
    })();
    // Without a session nothing is done; whoever awaits the lock is told as well.
    lock.catch((fault: unknown) => {
      moved.reject(fault);
      look.reject(fault);
    });
    // Not everybody has use for it.
    look.promise.catch(() => {});
    return { moved: moved.promise, lock, look: look.promise };
  },
});
