/** `dryRun` may stand in the query or in the body: whoever asks for one in either place gets one. */
import type { FastifyRequest } from 'fastify';

export function isDryRun(request: Pick<FastifyRequest, 'query' | 'body'>): boolean {
  const query = request.query as { readonly dryRun?: unknown } | null | undefined;
  const body = request.body as { readonly dryRun?: unknown } | null | undefined;
  return query?.dryRun === true || (typeof body === 'object' && body?.dryRun === true);
}
