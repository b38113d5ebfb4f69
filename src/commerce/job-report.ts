/** What a commerce job says of one channel when it is over. */
import type { Params } from '../domain/record.ts';
import type { JobCounters } from '../ports/coupling-database.ts';

/** How much a try has carried so far; what it did before a fault is told too. */
export interface Moved {
  rows: number;
}

export type Stop = () => Promise<boolean>;

export interface ChannelReport {
  readonly channel: string;
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly code: string | null;
  readonly params: Params;
  readonly counters: JobCounters;
  /** How many rows travelled. */
  readonly rowsAffected: number;
}
