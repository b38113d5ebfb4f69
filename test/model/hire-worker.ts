/** Worker processes as their parent sees them: hired ahead, for each takes a second to start; killed without a word. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LaneReport } from '../../src/engine/run-channel.ts';
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
  const ended = once(child, 'exit').then(() => {
    alive = false;
    return null;
  });
  const kill = async (): Promise<void> => {
    if (alive) child.kill('SIGKILL');
    await ended;
  };
  const order = async (what: Order): Promise<Answer | null> => {
    if (!alive) return null;
    const answered = once(child, 'message').then(([answer]) => answer as Answer);
    child.send(what, () => {});
    const answer = await Promise.race([answered, ended]);
    if (answer !== null && 'fault' in answer) throw new Error(answer.fault);
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
