/**
 * API keys, sessions of the page, repeated requests: what HTTP (and `couplet keys`) keeps in the coupling database.
 * Secrets come in and go out as they are and are kept only as hashes.
 */
import type { Role } from '../domain/terms.ts';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Of the role `channel` only: the one channel that it may call. */
  readonly channel: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface NewApiKey {
  readonly name: string;
  readonly role: Role;
  readonly channel: string | null;
  readonly expiresAt: string | null;
}

/** Who a session acts for. */
export interface SessionOwner {
  readonly actor: string;
  readonly role: Role;
  readonly channel: string | null;
}

/** The first answer to a request with an Idempotency-Key. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RequestName {
  readonly caller: string;
  readonly method: string;
  readonly path: string;
  readonly key: string;
}

export interface RepeatableRequest {
  /** The same when it is carried out again, after it failed or its process died. */
  readonly id: string;
  /** It was begun before, and nobody knows how far that came. */
  readonly isAgain: boolean;
}

export type Repetition =
  /** Nobody has an answer to it: the caller carries it out, then keeps or forgets it. */
  | { readonly kind: 'first'; readonly request: RepeatableRequest }
  | { readonly kind: 'running' }
  | { readonly kind: 'other' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer };

export interface Access {
  /** The secret is given out here and never again. Null: the name is taken by a key that is neither revoked nor expired. */
  createApiKey(key: NewApiKey): Promise<{ readonly secret: string; readonly key: ApiKey } | null>;
  listApiKeys(): Promise<readonly ApiKey[]>;
  /** False: there is no such key, or it was revoked before. Sessions that it opened end with it. */
  revokeApiKey(name: string): Promise<boolean>;
  /** Null unless the key is known, not revoked, not expired. Notes the use, once a minute at most. */
  apiKeyOf(secret: string): Promise<ApiKey | null>;

  /** `apiKeyId` null: signed in with a token of the provider. Returns the session's secret. */
  openSession(owner: SessionOwner, apiKeyId: string | null, expiresAt: Date): Promise<string>;
  /** Null when it is unknown, has ended, or its key is revoked or expired. */
  sessionOf(secret: string): Promise<SessionOwner | null>;
  closeSession(secret: string): Promise<void>;

  /** In one statement, so that of two at once exactly one is the first. A first one that never ended is taken over later. */
  beginRequest(name: RequestName, bodyHash: string): Promise<Repetition>;
  keepAnswer(name: RequestName, answer: KeptAnswer): Promise<void>;
  /** It has no answer and may be carried out again, at once. */
  forgetRequest(name: RequestName): Promise<void>;
}
