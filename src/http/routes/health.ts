/** Whether the process lives, and whether it can work. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { HealthSchema } from '../schemas/stores.ts';
import type { ServerDeps } from '../server-deps.ts';

const tags = ['Health'];

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
        summary: 'Whether the coupling database answers',
        description: 'Stores that are away do not count: Couplet lives while they are.',
        tags,
        response: { 200: HealthSchema, 503: HealthSchema },
      },
    },
    async (_, reply) => {
      const ready = await deps.isReady().catch(() => false);
      reply.code(ready ? 200 : 503);
      return { status: ready ? ('ok' as const) : ('unavailable' as const) };
    },
  );
}
