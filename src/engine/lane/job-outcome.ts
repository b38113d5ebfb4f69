/** How a job ended. */
import type { Params } from '../../domain/record.ts';
import type { JobCounters } from '../../ports/coupling-database.ts';

export interface Outcome {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly code: string | null;
  readonly params: Params;
  readonly counters: JobCounters;
  /** Where not everything that was done is counted. */
  readonly done?: number;
}
