/** The built page: its files, and for every address of its own the one document that finds its way by itself. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
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

export async function registerPage(server: FastifyInstance, { pageFolder }: ServerDeps): Promise<void> {
  if (pageFolder == null || !existsSync(join(pageFolder, 'index.html'))) return;
  await server.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, needs: 'public' };
      route.schema = { ...route.schema, hide: true };
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
        if (/\.\w{1,5}$/.test(request.url)) throw new Problem('not-found');
        return reply.sendFile('index.html');
      });
    }
  });
}
