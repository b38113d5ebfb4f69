/** All that people ask, put together. */
import type { Queries } from '../../ports/queries.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import type { Layouts } from '../lanes/layouts.ts';
import type { Clients } from '../session/connect.ts';
import { couplingQueries } from './query-couplings.ts';
import { errorQueries } from './query-errors.ts';
import { jobQueries } from './query-jobs.ts';
import { logQueries } from './query-log.ts';
import { configurationQueries, overviewQueries } from './query-overview.ts';

export const createQueries = (clients: Clients, lanes: LaneRegistry, layouts: Layouts): Queries => ({
  ...errorQueries(clients, lanes),
  ...couplingQueries(clients, lanes, layouts),
  ...logQueries(clients, lanes),
  ...jobQueries(clients),
  ...overviewQueries(clients),
  everyLane: async () => [...(await lanes.all()).values()],
  ...configurationQueries(clients),
});
