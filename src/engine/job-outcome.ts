/** How a job ended. */
import type { Job, JobCounters } from '../ports/coupling-database.ts';

export interface Outcome {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly code: string | null;
  readonly params: Job['body'];
  readonly counters: JobCounters;
}
