/** Jobs as the engine and the scheduler drive them. */
import { and, eq, isNull, sql as sqlText } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Json, Params } from '../../domain/record.ts';
import { keyText } from '../../domain/record.ts';
import type {
  CouplingDatabase,
  InterruptedJob,
  Job,
  JobCounters,
  JobProgress,
  JobRequest,
  JobResult,
} from '../../ports/coupling-database.ts';
import { noCounters } from '../../ports/coupling-database.ts';
import { job as jobTable } from '../schema/jobs.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients, Orm } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { isId, timeOfId } from '../session/iso-time.ts';
import { newId } from '../session/new-id.ts';
import type { Parameter, Queryable } from '../session/open-session.ts';

type JobsPart = Pick<
  CouplingDatabase,
  | 'newId'
  | 'createJob'
  | 'startJob'
  | 'updateProgress'
  | 'finishJob'
  | 'addJobResult'
  | 'addJobResults'
  | 'giveBackJob'
  | 'jobById'
  | 'isCancelRequested'
  | 'jobProgress'
  | 'jobOutcome'
  | 'queueJob'
  | 'queuedJobs'
  | 'runningJobsLike'
  | 'endInterruptedJobs'
>;

const now = sqlText`now()`;
const INTERRUPTED = 'interrupted';

export const jobOfRow = (row: typeof jobTable.$inferSelect): Job => ({
  id: row.id,
  kind: row.kind,
  mapping: row.mapping,
  channel: row.channel,
  parentId: row.parentId,
  scope: row.scope,
  direction: row.direction,
  dryRun: row.dryRun,
  trigger: row.trigger,
  actor: row.actor,
  requestId: row.requestId,
  body: row.body as Json,
  status: row.status,
  attempts: row.attempts,
  cancelRequested: row.cancelRequested,
});

const oneJob = (rows: readonly (typeof jobTable.$inferSelect)[], id: string): Job => {
  const [row] = rows;
  if (row === undefined) throw new Error(`There is no job ${id}.`);
  return jobOfRow(row);
};

export const jobsPart = (clients: Clients): JobsPart => ({
  newId: () => newId(),
  ...createdPart(clients),
  startJob: async (id) => {
    const rows = await clients.orm
      .update(jobTable)
      .set({
        // A job that failed because a store was away is tried again and is running once more; an ended one stays ended.
        status: sqlText`case when ${jobTable.status} in ('succeeded', 'cancelled') then ${jobTable.status} else 'running' end`,
        finishedAt: sqlText`case when ${jobTable.status} = 'failed' then null else ${jobTable.finishedAt} end`,
        startedAt: sqlText`coalesce(${jobTable.startedAt}, now())`,
        attempts: sqlText`${jobTable.attempts} + 1`,
      })
      .where(eq(jobTable.id, id))
      .returning();
    return oneJob(rows, id);
  },
  updateProgress: async (id, progress) => {
    const [row] = await clients.rowOrm
      .update(jobTable)
      .set({ counters: progress.counters, done: progress.done, total: progress.total })
      .where(eq(jobTable.id, id))
      .returning({ cancelRequested: jobTable.cancelRequested });
    return { cancelRequested: row?.cancelRequested ?? false };
  },
  finishJob: (id, status, progress, outcome) => finishJob(clients, id, status, progress, outcome),
  giveBackJob: async (id) => {
    const rows = await clients.orm
      .update(jobTable)
      .set({ status: 'queued', finishedAt: null })
      .where(and(eq(jobTable.id, id), eq(jobTable.status, 'cancelled'), eq(jobTable.cancelRequested, false)))
      .returning({ id: jobTable.id });
    return rows.length > 0;
  },
  ...toldPart(clients),
  ...askedPart(clients),
  ...queuedPart(clients),
});

const createdPart = (clients: Clients): Pick<CouplingDatabase, 'createJob'> => {
  const runningJob = composeRunningJob(clients.rowOrm);
  return {
    createJob: async (request, status, id = newId()) => {
      const rows =
        status === 'running'
          ? await runningJob.execute({ id, ...request })
          : await insertJob(clients, request, id).returning();
      return oneJob(rows, id);
    },
  };
};

const toldPart = (
  clients: Clients,
): Pick<CouplingDatabase, 'addJobResults' | 'addJobResult' | 'isCancelRequested'> => ({
  addJobResults: (jobId, results) =>
    clients.raw.begin((sql) => writeResults(sql, jobId, results)).then(() => undefined),
  addJobResult: async (jobId, errorId, status, code, writes) => {
    await query(clients.raw, RESULT_OF_ERROR, [
      jobId,
      errorId,
      status,
      code,
      writes === null ? null : JSON.stringify(writes),
    ]);
  },
  isCancelRequested: async (id) => {
    const [row] = await query<{ asked: boolean }>(
      clients.raw,
      'select cancel_requested as asked from couplet.job where id = $1',
      [id],
    );
    return row?.asked ?? false;
  },
});

const askedPart = (
  clients: Clients,
): Pick<CouplingDatabase, 'jobById' | 'jobProgress' | 'jobOutcome' | 'endInterruptedJobs'> => ({
  jobById: async (id) => {
    const row = await rowOf(clients, id);
    return row === null ? null : jobOfRow(row);
  },
  jobProgress: async (id) => {
    const row = await rowOf(clients, id);
    return { done: row?.done ?? 0, total: row?.total ?? null };
  },
  jobOutcome: async (id) => {
    const row = await rowOf(clients, id);
    if (row === null) throw new Error(`There is no job ${id}.`);
    return {
      status: row.status,
      code: row.code,
      params: row.params as Params | null,
      counters: row.counters as JobCounters,
    };
  },
  endInterruptedJobs: async (lane) => {
    await query(
      clients.raw,
      `update couplet.job set status = 'failed', code = '${INTERRUPTED}', finished_at = now()
        where mapping = $1 and channel = $2 and status = 'running' and trigger = 'change'`,
      [lane.mapping, lane.channel],
    );
  },
});

const insertJob = (clients: Clients, request: JobRequest, id: string) =>
  clients.orm.insert(jobTable).values({ id, ...request, status: 'queued', counters: noCounters() });

/**
 * One; and the commit is not waited for, which would hold up that of a store on the same server. A row that a crash of
 * the server loses is made again with what the ledgers tell of its writes; before those there is nothing to tell.
 */
const firstAttempt = sqlText`case pg_catalog.set_config('synchronous_commit', 'off', true) when 'off' then 1 end`;

const given = (name: keyof JobRequest | 'id') => sqlText.placeholder(name);

/** Composed once: every change on its way makes one, and composing it took longer than carrying it out. */
const composeRunningJob = (orm: Orm) =>
  orm
    .insert(jobTable)
    .values({
      id: given('id'),
      parentId: given('parentId'),
      kind: given('kind'),
      trigger: given('trigger'),
      scope: given('scope'),
      direction: given('direction'),
      dryRun: given('dryRun'),
      mapping: given('mapping'),
      channel: given('channel'),
      actor: given('actor'),
      requestId: given('requestId'),
      body: given('body'),
      status: 'running',
      counters: noCounters(),
      startedAt: now,
      attempts: firstAttempt,
    })
    // Whoever was only late, and taken for dead by the next holder of its lane, goes on under its own job.
    .onConflictDoUpdate({
      target: jobTable.id,
      set: { status: 'running', code: null, finishedAt: null },
      setWhere: eq(jobTable.code, INTERRUPTED),
    })
    .returning()
    .prepare('running_job');

const queuedJobLike = (clients: Clients, request: JobRequest) => {
  const same = (column: AnyPgColumn, value: string | boolean | null) =>
    sqlText`${column} is not distinct from ${value}`;
  return clients.orm
    .select({ id: jobTable.id })
    .from(jobTable)
    .where(
      and(
        eq(jobTable.status, 'queued'),
        eq(jobTable.cancelRequested, false),
        isNull(jobTable.finishedAt),
        isNull(jobTable.parentId),
        eq(jobTable.kind, request.kind),
        same(jobTable.mapping, request.mapping),
        same(jobTable.channel, request.channel),
        same(jobTable.scope, request.scope),
        same(jobTable.direction, request.direction),
        eq(jobTable.dryRun, request.dryRun),
        // `json` keeps the text that was written, so the same body is the same text.
        sqlText`${jobTable.body}::text is not distinct from ${request.body === null ? null : JSON.stringify(request.body)}::text`,
      ),
    )
    .orderBy(jobTable.id)
    .limit(1);
};

// What a request is, in the words of `queuedJobLike`.
const RUNNING_LIKE = `
  select o.id from couplet.job j join couplet.job o on o.id < j.id
   where j.id = $1 and j.finished_at is null and o.status = 'running' and o.parent_id is null and o.kind = j.kind
     and (o.mapping, o.channel, o.scope, o.direction) is not distinct from (j.mapping, j.channel, j.scope, j.direction)
     and o.dry_run = j.dry_run and o.body::text is not distinct from j.body::text`;

const queuedPart = (clients: Clients): Pick<CouplingDatabase, 'queueJob' | 'queuedJobs' | 'runningJobsLike'> => ({
  queueJob: async (request) => {
    const id = newId();
    const { body: _body, ...likeness } = request;
    const found = await clients.raw.begin(async (sql) => {
      // Two who ask for the same at once: the second finds the job of the first.
      await query(sql, 'select pg_advisory_xact_lock(hashtextextended($1, 0))', [
        JSON.stringify({ ...likeness, actor: null, requestId: null }),
      ]);
      const like = queuedJobLike(clients, request).toSQL();
      const [row] = await query<{ id: string }>(sql, like.sql, like.params as readonly Parameter[]);
      if (row !== undefined) return row.id;
      const insert = insertJob(clients, request, id).toSQL();
      await query(sql, insert.sql, insert.params as readonly Parameter[]);
      return id;
    });
    const row = await rowOf(clients, found);
    return { job: oneJob(row === null ? [] : [row], found), isNew: found === id };
  },
  queuedJobs: async (olderThanMs) => {
    const isOld = sqlText`${jobTable.createdAt} <= now() - ${olderThanMs} * interval '1 millisecond'`;
    const rows = await clients.orm
      .select()
      .from(jobTable)
      .where(and(eq(jobTable.status, 'queued'), isNull(jobTable.finishedAt), isOld))
      .orderBy(jobTable.id);
    return rows.map(jobOfRow);
  },
  runningJobsLike: async (id) => (await query<{ id: string }>(clients.raw, RUNNING_LIKE, [id])).map((row) => row.id),
});

/** One statement: the job ends, once, and its lane remembers it. */
const FINISH = `
  with finished as (
    update couplet.job
       set status = $2::text::couplet.job_status, finished_at = now(), started_at = coalesce(started_at, now()), counters = $3, done = $4,
           total = $5, code = $6, params = $7
     where id = $1 and finished_at is null
    returning id, kind, mapping, channel, dry_run)
  update couplet.lane l
     set last_job_id = f.id, last_success_at = case when $2::text = 'succeeded' then now() else l.last_success_at end
    from finished f
   where l.mapping = f.mapping and l.channel = f.channel and f.kind = 'synchronize' and not f.dry_run`;

const finishJob = async (
  clients: Clients,
  ...[id, status, progress, outcome]: Parameters<CouplingDatabase['finishJob']>
): Promise<void> => {
  await query(clients.looks, FINISH, [
    id,
    status,
    JSON.stringify(progress.counters),
    progress.done,
    progress.total,
    outcome?.code ?? null,
    outcome === null ? null : JSON.stringify(outcome.params),
  ]);
};

const rowOf = async (clients: Clients, id: string): Promise<typeof jobTable.$inferSelect | null> => {
  if (!isId(id)) return null;
  const [row] = await clients.orm.select().from(jobTable).where(eq(jobTable.id, id));
  return row ?? null;
};

const RESULT_OF_ERROR = `
  insert into couplet.job_result (job_id, status, code, params, error_id, coupling_id, hq_key, channel_key, writes)
  select $1::uuid, $3::couplet.result_status, $4::text, coalesce(e.params, '{}'), $2::uuid, e.coupling_id, e.hq_key, e.channel_key, $5::text::json
    from (select) as one left join couplet.sync_error e on e.id = $2::uuid`;

/** The job's row is one for all that record for it at once: this comes last, so that it is locked for the commit only. */
export const writeProgress = async (sql: Queryable, jobId: string, progress: JobProgress): Promise<void> => {
  await query(sql, 'update couplet.job set counters = $2::text::json, done = $3, total = $4 where id = $1', [
    jobId,
    JSON.stringify(progress.counters),
    progress.done,
    progress.total,
  ]);
};

const INTERRUPTED_JOB = `
  insert into couplet.job
    (id, kind, status, trigger, scope, direction, dry_run, attempts, mapping, channel, actor, request_id, counters, done,
     total, code, created_at, started_at, finished_at)
  values ($1, $2, 'failed', $3, $4, $5, false, 1, $6, $7, $8, $9, $10::text::json, $11, $12, '${INTERRUPTED}',
    least($13::timestamptz, now()), least($13::timestamptz, now()), now())
  on conflict (id) do nothing`;

export const writeInterruptedJobs = async (sql: Queryable, jobs: readonly InterruptedJob[]): Promise<void> => {
  for (const { id, kind, trigger, scope, direction, mapping, channel, actor, requestId, progress } of jobs) {
    const { counters, done, total } = progress;
    const asked = [id, kind, trigger, scope, direction, mapping, channel, actor, requestId];
    await query(sql, INTERRUPTED_JOB, [...asked, JSON.stringify(counters), done, total, timeOfId(id)]);
  }
};

const RESULTS = `
  insert into couplet.job_result
    (job_id, status, code, params, error_id, coupling_id, hq_key, channel_key, candidates, writes)
  select $1, u.status, u.code, u.params, u.error_id, u.coupling_id, u.hq_key, u.channel_key, u.candidates, u.writes
    from unnest($2::couplet.result_status[], $3::text[], $4::json[], $5::uuid[], $6::uuid[], $7::text[], $8::text[],
                $9::json[], $10::json[])
           as u(status, code, params, error_id, coupling_id, hq_key, channel_key, candidates, writes)`;

export const writeResults = async (sql: Queryable, jobId: string, results: readonly JobResult[]): Promise<void> => {
  const plain = (of: (result: JobResult) => string | null): string => plainArray(results.map(of));
  const text = (of: (result: JobResult) => string | null): string => textArray(results.map(of));
  await query(sql, RESULTS, [
    jobId,
    plain((result) => result.status),
    text((result) => result.code),
    text((result) => JSON.stringify(result.params)),
    plain((result) => result.errorId),
    plain((result) => result.couplingId),
    text((result) => (result.hqKey === null ? null : keyText(result.hqKey))),
    text((result) => (result.channelKey === null ? null : keyText(result.channelKey))),
    text((result) => (result.candidates.length === 0 ? null : JSON.stringify(result.candidates))),
    text((result) => (result.writes === null ? null : JSON.stringify(result.writes))),
  ]);
};
