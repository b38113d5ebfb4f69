/** Tokens of an OpenID Connect provider: signature, issuer, audience, time, and the claim that holds the role. */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Role } from '../domain/terms.ts';
import { notAuthenticated, Problem } from './problem.ts';

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  /** A claim, or a path of claims with dots: `realm_access.roles`. */
  readonly roleClaim: string;
}

export interface TokenOwner {
  readonly actor: string;
  readonly role: Role;
  readonly channel: string | null;
  readonly expiresAt: Date | null;
}

export interface TokenVerifier {
  verify(token: string): Promise<TokenOwner>;
  /** A token that the provider made for this client after a sign-in that it began itself. */
  verifySignIn(token: string, clientId: string, nonce: string): Promise<TokenOwner>;
}

/** Asymmetric ones only: a token signed with a public key as its secret must never pass. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCK_TOLERANCE_SECONDS = 30;
const DISCOVERY_TIMEOUT_MS = 5_000;

export function createTokenVerifier(options: TokenOptions): TokenVerifier {
  let keys: Promise<JWTVerifyGetKey> | null = null;
  const keysOf = async (): Promise<JWTVerifyGetKey> => {
    keys ??= discoverKeys(options.issuer);
    try {
      return await keys;
    } catch (cause) {
      // The provider may be up the next time.
      keys = null;
      throw providerAway(cause);
    }
  };
  return {
    async verify(token) {
      const getKey = await keysOf();
      const payload = await payloadOf(token, getKey, options);
      return ownerOf(payload, options.roleClaim);
    },
    async verifySignIn(token, clientId, nonce) {
      const getKey = await keysOf();
      const payload = await payloadOf(token, getKey, { ...options, audience: clientId });
      if (payload['nonce'] !== nonce) throw notAuthenticated(new Error('the token is of another sign-in (nonce)'));
      return ownerOf(payload, options.roleClaim);
    },
  };
}

async function payloadOf(token: string, getKey: JWTVerifyGetKey, options: TokenOptions): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, getKey, {
      issuer: options.issuer,
      audience: options.audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['exp'],
    });
    return payload;
  } catch (fault) {
    if (isOfProvider(fault)) throw providerAway(fault);
    if (fault instanceof errors.JOSEError) throw notAuthenticated(fault);
    throw fault;
  }
}

/** Its keys could not be fetched, or are none: that says nothing about the token. */
const isOfProvider = (fault: unknown): boolean =>
  fault instanceof TypeError ||
  fault instanceof errors.JWKSTimeout ||
  fault instanceof errors.JWKSInvalid ||
  (fault instanceof errors.JOSEError && fault.code === 'ERR_JOSE_GENERIC');

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const document = await discoverProvider(issuer);
  if (typeof document.jwks_uri !== 'string') throw new Error('the provider names no keys');
  return createRemoteJWKSet(new URL(document.jwks_uri), { timeoutDuration: DISCOVERY_TIMEOUT_MS });
}

export interface ProviderDocument {
  readonly issuer?: unknown;
  readonly jwks_uri?: unknown;
  readonly authorization_endpoint?: unknown;
  readonly token_endpoint?: unknown;
}

export async function discoverProvider(issuer: string): Promise<ProviderDocument> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(address, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`the provider answered ${answer.status} to ${address}`);
  const document = (await answer.json()) as ProviderDocument;
  if (document.issuer !== issuer) throw new Error('the provider names another issuer');
  return document;
}

export const providerAway = (cause: unknown): Problem => {
  const problem = new Problem('identity-provider-unreachable');
  problem.cause = cause;
  return problem;
};

const RANK: readonly Role[] = ['admin', 'operator', 'viewer'];

/** The highest role that the claim names; `channel:NAME` is the role of one channel. */
export function ownerOf(payload: JWTPayload, roleClaim: string): TokenOwner {
  const names = rolesIn(payload, roleClaim);
  const role = RANK.find((candidate) => names.includes(candidate));
  const channel = names.find((name) => name.startsWith('channel:'))?.slice('channel:'.length) ?? null;
  const actor = [payload.preferred_username, payload.email, payload.sub].find(
    (name): name is string => typeof name === 'string' && name !== '',
  );
  if (actor === undefined) throw notAuthenticated(new Error('the token names nobody'));
  const expiresAt = payload.exp === undefined ? null : new Date(payload.exp * 1_000);
  if (role !== undefined) return { actor, role, channel: null, expiresAt };
  if (channel !== null) return { actor, role: 'channel', channel, expiresAt };
  throw new Problem('not-allowed', { params: { role: 'viewer' }, extra: { role: 'viewer' } });
}

function rolesIn(payload: JWTPayload, path: string): readonly string[] {
  const direct: unknown = payload[path];
  const claim =
    direct ??
    path
      .split('.')
      .reduce<unknown>(
        (inner, name) =>
          typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
            ? (inner as Record<string, unknown>)[name]
            : undefined,
        payload,
      );
  if (typeof claim === 'string') return claim.split(/[\s,]+/);
  return Array.isArray(claim) ? claim.filter((name) => typeof name === 'string') : [];
}
