/** Whether the process lives, and whether it can work. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { HealthSchema } from '../schemas/stores.ts';
import type { ServerDeps } from '../server-deps.ts';

const tags = ['Health'];

/** Whoever asks waits no longer for a coupling database that stands still. */
const ANSWERED_WITHIN_MS = 5_000;

export function registerHealth(server: FastifyInstance, deps: ServerDeps): void {
  const typed = server.withTypeProvider<ZodTypeProvider>();
  typed.get(
    '/healthz',
    {
      config: { needs: 'public', rateLimit: false },
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the process lives',
        tags,
        response: { 200: HealthSchema },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
  typed.get(
    '/readyz',
    {
      config: { needs: 'public', rateLimit: false },
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether the coupling database answers and takes writes',
        description: 'Stores that are away do not count: Couplet lives while they are.',
        tags,
        response: { 200: HealthSchema, 503: HealthSchema },
      },
    },
    async (_, reply) => {
      const ready = await Promise.race([
        deps.isReady().catch(() => false),
        sleep(ANSWERED_WITHIN_MS, false, { ref: false }),
      ]);
      reply.code(ready ? 200 : 503);
      return { status: ready ? ('ok' as const) : ('unavailable' as const) };
    },
  );
}
