/** Wires everything: the only file that knows all rooms. */
import type { Logger } from 'pino';
import type { Settings } from './config/settings.ts';
import { openCouplingDatabase } from './database/open-coupling-database.ts';
import type { EngineSurroundings } from './engine/lane-context.ts';
import { emptyMemory, type LaneMemory } from './engine/open-lane.ts';
import { readMarks } from './engine/read-marks.ts';
import { runChannel } from './engine/run-channel.ts';
import { isEnabled } from './engine/run-channel.ts';
import { laneText, lanesOf, mappingOf, type Site, storeOf, watchedTables } from './engine/site.ts';
import { createSynchronizer } from './engine/synchronizer.ts';
import { type StartedQueue, startJobQueue, type TimetableEntry } from './jobs/job-queue.ts';
import type { Rounds } from './jobs/rounds.ts';
import { type ContinuousWork, type StoreStateReport, workContinuously } from './jobs/work-continuously.ts';
import type { CouplingDatabase } from './ports/coupling-database.ts';
import type { InstallResult, Lane, Store } from './ports/store.ts';
import type { Synchronizer } from './ports/synchronizer.ts';
import { openPostgresStore } from './stores/postgres/postgres-store.ts';

export interface ComposeOptions {
  readonly settings: Settings;
  /** Where couplings, errors, log and jobs live. */
  readonly databaseUrl: string;
  readonly log: Logger;
  /** False: refuse a coupling database of another version instead of migrating it. */
  readonly migrate: boolean;
  /** For tests that stop a run at a named point. */
  readonly reach?: EngineSurroundings['reach'];
}

export interface Couplet extends AsyncDisposable {
  readonly settings: Settings;
  readonly site: Site;
  readonly memory: LaneMemory;
  readonly database: CouplingDatabase;
  readonly synchronizer: Synchronizer;
  readonly log: Logger;
  /** Puts the change capture into every store that can be reached; the others are named. */
  install(): Promise<readonly { readonly store: Store; readonly result: InstallResult | Error }[]>;
  startQueue(): Promise<StartedQueue>;
  /** Continuous schedule, timetable and asked-for jobs. */
  startWorker(queue: StartedQueue, report: (state: StoreStateReport) => void): Promise<ContinuousWork>;
  close(): Promise<void>;
}

export async function compose(options: ComposeOptions): Promise<Couplet> {
  const { settings, log } = options;
  const database = await openCouplingDatabase({ url: options.databaseUrl, migrate: options.migrate });
  const site = siteOf(options, database);
  await database.ensureLanes(lanesOf(site));
  const memory = emptyMemory();
  const synchronizer = createSynchronizer(site, memory);
  const stores: readonly Store[] = [site.hq, ...site.channels.values()];
  const close = async (): Promise<void> => {
    await Promise.allSettled([...stores.map((store) => store.close()), database.close()]);
  };
  return {
    settings,
    site,
    memory,
    database,
    synchronizer,
    log,
    install: () => Promise.all(stores.map((store) => installInto(site, store))),
    startQueue: () =>
      startJobQueue({
        url: options.databaseUrl,
        database,
        onError: (fault) => log.warn({ fault: fault.message }, 'the job queue'),
      }),
    async startWorker(queue, report) {
      await endInterruptedJobs(site);
      await queue.work((jobId, stop) => synchronizer.execute(jobId, stop));
      await queue.keepTimetable(timetableOf(site));
      return workContinuously({
        rounds: roundsOf(site, memory, log),
        report,
        channels: settings.channels.map(({ channel }) => channel),
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function siteOf({ settings, log, reach }: ComposeOptions, database: CouplingDatabase): Site {
  const circular = new Map<string, Set<string>>();
  for (const edge of settings.circular)
    circular.set(edge.mapping, (circular.get(edge.mapping) ?? new Set()).add(edge.field));
  const byName = new Map(settings.mappings.map((mapping) => [mapping.name, mapping]));
  return {
    database,
    hq: openPostgresStore({ side: 'hq', channel: null, url: settings.hq.url, name: settings.hq.name }),
    channels: new Map(
      settings.channels.map(({ channel, url, name }) => [
        channel,
        openPostgresStore({ side: 'channel', channel, url, name }),
      ]),
    ),
    mappings: settings.order.flatMap((name) => byName.get(name) ?? []),
    circular,
    surroundings: {
      now: () => new Date(),
      reach: reach ?? (() => {}),
      log: {
        info: (event, message) => log.info(event as object, message),
        warn: (event, message) => log.warn(event as object, message),
        error: (event, message) => log.error(event as object, message),
      },
    },
  };
}

async function installInto(site: Site, store: Store): Promise<{ store: Store; result: InstallResult | Error }> {
  try {
    return { store, result: await store.install(watchedTables(site, store.side, store.channel)) };
  } catch (fault) {
    return { store, result: fault instanceof Error ? fault : new Error(String(fault)) };
  }
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
    return enabled && (schedule.kind === 'every' || schedule.kind === 'cron') ? [{ ...lane, scope, schedule }] : [];
  });
}

function roundsOf(site: Site, memory: LaneMemory, log: Logger): Rounds {
  const continuous = (lane: Lane): boolean =>
    isEnabled(site, lane) && mappingOf(site, lane).schedule.kind === 'continuous';
  return {
    readMarks: async (side, channel) => (await readMarks(site, side, channel)).marks,
    async waitForMarks(side, channel, timeoutMs, signal) {
      const cursor = await site.database.loadCursor(side, channel);
      if (cursor) await storeOf(site, side, channel).waitForMarks(site.database.reader, cursor, timeoutMs, signal);
    },
    async lanesWithWork(channel) {
      const [due, states] = await Promise.all([site.database.lanesWithWork(), site.database.laneStates()]);
      const names = new Set(due.map((entry) => laneText(entry.lane)));
      for (const state of states) {
        const owed = state.fullRunDue !== null || (!state.firstRunDone && !awaitsSomebody(site, memory, state.lane));
        if (owed) names.add(laneText(state.lane));
        if (state.paused || state.stopped) names.delete(laneText(state.lane));
      }
      return lanesOf(site, channel).filter((lane) => names.has(laneText(lane)) && continuous(lane));
    },
    async runLanes(channel, lanes, signal) {
      const reports = await runChannel(site, memory, channel, lanes, {
        scope: 'modified',
        direction: 'both',
        fields: null,
        dryRun: false,
        trigger: 'change',
        actor: null,
        requestId: null,
        reason: null,
        jobId: null,
        children: false,
        waitForLaneMs: 0,
        stop: () => Promise.resolve(signal.aborted),
      });
      return reports.some((report) => report.status === 'failed');
    },
    warn: (message) => log.warn(message),
  };
}

/** A first run that was found to wait for somebody is not tried again by itself in this process. */
const awaitsSomebody = (_site: Site, memory: LaneMemory, lane: Lane): boolean =>
  memory.awaitingFirstRun.has(laneText(lane));
