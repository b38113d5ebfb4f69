/**
 * The world over real servers: one for HQ, one for the channel, and the coupling database on a third. Workers are
 * processes of their own and are ended with `kill -9`; each store is reached over a wire that can be cut.
 */
import postgres from 'postgres';
import { compose, type Couplet, migrateCouplingDatabase } from '../../src/compose.ts';
import type { Side } from '../../src/domain/record.ts';
import { SIDES } from '../../src/domain/record.ts';
import { createLogger } from '../../src/logging/create-logger.ts';
import type { TestServer } from '../support/server.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { hireWorker, openCrew, type WorkerProcess } from './hire-worker.ts';
import { openWatchedStore, type WatchedStore } from './watched-store.ts';
import {
  CAREFUL,
  CHANNEL,
  type Crash,
  OTHER_NAMES,
  type RunScope,
  settingsOf,
  type StoreUrls,
  type World,
} from './world.ts';

export interface Servers {
  readonly hq: TestServer;
  readonly channel: TestServer;
  readonly coupling: TestServer;
}

export interface ServerWorldOptions {
  readonly servers: Servers;
  /** Of the databases; several worlds may follow each other on the same servers. */
  readonly name: string;
  /** Workers at once. */
  readonly workers?: number;
  /** Workers that wait, ready, to take the place of one that was killed. */
  readonly spares?: number;
  readonly place?: (side: Side, tables: string) => string;
}

export interface ServerWorld extends World {
  readonly servers: Servers;
  readonly stores: Readonly<Record<Side, WatchedStore>>;
  readonly workers: readonly WorkerProcess[];
  readonly wires: Readonly<Record<Side, TcpProxy>>;
  run(worker: number, options: { scope: RunScope; crash?: Crash; killAfterMs?: number }): ReturnType<World['run']>;
  replace(worker: number): Promise<WorkerProcess>;
}

const cutOff = (url: string, port: number): string => Object.assign(new URL(url), { port: String(port) }).href;

/** Both apps with empty tables, the wires to them, and a coupling database that is ready. */
async function openPlace({ servers, name, place }: ServerWorldOptions) {
  await Promise.all(Object.values(servers).map((server: TestServer) => server.ensureDatabase(name)));
  const open = (side: Side): Promise<WatchedStore> =>
    openWatchedStore(side, servers[side].url(name), (tables) => place?.(side, tables) ?? tables);
  const stores = { hq: await open('hq'), channel: await open('channel') };
  const wires = { hq: await startTcpProxy(servers.hq.port), channel: await startTcpProxy(servers.channel.port) };
  const urls: StoreUrls = {
    hq: cutOff(servers.hq.url(name), wires.hq.port),
    channel: cutOff(servers.channel.url(name), wires.channel.port),
  };
  const databaseUrl = servers.coupling.url(name);
  await migrateCouplingDatabase(databaseUrl);
  const sql = postgres(databaseUrl, {
    max: 3,
    onnotice: () => {},
    fetch_types: false,
    connection: { application_name: 'oracle' },
  });
  return { stores, wires, urls, databaseUrl, sql };
}

export async function serverWorld(options: ServerWorldOptions): Promise<ServerWorld> {
  const { servers } = options;
  const { stores, wires, urls, databaseUrl, sql } = await openPlace(options);
  let policies = CAREFUL;
  const said: string[] = [];
  let drawn = 0;
  const openOwn = (): Promise<Couplet> =>
    compose({
      settings: settingsOf(policies, urls),
      databaseUrl,
      log: createLogger({ level: 'silent', pretty: false }),
      migrate: false,
    });
  let own = await openOwn();
  for (const { result } of await own.install()) if (result instanceof Error) throw result;
  const crew = await openCrew({
    hire: () => hireWorker({ settings: settingsOf(policies, urls), databaseUrl, channel: CHANNEL }),
    workers: options.workers ?? 1,
    spares: options.spares ?? 0,
  });
  const { workers } = crew;
  return {
    servers,
    stores,
    workers,
    wires,
    replace: crew.replace,
    channel: CHANNEL,
    apps: { hq: stores.hq.app, channel: stores.channel.app },
    get database() {
      return own.database;
    },
    get synchronizer() {
      return own.synchronizer;
    },
    sql,
    run: (at, { scope, crash, killAfterMs }) =>
      crew.run(at, scope === 'full' ? 'full' : 'modified', crash ?? null, killAfterMs),
    async configure(next) {
      policies = next;
      await own.close();
      own = await openOwn();
      // As a start with another file does, while processes with the former one are still at work.
      await own.oweFullRuns(own.settings.order);
      await crew.renew();
    },
    async fault(side, fault) {
      if (fault === 'storeDown') await servers[side].stop();
      else if (fault === 'storeBack') await servers[side].start().catch(() => {});
      else if (fault === 'networkCut') wires[side].cut();
      else if (fault === 'networkBack') wires[side].mend();
      else if (fault === 'sessionsCut') await cutSessions([stores[side].sql, sql]);
    },
    calm: () => calm(servers, stores, wires),
    writes: async () => (await stores.hq.writes()) + (await stores.channel.writes()),
    said: (value) => void said.push(value),
    next: () => (drawn += 1),
    evidence: async (atRest) => ({
      mappings: settingsOf(policies, urls).mappings,
      stores: await Promise.all(SIDES.map((side) => stores[side].evidence())),
      said,
      atRest,
    }),
    async [Symbol.asyncDispose]() {
      await crew.dismiss();
      await own.close();
      await sql.end({ timeout: 1 });
      for (const side of SIDES) {
        await stores[side].close();
        await wires[side][Symbol.asyncDispose]();
      }
    },
  };
}

async function calm(
  servers: Servers,
  stores: ServerWorld['stores'],
  wires: Readonly<Record<Side, TcpProxy>>,
): Promise<void> {
  for (const side of SIDES) {
    wires[side].mend();
    await servers[side].thaw();
    await servers[side].start().catch(() => {});
    const { sql, app } = stores[side];
    await until(() => sql`select 1`, { timeoutMs: 30_000, what: `the ${side} server answers` });
    const { table, own } = OTHER_NAMES[side];
    // Whoever was killed a moment ago may hold the table for another.
    await until(async () => {
      await app.rename('own').catch(() => {});
      const named = await sql`select from pg_attribute where attrelid = ${table}::regclass and attname = ${own}`;
      return named.length > 0;
    });
  }
}

/** As an administrator does, or a firewall: every session of Couplet, in the stores and in the coupling database. */
async function cutSessions(clients: readonly postgres.Sql[]): Promise<void> {
  for (const client of clients) {
    const cut = await client<{ pid: number }[]>`
      select pid, pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'couplet%'`.catch(() => []);
    if (cut.length === 0) continue;
    const pids = cut.map(({ pid }) => pid).join(',');
    // Each ends when its process gets to it; none is to end in the middle of what comes later.
    await until(async () => {
      const left = await client`select from pg_stat_activity where pid = any (string_to_array(${pids}, ',')::int[])`;
      return left.length === 0;
    });
  }
}
