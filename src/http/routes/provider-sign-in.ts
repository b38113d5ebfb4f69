/** Signing in at the OpenID Connect provider: there, back, and a session as for everybody else. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Server } from '../typed-server.ts';
import { cookieOf } from '../caller.ts';
import { PROBLEMS } from '../describe-api.ts';
import { describeFault } from '../describe-fault.ts';
import { whyRefused } from '../handle-error.ts';
import { Problem } from '../problem.ts';
import { SignInWaysSchema } from '../schemas/access.ts';
import type { ServerDeps } from '../server-deps.ts';
import { cookieText, schemeOf } from '../session-cookie.ts';
import { errorWord, type SignInAttempt, type SignInProvider } from '../sign-in-provider.ts';
import { meOf, SESSION_MS, sessionCookie } from './access.ts';

const COOKIE = 'couplet_sign_in';
const BEGIN = '/api/v1/session/oidc';
const CALLBACK = `${BEGIN}/callback`;
/** Time for a password, a second factor and a coffee. */
const ATTEMPT_SECONDS = 15 * 60;

interface Attempt extends SignInAttempt {
  readonly to: string;
}

export function registerProviderSignIn(api: Server, deps: ServerDeps): void {
  registerWays(api, deps);
  api.get(
    '/session/oidc',
    {
      config: { needs: 'public' },
      schema: { hide: true, querystring: z.object({ to: z.string().max(2_000).optional() }) },
    },
    async (request, reply) => {
      const provider = requireProvider(deps);
      const attempt: Attempt = { ...provider.begin(), to: ownAddress(request.query.to) };
      try {
        const address = await provider.addressOf(attempt, redirectUriOf(request));
        return await reply.header('set-cookie', attemptCookie(request, attempt)).redirect(address);
      } catch (fault) {
        return backWithout(fault, request, reply);
      }
    },
  );

  api.get(
    '/session/oidc/callback',
    {
      config: { needs: 'public' },
      schema: {
        hide: true,
        querystring: z.looseObject({ code: z.string().max(4_000).optional(), state: z.string().max(500).optional() }),
      },
    },
    async (request, reply) => {
      const provider = requireProvider(deps);
      const attempt = attemptIn(request);
      const { code, state } = request.query;
      // Without the attempt that this browser began, the code may be another's, slipped in to sign somebody in as them.
      if (attempt === null) return backToSignIn(request, reply, 'this browser began no sign-in, or too long ago');
      if (state !== attempt.state) return backToSignIn(request, reply, 'it answers another sign-in (state)');
      if (code === undefined) {
        return backToSignIn(request, reply, `the provider gave no code: ${errorWord(request.query['error'])}`);
      }
      try {
        const owner = await provider.finish(attempt, code, redirectUriOf(request));
        const session = await deps.access.openSession(meOf(owner), null, new Date(Date.now() + SESSION_MS));
        return await reply
          .header('set-cookie', [sessionCookie(request, session, SESSION_MS / 1_000), attemptCookie(request, null)])
          .redirect(attempt.to);
      } catch (fault) {
        if (fault instanceof Problem && fault.status < 500) {
          return backToSignIn(request, reply, whyRefused(fault).reason ?? fault.message);
        }
        return backWithout(fault, request, reply);
      }
    },
  );
}

function registerWays(api: Server, { auth }: ServerDeps): void {
  api.get(
    '/session/ways',
    {
      config: { needs: 'public' },
      schema: {
        operationId: 'getSignInWays',
        summary: 'How one may sign in',
        tags: ['Access'],
        querystring: z.strictObject({}),
        response: { 200: SignInWaysSchema, ...PROBLEMS },
      },
    },
    async () => {
      if (auth.kind === 'local') return { apiKey: false, token: false, redirect: false };
      return { apiKey: auth.apiKeys, token: auth.tokens !== null, redirect: auth.provider != null };
    },
  );
}

function requireProvider({ auth }: ServerDeps): SignInProvider {
  if (auth.kind === 'local' || auth.provider == null) throw new Problem('not-found');
  return auth.provider;
}

const redirectUriOf = (request: FastifyRequest): string => `${schemeOf(request)}://${request.host}${CALLBACK}`;

/** An address of the page itself, or its beginning: a link must not lead through the sign-in to another site. */
const ownAddress = (to: string | undefined): string =>
  to !== undefined && /^\/(?![/\\])[^\\\s]*$/.test(to) ? to : '/';

/** Lax: the provider's redirect begins elsewhere, and this cookie has to come along. */
const attemptCookie = (request: FastifyRequest, attempt: Attempt | null): string =>
  cookieText(request, {
    name: COOKIE,
    value: attempt === null ? '' : Buffer.from(JSON.stringify(attempt)).toString('base64url'),
    path: BEGIN,
    maxAgeSeconds: attempt === null ? 0 : ATTEMPT_SECONDS,
    sameSite: 'Lax',
  });

const AttemptSchema = z.strictObject({
  state: z.string().min(20),
  nonce: z.string().min(20),
  verifier: z.string().min(20),
  to: z.string(),
});

function attemptIn(request: FastifyRequest): Attempt | null {
  const text = cookieOf(request, COOKIE);
  if (text === null) return null;
  try {
    const attempt = AttemptSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { ...attempt, to: ownAddress(attempt.to) };
  } catch {
    return null;
  }
}

/** The page asks again, and says that it did not work; why stands in the log. */
function backToSignIn(request: FastifyRequest, reply: FastifyReply, reason: string): FastifyReply {
  request.log.warn({ reason }, 'sign-in refused');
  return reply.header('set-cookie', attemptCookie(request, null)).redirect('/sign-in?refused=true');
}

/** A person at a browser asked: while the provider is away the page says so, and offers what other ways there are. */
function backWithout(fault: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(fault instanceof Problem) || fault.code !== 'identity-provider-unreachable') throw fault;
  request.log.error({ fault: describeFault(fault), code: fault.code }, 'sign-in failed');
  return reply.header('set-cookie', attemptCookie(request, null)).redirect('/sign-in?away=true');
}
