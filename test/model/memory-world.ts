/**
 * The world over memory stores: every interleaving is the scenario's own, and a seed gives the same one again. Only the
 * coupling database is a real server. A worker that is killed hears and does nothing from then on, as a process that is
 * gone: what it still had on its way reaches neither stores nor database.
 */
import { openCouplingDatabase, type OpenedCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import { type Side, SIDES } from '../../src/domain/record.ts';
import { oweFullRuns } from '../../src/engine/lane/due-here.ts';
import type { CrashPoint, EngineSurroundings } from '../../src/engine/lane/lane-context.ts';
import { moveAndTake, noteArrivals } from '../../src/engine/run/lane-ahead.ts';
import { emptyMemory, type LaneMemory } from '../../src/engine/lane/lane-memory.ts';
import type { LaneReport } from '../../src/engine/run/lane-run.ts';
import { readMarks, storeText } from '../../src/engine/run/read-marks.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf, type Site, watchedTables } from '../../src/engine/lane/site.ts';
import { createSynchronizer } from '../../src/engine/synchronizer.ts';
import type { Store } from '../../src/ports/store.ts';
import type { MemoryDatabase } from '../../src/stores/memory/database.ts';
import { memoryApp } from '../../src/stores/memory/memory-app.ts';
import { openMemoryStore } from '../../src/stores/memory/memory-store.ts';
import { createMigratedDatabase } from '../support/coupling-database.ts';
import { hostileStore, type HostileStore, type Mishaps } from '../support/hostile-store.ts';
import { appOf, createChannel, createHq } from './memory-apps.ts';
import type { StoreEvidence } from './oracle.ts';
import { type Place, type Watch, watchRows } from './watch-memory.ts';
import {
  type App,
  CAREFUL,
  CHANNEL,
  type Crash,
  FILTER,
  type Policies,
  settingsOf,
  TABLES,
  underOwnNames,
  type World,
  type RunScope,
} from './world.ts';

const URLS = { hq: 'postgres://memory/hq', channel: 'postgres://memory/channel' };

export interface MemoryWorldOptions {
  readonly seed: number;
  readonly mishaps?: Partial<Mishaps>;
  /** Between reading and writing: what the app's users do just then. */
  readonly meanwhile?: (side: Side) => Promise<void>;
  /** One, if nothing is said; the people of one act at a time. */
  readonly channels?: number;
}

type Backup = ReturnType<ReturnType<typeof memoryApp>['snapshotState']>;
type Databases = ReadonlyMap<Place, MemoryDatabase>;
const CHANNELS = [CHANNEL, 'online'] as const;

interface Worker {
  readonly site: Site;
  readonly memory: LaneMemory;
  readonly stores: readonly HostileStore[];
  /** What it does at the points it passes. */
  readonly fuse: { crash: Crash | null };
  readonly life: { dead: boolean };
  bury(): Promise<void>;
}

class Killed extends Error {
  override readonly name = 'Killed';
}

export async function memoryWorld(options: MemoryWorldOptions): Promise<World> {
  const coupling = await createMigratedDatabase();
  const channels = CHANNELS.slice(0, options.channels ?? 1);
  const databases: Databases = new Map([
    ['hq', createHq(options.seed)] as const,
    ...channels.map((name, at) => [name, createChannel(options.seed + 1 + at)] as const),
  ]);
  const watch = watchRows(databases);
  const backups = new Map<Place, Backup[]>([...databases.keys()].map((place) => [place, []]));
  const own = await openCouplingDatabase({ url: coupling.url, connections: 2 });
  const said: string[] = [];
  let drawn = 0;
  let policies = CAREFUL;
  let calm = false;
  let born = 0;
  let turn: string = CHANNEL;
  const placeOf = (side: Side): Place => (side === 'hq' ? 'hq' : turn);
  const appAt = (place: Place) => memoryApp(databases.get(place) as MemoryDatabase);
  const apps = new Map(
    [...databases].map(([place, database]) => [place, appOf(sideOf(place), place, database, watch)] as const),
  );
  const hire = (): Promise<Worker> => {
    born += 1;
    const mishaps = calm ? {} : (options.mishaps ?? {});
    return hireWorker(coupling.url, databases, watch, policies, { ...options, mishaps, seed: options.seed + born });
  };
  const workers = [await hire(), await hire()];
  const first = workers[0] as Worker;
  await own.ensureLanes(lanesOf(first.site));
  for (const [place, database] of databases) {
    const store = storeAt(place, database);
    await store.install(watchedTables(first.site, store.side, store.channel));
  }
  const replace = async (at: number): Promise<void> => {
    await workers[at]?.bury();
    workers[at] = await hire();
  };
  return {
    get channel() {
      return turn;
    },
    apps: {
      hq: apps.get('hq') as App,
      get channel() {
        return apps.get(turn) as App;
      },
    },
    database: own,
    synchronizer: lateSynchronizer(() => workers[0] as Worker),
    sql: coupling.sql,
    async run(at, { scope, crash }) {
      const worker = workers[at % workers.length] as Worker;
      for (const [place, kept] of backups) backups.set(place, [appAt(place).snapshotState(), ...kept].slice(0, 4));
      worker.fuse.crash = crash ?? null;
      const reports: LaneReport[] = [];
      for (const channel of channels) if (!worker.life.dead) reports.push(...(await runOnce(worker, channel, scope)));
      worker.fuse.crash = null;
      if (!worker.life.dead) return reports;
      await replace(at % workers.length);
      return null;
    },
    async configure(next) {
      policies = next;
      for (let at = 0; at < workers.length; at += 1) await replace(at);
      const { site } = workers[0] as Worker;
      await oweFullRuns(
        site,
        site.mappings.map(({ name }) => name),
      );
    },
    async fault(side, fault) {
      if (fault === 'storeDown') appAt(placeOf(side)).goDown();
      else if (fault === 'storeBack') appAt(placeOf(side)).comeBack();
    },
    turnTo(channel) {
      turn = channels[channel % channels.length] ?? CHANNEL;
    },
    async goBack(side, runs) {
      const place = placeOf(side);
      const kept = backups.get(place) ?? [];
      const backup = kept[Math.min(runs, kept.length - 1)];
      if (!backup) return;
      const left = new Set(databases.get(place)?.state.ledger.keys());
      for (const batchId of backup.state.ledger.keys()) left.delete(batchId);
      for (const batchId of await own.recordedBatches([...left])) left.delete(batchId);
      watch.disown(place, left);
      watch.as('app', place, () => appAt(place).restoreState(backup));
    },
    async calm() {
      calm = true;
      for (const place of databases.keys()) appAt(place).comeBack();
      for (const app of apps.values()) await app.rename('own').catch(() => {});
      for (const worker of workers) for (const store of worker.stores) store.calm();
    },
    writes: async () =>
      [...databases.keys()].flatMap((place) => watch.moves(place)).filter(({ by }) => by === 'couplet').length,
    said: (value) => void said.push(value),
    next: () => (drawn += 1),
    evidence: async (atRest) => ({
      mappings: first.site.mappings.map(filteredAs(policies)),
      stores: [...databases].map(([place, database]) => evidenceOf(place, database, watch)),
      said,
      atRest,
    }),
    async [Symbol.asyncDispose]() {
      for (const worker of workers) await worker.bury();
      await own.close();
      await coupling[Symbol.asyncDispose]();
    },
  };
}

const filteredAs =
  (policies: Policies) =>
  (mapping: Site['mappings'][number]): Site['mappings'][number] =>
    mapping.name === 'customers'
      ? { ...mapping, hq: { ...mapping.hq, filter: policies.filtered ? FILTER : null } }
      : mapping;

const sideOf = (place: Place): Side => (place === 'hq' ? 'hq' : 'channel');

const storeAt = (place: Place, database: MemoryDatabase) =>
  openMemoryStore({ database, side: sideOf(place), channel: place === 'hq' ? null : place });

function evidenceOf(place: Place, database: MemoryDatabase, watch: Watch): StoreEvidence {
  const rows = watch.rows(place);
  const side = sideOf(place);
  return {
    side,
    channel: place === 'hq' ? null : place,
    rows: new Map(
      Object.values(TABLES).map((names) => [
        names[side],
        (rows.get(names[side]) ?? []).map((row) => ({ row, inFilter: (row['state'] ?? '') !== 'blocked' })),
      ]),
    ),
    moves: watch.moves(place).map((move) => ({
      ...move,
      old: underOwnNames(side, move.old),
      new: underOwnNames(side, move.new),
    })),
    ledger: database.state.ledger.size,
  };
}

// ---------------------------------------------------------------- workers

async function hireWorker(
  url: string,
  databases: Databases,
  watch: Watch,
  policies: Policies,
  options: MemoryWorldOptions,
): Promise<Worker> {
  const settings = settingsOf(policies, URLS, [...databases.keys()].slice(1));
  const database = await openCouplingDatabase({ url, connections: 3 });
  const life = { dead: false };
  const fuse: Worker['fuse'] = { crash: null };
  const stores = [...databases].map(([place, of]) =>
    hostileStore(watch.store(place, storeAt(place, of)), {
      seed: options.seed,
      ...(options.mishaps && { mishaps: options.mishaps }),
      ...(options.meanwhile && { disturb: () => options.meanwhile?.(sideOf(place)) ?? Promise.resolve() }),
    }),
  );
  const [hq, ...channels] = stores as [HostileStore, ...HostileStore[]];
  const reach = (point: CrashPoint): void => {
    if (life.dead) throw new Killed(point);
    if (fuse.crash?.point !== point) return;
    fuse.crash = { point, pass: fuse.crash.pass - 1 };
    if (fuse.crash.pass > 0) return;
    life.dead = true;
    throw new Killed(point);
  };
  const site: Site = {
    database: mortal<OpenedCouplingDatabase>(database, life),
    hq: mortalStore(hq, life),
    channels: new Map(channels.map((store) => [store.channel ?? '', mortalStore(store, life)])),
    mappings: settings.order.map((name) => settings.mappings.find((mapping) => mapping.name === name)!),
    circular: new Map(),
    sharing: { least: 2, stretch: 1 },
    surroundings: { now: () => new Date('2026-11-21T10:00:00Z'), reach, log: quiet },
  };
  let buried = false;
  return {
    site,
    memory: emptyMemory(),
    stores,
    fuse,
    life,
    async bury() {
      if (buried) return;
      buried = true;
      life.dead = true;
      await database.close();
    },
  };
}

/** Whatever is asked of it once the process is dead does not happen. */
function mortal<T extends object>(target: T, life: Worker['life']): T {
  return new Proxy(target, {
    get(of, name, receiver) {
      const value: unknown = Reflect.get(of, name, receiver);
      if (typeof value !== 'function' || name === 'newId') return value;
      return (...args: unknown[]) => {
        if (life.dead) return name === 'moveCursorAndLock' ? deadStep() : Promise.reject(new Killed(String(name)));
        return (value as (...of: unknown[]) => unknown).apply(of, args);
      };
    },
  });
}

/** As many promises as the living one gives. */
function deadStep(): ReturnType<OpenedCouplingDatabase['moveCursorAndLock']> {
  const killed = Promise.reject(new Killed('moveCursorAndLock'));
  killed.catch(() => {});
  return { moved: killed, lock: killed, look: killed };
}

const mortalStore = (store: Store, life: Worker['life']): Store => {
  const guarded = mortal(store, life);
  return new Proxy(guarded, {
    get: (of, name, receiver) =>
      name === 'table'
        ? async (shape: Parameters<Store['table']>[0]) => mortal(await of.table(shape), life)
        : Reflect.get(of, name, receiver),
  });
};

/** As the readers of the continuous schedule do; whatever goes wrong, the run that follows meets it again. */
const takeIn = ({ site, memory }: Worker, side: Side, channel: string): Promise<unknown> =>
  readMarks(site, side, side === 'hq' ? null : channel, {
    remembered: memory.cursors,
    taken: (lanes, here) => noteArrivals(memory, lanes, here ? storeText(side, side === 'hq' ? null : channel) : null),
    step: (move, concerned) => moveAndTake(site, memory, move, concerned),
  }).catch(() => {});

async function runOnce(worker: Worker, channel: string, scope: RunScope): Promise<readonly LaneReport[]> {
  const { site, memory } = worker;
  const woken = scope === 'woken';
  try {
    if (woken) for (const side of SIDES) await takeIn(worker, side, channel);
    return await runChannel(site, memory, channel, lanesOf(site, channel), {
      scope: woken ? 'modified' : scope,
      direction: 'both',
      fields: null,
      dryRun: false,
      trigger: woken ? 'change' : 'manual',
      actor: 'anna',
      requestId: null,
      reason: null,
      jobId: null,
      children: false,
      waitForLaneMs: woken ? 0 : 20_000,
      stop: () => Promise.resolve(false),
    });
  } catch (fault) {
    if (worker.life.dead) return [];
    throw fault;
  }
}

const lateSynchronizer = (worker: () => Worker): World['synchronizer'] =>
  new Proxy({} as World['synchronizer'], {
    get: (_, name) => {
      const { site, memory } = worker();
      return createSynchronizer(site, memory)[name as keyof World['synchronizer']];
    },
  });

const say = (event: unknown, message: string): void => {
  if (process.env['LOUD'] === '1') console.log(message, JSON.stringify(event));
};
const quiet: EngineSurroundings['log'] = { info: say, warn: say, error: say };
