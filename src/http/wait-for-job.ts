/** `Prefer: wait=N`: long work is answered with the finished job when it is done in time, else with 202 and the job. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';

const LONGEST_WAIT_SECONDS = 300;
const FIRST_LOOK_MS = 20;
const SLOWEST_LOOK_MS = 250;

/** Seconds, or null when the caller did not ask to wait. A preference that cannot be read is ignored (RFC 7240). */
export function waitAskedFor(request: FastifyRequest): number | null {
  const header = request.headers.prefer;
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?(?:$|[,;\s])/i.exec(String(header ?? '')) ?? [];
  return seconds === undefined ? null : Math.min(Number(seconds), LONGEST_WAIT_SECONDS);
}

/** Looks again and again, ever more slowly, until `isDone`, the end of the wait, or the caller hangs up. */
export async function waitUntil<T>(
  look: () => Promise<T>,
  isDone: (found: T) => boolean,
  waitSeconds: number,
  signal: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + waitSeconds * 1_000;
  let found = await look();
  for (
    let pauseMs = FIRST_LOOK_MS;
    !isDone(found) && Date.now() < deadline && !signal.aborted;
    pauseMs = Math.min(pauseMs * 1.5, SLOWEST_LOOK_MS)
  ) {
    await sleep(Math.min(pauseMs, Math.max(1, deadline - Date.now())));
    found = await look();
  }
  return found;
}
