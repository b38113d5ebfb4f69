/**
 * Running a server that never outlives the program that started it.
 *
 * Between the program and PostgreSQL stands a supervisor, a shell with a session of its own (Ctrl-C reaches the program
 * alone, which still needs its database to come to an orderly end). It reads a pipe whose other end only the program
 * holds: when the program goes, however it goes, kill -9 included, the kernel closes the pipe and the supervisor ends
 * the server. It is a shell and not a Node process because the account that PostgreSQL runs under may not be able to
 * reach our Node and our files.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { minimalEnvironment } from './initialize-cluster.ts';
import type { Place } from './place-cluster.ts';
import { isAlive, servesDirectory } from './process-identity.ts';

const supervisor = `
erase=$1; shift
"$@" 3<&- &
server=$!
trap '' HUP INT TERM QUIT
(
  read -r order <&3
  # $$ waits for the server as long as that lives; afterwards its number may be given to another process.
  kill -0 $$ || { read -r pid <postmaster.pid && [ "$pid" = $server ]; } && kill -INT $server
  if [ "$order" = stop ]; then exit; fi
  tenths=0
  while [ $tenths -lt 400 ] && kill -0 $server && [ -e postmaster.pid ]; do
    if [ $tenths -eq 300 ]; then kill -QUIT $server; fi
    tenths=$((tenths + 1))
    sleep 0.1 || sleep 1
  done
  if [ -n "$erase" ]; then rm -rf "$erase"/*; fi
) 2>/dev/null &
exec 3<&-
wait $server
`;

const fastShutdownMs = 30_000;

/** A process number that the kernel never gives out. */
const nobodysPid = 2_147_483_647;

export interface RunningServer {
  pid: number;
  port: number;
  /** Settles when the server has ended, for whatever reason. */
  ended: Promise<unknown>;
  stop(): Promise<void>;
}

export interface LockFile {
  pid: number;
  port: number;
  ready: boolean;
  /** Tells the runs of a server apart. */
  run: string;
}

/** What the server's own lock file, `postmaster.pid`, says; null without one. */
export async function readLockFile(pgdata: string): Promise<LockFile | null> {
  const text = await readFile(join(pgdata, 'postmaster.pid'), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const lines = text.split('\n').map((line) => line.trim());
  const [pid, port] = [Number.parseInt(lines[0] ?? '', 10), Number.parseInt(lines[3] ?? '', 10)];
  return { pid, port, ready: lines[7] === 'ready', run: `${lines[0]}/${lines[2]}` };
}

/**
 * Clears away what a program that was killed left behind: a server that still runs is stopped, and a lock file of a
 * server that is gone is made harmless. Call it with the cluster claimed, when any server found is nobody's.
 */
export async function clearRemains(place: Place): Promise<'nothing' | 'server' | 'lockFile'> {
  const found = await readLockFile(place.pgdata);
  if (found === null) return 'nothing';
  if (Number.isInteger(found.pid) && (await servesDirectory(found.pid, place.pgdata))) {
    await stopProcess(found.pid, place);
    return 'server';
  }
  const path = join(place.pgdata, 'postmaster.pid');
  if (!Number.isInteger(found.pid)) {
    await rm(path, { force: true });
  } else if (isAlive(found.pid)) {
    // The number belongs to another program by now. Only the number goes: the rest of the file lets PostgreSQL find
    // out whether an orphaned backend still uses the data.
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/^.*/, String(nobodysPid)));
  }
  return 'lockFile';
}

export interface RunOptions {
  port: number;
  settings: Readonly<Record<string, string | number>>;
  /** Empties the data directory when the program is gone without having stopped the server. */
  eraseWhenAbandoned: boolean;
}

export async function runServer(place: Place, options: RunOptions): Promise<RunningServer> {
  const logFile = join(place.clusterDir, 'postgres.log');
  await rename(logFile, `${logFile}.1`).catch(() => undefined);
  const before = await readLockFile(place.pgdata);
  const logHandle = await open(logFile, 'a', 0o600);
  // Not its standard input: Node would close that as soon as the server ends, which reads as the end of the program.
  const child = spawn('/bin/sh', ['-c', supervisor, 'couplet-postgres', ...serverCommand(place, options)], {
    cwd: place.pgdata,
    env: minimalEnvironment(),
    stdio: ['ignore', 'ignore', logHandle.fd, 'pipe'],
    detached: true,
    ...place.account,
  });
  const ended = once(child, 'exit');
  // The pipe closes with the last process of the supervisor.
  const gone = once(child, 'close');
  for (const promise of [ended, gone]) promise.catch(() => undefined);
  const lifeline = child.stdio[3] as Socket;
  lifeline.on('error', () => undefined).resume();
  // A server that nobody stopped must not keep a program alive that has come to its end.
  child.unref();
  lifeline.unref();
  await logHandle.close();
  const lock = await untilReady(place, child, before?.run, logFile);
  const { pid, port } = lock;
  const stop = async (): Promise<void> => {
    if (lifeline.writable) lifeline.end('stop\n');
    await settled(gone, fastShutdownMs + 5_000);
    // The supervisor was killed before, or the server hangs.
    if (await servesDirectory(pid, place.pgdata)) await stopProcess(pid, place);
  };
  return { pid, port, ended, stop };
}

function serverCommand(place: Place, { port, settings, eraseWhenAbandoned }: RunOptions): string[] {
  const all = Object.entries({ listen_addresses: '127.0.0.1', port, unix_socket_directories: '', ...settings });
  return [
    eraseWhenAbandoned ? place.pgdata : '',
    place.binaries.postgres,
    '-D',
    place.pgdata,
    ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** No limit in time: after a crash the server may have a lot of log to read before it opens. */
async function untilReady(
  place: Place,
  child: ChildProcess,
  runBefore: string | undefined,
  logFile: string,
): Promise<LockFile> {
  let failure: unknown;
  child.once('error', (error) => {
    failure = error;
  });
  for (;;) {
    const lock = await readLockFile(place.pgdata).catch(() => null);
    if (lock?.ready && lock.run !== runBefore) return lock;
    if (failure !== undefined || child.exitCode !== null || child.signalCode !== null) {
      throw await startFailed(place, logFile, failure);
    }
    await sleep(10);
  }
}

async function startFailed(place: Place, logFile: string, cause: unknown): Promise<EmbeddedPostgresError> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  if (/could not bind|could not create any TCP\/IP sockets/.test(log)) {
    return new EmbeddedPostgresError('port-in-use', 'The port of the embedded PostgreSQL is taken by another program.');
  }
  const lines = log.split('\n').filter((line) => /FATAL|PANIC|HINT|DETAIL|rror/.test(line));
  const reason = lines.slice(-5).join('\n') || log.trim().split('\n').slice(-5).join('\n');
  return new EmbeddedPostgresError(
    'start-failed',
    `The embedded PostgreSQL in ${place.dataDir} did not start; its log is ${logFile}.\n${reason}`.trimEnd(),
    { cause },
  );
}

/** Waits for the promise, but not for ever, and keeps the program alive meanwhile. */
async function settled(promise: Promise<unknown>, patienceMs: number): Promise<void> {
  const patience = new AbortController();
  const timeout = sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([promise.catch(() => undefined), timeout]);
  patience.abort();
}

/** Fast shutdown; if that takes too long, immediate shutdown, from which PostgreSQL recovers at the next start. */
async function stopProcess(pid: number, place: Place): Promise<void> {
  const steps = [
    ['SIGINT', fastShutdownMs],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 5_000],
  ] as const;
  for (const [signal, patienceMs] of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (codeOf(error) === 'ESRCH') return;
      throw new EmbeddedPostgresError(
        'data-directory-in-use',
        `The embedded PostgreSQL in ${place.dataDir} still runs as process ${pid}, under another user, and cannot be stopped from here.`,
        { cause: error },
      );
    }
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (!(await servesDirectory(pid, place.pgdata))) return;
      await sleep(20);
    }
  }
}
