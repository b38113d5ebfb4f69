/** The command line as a child process, as a person or a script runs it. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { vi } from 'vitest';
import { runProgram } from '../../src/commands/run-program.ts';
import { until } from '../support/until.ts';
import { CONFIGURATION, type Shop } from './shop.ts';

// A machine that does much else is slow, and that is no fault of a command: what is waited for has limits of its own.
vi.setConfig({ testTimeout: 300_000 });

/** For what a child process does: its start alone takes seconds, and many times that beside others. */
export const patience = { timeoutMs: 120_000 };

const CLI = resolve(import.meta.dirname, '../../src/cli.ts');

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
}

export type Variables = Readonly<Record<string, string | undefined>>;

const environmentOf = (variables: Variables) => ({
  ...process.env,
  NO_COLOR: '1',
  COUPLET_DATABASE_URL: undefined,
  ...variables,
});

export const startCouplet = (args: readonly string[], variables: Variables = {}, cwd = tmpdir()): Running =>
  follow(spawn(process.execPath, [CLI, ...args], { cwd, env: environmentOf(variables) }));

/** As npm runs a script: in a shell that waits for it, and that dies of a signal without passing it on. */
function startInShell(args: readonly string[], variables: Variables, cwd: string): Running {
  const script = `"${process.execPath}" "${CLI}" ${args.join(' ')}; exit $?`;
  const env = environmentOf({ ...variables, npm_lifecycle_script: 'node src/cli.ts' });
  const child = spawn('sh', ['-c', script], { cwd, env, detached: true });
  return follow(child, () => process.kill(-(child.pid ?? 0), 'SIGKILL'));
}

function follow(child: ChildProcessWithoutNullStreams, kill = () => child.kill('SIGKILL')): Running {
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  let isOver = false;
  const ended = once(child, 'close').then(([code]): Ended => {
    isOver = true;
    return { exitCode: code as number | null, ...out };
  });
  return {
    process: child,
    stdout: () => out.stdout,
    stderr: () => out.stderr,
    ended,
    async [Symbol.asyncDispose]() {
      if (!isOver) kill();
      await ended;
    },
  };
}

export const runCouplet = async (args: readonly string[], variables?: Variables, cwd?: string): Promise<Ended> =>
  startCouplet(args, variables, cwd).ended;

/**
 * The same within this process: many commands, one start. What the log writes goes past it, to the terminal of the test.
 */
export async function runWithin(args: readonly string[], variables: Variables, cwd: string): Promise<Ended> {
  const out = { stdout: '', stderr: '' };
  const former = { cwd: process.cwd(), env: process.env };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      out[name] += String(text);
      return true;
    }),
  );
  process.env = { ...former.env, NO_COLOR: '1', COUPLET_DATABASE_URL: undefined, ...variables };
  process.chdir(cwd);
  try {
    return { exitCode: await runProgram(['node', 'couplet', ...args]), ...out };
  } finally {
    process.chdir(former.cwd);
    process.env = former.env;
    for (const spy of spies) spy.mockRestore();
  }
}

/** A folder with the shop's configuration in it, and couplet to be run there. */
export interface ShopFolder extends AsyncDisposable {
  readonly folder: string;
  /** As a child process. */
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  /** Within this process. */
  readonly within: (...args: readonly string[]) => Promise<Ended>;
  /** Its answer, read from stdout. */
  readonly ask: (...args: readonly string[]) => Promise<Ended & { readonly json: Answer }>;
  readonly start: (...args: readonly string[]) => Running;
  readonly startInShell: (...args: readonly string[]) => Running;
  readonly configure: (change: (text: string) => string) => Promise<void>;
}

/** Looked into as deep as a test likes. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Answer = Record<string, any>;

export async function openFolder(shop: Shop, variables: Variables = {}): Promise<ShopFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'couplet-folder-'));
  const configure = (change: (text: string) => string): Promise<void> =>
    writeFile(join(folder, 'couplet.yaml'), change(CONFIGURATION));
  await configure((text) => text);
  const all = { ...shop.environment, COUPLET_DATA_DIR: join(folder, '.couplet'), ...variables };
  const run = (...args: readonly string[]): Promise<Ended> => runCouplet(args, all, folder);
  const within = async (...args: readonly string[]): Promise<Ended> => runWithin(args, all, folder);
  return {
    folder,
    run,
    within,
    async ask(...args) {
      const ended = await within(...args, '--json');
      return { ...ended, json: JSON.parse(ended.stdout) as Answer };
    },
    start: (...args) => startCouplet(args, all, folder),
    startInShell: (...args) => startInShell(args, all, folder),
    configure,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The address that a running `couplet start` says it listens at. */
export async function addressOf({ stderr, process: child }: Running): Promise<string> {
  const address = (): string | undefined => /listening at (http:[^"]+)"/.exec(stderr())?.[1];
  await until(() => child.exitCode !== null || address(), { ...patience, what: 'couplet listens' });
  const found = address();
  if (found === undefined) throw new Error(stderr());
  return found;
}

export async function get(address: string, path: string): Promise<Answer> {
  const answer = await fetch(`${address}${path}`);
  return (await answer.json()) as Answer;
}
