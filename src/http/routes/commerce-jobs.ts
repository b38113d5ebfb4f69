/** Commerce: its jobs, their sessions with the channels, its features. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { describeCode } from '../../domain/describe-change.ts';
import type { CommerceControl, CommerceJobDefinition, FeatureState } from '../../ports/commerce-control.ts';
import type { CommerceSession } from '../../ports/commerce-sessions.ts';
import { ActionRefused } from '../../ports/synchronizer.ts';
import { answerJob } from '../answer-job.ts';
import { askerOf } from '../asker.ts';
import { callerIn } from '../authorize.ts';
import { csvContent, PROBLEMS } from '../describe-api.ts';
import { scheduleText } from '../present/present-mapping.ts';
import { Problem } from '../problem.ts';
import { isId } from '../read-keys.ts';
import {
  type CommerceJobDocument,
  CommerceJobListSchema,
  type FeatureDocument,
  FeatureListSchema,
  FeatureSchema,
  RunJobBodySchema,
  type SessionDocument,
  SessionListQuerySchema,
  SessionListSchema,
  SessionSchema,
  SwitchFeatureBodySchema,
} from '../schemas/commerce.ts';
import { JobSchema } from '../schemas/jobs.ts';
import { serveList } from '../serve-list.ts';
import type { ServerDeps } from '../server-deps.ts';
import type { Server } from '../typed-server.ts';
import { waitAskedFor, waitUntil } from '../wait-for-job.ts';

const tags = ['Commerce'];

/** Null: the configuration says nothing of commerce, and every address answers so. */
export function registerCommerceJobs(api: Server, deps: ServerDeps, control: CommerceControl | null): void {
  const commerce = (): CommerceControl => {
    if (control === null) throw new Problem('commerce-not-configured');
    return control;
  };
  registerJobs(api, deps, commerce);
  registerSessions(api, deps, commerce);
  registerSessionActions(api, deps, commerce);
  registerFeatures(api, commerce);
}

type Commerce = () => CommerceControl;

// ---------------------------------------------------------------- jobs

function registerJobs(api: Server, deps: ServerDeps, commerce: Commerce): void {
  api.get(
    '/commerce/jobs',
    {
      schema: {
        operationId: 'listCommerceJobs',
        summary: 'List the commerce jobs, in the order of their work',
        tags,
        querystring: z.strictObject({}),
        response: { 200: CommerceJobListSchema, ...PROBLEMS },
      },
    },
    async () => ({ items: await Promise.all(commerce().jobs.map((job) => presentDefinition(deps, job))) }),
  );

  api.post(
    '/commerce/jobs/:job/run',
    {
      schema: {
        operationId: 'runCommerceJob',
        summary: 'Run a commerce job',
        description:
          'One asked for while it runs is queued behind it; a second one like it gets the job that is queued already. A job ' +
          'that has nothing to do, or comes before its turn, does no harm: its `code` `job-due` names what waits for which job.',
        tags,
        params: z.object({ job: z.string() }),
        body: RunJobBodySchema,
        response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { job, channel } = requireJob(commerce(), request.params.job, request.body.channel);
      return answerJob(deps, request, reply, { kind: job, channel, body: { reason: request.body.reason } });
    },
  );
}

function requireJob(control: CommerceControl, name: string, channel: string | undefined) {
  const found = control.jobs.find(({ job }) => job === name);
  if (!found)
    throw new Problem('commerce-job-not-found', {
      params: { job: name, known: control.jobs.map(({ job }) => job) },
    });
  if (channel !== undefined && !control.channelsOf(found.job).includes(channel))
    throw new Problem('channel-not-found', { params: { channel } });
  return { job: found.job, channel: channel ?? null };
}

async function presentDefinition(deps: ServerDeps, definition: CommerceJobDefinition): Promise<CommerceJobDocument> {
  const filter = { mapping: null, channel: null, status: null, trigger: null, since: null, until: null };
  const { items } = await deps.queries.jobs(
    { ...filter, kind: [definition.job] },
    { limit: 1, cursor: null, sort: null, count: false },
  );
  const [last] = items;
  return {
    job: definition.job,
    label: definition.label,
    schedule: scheduleText(definition.schedule),
    lastRun: last
      ? {
          id: last.id,
          status: last.status,
          startedAt: last.startedAt,
          finishedAt: last.finishedAt,
          code: last.code,
          message: last.code === null ? null : describeCode(last.code, last.params ?? {}),
        }
      : null,
    nextRunAt: definition.nextRunAt(last?.startedAt ?? last?.createdAt ?? null),
  };
}

// ---------------------------------------------------------------- sessions

function registerSessions(api: Server, { presenter }: ServerDeps, commerce: Commerce): void {
  api.get(
    '/commerce/sessions',
    {
      schema: {
        operationId: 'listCommerceSessions',
        summary: 'List what the commerce jobs carried, per channel',
        description: 'Newest first. Sessions that had nothing to carry are listed with `all=true` only.',
        tags,
        querystring: SessionListQuerySchema,
        response: { 200: csvContent(SessionListSchema), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { query } = request;
      const filter = {
        direction: query.direction ?? null,
        job: query.job ?? null,
        channel: query.channel ?? null,
        status: query.status ?? null,
        all: query.all ?? false,
      };
      const { sessions } = commerce();
      return serveList(request, reply, query, {
        name: 'sessions',
        schema: SessionSchema,
        read: (asked) => sessions.sessions(filter, asked),
        present: async (items) => items.map((session) => presentSession(presenter, session)),
      });
    },
  );
  api.get(
    '/commerce/sessions/:session',
    {
      schema: {
        operationId: 'getCommerceSession',
        summary: 'Read one session',
        tags,
        params: z.object({ session: z.string() }),
        response: { 200: SessionSchema, ...PROBLEMS },
      },
    },
    async (request) => presentSession(presenter, await requireSession(commerce(), request.params.session)),
  );
}

function registerSessionActions(api: Server, deps: ServerDeps, commerce: Commerce): void {
  const params = z.object({ session: z.string() });
  const body = z.strictObject({ reason: z.string().max(2_000).optional() });
  api.post(
    '/commerce/sessions/:session/rerun',
    {
      schema: {
        operationId: 'rerunCommerceSession',
        summary: 'Carry out a session again',
        description: 'A new session with `rerunOf`; the job stands in `Location`. The old one is not tried again.',
        tags,
        params,
        body,
        response: { 200: SessionSchema, 202: SessionSchema, ...PROBLEMS },
      },
    },
    (request, reply) => rerun(deps, commerce(), request, reply, request.params.session, request.body.reason),
  );
  api.post(
    '/commerce/sessions/:session/cancel',
    {
      schema: {
        operationId: 'cancelCommerceSession',
        summary: 'Cancel a session',
        description: 'One that works ends after the batch in hand. What it would have carried stays due.',
        tags,
        params,
        body,
        response: { 200: SessionSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const control = commerce();
      const session = await requireSession(control, request.params.session);
      const canceled = await control.sessions.cancel(session.id);
      if (!canceled && session.status !== 'canceled') throw new Problem('session-applied');
      return presentSession(deps.presenter, await requireSession(control, session.id));
    },
  );
}

async function requireSession({ sessions }: CommerceControl, id: string): Promise<CommerceSession> {
  const session = isId(id) ? await sessions.sessionById(id) : null;
  if (session === null) throw new Problem('session-not-found');
  return session;
}

async function rerun(
  deps: ServerDeps,
  control: CommerceControl,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
  reason: string | undefined,
): Promise<SessionDocument> {
  const old = await requireSession(control, id);
  if (old.status === 'applied') throw new Problem('session-applied');
  // Until its job takes it up, the session stands under the job of the old one.
  const session = await control.sessions.rerun(old.id, old.jobId);
  if (session === null) throw new Problem('session-applied');
  const job = await deps.jobs.enqueue({
    kind: session.job,
    mapping: null,
    channel: session.channel,
    parentId: null,
    scope: null,
    direction: null,
    dryRun: false,
    trigger: 'manual',
    actor: callerIn(request).actor,
    requestId: request.id,
    body: { session: session.id, ...(reason !== undefined && { reason }) },
  });
  const waitSeconds = waitAskedFor(request);
  const found = await waitUntil(
    () => requireSession(control, session.id),
    ({ status }) => status !== 'started',
    waitSeconds ?? 0,
    AbortSignal.any([request.signal, request.server.closing]),
  );
  reply.header('location', `/api/v1/jobs/${job.id}`);
  const made = waitSeconds !== null && found.status !== 'started';
  if (made) reply.header('preference-applied', `wait=${waitSeconds}`);
  reply.code(made ? 200 : 202);
  return { ...presentSession(deps.presenter, found), jobId: job.id };
}

const presentSession = (presenter: ServerDeps['presenter'], session: CommerceSession): SessionDocument => ({
  session: session.id,
  job: session.job,
  direction: session.direction,
  channel: session.channel,
  channelName: presenter.channelName(session.channel),
  status: session.status,
  tryCount: session.tryCount,
  code: session.code,
  params: session.params,
  message: session.code === null ? null : describeCode(session.code, session.params),
  rowsAffected: session.rowsAffected,
  createdAt: session.createdAt,
  appliedAt: session.appliedAt,
  rerunOf: session.rerunOf,
  jobId: session.jobId,
});

// ---------------------------------------------------------------- features

function registerFeatures(api: Server, commerce: Commerce): void {
  api.get(
    '/commerce/features',
    {
      schema: {
        operationId: 'listCommerceFeatures',
        summary: 'List the features: what is wanted, what each channel has, which jobs are between the two',
        tags,
        querystring: z.strictObject({}),
        response: { 200: FeatureListSchema, ...PROBLEMS },
      },
    },
    async () => ({ items: (await commerce().features()).map(presentFeature) }),
  );
  api.put(
    '/commerce/features/:feature',
    {
      config: { needs: 'admin' },
      schema: {
        operationId: 'switchCommerceFeature',
        summary: 'Switch a feature on or off',
        description: 'Channels have it once 1110, 1010 and 1070 have run. All are off at first.',
        tags,
        params: z.object({ feature: z.string() }),
        body: SwitchFeatureBodySchema,
        response: { 200: FeatureSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { enabled, reason } = request.body;
      try {
        return presentFeature(
          await commerce().switchFeature(request.params.feature, enabled, askerOf(request, reason)),
        );
      } catch (fault) {
        throw withNames(fault);
      }
    },
  );
}

/** What stands in the way is read by programs too. */
function withNames(fault: unknown): unknown {
  if (!(fault instanceof ActionRefused)) return fault;
  const { missing, requiredBy } = fault.params;
  if (fault.code === 'prerequisite-missing')
    return new Problem('prerequisite-missing', { params: fault.params, extra: { missing } });
  if (fault.code === 'feature-required-by')
    return new Problem('feature-required-by', { params: fault.params, extra: { requiredBy } });
  return fault;
}

const presentFeature = (feature: FeatureState): FeatureDocument => ({
  name: feature.name,
  label: feature.label,
  enabled: feature.enabled,
  requires: [...feature.requires],
  effective: { ...feature.effective },
  drift: feature.drift,
  pendingJobs: Object.fromEntries(Object.entries(feature.pendingJobs).map(([channel, jobs]) => [channel, [...jobs]])),
});
