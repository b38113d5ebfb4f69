/** How a run begins: what both stores have marked is taken in, and one look shows which lanes have something to do. */
import type { Side } from '../../domain/record.ts';
import type { ChannelLook } from '../../ports/coupling-database.ts';
import { forgetTables, type LaneMemory } from '../lane/lane-memory.ts';
import type { Site } from '../lane/site.ts';
import { readMarksOrRestart } from './compare-lineage.ts';
import { type MarksRead, type ReadOptions, storeText } from './read-marks.ts';

/**
 * The two stores and the coupling database at once, and all to the end: what one store says stands, whatever befalls
 * the other. The look shows what the cursors it shows have passed; where nothing came after, it is given back for use.
 * `ahead.justRead`: a store that was asked a moment ago, and whose reader will ask again before it sleeps; `ahead.look`:
 * of that moment.
 */
export async function readBothStores(
  site: Site,
  memory: LaneMemory,
  channel: string,
  ahead: { readonly justRead: string | null; readonly look: Promise<ChannelLook> | null } | null,
): Promise<ChannelLook | null> {
  const looking = heard(ahead?.look ?? site.database.lookAtLanes(channel));
  const options = (side: Side): ReadOptions => ({
    remembered: memory.cursors,
    known: heard(looking.then(({ cursors }) => cursors[side])),
    changed: (lane) => forgetTables(memory, lane),
  });
  const readStore = async (side: Side, of: string | null): Promise<MarksRead> => {
    const store = storeText(side, of);
    const cursor = store === ahead?.justRead ? memory.cursors.get(store) : undefined;
    return cursor === undefined ? readMarksOrRestart(site, side, of, options(side)) : { marks: 0, cursor };
  };
  const outcomes = await Promise.allSettled([readStore('hq', null), readStore('channel', channel)]);
  const read = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const look = await looking;
  const stands = read[0]?.cursor === look.cursors.hq && read[1]?.cursor === look.cursors.channel;
  return stands ? look : null;
}

/** Its fault is told to whoever waits for it; until somebody does, it is no fault of the process. */
function heard<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
