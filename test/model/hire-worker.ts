/** Worker processes as their parent sees them: hired ahead, for each takes a second to start; killed without a word. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CouplingDatabaseUnreachable } from '../../src/errors/coupling-database-faults.ts';
import type { LaneReport } from '../../src/engine/run/lane-run.ts';
import { until } from '../support/until.ts';
import type { Answer, Hire, Order } from './worker-process.ts';
import type { Crash } from './world.ts';

export interface WorkerProcess {
  readonly pid: number;
  readonly alive: boolean;
  /** Null: it was killed before it could answer. `killAfterMs`: by us. */
  run(scope: 'modified' | 'full', crash: Crash | null, killAfterMs?: number): Promise<readonly LaneReport[] | null>;
  /** Works by itself from now on. */
  work(): Promise<void>;
  measure(): Promise<{ readonly residentBytes: number; readonly heapBytes: number } | null>;
  kill(): Promise<void>;
}

const PROGRAM = resolve(import.meta.dirname, 'worker-process.ts');

export async function hireWorker(hire: Hire): Promise<WorkerProcess> {
  const child = fork(PROGRAM, {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'couplet-compile-cache') },
  });
  let alive = true;
  let dying = false;
  const ended = once(child, 'exit').then(() => {
    alive = false;
    return null;
  });
  const kill = async (): Promise<void> => {
    dying = true;
    if (alive) child.kill('SIGKILL');
    await ended;
  };
  const order = async (what: Order): Promise<Answer | null> => {
    if (!alive) return null;
    const answered = once(child, 'message').then(([answer]) => answer as Answer);
    child.send(what, () => {});
    const answer = await Promise.race([answered, ended]);
    if (answer !== null && 'fault' in answer)
      throw answer.away ? new CouplingDatabaseUnreachable(answer.fault) : new Error(answer.fault);
    return answer;
  };
  try {
    await order({ do: 'hire', hire });
  } catch (fault) {
    await kill();
    throw fault;
  }
  return {
    pid: child.pid ?? 0,
    get alive() {
      return alive;
    },
    async run(scope, crash, killAfterMs) {
      const timer = killAfterMs === undefined ? null : setTimeout(() => void kill(), killAfterMs);
      const answer = await order({ do: 'run', scope, crash });
      if (timer) clearTimeout(timer);
      // It may have answered in the moment in which it was killed: nobody is to take it for alive.
      if (dying) await ended;
      return answer !== null && 'reports' in answer ? answer.reports : null;
    },
    async work() {
      await order({ do: 'work' });
    },
    async measure() {
      const answer = await order({ do: 'measure' });
      return answer !== null && 'residentBytes' in answer ? answer : null;
    },
    kill,
  };
}

export interface Crew {
  readonly workers: readonly WorkerProcess[];
  run(
    at: number,
    scope: 'modified' | 'full',
    crash: Crash | null,
    killAfterMs?: number,
  ): ReturnType<WorkerProcess['run']>;
  /** Whoever is at this place is killed, and another comes. */
  replace(at: number): Promise<WorkerProcess>;
  /** All of them, those that wait included. */
  renew(): Promise<void>;
  dismiss(): Promise<void>;
}

export interface CrewOptions {
  readonly hire: () => Promise<WorkerProcess>;
  readonly workers: number;
  /** So many wait, ready, to take the place of one that was killed. */
  readonly spares: number;
}

export async function openCrew({ hire, workers: size, spares: reserve }: CrewOptions): Promise<Crew> {
  const workers = await Promise.all(Array.from({ length: size }, hire));
  const spares: Promise<WorkerProcess>[] = [];
  const refill = (): void => {
    while (spares.length < reserve) {
      const spare = hire();
      // Looked at when its turn comes.
      spare.catch(() => {});
      spares.push(spare);
    }
  };
  const dismissSpares = async (): Promise<void> => {
    for (const spare of spares.splice(0)) await spare.then((worker) => worker.kill()).catch(() => {});
  };
  const replace = async (at: number): Promise<WorkerProcess> => {
    await workers[at]?.kill();
    const spare = await spares.shift()?.catch(() => null);
    const next = spare ?? (await until(hire, { timeoutMs: 60_000, everyMs: 250, what: 'a worker can be hired' }));
    workers[at] = next;
    refill();
    return next;
  };
  refill();
  return {
    workers,
    replace,
    async run(at, scope, crash, killAfterMs) {
      const place = at % workers.length;
      const standing = workers[place];
      const worker = standing?.alive ? standing : await replace(place);
      const reports = await worker.run(scope, crash, killAfterMs);
      if (!worker.alive) await replace(place);
      return reports;
    },
    async renew() {
      await dismissSpares();
      for (let at = 0; at < workers.length; at += 1) await replace(at);
    },
    async dismiss() {
      for (const worker of workers) await worker.kill();
      await dismissSpares();
    },
  };
}
