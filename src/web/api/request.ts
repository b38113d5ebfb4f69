/** One request to the API: problem documents become `ApiProblem`, a server that cannot be reached `Unreachable`. */
import type { ProblemDocument } from '../../http/schemas/problem.ts';
import { noteContact } from './connection.ts';

export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: ProblemDocument;
  constructor(problem: ProblemDocument) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
  }
}

export class Unreachable extends Error {
  constructor() {
    super('the server cannot be reached');
    this.name = 'Unreachable';
  }
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly ifMatch?: string | null;
  /** Seconds to wait for a job to finish. */
  readonly waitSeconds?: number;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Sent also when the page is closed meanwhile. */
  readonly outlivesPage?: boolean;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export async function request<Answer>(method: Method, path: string, options: RequestOptions = {}): Promise<Answer> {
  const answer = await send(method, path, options);
  if (answer.status === 204) return undefined as Answer;
  return (await answer.json()) as Answer;
}

export async function requestBlob(path: string, accept: string): Promise<Blob> {
  return (await send('GET', path, { accept })).blob();
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const answer = await fetch(`/api/v1${path}`, {
    method,
    headers: headersOf(method, options),
    credentials: 'same-origin',
    ...(method !== 'GET' && method !== 'DELETE' && { body: JSON.stringify(options.body ?? {}) }),
    ...(options.signal && { signal: options.signal }),
    ...(options.outlivesPage === true && { keepalive: true }),
  }).catch((fault: unknown) => {
    if (options.signal?.aborted) throw fault;
    noteContact(false);
    throw new Unreachable();
  });
  noteContact(true);
  if (answer.ok) return answer;
  throw new ApiProblem(await problemOf(answer));
}

function headersOf(method: Method, { ifMatch, waitSeconds, accept }: RequestOptions): Record<string, string> {
  return {
    accept: accept ?? 'application/json',
    ...(method !== 'GET' && method !== 'DELETE' && { 'content-type': 'application/json' }),
    // A repeated click or a repeated request of the network must not act twice.
    ...(method === 'POST' && { 'idempotency-key': randomKey() }),
    ...(ifMatch != null && { 'if-match': ifMatch }),
    ...(waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
  };
}

/** `randomUUID` exists only where the page came by TLS or from this machine. */
const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Something in between (a proxy) may answer with anything. */
async function problemOf(answer: Response): Promise<ProblemDocument> {
  const body = (await answer.json().catch(() => null)) as Partial<ProblemDocument> | null;
  const detail = body?.detail ?? `${answer.status} ${answer.statusText}`.trim();
  return {
    type: 'about:blank',
    title: answer.statusText,
    status: answer.status,
    code: 'internal-error',
    params: {},
    requestId: '',
    ...body,
    detail,
  };
}
