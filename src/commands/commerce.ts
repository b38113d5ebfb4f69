/** `couplet commerce run`: the jobs that carry customers of asynchronous channels to HQ and back. */
import { CommandFailed, EXIT } from './exit.ts';

/** Said instead of done: a job that seems to run and does nothing would be believed. */
export const commerceRun = (job: string): Promise<number> =>
  Promise.reject(
    new CommandFailed(
      EXIT.failed,
      `The job ${job} is not available: this version carries no customer operations yet. The customers' tables are synchronized as any mapping is: couplet sync.`,
    ),
  );
