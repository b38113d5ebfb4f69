/** The face of customer operations towards people: what `ports/customer-operations.ts` promises. */
import type { CommerceDatabase, CustomerOperation } from '../ports/commerce.ts';
import type { CustomerOperations, OperationSummary } from '../ports/customer-operations.ts';
import { ActionRefused } from '../ports/synchronizer.ts';
import { type CommerceSite, guidFieldOf, mappingNameOf, partsOf } from './commerce-site.ts';
import { dismissOperation, reopenOperation } from './dismiss-operation.ts';
import { isAway, listWaiting, oneWaiting, waitingIn } from './operations-waiting.ts';
import { changeFitting } from './refuse-action.ts';
import { saveOperation } from './save-operation.ts';
import { synchronizeOperation } from './synchronize-operation.ts';
import { waitingPlace } from './waiting-id.ts';

const LEASE_MS = 15 * 60_000;

/** Without commerce in the configuration, what was received before can still be read. */
export function customerOperations(commerce: CommerceSite | null, database: CommerceDatabase): CustomerOperations {
  const required = (): CommerceSite => {
    if (commerce) return commerce;
    throw new ActionRefused('not-configured', 'commerce is not configured', { mapping: 'commerce' });
  };
  return {
    rules: commerce === null ? null : rulesOf(commerce),
    async find(filter, page) {
      await database.lapseEdits();
      return database.operations(filter, page);
    },
    async waiting(filter, page) {
      return commerce === null
        ? { items: [], nextCursor: null, total: page.count ? 0 : null, unreachable: [] }
        : listWaiting(commerce, filter, page);
    },
    async count(filter) {
      await database.lapseEdits();
      return database.countOperations(filter);
    },
    async byId(id) {
      await database.lapseEdits();
      const place = commerce && waitingPlace(id, Object.keys(commerce.rules.channels));
      const operation = await (place
        ? database.operationOfRow(place.channel, place.part, place.counter)
        : database.operationById(id));
      if (operation === null) return place ? oneWaiting(commerce, place) : null;
      return commerce ? withSessions(commerce, operation) : operation;
    },
    async failedCount() {
      const counts = await database.countByStatus();
      return counts.reduce((sum, { status, count }) => sum + (status === 'failed' ? count : 0), 0);
    },
    async summary() {
      await database.lapseEdits();
      return summaryOf(commerce, database);
    },
    save: (...asked) => saveOperation(required(), ...asked),
    edit: (id, { actor }) =>
      changeFitting(database, id, 'edit', actor, () => ({
        kind: 'edit',
        by: actor ?? '',
        until: new Date(required().site.surroundings.now().getTime() + LEASE_MS).toISOString(),
      })),
    // What nobody is editing is given back already.
    release: (id, { actor }) => releaseOperation(database, id, actor),
    synchronize: (id, asker) => synchronizeOperation(required(), id, asker),
    dismiss: (id, asked) => dismissOperation(required(), id, asked),
    reopen: (id, asker) => reopenOperation(required(), id, asker),
  };
}

async function releaseOperation(database: CommerceDatabase, id: string, actor: string | null): Promise<void> {
  const operation = await database.operationById(id);
  if (operation !== null && operation.status !== 'editing') return;
  await changeFitting(database, id, 'release', actor, () => ({ kind: 'release' }));
}

/** Each step names the session in which it was carried to or from the channel. */
async function withSessions(commerce: CommerceSite, operation: CustomerOperation): Promise<CustomerOperation> {
  const jobIds = operation.history.flatMap(({ jobId }) => jobId ?? []);
  const sessions = await commerce.sessions.ofJobs(operation.channel, [...new Set(jobIds)]);
  const history = operation.history.map((step, at) => {
    // It came with the first step; a pipeline has sessions of both jobs.
    const job = at === 0 ? 'p-job' : 'synchronize-customers';
    const session = sessions.findLast((one) => one.job === job && one.jobId === step.jobId);
    return { ...step, session: session?.id ?? null };
  });
  return { ...operation, history };
}

function rulesOf(commerce: CommerceSite): CustomerOperations['rules'] {
  const { rules, site } = commerce;
  const customers = site.mappings.find(({ name }) => name === rules.customers);
  return {
    mappings: Object.fromEntries(partsOf(rules).map((part) => [part, mappingNameOf(rules, part) ?? part])),
    guidField: customers === undefined ? null : guidFieldOf(customers, rules),
  };
}

async function summaryOf(commerce: CommerceSite | null, database: CommerceDatabase): Promise<OperationSummary> {
  const configured = commerce === null ? [] : Object.keys(commerce.rules.channels);
  const [counts, failures, waiting] = await Promise.all([
    database.countByStatus(),
    database.failuresByCode(),
    Promise.all(configured.map((channel) => countWaiting(commerce, channel))),
  ]);
  const names = [...new Set([...configured, ...counts.map(({ channel }) => channel)])];
  return {
    channels: names.map((channel) => ({
      channel,
      waiting: waiting[configured.indexOf(channel)] ?? { count: null, oldestAt: null },
      statuses: Object.fromEntries(
        counts.flatMap((entry) => (entry.channel === channel ? [[entry.status, entry.count]] : [])),
      ),
    })),
    failures,
  };
}

async function countWaiting(commerce: CommerceSite | null, channel: string) {
  if (commerce === null) return { count: null, oldestAt: null };
  try {
    const open = await waitingIn(commerce, channel);
    const oldest = open.reduce<string | null>((first, { at }) => (first === null || at < first ? at : first), null);
    return { count: open.length, oldestAt: oldest };
  } catch (fault) {
    if (!isAway(fault)) throw fault;
    return { count: null, oldestAt: null };
  }
}
