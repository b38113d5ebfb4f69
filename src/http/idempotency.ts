/**
 * `Idempotency-Key` on every POST: the same request again gets the first answer again, for a day. Dry runs write
 * nothing and are simply carried out again; answers of 500 and above are forgotten, so that a retry is a real one.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import pRetry from 'p-retry';
import type { Access, KeptAnswer, RepeatableRequest, RequestName } from '../ports/access.ts';
import { callerName } from './caller.ts';
import { isDryRun } from './is-dry-run.ts';
import { invalid, Problem } from './problem.ts';

const KEPT_HEADERS = ['content-type', 'location', 'etag', 'preference-applied'] as const;
const LONGEST_KEY = 255;
/** As long as a request without an answer is taken for one that is under way. */
const NOTING = {
  retries: Number.POSITIVE_INFINITY,
  minTimeout: 500,
  maxTimeout: 5_000,
  maxRetryTime: 15 * 60_000,
  unref: true,
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while this request is the first of its key. */
    repeatable: (RequestName & RepeatableRequest) | null;
  }
}

export function answerRepetitions(server: FastifyInstance, access: Access): void {
  server.decorateRequest('repeatable', null);
  server.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined || request.caller === null || isDryRun(request)) return;
    return begin(request, reply, access, String(key));
  });
  server.addHook('onSend', async (request, reply, payload) => {
    const name = request.repeatable;
    if (name === null) return payload;
    request.repeatable = null;
    const isKept = reply.statusCode < 500 && (typeof payload === 'string' || payload === undefined || payload === null);
    const body = isKept ? (payload ?? '') : '';
    const answer: KeptAnswer = { status: reply.statusCode, headers: headersOf(reply), body };
    await settle(() => (isKept ? access.keepAnswer(name, answer) : access.forgetRequest(name)));
    return payload;
  });
}

/**
 * What was answered is true whether or not it can be noted now. Where the coupling database is away it is noted when it is
 * back: until then the same key would be told that its request is under way, and after that it would be carried out again.
 */
async function settle(note: () => Promise<void>): Promise<void> {
  try {
    await note();
  } catch {
    pRetry(note, NOTING).catch(() => undefined);
  }
}

async function begin(request: FastifyRequest, reply: FastifyReply, access: Access, key: string): Promise<void> {
  if (key === '' || key.length > LONGEST_KEY)
    throw invalid('header', '/idempotency-key', `must have 1 to ${LONGEST_KEY} characters`);
  const [address = '', query] = request.url.split('?');
  // The same route with and without it.
  const path = address.replace(/\/$/, '');
  if (request.caller === null) return;
  const name: RequestName = { caller: callerName(request.caller), method: request.method, path, key };
  const found = await access.beginRequest(name, hashOf(query ?? '', request.body));
  switch (found.kind) {
    case 'first':
      request.repeatable = { ...name, ...found.request };
      return;
    case 'running':
      throw new Problem('request-in-progress', { headers: { 'retry-after': '1' } });
    case 'other':
      throw new Problem('idempotency-key-reused');
    case 'answered':
      reply.code(found.answer.status).headers(found.answer.headers).header('idempotency-replayed', 'true');
      return reply.send(found.answer.body === '' ? undefined : found.answer.body);
  }
}

/** As parsed, in one order of names: the same request spelt with other spaces is the same. */
const hashOf = (query: string, body: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([query, body ?? null], sorted))
    .digest('hex');

const sorted = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;

const headersOf = (reply: FastifyReply): Record<string, string> =>
  Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = reply.getHeader(name);
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
