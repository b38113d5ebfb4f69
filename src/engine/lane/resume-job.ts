/**
 * A job that was interrupted goes on where it was: its process was killed or ended, a store or the coupling database was
 * away. In the end it tells of all that it did, whichever attempt did it.
 */
import { type Job, type JobCounters, noCounters } from '../../ports/coupling-database.ts';
import { isOperationBulk } from '../../ports/customer-operations.ts';
import type { Site } from './site.ts';

/** These write under their own id, so the log knows what was written; jobs of commerce count what travelled. */
const writesRecords = ({ kind, body }: Job): boolean =>
  kind === 'bulk'
    ? !isOperationBulk(body)
    : kind === 'synchronize' || kind === 'couple' || kind === 'uncouple' || kind === 'revert';

const onlyLooks = ({ kind, dryRun }: Job): boolean => dryRun || kind === 'verify' || kind === 'check';

/** Whoever only looks begins anew: what was found before is found again, or is no longer so. */
export async function beginAgain({ database }: Site, job: Job): Promise<void> {
  if (job.attempts > 1 && onlyLooks(job)) await database.forgetLooks(job.id);
}

/** What earlier attempts have counted, for a job that goes from item to item. */
export async function formerCounters({ database }: Site, job: Job): Promise<JobCounters> {
  return job.attempts > 1 && !onlyLooks(job) ? (await database.jobOutcome(job.id)).counters : noCounters();
}

/** The counters of this attempt, with what all of them wrote. A batch that was in hand is recorded by the next one. */
export async function countersOfAll({ database }: Site, job: Job, counters: JobCounters): Promise<JobCounters> {
  if (onlyLooks(job) || !writesRecords(job)) return counters;
  const { toHq, toChannel, ...couplings } = await database.writesOfJob(job.id);
  return {
    ...counters,
    ...(job.kind !== 'revert' && couplings),
    toHq: { ...counters.toHq, ...toHq },
    toChannel: { ...counters.toChannel, ...toChannel },
  };
}
