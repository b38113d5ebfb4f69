/** Customer Synchronization Status: every operation that a channel recorded, not only those that failed. */
import { describeCode } from '../../domain/describe-change.ts';
import type { Params } from '../../domain/record.ts';
import { entryOf, isErrorCode } from '../../errors/catalogue.ts';
import type { CustomerOperations } from '../../ports/customer-operations.ts';
import { callerIn } from '../authorize.ts';
import { csvContent, PROBLEMS } from '../describe-api.ts';
import { documentOf, idParams } from '../operation-document.ts';
import { operationFilterOf } from '../operation-filter.ts';
import { presentOperations } from '../present/present-operation.ts';
import { invalid } from '../problem.ts';
import {
  CustomerOperationListSchema,
  CustomerOperationSchema,
  OperationListQuerySchema,
  OperationSummarySchema,
} from '../schemas/customer-operations.ts';
import { serveList } from '../serve-list.ts';
import type { ServerDeps } from '../server-deps.ts';
import type { Server } from '../typed-server.ts';
import { registerOperationActions } from './commerce-operation-actions.ts';
import { registerOperationBulk } from './commerce-operation-bulk.ts';

const tags = ['Customer operations'];

export function registerCustomerOperations(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  registerLists(api, deps, operations);
  registerOne(api, deps, operations);
  registerOperationBulk(api, deps, operations);
  registerOperationActions(api, deps, operations);
}

function registerLists(api: Server, { presenter }: ServerDeps, operations: CustomerOperations): void {
  api.get(
    '/customer-operations',
    {
      schema: {
        operationId: 'listCustomerOperations',
        summary: 'List customer operations',
        description:
          '`field.{name}` compares a field of the customer as the operation found it and as it would leave it, `part.{name}` one of the part itself; ' +
          'case does not count, and `*` at the end matches a prefix. `status=waiting` lists what the channels have not handed over yet; `unreachable` names those that could not be asked.',
        tags,
        querystring: OperationListQuerySchema,
        response: { 200: csvContent(CustomerOperationListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const filter = operationFilterOf(presenter, operations, query);
      const waits = query.status?.includes('waiting') ?? false;
      if (waits && query.status?.length !== 1) throw invalid('query', '/status', 'waiting stands alone');
      return serveList(request, reply, query, {
        name: 'customer-operations',
        schema: CustomerOperationSchema,
        read: (asked) => (waits ? operations.waiting(filter, asked) : operations.find(filter, asked)),
        present: (items) => presentOperations(presenter, operations, items, callerIn(request)),
      });
    },
  );

  api.get(
    '/customer-operations/summary',
    {
      schema: {
        operationId: 'summarizeCustomerOperations',
        summary: 'What waits, where and for how long',
        description: '`waiting` is what the channel still holds, before any pull.',
        tags,
        response: { 200: OperationSummarySchema, ...PROBLEMS },
      },
    },
    async () => {
      const { channels, failures } = await operations.summary();
      return {
        channels: channels.map(({ channel, waiting, statuses }) => ({
          channel,
          name: presenter.channelName(channel),
          waiting,
          statuses,
        })),
        failures: failures.map((failure) => ({ ...failure, message: describeAll(failure.code, failure.params) })),
      };
    },
  );
}

function registerOne(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  api.get(
    '/customer-operations/:id',
    {
      schema: {
        operationId: 'getCustomerOperation',
        summary: 'Read one customer operation',
        description:
          'Old and new value of every attribute; its `ETag` is what Save sends as `If-Match`. ' +
          'One that is `waiting` is read from its channel; its id leads to it once it has been received, too.',
        tags,
        params: idParams,
        response: { 200: CustomerOperationSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const document = await documentOf(deps, operations, request, request.params.id);
      if (document.etag !== null) reply.header('etag', document.etag);
      return document;
    },
  );
}

/** Where not all have failed for the same value, the sentence says what they have in common. */
const describeAll = (code: string, params: Params | null): string =>
  params === null && isErrorCode(code) ? entryOf(code).meaning : describeCode(code, params ?? {});
