/**
 * Going on after a store went back in time, was copied or replaced: a person said so for a lane. The reader of that store
 * begins anew, the lane is compared in full with every difference left to a person, and every other lane of the store
 * stands still until somebody says the same of it.
 */
import type { Side } from '../../domain/record.ts';
import { LineageBroken } from '../../errors/store-faults.ts';
import type { LaneState } from '../../ports/coupling-database.ts';
import { type Site, storeOf } from '../lane/site.ts';
import { type MarksRead, type ReadOptions, readMarks } from './read-marks.ts';

export const owesComparison = (state: Pick<LaneState, 'fullRunDue'>): boolean =>
  state.fullRunDue?.reason.split(' ').includes('lineage-compare') ?? false;

/** Takes marks in; where the store's lineage is broken and a lane of it was resumed, from the store as it is now. */
export async function readMarksOrRestart(
  site: Site,
  side: Side,
  channel: string | null,
  options: ReadOptions = {},
): Promise<MarksRead> {
  try {
    return await readMarks(site, side, channel, options);
  } catch (fault) {
    if (!(fault instanceof LineageBroken) || !(await mayRestart(site, side, channel))) throw fault;
    await stopOthers(site, side, channel, fault);
    const { database } = site;
    const from = await database.loadCursor(side, channel);
    const to = await storeOf(site, side, channel).currentCursor(database.reader);
    await database.moveCursor(side, channel, from, to, [], []);
    return { marks: 0, cursor: to };
  }
}

const ofStore = async (site: Site, side: Side, channel: string | null): Promise<readonly LaneState[]> =>
  (await site.database.laneStates()).filter(({ lane }) => side === 'hq' || lane.channel === channel);

const mayRestart = async (site: Site, side: Side, channel: string | null): Promise<boolean> =>
  (await ofStore(site, side, channel)).some((state) => state.stopped === null && owesComparison(state));

/** Told before the reader begins anew: no lane may go on from a cursor that skipped what it never compared. */
async function stopOthers(site: Site, side: Side, channel: string | null, fault: LineageBroken): Promise<void> {
  for (const state of await ofStore(site, side, channel)) {
    if (state.stopped === null && !owesComparison(state)) {
      await site.database.changeLane(state.lane, { stopped: { code: fault.code, params: fault.params } });
    }
  }
}
