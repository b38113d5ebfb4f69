/** A server whose routes take the types of their requests and answers from their schemas. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

export const typed = (server: FastifyInstance) => server.withTypeProvider<ZodTypeProvider>();

export type Server = ReturnType<typeof typed>;
