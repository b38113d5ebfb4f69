/** Live events: what changes, told to pages that watch. The page asks for the details itself. */
import { z } from 'zod';
import type { EventFeed, LiveEvent } from '../../ports/event-feed.ts';
import type { Server } from '../typed-server.ts';
import { PROBLEMS } from '../describe-api.ts';
import { Problem } from '../problem.ts';
import type { ServerDeps } from '../server-deps.ts';

const RECONNECT_AFTER_MS = 2_000;
/** Whoever reconnects shows the key or session again, so that one which has ended sees no more. */
const LONGEST_STREAM_MS = 15 * 60_000;

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
      const gone = new AbortController();
      reply.sse.onClose(() => gone.abort());
      const after = request.headers['last-event-id'] ?? null;
      await reply.sse.send(
        messages(
          deps.events,
          after,
          AbortSignal.any([gone.signal, api.closing, AbortSignal.timeout(LONGEST_STREAM_MS)]),
        ),
      );
    },
  );
}

const takesEvents = (accept: string | undefined): boolean =>
  accept === undefined ||
  /(^|,)\s*(text\/event-stream|text\/\*|\*\/\*)\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)/i.test(accept);

async function* messages(feed: EventFeed, after: string | null, signal: AbortSignal) {
  // At once, so that the browser knows that it is connected.
  yield { retry: RECONNECT_AFTER_MS, data: '' };
  for await (const event of feed.follow(after, signal)) yield messageOf(event);
}

const messageOf = ({ id, name, ...data }: LiveEvent) => ({ id, event: name, data });
