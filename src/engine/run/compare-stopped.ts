/**
 * What a lane would come to whose store went back in time, was copied or replaced: a full run that writes nothing, with
 * what it would send again and what it would delete, record by record in its job and in sum with the lane. A person who
 * has seen it says how to go on.
 */
import type { Json } from '../../domain/record.ts';
import type { LineageBroken } from '../../errors/store-faults.ts';
import type { Lane } from '../../ports/store.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { Site } from '../lane/site.ts';
import type { LaneRun } from './lane-run.ts';
import { previewLane } from './preview-lane.ts';
import type { LaneRequest } from './work-lane.ts';

const stateOf = async (site: Site, { mapping, channel }: Lane) =>
  (await site.database.laneStates()).find(({ lane }) => lane.mapping === mapping && lane.channel === channel);

/** A comparison that was made is kept as long as the lane stands still for the same reason. */
export async function stopLane(site: Site, lane: Lane, { code, params }: LineageBroken): Promise<void> {
  const stopped = (await stateOf(site, lane))?.stopped;
  if (stopped?.code === code && stopped.params['reason'] === params['reason']) return;
  await site.database.changeLane(lane, { stopped: { code, params } });
}

/** Without the marks, which belong to another life of the store: both stores as they are, against the couplings. */
export async function previewStopped(context: LaneContext, run: LaneRun, request: LaneRequest): Promise<boolean> {
  const { surroundings, state, database, lane } = context;
  await previewLane({ ...context, cursors: { hq: null, channel: null } }, run, { ...request, scope: 'full' });
  const { toHq, toChannel, conflicts, deletions } = run.counters;
  const written = ({ inserted, modified, deleted }: typeof toHq): Json => ({ inserted, modified, deleted });
  const comparison: Json = {
    at: surroundings.now().toISOString(),
    jobId: run.identity.jobId,
    toHq: written(toHq),
    toChannel: written(toChannel),
    conflicts,
    deletions,
  };
  const stopped = state.stopped ?? { code: 'lineage-broken', params: {} };
  await database.changeLane(lane, { stopped: { ...stopped, params: { ...stopped.params, comparison } } });
  return true;
}

export const wantsComparison = async (site: Site, lane: Lane): Promise<boolean> => {
  const stopped = (await stateOf(site, lane))?.stopped;
  return stopped == null || stopped.params['comparison'] === undefined;
};
