/** What people decide about whole mappings and channels, and what only the schedules and the stores know of them. */
import type { Mapping, Schedule } from '../domain/mapping.ts';
import type { Lane } from './store.ts';
import type { Asker } from './synchronizer.ts';

export interface LaneControl {
  /** Schedules and asked-for runs leave the lanes alone; changes are kept. Actions on single records still work. */
  pause(lanes: readonly Lane[], asker: Asker): Promise<void>;
  /**
   * Lanes that are paused go on. `compare`: also those that are stopped, with a full run in which every difference
   * becomes a conflict and nothing is deleted.
   */
  resume(lanes: readonly Lane[], lineage: 'compare' | null, asker: Asker): Promise<void>;
  /** Records on both sides while the first run waits to be asked for; null when it does not wait, or a store is away. */
  awaitingFirstRun(lane: Lane): Promise<{ readonly hq: number; readonly channel: number } | null>;
  /** What sets the mapping going: of those named under commerce the job that distributes customers. */
  scheduleOf(mapping: Mapping): Schedule;
  /** `lastSuccessAt` of the channel that is furthest behind. Null: the mapping is continuous or manual. */
  nextRunAt(mapping: Mapping, lastSuccessAt: string | null): string | null;
}
