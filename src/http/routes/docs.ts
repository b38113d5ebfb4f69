/** The OpenAPI document, and a page that shows it. No script stands in the page itself, so the policy needs no hole. */
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Couplet API</title>
  </head>
  <body>
    <script id="api-reference" data-url="/openapi.json" data-configuration='{"withDefaultFonts":false,"hideClientButton":true,"telemetry":false}'></script>
    <script src="/docs/reader/js/scalar.js"></script>
  </body>
</html>
`;

export async function registerDocs(server: FastifyInstance): Promise<void> {
  const open = { config: { needs: 'public' as const }, schema: { hide: true } as object };
  server.get('/openapi.json', open, async (_, reply) =>
    reply.type('application/json').send(JSON.stringify(server.swagger())),
  );
  server.get('/docs', open, async (_, reply) => reply.type('text/html; charset=utf-8').send(PAGE));
  await server.register(async (docs) => {
    // The reader's own routes carry no word of ours about who may see them.
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, needs: 'public' };
    });
    await docs.register(scalar, { routePrefix: '/docs/reader', configuration: { url: '/openapi.json' } });
  });
}
