/** What the schedules ask of the engine, wired in `compose.ts`; jobs never import the engine themselves. */
import type { Side } from '../domain/record.ts';

/** Whoever has the runs made that marks call for. */
export interface Caller {
  /** Told the channels concerned; what it returns is waited for before the store is told. */
  taken(channels: ReadonlySet<string>): Promise<void>;
  /** A run of the channel would begin as soon as it is called for. */
  isIdle(channel: string): boolean;
}

export interface Rounds {
  /** Takes in what a store has marked; returns how many marks. */
  readMarks(side: Side, channel: string | null, caller: Caller): Promise<number>;
  waitForMarks(side: Side, channel: string | null, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Channels with a lane on a continuous schedule that has something to do and may do it; one question for all. */
  channelsWithWork(): Promise<ReadonlySet<string>>;
  /**
   * Works what is due in the channel, parents before children; `own`: only in lanes that this process worked last. True
   * when a store was away: try again later.
   */
  runChannel(channel: string, which: 'own' | 'any', signal: AbortSignal): Promise<boolean>;
  warn(message: string): void;
}
