/** What a person decides about errors: one at a time, previewed or done, or many as a job. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Json, RecordKey, Side, Value } from '../../domain/record.ts';
import { describeCode } from '../../domain/describe-change.ts';
import { otherSide } from '../../domain/record.ts';
import { entryOf, isErrorCode } from '../../errors/catalogue.ts';
import type { LanePresenter } from '../../ports/mapping-presenter.ts';
import type { ErrorView } from '../../ports/queries.ts';
import { ActionRefused, type ActionRequest, type ActionResult } from '../../ports/synchronizer.ts';
import { answerJob } from '../answer-job.ts';
import { askerOf } from '../asker.ts';
import { callerIn, requireRole, roleToAct } from '../authorize.ts';
import type { Caller } from '../caller.ts';
import type { Server } from '../typed-server.ts';
import { PROBLEMS } from '../describe-api.ts';
import { isDryRun } from '../is-dry-run.ts';
import { namingPartner } from '../naming-partner.ts';
import { NO_ERROR_FILTER } from '../no-filter.ts';
import { presentErrorNow } from '../present/present-error.ts';
import { presentPreview, presentWrites } from '../present/present-preview.ts';
import { invalid, Problem } from '../problem.ts';
import { readIfMatch } from '../read-if-match.ts';
import { readKey, readValue, requireConfigured, requireId } from '../read-keys.ts';
import { LARGEST_LIST_BYTES } from '../read-request.ts';
import { JobSchema } from '../schemas/jobs.ts';
import {
  type ActionBody,
  ActionAnswerSchema,
  ActionBodySchema,
  ActionQuerySchema,
  BulkBodySchema,
  ErrorActionSchema,
} from '../schemas/synchronization-errors.ts';
import { PreviewSchema } from '../schemas/words.ts';
import { selectErrors } from '../select-errors.ts';
import type { ServerDeps } from '../server-deps.ts';

const tags = ['Synchronization errors'];

export function registerErrorActions(api: Server, deps: ServerDeps): void {
  registerBulk(api, deps);
  api.post(
    '/synchronization-errors/:id/:action',
    {
      schema: {
        operationId: 'actOnSynchronizationError',
        summary: 'Act on one error, or preview what that would write',
        description:
          '`If-Match` binds the decision to what was seen; without it, `synchronize`, `restore`, `delete` and `approve` are bound to the values stored in the error. ' +
          'Stale: `412 stale-decision` with the fresh error. `approve` needs the role admin. ' +
          'Previews of `approve` and `decline` are of the first 500 records that the error holds.',
        tags,
        params: z.object({ id: z.string().meta({ format: 'uuid' }), action: ErrorActionSchema }),
        querystring: ActionQuerySchema,
        body: ActionBodySchema,
        response: { 200: z.union([ActionAnswerSchema, PreviewSchema]), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { action } = request.params;
      requireRole(request, roleToAct(action));
      const error = await requireError(deps, request.params.id);
      const lane = await requireConfigured(deps.presenter, error.lane);
      const dryRun = isDryRun(request);
      const asked = actionRequest(lane, error, request, { ...request.body, action, dryRun });
      const result = await act(deps, error, asked, callerIn(request));
      if (dryRun) return presentPreview(result);
      const document = await presentErrorNow(
        deps.presenter,
        deps.synchronizer,
        await requireError(deps, error.id),
        callerIn(request),
      );
      if (document.etag !== null) reply.header('etag', document.etag);
      return {
        ...document,
        outcome: result.outcome,
        writes: presentWrites(result.writes),
        dependents: [...result.dependents],
      };
    },
  );
}

async function requireError({ queries }: ServerDeps, id: string): Promise<ErrorView> {
  const error = await queries.errorById(requireId(id, 'error-not-found'));
  if (error === null) throw new Problem('error-not-found');
  return error;
}

/** A refusal that is about the error's state comes with that state. */
async function act(deps: ServerDeps, error: ErrorView, asked: ActionRequest, caller: Caller): Promise<ActionResult> {
  try {
    return await deps.synchronizer.act(error.id, asked);
  } catch (fault) {
    if (fault instanceof ActionRefused && fault.code === 'already-coupled') throw await namingPartner(deps, fault);
    if (!(fault instanceof ActionRefused) || fault.errorId === null || !isErrorCode(fault.code)) throw fault;
    const fresh = await requireError(deps, fault.errorId);
    const document = await presentErrorNow(deps.presenter, deps.synchronizer, fresh, caller);
    throw new Problem(fault.code, {
      params: fault.params,
      status: entryOf(fault.code).status ?? 409,
      detail: describeCode(fault.code, fault.params),
      extra: { error: document, allowedActions: document.allowedActions },
      ...(document.etag !== null && { headers: { etag: document.etag } }),
    });
  }
}

interface AskedAction extends ActionBody {
  readonly action: ActionRequest['action'];
  readonly dryRun: boolean;
}

function actionRequest(
  lane: LanePresenter,
  error: ErrorView,
  request: FastifyRequest,
  body: AskedAction,
): ActionRequest {
  return {
    ...askerOf(request, body.reason),
    action: body.action,
    dryRun: body.dryRun,
    ifMatch: readIfMatch(request),
    winner: body.winner ?? null,
    fields: new Map(Object.entries(readChoices(lane, body.fields ?? {}))),
    key: body.key === undefined ? null : readPartnerKey(lane, error, body.key),
    create: body.create ?? false,
    jobId: null,
  };
}

type Choice = Side | { readonly value: Value; readonly side: Side };

/** A value of one's own is in the form of HQ unless its side says otherwise. */
function readChoices(lane: LanePresenter, choices: NonNullable<ActionBody['fields']>): Record<string, Choice> {
  return Object.fromEntries(
    Object.entries(choices).map(([name, choice]): [string, Choice] => {
      const pointer = `/fields/${name}`;
      if (!lane.fields.some((field) => field.name === name)) {
        throw new Problem('unknown-field', {
          params: { field: name },
          errors: [{ in: 'body', pointer, detail: 'is no field of the mapping' }],
        });
      }
      if (typeof choice === 'string') return [name, choice];
      if (choice.value === undefined) throw invalid('body', `${pointer}/value`, 'must be given');
      const side = choice.side ?? 'hq';
      return [name, { value: readValue(lane, side, name, choice.value, `${pointer}/value`), side }];
    }),
  );
}

/** The record of the other side: of the side where this one is missing, or was deleted. */
function readPartnerKey(lane: LanePresenter, error: ErrorView, json: unknown): RecordKey {
  const lone: Side =
    error.couplingId === null ? (error.hqRecord.exists ? 'hq' : 'channel') : otherSide(error.deletedIn ?? 'channel');
  return readKey(lane, otherSide(lone), json, '/key');
}

// ---------------------------------------------------------------- bulk

const BOUND_BY_COUNT = new Set(['delete', 'synchronize', 'remove-coupling', 'restore']);

function registerBulk(api: Server, deps: ServerDeps): void {
  api.post(
    '/synchronization-errors/bulk',
    {
      bodyLimit: LARGEST_LIST_BYTES,
      schema: {
        operationId: 'actOnSynchronizationErrors',
        summary: 'Act on many errors as a job',
        description:
          'Names the errors by `ids`, by `items` with their etags, or by `filter`. `delete`, `synchronize`, `remove-coupling` and `restore` by filter need `expect`. ' +
          'The job has a result per error; one that fails stops nothing. `approve` needs the role admin.',
        tags,
        querystring: ActionQuerySchema,
        body: BulkBodySchema,
        response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { body } = request;
      requireRole(request, roleToAct(body.action));
      const ways = [body.ids, body.items, body.filter].filter((way) => way !== undefined);
      if (ways.length !== 1) throw invalid('body', '', 'needs exactly one of ids, items and filter');
      if (body.filter !== undefined) refuseUnboundFilter(body.action, body.filter, body.expect);
      const selected = await selectErrors(deps, body);
      if (body.expect !== undefined && body.expect !== selected.length) {
        throw new Problem('count-changed', {
          params: { count: selected.length, expected: body.expect },
          extra: { count: selected.length },
        });
      }
      const choices = await bulkChoices(deps, selected, body);
      return answerJob(deps, request, reply, {
        kind: 'bulk',
        dryRun: isDryRun(request),
        body: {
          action: body.action,
          items: selected.map(({ id, etag }) => ({ id, etag })),
          winner: body.winner,
          fields: choices.fields as Json | undefined,
          key: choices.key as Json | undefined,
          create: body.create,
          reason: body.reason,
        },
      });
    },
  );
}

function refuseUnboundFilter(
  action: string,
  filter: Readonly<Record<string, unknown>>,
  expect: number | undefined,
): void {
  const empty = Object.values(filter).every((value) => value === undefined);
  if (empty && action !== 'retry') throw invalid('body', '/filter', 'may be empty for retry only');
  if (BOUND_BY_COUNT.has(action) && expect === undefined) {
    throw invalid('body', '/expect', `must say how many errors the filter selects, for ${action}`);
  }
}

/** Values of one's own and keys are in the form of one mapping: all the errors must be of it. */
async function bulkChoices(
  deps: ServerDeps,
  selected: readonly { readonly id: string }[],
  body: ActionBody,
): Promise<{ readonly fields?: unknown; readonly key?: unknown }> {
  const [first] = selected;
  const named = Object.entries(body.fields ?? {});
  if (first === undefined || (named.length === 0 && body.key === undefined)) return {};
  const plain = body.key === undefined && named.every(([, choice]) => typeof choice === 'string');
  if (plain) return { fields: body.fields };
  const errors = await deps.queries.errors(
    { ...NO_ERROR_FILTER, status: ['open', 'resolved'], ids: selected.map(({ id }) => id) },
    { limit: 500, cursor: null, sort: 'mapping', count: false },
  );
  const mappings = new Set(errors.items.map((error) => JSON.stringify(error.lane)));
  const [error] = errors.items;
  if (error === undefined || mappings.size !== 1 || errors.nextCursor !== null) {
    throw invalid(
      'body',
      body.key === undefined ? '/fields' : '/key',
      'can name values and keys only for at most 500 errors of one mapping and channel',
    );
  }
  const lane = await requireConfigured(deps.presenter, error.lane);
  return {
    ...(body.fields !== undefined && { fields: readChoices(lane, body.fields) }),
    ...(body.key !== undefined && { key: readPartnerKey(lane, error, body.key) }),
  };
}
