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
import { hireWorker, type WorkerProcess } from './hire-worker.ts';
import { openWatchedStore, type WatchedStore } from './watched-store.ts';
import { CAREFUL, CHANNEL, type Crash, settingsOf, type StoreUrls, type World } from './world.ts';

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
  run(
    worker: number,
    options: { scope: 'modified' | 'full'; crash?: Crash; killAfterMs?: number },
  ): ReturnType<World['run']>;
  replace(worker: number): Promise<WorkerProcess>;
}

const cutOff = (url: string, port: number): string => Object.assign(new URL(url), { port: String(port) }).href;

export async function serverWorld(options: ServerWorldOptions): Promise<ServerWorld> {
  const { servers, name } = options;
  await Promise.all(Object.values(servers).map((server: TestServer) => server.ensureDatabase(name)));
  const stores = {
    hq: await openWatchedStore('hq', servers.hq.url(name), (tables) => options.place?.('hq', tables) ?? tables),
    channel: await openWatchedStore(
      'channel',
      servers.channel.url(name),
      (tables) => options.place?.('channel', tables) ?? tables,
    ),
  };
  const wires = { hq: await startTcpProxy(servers.hq.port), channel: await startTcpProxy(servers.channel.port) };
  const urls: StoreUrls = {
    hq: cutOff(servers.hq.url(name), wires.hq.port),
    channel: cutOff(servers.channel.url(name), wires.channel.port),
  };
  const databaseUrl = servers.coupling.url(name);
  await migrateCouplingDatabase(databaseUrl);
  const sql = postgres(databaseUrl, { max: 3, onnotice: () => {}, connection: { application_name: 'oracle' } });
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
  const hire = () => hireWorker({ settings: settingsOf(policies, urls), databaseUrl, channel: CHANNEL });
  const workers: WorkerProcess[] = await Promise.all(Array.from({ length: options.workers ?? 1 }, hire));
  const spares: Promise<WorkerProcess>[] = [];
  const refill = (): void => {
    while (spares.length < (options.spares ?? 0)) {
      const spare = hire();
      // Looked at when its turn comes.
      spare.catch(() => {});
      spares.push(spare);
    }
  };
  refill();
  const replace = async (at: number): Promise<WorkerProcess> => {
    await workers[at]?.kill();
    const spare = await spares.shift()?.catch(() => null);
    const next = spare ?? (await until(hire, { timeoutMs: 60_000, everyMs: 250, what: 'a worker can be hired' }));
    workers[at] = next;
    refill();
    return next;
  };
  const dismiss = async (): Promise<void> => {
    for (const worker of workers) await worker.kill();
    for (const spare of spares.splice(0)) await spare.then((worker) => worker.kill()).catch(() => {});
  };
  const calm = async (): Promise<void> => {
    for (const side of SIDES) {
      wires[side].mend();
      await servers[side].thaw();
      await servers[side].start().catch(() => {});
      await until(() => stores[side].sql`select 1`, { timeoutMs: 30_000, what: `the ${side} server answers` });
    }
  };
  return {
    servers,
    stores,
    workers,
    wires,
    replace,
    apps: { hq: stores.hq.app, channel: stores.channel.app },
    get database() {
      return own.database;
    },
    get synchronizer() {
      return own.synchronizer;
    },
    sql,
    async run(at, { scope, crash, killAfterMs }) {
      const place = at % workers.length;
      const standing = workers[place];
      const worker = standing?.alive ? standing : await replace(place);
      const reports = await worker.run(scope, crash ?? null, killAfterMs);
      if (!worker.alive) await replace(place);
      return reports;
    },
    async configure(next) {
      policies = next;
      for (const spare of spares.splice(0)) await spare.then((worker) => worker.kill()).catch(() => {});
      await own.close();
      own = await openOwn();
      for (let at = 0; at < workers.length; at += 1) await replace(at);
    },
    async fault(side, fault) {
      if (fault === 'storeDown') await servers[side].stop();
      else if (fault === 'storeBack') await servers[side].start().catch(() => {});
      else if (fault === 'networkCut') wires[side].cut();
      else if (fault === 'networkBack') wires[side].mend();
      else if (fault === 'sessionsCut') await cutSessions([stores[side].sql, sql]);
    },
    calm,
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
      await dismiss();
      await own.close();
      await sql.end({ timeout: 1 });
      for (const side of SIDES) {
        await stores[side].close();
        await wires[side][Symbol.asyncDispose]();
      }
    },
  };
}

/** As an administrator does, or a firewall: every session of Couplet, in the stores and in the coupling database. */
async function cutSessions(clients: readonly postgres.Sql[]): Promise<void> {
  for (const client of clients)
    await client`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like 'couplet%'`.catch(() => {});
}
