/** Authentication and roles of every route, before its body is read; requests of foreign pages are refused here too. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ErrorAction, Role } from '../domain/terms.ts';
import type { Access } from '../ports/access.ts';
import { isLoopback } from './assert-listenable.ts';
import { type AuthOptions, type Caller, callerOf } from './caller.ts';
import { notAuthenticated, Problem } from './problem.ts';

/** What a route needs. `public` ones answer everybody; `channel` ones are for that channel's callers and operators. */
export type Needs = 'public' | 'viewer' | 'operator' | 'admin' | 'channel';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Routes of the API without it need a viewer to read and an operator to act. */
    needs?: Needs;
  }
}

const RANK: Readonly<Record<Exclude<Role, 'channel'>, number>> = { viewer: 1, operator: 2, admin: 3 };
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export const needsOf = (method: string, needs: Needs | undefined): Needs =>
  needs ?? (SAFE_METHODS.has(method) ? 'viewer' : 'operator');

export function authorizeRequests(server: FastifyInstance, auth: AuthOptions, access: Access): void {
  server.decorateRequest('caller', null);
  server.addHook('onRequest', async (request) => {
    refuseForeignPages(request, auth);
    const needs = needsOf(request.method, request.routeOptions.config.needs);
    if (request.is404 || needs === 'public') return;
    request.caller = await callerOf(request, auth, access);
    if (needs === 'channel') requireChannel(request);
    else requireRole(request, needs);
  });
}

/** A channel calls for itself; of the others, who may read and act at all. Whoever is asked who they are names no channel. */
function requireChannel(request: FastifyRequest): void {
  const { channel } = request.params as { readonly channel?: string };
  const caller = callerIn(request);
  if (channel === undefined) return;
  if (caller.role !== 'channel') requireRole(request, SAFE_METHODS.has(request.method) ? 'viewer' : 'operator');
  else if (caller.channel !== channel) throw notAllowed('channel');
}

export function requireRole(request: FastifyRequest, needed: Exclude<Needs, 'public' | 'channel'>): Caller {
  const caller = callerIn(request);
  if (!hasRole(caller, needed)) throw notAllowed(needed);
  return caller;
}

export const hasRole = ({ role }: Pick<Caller, 'role'>, needed: Exclude<Needs, 'public' | 'channel'>): boolean =>
  role !== 'channel' && RANK[role] >= RANK[needed];

export const callerIn = (request: FastifyRequest): Caller => {
  if (request.caller === null) throw notAuthenticated();
  return request.caller;
};

/** What an action on a synchronization error needs: a mass deletion is carried out by an admin only. */
export const roleToAct = (action: ErrorAction): 'operator' | 'admin' => (action === 'approve' ? 'admin' : 'operator');

const notAllowed = (role: string): Problem => new Problem('not-allowed', { params: { role }, extra: { role } });

/**
 * A page of somebody else in the same browser must not act here: not by the cookie, and not, on a machine without
 * authentication, by merely reaching the port or by a name of its own that resolves to this address.
 */
function refuseForeignPages(request: FastifyRequest, auth: AuthOptions): void {
  if (auth.kind === 'local' && !isLoopback(request.hostname)) {
    throw new Problem('foreign-origin', { params: { origin: request.hostname } });
  }
  if (SAFE_METHODS.has(request.method) || request.headers.authorization !== undefined) return;
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreign = origin === undefined ? site === 'cross-site' || site === 'same-site' : !isOwn(origin, request.host);
  if (foreign) throw new Problem('foreign-origin', { params: { origin: origin ?? String(site) } });
}

/** The scheme may differ behind a proxy that ends TLS; host and port may not. */
function isOwn(origin: string, host: string): boolean {
  try {
    const url = new URL(origin);
    return url.host === host || url.host === host.replace(/:(80|443)$/, '');
  } catch {
    return false;
  }
}
