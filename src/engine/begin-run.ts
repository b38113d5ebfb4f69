/** How a run begins: what both stores have marked is taken in, and one look shows which lanes have something to do. */
import type { Side } from '../domain/record.ts';
import type { ChannelLook } from '../ports/coupling-database.ts';
import { readMarksOrRestart } from './compare-lineage.ts';
import type { LaneMemory } from './lane-memory.ts';
import type { MarksRead, ReadOptions } from './read-marks.ts';
import type { Site } from './site.ts';

interface Beginning {
  readonly read: readonly MarksRead[];
  /** Null: marks were taken in after it. */
  readonly look: ChannelLook | null;
}

/**
 * The two stores and the coupling database at once, and all to the end: what one store says stands, whatever befalls
 * the other. The look shows what the cursors it shows have passed; where nothing came after, it need not be repeated.
 */
export async function readBothStores(site: Site, memory: LaneMemory, channel: string): Promise<Beginning> {
  const looking = site.database.lookAtLanes(channel);
  const options = (side: Side): ReadOptions => ({
    remembered: memory.cursors,
    known: looking.then(({ cursors }) => cursors[side]),
  });
  const outcomes = await Promise.allSettled([
    readMarksOrRestart(site, 'hq', null, options('hq')),
    readMarksOrRestart(site, 'channel', channel, options('channel')),
  ]);
  const read = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const look = await looking;
  const stands = read[0]?.cursor === look.cursors.hq && read[1]?.cursor === look.cursors.channel;
  return { read, look: stands ? look : null };
}
