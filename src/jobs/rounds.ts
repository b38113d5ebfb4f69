/** What the schedules ask of the engine, wired in `compose.ts`; jobs never import the engine themselves. */
import type { Side } from '../domain/record.ts';
import type { Lane } from '../ports/store.ts';

export interface Rounds {
  /** Takes in what a store has marked; returns how many marks. */
  readMarks(side: Side, channel: string | null): Promise<number>;
  waitForMarks(side: Side, channel: string | null, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Lanes of the channel on a continuous schedule that have something to do now, parents before children. */
  lanesWithWork(channel: string): Promise<readonly Lane[]>;
  /** Runs them. True when a store was away: try again later. */
  runLanes(channel: string, lanes: readonly Lane[], signal: AbortSignal): Promise<boolean>;
  warn(message: string): void;
}
