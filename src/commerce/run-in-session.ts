/**
 * A job for one channel, as a session: begun, carried out under the job's own lock, ended with what travelled. A session
 * that failed goes on with the next run; a channel that is away fails alone, and costs no try.
 */
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { SessionEnd, SessionJob } from '../ports/commerce-sessions.ts';
import { type Job, noCounters } from '../ports/coupling-database.ts';
import { ActionRefused } from '../ports/synchronizer.ts';
import { type CommerceSite, jobLane } from './commerce-site.ts';
import type { ChannelReport, Moved, Stop } from './job-report.ts';

/** A job asked for while the same one works is queued behind it. */
const JOB_WAIT_MS = 600_000;

export type Step = (
  commerce: CommerceSite,
  channel: string,
  job: Job,
  stop: Stop,
  moved: Moved,
) => Promise<ChannelReport>;

/** Null: the session that the job was to carry out again was canceled before its turn. */
export async function runInSession(
  commerce: CommerceSite,
  channel: string,
  job: Job,
  name: SessionJob,
  step: Step,
  stop: Stop,
): Promise<ChannelReport | null> {
  await using lock = await commerce.site.database.lockLane(jobLane(channel, name), JOB_WAIT_MS);
  if (!lock) return failedReport(channel, 'store-busy', { job: name, channel });
  const moved: Moved = { rows: 0 };
  // A dry run carries nothing.
  if (job.dryRun) return step(commerce, channel, job, stop, moved);
  const session = await commerce.sessions.begin(name, channel, job.id, rerunOf(job));
  if (!session) return null;
  const stopped: Stop = async () => (await stop()) || commerce.sessions.isCanceled(session.id);
  const end = (ended: Omit<SessionEnd, 'tries'>): Promise<void> =>
    commerce.sessions.end(session.id, { ...ended, tries: commerce.rules.tries });
  try {
    // What is switched while the job works may not be in what it tells.
    const revision = await commerce.sessions.newestRevision();
    const report = await step(commerce, channel, job, stopped, moved);
    if (report.status === 'succeeded') await commerce.sessions.noteDistributed(channel, name, revision);
    const status = await statusOf(commerce, report, job, session.id);
    // The process ends, and its job is given out again: the session waits for that.
    if (status !== null)
      await end({
        status,
        code: report.code,
        params: report.params,
        rows: report.rowsAffected,
        counts: report.code !== 'store-unreachable',
      });
    return report;
  } catch (fault) {
    const known = isKnown(fault);
    const code = known ? fault.code : 'internal-error';
    const params = known ? fault.params : {};
    await end({ status: 'failed', code, params, rows: moved.rows, counts: !(fault instanceof StoreUnreachable) });
    if (!known) throw fault;
    commerce.site.surroundings.log.warn({ channel, job: name, code }, fault.message);
    return failedReport(channel, code, params);
  }
}

async function statusOf(
  commerce: CommerceSite,
  report: ChannelReport,
  job: Job,
  session: string,
): Promise<SessionEnd['status'] | null> {
  switch (report.status) {
    case 'failed':
      return 'failed';
    case 'succeeded':
      return report.rowsAffected > 0 ? 'applied' : 'noData';
    case 'cancelled': {
      const asked = (await commerce.site.database.jobById(job.id))?.cancelRequested ?? false;
      return asked || (await commerce.sessions.isCanceled(session)) ? 'canceled' : null;
    }
    default:
      return report.status satisfies never;
  }
}

const rerunOf = ({ body }: Job): string | null => {
  const session = typeof body === 'object' && body !== null && !Array.isArray(body) ? body['session'] : null;
  return typeof session === 'string' ? session : null;
};

type Known = StoreUnreachable | StoreBusy | StoreRefused | LineageBroken | FenceLost | ActionRefused;

const isKnown = (fault: unknown): fault is Known =>
  fault instanceof StoreUnreachable ||
  fault instanceof StoreBusy ||
  fault instanceof StoreRefused ||
  fault instanceof LineageBroken ||
  fault instanceof FenceLost ||
  fault instanceof ActionRefused;

const failedReport = (channel: string, code: string, params: ChannelReport['params']): ChannelReport => ({
  channel,
  counters: noCounters(),
  rowsAffected: 0,
  status: 'failed',
  code,
  params,
});
