/** The commerce jobs: every channel by itself, none of them stopped by another that is away; none twice at once. */
import type { Outcome } from '../engine/lane/job-outcome.ts';
import { sumCounters } from '../engine/execute-job.ts';
import type { CarryOutJob, Site } from '../engine/lane/site.ts';
import type { CommerceJobName } from '../ports/commerce-control.ts';
import type { SessionJob } from '../ports/commerce-sessions.ts';
import { type Job, type JobCounters, type JobKind, noCounters } from '../ports/coupling-database.ts';
import type { CommerceSite } from './commerce-site.ts';
import { distributeFeatures, distributeSettings } from './distribute-configuration.ts';
import { distributeCustomers } from './distribute-customers.ts';
import type { ChannelReport, Stop } from './job-report.ts';
import { nextJobs } from './next-job.ts';
import { operationsInBulk } from './operations-in-bulk.ts';
import { pullOperations } from './pull-operations.ts';
import { runInSession, type Step } from './run-in-session.ts';
import { synchronizeCustomers, tellChannel } from './synchronize-customers.ts';

const PIPELINE: readonly SessionJob[] = ['p-job', 'synchronize-customers', '1010'];

export const commerceJobs = (commerce: CommerceSite): ReadonlyMap<JobKind, CarryOutJob> =>
  new Map<JobKind, CarryOutJob>([
    ...(Object.keys(STEPS) as SessionJob[]).map((name): [JobKind, CarryOutJob] => [
      name,
      (job, stop) => carryOut(commerce, job, stop, [name]),
    ]),
    ['bulk', (job, stop) => operationsInBulk(commerce, job, stop)],
    ['pipeline', (job, stop) => carryOut(commerce, job, stop, PIPELINE)],
  ]);

const pull: Step = async (commerce, channel, job, stop, moved) => {
  const { received, malformed, reused, complete } = await pullOperations(commerce, channel, job.id, stop, moved);
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

const apply: Step = async (commerce, channel, job, stop, moved) => {
  const asker = { id: job.id, actor: job.actor, reason: null, requestId: job.requestId };
  const done = await synchronizeCustomers(commerce, channel, asker, stop, moved);
  await tellChannel(commerce, channel);
  return {
    channel,
    counters: done.counters,
    rowsAffected: moved.rows,
    status: done.complete ? 'succeeded' : 'cancelled',
    code: null,
    params: {},
  };
};

const STEPS: Readonly<Record<SessionJob, Step>> = {
  'p-job': pull,
  'synchronize-customers': apply,
  '1010': distributeCustomers,
  '1110': (commerce, channel, _job, _stop, moved) => distributeFeatures(commerce, channel, moved),
  '1070': (commerce, channel, _job, _stop, moved) => distributeSettings(commerce, channel, moved),
};

/** Customers go to every channel that their mapping serves; operations come from those that have tables for them. */
export function channelsOf({ rules, site }: CommerceSite, name: CommerceJobName): readonly string[] {
  const all = Object.keys(rules.channels);
  if (name === '1010') return servedChannels(site, rules.customers);
  return name === 'pipeline' ? [...new Set([...all, ...servedChannels(site, rules.customers)])] : all;
}

const servedChannels = (site: Site, mapping: string): readonly string[] =>
  site.mappings.find(({ name }) => name === mapping)?.channels ?? [];

async function carryOut(commerce: CommerceSite, job: Job, stop: Stop, names: readonly SessionJob[]): Promise<Outcome> {
  const channels = [...new Set(names.flatMap((name) => channelsOf(commerce, name)))].filter(
    (channel) => job.channel === null || channel === job.channel,
  );
  // All at once: a channel that answers nothing until its time is up keeps no other waiting.
  const settled = await Promise.allSettled(channels.map((channel) => inOrder(commerce, channel, job, stop, names)));
  const fault = settled.find((result) => result.status === 'rejected');
  if (fault) throw fault.reason;
  const reports = settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (names === PIPELINE) reports.push(...(await serveOnceMore(commerce, reports, job, stop)));
  const failed = reports.find(({ status }) => status === 'failed');
  const cancelled = reports.some(({ status }) => status === 'cancelled');
  const [next] = failed || cancelled ? [] : await nextJobs(commerce, channels, names);
  return {
    status: failed ? 'failed' : cancelled ? 'cancelled' : 'succeeded',
    code: failed?.code ?? (next ? 'job-due' : null),
    params: failed ? { ...failed.params, channel: failed.channel } : { ...next },
    counters: sumCounters(reports.map(({ counters }) => counters)),
  };
}

/** What an operation of one channel wrote to HQ may have come when another channel had been served already. */
async function serveOnceMore(
  commerce: CommerceSite,
  reports: readonly ChannelReport[],
  job: Job,
  stop: Stop,
): Promise<readonly ChannelReport[]> {
  const wrote = new Set(reports.filter(({ counters }) => wroteToHq(counters)).map(({ channel }) => channel));
  const served = [...new Set(reports.map(({ channel }) => channel))].filter(
    (channel) =>
      [...wrote].some((other) => other !== channel) &&
      reports.every((report) => report.channel !== channel || report.status === 'succeeded'),
  );
  return (await Promise.all(served.map((channel) => inOrder(commerce, channel, job, stop, ['1010'])))).flat();
}

const wroteToHq = ({ toHq }: JobCounters): boolean => toHq.inserted + toHq.modified + toHq.deleted > 0;

async function inOrder(
  commerce: CommerceSite,
  channel: string,
  job: Job,
  stop: Stop,
  names: readonly SessionJob[],
): Promise<ChannelReport[]> {
  const reports: ChannelReport[] = [];
  for (const name of names) {
    if (!channelsOf(commerce, name).includes(channel)) continue;
    const report = await runInSession(commerce, channel, job, name, STEPS[name], stop);
    if (report) reports.push(report);
    if (report?.status === 'cancelled') break;
  }
  return reports;
}
