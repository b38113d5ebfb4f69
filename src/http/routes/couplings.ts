/** Couplings: lists, one, coupling and uncoupling by hand. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CouplingView, LogFilter } from '../../ports/queries.ts';
import { ActionRefused } from '../../ports/synchronizer.ts';
import { askerOf } from '../asker.ts';
import type { Server } from '../typed-server.ts';
import { couplingFilterOf } from '../coupling-filter.ts';
import { csvContent, NO_CONTENT, PROBLEMS } from '../describe-api.ts';
import { isDryRun } from '../is-dry-run.ts';
import { namingPartner } from '../naming-partner.ts';
import { presentCouplingNow, presentCouplings } from '../present/present-coupling.ts';
import { presentLog } from '../present/present-log-entry.ts';
import { presentPreview } from '../present/present-preview.ts';
import { invalid, Problem } from '../problem.ts';
import { readKey, requireConfigured, requireId, requireLanes } from '../read-keys.ts';
import {
  CouplingListQuerySchema,
  CouplingListSchema,
  CouplingSchema,
  CouplingSynchronizeBodySchema,
  type NewCouplingBody,
  NewCouplingBodySchema,
  RemoveCouplingQuerySchema,
} from '../schemas/couplings.ts';
import { DryRunQuerySchema } from '../schemas/jobs.ts';
import {
  type CouplingLogQuery,
  CouplingLogQuerySchema,
  LogEntrySchema,
  LogListSchema,
} from '../schemas/synchronization-log.ts';
import { PreviewSchema } from '../schemas/words.ts';
import { serveList } from '../serve-list.ts';
import type { ServerDeps } from '../server-deps.ts';
import { registerBulkCoupling } from './bulk-coupling.ts';
import { NO_LOG_FILTER } from '../no-filter.ts';

const tags = ['Couplings'];
const idParams = z.object({ id: z.string().meta({ format: 'uuid' }) });

export function registerCouplings(api: Server, deps: ServerDeps): void {
  registerLists(api, deps);
  registerOne(api, deps);
  registerMaking(api, deps);
  registerBulkCoupling(api, deps);
}

export async function requireCoupling({ queries }: ServerDeps, id: string): Promise<CouplingView> {
  const coupling = await queries.couplingById(requireId(id, 'coupling-not-found'));
  if (coupling === null) throw new Problem('coupling-not-found');
  return coupling;
}

function registerLists(api: Server, deps: ServerDeps): void {
  const { queries, presenter, synchronizer } = deps;
  api.get(
    '/couplings',
    {
      schema: {
        operationId: 'listCouplings',
        summary: 'List couplings',
        description: 'Ended ones only with `status=ended`. `expand=fields` reads both stores.',
        tags,
        querystring: CouplingListQuerySchema,
        response: { 200: csvContent(CouplingListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const filter = await couplingFilterOf(presenter, query);
      return serveList(request, reply, query, {
        name: 'couplings',
        schema: CouplingSchema,
        read: (asked) => queries.couplings(filter, asked),
        present: (items) => presentCouplings(presenter, synchronizer, items, query.expand === 'fields'),
      });
    },
  );

  api.get(
    '/couplings/:id/synchronization-log',
    {
      schema: {
        operationId: 'listCouplingLog',
        summary: 'List what was done to a pair',
        description: '`related=true` includes the couplings that refer to this one: a customer with its addresses.',
        tags,
        params: idParams,
        querystring: CouplingLogQuerySchema,
        response: { 200: csvContent(LogListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      // The log outlives the coupling: an id that is not known any more may still have one.
      const filter = logFilterOf(requireId(request.params.id, 'coupling-not-found'), request.query);
      return serveList(request, reply, request.query, {
        name: 'synchronization-log',
        schema: LogEntrySchema,
        read: (asked) => queries.log(filter, asked),
        present: (items) => presentLog(presenter, items),
      });
    },
  );
}

const logFilterOf = (couplingId: string, query: CouplingLogQuery): LogFilter => ({
  ...NO_LOG_FILTER,
  couplingId: [couplingId],
  related: query.related ?? false,
  action: query.action ?? null,
  cause: query.cause ?? null,
  field: query.field ?? null,
  actor: query.actor ?? null,
  since: query.since ?? null,
  until: query.until ?? null,
});

function registerOne(api: Server, deps: ServerDeps): void {
  const { presenter, synchronizer } = deps;
  api.get(
    '/couplings/:id',
    {
      schema: {
        operationId: 'getCoupling',
        summary: 'Read one coupling, with both records now and the base',
        tags,
        params: idParams,
        response: { 200: CouplingSchema, ...PROBLEMS },
      },
    },
    async (request) => presentCouplingNow(presenter, synchronizer, await requireCoupling(deps, request.params.id)),
  );

  api.delete(
    '/couplings/:id',
    {
      schema: {
        operationId: 'removeCoupling',
        summary: 'Remove a coupling; both records stay as they are',
        tags,
        params: idParams,
        querystring: RemoveCouplingQuerySchema,
        response: { 204: NO_CONTENT, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const coupling = await requireCoupling(deps, request.params.id);
      if (coupling.status !== 'ended') {
        await requireConfigured(presenter, coupling.lane);
        await synchronizer.uncouple(coupling.id, askerOf(request, request.query.reason));
      }
      return reply.code(204).send(undefined);
    },
  );

  api.post(
    '/couplings/:id/synchronize',
    {
      schema: {
        operationId: 'synchronizeCoupling',
        summary: 'Synchronize one pair now',
        description: 'Without `winner` decided as in a run; the status of the coupling tells what came of it.',
        tags,
        params: idParams,
        querystring: DryRunQuerySchema,
        body: CouplingSynchronizeBodySchema,
        response: { 200: z.union([CouplingSchema, PreviewSchema]), ...PROBLEMS },
      },
    },
    async (request) => {
      const coupling = await requireCoupling(deps, request.params.id);
      await requireConfigured(presenter, coupling.lane);
      const dryRun = isDryRun(request);
      const asker = { ...askerOf(request, request.body.reason), dryRun };
      const result = await synchronizer.synchronizeCoupling(coupling.id, request.body.winner ?? null, asker);
      if (dryRun) return presentPreview(result);
      return presentCouplingNow(presenter, synchronizer, await requireCoupling(deps, coupling.id));
    },
  );
}

function registerMaking(api: Server, deps: ServerDeps): void {
  api.post(
    '/couplings',
    {
      schema: {
        operationId: 'coupleRecords',
        summary: 'Couple two records, or one with a record to be created',
        description:
          'Synchronizes at once: by `winner`, else as any new pair. It resolves the error that it answers. Already coupled: `409 already-coupled`, naming the partner.',
        tags,
        querystring: DryRunQuerySchema,
        body: NewCouplingBodySchema,
        response: { 200: PreviewSchema, 201: CouplingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const dryRun = isDryRun(request);
      const made = await couple(deps, request, request.body, dryRun);
      if (dryRun) return presentPreview({ writes: made.writes, dependents: [] });
      return answerCreated(deps, reply, made.couplingId);
    },
  );
}

async function answerCreated(deps: ServerDeps, reply: FastifyReply, couplingId: string) {
  const coupling = await requireCoupling(deps, couplingId);
  reply.code(201).header('location', `/api/v1/couplings/${couplingId}`);
  return presentCouplingNow(deps.presenter, deps.synchronizer, coupling);
}

async function couple(deps: ServerDeps, request: FastifyRequest, body: NewCouplingBody, dryRun: boolean) {
  const [lane] = requireLanes(deps.presenter, body.mapping, body.channel);
  if (lane === undefined) throw new Problem('channel-not-found', { params: { channel: body.channel } });
  const both = body.hqKey !== undefined && body.channelKey !== undefined;
  const neither = body.hqKey === undefined && body.channelKey === undefined;
  if (neither) throw new Problem('key-required');
  if (both === (body.createIn !== undefined))
    throw invalid('body', '/createIn', 'goes with exactly one key, and one key with it');
  const given = body.hqKey === undefined ? 'channel' : 'hq';
  if (!both && body.createIn === given)
    throw invalid('body', '/createIn', `must be the other side: the ${given} record is there`);
  const shown = await deps.presenter.lane(lane);
  try {
    return await deps.synchronizer.couple({
      ...askerOf(request, body.reason),
      lane,
      hqKey: body.hqKey === undefined ? null : readKey(shown, 'hq', body.hqKey, '/hqKey'),
      channelKey: body.channelKey === undefined ? null : readKey(shown, 'channel', body.channelKey, '/channelKey'),
      createIn: body.createIn ?? null,
      winner: body.winner ?? null,
      dryRun,
    });
  } catch (fault) {
    if (fault instanceof ActionRefused && fault.code === 'already-coupled') throw await namingPartner(deps, fault);
    throw fault;
  }
}
