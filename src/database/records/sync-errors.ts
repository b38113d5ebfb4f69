/** Synchronization errors as the engine reads and records them. */
import type { Json, Params, Side, Value } from '../../domain/record.ts';
import { keyOfText, keyText } from '../../domain/record.ts';
import type {
  CouplingDatabase,
  ErrorCandidate,
  ErrorField,
  ErrorKind,
  ErrorRecord,
  ErrorResolution,
  SyncError,
} from '../../ports/coupling-database.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { type BulkColumn, insertsRows } from '../session/insert-rows.ts';
import { isId, isoTimeOrNull } from '../session/iso-time.ts';
import type { Queryable } from '../session/open-session.ts';
import { keyArray } from './pending.ts';

type Seen = Pick<ErrorRecord, 'exists' | 'modifiedAt' | 'changedBy' | 'version'>;

/**
 * A field of an error by places, and no more of it than its two values where these are the base and nothing was changed:
 * with the names of six parts for each of twelve fields a row was longer than a page lets stand, and was compressed.
 */
type StoredField =
  | readonly [name: string, hq: Value, channel: Value]
  | readonly [
      name: string,
      hq: Value,
      channel: Value,
      base: readonly [hq: Value, channel: Value] | null,
      changedIn: readonly Side[],
      conflicting: boolean,
    ];

const storedField = ({ name, hq, channel, base, changedIn, conflicting }: ErrorField): StoredField =>
  base !== null && base.hq === hq && base.channel === channel && changedIn.length === 0 && !conflicting
    ? [name, hq, channel]
    : [name, hq, channel, base && [base.hq, base.channel], changedIn, conflicting];

const isStored = (field: StoredField | ErrorField): field is StoredField => Array.isArray(field);

const readField = (stored: StoredField | ErrorField): ErrorField => {
  // As they were kept before they had places.
  if (!isStored(stored)) return stored;
  const [name, hq, channel] = stored;
  if (stored.length === 3) return { name, base: { hq, channel }, hq, channel, changedIn: [], conflicting: false };
  const [, , , base, changedIn, conflicting] = stored;
  return { name, base: base && { hq: base[0], channel: base[1] }, hq, channel, changedIn, conflicting };
};

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
  readonly fields: readonly (StoredField | ErrorField)[] | null;
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
  fields: (row.fields ?? []).map(readField),
  waitsFor:
    row.waits_for_lane_id === null || row.waits_for_side === null || row.waits_for_key === null
      ? null
      : {
          mapping: (await lanes.laneOf(row.waits_for_lane_id)).mapping,
          side: row.waits_for_side,
          key: keyOfText(row.waits_for_key),
        },
  ...(row.operation_id !== null && { operationId: row.operation_id }),
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
    const rows = await query<{ id: string; lane_id: number; scope: SyncError['scope']; of_operation: boolean }>(
      clients.raw,
      'select id, lane_id, scope, operation_id is not null as of_operation from couplet.sync_error where id = any($1::uuid[])',
      [plainArray(ids.filter(isId))],
    );
    const entries = rows.map(
      async (row) =>
        [row.id, { lane: await lanes.laneOf(row.lane_id), scope: row.scope, ofOperation: row.of_operation }] as const,
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

/** An error, and the lane of the parent it waits for. */
interface NewError {
  readonly error: SyncError;
  readonly waitsForLaneId: number | null;
}

const keyOrNull = ({ key }: ErrorRecord): string | null => (key === null ? null : keyText(key));

const COLUMNS: readonly BulkColumn<NewError>[] = [
  { name: 'id', type: 'uuid', as: 'plain', value: ({ error }) => error.id },
  { name: 'scope', type: 'couplet.error_scope', as: 'plain', value: ({ error }) => error.scope },
  { name: 'kind', type: 'couplet.error_kind', as: 'plain', value: ({ error }) => error.kind },
  { name: 'parked', type: 'boolean', as: 'plain', value: ({ error }) => error.parked },
  { name: 'attempts', type: 'int', as: 'plain', value: ({ error }) => error.attempts },
  { name: 'coupling_id', type: 'uuid', as: 'plain', value: ({ error }) => error.couplingId },
  { name: 'operation_id', type: 'uuid', as: 'plain', value: ({ error }) => error.operationId ?? null },
  { name: 'job_id', type: 'uuid', as: 'plain', value: ({ error }) => error.jobId },
  { name: 'code', type: 'text', as: 'text', value: ({ error }) => error.code },
  { name: 'cause', type: 'text', as: 'text', value: ({ error }) => error.cause },
  { name: 'params', type: 'json', as: 'joined', value: ({ error }) => JSON.stringify(error.params) },
  { name: 'hq_key', type: 'text', as: 'joined', value: ({ error }) => keyOrNull(error.hqRecord) },
  { name: 'channel_key', type: 'text', as: 'joined', value: ({ error }) => keyOrNull(error.channelRecord) },
  { name: 'hq_description', type: 'text', as: 'text', value: ({ error }) => error.hqRecord.description },
  { name: 'channel_description', type: 'text', as: 'text', value: ({ error }) => error.channelRecord.description },
  { name: 'hq_seen', type: 'json', as: 'joined', value: ({ error }) => seenOf(error.hqRecord) },
  { name: 'channel_seen', type: 'json', as: 'joined', value: ({ error }) => seenOf(error.channelRecord) },
  { name: 'deleted_in', type: 'couplet.side', as: 'plain', value: ({ error }) => error.deletedIn },
  { name: 'survivor_changed', type: 'boolean', as: 'plain', value: ({ error }) => error.survivorChanged },
  { name: 'candidates', type: 'json', as: 'joined', value: ({ error }) => jsonOrNull(error.candidates) },
  { name: 'mass_deletion', type: 'json', as: 'joined', value: ({ error }) => jsonOrNull(error.massDeletion) },
  { name: 'fields', type: 'json', as: 'joined', value: ({ error }) => jsonOrNull(error.fields.map(storedField)) },
  { name: 'field_names', type: 'text[]', as: 'text', value: ({ error }) => fieldNamesOf(error) },
  { name: 'waits_for_lane_id', type: 'int', as: 'plain', value: ({ waitsForLaneId }) => waitsForLaneId },
  { name: 'waits_for_side', type: 'couplet.side', as: 'plain', value: ({ error }) => error.waitsFor?.side ?? null },
  {
    name: 'waits_for_key',
    type: 'text',
    as: 'joined',
    value: ({ error }) => error.waitsFor && keyText(error.waitsFor.key),
  },
  { name: 'retry_at', type: 'timestamptz', as: 'text', value: ({ error }) => error.retryAt },
];

/** Inserted, or written over the error of the same id: also over a resolved one, which is open again then. */
const insertErrors = insertsRows<NewError>({
  table: 'couplet.sync_error',
  given: [
    { name: 'lane_id', type: 'int' },
    { name: 'status', type: 'couplet.error_status' },
  ],
  columns: COLUMNS,
  conflict: `
    on conflict (id) do update set status = 'open', resolved_at = null, resolution = null, last_seen_at = now(),
      ${COLUMNS.slice(1)
        .map(({ name }) => `${name} = excluded.${name}`)
        .join(', ')}`,
});

export const writeErrors = (
  sql: Queryable,
  laneId: number,
  parentLaneIds: ReadonlyMap<string, number>,
  errors: readonly SyncError[],
): Promise<void> => {
  const rows = errors.map((error): NewError => {
    const { waitsFor } = error;
    return { error, waitsForLaneId: waitsFor === null ? null : (parentLaneIds.get(waitsFor.mapping) ?? null) };
  });
  return insertErrors(sql, [laneId, 'open'], rows);
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
