/** The configuration as the program uses it: complete, checked, plain data. Carries passwords: never show or log it. */
import type { Mapping, ReferenceEdge, Schedule } from '../domain/mapping.ts';
import type { Value } from '../domain/record.ts';
import type { CommerceJob } from '../domain/terms.ts';
import type { AccountFormat } from './parse-text.ts';

export interface StoreSettings {
  readonly name: string;
  readonly kind: 'postgres';
  readonly url: string;
}

export interface ChannelSettings extends StoreSettings {
  /** The name by which mappings, API and log know the channel; `name` is for people. */
  readonly channel: string;
  readonly renamedFrom: string | null;
}

export interface OidcSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly roleClaim: string;
  /** With it the page sends people to the provider to sign in; without it they bring a token. */
  readonly clientId?: string;
  readonly clientSecret?: string;
}

export type AuthSettings =
  /** Loopback only; the actor is `local`. */
  | { readonly kind: 'local' }
  | { readonly kind: 'configured'; readonly apiKeys: boolean; readonly oidc: OidcSettings | null };

/** How long things are kept; null: forever. */
export interface RetentionSettings {
  readonly logMs: number | null;
  readonly jobsMs: number | null;
  readonly resolvedErrorsMs: number | null;
}

export type CommercePart = 'addresses' | 'contacts' | 'affiliations' | 'attributes';

export interface CommerceSettings {
  readonly customers: string;
  readonly parts: Readonly<Partial<Record<CommercePart, string>>>;
  readonly account: {
    readonly column: string;
    readonly numbering: { readonly kind: 'store' } | ({ readonly kind: 'format' } & AccountFormat);
  };
  readonly asyncAccount: { readonly hq: string; readonly channel: string };
  readonly channels: Readonly<Record<string, { readonly createAsynchronously: boolean; readonly schema: string }>>;
  readonly schedules: Readonly<Record<CommerceJob, Exclude<Schedule, { kind: 'continuous' }>>>;
  readonly tries: number;
  readonly deactivateCustomer: { readonly column: string; readonly value: Value } | null;
}

export interface Settings {
  readonly version: 1;
  /** Null: the coupling database comes from the environment, else it is the embedded one. */
  readonly database: { readonly url: string } | null;
  readonly auth: AuthSettings;
  readonly retention: RetentionSettings;
  readonly hq: StoreSettings;
  /** In the order of the file. */
  readonly channels: readonly ChannelSettings[];
  /** In the order of the file. */
  readonly mappings: readonly Mapping[];
  /** Names of mappings, parents before children. */
  readonly order: readonly string[];
  readonly circular: readonly ReferenceEdge[];
  readonly commerce: CommerceSettings | null;
}
