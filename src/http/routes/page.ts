/** The built page: its files, and for every address of its own the one document that finds its way by itself. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';
import type { ServerDeps } from '../server-deps.ts';

const ADDRESSES = [
  'errors',
  'customer-operations',
  'log',
  'jobs',
  'mappings',
  'couplings',
  'commerce',
  'sign-in',
] as const;

const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0] ?? '';
const isFile = (path: string): boolean => /\.\w{1,5}$/.test(path);

/** Somebody mistyped an address: the page says so in their language. Programs, and what looks for a file, get the problem. */
function isLost(request: FastifyRequest): boolean {
  const path = pathOf(request);
  const isPage = request.routeOptions.url === '/*' && path !== '/' && !path.startsWith('/api/') && !isFile(path);
  return isPage && request.headers.accept?.includes('text/html') === true;
}

export async function registerPage(server: FastifyInstance, { pageFolder }: ServerDeps): Promise<void> {
  if (pageFolder == null || !existsSync(join(pageFolder, 'index.html'))) return;
  await server.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, needs: 'public' };
      route.schema = { ...route.schema, hide: true };
    });
    page.addHook('preHandler', async (request, reply) => {
      if (isLost(request)) return reply.code(404).sendFile('index.html');
    });
    await page.register(fastifyStatic, {
      root: pageFolder,
      preCompressed: true,
      // Files carry a hash of what they hold in their names; the document does not.
      setHeaders: (answer, path) => {
        answer.header(
          'cache-control',
          path.endsWith('index.html') ? 'no-cache' : 'public, max-age=31536000, immutable',
        );
      },
    });
    for (const address of ADDRESSES) {
      page.get(`/${address}`, (_, reply) => reply.sendFile('index.html'));
      page.get(`/${address}/*`, (request, reply) => {
        if (isFile(pathOf(request))) throw new Problem('not-found');
        return reply.sendFile('index.html');
      });
    }
  });
}
