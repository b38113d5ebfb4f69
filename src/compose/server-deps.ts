/** What the HTTP server is given, from the site that this process works on. */
import type { FastifyBaseLogger } from 'fastify';
import type { AuthSettings } from '../config/settings.ts';
import type { OpenedCouplingDatabase } from '../database/open-coupling-database.ts';
import type { Mapping } from '../domain/mapping.ts';
import type { PreparedMapping } from '../domain/prepared-mapping.ts';
import type { LaneMemory } from '../engine/lane/lane-memory.ts';
import { prepareLane } from '../engine/run/open-lane.ts';
import { laneText, mappingOf, type Site, storeOf } from '../engine/lane/site.ts';
import { StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { AuthOptions } from '../http/caller.ts';
import { presentMappings } from '../http/present-mappings.ts';
import type { ServerDeps } from '../http/server-deps.ts';
import { createSignInProvider } from '../http/sign-in-provider.ts';
import { createTokenVerifier } from '../http/verify-token.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { LaneControl } from '../ports/lane-control.ts';
import type { ShownChannel } from '../ports/mapping-presenter.ts';
import type { Lane } from '../ports/store.ts';
import type { Synchronizer } from '../ports/synchronizer.ts';
import type { Verification } from '../ports/verification.ts';
import { commerceDeps, mappingsOfCommerce, schedulesOf, type ServedCommerce } from './commerce-deps.ts';
import { nextRunAt } from './next-run.ts';
import { askForOwedRuns } from './owed-runs.ts';

export interface ServedSite {
  readonly site: Site;
  readonly memory: LaneMemory;
  readonly database: OpenedCouplingDatabase;
  readonly synchronizer: Synchronizer;
  readonly jobs: JobQueue;
  readonly log: FastifyBaseLogger;
  readonly auth: AuthSettings;
  readonly hqName: string;
  readonly channels: readonly ShownChannel[];
  readonly pageFolder?: string | null;
  readonly firstLook?: Promise<void> | undefined;
  /** Absent or null: the configuration says nothing of commerce. */
  readonly commerce?: ServedCommerce | null;
}

/** Counting a table takes a moment, and a mapping that waits to be asked may be looked at often. */
const COUNTS_FRESH_MS = 30_000;
/** A store that was away is not asked for its columns again with every request. */
const AWAY_FRESH_MS = 5_000;

export function serverDepsOf(served: ServedSite): ServerDeps {
  const { site, database, synchronizer, jobs, log } = served;
  const deps: ServerDeps = {
    synchronizer,
    queries: database.queries,
    jobs,
    lanes: laneControl(served),
    couplings: database,
    presenter: presentMappings({
      hqName: served.hqName,
      channels: served.channels,
      mappings: site.mappings,
      prepared: preparedMappings(served),
      former: formerMappings(database),
    }),
    access: database.access,
    events: database.events,
    measures: database.measures,
    verification: configuredProofs(site),
    auth: authOf(served.auth),
    log,
    firstLook: served.firstLook,
    isReady: () => database.isReady(),
    pageFolder: served.pageFolder ?? null,
  };
  return { ...deps, ...commerceDeps(served.commerce ?? null, database.commerce, () => deps) };
}

function authOf(auth: AuthSettings): AuthOptions {
  if (auth.kind === 'local') return auth;
  const { apiKeys, oidc } = auth;
  if (oidc === null) return { kind: 'configured', apiKeys, tokens: null };
  const tokens = createTokenVerifier(oidc);
  const { issuer, clientId, clientSecret = null } = oidc;
  const provider = clientId === undefined ? null : createSignInProvider({ issuer, clientId, clientSecret, tokens });
  return { kind: 'configured', apiKeys, tokens, provider };
}

/** In the order of the configuration; what is gone from it is proven no more. */
const configuredProofs = ({ mappings, database }: Site): Verification => ({
  async proofs() {
    const known = new Map((await database.proofs.proofs()).map((proof) => [proof.mapping, proof]));
    return mappings.flatMap(({ name }) => known.get(name) ?? []);
  },
});

type Prepared = (lane: Lane) => Promise<PreparedMapping | null>;

function preparedMappings({ site, memory }: ServedSite): Prepared {
  const awayUntil = new Map<string, number>();
  return async (lane) => {
    const name = laneText(lane);
    if (!memory.prepared.has(name) && (awayUntil.get(name) ?? 0) > Date.now()) return null;
    const stores = { hq: storeOf(site, 'hq', null), channel: storeOf(site, 'channel', lane.channel) };
    try {
      return (await prepareLane(site, memory, lane, stores)).prepared;
    } catch (fault) {
      // What stands in the way is told by the runs; lists are shown all the same, with values as texts.
      if (!isStoreFault(fault)) throw fault;
      awayUntil.set(name, Date.now() + AWAY_FRESH_MS);
      return null;
    }
  };
}

/** As it was configured last, for couplings and errors of a mapping that is gone from the file. */
function formerMappings({ queries }: OpenedCouplingDatabase): (name: string) => Promise<Mapping | null> {
  const known = new Map<string, Mapping | null>();
  return async (name) => {
    if (known.has(name)) return known.get(name) ?? null;
    let found: Mapping | null = null;
    let cursor: string | null = null;
    do {
      const page = await queries.configurationHistory({ limit: 50, cursor, sort: null, count: false });
      for (const { configuration } of page.items) found ??= mappingIn(configuration, name);
      cursor = page.nextCursor;
    } while (found === null && cursor !== null);
    known.set(name, found);
    return found;
  };
}

function mappingIn(configuration: unknown, name: string): Mapping | null {
  const { mappings } = (configuration ?? {}) as { readonly mappings?: unknown };
  if (!Array.isArray(mappings)) return null;
  return (mappings as Mapping[]).find((mapping) => mapping.name === name) ?? null;
}

function laneControl(served: ServedSite): LaneControl {
  const { site, memory, database, log, jobs } = served;
  const ofCommerce = served.commerce ? mappingsOfCommerce(served.commerce.commerce) : [];
  const counted = new Map<string, { readonly at: number; readonly counts: { hq: number; channel: number } | null }>();
  return {
    async pause(lanes, asker) {
      for (const lane of lanes) await database.changeLane(lane, { paused: true });
      log.info({ lanes: lanes.map(laneText), actor: asker.actor, requestId: asker.requestId }, 'paused');
    },
    async resume(lanes, lineage, asker) {
      for (const lane of lanes) {
        // Owed before it may go on.
        if (lineage !== null) await database.oweFullRun(lane, { reason: 'lineage-compare', trigger: 'recovery' });
        await database.changeLane(lane, { paused: false, ...(lineage !== null && { stopped: null }) });
      }
      await askForOwedRuns(site, jobs, ofCommerce, lanes);
      log.info({ lanes: lanes.map(laneText), lineage, actor: asker.actor, requestId: asker.requestId }, 'resumed');
    },
    async awaitingFirstRun(lane) {
      const known = counted.get(laneText(lane));
      if (known !== undefined && known.at + COUNTS_FRESH_MS > Date.now()) return known.counts;
      const counts = await countBothSides(site, memory, lane);
      counted.set(laneText(lane), { at: Date.now(), counts });
      return counts;
    },
    scheduleOf: (mapping) =>
      schedulesOf(served.commerce ?? null, mapping).find(({ kind }) => kind !== 'manual') ?? mapping.schedule,
    nextRunAt: (mapping, lastSuccessAt) =>
      schedulesOf(served.commerce ?? null, mapping)
        .flatMap((schedule) => nextRunAt(schedule, lastSuccessAt, new Date()) ?? [])
        .toSorted()[0] ?? null,
  };
}

async function countBothSides(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
): Promise<{ hq: number; channel: number } | null> {
  const { firstRun } = mappingOf(site, lane);
  if (firstRun !== 'ask') return null;
  try {
    const stores = { hq: storeOf(site, 'hq', null), channel: storeOf(site, 'channel', lane.channel) };
    const { tables } = await prepareLane(site, memory, lane, stores);
    const [hq, channel] = await Promise.all([tables.hq.count(), tables.channel.count()]);
    return hq > 0 && channel > 0 ? { hq, channel } : null;
  } catch (fault) {
    if (!isStoreFault(fault)) throw fault;
    return null;
  }
}

const isStoreFault = (fault: unknown): boolean =>
  fault instanceof StoreUnreachable || fault instanceof StoreBusy || fault instanceof StoreRefused;
