/**
 * Signing people in at an OpenID Connect provider: authorization code with PKCE (RFC 7636), by redirect. What the browser
 * has to bring back (state, nonce, verifier) stays in a cookie of its own for the few minutes that this takes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { notAuthenticated } from './problem.ts';
import {
  discoverProvider,
  providerAway,
  type ProviderDocument,
  type TokenOwner,
  type TokenVerifier,
} from './verify-token.ts';

export interface SignInProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly tokens: TokenVerifier;
}

/** What one sign-in has to remember between leaving for the provider and coming back. */
export interface SignInAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface SignInProvider {
  begin(): SignInAttempt;
  /** Where the browser is sent. */
  addressOf(attempt: SignInAttempt, redirectUri: string): Promise<string>;
  /** Who came back, by the code that the provider gave the browser. */
  finish(attempt: SignInAttempt, code: string, redirectUri: string): Promise<TokenOwner>;
}

interface TokenAnswer {
  readonly id_token?: unknown;
  readonly error?: unknown;
}

const ANSWER_WITHIN_MS = 10_000;
const random = (): string => randomBytes(32).toString('base64url');

const refusedWith = ({ status }: Response, error: unknown): Error =>
  new Error(`the provider gave no token: ${status} ${errorWord(error)}`);

/** `invalid_client`, `access_denied`…: what RFC 6749 has words for. */
export const errorWord = (error: unknown): string =>
  typeof error === 'string' && /^\w{1,60}$/.test(error) ? error : 'without an error code';

export function createSignInProvider({
  issuer,
  clientId,
  clientSecret,
  tokens,
}: SignInProviderOptions): SignInProvider {
  const endpoint = async (name: keyof ProviderDocument): Promise<URL> => {
    try {
      return new URL(String((await discoverProvider(issuer))[name]));
    } catch (cause) {
      throw providerAway(cause);
    }
  };
  return {
    begin: () => ({ state: random(), nonce: random(), verifier: random() }),
    async addressOf({ state, nonce, verifier }, redirectUri) {
      const address = await endpoint('authorization_endpoint');
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      for (const [name, value] of Object.entries({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }))
        address.searchParams.set(name, value);
      return address.href;
    },
    async finish({ nonce, verifier }, code, redirectUri) {
      const answer = await fetch(await endpoint('token_endpoint'), {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          client_id: clientId,
          code_verifier: verifier,
          ...(clientSecret !== null && { client_secret: clientSecret }),
        }),
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      }).catch((cause: unknown) => {
        throw providerAway(cause);
      });
      if (answer.status >= 500) throw providerAway(new Error(`the provider answered ${answer.status}`));
      const body = (await answer.json().catch(() => null)) as TokenAnswer | null;
      if (!answer.ok || typeof body?.id_token !== 'string') throw notAuthenticated(refusedWith(answer, body?.error));
      return tokens.verifySignIn(body.id_token, clientId, nonce);
    },
  };
}
