/** API keys, sessions and repeated requests. Of a secret only its SHA-256 is kept: with 256 random bits, nobody finds it. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Access, ApiKey, KeptAnswer, Repetition, RequestName, SessionOwner } from '../ports/access.ts';
import type { Clients } from './session/connect.ts';
import { query } from './session/connect.ts';
import { isoTime, isoTimeOrNull } from './session/iso-time.ts';
import { newId } from './session/new-id.ts';

const KEY_PREFIX = 'cpl_';
const SECRET_BYTES = 32;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly role: ApiKey['role'];
  readonly channel: string | null;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

const KEY_COLUMNS =
  'k.id::text, k.name, k.role::text, k.channel, k.created_at::text, k.expires_at::text, k.revoked_at::text, k.last_used_at::text';
const IN_FORCE = 'k.revoked_at is null and (k.expires_at is null or k.expires_at > now())';

const keyOf = (row: KeyRow): ApiKey => ({
  id: row.id,
  name: row.name,
  role: row.role,
  channel: row.channel,
  createdAt: isoTime(row.created_at),
  expiresAt: isoTimeOrNull(row.expires_at),
  revokedAt: isoTimeOrNull(row.revoked_at),
  lastUsedAt: isoTimeOrNull(row.last_used_at),
});

export const createAccess = (clients: Clients): Access => ({
  ...keysPart(clients),
  ...sessionsPart(clients),
  ...requestsPart(clients),
});

// ---------------------------------------------------------------- keys

const keysPart = (clients: Clients): Pick<Access, 'createApiKey' | 'listApiKeys' | 'revokeApiKey' | 'apiKeyOf'> => ({
  createApiKey: async (key) => {
    const secret = `${KEY_PREFIX}${newSecret()}`;
    // A name is free again when its key is not in force any more.
    await query(clients.raw, `delete from couplet.api_key k where k.name = $1 and not (${IN_FORCE})`, [key.name]);
    const [row] = await query<KeyRow>(
      clients.raw,
      `insert into couplet.api_key as k (id, name, hash, role, channel, expires_at)
       values ($1::uuid, $2, $3, $4::couplet.role, $5, $6::text::timestamptz)
       on conflict do nothing returning ${KEY_COLUMNS}`,
      [newId(), key.name, hashOf(secret), key.role, key.channel, key.expiresAt],
    );
    return row === undefined ? null : { secret, key: keyOf(row) };
  },
  listApiKeys: async () =>
    (await query<KeyRow>(clients.raw, `select ${KEY_COLUMNS} from couplet.api_key k order by k.name`, [])).map(keyOf),
  revokeApiKey: async (name) => {
    const rows = await query(
      clients.raw,
      'update couplet.api_key set revoked_at = now() where name = $1 and revoked_at is null returning id',
      [name],
    );
    return rows.length > 0;
  },
  apiKeyOf: async (secret) => {
    const [row] = await query<KeyRow & { readonly used_long_ago: boolean }>(
      clients.raw,
      `select ${KEY_COLUMNS}, coalesce(k.last_used_at < now() - interval '1 minute', true) as used_long_ago
         from couplet.api_key k where k.hash = $1 and ${IN_FORCE}`,
      [hashOf(secret)],
    );
    if (row === undefined) return null;
    if (row.used_long_ago) {
      await query(clients.raw, 'update couplet.api_key set last_used_at = now() where id = $1::uuid', [row.id]);
    }
    return keyOf(row);
  },
});

// ---------------------------------------------------------------- sessions

const sessionsPart = (clients: Clients): Pick<Access, 'openSession' | 'sessionOf' | 'closeSession'> => ({
  openSession: async (owner, apiKeyId, expiresAt) => {
    const secret = newSecret();
    await query(clients.raw, 'delete from couplet.session where expires_at < now()', []);
    await query(
      clients.raw,
      `insert into couplet.session (hash, actor, role, channel, api_key_id, expires_at)
       values ($1, $2, $3::couplet.role, $4, $5::uuid, $6::text::timestamptz)`,
      [hashOf(secret), owner.actor, owner.role, owner.channel, apiKeyId, expiresAt.toISOString()],
    );
    return secret;
  },
  sessionOf: async (secret) => {
    const [row] = await query<SessionOwner>(
      clients.raw,
      `select s.actor, s.role::text, s.channel from couplet.session s left join couplet.api_key k on k.id = s.api_key_id
        where s.hash = $1 and s.expires_at > now() and (s.api_key_id is null or ${IN_FORCE})`,
      [hashOf(secret)],
    );
    return row === undefined ? null : { actor: row.actor, role: row.role, channel: row.channel };
  },
  closeSession: async (secret) => {
    await query(clients.raw, 'delete from couplet.session where hash = $1', [hashOf(secret)]);
  },
});

// ---------------------------------------------------------------- repeated requests

/**
 * An answer is kept a day; a request that has none after this time died with its process. Until there is an answer, its
 * place holds the id of the request, which stays for as long as the same one is tried.
 */
const BEGIN = `
  insert into couplet.idempotency_key as i (caller, method, path, key, body_hash, body) values ($1, $2, $3, $4, $5, $6)
  on conflict (caller, method, path, key) do update
     set body_hash = excluded.body_hash, status = null, headers = null, created_at = now(),
         body = case when i.status is null and i.body_hash = excluded.body_hash and i.created_at > now() - interval '24 hours'
                  then coalesce(i.body, excluded.body) else excluded.body end
   where i.created_at < now() - interval '24 hours'
      or (i.status is null and i.created_at <= now() - interval '15 minutes')
  returning body as id`;

const FIND = `
  select body_hash, status, headers, body from couplet.idempotency_key
   where caller = $1 and method = $2 and path = $3 and key = $4`;

interface RequestRow {
  readonly body_hash: string;
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly body: string | null;
}

const namedBy = ({ caller, method, path, key }: RequestName): string[] => [caller, method, path, key];

const requestsPart = (clients: Clients): Pick<Access, 'beginRequest' | 'keepAnswer' | 'forgetRequest'> => ({
  beginRequest: async (name, bodyHash) => {
    for (;;) {
      const own = randomUUID();
      const [begun] = await query<{ id: string }>(clients.raw, BEGIN, [...namedBy(name), bodyHash, own]);
      if (begun !== undefined) return { kind: 'first', request: { id: begun.id, isAgain: begun.id !== own } };
      const [row] = await query<RequestRow>(clients.raw, FIND, namedBy(name));
      // Gone in between, as the oldest go: this one is the first now.
      if (row !== undefined) return repetitionOf(row, bodyHash);
    }
  },
  keepAnswer: async (name, answer: KeptAnswer) => {
    await query(
      clients.raw,
      `update couplet.idempotency_key set status = $5, headers = $6::text::json, body = $7
        where caller = $1 and method = $2 and path = $3 and key = $4`,
      [...namedBy(name), answer.status, JSON.stringify(answer.headers), answer.body],
    );
  },
  forgetRequest: async (name) => {
    await query(
      clients.raw,
      `update couplet.idempotency_key set created_at = now() - interval '15 minutes'
        where caller = $1 and method = $2 and path = $3 and key = $4 and status is null`,
      namedBy(name),
    );
  },
});

function repetitionOf(row: RequestRow, bodyHash: string): Repetition {
  if (row.body_hash !== bodyHash) return { kind: 'other' };
  if (row.status === null) return { kind: 'running' };
  return { kind: 'answered', answer: { status: row.status, headers: row.headers ?? {}, body: row.body ?? '' } };
}
