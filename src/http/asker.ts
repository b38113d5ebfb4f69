/** Who asks, for the engine and the log. */
import type { FastifyRequest } from 'fastify';
import type { Asker } from '../ports/synchronizer.ts';
import { callerIn } from './authorize.ts';

export const askerOf = (request: FastifyRequest, reason: string | undefined): Asker => ({
  actor: callerIn(request).actor,
  reason: reason ?? null,
  requestId: request.id,
});
