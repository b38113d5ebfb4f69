import { randomInt } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';
import { EmbeddedPostgresError } from '../../src/embedded/embedded-postgres-error.ts';
import { until } from './until.ts';

/** A server of one's own, for tests in which it has to die, hang or come back. */
export interface TestServer extends AsyncDisposable {
  port: number;
  url(database: string, user?: string, password?: string): string;
  ensureDatabase(name: string): Promise<void>;
  /** Orderly: every session is ended, the data stay. */
  stop(): Promise<void>;
  /** Again after `stop` or `kill`, with the same data on the same port. */
  start(): Promise<void>;
  /** `kill -9`, as after a power cut; answers when the port is free. */
  kill(): Promise<void>;
  /** The whole server stands still; connections stay open and get no answer. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

export interface TestServerOptions {
  settings?: Readonly<Record<string, string | number>>;
  /** Default true: what was committed survives `kill`, as the tests of crashes need. */
  durable?: boolean;
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'couplet-server-'));
  const settings = { shared_buffers: '64MB', ...options.settings };
  const startOn = (port: number): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir, port, durable: options.durable ?? true, disposable: true, settings });
  let server = await startAnywhere(startOn);
  let frozen: number[] = [];
  const thaw = async (): Promise<void> => {
    for (const pid of frozen) signal(pid, 'SIGCONT');
    frozen = [];
  };
  return {
    port: server.port,
    url: (...of) => server.url(...of),
    ensureDatabase: (name) => server.ensureDatabase(name),
    stop: () => server.stop(),
    start: async () => {
      server = await startOn(server.port);
    },
    kill: async () => {
      // It stands still first, so that no child is born that nobody kills.
      signal(server.pid, 'SIGSTOP');
      const family = [server.pid, ...(await childrenOf(server.pid))];
      for (const pid of family) signal(pid, 'SIGKILL');
      frozen = [];
      // The children too, orphans by then: as long as one has its memory, no server starts over these data.
      await until(async () => !(await Promise.all(family.map(isRunning))).includes(true));
      await server.stop();
    },
    freeze: async () => {
      // The parent first, so that no child is born meanwhile.
      signal(server.pid, 'SIGSTOP');
      frozen = [server.pid, ...(await childrenOf(server.pid))];
      for (const pid of frozen) signal(pid, 'SIGSTOP');
    },
    thaw,
    [Symbol.asyncDispose]: async () => {
      await thaw();
      await server.remove();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Out of the range that systems hand out by themselves: while the server is down, nobody is given its port. */
async function startAnywhere(startOn: (port: number) => Promise<EmbeddedPostgres>): Promise<EmbeddedPostgres> {
  for (;;) {
    try {
      return await startOn(20_000 + randomInt(12_000));
    } catch (error) {
      if (!(error instanceof EmbeddedPostgresError) || error.code !== 'port-in-use') throw error;
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // A backend that ended by itself meanwhile.
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const stats = await Promise.all(pids.map(async (pid) => ({ pid, ...(await statOf(pid)) })));
  return stats.filter((stat) => stat.parent === parent && stat.state !== 'Z').map(({ pid }) => pid);
}

async function isRunning(pid: number): Promise<boolean> {
  const { state } = await statOf(pid);
  return state !== undefined && state !== 'Z';
}

async function statOf(pid: number): Promise<{ state?: string; parent?: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return {};
  const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, parent: Number(parent) };
}
