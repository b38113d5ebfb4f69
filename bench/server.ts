/** The server that everything is measured on: the embedded one as shipped, or the one that BENCH_DATABASE_URL names. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { startEmbeddedPostgres } from '../src/embedded/embedded-postgres.ts';

export type Sql = postgres.Sql<Record<string, never>>;

export interface BenchServer extends AsyncDisposable {
  url(database: string): string;
  /** Of the embedded server. */
  readonly pid: number | null;
  /** Empty databases of these names, whatever was in them. */
  recreate(names: readonly string[]): Promise<void>;
  checkpoint(): Promise<void>;
  describe(): Promise<Record<string, string>>;
}

/** Databases of the benchmark; nothing else on the server is touched. */
export const databaseName = (name: string): string => `couplet_bench_${name}`;

const SETTINGS = [
  'server_version',
  'shared_buffers',
  'max_wal_size',
  'work_mem',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'jit',
];

export async function openServer(settings: Readonly<Record<string, string>> = {}): Promise<BenchServer> {
  const given = process.env['BENCH_DATABASE_URL'];
  if (given)
    return serverAt(
      (database) => Object.assign(new URL(given), { pathname: `/${database}` }).href,
      'BENCH_DATABASE_URL',
      new URL(given).pathname.slice(1) || 'postgres',
      null,
    );
  const dataDir = await mkdtemp(join(tmpdir(), 'couplet-bench-'));
  const server = await startEmbeddedPostgres({ dataDir, disposable: true, durable: true, settings });
  return serverAt(
    (database) => server.url(database),
    'embedded',
    'postgres',
    server.pid,
    async () => {
      await server.remove();
      await rm(dataDir, { recursive: true, force: true });
    },
  );
}

function serverAt(
  url: (database: string) => string,
  kind: string,
  maintenance: string,
  pid: number | null,
  remove = async () => {},
): BenchServer {
  const admin = postgres(url(maintenance), { max: 1, onnotice: () => {} });
  const made = new Set<string>();
  return {
    url: (name) => url(databaseName(name)),
    pid,
    async recreate(names) {
      for (const name of names) {
        made.add(name);
        await admin.unsafe(`drop database if exists ${databaseName(name)} with (force)`);
        await admin.unsafe(`create database ${databaseName(name)}`);
      }
    },
    checkpoint: async () => void (await admin.unsafe('checkpoint')),
    async describe() {
      const rows = await admin<
        { name: string; setting: string }[]
      >`select name, current_setting(name) as setting from pg_settings where name = any(${SETTINGS})`;
      return {
        server: kind,
        cpu: `${cpus().length} x ${cpus()[0]?.model ?? '?'}`,
        memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
        node: process.version,
        ...Object.fromEntries(rows.map((row) => [row.name, row.setting])),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const name of made) await admin.unsafe(`drop database if exists ${databaseName(name)} with (force)`);
      await admin.end();
      await remove();
    },
  };
}

const AS_TEXT = {
  types: {
    time: {
      to: 1184,
      from: [1082, 1083, 1114, 1184],
      serialize: (value: string) => value,
      parse: (value: string) => value,
    },
  },
};

/** One session; its socket sends at once, without which every COPY waits for an acknowledgement. */
export function openSession(url: string): Sql {
  const { hostname, port } = new URL(url);
  return postgres(url, {
    max: 1,
    max_lifetime: null,
    onnotice: () => {},
    ...AS_TEXT,
    socket: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: hostname, port: Number(port) || 5432, noDelay: true });
        socket.once('connect', () => resolve(socket)).once('error', reject);
      }),
  } as never);
}

export const run = async (sql: Sql, text: string, args: readonly string[] = []): Promise<(string | null)[][]> =>
  await sql.unsafe(text, [...args], { prepare: true }).values();

export async function single(sql: Sql, text: string): Promise<number> {
  const [row] = await sql.unsafe(text).values();
  return Number((row as unknown[])[0]);
}
