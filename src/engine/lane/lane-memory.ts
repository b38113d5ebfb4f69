/** What a process remembers between the runs of its lanes. */
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import type { Side } from '../../domain/record.ts';
import type { ChannelLook, LaneLock } from '../../ports/coupling-database.ts';
import type { Cursor, Lane, StoreTable } from '../../ports/store.ts';
import type { BrokenCycles } from './break-cycles.ts';
import { laneText } from './site.ts';

export interface PreparedLane {
  readonly prepared: PreparedMapping;
  readonly tables: Readonly<Record<Side, StoreTable>>;
}

export interface Arrivals {
  /** The lanes concerned, by their texts. */
  readonly lanes: Map<string, Lane>;
  /** The store of which they were taken in last, by this process, and when, by the monotonic clock. */
  from: { readonly store: string; readonly atMs: number } | null;
  /** Of the one lane concerned, when it was taken with the reader's step; with a look at the channel as of then. */
  taken: TakenWithStep | null;
}

export interface TakenWithStep {
  readonly lock: Promise<LaneLock | null>;
  readonly look: Promise<ChannelLook>;
}

/**
 * Nothing here decides anything: a fence that is not ours any more is refused by the stores, and a table that changed is
 * noticed by the capture check, which forgets the lane.
 */
export interface LaneMemory {
  readonly fences: Map<string, number>;
  readonly prepared: Map<string, PreparedLane>;
  /** Lanes whose first run waits until somebody asks for it. */
  readonly awaitingFirstRun: Set<string>;
  /** When that was found out last, by the monotonic clock: it only spaces the next look. */
  readonly awaitingSince: Map<string, number>;
  /** Lanes whose tables are known to be captured. */
  readonly captured: Set<string>;
  /** Lanes in whose set-up nothing is wrong. */
  readonly sound: Set<string>;
  /** Sound lanes with a record that cannot be read: the error that says so stays open until a run is done. */
  readonly unreadable: Set<string>;
  /** By channel: which references of a cycle are filled later. */
  readonly cycles: Map<string, BrokenCycles>;
  /** By store: where its marks were read up to, see `ReadOptions`. */
  readonly cursors: Map<string, Cursor>;
  /** By channel: what marks were taken in since its last run. */
  readonly arrivals: Map<string, Arrivals>;
}

export const emptyMemory = (): LaneMemory => ({
  fences: new Map(),
  prepared: new Map(),
  awaitingFirstRun: new Set(),
  awaitingSince: new Map(),
  captured: new Set(),
  sound: new Set(),
  unreadable: new Set(),
  cycles: new Map(),
  cursors: new Map(),
  arrivals: new Map(),
});

/** Worked by this process before, and nothing has happened since that it would have to look into first. */
export const isPrepared = (memory: LaneMemory, lane: Lane): boolean => {
  const name = laneText(lane);
  return memory.fences.has(name) && memory.prepared.has(name) && memory.sound.has(name);
};

/** A table changed: what was known of it is asked anew. */
export const forgetTables = (memory: LaneMemory, lane: Lane): void => {
  memory.cycles.delete(lane.channel);
  memory.sound.delete(laneText(lane));
  memory.prepared.delete(laneText(lane));
};

export const forgetLane = (memory: LaneMemory, lane: Lane): void => {
  memory.cycles.delete(lane.channel);
  memory.sound.delete(laneText(lane));
  memory.fences.delete(laneText(lane));
  memory.prepared.delete(laneText(lane));
};
