/**
 * The lane for which marks are just taken in, taken with the step of the reader's cursor, or at least while the other
 * store is asked for marks: its lock and what waits in it come with the same round of answers, and not in two more after
 * it; the records are read as soon as it is held. If the store then has no marks, nothing was written there since the
 * cursor with which the records were read. Which lane that is, is a guess of this process; when it was wrong, or others
 * have something to do as well, the lane is given back before anything else is opened.
 */
import type { ChannelLook, CursorMove, LaneLock, WorkAsked } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import { askRecentWrites } from '../batch/stop-swinging.ts';
import {
  type Arrivals,
  isPrepared,
  type LaneMemory,
  type PreparedLane,
  type TakenWithStep,
} from '../lane/lane-memory.ts';
import type { Rest } from '../lane/resting-lane.ts';
import { laneText, type Site } from '../lane/site.ts';
import { type AskedWrites, withRecords, type WorkAhead } from '../lane/work-ahead.ts';

/** More changes than these are a backlog, in which an answer more or less does not count. */
const ASKED: WorkAsked = { states: ['due'], limit: 50 };
/** The run that a lane is taken for begins at once; should it not, nobody else waits longer than this. */
const KEPT_MS = 250;
/** A run that had to wait for another asks both stores: nothing rests on it, but what is found before is not worked twice. */
const JUST_MS = 25;

/** Says for which lanes of its channels a run is about to be asked for; `store`: which was asked for marks just now. */
export function noteArrivals({ arrivals }: LaneMemory, lanes: Iterable<Lane>, store: string | null = null): void {
  for (const lane of lanes) {
    const of = arrivals.get(lane.channel) ?? { lanes: new Map<string, Lane>(), from: null, taken: null };
    of.lanes.set(laneText(lane), lane);
    of.from = store === null ? of.from : { store, atMs: performance.now() };
    arrivals.set(lane.channel, of);
  }
}

/**
 * Moves a reader's cursor, and takes the lane with it, for a run that is about to begin. Null: no lane is ready to be
 * worked at once, or there are several.
 */
export function moveAndTake(
  { database }: Site,
  memory: LaneMemory,
  move: CursorMove,
  concerned: ReadonlySet<Lane>,
  keptMs = KEPT_MS,
): Promise<boolean> | null {
  const [lane, ...others] = concerned;
  if (lane === undefined || others.length > 0 || move.pend.length > ASKED.limit) return null;
  if (!isPrepared(memory, lane) || memory.arrivals.has(lane.channel)) return null;
  const { moved, lock, look } = database.moveCursorAndLock(move, lane, ASKED);
  return moved.then(
    (done) => {
      // What another process read is that one's to work; and somebody may have called for a run meanwhile.
      if (!done || memory.arrivals.has(lane.channel)) void release(lock);
      else keepFor(memory, lane, { lock, look }, keptMs);
      return done;
    },
    (fault: unknown) => {
      void release(lock);
      throw fault;
    },
  );
}

function keepFor({ arrivals }: LaneMemory, lane: Lane, taken: TakenWithStep, keptMs: number): void {
  const own: Arrivals = { lanes: new Map([[laneText(lane), lane]]), from: null, taken };
  arrivals.set(lane.channel, own);
  const giveUp = (): void => {
    if (arrivals.get(lane.channel) !== own) return;
    own.taken = null;
    void release(taken.lock);
  };
  setTimeout(giveUp, keptMs).unref();
}

const release = async (lock: Promise<LaneLock | null>): Promise<void> => (await lock.catch(() => null))?.release();

export class LaneAhead {
  readonly lane: Lane;
  /** The store whose marks the run need not ask for: it was asked a moment ago, and that is what called for the run. */
  readonly justRead: string | null;
  /** Null: the channel is to be looked at. */
  readonly look: Promise<ChannelLook> | null;
  readonly #memory: LaneMemory;
  readonly #prepared: PreparedLane;
  #lock: Promise<LaneLock | null>;
  readonly #work: Promise<WorkAhead | null>;
  #isFresh = true;

  constructor(memory: LaneMemory, { lane, prepared, justRead, look, lock, askWrites }: Guess) {
    this.lane = lane;
    this.justRead = justRead;
    this.look = look;
    this.#memory = memory;
    this.#prepared = prepared;
    this.#lock = lock;
    this.#work = lock.then((got) => (got?.first.work ? withRecords(prepared.tables, got.first.work, askWrites) : null));
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
    await release(lock);
  }
}

interface Guess {
  readonly lane: Lane;
  readonly prepared: PreparedLane;
  readonly justRead: string | null;
  readonly look: Promise<ChannelLook> | null;
  readonly lock: Promise<LaneLock | null>;
  readonly askWrites: (couplingIds: readonly string[]) => AskedWrites;
}

/** Null: no guess, or the lane is not ready to be worked at once. */
export function laneAhead(site: Site, memory: LaneMemory, channel: string, among: readonly Lane[]): LaneAhead | null {
  const arrivals = memory.arrivals.get(channel);
  if (arrivals === undefined) return null;
  memory.arrivals.delete(channel);
  const { from, taken } = arrivals;
  const [lane, ...others] = arrivals.lanes.values();
  const prepared = lane && others.length === 0 && isPrepared(memory, lane) && memory.prepared.get(laneText(lane));
  if (!lane || !prepared || !among.some((one) => laneText(one) === laneText(lane))) {
    if (taken) void release(taken.lock);
    return null;
  }
  const justRead = from !== null && performance.now() - from.atMs < JUST_MS ? from.store : null;
  return new LaneAhead(memory, {
    lane,
    prepared,
    justRead,
    look: justRead === null ? null : (taken?.look ?? null),
    lock: taken?.lock ?? site.database.lockLane(lane, 0, ASKED),
    askWrites: (couplingIds) => askRecentWrites(site, couplingIds),
  });
}
