/**
 * Processes that are restarted one after the other have different configurations for a while. A full run that a new one
 * owes would be no full run in the hands of a process that still has the former: it filters, matches and decides by that.
 */
import { createHash } from 'node:crypto';
import { stableText } from '../../domain/mapping.ts';
import type { FullRunDue } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import { lanesOf, laneText, mappingOf, type Site } from './site.ts';

/** What the lane is worked by here. */
const configurationOf = (site: Site, lane: Lane): string =>
  createHash('sha256')
    .update(stableText(mappingOf(site, lane)))
    .digest('base64url')
    .slice(0, 22);

/** True where a process with another configuration has to work the lane before this one may. */
export const isOwedElsewhere = (site: Site, lane: Lane, due: FullRunDue | null): boolean =>
  due !== null && due.configuration !== null && due.configuration !== configurationOf(site, lane);

/** Of mappings whose configuration has changed; lanes that have not had their first run look at everything anyway. */
export async function oweFullRuns(site: Site, mappings: readonly string[]): Promise<void> {
  if (mappings.length === 0) return;
  const states = await site.database.laneStates();
  const worked = new Set(states.filter(({ firstRunDone }) => firstRunDone).map(({ lane }) => laneText(lane)));
  for (const lane of lanesOf(site)) {
    if (mappings.includes(lane.mapping) && worked.has(laneText(lane))) await oweConfigured(site, lane);
  }
}

export const oweConfigured = (site: Site, lane: Lane): Promise<void> =>
  site.database.oweFullRun(lane, {
    reason: 'configuration',
    trigger: 'configuration',
    configuration: configurationOf(site, lane),
  });
