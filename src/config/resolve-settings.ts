/** Everything of the configuration but its mappings: stores, sign-in, retention, commerce. */
import type { Plain, PlainMap } from './parse-yaml.ts';
import type { Parsed } from './parse-text.ts';
import { parseRetention } from './parse-text.ts';
import type { Finding } from './problem.ts';
import { resolveCommerce } from './resolve-commerce.ts';
import type { ChannelInput, ConfigurationInput, PartialConfigurationInput } from './schema.ts';
import type { AuthSettings, ChannelSettings, RetentionSettings, Settings } from './settings.ts';

export function resolveSettings(input: ConfigurationInput): Omit<Settings, 'mappings' | 'order' | 'circular'> {
  return {
    version: 1,
    database: input.database ?? null,
    auth: resolveAuth(input.auth),
    retention: resolveRetention(input.retention),
    hq: { name: input.hq.name ?? 'HQ', kind: input.hq.kind ?? 'postgres', url: input.hq.url },
    channels: Object.entries(input.channels).map(([channel, written]) => resolveChannel(channel, written)),
    commerce: input.commerce === undefined ? null : resolveCommerce(input.commerce, input.timezone ?? 'UTC'),
  };
}

const resolveChannel = (channel: string, input: ChannelInput): ChannelSettings => ({
  channel,
  name: input.name ?? channel,
  kind: input.kind ?? 'postgres',
  url: input.url,
  renamedFrom: input.renamedFrom ?? null,
});

function resolveAuth(input: ConfigurationInput['auth']): AuthSettings {
  if (input === undefined) return { kind: 'local' };
  const { apiKeys = false, oidc } = input;
  return {
    kind: 'configured',
    apiKeys,
    oidc:
      oidc === undefined
        ? null
        : {
            issuer: oidc.issuer,
            audience: oidc.audience,
            roleClaim: oidc.roleClaim ?? 'roles',
            ...(oidc.clientId !== undefined && { clientId: oidc.clientId }),
            ...(oidc.clientSecret !== undefined && { clientSecret: oidc.clientSecret }),
          },
  };
}

function resolveRetention(input: ConfigurationInput['retention']): RetentionSettings {
  const keep = (text: string): number | null => {
    const parsed: Parsed<number | null> = parseRetention(text);
    return 'value' in parsed ? parsed.value : null;
  };
  return {
    logMs: keep(input?.log ?? '3y'),
    jobsMs: keep(input?.jobs ?? '90d'),
    resolvedErrorsMs: keep(input?.resolvedErrors ?? '1y'),
  };
}

export function checkSettings(input: PartialConfigurationInput, plain: PlainMap): readonly Finding[] {
  const findings: Finding[] = [];
  const { auth } = input;
  if (auth !== undefined && auth.apiKeys !== true && auth.oidc === undefined) {
    const message = 'nobody could sign in: say apiKeys: true, or oidc, or leave auth out to serve this machine only';
    findings.push({ path: ['auth'], at: 'name', code: 'auth-empty', message, value: null });
  }
  if (auth?.oidc !== undefined && isPlainHttp(auth.oidc.issuer)) {
    const message = 'an http address can be answered by anybody on the way; use https';
    findings.push({
      path: ['auth', 'oidc', 'issuer'],
      at: 'value',
      severity: 'warning',
      code: 'issuer-not-https',
      message,
    });
  }
  if (isEmpty(plain['channels'])) {
    const message = 'no channel is configured: name at least one store besides HQ';
    findings.push({ path: ['channels'], at: 'name', code: 'channels-empty', message, value: null });
  }
  if (plain['mappings'] === undefined || isEmpty(plain['mappings'])) {
    const message = 'no mapping is configured, so nothing is synchronized';
    findings.push({
      path: ['mappings'],
      at: 'name',
      severity: 'warning',
      code: 'mappings-empty',
      message,
      value: null,
    });
  }
  return findings;
}

const isEmpty = (plain: Plain | undefined): boolean =>
  typeof plain === 'object' && plain !== null && !Array.isArray(plain) && Object.keys(plain).length === 0;

const isPlainHttp = (address: string): boolean =>
  /^http:/i.test(address) && !/^http:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:[:/]|$)/i.test(address);
