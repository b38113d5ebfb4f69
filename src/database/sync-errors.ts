/** Synchronization errors as the engine reads and records them. */
import type { Json, Params, Side } from '../domain/record.ts';
import { keyOfText, keyText } from '../domain/record.ts';
import type {
  CouplingDatabase,
  ErrorCandidate,
  ErrorField,
  ErrorKind,
  ErrorRecord,
  ErrorResolution,
  SyncError,
} from '../ports/coupling-database.ts';
import { plainArray, textArray } from './array-literal.ts';
import type { Clients } from './connect.ts';
import type { Queryable } from './open-session.ts';
import { query } from './connect.ts';
import { isId, isoTimeOrNull } from './iso-time.ts';
import type { LaneRegistry } from './lane-registry.ts';
import { keyArray } from './pending.ts';

type Seen = Pick<ErrorRecord, 'exists' | 'modifiedAt' | 'changedBy' | 'version'>;

export interface ErrorRow {
  readonly id: string;
  readonly lane_id: number;
  readonly scope: SyncError['scope'];
  readonly kind: ErrorKind;
  readonly status: SyncError['status'];
  readonly parked: boolean;
  readonly attempts: number;
  readonly coupling_id: string | null;
  readonly job_id: string | null;
  readonly code: string;
  readonly cause: string;
  readonly params: Params;
  readonly hq_key: string | null;
  readonly channel_key: string | null;
  readonly hq_description: string;
  readonly channel_description: string;
  readonly hq_seen: Seen;
  readonly channel_seen: Seen;
  readonly deleted_in: Side | null;
  readonly survivor_changed: boolean | null;
  readonly candidates: readonly ErrorCandidate[] | null;
  readonly mass_deletion: Json;
  readonly fields: readonly ErrorField[] | null;
  readonly waits_for_lane_id: number | null;
  readonly waits_for_side: Side | null;
  readonly waits_for_key: string | null;
  readonly retry_at: string | null;
  readonly operation_id: string | null;
}

export const ERROR_COLUMNS = `
  e.id, e.lane_id, e.scope, e.kind, e.status, e.parked, e.attempts, e.coupling_id, e.job_id, e.code, e.cause, e.params,
  e.hq_key, e.channel_key, e.hq_description, e.channel_description, e.hq_seen, e.channel_seen, e.deleted_in,
  e.survivor_changed, e.candidates, e.mass_deletion, e.fields, e.waits_for_lane_id, e.waits_for_side, e.waits_for_key,
  e.retry_at::text, e.operation_id`;

const recordOf = (key: string | null, description: string, seen: Seen): ErrorRecord => ({
  key: key === null ? null : keyOfText(key),
  description,
  exists: seen.exists,
  modifiedAt: seen.modifiedAt,
  changedBy: seen.changedBy,
  version: seen.version,
});

export const errorOfRow = async (row: ErrorRow, lanes: LaneRegistry): Promise<SyncError> => ({
  id: row.id,
  scope: row.scope,
  lane: await lanes.laneOf(row.lane_id),
  couplingId: row.coupling_id,
  kind: row.kind,
  code: row.code,
  params: row.params,
  cause: row.cause,
  status: row.status,
  parked: row.parked,
  attempts: row.attempts,
  retryAt: isoTimeOrNull(row.retry_at),
  jobId: row.job_id,
  hqRecord: recordOf(row.hq_key, row.hq_description, row.hq_seen),
  channelRecord: recordOf(row.channel_key, row.channel_description, row.channel_seen),
  deletedIn: row.deleted_in,
  survivorChanged: row.survivor_changed,
  candidates: row.candidates ?? [],
  massDeletion: row.mass_deletion,
  fields: row.fields ?? [],
  waitsFor:
    row.waits_for_lane_id === null || row.waits_for_side === null || row.waits_for_key === null
      ? null
      : {
          mapping: (await lanes.laneOf(row.waits_for_lane_id)).mapping,
          side: row.waits_for_side,
          key: keyOfText(row.waits_for_key),
        },
  operationId: row.operation_id,
});

const OPEN_ERRORS = `
  select ${ERROR_COLUMNS} from couplet.sync_error e
   where e.status = 'open' and e.coupling_id is not null and e.operation_id is null and e.coupling_id = any($1::uuid[])
  union all
  select ${ERROR_COLUMNS} from couplet.sync_error e
   where e.status = 'open' and e.coupling_id is null and e.scope = 'record' and e.lane_id = $2 and e.hq_key = any($3::text[])
  union all
  select ${ERROR_COLUMNS} from couplet.sync_error e
   where e.status = 'open' and e.coupling_id is null and e.scope = 'record' and e.lane_id = $2 and e.channel_key = any($4::text[])
     and (e.hq_key is null or e.hq_key <> all($3::text[]))`;

export const errorsPart = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<
  CouplingDatabase,
  'openErrors' | 'errorsById' | 'subjectsOfErrors' | 'errorById' | 'openMappingError' | 'countOpenErrors'
> => ({
  openErrors: async (lane, of) => {
    if (of.couplingIds.length + of.hqKeys.length + of.channelKeys.length === 0) return [];
    const rows = await query<ErrorRow>(clients.raw, OPEN_ERRORS, [
      plainArray(of.couplingIds),
      await lanes.idOf(lane),
      keyArray(of.hqKeys),
      keyArray(of.channelKeys),
    ]);
    return Promise.all(rows.map((row) => errorOfRow(row, lanes)));
  },
  countOpenErrors: async () => {
    const [row] = await query<{ count: number }>(
      clients.raw,
      "select count(*)::int as count from couplet.sync_error where status = 'open'",
      [],
    );
    return row?.count ?? 0;
  },
  errorsById: async (ids) => {
    const rows = await query<ErrorRow>(
      clients.raw,
      `select ${ERROR_COLUMNS} from couplet.sync_error e where e.id = any($1::uuid[]) order by e.id`,
      [plainArray(ids.filter(isId))],
    );
    return Promise.all(rows.map((row) => errorOfRow(row, lanes)));
  },
  subjectsOfErrors: async (ids) => {
    const rows = await query<{ id: string; lane_id: number; scope: SyncError['scope'] }>(
      clients.raw,
      'select id, lane_id, scope from couplet.sync_error where id = any($1::uuid[])',
      [plainArray(ids.filter(isId))],
    );
    const entries = rows.map(
      async (row) => [row.id, { lane: await lanes.laneOf(row.lane_id), scope: row.scope }] as const,
    );
    return new Map(await Promise.all(entries));
  },
  errorById: async (id) => {
    if (!isId(id)) return null;
    const [row] = await query<ErrorRow>(
      clients.raw,
      `select ${ERROR_COLUMNS} from couplet.sync_error e where e.id = $1`,
      [id],
    );
    return row === undefined ? null : errorOfRow(row, lanes);
  },
  openMappingError: async (lane, code) => {
    const [row] = await query<ErrorRow>(
      clients.raw,
      `select ${ERROR_COLUMNS} from couplet.sync_error e
        where e.lane_id = $1 and e.code = $2 and e.status = 'open' and e.scope = 'mapping'`,
      [await lanes.idOf(lane), code],
    );
    return row === undefined ? null : errorOfRow(row, lanes);
  },
});

const COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['id', 'uuid'],
  ['scope', 'couplet.error_scope'],
  ['kind', 'couplet.error_kind'],
  ['parked', 'boolean'],
  ['attempts', 'int'],
  ['coupling_id', 'uuid'],
  ['operation_id', 'uuid'],
  ['job_id', 'uuid'],
  ['code', 'text'],
  ['cause', 'text'],
  ['params', 'json'],
  ['hq_key', 'text'],
  ['channel_key', 'text'],
  ['hq_description', 'text'],
  ['channel_description', 'text'],
  ['hq_seen', 'json'],
  ['channel_seen', 'json'],
  ['deleted_in', 'couplet.side'],
  ['survivor_changed', 'boolean'],
  ['candidates', 'json'],
  ['mass_deletion', 'json'],
  ['fields', 'json'],
  ['field_names', 'text[]'],
  ['waits_for_lane_id', 'int'],
  ['waits_for_side', 'couplet.side'],
  ['waits_for_key', 'text'],
  ['retry_at', 'timestamptz'],
];
const names = COLUMNS.map(([name]) => name);
const isText = (type: string): boolean => type === 'json' || type === 'text[]' || type === 'timestamptz';

/** Inserted, or written over the error of the same id: also over a resolved one, which is open again then. */
const WRITE = `
  insert into couplet.sync_error (lane_id, status, ${names.join(', ')})
  select $1, 'open', ${COLUMNS.map(([name, type]) => (isText(type) ? `u.${name}::${type}` : `u.${name}`)).join(', ')}
    from unnest(${COLUMNS.map(([, type], index) => `$${index + 2}::${isText(type) ? 'text' : type}[]`).join(', ')})
           as u(${names.join(', ')})
  on conflict (id) do update set
    status = 'open', resolved_at = null, resolution = null, last_seen_at = now(),
    ${names
      .slice(1)
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')}`;

const seenOf = (record: ErrorRecord): string =>
  JSON.stringify({
    exists: record.exists,
    modifiedAt: record.modifiedAt,
    changedBy: record.changedBy,
    version: record.version,
  } satisfies Seen);

const fieldNamesOf = (error: SyncError): string => {
  const conflicting = error.fields.filter((field) => field.conflicting).map((field) => field.name);
  const { field } = error.params;
  if (typeof field === 'string' && !conflicting.includes(field)) conflicting.push(field);
  return textArray(conflicting);
};

const jsonOrNull = (value: Json | readonly object[]): string | null =>
  value === null || (Array.isArray(value) && value.length === 0) ? null : JSON.stringify(value);

export const writeErrors = async (
  sql: Queryable,
  laneId: number,
  parentLaneIds: ReadonlyMap<string, number>,
  errors: readonly SyncError[],
): Promise<void> => {
  const plain = (of: (error: SyncError) => string | number | boolean | null): string => plainArray(errors.map(of));
  const text = (of: (error: SyncError) => string | null): string => textArray(errors.map(of));
  await query(sql, WRITE, [
    laneId,
    plain((error) => error.id),
    plain((error) => error.scope),
    plain((error) => error.kind),
    plain((error) => error.parked),
    plain((error) => error.attempts),
    plain((error) => error.couplingId),
    plain((error) => error.operationId ?? null),
    plain((error) => error.jobId),
    text((error) => error.code),
    text((error) => error.cause),
    text((error) => JSON.stringify(error.params)),
    text((error) => (error.hqRecord.key === null ? null : keyText(error.hqRecord.key))),
    text((error) => (error.channelRecord.key === null ? null : keyText(error.channelRecord.key))),
    text((error) => error.hqRecord.description),
    text((error) => error.channelRecord.description),
    text((error) => seenOf(error.hqRecord)),
    text((error) => seenOf(error.channelRecord)),
    plain((error) => error.deletedIn),
    plain((error) => error.survivorChanged),
    text((error) => jsonOrNull(error.candidates)),
    text((error) => jsonOrNull(error.massDeletion)),
    text((error) => jsonOrNull(error.fields)),
    text(fieldNamesOf),
    plain((error) => (error.waitsFor === null ? null : (parentLaneIds.get(error.waitsFor.mapping) ?? null))),
    plain((error) => error.waitsFor?.side ?? null),
    text((error) => (error.waitsFor === null ? null : keyText(error.waitsFor.key))),
    text((error) => error.retryAt),
  ]);
};

export const resolveErrors = async (
  sql: Queryable,
  resolved: readonly { readonly errorId: string; readonly resolution: ErrorResolution }[],
): Promise<void> => {
  await query(
    sql,
    `update couplet.sync_error e
        set status = 'resolved', resolved_at = now(), resolution = u.resolution::json, retry_at = null
       from unnest($1::uuid[], $2::text[]) as u(id, resolution)
      where e.id = u.id and e.status = 'open'`,
    [
      plainArray(resolved.map(({ errorId }) => errorId)),
      textArray(resolved.map(({ resolution }) => JSON.stringify(resolution))),
    ],
  );
};
