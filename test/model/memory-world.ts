/**
 * The world over memory stores: every interleaving is the scenario's own, and a seed gives the same one again. Only the
 * coupling database is a real server. A worker that is killed hears and does nothing from then on, as a process that is
 * gone: what it still had on its way reaches neither stores nor database.
 */
import { openCouplingDatabase, type OpenedCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import { plainType } from '../../src/domain/value-type.ts';
import type { Side } from '../../src/domain/record.ts';
import { SIDES } from '../../src/domain/record.ts';
import type { CrashPoint, EngineSurroundings } from '../../src/engine/lane-context.ts';
import { emptyMemory, type LaneMemory } from '../../src/engine/open-lane.ts';
import { type LaneReport, runChannel } from '../../src/engine/run-channel.ts';
import { lanesOf, type Site, watchedTables } from '../../src/engine/site.ts';
import { createSynchronizer } from '../../src/engine/synchronizer.ts';
import type { Store } from '../../src/ports/store.ts';
import { createMemoryDatabase, type MemoryDatabase } from '../../src/stores/memory/database.ts';
import { type MemoryApp, memoryApp, type MemoryTransaction } from '../../src/stores/memory/memory-app.ts';
import { openMemoryStore } from '../../src/stores/memory/memory-store.ts';
import { createDatabase, ensureTemplate } from '../support/database.ts';
import { hostileStore, type HostileStore, type Mishaps } from '../support/hostile-store.ts';
import type { StoreEvidence, StoreRow } from './oracle.ts';
import { watchRows } from './watch-memory.ts';
import {
  type App,
  AppRefused,
  CAREFUL,
  CHANNEL,
  type Crash,
  FILTER,
  KEY_COLUMN,
  type Policies,
  settingsOf,
  TABLES,
  type World,
} from './world.ts';

const TEXT = { type: plainType('text') };
const INTEGER = { type: plainType('integer') };
const NUMERIC = { type: plainType('numeric') };
const URLS = { hq: 'postgres://memory/hq', channel: 'postgres://memory/channel' };

export interface MemoryWorldOptions {
  readonly seed: number;
  readonly mishaps?: Partial<Mishaps>;
  /** Between reading and writing: what the app's users do just then. */
  readonly meanwhile?: (side: Side) => Promise<void>;
}

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
  const template = await ensureTemplate('coupling_template', async (url) => {
    await (await openCouplingDatabase({ url })).close();
  });
  const coupling = await createDatabase({ template });
  const databases = createStores(options.seed);
  const watch = watchRows(databases);
  const own = await openCouplingDatabase({ url: coupling.url, connections: 2 });
  const said: string[] = [];
  let drawn = 0;
  let policies = CAREFUL;
  let calm = false;
  let born = 0;
  const hire = (): Promise<Worker> => {
    born += 1;
    const mishaps = calm ? {} : (options.mishaps ?? {});
    return hireWorker(coupling.url, databases, watch, policies, { ...options, mishaps, seed: options.seed + born });
  };
  const workers = [await hire(), await hire()];
  const first = workers[0] as Worker;
  await own.ensureLanes(lanesOf(first.site));
  for (const side of SIDES) {
    const store = openMemoryStore({ database: databases[side], side, channel: side === 'hq' ? null : CHANNEL });
    await store.install(watchedTables(first.site, side, store.channel));
  }
  const replace = async (at: number): Promise<void> => {
    await workers[at]?.bury();
    workers[at] = await hire();
  };
  return {
    apps: { hq: appOf(databases.hq, watch), channel: appOf(databases.channel, watch) },
    database: own,
    synchronizer: lateSynchronizer(() => workers[0] as Worker),
    sql: coupling.sql,
    async run(at, { scope, crash }) {
      const worker = workers[at % workers.length] as Worker;
      worker.fuse.crash = crash ?? null;
      const reports = await runOnce(worker, scope);
      worker.fuse.crash = null;
      if (!worker.life.dead) return reports;
      await replace(at % workers.length);
      return null;
    },
    async configure(next) {
      policies = next;
      for (let at = 0; at < workers.length; at += 1) await replace(at);
    },
    async fault(side, fault) {
      if (fault === 'storeDown') memoryApp(databases[side]).goDown();
      else if (fault === 'storeBack') memoryApp(databases[side]).comeBack();
    },
    async calm() {
      calm = true;
      for (const side of SIDES) memoryApp(databases[side]).comeBack();
      for (const worker of workers) for (const store of worker.stores) store.calm();
    },
    writes: async () => SIDES.flatMap((side) => watch.moves(side)).filter(({ by }) => by === 'couplet').length,
    said: (value) => void said.push(value),
    next: () => (drawn += 1),
    evidence: async (atRest) => ({
      mappings: first.site.mappings.map(filteredAs(policies)),
      stores: SIDES.map((side) => evidenceOf(side, databases[side], watch)),
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

function evidenceOf(side: Side, database: MemoryDatabase, watch: ReturnType<typeof watchRows>): StoreEvidence {
  const rows = watch.rows(side);
  return {
    side,
    channel: side === 'hq' ? null : CHANNEL,
    rows: new Map(
      Object.values(TABLES).map((names) => [
        names[side],
        (rows.get(names[side]) ?? []).map((row) => ({ row, inFilter: (row['state'] ?? '') !== 'blocked' })),
      ]),
    ),
    moves: watch.moves(side),
    ledger: database.state.ledger.size,
  };
}

// ---------------------------------------------------------------- workers

async function hireWorker(
  url: string,
  databases: Readonly<Record<Side, MemoryDatabase>>,
  watch: ReturnType<typeof watchRows>,
  policies: Policies,
  options: MemoryWorldOptions,
): Promise<Worker> {
  const settings = settingsOf(policies, URLS);
  const database = await openCouplingDatabase({ url, connections: 3 });
  const life = { dead: false };
  const fuse: Worker['fuse'] = { crash: null };
  const stores = SIDES.map((side) =>
    hostileStore(
      watch.store(side, openMemoryStore({ database: databases[side], side, channel: side === 'hq' ? null : CHANNEL })),
      {
        seed: options.seed,
        ...(options.mishaps && { mishaps: options.mishaps }),
        ...(options.meanwhile && { disturb: () => options.meanwhile?.(side) ?? Promise.resolve() }),
      },
    ),
  );
  const [hq, channel] = stores as [HostileStore, HostileStore];
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
    channels: new Map([[CHANNEL, mortalStore(channel, life)]]),
    mappings: settings.order.map((name) => settings.mappings.find((mapping) => mapping.name === name)!),
    circular: new Map(),
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
        if (life.dead) return Promise.reject(new Killed(String(name)));
        return (value as (...of: unknown[]) => unknown).apply(of, args);
      };
    },
  });
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

async function runOnce(worker: Worker, scope: 'modified' | 'full'): Promise<readonly LaneReport[]> {
  try {
    return await runChannel(worker.site, worker.memory, CHANNEL, lanesOf(worker.site, CHANNEL), {
      scope,
      direction: 'both',
      fields: null,
      dryRun: false,
      trigger: 'manual',
      actor: 'anna',
      requestId: null,
      reason: null,
      jobId: null,
      children: false,
      waitForLaneMs: 2_000,
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

// ---------------------------------------------------------------- apps

/** A key that changes takes along who refers to it, as apps do it; a record that is referred to cannot be deleted. */
const refersTo = (parent: string, column: string) =>
  ({ parent: { schema: null, name: parent }, parentColumns: [column], onUpdate: 'cascade' }) as const;

function createStores(seed: number): Readonly<Record<Side, MemoryDatabase>> {
  const predicates = { [FILTER]: (row: StoreRow) => (row['state'] ?? '') !== 'blocked' };
  const hq = createMemoryDatabase({ seed, predicates });
  const channel = createMemoryDatabase({ seed: seed + 1, predicates });
  const hqApp: MemoryApp = memoryApp(hq);
  hqApp.createTable({ name: 'groups', columns: { code: TEXT, title: TEXT, state: TEXT }, primaryKey: ['code'] });
  hqApp.createTable({
    name: 'customers',
    columns: { num: TEXT, name: TEXT, email: TEXT, credit: NUMERIC, group_code: TEXT, state: TEXT },
    primaryKey: ['num'],
    foreignKeys: [{ name: 'customers_group', columns: ['group_code'], ...refersTo('groups', 'code') }],
    checks: [{ name: 'email_has_at', holds: (row) => (row['email'] == null ? null : row['email'].includes('@')) }],
  });
  const channelApp = memoryApp(channel);
  channelApp.createTable({
    name: 'segments',
    columns: { id: { ...INTEGER, identity: 'byDefault' }, ext_code: TEXT, caption: TEXT, state: TEXT },
    primaryKey: ['id'],
  });
  channelApp.createTable({
    name: 'shoppers',
    columns: {
      id: { ...INTEGER, identity: 'byDefault' },
      cust_num: TEXT,
      full_name: { type: { ...plainType('text'), maxLength: 40 } },
      mail: TEXT,
      credit: NUMERIC,
      segment_id: INTEGER,
      state: TEXT,
    },
    primaryKey: ['id'],
    foreignKeys: [{ name: 'shoppers_segment', columns: ['segment_id'], ...refersTo('segments', 'id') }],
    unique: [{ name: 'shoppers_mail_key', columns: ['mail'] }],
  });
  return { hq, channel };
}

function appOf(database: MemoryDatabase, watch: ReturnType<typeof watchRows>): App {
  const app = memoryApp(database);
  const refused = async <T>(work: () => T): Promise<T> => {
    try {
      return watch.as('app', database, work);
    } catch (fault) {
      throw new AppRefused(fault instanceof Error ? fault.message : String(fault));
    }
  };
  const where = (table: string, key: string) => ({ [KEY_COLUMN[table] as string]: key });
  return {
    rows: async (table) => (database.reachable ? app.select(table) : []),
    insert: (table, row) => refused(() => void app.insert(table, row)),
    update: (table, key, set) => refused(() => void app.update(table, where(table, key), set)),
    delete: (table, key) => refused(() => void app.delete(table, where(table, key))),
    async hold(table, key, set) {
      const transaction: MemoryTransaction = await refused(() => app.begin());
      try {
        await refused(() => void transaction.update(table, where(table, key), set));
      } catch (fault) {
        transaction.rollback();
        throw fault;
      }
      return (commit) => refused(() => (commit ? transaction.commit() : transaction.rollback()));
    },
  };
}
