/** A customer operation between its row and what everybody else knows. */
import { textOfTerms } from '../../domain/operation-terms.ts';
import { gramsOf } from '../../domain/text-grams.ts';
import type { CustomerOperation, OperationStep } from '../../ports/commerce.ts';
import { plainArray } from '../session/array-literal.ts';
import { isoTime } from '../session/iso-time.ts';

const ISO = `to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** One step of an operation's history, as SQL. */
export const STEP = (status: string, code: string, jobId: string): string =>
  `json_build_object('at', ${ISO}, 'status', ${status}, 'code', ${code}, 'jobId', ${jobId}, 'session', null)`;

/**
 * The number may have come with another operation of the customer. As a minimum in an order that no index has: to find any
 * one, a planner without statistics walks over numbers until it meets the GUID.
 */
export const OPERATION_COLUMNS = `o.id::text, o.channel, o.part, o.counter::text, o.guid::text, o.part_key, o.name,
  case when o.status = 'editing' and o.editing_until <= now() then coalesce(o.history -> -1 ->> 'status', 'received') else o.status::text end as status,
  o.operation_timestamp::text, o.received_at::text, o.created_by, o.row, o.values, o.snapshot, o.corrections, o.edits, o.history,
  o.code, o.params, o.attempts, o.coupling_id::text, o.blocked_by::text, o.job_id::text, o.found, o.base, o.dismissal, array_to_json(o.terms) as terms,
  o.error_id::text, o.resolution, o.wrote_at is not null as wrote,
  coalesce(o.customer_account, (select min(x.customer_account collate "C") from couplet.customer_operation x where x.guid = o.guid)) as customer_account,
  o.editing_by, case when o.editing_until > now() then o.editing_until::text end as editing_until, o.revision,
  (select c.ended_at is not null or (c.channel_key is not null and (o.wrote_at is null or c.last_synchronized_at > o.wrote_at))
     from couplet.coupling c where c.id = o.coupling_id) as distributed,
  (select e.id::text from couplet.sync_error e where e.coupling_id = o.coupling_id and e.operation_id is null and e.status = 'open') as coupling_error_id`;

export interface OperationDbRow {
  readonly id: string;
  readonly channel: string;
  readonly part: CustomerOperation['part'];
  readonly counter: string;
  readonly guid: string | null;
  readonly part_key: string;
  readonly name: CustomerOperation['name'];
  readonly status: CustomerOperation['status'];
  readonly operation_timestamp: string;
  readonly received_at: string;
  readonly created_by: string | null;
  readonly row: CustomerOperation['row'];
  readonly values: CustomerOperation['values'];
  readonly snapshot: boolean;
  readonly corrections: CustomerOperation['corrections'];
  readonly edits: CustomerOperation['edits'];
  readonly history: readonly OperationStep[];
  readonly code: string | null;
  readonly params: CustomerOperation['params'];
  readonly attempts: number;
  readonly customer_account: string | null;
  readonly coupling_id: string | null;
  readonly blocked_by: string | null;
  readonly job_id: string | null;
  readonly found: CustomerOperation['found'];
  readonly base: CustomerOperation['base'];
  readonly dismissal: CustomerOperation['dismissal'];
  readonly editing_by: string | null;
  readonly editing_until: string | null;
  readonly revision: number;
  readonly distributed: boolean | null;
  readonly coupling_error_id: string | null;
  readonly terms: readonly string[];
  readonly error_id: string | null;
  readonly wrote: boolean;
  readonly resolution: CustomerOperation['resolution'];
}

/** What an operation is sought by, as its lines in `operation_search`. */
export const searchOf = (terms: readonly string[]): { readonly text: string; readonly grams: string } => {
  const text = textOfTerms(terms);
  return { text, grams: plainArray(gramsOf(text)) };
};

export const accountSearchOf = (account: string | null) => {
  const text = account?.toLowerCase() ?? null;
  return { account_text: text, account_grams: text === null ? null : plainArray(gramsOf(text)) };
};

export const operationOf = (row: OperationDbRow): CustomerOperation => ({
  id: row.id,
  channel: row.channel,
  part: row.part,
  counter: row.counter,
  guid: row.guid,
  name: row.name,
  status: row.status,
  operationTimestamp: isoTime(row.operation_timestamp),
  receivedAt: isoTime(row.received_at),
  createdBy: row.created_by,
  partKey: row.part_key === '' ? null : row.part_key,
  row: row.row,
  values: row.values,
  snapshot: row.snapshot,
  corrections: row.corrections,
  edits: row.edits,
  code: row.code,
  params: row.params,
  attempts: row.attempts,
  customerAccount: row.customer_account,
  couplingId: row.coupling_id,
  distributed: row.distributed,
  couplingErrorId: row.coupling_error_id,
  blockedBy: row.blocked_by,
  jobId: row.job_id,
  found: row.found,
  base: row.base,
  dismissal: row.dismissal,
  editing:
    row.editing_by === null || row.editing_until === null
      ? null
      : { by: row.editing_by, until: isoTime(row.editing_until) },
  history: row.history,
  revision: row.revision,
  terms: row.terms,
  errorId: row.error_id,
  resolution: row.resolution,
  wrote: row.wrote,
});
