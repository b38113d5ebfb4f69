/** A job that this command asked for, watched until it ends, with a bar on a terminal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { type AskApi, type Document, expectGood } from './ask-api.ts';
import type { QueueHere } from './queue-here.ts';

const LOOK_MS = 100;

export interface JobDocument extends Document {
  readonly id: string;
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly finishedAt: string | null;
  readonly progress: { readonly done: number; readonly total: number | null };
  readonly counters: Readonly<Record<'toHq' | 'toChannel', Readonly<Record<string, number>>>> &
    Readonly<Record<string, unknown>>;
  readonly code: string | null;
  readonly message: string | null;
}

export const readJob = async (ask: AskApi, id: string): Promise<JobDocument> =>
  expectGood(await ask('GET', `/jobs/${id}`)) as JobDocument;

/** Ctrl-C ends the job after the batch in hand; a second one ends the process. */
export async function followJob(ask: AskApi, queue: QueueHere, id: string, what: string): Promise<JobDocument> {
  const bar = process.stderr.isTTY
    ? new SingleBar({
        format: `${what} {bar} {value} records`,
        stream: process.stderr,
        hideCursor: true,
        clearOnComplete: true,
      })
    : null;
  const stop = (): void => queue.askToStop();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  bar?.start(1, 0);
  try {
    for (;;) {
      const job = await readJob(ask, id);
      const { done, total } = job.progress;
      bar?.setTotal(Math.max(total ?? done, 1));
      bar?.update(done);
      if (job.finishedAt !== null) return job;
      await sleep(LOOK_MS);
    }
  } finally {
    bar?.stop();
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

export function describeCounters({ counters }: JobDocument): string {
  const line = (label: string, of: Readonly<Record<string, number>>): string =>
    `${label.padEnd(12)}${['inserted', 'modified', 'deleted', 'unchanged', 'skipped', 'failed'].map((name) => `${of[name] ?? 0} ${name}`).join(', ')}`;
  const { coupled, uncoupled, conflicts, deletions } = counters as unknown as Record<string, number>;
  return [
    line('To HQ:', counters.toHq),
    line('To channel:', counters.toChannel),
    `${'Pairs:'.padEnd(12)}${coupled} coupled, ${uncoupled} uncoupled, ${conflicts} conflicts, ${deletions} deletions`,
  ].join('\n');
}
