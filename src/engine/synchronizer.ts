/** The engine's face: what `ports/synchronizer.ts` promises, over one site and what this process remembers of it. */
import type { Lane } from '../ports/store.ts';
import type { Synchronizer } from '../ports/synchronizer.ts';
import { coupleByHand, synchronizePair, uncoupleByHand } from './actions/act-on-coupling.ts';
import { actOnError } from './actions/act-on-error.ts';
import { listRecords } from './actions/list-records.ts';
import { revertEntry } from './actions/revert-entry.ts';
import { isAway, viewCoupling, viewError } from './batch/view-pair.ts';
import { executeJob } from './execute-job.ts';
import type { LaneMemory } from './lane/lane-memory.ts';
import { type Site, storeOf } from './lane/site.ts';
import { etagOfMappingError } from './run/held-by-error.ts';
import { prepareLane } from './run/open-lane.ts';

export function createSynchronizer(site: Site, memory: LaneMemory): Synchronizer {
  const viewerOf = (lane: Lane) =>
    prepareLane(site, memory, lane, { hq: storeOf(site, 'hq', null), channel: storeOf(site, 'channel', lane.channel) });
  /** Null: the mapping is not prepared here, and its tables cannot be asked for now. */
  const viewerNow = async (lane: Lane) => {
    try {
      return await viewerOf(lane);
    } catch (fault) {
      if (!isAway(fault)) throw fault;
      return null;
    }
  };
  return {
    act: (errorId, request) => actOnError(site, memory, errorId, request),
    couple: async (request) => coupleByHand(site, memory, request),
    uncouple: (couplingId, asker) => uncoupleByHand(site, memory, couplingId, asker),
    synchronizeCoupling: (couplingId, winner, asker) => synchronizePair(site, memory, couplingId, winner, asker),
    viewError: async (error) => viewError(await viewerNow(error.lane), error),
    etagOfMappingError: (error) => etagOfMappingError(site.database, error),
    viewCoupling: async (coupling) => viewCoupling(await viewerNow(coupling.lane), coupling),
    records: async (lane, side, search) => listRecords(site, await viewerOf(lane), lane, side, search),
    revert: (logId, request) => revertEntry(site, memory, logId, request),
    execute: (jobId, stop) => executeJob(site, memory, jobId, stop),
  };
}
