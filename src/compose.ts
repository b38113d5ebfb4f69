/** Wires everything: the only file that knows all rooms. */
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { commerceJobs } from './commerce/carry-out-job.ts';
import type { CommerceSite } from './commerce/commerce-site.ts';
import { actOnOperationError } from './commerce/synchronize-operation.ts';
import { continuousProofs } from './compose/continuous-proofs.ts';
import { continuousRounds } from './compose/continuous-rounds.ts';
import { type ComposedStores, composeStores, siteOf, type StoreOptions } from './compose/compose-stores.ts';
import { mappingsOfCommerce } from './compose/commerce-deps.ts';
import { askForOwedRuns } from './compose/owed-runs.ts';
import { serverDepsOf } from './compose/server-deps.ts';
import type { AuthSettings, Settings } from './config/settings.ts';
import { openCouplingDatabase, type OpenedCouplingDatabase } from './database/open-coupling-database.ts';
import type { CommerceJob } from './domain/terms.ts';
import { emptyMemory, type LaneMemory } from './engine/lane/lane-memory.ts';
import { type CarryOutJob, lanesOf, mappingOf, type Site } from './engine/lane/site.ts';
import { oweFullRuns } from './engine/lane/due-here.ts';
import { createSynchronizer } from './engine/synchronizer.ts';
import { prepareDatabase } from './database/session/migrate.ts';
import { assertListenable, ListeningRefused } from './http/assert-listenable.ts';
import { buildServer } from './http/build-server.ts';
import { type StartedQueue, startJobQueue, type TimetableEntry } from './jobs/job-queue.ts';
import { proveContinuously } from './jobs/prove-continuously.ts';
import { type ContinuousWork, type StoreStateReport, workContinuously } from './jobs/work-continuously.ts';
import type { JobKind } from './ports/coupling-database.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { Synchronizer } from './ports/synchronizer.ts';

export interface ComposeOptions extends StoreOptions {
  /** Where couplings, errors, log and jobs live. */
  readonly databaseUrl: string;
  /** False: refuse a coupling database of another version instead of migrating it. */
  readonly migrate: boolean;
}

export interface ServeOptions {
  readonly jobs: JobQueue;
  /** Who may call: `local` for commands of this machine, as configured for everybody else. */
  readonly auth: AuthSettings;
  readonly log: Logger;
  /** The folder of the built page. */
  readonly pageFolder?: string | null;
  /** Over when this process has looked at its stores for the first time. */
  readonly firstLook?: Promise<void>;
}

export interface Couplet extends AsyncDisposable {
  readonly settings: Settings;
  readonly site: Site;
  readonly memory: LaneMemory;
  readonly database: OpenedCouplingDatabase;
  readonly stores: ComposedStores;
  /** Null: the configuration says nothing of commerce. */
  readonly commerce: CommerceSite | null;
  /** Puts the change capture into every store that can be reached; the others are named. */
  readonly install: ComposedStores['install'];
  readonly synchronizer: Synchronizer;
  /** After a change of their configuration. */
  oweFullRuns(mappings: readonly string[]): Promise<void>;
  readonly log: Logger;
  startQueue(): Promise<StartedQueue>;
  /** Continuous schedule, timetable and asked-for jobs. */
  startWorker(queue: StartedQueue, report: (state: StoreStateReport) => void): Promise<ContinuousWork>;
  /** The API, and the page if it is built; nobody listens yet. */
  buildServer(options: ServeOptions): Promise<FastifyInstance>;
  close(): Promise<void>;
}

/** For commands that look at the set-up: stores, and the coupling database if it can be used as it is. */
export interface ComposedSetup {
  readonly stores: ComposedStores;
  /** Why the coupling database was left aside; null when it was not, or none was named. */
  readonly databaseFault: unknown;
  close(): Promise<void>;
}

export async function composeSetup(options: StoreOptions, databaseUrl: string | null): Promise<ComposedSetup> {
  let databaseFault: unknown = null;
  const open = (url: string): Promise<OpenedCouplingDatabase | null> =>
    openCouplingDatabase({ url, migrate: false }).catch((fault: unknown) => {
      databaseFault = fault;
      return null;
    });
  const database = databaseUrl === null ? null : await open(databaseUrl);
  const stores = composeStores(siteOf(options, database), database, options.settings);
  return {
    stores,
    databaseFault,
    close: async () => void (await Promise.allSettled([stores.close(), database?.close()])),
  };
}

/** Brings the coupling database to the version of the program, or makes it. */
export const migrateCouplingDatabase = (url: string): Promise<void> => prepareDatabase(url, true);

/** Why this address may not be listened at; null when it may. */
export function refusalToListen(host: string, auth: AuthSettings): string | null {
  try {
    assertListenable(host, auth);
    return null;
  } catch (fault) {
    if (fault instanceof ListeningRefused) return fault.message;
    throw fault;
  }
}

function commerceSiteOf(
  site: Site,
  memory: LaneMemory,
  database: OpenedCouplingDatabase,
  { operationStores }: ComposedStores,
  { commerce }: Settings,
): CommerceSite | null {
  if (commerce === null) return null;
  return {
    site,
    memory,
    rules: commerce,
    database: database.commerce,
    sessions: database.commerceSessions,
    index: database.channelCustomers,
    operationStores,
  };
}

export async function compose(options: ComposeOptions): Promise<Couplet> {
  const { settings, log } = options;
  const database = await openCouplingDatabase({ url: options.databaseUrl, migrate: options.migrate });
  const otherJobs = new Map<JobKind, CarryOutJob>();
  const operationErrors: NonNullable<Site['operationErrors']> = {};
  const site: Site = { ...siteOf(options, database), operationErrors, otherJobs };
  await database.ensureLanes([...lanesOf(site), ...(site.operationTables ?? []).map(({ lane }) => lane)]);
  const memory = emptyMemory();
  const synchronizer = createSynchronizer(site, memory);
  const stores = composeStores(site, database, settings);
  const commerce = commerceSiteOf(site, memory, database, stores, settings);
  if (commerce) {
    for (const [kind, work] of commerceJobs(commerce)) otherJobs.set(kind, work);
    operationErrors.act = (error, request) => actOnOperationError(commerce, error, request);
  }
  const close = async (): Promise<void> => {
    await Promise.allSettled([stores.close(), database.close()]);
  };
  return {
    settings,
    site,
    memory,
    database,
    commerce,
    synchronizer,
    oweFullRuns: (mappings) => oweFullRuns(site, mappings),
    log,
    stores,
    install: () => stores.install(),
    startQueue: () =>
      startJobQueue({
        url: options.databaseUrl,
        database,
        onError: (fault) => log.warn({ fault: fault.message }, 'the job queue met a fault, and goes on by itself'),
      }),
    async startWorker(queue, report) {
      await endInterruptedJobs(site);
      await queue.work((jobId, stop) => synchronizer.execute(jobId, stop));
      await queue.keepTimetable([...timetableOf(site), ...commerceTimetable(settings)]);
      await askForOwedRuns(site, queue, commerce ? mappingsOfCommerce(commerce) : []);
      const work = workContinuously({
        rounds: continuousRounds(site, memory, log),
        report,
        channels: settings.channels.map(({ channel }) => channel),
      });
      const proofs = proveContinuously(continuousProofs(site, memory, log));
      return { stop: async () => void (await Promise.all([work.stop(), proofs.stop()])) };
    },
    buildServer: ({ jobs, auth, log: serverLog, pageFolder = null, firstLook }) =>
      buildServer(
        serverDepsOf({
          site,
          memory,
          database,
          synchronizer,
          jobs,
          auth,
          pageFolder,
          firstLook,
          log: serverLog,
          hqName: settings.hq.name,
          channels: settings.channels.map(({ channel, name }) => ({ channel, name })),
          commerce: commerce && settings.commerce ? { commerce, schedules: settings.commerce.schedules } : null,
        }),
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function endInterruptedJobs(site: Site): Promise<void> {
  for (const lane of lanesOf(site)) {
    await using lock = await site.database.lockLane(lane, 0);
    if (lock) await site.database.endInterruptedJobs(lane);
  }
}

/** Runs that follow a clock: every lane whose schedule does. */
function timetableOf(site: Site): TimetableEntry[] {
  return lanesOf(site).flatMap((lane): TimetableEntry[] => {
    const { schedule, scope, enabled } = mappingOf(site, lane);
    return enabled && (schedule.kind === 'every' || schedule.kind === 'cron')
      ? [{ kind: 'synchronize', ...lane, scope, schedule }]
      : [];
  });
}

/** Jobs of all channels at once; which are away, each run finds out by itself. */
const commerceTimetable = ({ commerce }: Settings): TimetableEntry[] =>
  Object.entries(commerce?.schedules ?? {}).flatMap(([kind, schedule]): TimetableEntry[] =>
    schedule.kind === 'manual'
      ? []
      : [{ kind: kind as CommerceJob, mapping: null, channel: null, scope: null, schedule }],
  );
