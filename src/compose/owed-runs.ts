/**
 * Full runs that a change of the configuration owes, or a person who let a mapping go on with a store that went back in
 * time. Continuous running carries them out by itself; where the schedule would leave them to the clock or to somebody
 * who asks, they are jobs of their own.
 */
import { isOwedElsewhere } from '../engine/lane/due-here.ts';
import { isEnabled, lanesOf, laneText, mappingOf, type Site } from '../engine/lane/site.ts';
import type { JobTrigger } from '../ports/coupling-database.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Lane } from '../ports/store.ts';

const BY_THEMSELVES: ReadonlySet<JobTrigger> = new Set(['configuration', 'recovery']);

/** `elsewhere`: mappings that jobs of commerce work, which carry out what is owed. */
export async function askForOwedRuns(
  site: Site,
  queue: Pick<JobQueue, 'enqueue'>,
  elsewhere: readonly string[],
  only?: readonly Lane[],
): Promise<void> {
  const states = new Map((await site.database.laneStates()).map((state) => [laneText(state.lane), state]));
  const chosen = only && new Set(only.map(laneText));
  for (const lane of lanesOf(site)) {
    const state = states.get(laneText(lane));
    const due = state?.fullRunDue;
    if (!state || !due || !BY_THEMSELVES.has(due.trigger) || state.paused || state.stopped) continue;
    if (chosen?.has(laneText(lane)) === false || elsewhere.includes(lane.mapping)) continue;
    if (!isEnabled(site, lane) || mappingOf(site, lane).schedule.kind === 'continuous') continue;
    if (isOwedElsewhere(site, lane, due)) continue;
    await queue.enqueue({
      kind: 'synchronize',
      ...lane,
      parentId: null,
      scope: 'full',
      direction: 'both',
      dryRun: false,
      trigger: due.trigger,
      actor: null,
      requestId: null,
      body: null,
    });
  }
}
