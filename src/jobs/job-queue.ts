/**
 * The queue of asked-for jobs and the timetable, on pg-boss in the coupling database. The job's row is ours and holds
 * everything; pg-boss only hands its id to one worker at a time, again when a worker died, later when a store is away.
 */
import { PgBoss } from 'pg-boss';
import type { Schedule } from '../domain/mapping.ts';
import type { JobScope } from '../domain/terms.ts';
import type { CouplingDatabase, Job, JobKind, JobRequest } from '../ports/coupling-database.ts';
import type { JobQueue } from '../ports/job-queue.ts';

const QUEUE = 'couplet-job';
const TIMETABLE = 'couplet-timetable';
/** A worker that was killed is noticed after this; the shortest that pg-boss allows. */
const HEARTBEAT_SECONDS = 10;
const RETRIES = 1_000;
/** A job that is due again later notifies nobody: only polling finds it, which is seldom where notifications are on. */
const POLLING = { batchSize: 1, pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2 } as const;
const QUEUE_OPTIONS = {
  retryLimit: RETRIES,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 60,
  expireInSeconds: 23 * 3_600,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  notify: true,
};
const UNDER_WAY: ReadonlySet<string> = new Set(['created', 'retry', 'active']);
const TURN_POLL_MS = 200;
const LOST_AFTER_MS = 30_000;
/** Longer than anything that the queue asks: a server that stands still gives no answer at all. */
const POOL = { query_timeout: 30_000, keepAlive: true };

export interface TimetableEntry {
  readonly kind: JobKind;
  /** Null with `channel`: a job of commerce, for all channels. */
  readonly mapping: string | null;
  readonly channel: string | null;
  readonly scope: JobScope | null;
  readonly schedule: Exclude<Schedule, { kind: 'continuous' } | { kind: 'manual' }>;
}

export interface StartedQueue extends JobQueue {
  /** Hands out jobs until stopped; several at once, but never one job twice. */
  work(execute: (jobId: string, stop: () => Promise<boolean>) => Promise<void>): Promise<void>;
  /** Runs that follow a clock. Every process offers them; the queue takes each slot once. */
  keepTimetable(entries: readonly TimetableEntry[]): Promise<void>;
  stop(): Promise<void>;
}

export interface QueueOptions {
  readonly url: string;
  readonly database: CouplingDatabase;
  readonly onError: (fault: Error) => void;
  /** A job that has been queued for so long may never have come into the queue. */
  readonly lostAfterMs?: number;
}

export async function startJobQueue({
  url,
  database,
  onError,
  lostAfterMs = LOST_AFTER_MS,
}: QueueOptions): Promise<StartedQueue> {
  const boss = new PgBoss({
    connectionString: url,
    ...POOL,
    schema: 'couplet_queue',
    max: 4,
    application_name: 'couplet queue',
    useListenNotify: true,
  });
  boss.on('error', onError);
  await boss.start();
  await boss.createQueue(QUEUE, QUEUE_OPTIONS);
  await boss.createQueue(TIMETABLE, { retryLimit: 0, notify: true });
  let stopping = false;
  const timers: NodeJS.Timeout[] = [];

  const send = (job: Job): Promise<unknown> => boss.send(QUEUE, { jobId: job.id }, { id: job.id });

  const enqueue = async (request: JobRequest): Promise<Job> => {
    const { job } = await database.queueJob(request);
    // Also one that is not new: whoever made its row may have failed before it came into the queue.
    await send(job);
    return job;
  };

  /** What died between the row and the queue left jobs that nobody hands out; sending them twice does no harm. */
  const sendLost = async (olderThanMs: number): Promise<void> => {
    for (const job of await database.queuedJobs(olderThanMs)) await send(job);
  };

  const isUnderWay = async (jobId: string): Promise<boolean> => {
    const [sent] = await boss.findJobs(QUEUE, { id: jobId });
    return sent !== undefined && UNDER_WAY.has(sent.state);
  };

  /**
   * A job waits, still queued, for one like it that runs: whoever asks once more meanwhile is given this one. One that is
   * in nobody's hands, whatever its row says, is not waited for. False: this process ends.
   */
  const isItsTurn = async (jobId: string): Promise<boolean> => {
    for (;;) {
      const before = await Promise.all((await database.runningJobsLike(jobId)).map(isUnderWay));
      if (!before.includes(true)) return true;
      if (stopping) return false;
      await new Promise((resolve) => setTimeout(resolve, TURN_POLL_MS));
    }
  };

  return {
    enqueue,
    async work(execute) {
      await sendLost(0).catch(onError);
      timers.push(setInterval(() => void sendLost(lostAfterMs).catch(onError), lostAfterMs).unref());
      await boss.work<{ jobId: string }>(QUEUE, { ...POLLING, localConcurrency: 4 }, async ([job]) => {
        if (!job) return;
        if (!(await isItsTurn(job.data.jobId))) throw new Error('given back');
        await execute(job.data.jobId, () => Promise.resolve(stopping));
        // What this process could not finish before it ends is not done: the queue hands it out again.
        if (stopping && (await database.giveBackJob(job.data.jobId))) throw new Error('given back');
      });
      await boss.work<TimetableEntry>(TIMETABLE, POLLING, async ([slot]) => {
        if (slot) await enqueue(scheduledRequest(slot.data));
      });
    },
    keepTimetable: (entries) => keepTimetable(boss, entries, timers, onError),
    async stop() {
      stopping = true;
      for (const timer of timers) clearInterval(timer);
      await boss.stop({ graceful: true, timeout: 20_000, close: true });
    },
  };
}

/** Cron lines are pg-boss's own; other intervals are offered by every process, and the queue takes each slot once. */
async function keepTimetable(
  boss: PgBoss,
  entries: readonly TimetableEntry[],
  timers: NodeJS.Timeout[],
  onError: (fault: Error) => void,
): Promise<void> {
  const wanted = new Set<string>();
  for (const entry of entries) {
    // Names hold no slash, so a job of commerce is never taken for a lane.
    const key = entry.mapping === null ? `commerce/job/${entry.kind}` : `${entry.mapping}/${entry.channel}`;
    if (entry.schedule.kind === 'cron') {
      wanted.add(key);
      await boss.schedule(TIMETABLE, entry.schedule.expression, entry, { tz: entry.schedule.timezone, key });
    } else {
      const { everyMs } = entry.schedule;
      const offer = () => {
        const singletonSeconds = Math.max(1, Math.round(everyMs / 1_000));
        boss.send(TIMETABLE, entry, { singletonKey: key, singletonSeconds }).catch(onError);
      };
      offer();
      timers.push(setInterval(offer, everyMs).unref());
    }
  }
  for (const known of await boss.getSchedules(TIMETABLE))
    if (!wanted.has(known.key)) await boss.unschedule(TIMETABLE, known.key);
}

const scheduledRequest = (entry: TimetableEntry): JobRequest => ({
  // An entry that an earlier version has put into the queue names no kind.
  kind: entry.kind ?? 'synchronize',
  mapping: entry.mapping,
  channel: entry.channel,
  parentId: null,
  scope: entry.scope,
  direction: entry.mapping === null ? null : 'both',
  dryRun: false,
  trigger: 'schedule',
  actor: null,
  requestId: null,
  body: null,
});
