/** How requests are read: names, sizes, content types, text that no database takes, and what cannot be read at all. */
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import { v7 as newId } from 'uuid';
import { documentOf, sendProblem } from './handle-error.ts';
import { invalid, problemDocument, unknownParameter } from './problem.ts';

const LARGEST_BODY_BYTES = 1024 * 1024;
/** Lists of pairs and of ids. */
export const LARGEST_LIST_BYTES = 32 * 1024 * 1024;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

export const frameworkOptions = {
  bodyLimit: LARGEST_BODY_BYTES,
  // We write a line of our own, without the address: keys and searched texts are values of customers.
  logController: new LogController({ disableRequestLogging: true }),
  forceCloseConnections: 'idle',
  requestTimeout: 120_000,
  genReqId: (request) => {
    const given = request.headers['x-request-id'];
    return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
  },
  frameworkErrors: (fault, request, reply) => {
    reply.header('x-request-id', request.id);
    void sendProblem(reply, documentOf(fault, request.id));
  },
  routerOptions: { maxParamLength: 1_000, ignoreTrailingSlash: true },
} satisfies FastifyServerOptions;

/** Not even HTTP: there is no request to answer, only a socket. */
export function answerUnreadableRequest(fault: Error & { readonly code?: string }, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) return;
  const params = { reason: 'it is not HTTP as a server can read it' };
  const body = JSON.stringify(
    problemDocument('invalid-request', 400, `The request is not valid: ${params.reason}`, newId(), { params }),
  );
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

export function acceptBodies(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  // Clients that always send the header are common: no body is an empty one.
  server.removeContentTypeParser(['application/json', 'text/plain']);
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parseJson(request, body.toString(), done);
  });
  server.addContentTypeParser('text/csv', { parseAs: 'string' }, (_, body, done) => done(null, body.toString()));
  server.addHook('preValidation', async (request) => {
    if (request.method !== 'GET' && request.routeOptions.schema?.body !== undefined) request.body ??= {};
  });
}

/** PostgreSQL has no character U+0000, and half a surrogate pair is no text: neither is in any store. */
export function refuseBadText(server: FastifyInstance): void {
  server.addHook('preValidation', async (request) => {
    refuse('query', '', request.query, 0);
    refuse('path', '', request.params, 0);
    refuse('body', '', request.body, 0);
  });
}

/**
 * A route that takes no query names none: what is given there all the same would be left out of account without a word,
 * and `?dryRun=true` would write.
 */
export function refuseUnaskedQueries(server: FastifyInstance): void {
  server.addHook('preValidation', async (request) => {
    const { schema, url } = request.routeOptions;
    if (!url?.startsWith('/api/v1/') || schema === undefined || schema.querystring || schema.hide) return;
    const [name] = Object.keys(request.query ?? {});
    if (name !== undefined) throw unknownParameter('query', name, 'is not known here');
  });
}

const DEEPEST = 100;

function refuse(where: 'query' | 'path' | 'body', pointer: string, value: unknown, depth: number): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000') || !value.isWellFormed())
      throw invalid(where, pointer, 'holds a character that is no text');
  } else if (typeof value === 'object' && value !== null) {
    if (depth > DEEPEST) throw invalid(where, '', `is nested more than ${DEEPEST} deep`);
    for (const [name, inner] of Object.entries(value)) {
      if (name.includes('\u0000') || !name.isWellFormed()) throw invalid(where, pointer, 'has a name that is no text');
      refuse(where, `${pointer}/${name}`, inner, depth + 1);
    }
  }
}
