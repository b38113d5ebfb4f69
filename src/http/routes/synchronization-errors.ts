/** Coupled Data Synchronization Errors: the list, its sums, one error, what a person notes on it. Actions stand apart. */
import { z } from 'zod';
import type { RecordKey } from '../../domain/record.ts';
import type { MappingPresenter } from '../../ports/mapping-presenter.ts';
import type { ErrorFilter } from '../../ports/queries.ts';
import type { Server } from '../build-server.ts';
import { csvContent, PROBLEMS } from '../describe-api.ts';
import { presentErrorNow, presentErrors, presentGroup, presentHeldRecord } from '../present/present-error.ts';
import { Problem } from '../problem.ts';
import { readKeyFilter, requireId } from '../read-keys.ts';
import { requireKnownFields } from '../require-known-fields.ts';
import { page } from '../schemas/query.ts';
import {
  AffectedRecordListSchema,
  AffectedRecordSchema,
  type ErrorFilterQuery,
  ErrorFilterSchema,
  ErrorListQuerySchema,
  ErrorPatchSchema,
  ErrorSummarySchema,
  SynchronizationErrorListSchema,
  SynchronizationErrorSchema,
} from '../schemas/synchronization-errors.ts';
import { serveList } from '../serve-list.ts';
import type { ServerDeps } from '../server-deps.ts';

const tags = ['Synchronization errors'];
const idParams = z.object({ id: z.string().meta({ format: 'uuid' }) });

export async function errorFilterOf(presenter: MappingPresenter, query: ErrorFilterQuery): Promise<ErrorFilter> {
  requireKnownFields(presenter, query.mapping, query.field);
  const key = await readKeyFilter(presenter, query.mapping, query.channel?.[0], query.side, query.key);
  return filterWithKey(query, key);
}

const filterWithKey = (query: ErrorFilterQuery, key: RecordKey | null): ErrorFilter => ({
  mapping: query.mapping ?? null,
  channel: query.channel ?? null,
  kind: query.kind ?? null,
  code: query.code ?? null,
  cause: query.cause ?? null,
  field: query.field ?? null,
  status: query.status ?? null,
  parked: query.parked ?? null,
  scope: query.scope ?? null,
  jobId: query.jobId ?? null,
  couplingId: query.couplingId ?? null,
  assignee: query.assignee ?? null,
  q: query.q ?? null,
  side: query.side ?? null,
  key,
  since: query.since ?? null,
  until: query.until ?? null,
  ids: null,
});

export function registerSynchronizationErrors(api: Server, deps: ServerDeps): void {
  registerLists(api, deps);
  registerSingles(api, deps);
}

function registerLists(api: Server, { queries, presenter }: ServerDeps): void {
  api.get(
    '/synchronization-errors',
    {
      schema: {
        operationId: 'listSynchronizationErrors',
        summary: 'List synchronization errors',
        description: 'Open ones unless `status` asks otherwise. The period is that of `lastSeenAt`.',
        tags,
        querystring: ErrorListQuerySchema,
        response: { 200: csvContent(SynchronizationErrorListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const filter = await errorFilterOf(presenter, request.query);
      return serveList(request, reply, request.query, {
        name: 'synchronization-errors',
        schema: SynchronizationErrorSchema,
        read: (asked) => queries.errors(filter, asked),
        present: (items) => presentErrors(presenter, items),
      });
    },
  );

  api.get(
    '/synchronization-errors/summary',
    {
      schema: {
        operationId: 'summarizeSynchronizationErrors',
        summary: 'Group synchronization errors by cause',
        description: 'Errors that one remedy cures, most frequent cause first.',
        tags,
        querystring: ErrorFilterSchema,
        response: { 200: ErrorSummarySchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const groups = await queries.errorSummary(await errorFilterOf(presenter, request.query));
      return { items: groups.map((group) => presentGroup(presenter, group)) };
    },
  );
}

function registerSingles(api: Server, { queries, presenter, synchronizer }: ServerDeps): void {
  api.get(
    '/synchronization-errors/:id',
    {
      schema: {
        operationId: 'getSynchronizationError',
        summary: 'Read one synchronization error',
        description: 'Reads both records now; `ETag` is the state of the error and of both records.',
        tags,
        params: idParams,
        response: { 200: SynchronizationErrorSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const error = await queries.errorById(requireId(request.params.id, 'error-not-found'));
      if (error === null) throw new Problem('error-not-found');
      const document = await presentErrorNow(presenter, synchronizer, error);
      if (document.etag !== null) reply.header('etag', document.etag);
      return document;
    },
  );

  api.patch(
    '/synchronization-errors/:id',
    {
      schema: {
        operationId: 'annotateSynchronizationError',
        summary: 'Assign an error, or note something on it',
        tags,
        params: idParams,
        body: ErrorPatchSchema,
        response: { 200: SynchronizationErrorSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { assignee, note } = request.body;
      const error = await queries.annotateError(requireId(request.params.id, 'error-not-found'), {
        ...(assignee !== undefined && { assignee }),
        ...(note !== undefined && { note }),
      });
      if (error === null) throw new Problem('error-not-found');
      return presentErrorNow(presenter, synchronizer, error);
    },
  );

  api.get(
    '/synchronization-errors/:id/records',
    {
      schema: {
        operationId: 'listAffectedRecords',
        summary: 'List what an error of a mapping is about',
        tags,
        params: idParams,
        querystring: z.strictObject(page),
        response: { 200: csvContent(AffectedRecordListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const id = requireId(request.params.id, 'error-not-found');
      const error = await queries.errorById(id);
      if (error === null) throw new Problem('error-not-found');
      const lane = await presenter.lane(error.lane);
      return serveList(request, reply, request.query, {
        name: 'records',
        schema: AffectedRecordSchema,
        read: (asked) => queries.heldRecords(id, asked),
        present: async (items) => items.map((held) => presentHeldRecord(lane, held)),
      });
    },
  );
}
