/**
 * A real PostgreSQL out of an npm package, for machines that have none. It listens on the loopback address only, keeps
 * its data between starts, and ends with the program that started it (run-server.ts).
 */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { claimCluster, ownerOfCluster } from './claim-cluster.ts';
import { codeOf, EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { initializeCluster, readPassword, superuser } from './initialize-cluster.ts';
import { type Place, placeCluster, setAsideForeignData } from './place-cluster.ts';
import { clearRemains, type RunningServer, readLockFile, runServer } from './run-server.ts';

export interface EmbeddedPostgresLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface EmbeddedPostgresOptions {
  dataDir: string;
  /** Absent or 0: the port of the last start if it is still free, else any free one. */
  port?: number;
  log?: EmbeddedPostgresLog;
  /** Default true. False is for tests: nothing is waited for to reach the disk. */
  durable?: boolean;
  /** Default false. True is for tests: should the program be killed, the data go with it. */
  disposable?: boolean;
  /** Settings of PostgreSQL, which go before ours. */
  settings?: Readonly<Record<string, string | number>>;
}

export interface EmbeddedPostgres extends AsyncDisposable {
  port: number;
  /** The server process. */
  pid: number;
  /** Where to reach a database, as the superuser `couplet` unless another user is named. */
  url(database: string, user?: string, password?: string): string;
  ensureDatabase(name: string): Promise<void>;
  /** Ends the server; the data stay. A server that was only found is left running. */
  stop(): Promise<void>;
  /** Ends the server and removes its data for good. Disposing a disposable server does this, any other `stop`. */
  remove(): Promise<void>;
}

/** For a machine that does other work too. No parallel queries: a container's /dev/shm is often too small for them. */
const smallMachine = {
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  max_connections: 200,
  jit: 'off',
  max_parallel_workers_per_gather: 0,
  max_parallel_maintenance_workers: 0,
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // Whatever a statement did wrong is told to who sent it; the values in it have no business in a log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
};

const notDurable = { fsync: 'off', full_page_writes: 'off' };

const silent: EmbeddedPostgresLog = { info: () => {}, warn: () => {}, error: () => {} };

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? silent;
  const place = await placeCluster(options.dataDir, options.disposable ?? false);
  const claim = await claimCluster(place.clusterDir, place.dataDir);
  try {
    const server = await startClaimed(place, options, log);
    const password = await readPassword(place);
    let stopping = false;
    const stop = async (): Promise<void> => {
      stopping = true;
      await server.stop();
      await claim.release();
    };
    server.ended.then(
      () => stopping || log.error(`The embedded PostgreSQL in ${place.dataDir} ended unexpectedly.`),
      () => undefined,
    );
    const remove = (): Promise<void> => stop().then(() => removeData(place));
    return handle(server, password, stop, remove, options.disposable ? remove : stop);
  } catch (error) {
    await claim.release();
    throw error;
  }
}

/** The server that another program of this user runs in this directory, while it runs; null if nobody does. */
export async function findRunningEmbeddedPostgres(options: {
  dataDir: string;
  waitMs?: number;
}): Promise<EmbeddedPostgres | null> {
  if (!existsSync(options.dataDir)) return null;
  const place = await placeCluster(options.dataDir, false);
  const deadline = Date.now() + (options.waitMs ?? 30_000);
  for (;;) {
    if ((await ownerOfCluster(place.clusterDir)) === null) return null;
    const lock = await readLockFile(place.pgdata).catch(() => null);
    if (lock?.ready) {
      const leave = async (): Promise<void> => {};
      return handle(lock, await readPassword(place), leave, leave, leave);
    }
    // Its owner is still setting it up.
    if (Date.now() > deadline) return null;
    await sleep(50);
  }
}

async function startClaimed(
  place: Place,
  options: EmbeddedPostgresOptions,
  log: EmbeddedPostgresLog,
): Promise<RunningServer> {
  const durable = options.durable ?? true;
  const remains = await clearRemains(place);
  if (remains === 'server') log.warn('Stopped an embedded PostgreSQL whose program had been killed.');
  const aside = await setAsideForeignData(place);
  if (aside !== null) log.warn(`${place.dataDir} is new; the data of before were moved to ${aside}.`);
  if (await initializeCluster(place, durable)) log.info(`Set up an embedded PostgreSQL in ${place.pgdata}.`);
  const settings = { ...smallMachine, ...(durable ? {} : notDurable), ...options.settings };
  const eraseWhenAbandoned = options.disposable ?? false;
  const portFile = join(place.clusterDir, 'port');
  const remembered = Number(await readFile(portFile, 'utf8').catch(() => '0'));
  for (let attempt = 1; ; attempt++) {
    const port = options.port || (await choosePort(attempt === 1 ? remembered : 0));
    try {
      const server = await runServer(place, { port, settings, eraseWhenAbandoned });
      // Removed first: it may belong to another user, who started this cluster before.
      await rm(portFile, { force: true });
      await writeFile(portFile, String(server.port));
      return server;
    } catch (error) {
      const taken = error instanceof EmbeddedPostgresError && error.code === 'port-in-use';
      if (taken && options.port) {
        throw new EmbeddedPostgresError(
          'port-in-use',
          `Port ${options.port} on 127.0.0.1 is in use, so the embedded PostgreSQL in ${place.dataDir} cannot listen there.`,
          { cause: error },
        );
      }
      // Between our look at a free port and its use by the server, another program took it.
      if (!taken || attempt === 10) throw error;
    }
  }
}

function handle(
  server: { pid: number; port: number },
  ownPassword: string,
  stop: () => Promise<void>,
  remove: () => Promise<void>,
  dispose: () => Promise<void>,
): EmbeddedPostgres {
  const url = (database: string, user = superuser, password = ownPassword): string =>
    `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`;
  return {
    port: server.port,
    pid: server.pid,
    url,
    ensureDatabase: (name) => ensureDatabase(url('postgres'), name),
    stop,
    remove,
    [Symbol.asyncDispose]: dispose,
  };
}

async function ensureDatabase(maintenanceUrl: string, name: string): Promise<void> {
  const sql = postgres(maintenanceUrl, { max: 1, onnotice: () => {} });
  try {
    const found = await sql`select 1 from pg_database where datname = ${name}`;
    if (found.length === 0) await sql`create database ${sql(name)}`;
  } catch (error) {
    // Another program made it between the look and the making.
    if (codeOf(error) !== '42P04' && codeOf(error) !== '23505') throw error;
  } finally {
    await sql.end();
  }
}

async function removeData(place: Place): Promise<void> {
  await rm(place.pgdata, { recursive: true, force: true });
  for (const name of ['password', 'port', 'postgres.log', 'postgres.log.1']) {
    await rm(join(place.dataDir, name), { force: true });
  }
  if (place.clusterDir !== place.dataDir) await rm(place.clusterDir, { recursive: true, force: true });
}

function choosePort(preferred: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => (preferred === 0 ? reject(error) : resolve(choosePort(0))));
    probe.listen(preferred, '127.0.0.1', () => {
      const address = probe.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
