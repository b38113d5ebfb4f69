/**
 * The one error handler: whatever is thrown becomes a problem document with a code. 4xx are logged as warnings, 5xx as
 * errors with their cause; the cause stays inside, since messages of drivers carry values of customers.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { describeCode } from '../domain/describe-change.ts';
import { entryOf, isErrorCode } from '../errors/catalogue.ts';
import { CouplingDatabaseUnreachable } from '../errors/coupling-database-faults.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import { ActionRefused } from '../ports/synchronizer.ts';
import { describeFault } from './describe-fault.ts';
import { explainValidation } from './explain-validation.ts';
import { Problem, problemDocument } from './problem.ts';
import type { ProblemDocument } from './schemas/problem.ts';

const STATUS_OF_FRAMEWORK: Readonly<Record<string, readonly [status: number, code: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'payload-too-large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported-media-type'],
};

type StoreFault = StoreUnreachable | StoreBusy | FenceLost | StoreRefused | LineageBroken;

const isStoreFault = (fault: unknown): fault is StoreFault =>
  fault instanceof StoreUnreachable ||
  fault instanceof StoreBusy ||
  fault instanceof FenceLost ||
  fault instanceof StoreRefused ||
  fault instanceof LineageBroken;

/** A fault of a store as the answer to a request: the store is away or busy now, or stands in the way until cured. */
const storeStatus = (fault: StoreFault): number => {
  const status = isErrorCode(fault.code) ? entryOf(fault.code).status : null;
  if (status !== null) return status;
  return fault instanceof StoreRefused || fault instanceof LineageBroken ? 409 : 503;
};

export function documentOf(fault: unknown, requestId: string): ProblemDocument {
  if (fault instanceof Problem) {
    return problemDocument(fault.code, fault.status, fault.message, requestId, fault.options);
  }
  if (fault instanceof ActionRefused) {
    const status = isErrorCode(fault.code) ? (entryOf(fault.code).status ?? 409) : 409;
    const detail = isErrorCode(fault.code) ? describeCode(fault.code, fault.params) : fault.message;
    return problemDocument(fault.code, status, detail, requestId, { params: fault.params });
  }
  if (isStoreFault(fault)) {
    const detail = isErrorCode(fault.code) ? describeCode(fault.code, fault.params) : 'The store cannot do this now';
    return problemDocument(fault.code, storeStatus(fault), detail, requestId, { params: fault.params });
  }
  if (fault instanceof CouplingDatabaseUnreachable) {
    const { code, params } = fault;
    return problemDocument(code, 503, describeCode(code, params), requestId, { params });
  }
  if (hasZodFastifySchemaValidationErrors(fault)) {
    const { code, params, errors, detail } = explainValidation(fault);
    return problemDocument(code, 400, detail ?? describeCode(code, params), requestId, { params, errors });
  }
  return documentOfFramework(fault as Partial<FastifyError>, requestId);
}

function documentOfFramework(fault: Partial<FastifyError>, requestId: string): ProblemDocument {
  const known = STATUS_OF_FRAMEWORK[fault.code ?? ''];
  if (known) return problemDocument(known[1], known[0], describeCode(known[1], {}), requestId);
  const status = fault.statusCode ?? 500;
  if (status === 429) {
    return problemDocument('too-many-requests', 429, describeCode('too-many-requests', {}), requestId);
  }
  if (status >= 400 && status < 500) {
    // What fastify says of a malformed request names no value of it.
    const reason = fault.code?.startsWith('FST_') ? (fault.message ?? '') : 'it cannot be read';
    const params = { reason };
    return problemDocument('invalid-request', status, describeCode('invalid-request', params), requestId, { params });
  }
  return problemDocument(
    'internal-error',
    500,
    'Something went wrong inside; the request id leads to it in the log',
    requestId,
  );
}

export async function handleError(
  fault: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const document = documentOf(fault, request.id);
  if (document.status >= 500) request.log.error({ fault: describeFault(fault), code: document.code }, 'request failed');
  else request.log.warn({ code: document.code, status: document.status, ...whyRefused(fault) }, 'request refused');
  if (document.status === 503) reply.header('retry-after', '5');
  if (fault instanceof Problem) reply.headers(fault.options.headers ?? {});
  await sendProblem(reply, document);
}

/** What speaks against a token or a sign-in; nobody could set the provider up without it. No value of it is named. */
export const whyRefused = (fault: unknown): { readonly reason?: string } =>
  fault instanceof Problem && fault.cause instanceof Error ? { reason: fault.cause.message } : {};

export const sendProblem = async (reply: FastifyReply, document: ProblemDocument): Promise<void> => {
  // As text: the serializer of the route knows its answers, not these.
  await reply.code(document.status).type('application/problem+json').send(JSON.stringify(document));
};
