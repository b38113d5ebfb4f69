/**
 * The address of a store, read from its URL. postgres.js is given the parts, never the URL: it would let parameters
 * of the URL overrule the session settings that canonical values rest on, and knows no TLS over a socket of our own.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import { StoreRefused } from '../../../errors/store-faults.ts';

export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionTarget {
  /** Tried in turn; a host that begins with a slash is the folder of a Unix socket. */
  readonly addresses: readonly HostAddress[];
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly tls: false | 'prefer' | ConnectionOptions;
  /** Startup parameters that a URL may set; the pinned ones go over them. */
  readonly startup: Readonly<Record<string, string>>;
}

const DEFAULT_PORT = 5432;
const STARTUP_PARAMETERS = ['application_name', 'options', 'search_path'];

export function parseConnectionUrl(url: string): ConnectionTarget {
  const match = /^postgres(?:ql)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?/.exec(url.trim());
  // The URL itself is not repeated here: it carries the password.
  if (!match) throw new StoreRefused('url-invalid', 'The URL of a store begins with postgres://');
  const [, authority = '', path = '', search = ''] = match;
  const at = authority.lastIndexOf('@');
  const credentials = at < 0 ? '' : authority.slice(0, at);
  const colon = credentials.indexOf(':');
  const query = new URLSearchParams(search);
  const user =
    decode(colon < 0 ? credentials : credentials.slice(0, colon)) || query.get('user') || userInfo().username;
  const password = colon < 0 ? (query.get('password') ?? '') : decode(credentials.slice(colon + 1));
  const addresses = hostAddresses(query.get('host') ?? decode(authority.slice(at + 1)), query.get('port'));
  const startup: Record<string, string> = {};
  for (const name of STARTUP_PARAMETERS) {
    const value = query.get(name);
    if (value) startup[name] = value;
  }
  return { addresses, database: decode(path) || user, user, password, tls: tlsOptions(query, addresses), startup };
}

/** Where the store is, for messages: no user, no password. */
export const addressText = ({ addresses, database }: ConnectionTarget): string =>
  `${addresses.map(({ host, port }) => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`)).join(',')}/${database}`;

function hostAddresses(hosts: string, ports: string | null): readonly HostAddress[] {
  const portList = ports?.split(',') ?? [];
  return hosts.split(',').map((entry, index) => {
    const split = entry.startsWith('/') ? null : /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry);
    if (!entry.startsWith('/') && !split)
      throw new StoreRefused('url-invalid', 'The URL of a store names no valid host');
    const host = split ? (split[1] ?? '').replace(/^\[|\]$/g, '') : entry;
    const port = Number(split?.[2] ?? portList[index] ?? portList[0] ?? DEFAULT_PORT);
    return { host: host || 'localhost', port };
  });
}

/**
 * As libpq does: `require` encrypts without looking at the certificate unless a root is given, `verify-ca` checks who
 * signed it, `verify-full` also the name. Without a word, TLS is tried with hosts that are not this machine.
 */
function tlsOptions(query: URLSearchParams, addresses: readonly HostAddress[]): false | 'prefer' | ConnectionOptions {
  const asked = query.get('sslmode') ?? query.get('ssl');
  const local = addresses.every(({ host }) => /^(\/|localhost$|127\.|::1$)/.test(host));
  const root = query.get('sslrootcert');
  const mode = asked ?? (local ? 'disable' : 'prefer');
  if (mode === 'disable' || mode === 'false' || mode === '0') return false;
  if (mode === 'prefer' || mode === 'allow') return 'prefer';
  const verifyName = mode === 'verify-full' || root === 'system';
  const verify = verifyName || mode === 'verify-ca' || root !== null;
  const certificate = query.get('sslcert');
  const key = query.get('sslkey');
  return {
    rejectUnauthorized: verify,
    ...(root !== null && root !== 'system' ? { ca: readFileSync(root) } : {}),
    ...(certificate === null ? {} : { cert: readFileSync(certificate) }),
    ...(key === null ? {} : { key: readFileSync(key) }),
    ...(verify && !verifyName ? { checkServerIdentity: () => undefined } : {}),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A stray percent sign in a password is meant literally.
    if (error instanceof URIError) return text;
    throw error;
  }
}
