/** What waits after a job has run, and for which: whoever runs the jobs by hand, or out of order, is told how to go on. */
import { StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { SessionJob } from '../ports/commerce-sessions.ts';
import { type CommerceSite, operationStoreOf, partsOf, tableOf } from './commerce-site.ts';
import { CONFIGURATION_JOBS, featureStates } from './features.ts';

export interface NextJob {
  readonly nextJob: string;
  readonly channel: string;
  /** How much waits for it. */
  readonly count: number;
}

/** In the order of the jobs; none of those that have just run. */
export async function nextJobs(
  commerce: CommerceSite,
  channels: readonly string[],
  ran: readonly SessionJob[],
): Promise<NextJob[]> {
  const ofCustomers = ran.some((job) => job === '1110' || job === '1070')
    ? await waitingConfiguration(commerce, channels)
    : await waitingCustomers(commerce, channels);
  return ofCustomers.filter(({ nextJob }) => !ran.some((job) => job === nextJob));
}

async function waitingCustomers(commerce: CommerceSite, channels: readonly string[]): Promise<NextJob[]> {
  const found: NextJob[] = [];
  for (const channel of channels.filter((name) => commerce.rules.channels[name] !== undefined)) {
    const { received, undistributed } = await commerce.sessions.waitingFor(channel, commerce.rules.customers);
    const counts: readonly (readonly [SessionJob, number])[] = [
      ['p-job', await countInChannel(commerce, channel)],
      ['synchronize-customers', received],
      ['1010', undistributed],
    ];
    found.push(...counts.flatMap(([nextJob, count]) => (count > 0 ? [{ nextJob, channel, count }] : [])));
  }
  const order = ['p-job', 'synchronize-customers', '1010'];
  return found.toSorted((a, b) => order.indexOf(a.nextJob) - order.indexOf(b.nextJob));
}

/** What the channel has not handed over yet; nothing is said of a channel that is away. */
async function countInChannel(commerce: CommerceSite, channel: string): Promise<number> {
  try {
    let count = 0;
    for (const part of partsOf(commerce.rules)) {
      const open = await operationStoreOf(commerce, channel).open(tableOf(commerce.rules, channel, part));
      if (open.length === 0) continue;
      const counters = open.map(({ counter }) => counter);
      count += (await commerce.database.notPulled(channel, part, counters)).length;
    }
    return count;
  } catch (fault) {
    if (fault instanceof StoreUnreachable || fault instanceof StoreBusy || fault instanceof StoreRefused) return 0;
    throw fault;
  }
}

async function waitingConfiguration(commerce: CommerceSite, channels: readonly string[]): Promise<NextJob[]> {
  const states = await featureStates(commerce);
  return CONFIGURATION_JOBS.flatMap((nextJob) =>
    channels.flatMap((channel) => {
      const count = states.filter(({ pendingJobs }) => pendingJobs[channel]?.includes(nextJob)).length;
      return count > 0 ? [{ nextJob, channel, count }] : [];
    }),
  );
}
