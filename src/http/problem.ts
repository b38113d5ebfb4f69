/** What is thrown anywhere in a request to answer with a problem document. The error handler is the only one to send it. */
import { describeCode } from '../domain/describe-change.ts';
import type { Params } from '../domain/record.ts';
import { entryOf, type ErrorCode, isErrorCode } from '../errors/catalogue.ts';
import type { ProblemDocument, ProblemPlace } from './schemas/problem.ts';

export interface ProblemOptions {
  readonly params?: Params;
  readonly errors?: readonly ProblemPlace[];
  /** Members of the document beyond the usual ones: `error`, `role`, `count`… */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the sentence of the catalogue. */
  readonly detail?: string;
  readonly status?: number;
}

export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly options: ProblemOptions;
  constructor(code: ErrorCode, options: ProblemOptions = {}) {
    super(options.detail ?? describeCode(code, options.params ?? {}));
    this.name = 'Problem';
    this.code = code;
    this.status = options.status ?? entryOf(code).status ?? 500;
    this.options = options;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export function problemDocument(
  code: string,
  status: number,
  detail: string,
  requestId: string,
  options: ProblemOptions = {},
): ProblemDocument {
  return {
    type: `urn:couplet:problem:${code}`,
    title: TITLES[status] ?? 'Error',
    status,
    code,
    detail,
    params: options.params ?? {},
    ...(isErrorCode(code) && { remedy: entryOf(code).remedy }),
    requestId,
    ...(options.errors && { errors: [...options.errors] }),
    ...options.extra,
  };
}

export const invalid = (where: ProblemPlace['in'], pointer: string, detail: string): Problem =>
  new Problem('invalid-request', { params: { reason: detail }, errors: [{ in: where, pointer, detail }] });

export const unknownParameter = (
  where: ProblemPlace['in'],
  name: string,
  detail: string,
  suggestion?: string,
): Problem =>
  new Problem('unknown-parameter', {
    params: { parameter: name, ...(suggestion !== undefined && { suggestion }) },
    errors: [{ in: where, pointer: `/${pointerPart(name)}`, detail }],
  });

/** RFC 6901: `~` and `/` within a name. */
export const pointerPart = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** The cause is for the log alone: whoever is refused learns nothing from it. */
export const notAuthenticated = (cause?: Error): Problem => {
  const problem = new Problem('not-authenticated', { headers: { 'www-authenticate': 'Bearer realm="couplet"' } });
  problem.cause = cause;
  return problem;
};
