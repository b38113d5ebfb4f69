/** The stores of a configuration and what is done with them as stores: capture put in, written out, taken out, checked. */
import type { Logger } from 'pino';
import { operationLanes, operationTables, withAsyncAccount } from '../commerce/commerce-site.ts';
import { diffSettings, type SettingsSnapshot, snapshotOf } from '../config/diff-settings.ts';
import type { Path, Position } from '../config/problem.ts';
import type { Settings } from '../config/settings.ts';
import { suggestName } from '../config/suggest.ts';
import type { OpenedCouplingDatabase } from '../database/open-coupling-database.ts';
import type { Json } from '../domain/record.ts';
import { verdictsOf } from '../engine/check/check-job.ts';
import { checkLocked, checkSetup, type SetupReport } from '../engine/check/check-setup.ts';
import type { EngineSurroundings, SharingTerms } from '../engine/lane/lane-context.ts';
import type { SetupFinding } from '../engine/lane/setup-finding.ts';
import type { LockedSetting, SetupKnowledge, StoreVerdict } from '../engine/lane/setup-knowledge.ts';
import { type Site, watchedTables } from '../engine/lane/site.ts';
import type { CouplingDatabase } from '../ports/coupling-database.ts';
import type { OperationStore } from '../ports/commerce.ts';
import type { InstallResult, Store } from '../ports/store.ts';
import { openOperationStore } from '../stores/postgres/install/operation-tables.ts';
import { openPostgresStore } from '../stores/postgres/postgres-store.ts';

export interface StoreOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** The place of something in the configuration file, for what only the stores reveal. */
  readonly locate?: (path: Path) => Position;
  /** For tests that stop a run at a named point. */
  readonly reach?: EngineSurroundings['reach'];
  readonly connectTimeoutMs?: number;
  /** When a backlog is shared; tests share small ones. */
  readonly sharing?: SharingTerms;
}

/** Null: there is no coupling database at hand, and nothing is asked of it. */
export type AtHand = OpenedCouplingDatabase | null;

export interface Installed {
  readonly store: Store;
  readonly result: InstallResult | Error;
}

export interface ComposedStores {
  readonly all: readonly Store[];
  /** By channel, of those that have operation tables. */
  readonly operationStores: ReadonlyMap<string, OperationStore>;
  /** Puts the capture into every store that can be reached; the others are named. */
  install(): Promise<readonly Installed[]>;
  installInto(store: Store): Promise<Installed>;
  installScript(store: Store): Promise<string>;
  /** What is not as the mappings need it; noted for `GET /stores` where a coupling database is at hand. */
  check(): Promise<SetupReport>;
  /** What may not be changed while there are couplings; needs a coupling database. */
  checkLocked(): Promise<readonly SetupFinding[]>;
  close(): Promise<void>;
}

export function composeStores(site: Site, database: AtHand, settings: Settings): ComposedStores {
  const all: readonly Store[] = [site.hq, ...site.channels.values()];
  const { commerce } = settings;
  const operationStores = new Map(
    settings.channels.flatMap(({ channel, url, name }) =>
      commerce?.channels[channel] ? [[channel, openOperationStore({ url, name })] as const] : [],
    ),
  );
  const operationsOf = (store: Store) => operationStores.get(store.channel ?? '') ?? null;
  const installInto = async (store: Store): Promise<Installed> => {
    try {
      // Before the capture, which watches them too.
      const operations = operationsOf(store);
      if (commerce && operations && store.channel !== null)
        await operations.install(await operationTables({ site, rules: commerce }, store.channel));
      return { store, result: await store.install(watchedTables(site, store.side, store.channel)) };
    } catch (fault) {
      return { store, result: fault instanceof Error ? fault : new Error(String(fault)) };
    }
  };
  return {
    all,
    operationStores,
    install: () => Promise.all(all.map(installInto)),
    installInto,
    async installScript(store) {
      const operations = operationsOf(store);
      const capture = await store.installScript(watchedTables(site, store.side, store.channel));
      if (!commerce || !operations || store.channel === null) return capture;
      return `${operations.script(await operationTables({ site, rules: commerce }, store.channel))}\n${capture}`;
    },
    async check() {
      const locked = database === null ? [] : await lockedSettings(settings, database);
      const report = await checkSetup(site, { suggest: suggestName, locked, withCouplings: database !== null });
      if (database !== null) await site.setup?.note(verdictsOf(report));
      return report;
    },
    checkLocked: async () => (database === null ? [] : checkLocked(site, await lockedSettings(settings, database))),
    close: async () =>
      void (await Promise.allSettled([...all, ...operationStores.values()].map((store) => store.close()))),
  };
}

export function siteOf(options: StoreOptions, database: AtHand): Site {
  const { settings, log, reach, connectTimeoutMs, sharing } = options;
  const circular = new Map<string, Set<string>>();
  for (const edge of settings.circular)
    circular.set(edge.mapping, (circular.get(edge.mapping) ?? new Set()).add(edge.field));
  const { commerce } = settings;
  const mappings = commerce === null ? settings.mappings : withAsyncAccount(settings.mappings, commerce);
  const byName = new Map(mappings.map((mapping) => [mapping.name, mapping]));
  const patience = connectTimeoutMs === undefined ? {} : { connectTimeoutMs };
  return {
    database: database ?? (noDatabase as CouplingDatabase),
    hq: openPostgresStore({ ...patience, side: 'hq', channel: null, url: settings.hq.url, name: settings.hq.name }),
    channels: new Map(
      settings.channels.map(({ channel, url, name }) => [
        channel,
        openPostgresStore({ ...patience, side: 'channel', channel, url, name }),
      ]),
    ),
    mappings: settings.order.flatMap((name) => byName.get(name) ?? []),
    circular,
    ...(sharing && { sharing }),
    ...(commerce !== null && { operationTables: operationLanes(commerce) }),
    surroundings: {
      now: () => new Date(),
      reach: reach ?? (() => {}),
      log: {
        info: (event, message) => log.info(event as object, message),
        warn: (event, message) => log.warn(event as object, message),
        error: (event, message) => log.error(event as object, message),
      },
    },
    ...(database !== null && { setup: setupKnowledge(options, database) }),
  };
}

/** Whoever asks it without a coupling database at hand has made a mistake, which this tells. */
const noDatabase: unknown = new Proxy(
  {},
  {
    get: (_, name) => {
      throw new Error(`no coupling database is at hand to ask for ${String(name)}`);
    },
  },
);

// ---------------------------------------------------------------- what a check knows

const setupKnowledge = (
  { settings, locate = nowhere }: StoreOptions,
  database: OpenedCouplingDatabase,
): SetupKnowledge => ({
  suggest: suggestName,
  lineOf: (path) => locate(path).line,
  locked: () => lockedSettings(settings, database),
  async note(verdicts) {
    for (const { side, channel, reachable, captureInstalled, findings } of verdicts) {
      const broken = findings.some(({ severity }) => severity === 'error');
      const state = !reachable ? 'unreachable' : broken ? 'setupProblem' : 'reachable';
      const problems = problemsOf(findings, locate);
      await database.queries.noteStoreState(
        { side, channel, state, captureInstalled, problems },
        { keepReplaced: true },
      );
    }
  },
});

const nowhere = (): Position => ({ line: 1, column: 1 });

const problemsOf = (findings: StoreVerdict['findings'], locate: (path: Path) => Position): Json =>
  findings.map(({ code, severity, mapping, params, message, remedy, path }) => ({
    code,
    severity,
    mapping,
    params,
    message,
    remedy,
    line: locate(path).line,
  }));

/** What of key, table and references differs from the configuration that was worked with last. */
export async function lockedSettings(settings: Settings, database: OpenedCouplingDatabase): Promise<LockedSetting[]> {
  const latest = await database.queries.latestConfiguration();
  if (latest === null) return [];
  const { mappings } = diffSettings(latest.configuration as unknown as SettingsSnapshot, snapshotOf(settings));
  return mappings.changed.flatMap(({ mapping, locked }) => {
    const formerMapping = mappings.renamed.find(({ to }) => to === mapping)?.from ?? mapping;
    return locked.map((change) => ({ ...change, mapping, formerMapping }));
  });
}
