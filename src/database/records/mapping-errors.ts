/** Errors of a lane as a whole, told while it could not be opened: without its fence, so they touch nothing else. */
import type { CouplingDatabase } from '../../ports/coupling-database.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { writeErrors } from './sync-errors.ts';

const RESOLVE = `
  update couplet.sync_error e
     set status = 'resolved', resolved_at = now(), resolution = $2::json, retry_at = null
   where e.lane_id = $1 and e.scope = 'mapping' and e.status = 'open' and e.kind = 'failure'`;

/** The resolution of an error that ended without anybody's doing. */
export const BY_ITSELF = {
  action: 'automatic',
  winner: null,
  fields: null,
  actor: null,
  reason: null,
  jobId: null,
  logIds: [],
} as const;

export const mappingErrorsPart = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<CouplingDatabase, 'reportMappingError' | 'endSetupErrors'> => ({
  reportMappingError: async (error) => {
    const laneId = await lanes.idOf(error.lane);
    await clients.raw.begin((transaction) => writeErrors(transaction, laneId, new Map(), [error]));
  },
  endSetupErrors: async (lane) => {
    await query(clients.raw, RESOLVE, [await lanes.idOf(lane), JSON.stringify(BY_ITSELF)]);
  },
});
