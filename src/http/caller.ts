/** Who calls: found by key, token or session cookie; without authentication everybody on this machine is `local`. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Role } from '../domain/terms.ts';
import type { Access } from '../ports/access.ts';
import { notAuthenticated } from './problem.ts';
import type { SignInProvider } from './sign-in-provider.ts';
import type { TokenVerifier } from './verify-token.ts';

export interface Caller {
  readonly actor: string;
  readonly role: Role;
  readonly channel: string | null;
  readonly way: 'local' | 'apiKey' | 'token' | 'session';
}

export type AuthOptions =
  /** Loopback only; the actor is `local`. */
  | { readonly kind: 'local' }
  | {
      readonly kind: 'configured';
      readonly apiKeys: boolean;
      readonly tokens: TokenVerifier | null;
      /** Where people are sent to sign in; without it they bring a key or a token. */
      readonly provider?: SignInProvider | null;
    };

export const SESSION_COOKIE = 'couplet_session';
const LOCAL: Caller = { actor: 'local', role: 'admin', channel: null, way: 'local' };
/** An API key is told from a token by its beginning, so that neither is sent where the other belongs. */
export const API_KEY_PREFIX = 'cpl_';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null before authentication, and on public routes. */
    caller: Caller | null;
  }
}

export async function callerOf(request: FastifyRequest, auth: AuthOptions, access: Access): Promise<Caller> {
  if (auth.kind === 'local') return LOCAL;
  const bearer = bearerOf(request);
  if (bearer !== null) return callerOfSecret(bearer, auth, access);
  const session = cookieOf(request, SESSION_COOKIE);
  const owner = session === null ? null : await access.sessionOf(session);
  if (owner === null) throw notAuthenticated();
  return { ...owner, way: 'session' };
}

export async function callerOfSecret(
  secret: string,
  auth: Extract<AuthOptions, { kind: 'configured' }>,
  access: Access,
): Promise<Caller & { readonly apiKeyId: string | null }> {
  if (secret.startsWith(API_KEY_PREFIX)) {
    const key = auth.apiKeys ? await access.apiKeyOf(secret) : null;
    if (key === null) throw notAuthenticated();
    return { actor: key.name, role: key.role, channel: key.channel, way: 'apiKey', apiKeyId: key.id };
  }
  if (auth.tokens === null) throw notAuthenticated();
  return { ...(await auth.tokens.verify(secret)), way: 'token', apiKeyId: null };
}

export function bearerOf(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  if (header === undefined) return null;
  const [, secret] = /^Bearer +([^\s]{1,20000})$/i.exec(header) ?? [];
  if (secret === undefined) throw notAuthenticated();
  return secret;
}

export function cookieOf(request: FastifyRequest, name: string): string | null {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

/** Names a caller among the repeated requests, without naming a secret. */
export const callerName = (caller: Caller): string =>
  createHash('sha256')
    .update(JSON.stringify([caller.actor, caller.role, caller.channel]))
    .digest('base64url');
