/** `If-Match`: one etag, or `*`. */
import type { FastifyRequest } from 'fastify';
import { invalid } from './problem.ts';

/** Null: the header was not sent. */
export function readIfMatch(request: FastifyRequest): string | null {
  const header = request.headers['if-match'];
  if (header === undefined) return null;
  const text = header.trim();
  if (text === '*') return text;
  // Caches and proxies that compress mark an etag as weak; it is ours all the same.
  const [, etag] = /^(?:W\/)?("[^"]{1,200}")$/.exec(text) ?? [];
  if (etag === undefined) throw invalid('header', '/if-match', 'must be one quoted etag, or *');
  return etag;
}
