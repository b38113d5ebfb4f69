/** Jobs that a command asks for, carried out in its own process: with a server running or without one. */
import type { Couplet } from '../compose.ts';
import type { JobQueue } from '../ports/job-queue.ts';

export interface QueueHere extends JobQueue {
  /** The batch in hand is finished, and the job ends as cancelled. */
  askToStop(): void;
  /** Waits for what is running. */
  stop(): Promise<void>;
}

export function queueHere({
  database,
  synchronizer,
  log,
}: Pick<Couplet, 'database' | 'synchronizer' | 'log'>): QueueHere {
  const running = new Set<Promise<void>>();
  let stopAsked = false;
  return {
    async enqueue(request) {
      const job = await database.createJob(request, 'queued');
      const work = synchronizer
        .execute(job.id, () => Promise.resolve(stopAsked))
        // A store that is away: the job has ended as failed and says so.
        .catch((fault: unknown) =>
          log.debug({ fault: fault instanceof Error ? fault.message : String(fault) }, 'a job failed'),
        )
        .finally(() => running.delete(work));
      running.add(work);
      return job;
    },
    askToStop: () => {
      stopAsked = true;
    },
    async stop() {
      stopAsked = true;
      await Promise.allSettled(running);
    },
  };
}
