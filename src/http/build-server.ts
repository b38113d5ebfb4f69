/** The server as one value: every route, hook and refusal, but nobody listens yet. Tests talk to it with `inject`. */
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import sse from '@fastify/sse';
import fastify, { type FastifyInstance } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { authorizeRequests } from './authorize.ts';
import { announceClosing } from './closing.ts';
import { describeApi } from './describe-api.ts';
import { handleError } from './handle-error.ts';
import { answerRepetitions } from './idempotency.ts';
import { tellWhatIsNotThere } from './not-found.ts';
import { answerUnreadableRequest, frameworkOptions } from './read-request.ts';
import { acceptBodies, refuseBadText, refuseUnaskedQueries } from './read-request.ts';
import { requireKnownNames } from './require-known-names.ts';
import { registerAccess } from './routes/access.ts';
import { registerProviderSignIn } from './routes/provider-sign-in.ts';
import { registerCouplings } from './routes/couplings.ts';
import { registerDocs } from './routes/docs.ts';
import { registerEvents } from './routes/events.ts';
import { registerHealth } from './routes/health.ts';
import { registerJobs } from './routes/jobs.ts';
import { registerMappings } from './routes/mappings.ts';
import { registerMetrics } from './routes/metrics.ts';
import { registerPage } from './routes/page.ts';
import { registerStores } from './routes/stores.ts';
import { registerErrorActions } from './routes/error-actions.ts';
import { registerSynchronizationErrors } from './routes/synchronization-errors.ts';
import { registerSynchronizationLog } from './routes/synchronization-log.ts';
import { serializeAnswers } from './serialize-answer.ts';
import type { ServerDeps } from './server-deps.ts';
import { type Server, typed } from './typed-server.ts';

/** Resolves when every plugin is in place; the caller listens, or injects. */
export async function buildServer(deps: ServerDeps): Promise<FastifyInstance> {
  const server = typed(
    fastify({ ...frameworkOptions, loggerInstance: deps.log, clientErrorHandler: answerUnreadableRequest }),
  );
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializeAnswers(deps.checkAnswers ?? false));
  server.setErrorHandler(handleError);
  announceClosing(server);
  nameRequests(server);
  tellWhatIsNotThere(server);
  acceptBodies(server);
  refuseBadText(server);
  refuseUnaskedQueries(server);
  await secureAnswers(server, deps);
  await describeApi(server);
  authorizeRequests(server, deps.auth, deps.access);
  answerRepetitions(server, deps.access);
  await server.register(sse.default, { heartbeatInterval: 15_000 });
  await registerMetrics(server, deps);
  registerHealth(server, deps);
  await server.register(async (api) => registerApi(typed(api), deps), { prefix: '/api/v1' });
  await registerDocs(server);
  await registerPage(server, deps);
  await server.ready();
  return server;
}

async function registerApi(api: Server, deps: ServerDeps): Promise<void> {
  requireKnownNames(api, deps);
  registerAccess(api, deps);
  registerProviderSignIn(api, deps);
  registerStores(api, deps);
  registerMappings(api, deps);
  registerJobs(api, deps);
  registerCouplings(api, deps);
  registerSynchronizationErrors(api, deps);
  registerErrorActions(api, deps);
  registerSynchronizationLog(api, deps);
  registerEvents(api, deps);
  for (const registerMore of deps.moreRoutes ?? []) await registerMore(api);
}

/** The id of the request stands in the answer, in every log line of it, and in what it leads to. */
function nameRequests(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  server.addHook('onResponse', async (request, reply) => {
    // The pattern of the route, not the address: keys and searched texts are values of customers.
    const route = request.routeOptions.url ?? 'none';
    request.log.info(
      {
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        actor: request.caller?.actor,
      },
      'answered',
    );
  });
}

async function secureAnswers(server: FastifyInstance, deps: ServerDeps): Promise<void> {
  await server.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // The page's components write their styles at run time.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Only over TLS, which a proxy in front ends; the header of plain HTTP is ignored by browsers anyway.
    strictTransportSecurity: deps.auth.kind === 'configured' ? { maxAge: 15_552_000 } : false,
    referrerPolicy: { policy: 'same-origin' },
  });
  server.addHook('onSend', async (request, reply) => {
    // Answers hold records of customers: no shared cache may keep them.
    if (request.url.startsWith('/api/')) reply.header('cache-control', reply.getHeader('cache-control') ?? 'no-store');
  });
  const { perMinute, signInsPerMinute } = deps.limits ?? { perMinute: 6_000, signInsPerMinute: 30 };
  await server.register(rateLimit, {
    global: true,
    timeWindow: 60_000,
    max: (request) =>
      request.routeOptions.url === '/api/v1/session' && request.method === 'POST' ? signInsPerMinute : perMinute,
    // Per address: whoever tries keys one by one must not get a fresh allowance with each of them.
    keyGenerator: (request) => `${request.ip} ${request.routeOptions.url === '/api/v1/session' ? 'session' : ''}`,
    allowList: () => deps.auth.kind === 'local',
  });
}
