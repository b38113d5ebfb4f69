/**
 * The lane for which marks were just taken in, taken while the other store is asked for marks: its lock and what waits in
 * it come with the same round of answers, and not in two more after it; the records are read as soon as it is held. If the
 * store then has no marks, nothing was written there since the cursor with which the records were read. Which lane that is, is a guess of this process;
 * when it was wrong, or others have something to do as well, the lane is given back before anything else is opened.
 */
import type { ChannelLook, LaneLock, PendingState } from '../ports/coupling-database.ts';
import type { Lane } from '../ports/store.ts';
import { isPrepared, type LaneMemory, type PreparedLane } from './lane-memory.ts';
import type { Rest } from './resting-lane.ts';
import { laneText, type Site } from './site.ts';
import { withRecords, type WorkAhead } from './work-ahead.ts';

/** More changes than these are a backlog, in which an answer more or less does not count. */
const MOST_CHANGES = 50;
/** A run that had to wait for another asks both stores: nothing rests on it, but what is found before is not worked twice. */
const JUST_MS = 25;
const DUE: readonly PendingState[] = ['due'];

/** Says for which lanes of its channels a run is about to be asked for; `store`: which was asked for marks just now. */
export function noteArrivals({ arrivals }: LaneMemory, lanes: Iterable<Lane>, store: string | null = null): void {
  for (const lane of lanes) {
    const of = arrivals.get(lane.channel) ?? { lanes: new Map<string, Lane>(), from: null };
    of.lanes.set(laneText(lane), lane);
    of.from = store === null ? of.from : { store, atMs: performance.now() };
    arrivals.set(lane.channel, of);
  }
}

export class LaneAhead {
  readonly lane: Lane;
  /** The store whose marks the run need not ask for: it was asked a moment ago, and that is what called for the run. */
  readonly justRead: string | null;
  readonly #memory: LaneMemory;
  readonly #prepared: PreparedLane;
  #lock: Promise<LaneLock | null>;
  readonly #work: Promise<WorkAhead | null>;
  #isFresh = true;

  constructor(site: Site, memory: LaneMemory, lane: Lane, prepared: PreparedLane, justRead: string | null) {
    this.lane = lane;
    this.justRead = justRead;
    this.#memory = memory;
    this.#prepared = prepared;
    this.#lock = site.database.lockLane(lane, 0, { states: DUE, limit: MOST_CHANGES });
    this.#work = this.#lock.then((lock) => (lock?.first.work ? withRecords(prepared.tables, lock.first.work) : null));
    // Whoever takes it is told.
    this.#work.catch(() => {});
  }

  /** Once; null: somebody else works the lane, or it was taken or given back before. */
  async take(): Promise<{ readonly lock: LaneLock; readonly work: WorkAhead | null } | null> {
    const lock = await this.#lock;
    this.#lock = Promise.resolve(null);
    // A table that is not as it was is read anew, with the columns that it has now.
    const stands = this.#isFresh && this.#memory.prepared.get(laneText(this.lane)) === this.#prepared;
    return lock && { lock, work: stands ? await this.#work : null };
  }

  /** Kept only if it is the one lane that has something to do; the work only if nothing was taken in since it was read. */
  async holdAgainst(look: ChannelLook | null, rest: Rest, lanes: readonly Lane[]): Promise<void> {
    const wanted = look !== null && (await rest.whyNot(this.lane)) === null && (await rest.allBut(this.lane, lanes));
    if (!wanted) return this.giveBack();
    const lock = await this.#lock;
    const cursors = lock?.first.work?.cursors;
    this.#isFresh = cursors?.hq === look.cursors.hq && cursors?.channel === look.cursors.channel;
  }

  async giveBack(): Promise<void> {
    const lock = this.#lock;
    this.#lock = Promise.resolve(null);
    await (await lock.catch(() => null))?.release();
  }
}

/** Null: no guess, or the lane is not ready to be worked at once. */
export function laneAhead(site: Site, memory: LaneMemory, channel: string, among: readonly Lane[]): LaneAhead | null {
  const arrivals = memory.arrivals.get(channel);
  memory.arrivals.delete(channel);
  const [lane, ...others] = arrivals?.lanes.values() ?? [];
  if (arrivals === undefined || lane === undefined || others.length > 0 || !isPrepared(memory, lane)) return null;
  const prepared = memory.prepared.get(laneText(lane));
  if (prepared === undefined || !among.some((one) => laneText(one) === laneText(lane))) return null;
  const { from } = arrivals;
  const justRead = from !== null && performance.now() - from.atMs < JUST_MS ? from.store : null;
  return new LaneAhead(site, memory, lane, prepared, justRead);
}
