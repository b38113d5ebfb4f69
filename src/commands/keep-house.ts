/** Daily upkeep of the coupling database, and what a person has to be told of while nothing happens. */
import type { Couplet } from '../compose.ts';

const DAY_MS = 86_400_000;
/** Not in the first moments, when there is enough to do. */
const FIRST_UPKEEP_MS = 60_000;
const LOOK_MS = 1_000;

/** Returns how to end it. */
export function keepHouse(couplet: Couplet): () => Promise<void> {
  const { database, settings, log, memory } = couplet;
  const { logMs, jobsMs, resolvedErrorsMs } = settings.retention;
  const days = (ms: number | null): number | null => (ms === null ? null : Math.ceil(ms / DAY_MS));
  let retiring: Promise<unknown> = Promise.resolve();
  const retire = (): void => {
    retiring = database.upkeep
      .retire({ logDays: days(logMs), jobsDays: days(jobsMs), resolvedErrorsDays: days(resolvedErrorsMs) })
      .then((retired) => log.debug({ retired }, 'upkeep'))
      .catch((fault: unknown) =>
        log.warn(
          { fault: fault instanceof Error ? fault.message : String(fault) },
          'upkeep failed; it is tried again tomorrow',
        ),
      );
  };
  const told = new Set<string>();
  const tellWaiting = (): void => {
    for (const lane of memory.awaitingFirstRun) {
      if (told.has(lane)) continue;
      told.add(lane);
      const [mapping = ''] = lane.split('/');
      log.warn(
        { lane },
        `Both sides hold records and nobody has asked for the first run: couplet sync ${mapping} --dry-run shows what it would do, couplet sync ${mapping} does it`,
      );
    }
  };
  const timers = [setTimeout(retire, FIRST_UPKEEP_MS), setInterval(retire, DAY_MS), setInterval(tellWaiting, LOOK_MS)];
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await retiring;
  };
}
