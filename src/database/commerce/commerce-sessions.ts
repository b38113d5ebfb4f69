/** Sessions of commerce jobs, features, and what the channels were told of them. */
import { sql } from 'drizzle-orm';
import { v7 as newId } from 'uuid';
import type { Params } from '../../domain/record.ts';
import {
  type CommerceSession,
  type CommerceSessions,
  DIRECTION_OF_JOB,
  type Feature,
  type SessionFilter,
} from '../../ports/commerce-sessions.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { all, oneOf } from '../lists/conditions.ts';
import { readList } from '../lists/list.ts';
import { orderOf, type PlacedRow, type SortColumn } from '../lists/page.ts';
import { plainArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { isId, isoTime, isoTimeOrNull } from '../session/iso-time.ts';
import type { Queryable } from '../session/open-session.ts';

const COLUMNS = `s.id::text, s.job::text, s.direction::text, s.channel, s.status::text, s.try_count, s.code, s.params,
  s.rows_affected, s.created_at::text, s.applied_at::text, s.rerun_of::text, s.job_id::text`;

interface SessionRow {
  readonly id: string;
  readonly job: CommerceSession['job'];
  readonly direction: CommerceSession['direction'];
  readonly channel: string;
  readonly status: CommerceSession['status'];
  readonly try_count: number;
  readonly code: string | null;
  readonly params: Params;
  readonly rows_affected: number;
  readonly created_at: string;
  readonly applied_at: string | null;
  readonly rerun_of: string | null;
  readonly job_id: string;
}

const sessionOf = (row: SessionRow): CommerceSession => ({
  id: row.id,
  job: row.job,
  direction: row.direction,
  channel: row.channel,
  status: row.status,
  tryCount: row.try_count,
  code: row.code,
  params: row.params,
  rowsAffected: row.rows_affected,
  createdAt: isoTime(row.created_at),
  appliedAt: isoTimeOrNull(row.applied_at),
  rerunOf: row.rerun_of,
  jobId: row.job_id,
});

/** One that was killed goes on without a new count: no try of it has come to an end. */
const GO_ON = `
  update couplet.commerce_session s
     set status = 'started', started_at = now(), job_id = $2::uuid, code = null, params = '{}',
         try_count = case when s.status = 'failed' then s.try_count + 1 else greatest(s.try_count, 1) end
   where s.id = $1::uuid and s.status in ('started', 'failed')
  returning ${COLUMNS}`;

const OPEN = `
  select s.id::text from couplet.commerce_session s
   where s.job = $1::text::couplet.job_kind and s.channel = $2 and s.status in ('started', 'failed') and s.started_at is not null
   order by s.id desc limit 1`;

const INSERT = `
  insert into couplet.commerce_session as s (id, job, direction, channel, status, try_count, params, started_at, rerun_of, job_id)
  values ($1::uuid, $2::text::couplet.job_kind, $3::text::couplet.session_direction, $4, 'started', $5, '{}',
          case when $5 > 0 then now() end, $6::uuid, $7::uuid)
  returning ${COLUMNS}`;

/** What was canceled meanwhile stays canceled; what travelled is counted all the same. */
const END = `
  update couplet.commerce_session s
     set status = case when s.status <> 'started' then s.status
                       when $2::text = 'failed' and $6::boolean and s.try_count >= $7 then 'canceled'
                       else $2::text::couplet.session_status end,
         code = $3, params = $4::text::json, rows_affected = s.rows_affected + $5,
         try_count = case when $6::boolean then s.try_count else greatest(s.try_count - 1, 0) end,
         applied_at = case when $2::text = 'applied' and s.status = 'started' then now() end
   where s.id = $1::uuid`;

const NOTE_RUN = `
  update couplet.lane
     set last_job_id = $2::uuid, last_success_at = case when $3::boolean then now() else last_success_at end
   where id = $1`;

export const sessionsPart = (clients: Clients, lanes: LaneRegistry): CommerceSessions => ({
  ...runningPart(clients),
  ...askedPart(clients),
  ...featuresPart(clients),
  async waitingFor(channel, customers) {
    const [row] = await query<{ received: number; undistributed: number }>(clients.raw, WAITING, [
      channel,
      await lanes.idOf({ mapping: customers, channel }),
    ]);
    return row ?? { received: 0, undistributed: 0 };
  },
  async noteRun(lane, jobId, succeeded) {
    await query(clients.raw, NOTE_RUN, [await lanes.idOf(lane), jobId, succeeded]);
  },
});

/** Counted no further than anybody would read. */
const WAITING = `
  select (select count(*)::int from (select from couplet.customer_operation o
           where o.channel = $1 and o.status = 'received' limit 10000) x) as received,
         (select count(*)::int from (select from couplet.coupling c
           where c.lane_id = $2 and c.ended_at is null and c.status = 'pending' and c.channel_key is null limit 10000) x) as undistributed`;

const runningPart = (clients: Clients): Pick<CommerceSessions, 'begin' | 'end' | 'isCanceled'> => ({
  async begin(job, channel, jobId, rerun) {
    const [open] = rerun === null ? await query<{ id: string }>(clients.raw, OPEN, [job, channel]) : [{ id: rerun }];
    if (open) {
      const [row] = await query<SessionRow>(clients.raw, GO_ON, [open.id, jobId]);
      if (row) return sessionOf(row);
      if (rerun !== null) return null;
    }
    return insert(clients, job, channel, jobId, 1, null);
  },
  async end(id, { status, code, params, rows, counts, tries }) {
    await query(clients.raw, END, [id, status, code, JSON.stringify(params), rows, counts, tries]);
  },
  async isCanceled(id) {
    const rows = await query(
      clients.raw,
      `select 1 from couplet.commerce_session where id = $1::uuid and status = 'canceled'`,
      [id],
    );
    return rows.length > 0;
  },
});

async function insert(
  { raw }: { readonly raw: Queryable },
  job: CommerceSession['job'],
  channel: string,
  jobId: string,
  tries: number,
  rerunOf: string | null,
): Promise<CommerceSession> {
  const values = [newId(), job, DIRECTION_OF_JOB[job], channel, tries, rerunOf, jobId];
  const [row] = await query<SessionRow>(raw, INSERT, values);
  if (!row) throw new Error('the session was not made');
  return sessionOf(row);
}

const ID: SortColumn = { column: sql`s.id`, type: 'uuid' };
const SORTS: Readonly<Record<string, SortColumn | null>> = {
  createdAt: null,
  appliedAt: { column: sql`s.applied_at`, type: 'timestamptz', nullable: true },
  job: { column: sql`s.job::text`, type: 'text' },
  channel: { column: sql`s.channel`, type: 'text' },
  status: { column: sql`s.status::text`, type: 'text' },
  direction: { column: sql`s.direction::text`, type: 'text' },
  rowsAffected: { column: sql`s.rows_affected`, type: 'int' },
};

const conditionsOf = (filter: SessionFilter) =>
  all([
    oneOf(sql`s.job`, filter.job, 'couplet.job_kind'),
    oneOf(sql`s.direction`, filter.direction, 'couplet.session_direction'),
    oneOf(sql`s.channel`, filter.channel, 'text'),
    oneOf(sql`s.status`, filter.status, 'couplet.session_status'),
    filter.all ? null : sql`s.status <> 'noData'`,
  ]);

const askedPart = (
  clients: Clients,
): Pick<CommerceSessions, 'sessions' | 'sessionById' | 'ofJobs' | 'rerun' | 'cancel'> => ({
  async ofJobs(channel, jobIds) {
    if (jobIds.length === 0) return [];
    return query<Pick<CommerceSession, 'id' | 'job' | 'jobId'>>(
      clients.raw,
      `select s.id::text, s.job::text, s.job_id::text as "jobId" from couplet.commerce_session s
        where s.channel = $1 and s.job_id = any($2::uuid[]) and s.job in ('p-job', 'synchronize-customers') order by s.id`,
      [channel, plainArray(jobIds)],
    );
  },
  sessions: (filter, page) =>
    readList<SessionRow & PlacedRow, CommerceSession>(clients, {
      columns: sql.raw(COLUMNS),
      from: sql`couplet.commerce_session s`,
      alias: 's',
      branches: [{ driver: null, where: conditionsOf(filter) }],
      order: orderOf(page.sort, '-createdAt', SORTS, ID),
      page,
      toItems: async (rows) => rows.map(sessionOf),
    }),
  async sessionById(id) {
    if (!isId(id)) return null;
    const [row] = await query<SessionRow>(
      clients.raw,
      `select ${COLUMNS} from couplet.commerce_session s where s.id = $1::uuid`,
      [id],
    );
    return row === undefined ? null : sessionOf(row);
  },
  rerun: (id, jobId) =>
    clients.raw.begin(async (transaction) => {
      const [old] = await query<SessionRow>(
        transaction,
        `select ${COLUMNS} from couplet.commerce_session s where s.id = $1::uuid for update`,
        [id],
      );
      if (!old || old.status === 'applied') return null;
      // Two sessions would carry the same; whatever waits travels with the new one.
      await query(
        transaction,
        `update couplet.commerce_session set status = 'canceled' where id = $1::uuid and status in ('started', 'failed')`,
        [id],
      );
      return insert({ raw: transaction }, old.job, old.channel, jobId, 0, id);
    }),
  async cancel(id) {
    const rows = await query(
      clients.raw,
      `update couplet.commerce_session set status = 'canceled' where id = $1::uuid and status in ('started', 'failed') returning 1`,
      [id],
    );
    return rows.length > 0;
  },
});

const FEATURES = 'select name, enabled, revision::text from couplet.commerce_feature order by name';

interface FeatureRow {
  readonly name: string;
  readonly enabled: boolean;
  readonly revision: string;
}
const featureOf = (row: FeatureRow): Feature => ({ ...row, revision: BigInt(row.revision) });

const featuresPart = (
  clients: Clients,
): Pick<CommerceSessions, 'features' | 'switchFeature' | 'newestRevision' | 'noteDistributed' | 'distributed'> => ({
  features: async () => (await query<FeatureRow>(clients.raw, FEATURES, [])).map(featureOf),
  switchFeature: (name, enabled, actor, allowed) =>
    clients.raw.begin(async (transaction) => {
      // Two people, one switching a feature on and the other what it needs off: one of them is refused.
      await query(transaction, 'lock table couplet.commerce_feature in share row exclusive mode', []);
      const known = (await query<FeatureRow>(transaction, FEATURES, [])).map(featureOf);
      allowed(known);
      if ((known.find((feature) => feature.name === name)?.enabled ?? false) === enabled) return;
      await query(
        transaction,
        `insert into couplet.commerce_feature as f (name, enabled, revision, changed_by)
         select $1::text, $2::boolean, coalesce(max(o.revision), 0) + 1, $3::text from couplet.commerce_feature o
         on conflict (name) do update
            set enabled = excluded.enabled, revision = excluded.revision, changed_by = excluded.changed_by, changed_at = now()`,
        [name, enabled, actor],
      );
    }),
  async newestRevision() {
    const [row] = await query<{ revision: string }>(
      clients.raw,
      'select coalesce(max(revision), 0)::text as revision from couplet.commerce_feature',
      [],
    );
    return BigInt(row?.revision ?? '0');
  },
  async noteDistributed(channel, job, revision) {
    await query(
      clients.raw,
      `insert into couplet.commerce_distribution as d (channel, job, revision) values ($1, $2::text::couplet.job_kind, $3::text::bigint)
       on conflict (channel, job) do update set revision = greatest(d.revision, excluded.revision)`,
      [channel, job, revision.toString()],
    );
  },
  async distributed() {
    const rows = await query<{ channel: string; job: CommerceSession['job']; revision: string }>(
      clients.raw,
      'select channel, job::text, revision::text from couplet.commerce_distribution',
      [],
    );
    return rows.map((row) => ({ ...row, revision: BigInt(row.revision) }));
  },
});
