/** Jobs that somebody asks for: queued here, carried out by whichever worker is free. */
import type { Job, JobRequest } from './coupling-database.ts';

export interface JobQueue {
  /** Queues a job; a second one like it that waits already is answered with that one. */
  enqueue(request: JobRequest): Promise<Job>;
}
