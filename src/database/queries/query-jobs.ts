/** Jobs for people, those with children told with the sum of theirs. */
import { type SQL, sql } from 'drizzle-orm';
import type { Json, Params } from '../../domain/record.ts';
import { keyOfText } from '../../domain/record.ts';
import type {
  DirectionCounters,
  ErrorCandidate,
  Job,
  JobCounters,
  JobResult,
  JobStatus,
} from '../../ports/coupling-database.ts';
import { noCounters } from '../../ports/coupling-database.ts';
import type { JobFilter, JobResultFilter, JobResultView, JobView, Queries } from '../../ports/queries.ts';
import { all, anyOf, contains, oneOf, within } from '../lists/conditions.ts';
import { type Branch, readList, uneven } from '../lists/list.ts';
import { orderOf, type PlacedRow, type SortColumn } from '../lists/page.ts';
import type { Clients } from '../session/connect.ts';
import { isId, isoTime, isoTimeOrNull, lowestIdAt } from '../session/iso-time.ts';

const ID: SortColumn = { column: sql`j.id`, type: 'uuid' };

const SORTS: Readonly<Record<string, SortColumn | null>> = {
  createdAt: null,
  startedAt: { column: sql`j.started_at`, type: 'timestamptz', nullable: true },
  finishedAt: { column: sql`j.finished_at`, type: 'timestamptz', nullable: true },
  mapping: { column: sql`j.mapping`, type: 'text', nullable: true },
  channel: { column: sql`j.channel`, type: 'text', nullable: true },
  kind: { column: sql`j.kind::text`, type: 'text' },
  status: { column: sql`j.status::text`, type: 'text' },
  trigger: { column: sql`j.trigger::text`, type: 'text' },
  actor: { column: sql`j.actor`, type: 'text', nullable: true },
};

/** Those of one job, which an index finds. */
const RESULT_SORTS: Readonly<Record<string, SortColumn | null>> = {
  place: null,
  status: { column: sql`r.status::text`, type: 'text' },
  code: { column: sql`r.code`, type: 'text', nullable: true },
  hqKey: { column: sql`r.hq_key::text`, type: 'text', nullable: true },
  channelKey: { column: sql`r.channel_key::text`, type: 'text', nullable: true },
};

const FROM = sql`couplet.job j`;

const COLUMNS = sql`
  j.id, j.parent_id, j.kind, j.status, j.trigger, j.scope, j.direction, j.dry_run, j.cancel_requested, j.attempts,
  j.mapping, j.channel, j.actor, j.request_id, j.counters, j.done, j.total, j.code, j.params,
  case when json_typeof(j.body) = 'object' then j.body ->> 'reason' end as reason,
  j.created_at::text, j.started_at::text, j.finished_at::text`;

interface JobRow extends PlacedRow {
  readonly id: string;
  readonly parent_id: string | null;
  readonly kind: Job['kind'];
  readonly status: JobStatus;
  readonly trigger: Job['trigger'];
  readonly scope: Job['scope'];
  readonly direction: Job['direction'];
  readonly dry_run: boolean;
  readonly cancel_requested: boolean;
  readonly attempts: number;
  readonly mapping: string | null;
  readonly channel: string | null;
  readonly actor: string | null;
  readonly request_id: string | null;
  readonly reason: string | null;
  readonly counters: JobCounters;
  readonly done: number;
  readonly total: number | null;
  readonly code: string | null;
  readonly params: Params | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** Machines' clocks may be apart; the id, drawn by one of them, only bounds how far the list is read. */
const CLOCKS_APART_MS = 3_600_000;

const conditionsOf = (filter: JobFilter): SQL =>
  all([
    oneOf(sql`j.channel`, filter.channel, 'text'),
    oneOf(sql`j.kind`, filter.kind, 'couplet.job_kind'),
    oneOf(sql`j.status`, filter.status, 'couplet.job_status'),
    oneOf(sql`j.trigger`, filter.trigger, 'couplet.job_trigger'),
    ...within(sql`j.created_at`, filter.since, filter.until),
    filter.since === null ? null : sql`j.id >= ${lowestIdAt(Date.parse(filter.since) - CLOCKS_APART_MS)}::text::uuid`,
  ]);

/** What leads is not said once more: with both on one column PostgreSQL takes the index as unordered. */
const branchesOf = (filter: JobFilter): readonly Branch[] => {
  const { mapping, status, kind, trigger } = filter;
  const without = (leading: Partial<JobFilter>): SQL => conditionsOf({ ...filter, ...leading });
  if (mapping !== null) return [uneven('j', 'mapping', anyOf(mapping, 'text'), conditionsOf(filter))];
  if (status !== null && !status.includes('succeeded')) {
    const others = sql`j.status <> 'succeeded' and ${without({ status: null })}`;
    return [uneven('j', 'status', anyOf(status, 'couplet.job_status'), others)];
  }
  if (kind !== null && !kind.includes('synchronize')) {
    const others = sql`j.kind <> 'synchronize' and ${without({ kind: null })}`;
    return [uneven('j', 'kind', anyOf(kind, 'couplet.job_kind'), others)];
  }
  if (trigger !== null && !trigger.includes('change')) {
    const others = sql`j.trigger <> 'change' and ${without({ trigger: null })}`;
    return [uneven('j', 'trigger', anyOf(trigger, 'couplet.job_trigger'), others)];
  }
  return [{ driver: null, where: conditionsOf(filter) }];
};

interface ChildRow {
  readonly id: string;
  readonly parent_id: string;
  readonly counters: JobCounters;
  readonly done: number;
  readonly total: number | null;
}

const viewsOf = async (clients: Clients, rows: readonly JobRow[]): Promise<readonly JobView[]> => {
  if (rows.length === 0) return [];
  const parents = anyOf(
    rows.map(({ id }) => id),
    'uuid',
  );
  const children = await clients.read<ChildRow>(
    sql`select j.id, j.parent_id, j.counters, j.done, j.total from ${FROM} where j.parent_id = any(${parents}) order by j.id`,
  );
  const byParent = Map.groupBy(children, (child) => child.parent_id);
  return rows.map((row) => viewOf(row, byParent.get(row.id) ?? []));
};

const viewOf = (row: JobRow, children: readonly ChildRow[]): JobView => {
  const summed = children.length > 0;
  return {
    id: row.id,
    kind: row.kind,
    mapping: row.mapping,
    channel: row.channel,
    parentId: row.parent_id,
    scope: row.scope,
    direction: row.direction,
    dryRun: row.dry_run,
    trigger: row.trigger,
    actor: row.actor,
    requestId: row.request_id,
    reason: row.reason,
    status: row.status,
    attempts: row.attempts,
    cancelRequested: row.cancel_requested,
    createdAt: isoTime(row.created_at),
    startedAt: isoTimeOrNull(row.started_at),
    finishedAt: isoTimeOrNull(row.finished_at),
    done: summed ? children.reduce((sum, child) => sum + child.done, 0) : row.done,
    total: summed ? sumOrNull(children.map((child) => child.total)) : row.total,
    counters: summed ? sumCounters(children.map((child) => child.counters)) : row.counters,
    code: row.code,
    params: row.params,
    children: children.map(({ id }) => id),
  };
};

const sumOrNull = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);

const DIRECTION_COUNTERS: readonly (keyof DirectionCounters)[] = [
  'inserted',
  'modified',
  'deleted',
  'unchanged',
  'skipped',
  'failed',
];
const PLAIN_COUNTERS = [
  'coupled',
  'uncoupled',
  'conflicts',
  'deletions',
  'ambiguous',
  'unmatchedInHq',
  'unmatchedInChannel',
] as const satisfies readonly (keyof JobCounters)[];

const sumCounters = (parts: readonly JobCounters[]): JobCounters => {
  const sum = noCounters();
  for (const counters of parts) {
    for (const name of DIRECTION_COUNTERS) {
      sum.toHq[name] += counters.toHq[name];
      sum.toChannel[name] += counters.toChannel[name];
    }
    for (const name of PLAIN_COUNTERS) sum[name] += counters[name];
  }
  return sum;
};

interface ResultRow extends PlacedRow {
  readonly status: JobResult['status'];
  readonly code: string | null;
  readonly params: Params;
  readonly error_id: string | null;
  readonly coupling_id: string | null;
  readonly hq_key: string | null;
  readonly channel_key: string | null;
  readonly candidates: readonly ErrorCandidate[] | null;
  readonly writes: Json;
  readonly mapping: string | null;
  readonly channel: string | null;
}

const resultOf = (row: ResultRow): JobResultView => ({
  lane: row.mapping === null || row.channel === null ? null : { mapping: row.mapping, channel: row.channel },
  status: row.status,
  code: row.code,
  params: row.params,
  errorId: row.error_id,
  couplingId: row.coupling_id,
  hqKey: row.hq_key === null ? null : keyOfText(row.hq_key),
  channelKey: row.channel_key === null ? null : keyOfText(row.channel_key),
  candidates: row.candidates ?? [],
  writes: row.writes,
});

const resultsWhere = (jobId: string, filter: JobResultFilter): SQL =>
  all([
    // The results of a job with children are theirs.
    sql`r.job_id in (select j.id from couplet.job j where j.id = ${jobId} or j.parent_id = ${jobId})`,
    oneOf(sql`r.status`, filter.status, 'couplet.result_status'),
    oneOf(sql`r.code`, filter.code, 'text'),
    contains([sql`r.hq_key`, sql`r.channel_key`], filter.q),
  ]);

export const jobQueries = (
  clients: Clients,
): Pick<Queries, 'jobs' | 'jobById' | 'isJobFinished' | 'jobResults' | 'cancelJob'> => ({
  jobs: (filter, page) =>
    readList<JobRow, JobView>(clients, {
      columns: COLUMNS,
      from: FROM,
      alias: 'j',
      branches: branchesOf(filter),
      order: orderOf(page.sort, '-createdAt', SORTS, ID),
      page,
      toItems: (rows) => viewsOf(clients, rows),
    }),
  isJobFinished: async (id) => {
    const [row] = isId(id)
      ? await clients.read<{ finished: boolean }>(
          sql`select j.finished_at is not null as finished from ${FROM} where j.id = ${id}`,
        )
      : [];
    return row?.finished ?? true;
  },
  jobById: async (id) => {
    if (!isId(id)) return null;
    const rows = await clients.read<JobRow>(
      sql`select ${COLUMNS}, null as place_value, null as place_id from ${FROM} where j.id = ${id}`,
    );
    return (await viewsOf(clients, rows))[0] ?? null;
  },
  jobResults: async (jobId, filter, page) => {
    if (!isId(jobId)) return { items: [], nextCursor: null, total: page.count ? 0 : null };
    return readList<ResultRow, JobResultView>(clients, {
      columns: sql`r.status, r.code, r.params, r.error_id, r.coupling_id, r.hq_key, r.channel_key, r.candidates, r.writes,
        (select j.mapping from couplet.job j where j.id = r.job_id) as mapping,
        (select j.channel from couplet.job j where j.id = r.job_id) as channel`,
      from: sql`couplet.job_result r`,
      alias: 'r',
      branches: [{ driver: null, where: resultsWhere(jobId, filter) }],
      order: orderOf(page.sort, 'place', RESULT_SORTS, { column: sql`r.id`, type: 'bigint' }),
      page,
      toItems: async (rows) => rows.map(resultOf),
    });
  },
  cancelJob: async (id) => {
    if (!isId(id)) return null;
    // Children are asked with their parent; those that nobody has begun are over at once.
    const [found] = await clients.read<{ finished: boolean }>(
      sql`select j.finished_at is not null as finished from ${FROM} where j.id = ${id}`,
    );
    if (found === undefined) return null;
    if (found.finished) return 'finished';
    const rows = await clients.read<{ id: string; status: JobStatus }>(sql`
      update couplet.job as j
         set cancel_requested = true,
             status = case when j.status = 'queued' then 'cancelled' else j.status end,
             finished_at = case when j.status = 'queued' then now() end
       where (j.id = ${id} or j.parent_id = ${id}) and j.finished_at is null
      returning j.id, j.status`);
    const asked = rows.find((row) => row.id === id);
    if (asked === undefined) return 'finished';
    return asked.status === 'cancelled' ? 'cancelled' : 'asked';
  },
});
