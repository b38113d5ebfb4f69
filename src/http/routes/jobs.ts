/** Synchronization jobs: asking for them, watching them, stopping them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Direction } from '../../domain/record.ts';
import type { Mapping } from '../../domain/mapping.ts';
import type { JobResultView, JobView } from '../../ports/queries.ts';
import type { Lane } from '../../ports/store.ts';
import { answerJob } from '../answer-job.ts';
import type { Server } from '../typed-server.ts';
import { csvContent, PROBLEMS } from '../describe-api.ts';
import { isDryRun } from '../is-dry-run.ts';
import { loadLanes } from '../present/lanes.ts';
import { laneOfJob, presentJob, presentJobResult } from '../present/present-job.ts';
import { Problem } from '../problem.ts';
import { requireId, requireLanes } from '../read-keys.ts';
import { requireKnownFields } from '../require-known-fields.ts';
import {
  DryRunQuerySchema,
  type JobDocument,
  JobListQuerySchema,
  JobListSchema,
  JobResultListSchema,
  JobResultQuerySchema,
  JobResultSchema,
  JobSchema,
  type SynchronizeBody,
  SynchronizeBodySchema,
} from '../schemas/jobs.ts';
import { serveList } from '../serve-list.ts';
import type { ServerDeps } from '../server-deps.ts';
import { NO_ERROR_FILTER } from '../no-filter.ts';

const tags = ['Jobs'];
const idParams = z.object({ id: z.string().meta({ format: 'uuid' }) });

export function registerJobs(api: Server, deps: ServerDeps): void {
  registerAsking(api, deps);
  registerList(api, deps);
  registerOne(api, deps);
}

// ---------------------------------------------------------------- asking

function registerAsking(api: Server, deps: ServerDeps): void {
  const description =
    'All mappings run in the order of their references. `full` compares every record with its base and decides as any run. ' +
    'A run asked for while one like it waits gets that one.';
  const schema = {
    description,
    tags,
    querystring: DryRunQuerySchema,
    body: SynchronizeBodySchema,
    response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
  };
  api.post(
    '/synchronize',
    { schema: { ...schema, operationId: 'synchronizeAll', summary: 'Synchronize all mappings' } },
    (request, reply) => synchronize(deps, request, reply, null, request.body),
  );
  api.post(
    '/mappings/:mapping/synchronize',
    {
      schema: {
        ...schema,
        operationId: 'synchronizeMapping',
        summary: 'Synchronize one mapping',
        params: z.object({ mapping: z.string() }),
      },
    },
    (request, reply) => synchronize(deps, request, reply, request.params.mapping, request.body),
  );
}

async function synchronize(
  deps: ServerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  mapping: string | null,
  body: SynchronizeBody,
): Promise<JobDocument> {
  const { presenter } = deps;
  const lanes = mapping === null ? requireChannel(deps, body.channel) : requireLanes(presenter, mapping, body.channel);
  const names = [...new Set(lanes.map((lane) => lane.mapping))];
  requireKnownFields(presenter, names, body.fields, 'body', 'fields');
  requireDirection(
    names.flatMap((name) => presenter.mapping(name) ?? []),
    body.direction,
  );
  return answerJob(deps, request, reply, {
    kind: mapping !== null && deps.commerceMappings?.includes(mapping) ? '1010' : 'synchronize',
    mapping,
    channel: body.channel ?? null,
    scope: body.scope,
    direction: body.direction ?? 'both',
    dryRun: isDryRun(request),
    body: { fields: body.fields, reason: body.reason },
  });
}

function requireChannel({ presenter }: ServerDeps, channel: string | undefined): readonly Lane[] {
  if (channel !== undefined && !presenter.channels.some((known) => known.channel === channel)) {
    throw new Problem('channel-not-found', { params: { channel } });
  }
  return presenter.lanes(channel === undefined ? {} : { channel });
}

/** Of all mappings, those that have the direction run; when none has, nothing would be done and nobody would notice. */
function requireDirection(mappings: readonly Mapping[], direction: Direction | undefined): void {
  if (direction === undefined || direction === 'both') return;
  const serves = mappings.some((mapping) => mapping.direction === 'both' || mapping.direction === direction);
  if (serves) return;
  throw new Problem('direction-not-configured', {
    params: { mapping: mappings.map(({ name }) => name).join(', '), direction },
  });
}

// ---------------------------------------------------------------- watching

function registerList(api: Server, { queries, presenter }: ServerDeps): void {
  api.get(
    '/jobs',
    {
      schema: {
        operationId: 'listJobs',
        summary: 'List jobs',
        description: 'Newest first. The period is that of `createdAt`.',
        tags,
        querystring: JobListQuerySchema,
        response: { 200: csvContent(JobListSchema), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { query } = request;
      const filter = {
        mapping: query.mapping ?? null,
        channel: query.channel ?? null,
        kind: query.kind ?? null,
        status: query.status ?? null,
        trigger: query.trigger ?? null,
        since: query.since ?? null,
        until: query.until ?? null,
      };
      return serveList(request, reply, query, {
        name: 'jobs',
        schema: JobSchema,
        read: (asked) => queries.jobs(filter, asked),
        present: async (items) => items.map((job) => presentJob(presenter, job)),
      });
    },
  );
}

function registerOne(api: Server, deps: ServerDeps): void {
  const { queries, presenter } = deps;
  const requireJob = async (id: string): Promise<JobView> => {
    const job = await queries.jobById(requireId(id, 'job-not-found'));
    if (job === null) throw new Problem('job-not-found');
    return job;
  };

  api.get(
    '/jobs/:id',
    {
      schema: {
        operationId: 'getJob',
        summary: 'Read one job',
        tags,
        params: idParams,
        response: { 200: JobSchema, ...PROBLEMS },
      },
    },
    async (request) => presentJob(presenter, await requireJob(request.params.id)),
  );

  api.get(
    '/jobs/:id/results',
    {
      schema: {
        operationId: 'listJobResults',
        summary: 'List what became of each record or action of a job',
        tags,
        params: idParams,
        querystring: JobResultQuerySchema,
        response: { 200: csvContent(JobResultListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const job = await requireJob(request.params.id);
      const { query } = request;
      const filter = { status: query.status ?? null, code: query.code ?? null, q: query.q ?? null };
      return serveList(request, reply, query, {
        name: 'results',
        schema: JobResultSchema,
        read: (asked) => queries.jobResults(job.id, filter, asked),
        present: (items) => presentResults(deps, job, items),
      });
    },
  );

  api.post(
    '/jobs/:id/cancel',
    {
      schema: {
        operationId: 'cancelJob',
        summary: 'Stop a job',
        description: 'A queued job ends at once; a running one finishes the batch in hand. What was done stays.',
        tags,
        params: idParams,
        response: { 200: JobSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const job = await requireJob(request.params.id);
      if ((await queries.cancelJob(job.id)) === 'finished') throw new Problem('job-finished');
      return presentJob(presenter, await requireJob(job.id));
    },
  );
}

/** Keys have the form of their lane: that of the job or its child, or of the pair or error that the result is about. */
async function presentResults(deps: ServerDeps, job: JobView, items: readonly JobResultView[]) {
  const { presenter } = deps;
  const ofJob = laneOfJob(presenter, job) ?? { mapping: '', channel: '' };
  const found = job.mapping === null || job.channel === null ? await lanesOfResults(deps, items) : null;
  const known = (item: JobResultView): Lane | null =>
    item.lane ?? found?.get(item.couplingId ?? '') ?? found?.get(item.errorId ?? '') ?? null;
  const laneOf = (item: JobResultView): Lane => known(item) ?? ofJob;
  const shown = await loadLanes(presenter, items.map(laneOf));
  return items.map((item) => presentJobResult(shown(laneOf(item)), item, known(item) ?? job));
}

async function lanesOfResults(
  { queries, couplings }: ServerDeps,
  items: readonly JobResultView[],
): Promise<Map<string, Lane>> {
  const couplingIds = [...new Set(items.flatMap(({ couplingId }) => couplingId ?? []))];
  const errorIds = [
    ...new Set(items.flatMap(({ couplingId, errorId }) => (couplingId === null ? (errorId ?? []) : []))),
  ];
  const found = new Map<string, Lane>();
  if (couplingIds.length > 0) {
    for (const [id, coupling] of await couplings.couplingsById(couplingIds)) found.set(id, coupling.lane);
  }
  if (errorIds.length > 0) {
    const filter = { ...NO_ERROR_FILTER, status: ['open', 'resolved'], ids: errorIds } as const;
    const errors = await queries.errors(filter, { limit: 500, cursor: null, sort: null, count: false });
    for (const { id, lane } of errors.items) found.set(id, lane);
  }
  return found;
}
