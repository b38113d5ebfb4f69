/** Long work: queued through the port, answered with 202 and the job, or with 200 when the caller waited long enough. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerIn } from './authorize.ts';
import type { JobKind, JobRequest } from '../ports/coupling-database.ts';
import type { Json } from '../domain/record.ts';
import { presentJob } from './present/present-job.ts';
import { Problem } from './problem.ts';
import type { JobDocument } from './schemas/jobs.ts';
import type { ServerDeps } from './server-deps.ts';
import { waitAskedFor, waitUntil } from './wait-for-job.ts';

export interface AskedWork {
  readonly kind: JobKind;
  readonly mapping?: string | null;
  readonly channel?: string | null;
  readonly scope?: JobRequest['scope'];
  readonly direction?: JobRequest['direction'];
  readonly dryRun?: boolean;
  readonly body?: { readonly [name: string]: Json | undefined };
}

export async function answerJob(
  deps: ServerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  work: AskedWork,
): Promise<JobDocument> {
  const queued = await deps.jobs.enqueue({
    kind: work.kind,
    mapping: work.mapping ?? null,
    channel: work.channel ?? null,
    parentId: null,
    scope: work.scope ?? null,
    direction: work.direction ?? null,
    dryRun: work.dryRun ?? false,
    trigger: 'manual',
    actor: callerIn(request).actor,
    requestId: request.id,
    body: bodyOf(work.body ?? {}),
  });
  return answerWithJob(deps, request, reply, queued.id);
}

async function answerWithJob(
  deps: ServerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
): Promise<JobDocument> {
  const waitSeconds = waitAskedFor(request);
  await waitUntil(
    () => deps.queries.isJobFinished(id),
    (finished) => finished,
    waitSeconds ?? 0,
    AbortSignal.any([request.signal, request.server.closing]),
  );
  const job = await deps.queries.jobById(id);
  if (job === null) throw new Problem('job-not-found');
  reply.header('location', `/api/v1/jobs/${id}`);
  const made = waitSeconds !== null && job.finishedAt !== null;
  if (made) reply.header('preference-applied', `wait=${waitSeconds}`);
  reply.code(made ? 200 : 202);
  return presentJob(deps.presenter, job);
}

/** Absent members leave no trace, so that two requests alike are alike in the queue too. */
function bodyOf(body: { readonly [name: string]: Json | undefined }): Json {
  const given = Object.entries(body).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return given.length === 0 ? null : Object.fromEntries(given);
}
