/**
 * Which lanes of a channel have nothing to do, found by one look at all of them, without their locks: most runs of a
 * channel concern one lane of many. A lane rests only if this process was the last to work it, so nothing that another
 * left in a ledger is passed over; whatever is missed here because it comes a moment later wakes the next run.
 */
import type { JobScope } from '../../domain/terms.ts';
import type { ChannelLook, LaneLook, LaneState, PendingState } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import { isOwedElsewhere } from './due-here.ts';
import { isPrepared, type LaneMemory } from './lane-memory.ts';
import { laneText, type Site } from './site.ts';

/** How long a first run that waits for somebody is not looked at again by itself: that counts both tables. */
const AWAITED_AGAIN_MS = 5_000;

/** What a run begins with, and what only a person's answer sets going. */
const BEGINS: ReadonlySet<PendingState> = new Set(['due', 'waiting']);
const HELD: ReadonlySet<string> = new Set(['held', 'changeHeld', 'replacementHeld']);

interface Asked {
  readonly scope: JobScope;
  readonly dryRun: boolean;
  readonly trigger: string;
  readonly onlyOwn?: boolean;
}

export interface Rest {
  /** Why a lane need not, or must not, be worked now; null: it is to be worked. */
  whyNot(lane: Lane): Promise<string | null>;
  /** All of the lanes but this one have nothing to do. */
  allBut(lane: Lane, lanes: readonly Lane[]): Promise<boolean>;
  /** What the first half of a run left for the second. */
  hasMore(lane: Lane): Promise<boolean>;
  /** A lane was worked, which may have given others something to do. */
  lookAgain(): void;
}

export const standsStill = (state: LaneState, dryRun: boolean): string | null =>
  dryRun ? null : state.stopped ? state.stopped.code : state.paused ? 'paused' : null;

/** A first run that was just found to wait for somebody. */
export const awaitsSomebody = (memory: LaneMemory, state: LaneState): boolean => {
  const since = memory.awaitingSince.get(laneText(state.lane));
  return !state.firstRunDone && since !== undefined && performance.now() - since < AWAITED_AGAIN_MS;
};

/** `first` is a look that holds for now, if there is one. */
export function restOf(site: Site, memory: LaneMemory, channel: string, asked: Asked, first: ChannelLook | null): Rest {
  let looks: Promise<ReadonlyMap<string, LaneLook>> | null = first && Promise.resolve(byLane(first));
  const look = async (lane: Lane): Promise<LaneLook | undefined> => {
    looks ??= site.database.lookAtLanes(channel).then(byLane);
    return (await looks).get(laneText(lane));
  };
  const whyNot = async (lane: Lane): Promise<string | null> => {
    const found = await look(lane);
    if (!found) return null;
    const standing = standsStill(found.state, asked.dryRun);
    if (standing) return standing;
    if (isOwedElsewhere(site, lane, found.state.fullRunDue)) return 'configuration-outdated';
    const { holder } = found.state;
    if (asked.onlyOwn === true && holder !== null && holder !== site.database.holder) return 'nothing-to-do';
    if (asked.trigger === 'change' && !found.state.fullRunDue && awaitsSomebody(memory, found.state))
      return 'awaiting-first-run';
    return rests(site, memory, found, asked) ? 'nothing-to-do' : null;
  };
  return {
    whyNot,
    async allBut(lane, lanes) {
      for (const other of lanes) if (laneText(other) !== laneText(lane) && (await whyNot(other)) === null) return false;
      return true;
    },
    async hasMore(lane) {
      const found = await look(lane);
      return !found || [...found.pending].some((state) => !BEGINS.has(state) && !HELD.has(state));
    },
    lookAgain() {
      looks = null;
    },
  };
}

const byLane = ({ lanes }: ChannelLook): ReadonlyMap<string, LaneLook> =>
  new Map(lanes.map((entry) => [laneText(entry.state.lane), entry]));

function rests({ database }: Site, memory: LaneMemory, { state, ...found }: LaneLook, asked: Asked): boolean {
  if (asked.scope === 'full' || asked.dryRun || found.retryDue) return false;
  for (const pending of found.pending) if (!HELD.has(pending)) return false;
  if (asked.trigger === 'manual' && found.failures) return false;
  if (state.fullRunDue || !state.firstRunDone || state.sharing === 'open') return false;
  const mine = state.holder === database.holder && memory.fences.get(laneText(state.lane)) === state.fence;
  return mine && isPrepared(memory, state.lane);
}
