/** The end of the server, for whoever waits or streams: nobody may hold it up. */
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the server begins to close. */
    closing: AbortSignal;
  }
}

export function announceClosing(server: FastifyInstance): void {
  const controller = new AbortController();
  server.decorate('closing', controller.signal);
  server.addHook('preClose', async () => controller.abort());
}
