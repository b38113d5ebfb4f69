import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until the condition gives something truthy, and answers that. A condition that throws counts as not yet met;
 * what it threw last is the cause of the failure when time runs out.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 30_000, everyMs = 20, what = condition.toString() } = {},
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`, { cause });
    await sleep(everyMs);
  }
}
