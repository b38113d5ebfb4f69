/**
 * Customer operations as jobs work on them. What became of an operation is written by the recording that has its write,
 * in the same transaction, so that nothing is applied twice or forgotten, whenever the process dies.
 */
import { stableText } from '../../domain/mapping.ts';
import { termsAgain } from '../../domain/operation-terms.ts';
import { keyOfText, keyText } from '../../domain/record.ts';
import type { CommerceDatabase } from '../../ports/commerce.ts';
import { asyncRecordName } from '../../ports/commerce.ts';
import type { AsyncRecord, OperationOutcome } from '../../ports/operation-outcome.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import type { Queryable } from '../session/open-session.ts';
import {
  accountSearchOf,
  OPERATION_COLUMNS,
  type OperationDbRow,
  operationOf,
  searchOf,
  STEP,
} from './commerce-rows.ts';
import { receivingPart } from './receive-operations.ts';

type Work = Pick<
  CommerceDatabase,
  | 'takeIn'
  | 'noteBases'
  | 'basesNoted'
  | 'notPulled'
  | 'dueOperations'
  | 'toldNot'
  | 'noteTold'
  | 'noteOutcomes'
  | 'lapseEdits'
  | 'blockAndRelease'
  | 'asyncRecords'
  | 'guidsOf'
  | 'putAsyncRecords'
  | 'couplingsWithoutGuid'
  | 'drawNumbers'
  | 'returnNumbers'
>;

/**
 * Attempted in this job already means: not again in it, whatever became of it. Of each customer or part the first; whole
 * rows are read of those alone, since they are wide.
 */
const DUE = `
  with due as (
    select o.id, o.guid, o.part_key, o.counter from couplet.customer_operation o
     where o.channel = $1 and o.part = $2 and o.status not in ('synchronized', 'dismissed')
       and (o.status = 'received' or (o.status = 'failed' and o.attempts < $3 and o.code is distinct from 'operation-malformed')
            or (o.status = 'conflict' and (o.attempts = 0 or o.error_id is null)))
       and o.job_id is distinct from $4::uuid
     order by o.counter limit $5::int * 3),
  first as (select distinct on (d.guid, d.part_key) d.id, d.counter from due d order by d.guid, d.part_key, d.counter)
  select ${OPERATION_COLUMNS} from (select f.id from first f order by f.counter limit $5::int) f
    join couplet.customer_operation o on o.id = f.id order by o.counter`;

/** A create that met nothing in HQ: what an earlier record of the name had held says nothing of this one. */
const MADE = `u.wrote and u.found is null and u.status = 'synchronized' and o."row" ->> 'operation' = '1'`;

const OUTCOMES = `
  with u as materialized (
    select * from json_to_recordset($1::text::json) as u(id uuid, status text, code text, params json, job_id uuid,
           coupling_id uuid, account text, found json, terms json, wrote boolean, error_id uuid, resolution json, dismissal json,
           text text, grams text, account_text text, account_grams text)),
  changed as (
    update couplet.customer_operation o
       set status = u.status::couplet.operation_status, code = u.code, params = coalesce(u.params, '{}'), job_id = u.job_id,
           coupling_id = coalesce(u.coupling_id, o.coupling_id), customer_account = coalesce(u.account, o.customer_account),
           found = case when ${MADE} then null else coalesce(u.found, o.found) end, blocked_by = null, editing_by = null, editing_until = null,
           attempts = o.attempts + 1, revision = o.revision + 1,
           terms = case when u.terms is null then o.terms else array(select json_array_elements_text(u.terms)) end,
           wrote_at = case when u.wrote then now() else o.wrote_at end,
           ended_at = case when u.status = 'synchronized' then now() end,
           error_id = coalesce(u.error_id, o.error_id), resolution = coalesce(u.resolution, o.resolution),
           dismissal = case when u.status = 'dismissed' then u.dismissal end,
           history = (o.history::jsonb || jsonb_build_array(${STEP('u.status', 'u.code', 'u.job_id')}))::json
      from u
     where o.id = u.id and o.status not in ('synchronized', 'dismissed')
     returning o.id, o.channel, o.part, o.counter, o.status),
  searched as (
    insert into couplet.operation_search as s (operation_id, line, text, grams)
    select u.id, 'account', u.account_text, u.account_grams::int[] from u join changed c on c.id = u.id where u.account is not null
    union all
    select u.id, 'values', u.text, u.grams::int[] from u join changed c on c.id = u.id where u.terms is not null
    on conflict (operation_id, line) do update set text = excluded.text, grams = excluded.grams where s.text <> excluded.text)
  insert into couplet.operation_to_tell (channel, part, counter)
  select c.channel, c.part, c.counter from changed c where c.status = 'synchronized' on conflict do nothing`;

/** A process that died between the write and its recording said in its note only how the operation ends. */
const END_ERRORS = `
  update couplet.sync_error e
     set status = 'resolved', resolved_at = now(), retry_at = null,
         resolution = json_build_object('action', coalesce(u.resolution ->> 'action', 'automatic'),
           'winner', u.resolution -> 'winner', 'fields', u.resolution -> 'fields', 'actor', u.resolution -> 'actor',
           'reason', u.resolution -> 'reason', 'jobId', u.job_id, 'logIds', '[]'::json)
    from json_to_recordset($1::text::json) as u(id uuid, status text, job_id uuid, resolution json)
   where e.operation_id = u.id and e.status = 'open' and u.status <> 'conflict'`;

const PUT_RECORDS = `
  insert into couplet.async_record as a (mapping, channel, guid, part_key, coupling_id, hq_key, created_by, seen)
  select u.mapping, u.channel, u.guid, u.part_key, u.coupling_id, u.hq_key, u.created_by, u.seen
    from json_to_recordset($1::text::json) as u(mapping text, channel text, guid uuid, part_key text, coupling_id uuid,
         hq_key text, created_by uuid, seen json)
  on conflict (mapping, channel, guid, part_key) do update
     set coupling_id = excluded.coupling_id, hq_key = excluded.hq_key,
         created_by = coalesce(a.created_by, excluded.created_by),
         seen = (a.seen::jsonb || excluded.seen::jsonb)::json`;

/**
 * Behind a create that has not come through: the customer is not there yet. From the few creates to what is behind each by
 * its GUID, in this order: a planner without statistics joined all that is due with itself, two seconds for each batch.
 */
const BLOCK = `
  with behind as materialized (
    select c.id as create_id, o.id
      from (select b.id, b.guid, b.counter from couplet.customer_operation b
             where b.channel = $1 and b.name = 'createCustomer' and b.status in ('failed', 'conflict', 'editing', 'blocked')
            offset 0) c
     cross join lateral (
       select x.id, x.channel, x.part, x.counter, x.status, x.code from couplet.customer_operation x where x.guid = c.guid
       offset 0) o
     where o.channel = $1 and o.status in ('received', 'failed') and o.code is distinct from 'operation-malformed'
       and (o.part <> 'customers' or o.counter > c.counter))
  update couplet.customer_operation o
     set status = 'blocked', blocked_by = b.create_id, revision = o.revision + 1,
         history = (o.history::jsonb || jsonb_build_array(${STEP("'blocked'", 'null', 'null')}))::json
    from behind b
   where o.id = b.id and o.status in ('received', 'failed')`;

const RELEASE = `
  update couplet.customer_operation o
     set status = 'received', blocked_by = null, revision = o.revision + 1,
         history = (o.history::jsonb || jsonb_build_array(${STEP("'received'", 'null', 'null')}))::json
    from couplet.customer_operation c
   where o.status = 'blocked' and o.channel = $1 and c.id = o.blocked_by
     and c.status not in ('failed', 'conflict', 'editing', 'blocked')`;

/** A lease that has run out: the operation is again what it was before somebody took it. */
const LAPSE = `
  update couplet.customer_operation o
     set status = coalesce(o.history -> -1 ->> 'status', 'received')::couplet.operation_status, editing_by = null,
         editing_until = null, revision = o.revision + 1
   where o.status = 'editing' and o.editing_until <= now()`;

const RECORDS = `
  select a.mapping, a.channel, a.guid::text, a.part_key, a.coupling_id::text, a.hq_key, a.created_by::text, a.seen from couplet.async_record a
    join unnest($3::uuid[], $4::text[]) as u(guid, part_key) on u.guid = a.guid and u.part_key = a.part_key
   where a.mapping = $1 and a.channel = $2`;

const WITHOUT_GUID = `
  select c.id::text from couplet.coupling c
   where c.lane_id = $1 and c.ended_at is null and c.channel_key is not null
     and not exists (select from couplet.async_record a where a.coupling_id = c.id)
   order by c.id limit $2`;

export const commerceWork = (clients: Clients, lanes: LaneRegistry): Work => ({
  ...receivingPart(clients),
  ...duePart(clients),
  ...recordsPart(clients, lanes),
});

const duePart = (
  clients: Clients,
): Pick<Work, 'dueOperations' | 'toldNot' | 'noteTold' | 'noteOutcomes' | 'lapseEdits' | 'blockAndRelease'> => ({
  async dueOperations(channel, part, { tries, jobId, limit }) {
    const rows = await query<OperationDbRow>(clients.raw, DUE, [channel, part, tries, jobId, limit]);
    return rows.map(operationOf);
  },
  async toldNot(channel, limit) {
    return query(
      clients.raw,
      `select part, counter::text from couplet.operation_to_tell where channel = $1 order by part, counter limit $2`,
      [channel, limit],
    );
  },
  async noteTold(channel, part, counters) {
    await query(
      clients.raw,
      'delete from couplet.operation_to_tell where channel = $1 and part = $2 and counter = any($3::bigint[])',
      [channel, part, plainArray(counters)],
    );
  },
  noteOutcomes: (outcomes) => clients.raw.begin((sql) => writeOutcomes(sql, outcomes)).then(() => undefined),
  lapseEdits: () => query(clients.raw, LAPSE, []).then(() => undefined),
  async blockAndRelease(channel) {
    await query(clients.raw, LAPSE, []);
    await query(clients.raw, RELEASE, [channel]);
    await query(clients.raw, BLOCK, [channel]);
  },
});

const recordsPart = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<
  Work,
  'asyncRecords' | 'guidsOf' | 'putAsyncRecords' | 'couplingsWithoutGuid' | 'drawNumbers' | 'returnNumbers'
> => ({
  async asyncRecords(lane, of) {
    const rows = await query<RecordRow>(clients.raw, RECORDS, [
      lane.mapping,
      lane.channel,
      plainArray(of.map(({ guid }) => guid)),
      textArray(of.map(({ partKey }) => partKey)),
    ]);
    return new Map(rows.map((row) => [asyncRecordName(row.guid, row.part_key), recordOf(row)]));
  },
  async guidsOf(couplingIds) {
    const rows = await query<{ coupling_id: string; guid: string }>(
      clients.raw,
      `select distinct on (coupling_id) coupling_id::text, guid::text from couplet.async_record
        where coupling_id = any($1::uuid[]) order by coupling_id, created_at`,
      [plainArray(couplingIds)],
    );
    return new Map(rows.map((row) => [row.coupling_id, row.guid]));
  },
  putAsyncRecords: (records) => putRecords(clients.raw, records),
  async couplingsWithoutGuid(lane, limit) {
    const rows = await query<{ id: string }>(clients.raw, WITHOUT_GUID, [await lanes.idOf(lane), limit]);
    return rows.map(({ id }) => id);
  },
  async returnNumbers(mapping, from, next) {
    await query(
      clients.raw,
      'update couplet.account_number set next = $2::bigint where mapping = $1 and next = $3::bigint',
      [mapping, String(from), String(next)],
    );
  },
  async drawNumbers(mapping, count) {
    const [row] = await query<{ first: string }>(
      clients.raw,
      `insert into couplet.account_number as a (mapping, next) values ($1, 1 + $2::bigint)
       on conflict (mapping) do update set next = a.next + $2::bigint returning (a.next - $2::bigint)::text as first`,
      [mapping, count],
    );
    return BigInt(row?.first ?? '1');
  },
});

/** In the transaction of whoever records what the operation wrote. */
export async function writeOutcomes(sql: Queryable, outcomes: readonly OperationOutcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  const terms = await termsOf(sql, outcomes);
  const rows = JSON.stringify(outcomes.map((outcome) => outcomeRow(outcome, terms)));
  await query(sql, OUTCOMES, [rows]);
  await query(sql, END_ERRORS, [rows]);
  const records = outcomes.flatMap(({ record }) => record ?? []);
  if (records.length > 0) await putRecords(sql, records);
}

const SAID = `
  select id::text, part, array_to_json(terms) as terms, "values", corrections, found from couplet.customer_operation where id = any($1::uuid[])`;

/** What the customer held when the operation was applied may be other than what was known of it when it came. */
async function termsOf(
  sql: Queryable,
  outcomes: readonly OperationOutcome[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map(outcomes.flatMap((outcome) => (outcome.found === null ? [] : [[outcome.id, outcome.found]])));
  if (found.size === 0) return new Map();
  const rows = await query<Pick<OperationDbRow, 'id' | 'part' | 'terms' | 'values' | 'corrections' | 'found'>>(
    sql,
    SAID,
    [plainArray([...found.keys()])],
  );
  return new Map(
    rows.flatMap(({ id, part, terms, values, corrections, found: before }) => {
      const now = found.get(id) ?? null;
      if (stableText(now) === stableText(before)) return [];
      return [[id, termsAgain(part !== 'customers', terms, now, { ...values, ...corrections })] as const];
    }),
  );
}

const outcomeRow = (outcome: OperationOutcome, terms: ReadonlyMap<string, readonly string[]>) => ({
  ...searchOf(terms.get(outcome.id) ?? []),
  ...accountSearchOf(outcome.account),
  id: outcome.id,
  status: outcome.status,
  code: outcome.code,
  params: outcome.params,
  account: outcome.account,
  found: outcome.found,
  job_id: outcome.jobId,
  coupling_id: outcome.couplingId,
  terms: terms.get(outcome.id) ?? null,
  wrote: outcome.wrote,
  error_id: outcome.errorId,
  resolution: outcome.resolution,
  dismissal: outcome.dismissal,
});

async function putRecords(sql: Queryable, records: readonly AsyncRecord[]): Promise<void> {
  const rows = records.map(({ mapping, channel, guid, partKey, couplingId, hqKey, createdBy, seen }) => ({
    mapping,
    channel,
    guid,
    part_key: partKey,
    coupling_id: couplingId,
    hq_key: keyText(hqKey),
    created_by: createdBy,
    seen,
  }));
  // One statement may not meet a record twice; later ones know more.
  const last = new Map(rows.map((row) => [`${row.mapping} ${row.channel} ${row.guid} ${row.part_key}`, row]));
  await query(sql, PUT_RECORDS, [JSON.stringify([...last.values()])]);
}

interface RecordRow {
  readonly mapping: string;
  readonly channel: string;
  readonly guid: string;
  readonly part_key: string;
  readonly coupling_id: string;
  readonly hq_key: string;
  readonly created_by: string | null;
  readonly seen: AsyncRecord['seen'];
}

const recordOf = (row: RecordRow): AsyncRecord => ({
  mapping: row.mapping,
  channel: row.channel,
  guid: row.guid,
  partKey: row.part_key,
  couplingId: row.coupling_id,
  hqKey: keyOfText(row.hq_key),
  createdBy: row.created_by,
  seen: row.seen,
});
