/** The commerce jobs: one channel after the other, none of them stopped by another that is away; none twice at once. */
import type { Outcome } from '../engine/job-outcome.ts';
import { sumCounters } from '../engine/execute-job.ts';
import type { CarryOutJob } from '../engine/site.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { Job, JobKind } from '../ports/coupling-database.ts';
import { noCounters } from '../ports/coupling-database.ts';
import { ActionRefused } from '../ports/synchronizer.ts';
import type { CommerceSite } from './commerce-site.ts';
import { distributeCustomers } from './distribute-customers.ts';
import type { ChannelReport, Stop } from './job-report.ts';
import { pullOperations } from './pull-operations.ts';
import { synchronizeCustomers, tellChannel } from './synchronize-customers.ts';

type Step = (commerce: CommerceSite, channel: string, job: Job, stop: Stop) => Promise<ChannelReport>;

export const commerceJobs = (commerce: CommerceSite): ReadonlyMap<JobKind, CarryOutJob> =>
  new Map<JobKind, CarryOutJob>([
    ['p-job', (job, stop) => eachChannel(commerce, job, stop, [pull])],
    ['synchronize-customers', (job, stop) => eachChannel(commerce, job, stop, [apply])],
    ['1010', (job, stop) => eachChannel(commerce, job, stop, [distributeCustomers])],
    ['pipeline', (job, stop) => eachChannel(commerce, job, stop, [pull, apply, distributeCustomers])],
  ]);

const pull: Step = async (commerce, channel, _job, stop) => {
  const { received, malformed, reused, complete } = await pullOperations(commerce, channel, stop);
  const counters = noCounters();
  counters.toHq.inserted = received;
  counters.toHq.failed = malformed;
  const [first] = reused;
  return {
    channel,
    counters,
    rowsAffected: received + malformed,
    status: first !== undefined ? 'failed' : complete ? 'succeeded' : 'cancelled',
    code: first === undefined ? null : 'counter-reused',
    params: first === undefined ? {} : { channel, table: first.table, counter: first.counter, count: reused.length },
  };
};

const apply: Step = async (commerce, channel, job, stop) => {
  const asker = { id: job.id, actor: job.actor, reason: null, requestId: job.requestId };
  const done = await synchronizeCustomers(commerce, channel, asker, stop);
  await tellChannel(commerce, channel);
  return {
    channel,
    counters: done.counters,
    rowsAffected: done.rows,
    status: done.complete ? 'succeeded' : 'cancelled',
    code: null,
    params: {},
  };
};

async function eachChannel(commerce: CommerceSite, job: Job, stop: Stop, steps: readonly Step[]): Promise<Outcome> {
  const channels = Object.keys(commerce.rules.channels).filter((name) => job.channel === null || name === job.channel);
  const reports: ChannelReport[] = [];
  for (const channel of channels) {
    for (const step of steps) {
      const report = await guarded(commerce, channel, () => step(commerce, channel, job, stop));
      reports.push(report);
      if (report.status === 'cancelled') break;
    }
  }
  const failed = reports.find(({ status }) => status === 'failed');
  return {
    status: failed ? 'failed' : reports.some(({ status }) => status === 'cancelled') ? 'cancelled' : 'succeeded',
    code: failed?.code ?? null,
    params: failed ? { ...failed.params, channel: failed.channel } : {},
    counters: sumCounters(reports.map(({ counters }) => counters)),
  };
}

/** A channel that is away fails alone; what is no store's fault is everybody's. */
async function guarded(
  commerce: CommerceSite,
  channel: string,
  work: () => Promise<ChannelReport>,
): Promise<ChannelReport> {
  try {
    return await work();
  } catch (fault) {
    const known =
      fault instanceof StoreUnreachable ||
      fault instanceof StoreBusy ||
      fault instanceof StoreRefused ||
      fault instanceof LineageBroken ||
      fault instanceof FenceLost ||
      fault instanceof ActionRefused;
    if (!known) throw fault;
    commerce.site.surroundings.log.warn({ channel, code: fault.code }, fault.message);
    return {
      channel,
      counters: noCounters(),
      rowsAffected: 0,
      status: 'failed',
      code: fault.code,
      params: fault.params,
    };
  }
}
