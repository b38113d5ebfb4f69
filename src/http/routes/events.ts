/** Live events: what changes, told to pages that watch. The page asks for the details itself. */
import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { LiveEvent } from '../../ports/event-feed.ts';
import type { Server } from '../typed-server.ts';
import { callerOf } from '../caller.ts';
import { PROBLEMS } from '../describe-api.ts';
import { Problem } from '../problem.ts';
import type { ServerDeps } from '../server-deps.ts';

const RECONNECT_AFTER_MS = 2_000;
/** Whoever reconnects shows the key or session again, so that one which has ended sees no more. */
const LONGEST_STREAM_MS = 15 * 60_000;
/** A burst of events is not as many questions who asks. */
const CALLER_HOLDS_MS = 1_000;
const LAST_WORDS_WITHIN_MS = 1_000;

export function registerEvents(api: Server, deps: ServerDeps): void {
  api.get(
    '/events',
    {
      sse: { kind: 'manual' },
      schema: {
        operationId: 'followEvents',
        summary: 'Follow what happens',
        description:
          'Server-sent events named `job`, `error`, `operation` and `store`, each with an id; `Last-Event-ID` goes on after it. An event may come twice around a reconnection.',
        tags: ['Live events'],
        headers: z.looseObject({ 'last-event-id': z.string().max(2_000).optional() }),
        response: {
          200: { description: 'The stream.', content: { 'text/event-stream': { schema: z.string() } } },
          ...PROBLEMS,
        },
      },
    },
    async (request, reply) => {
      if (!takesEvents(request.headers.accept)) {
        throw new Problem('invalid-request', { status: 406, params: { reason: 'events are text/event-stream' } });
      }
      // Whoever asks for the head alone would wait for its end as long as the stream lasts.
      if (request.method === 'HEAD') return reply.type('text/event-stream').send('');
      const gone = new AbortController();
      reply.sse.onClose(() => gone.abort());
      const over = AbortSignal.any([gone.signal, api.closing, AbortSignal.timeout(LONGEST_STREAM_MS)]);
      endForSure(reply.raw, over);
      const events = deps.events.follow(request.headers['last-event-id'] ?? null, over);
      await reply.sse.send(messages(whileAllowed(events, request, deps)));
    },
  );
}

const takesEvents = (accept: string | undefined): boolean =>
  accept === undefined ||
  /(^|,)\s*(text\/event-stream|text\/\*|\*\/\*)\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)/i.test(accept);

/** A client that does not read takes no end either: its connection is cut, or the server would wait for it to close. */
function endForSure(answer: ServerResponse, over: AbortSignal): void {
  over.addEventListener('abort', () => {
    const cut = setTimeout(() => answer.destroy(), LAST_WORDS_WITHIN_MS);
    answer.once('close', () => clearTimeout(cut));
  });
}

/** A key that is revoked, a session that is over and a token that has expired are told nothing more. */
async function* whileAllowed(events: AsyncIterable<LiveEvent>, request: FastifyRequest, deps: ServerDeps) {
  let askedAt = Date.now();
  for await (const event of events) {
    if (Date.now() - askedAt >= CALLER_HOLDS_MS) {
      if (!(await isStillAllowed(request, deps))) return;
      askedAt = Date.now();
    }
    yield event;
  }
}

async function isStillAllowed(request: FastifyRequest, { auth, access }: ServerDeps): Promise<boolean> {
  try {
    await callerOf(request, auth, access);
    return true;
  } catch (fault) {
    if (fault instanceof Problem && fault.status < 500) return false;
    throw fault;
  }
}

async function* messages(events: AsyncIterable<LiveEvent>) {
  // At once, so that the browser knows that it is connected.
  yield { retry: RECONNECT_AFTER_MS, data: '' };
  for await (const event of events) yield messageOf(event);
}

const messageOf = ({ id, name, ...data }: LiveEvent) => ({ id, event: name, data });
