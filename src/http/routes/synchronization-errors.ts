/** Coupled Data Synchronization Errors: the list, its sums, one error, what a person notes on it. Actions stand apart. */
import { z } from 'zod';
import type { Server } from '../typed-server.ts';
import { callerIn } from '../authorize.ts';
import { csvContent, PROBLEMS } from '../describe-api.ts';
import { errorFilterOf } from '../error-filter.ts';
import { presentErrorNow, presentErrors, presentGroup, presentHeldRecord } from '../present/present-error.ts';
import { Problem } from '../problem.ts';
import { requireId } from '../read-keys.ts';
import { page } from '../schemas/query.ts';
import {
  AffectedRecordListSchema,
  AffectedRecordSchema,
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
        present: (items) => presentErrors(presenter, items, callerIn(request)),
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
      const document = await presentErrorNow(presenter, synchronizer, error, callerIn(request));
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
      return presentErrorNow(presenter, synchronizer, error, callerIn(request));
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
