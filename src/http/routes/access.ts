/** Who the caller is, and signing in and out of the page. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Server } from '../typed-server.ts';
import { callerIn } from '../authorize.ts';
import { bearerOf, callerOfSecret, cookieOf, SESSION_COOKIE } from '../caller.ts';
import { NO_CONTENT, PROBLEMS } from '../describe-api.ts';
import { notAuthenticated } from '../problem.ts';
import { type Me, MeSchema, SignInBodySchema } from '../schemas/access.ts';
import type { ServerDeps } from '../server-deps.ts';
import { cookieText } from '../session-cookie.ts';

const tags = ['Access'];
/** A working day; whoever stays longer signs in again. */
export const SESSION_MS = 12 * 60 * 60 * 1_000;

export function registerAccess(api: Server, deps: ServerDeps): void {
  api.get(
    '/me',
    {
      // Channels, too, may ask who they are.
      config: { needs: 'channel' },
      schema: {
        operationId: 'getMe',
        summary: 'See who the caller is',
        tags,
        querystring: z.strictObject({}),
        response: { 200: MeSchema, ...PROBLEMS },
      },
    },
    async (request) => meOf(callerIn(request)),
  );

  api.post(
    '/session',
    {
      config: { needs: 'public' },
      schema: {
        operationId: 'signIn',
        summary: 'Sign in with an API key or a token; sets a cookie',
        tags,
        body: SignInBodySchema,
        response: { 200: MeSchema, ...PROBLEMS },
      },
    },
    (request, reply) => signIn(deps, request, reply, request.body.apiKey ?? request.body.token ?? null),
  );

  api.delete(
    '/session',
    {
      config: { needs: 'public' },
      schema: {
        operationId: 'signOut',
        summary: 'Sign out; the session is over for good',
        tags,
        response: { 204: NO_CONTENT, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const session = cookieOf(request, SESSION_COOKIE);
      if (session !== null) await deps.access.closeSession(session);
      return reply
        .code(204)
        .header('set-cookie', sessionCookie(request, '', 0))
        .send(undefined);
    },
  );
}

export const meOf = ({ actor, role, channel }: Me): Me => ({ actor, role, channel });

async function signIn(
  deps: ServerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  given: string | null,
): Promise<Me> {
  if (deps.auth.kind === 'local') return { actor: 'local', role: 'admin', channel: null };
  const secret = given ?? bearerOf(request);
  if (secret === null) throw notAuthenticated();
  const caller = await callerOfSecret(secret, deps.auth, deps.access);
  const expiresAt = new Date(Date.now() + SESSION_MS);
  const session = await deps.access.openSession(meOf(caller), caller.apiKeyId, expiresAt);
  reply.header('set-cookie', sessionCookie(request, session, SESSION_MS / 1_000));
  return meOf(caller);
}

export const sessionCookie = (request: FastifyRequest, value: string, maxAgeSeconds: number): string =>
  cookieText(request, { name: SESSION_COOKIE, value, path: '/', maxAgeSeconds, sameSite: 'Strict' });
