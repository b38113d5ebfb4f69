/** Sums for metrics. */
import type { JobTotals, LaneTotals, Measures, OperationTotals } from '../ports/measurements.ts';
import type { Clients } from './session/connect.ts';
import { query } from './session/connect.ts';

const LANES = `
  select l.mapping, l.channel, sum(a.changes)::float8 as changes, sum(a.writes)::float8 as writes, sum(a.errors)::float8 as errors
    from couplet.lane_activity a join couplet.lane l on l.id = a.lane_id
   where l.forgotten_at is null and left(l.mapping, 1) <> '@'
   group by l.mapping, l.channel`;

/** A job with children runs while they do: only those without are counted. */
const JOBS = `
  select j.kind::text, j.status::text, count(*)::int as count, sum(greatest(j.attempts - 1, 0))::int as retries,
         coalesce(sum(extract(epoch from j.finished_at - j.started_at)), 0)::float8 as seconds
    from couplet.job j
   where j.finished_at is not null
     and not exists (select from couplet.job c where c.parent_id = j.id)
   group by j.kind, j.status`;

const APPLYING = `
  select j.mapping, j.channel, max(extract(epoch from now() - j.started_at))::float8 as seconds
    from couplet.job j
   where j.finished_at is null and j.status = 'running' and j.mapping is not null and j.channel is not null
   group by j.mapping, j.channel`;

const OPERATIONS =
  'select channel, status::text, count(*)::int as count from couplet.customer_operation group by channel, status';

type Unlaned<T extends { readonly lane: unknown }> = Omit<T, 'lane'> & {
  readonly mapping: string;
  readonly channel: string;
};

export const createMeasures = (clients: Clients): Measures => ({
  measure: async () => {
    const [lanes, jobs, applying, operations] = await Promise.all([
      query<Unlaned<LaneTotals>>(clients.raw, LANES, []),
      query<JobTotals>(clients.raw, JOBS, []),
      query<{ readonly mapping: string; readonly channel: string; readonly seconds: number }>(
        clients.raw,
        APPLYING,
        [],
      ),
      query<OperationTotals>(clients.raw, OPERATIONS, []),
    ]);
    return {
      lanes: lanes.map(({ mapping, channel, changes, writes, errors }) => ({
        lane: { mapping, channel },
        changes,
        writes,
        errors,
      })),
      jobs,
      operations: operations.map((row) => ({ ...row })),
      applying: applying.map(({ mapping, channel, seconds }) => ({ lane: { mapping, channel }, seconds })),
    };
  },
});
