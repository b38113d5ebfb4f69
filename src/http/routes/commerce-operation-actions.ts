/** What people do about one customer operation: take it, correct it, synchronize it, dismiss it, open it again. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeCode } from '../../domain/describe-change.ts';
import type { Value } from '../../domain/record.ts';
import type { OperationAction } from '../../domain/terms.ts';
import { entryOf, isErrorCode } from '../../errors/catalogue.ts';
import type { CustomerOperation } from '../../ports/commerce.ts';
import type { CustomerOperations, ShownOperation } from '../../ports/customer-operations.ts';
import type { LanePresenter } from '../../ports/mapping-presenter.ts';
import { ActionRefused } from '../../ports/synchronizer.ts';
import { askerOf } from '../asker.ts';
import { PROBLEMS } from '../describe-api.ts';
import { documentOf, idParams } from '../operation-document.ts';
import { isDryRun } from '../is-dry-run.ts';
import { invalid, pointerPart, Problem } from '../problem.ts';
import { readIfMatch } from '../read-if-match.ts';
import { readValue, requireConfigured, requireId } from '../read-keys.ts';
import {
  CustomerOperationSchema,
  DismissAnswerSchema,
  DismissBodySchema,
  DismissQuerySchema,
  NothingSchema,
  OperationReasonSchema,
  ReopenAnswerSchema,
  SaveBodySchema,
} from '../schemas/customer-operations.ts';
import { presentOperations } from '../present/present-operation.ts';
import { callerIn } from '../authorize.ts';
import type { ServerDeps } from '../server-deps.ts';
import type { Server } from '../typed-server.ts';

const tags = ['Customer operations'];
const answers = { 200: CustomerOperationSchema, ...PROBLEMS };

export function registerOperationActions(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  registerSave(api, deps, operations);
  registerLease(api, deps, operations);
  registerSynchronize(api, deps, operations);
  registerDismiss(api, deps, operations);
  registerReopen(api, deps, operations);
}

function registerSave(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  api.patch(
    '/customer-operations/:id',
    {
      schema: {
        operationId: 'saveCustomerOperation',
        summary: 'Save a correction',
        description:
          'Tried in HQ in a transaction that is rolled back, then kept beside the original; nothing is synchronized. A value that HQ refuses and that is not among the attributes is left for another correction: the rest is tried without it, and `lastKnownError` of a failed operation tells it. Needs `If-Match`. It ends the lease and sets the attempts to 0. `reset` takes corrections back; the original is not tried, and fails again where HQ refuses it.',
        tags,
        params: idParams,
        body: SaveBodySchema,
        response: answers,
      },
    },
    async (request, reply) => {
      const { attributes = {}, reset = [] } = request.body;
      const operation = await requireOperation(operations, request, 'save');
      const revision = revisionOf(request);
      if (Object.keys(attributes).length === 0 && reset.length === 0)
        throw invalid('body', '', 'needs attributes to save, or reset');
      const both = reset.find((name) => Object.hasOwn(attributes, name));
      if (both !== undefined) throw invalid('body', `/reset/${reset.indexOf(both)}`, 'is among the attributes too');
      const lane = await laneOfOperation(deps, operations, operation);
      const values = readAttributes(lane, attributes);
      await guarded(deps, operations, request, () =>
        operations.save(operation.id, revision, { values, reset }, askerOf(request, undefined)),
      );
      return answer(deps, operations, request, reply);
    },
  );
}

/** Whoever corrects has to say what was looked at. */
function revisionOf(request: FastifyRequest): number | null {
  const etag = readIfMatch(request);
  if (etag === null) throw new Problem('precondition-required');
  return etag === '*' ? null : revisionIn(etag);
}

/** An etag that is none of ours fits no revision. */
export const revisionIn = (etag: string): number => Number(/^"?r(\d{1,9})"?$/.exec(etag)?.[1] ?? -1);

export async function laneOfOperation(
  { presenter }: ServerDeps,
  { rules }: CustomerOperations,
  { part, channel }: Pick<CustomerOperation, 'part' | 'channel'>,
): Promise<LanePresenter> {
  return requireConfigured(presenter, { mapping: rules?.mappings[part] ?? part, channel });
}

export function readAttributes(lane: LanePresenter, given: Readonly<Record<string, unknown>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(given).map(([name, json]) => [
      name,
      readValue(lane, 'channel', name, json, `/attributes/${pointerPart(name)}`),
    ]),
  );
}

function registerLease(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  api.post(
    '/customer-operations/:id/edit',
    {
      schema: {
        operationId: 'editCustomerOperation',
        summary: 'Take an operation into editing, for 15 minutes',
        description: 'Jobs and Synchronize leave it alone meanwhile. Somebody else edits it: `409 being-edited`.',
        tags,
        params: idParams,
        body: NothingSchema,
        response: answers,
      },
    },
    async (request, reply) => {
      const { id } = await requireOperation(operations, request, 'edit');
      await guarded(deps, operations, request, () => operations.edit(id, askerOf(request, undefined)));
      return answer(deps, operations, request, reply);
    },
  );

  api.delete(
    '/customer-operations/:id/edit',
    {
      schema: {
        operationId: 'releaseCustomerOperation',
        summary: 'Give an operation back that was taken into editing',
        tags,
        params: idParams,
        response: answers,
      },
    },
    async (request, reply) => {
      const { id } = await requireOperation(operations, request, 'release');
      await guarded(deps, operations, request, () => operations.release(id, askerOf(request, undefined)));
      return answer(deps, operations, request, reply);
    },
  );
}

const AFTERWARDS = 'Answers the operation as it is afterwards; its `status` and `lastKnownError` tell what came of it.';

function registerSynchronize(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  api.post(
    '/customer-operations/:id/synchronize',
    {
      schema: {
        operationId: 'synchronizeCustomerOperation',
        summary: 'Apply this one operation now',
        description: AFTERWARDS,
        tags,
        params: idParams,
        body: OperationReasonSchema,
        response: answers,
      },
    },
    async (request, reply) => {
      const { id } = await requireOperation(operations, request, 'synchronize');
      const asker = askerOf(request, request.body.reason);
      await guarded(deps, operations, request, () => operations.synchronize(id, asker));
      return answer(deps, operations, request, reply);
    },
  );
}

function registerReopen(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  api.post(
    '/customer-operations/:id/reopen',
    {
      schema: {
        operationId: 'reopenCustomerOperation',
        summary: 'Open a dismissed operation again',
        description: `${AFTERWARDS} What was dismissed along with a create stays dismissed; \`stillDismissed\` names it.`,
        tags,
        params: idParams,
        body: OperationReasonSchema,
        response: { 200: ReopenAnswerSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = await requireOperation(operations, request, 'reopen');
      const asker = askerOf(request, request.body.reason);
      const { left } = await guarded(deps, operations, request, () => operations.reopen(id, asker));
      const stillDismissed = await named(deps, operations, request, left);
      return { ...(await answer(deps, operations, request, reply)), stillDismissed };
    },
  );
}

function registerDismiss(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  api.post(
    '/customer-operations/:id/dismiss',
    {
      schema: {
        operationId: 'dismissCustomerOperation',
        summary: 'Dismiss an operation',
        description: 'Dismissing a create dismisses what is blocked behind it; `dryRun` names it.',
        tags,
        params: idParams,
        querystring: DismissQuerySchema,
        body: DismissBodySchema,
        response: { 200: DismissAnswerSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = await requireOperation(operations, request, 'dismiss');
      const dryRun = isDryRun(request);
      const { behind } = await guarded(deps, operations, request, () =>
        operations.dismiss(id, { ...askerOf(request, request.body.reason), dryRun }),
      );
      const dismissed = await named(deps, operations, request, behind);
      return { ...(await answer(deps, operations, request, reply)), dismissed };
    },
  );
}

// ---------------------------------------------------------------- common

async function named(
  { presenter }: ServerDeps,
  operations: CustomerOperations,
  request: FastifyRequest,
  others: readonly CustomerOperation[],
) {
  const shown = await presentOperations(presenter, operations, others, callerIn(request));
  return shown.map(({ id, operation, changeDescription }) => ({ id, operation, changeDescription }));
}

async function requireOperation(
  operations: CustomerOperations,
  request: FastifyRequest,
  action: OperationAction,
): Promise<ShownOperation> {
  const { id } = request.params as { readonly id: string };
  const operation = await operations.byId(requireId(id, 'operation-not-found'));
  if (operation === null) throw new Problem('operation-not-found');
  // The channel still holds it: nothing can be done about it before it is received.
  if (operation.status === 'waiting')
    throw new Problem('action-not-allowed', { params: { action, allowed: [] }, extra: { allowedActions: [] } });
  return operation;
}

async function answer(deps: ServerDeps, operations: CustomerOperations, request: FastifyRequest, reply: FastifyReply) {
  const document = await documentOf(deps, operations, request, (request.params as { readonly id: string }).id);
  reply.header('etag', document.etag ?? '');
  return document;
}

/** A refusal comes with the operation as it is now; what HQ would refuse names the attribute. */
async function guarded<T>(
  deps: ServerDeps,
  operations: CustomerOperations,
  request: FastifyRequest,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (fault) {
    if (!(fault instanceof ActionRefused) || !isErrorCode(fault.code)) throw fault;
    const { code, params } = fault;
    if (code === 'operation-not-found') throw new Problem(code);
    const operation = await documentOf(deps, operations, request, (request.params as { readonly id: string }).id);
    const field = params['field'];
    throw new Problem(code, {
      params,
      // Codes of records have no status of their own: here they are what HQ said of the body.
      status: entryOf(code).status ?? 422,
      detail: describeCode(code, params),
      extra: { operation, allowedActions: operation.allowedActions },
      ...(operation.etag !== null && { headers: { etag: operation.etag } }),
      ...(typeof field === 'string' && {
        errors: [
          { in: 'body' as const, pointer: `/attributes/${pointerPart(field)}`, detail: describeCode(code, params) },
        ],
      }),
    });
  }
}
