/** `couplet keys`: API keys for those who call from outside. A new one is shown once; only its hash is kept. */
import type { Role } from '../domain/terms.ts';
import { EXIT, print, printJson, tell, usageError } from './exit.ts';
import { type CommonOptions, openCouplet } from './open-couplet.ts';
import { tableOf, timeOf } from './print-table.ts';

export interface CreateKeyOptions extends CommonOptions {
  readonly role: Role;
  readonly channel?: string;
  readonly expires?: string;
}

export async function createKey(name: string, options: CreateKeyOptions): Promise<number> {
  const { role, channel } = options;
  if ((role === 'channel') !== (channel !== undefined)) {
    throw usageError('A key of the role channel names its one channel with --channel; others name none.');
  }
  const expiresAt = options.expires === undefined ? null : timeOfExpiry(options.expires, new Date());
  await using opened = await openCouplet({ ...options, migrate: true });
  const { database, settings } = opened.couplet;
  const channels = settings.channels.map((one) => one.channel);
  if (channel !== undefined && !channels.includes(channel)) {
    throw usageError(`There is no channel ${channel}; the file has ${channels.join(', ')}.`);
  }
  const created = await database.access.createApiKey({ name, role, channel: channel ?? null, expiresAt });
  if (created === null) throw usageError(`There is a key ${name} already; revoke it first, or choose another name.`);
  if (options.json) printJson({ ...created.key, secret: created.secret });
  else {
    print(created.secret);
    tell(
      `Keep it well: it is shown this once. ${name} has the role ${role}${expiresAt === null ? '' : ` until ${timeOf(expiresAt)}`}.`,
    );
  }
  if (settings.auth.kind === 'local' || !settings.auth.apiKeys) {
    tell('The configuration does not take API keys yet: set auth: { apiKeys: true }.');
  }
  return EXIT.clean;
}

export async function listKeys(options: CommonOptions): Promise<number> {
  await using opened = await openCouplet({ ...options, migrate: false });
  const keys = await opened.couplet.database.access.listApiKeys();
  if (options.json) {
    printJson({ items: keys, nextCursor: null });
    return EXIT.clean;
  }
  const table = tableOf(keys, [
    { title: 'Name', of: ({ name }) => name },
    { title: 'Role', of: ({ role }) => role },
    { title: 'Channel', of: ({ channel }) => channel },
    { title: 'Created', of: ({ createdAt }) => timeOf(createdAt) },
    { title: 'Last used', of: ({ lastUsedAt }) => timeOf(lastUsedAt) },
    { title: 'Expires', of: ({ expiresAt }) => timeOf(expiresAt) },
    { title: 'Revoked', of: ({ revokedAt }) => timeOf(revokedAt) },
  ]);
  print(table === '' ? 'No keys.' : table);
  return EXIT.clean;
}

export async function revokeKey(name: string, options: CommonOptions): Promise<number> {
  await using opened = await openCouplet({ ...options, migrate: false });
  const revoked = await opened.couplet.database.access.revokeApiKey(name);
  if (options.json) printJson({ name, revoked });
  else if (revoked) print(`${name} is revoked; sessions that it opened have ended.`);
  else tell(`There is no key ${name} in force.`);
  return revoked ? EXIT.clean : EXIT.failed;
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000, y: 366 * 86_400_000 };

/** `90d`, or a date: the key is good until its end in UTC. */
export function timeOfExpiry(text: string, now: Date): string {
  const [, count, unit] = /^(\d{1,5})([hdwy])$/.exec(text) ?? [];
  const span = count === undefined || unit === undefined ? null : Number(count) * (UNITS[unit] ?? 0);
  const at =
    span !== null
      ? now.getTime() + span
      : /^\d{4}-\d{2}-\d{2}(T.+)?$/.test(text)
        ? Date.parse(text.length === 10 ? `${text}T23:59:59.999Z` : text)
        : Number.NaN;
  if (Number.isNaN(at))
    throw usageError(`${text} is neither a time from now (90d, 12h, 2w, 1y) nor a date (2027-01-31).`);
  if (at <= now.getTime()) throw usageError(`${text} is over already.`);
  return new Date(at).toISOString();
}
