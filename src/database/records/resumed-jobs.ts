/** What a job did before it was interrupted: it goes on with the rest, and tells all of it in the end. */
import type { CouplingDatabase } from '../../ports/coupling-database.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';

type ResumedPart = Pick<
  CouplingDatabase,
  'answeredErrors' | 'subjectsWrittenBy' | 'revertedEntries' | 'coupledPairs' | 'writesOfJob' | 'forgetLooks'
>;

const ANSWERED = 'select error_id::text as id from couplet.job_result where job_id = $1 and error_id is not null';
const WRITTEN = `
  select distinct subject.id::text as id
    from couplet.sync_log l, lateral (values (l.coupling_id), (l.error_id)) as subject (id)
   where l.job_id = $1 and subject.id is not null`;
const REVERTED = `select params ->> 'logId' as id from couplet.job_result where job_id = $1 and params ->> 'logId' is not null`;
const PAIRS = `
  select hq_key || ' ' || channel_key as id from couplet.job_result
   where job_id = $1 and hq_key is not null and channel_key is not null`;

/** What is inserted begins a coupling; a deletion ends one, unless it takes back what was restored. */
const WRITES = `
  select json_build_object('inserted', count(*) filter (where to_hq and made), 'modified', count(*) filter (where to_hq and action = 'modified'),
                           'deleted', count(*) filter (where to_hq and action = 'deleted')) as "toHq",
         json_build_object('inserted', count(*) filter (where not to_hq and made), 'modified', count(*) filter (where not to_hq and action = 'modified'),
                           'deleted', count(*) filter (where not to_hq and action = 'deleted')) as "toChannel",
         (count(distinct coupling_id) filter (where action in ('coupled', 'inserted')))::int as coupled,
         (count(distinct coupling_id) filter (where action = 'uncoupled' or action = 'deleted' and cause <> 'revert'))::int as uncoupled
    from (select coupling_id, action, cause, direction = 'toHq' as to_hq, action in ('inserted', 'restored') as made
            from couplet.sync_log where job_id = $1) as entry`;

const FORGET_RESULTS =
  'delete from couplet.job_result where job_id in (select id from couplet.job where id = $1 or parent_id = $1)';
const FORGET_CHILDREN = 'delete from couplet.job where parent_id = $1 and dry_run';

export const resumedPart = (clients: Clients): ResumedPart => {
  const ids = (sql: string) => async (jobId: string) =>
    new Set((await query<{ id: string }>(clients.raw, sql, [jobId])).map(({ id }) => id));
  return {
    answeredErrors: ids(ANSWERED),
    subjectsWrittenBy: ids(WRITTEN),
    revertedEntries: ids(REVERTED),
    coupledPairs: ids(PAIRS),
    writesOfJob: async (jobId) => {
      const [found] = await query<Awaited<ReturnType<CouplingDatabase['writesOfJob']>>>(clients.raw, WRITES, [jobId]);
      if (found === undefined) throw new Error('a sum over no rows is a row');
      return found;
    },
    forgetLooks: async (jobId) => {
      await clients.raw.begin(async (sql) => {
        await query(sql, FORGET_RESULTS, [jobId]);
        await query(sql, FORGET_CHILDREN, [jobId]);
      });
    },
  };
};
