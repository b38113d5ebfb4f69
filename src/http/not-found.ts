/** What is not there: an address that is none, or one that has other methods than the one that was asked for. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

interface Address {
  readonly parts: readonly string[];
  readonly methods: readonly string[];
}

/** Before the routes, so that it hears of each of them. */
export function tellWhatIsNotThere(server: FastifyInstance): void {
  const addresses: Address[] = [];
  server.addHook('onRoute', ({ url, method }) => {
    // The page answers any address with its document: that says nothing of what there is.
    if (!url.includes('*')) addresses.push({ parts: partsOf(url), methods: [method].flat() });
  });
  server.setNotFoundHandler((request) => {
    const allowed = methodsAt(addresses, request);
    if (allowed.length === 0 || allowed.includes(request.method)) throw new Problem('not-found');
    const allow = allowed.join(', ');
    throw new Problem('method-not-allowed', { params: { method: request.method, allowed: allow }, headers: { allow } });
  });
}

const partsOf = (path: string): string[] => path.replace(/\/$/, '').split('/');

function methodsAt(addresses: readonly Address[], { url }: FastifyRequest): readonly string[] {
  const asked = partsOf(url.split('?')[0] ?? '');
  const found = addresses.filter(
    ({ parts }) =>
      parts.length === asked.length &&
      parts.every((part, at) => (part.startsWith(':') ? asked[at] !== '' : part === asked[at])),
  );
  return [...new Set(found.flatMap(({ methods }) => methods))].toSorted();
}
