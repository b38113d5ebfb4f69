import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import postgres from 'postgres';
import { describe, expect, test } from 'vitest';
import { findRunningEmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';
import { startServer } from '../support/server.ts';
import { until } from '../support/until.ts';

async function temporaryDir(): Promise<AsyncDisposable & { dataDir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'couplet-embedded-'));
  return {
    dataDir: join(dir, 'postgres'),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** A program of its own that starts a server, to be killed. Answers it with the number of its server process. */
async function startProgram(dataDir: string, disposable = false): Promise<{ program: ChildProcess; server: number }> {
  const embedded = resolve(import.meta.dirname, '../../src/embedded/embedded-postgres.ts');
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(embedded)});
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false, disposable: ${disposable} });
    process.once('SIGTERM', () => server.stop().then(() => process.exit(0)));
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const program = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await once(program.stdout, 'data');
  return { program, server: Number(String(printed)) };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function value(url: string, query: string): Promise<unknown> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return (await sql.unsafe(query))[0]?.['value'];
  } finally {
    await sql.end();
  }
}

describe('embedded PostgreSQL', () => {
  test('keeps its data between starts, on the same port', async () => {
    await using dir = await temporaryDir();
    const first = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false });
    await first.ensureDatabase('shop');
    await first.ensureDatabase('shop');
    await value(first.url('shop'), 'create table visit as select 42 as value');
    await first.stop();

    const second = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false });
    expect(second.port).toBe(first.port);
    expect(await value(second.url('shop'), 'select value from visit')).toBe(42);
    await second.remove();
    expect(existsSync(join(dir.dataDir, 'pgdata'))).toBe(false);
  });

  test('listens on the loopback address only and wants the password', async () => {
    await using dir = await temporaryDir();
    await using server = await startEmbeddedPostgres({ dataDir: dir.dataDir, disposable: true });
    expect(await value(server.url('postgres'), `select current_setting('listen_addresses') as value`)).toBe(
      '127.0.0.1',
    );
    expect(await value(server.url('postgres'), `select current_setting('fsync') as value`)).toBe('on');
    expect(await value(server.url('postgres'), `select current_setting('data_checksums') as value`)).toBe('on');
    await expect(value(server.url('postgres', 'couplet', 'wrong'), 'select 1 as value')).rejects.toThrow(/password/);
    expect((await stat(join(dir.dataDir, 'password'))).mode & 0o777).toBe(0o600);
  });

  test('a second start in the same directory is refused, naming the process that has it', async () => {
    await using dir = await temporaryDir();
    await using _server = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false, disposable: true });
    await expect(startEmbeddedPostgres({ dataDir: dir.dataDir, disposable: true })).rejects.toThrow(
      new RegExp(`in use by this very process \\(pid ${process.pid}\\)`),
    );
  });

  test('a port that is taken is refused by its number', async () => {
    await using dir = await temporaryDir();
    await using other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const start = startEmbeddedPostgres({ dataDir: dir.dataDir, port, durable: false, disposable: true });
    await expect(start).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
    await using server = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false, disposable: true });
    expect(server.port).not.toBe(port);
  });

  test('ends with its program, also when that is killed', async () => {
    await using dir = await temporaryDir();
    const { program, server } = await startProgram(dir.dataDir);
    program.kill('SIGKILL');
    await until(() => !isRunning(server));

    await using next = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false });
    expect(await value(next.url('postgres'), 'select 1 as value')).toBe(1);
    await next.remove();
  });

  test('leaves no data when it is disposable and its program is killed', async () => {
    await using dir = await temporaryDir();
    const { program, server } = await startProgram(dir.dataDir, true);
    const pgdata = await readlink(`/proc/${server}/cwd`);
    expect(await readdir(pgdata)).toContain('PG_VERSION');
    program.kill('SIGKILL');
    // The server goes first, its data after it; the empty directory whoever starts another one may have removed.
    const left = (): Promise<string[]> => readdir(pgdata).catch(() => []);
    await until(async () => !isRunning(server) && (await left()).length === 0);
    const next = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false, disposable: true });
    expect(await value(next.url('postgres'), `select 1 as value`)).toBe(1);
    await next.remove();
  });

  test('leaves nothing running when its program comes to an orderly end', async () => {
    await using dir = await temporaryDir();
    const { program, server } = await startProgram(dir.dataDir);
    program.kill('SIGTERM');
    await once(program, 'exit');
    expect(isRunning(server)).toBe(false);
    const again = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false });
    await again.remove();
  });

  test('is found by another program while it runs, and by none afterwards', async () => {
    await using dir = await temporaryDir();
    expect(await findRunningEmbeddedPostgres({ dataDir: dir.dataDir })).toBeNull();
    const { program, server } = await startProgram(dir.dataDir);
    const found = await findRunningEmbeddedPostgres({ dataDir: dir.dataDir });
    expect(found?.pid).toBe(server);
    expect(await value(found?.url('postgres') ?? '', 'select 1 as value')).toBe(1);
    await found?.stop();
    expect(isRunning(server)).toBe(true);
    program.kill('SIGTERM');
    await once(program, 'exit');
    expect(await findRunningEmbeddedPostgres({ dataDir: dir.dataDir })).toBeNull();
    const again = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false });
    await again.remove();
  });

  test('says what to do when the data are of another version of PostgreSQL', async () => {
    await using dir = await temporaryDir();
    const server = await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false });
    const pgdata = await value(server.url('postgres'), `select current_setting('data_directory') as value`);
    await server.stop();
    await writeFile(join(String(pgdata), 'PG_VERSION'), '15\n');
    await expect(startEmbeddedPostgres({ dataDir: dir.dataDir })).rejects.toThrow(/was made by PostgreSQL 15/);
    await writeFile(join(String(pgdata), 'PG_VERSION'), '18\n');
    await (await startEmbeddedPostgres({ dataDir: dir.dataDir, durable: false })).remove();
  });
});

describe('a test server', () => {
  test('comes back with its committed data after kill -9', async () => {
    await using server = await startServer();
    await value(server.url('postgres'), 'create table visit as select 42 as value');
    await server.kill();
    await expect(value(server.url('postgres'), 'select 1 as value')).rejects.toThrow(/ECONNREFUSED/);
    await server.start();
    expect(await value(server.url('postgres'), 'select value from visit')).toBe(42);
  });

  test('frozen, it gives no answer until it is thawed', async () => {
    await using server = await startServer();
    await server.freeze();
    let answered = false;
    const answer = value(server.url('postgres'), 'select 1 as value').then((one) => {
      answered = true;
      return one;
    });
    await new Promise((done) => setTimeout(done, 200));
    expect(answered).toBe(false);
    await server.thaw();
    expect(await answer).toBe(1);
  });
});
