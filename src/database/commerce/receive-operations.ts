/** Rows of the operation tables as the coupling database takes them in, each once and whole. */
import { createHash } from 'node:crypto';
import { stableText } from '../../domain/mapping.ts';
import type { OperationRow } from '../../domain/operation-row.ts';
import type { CommerceDatabase, ReceivedRow } from '../../ports/commerce.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { newId } from '../session/new-id.ts';
import { accountSearchOf, searchOf, STEP } from './commerce-rows.ts';

type Receiving = Pick<CommerceDatabase, 'takeIn' | 'noteBases' | 'basesNoted' | 'notPulled'>;

const TAKE_IN = `
  with u as materialized (
    select * from json_to_recordset($1::text::json) as u(id uuid, counter bigint, guid uuid, part_key text, name text, status text,
         created_at timestamptz, created_by text, row json, hash text, values json, snapshot boolean, code text, params json, terms json,
         account text, found json, base json, completed boolean, text text, grams text, account_text text, account_grams text)),
  taken as (
  insert into couplet.customer_operation (id, channel, part, counter, guid, part_key, name, status, operation_timestamp,
      created_by, row, row_hash, values, snapshot, corrections, edits, history, code, params, terms, customer_account, found, base)
  select u.id, $2, $3, u.counter, u.guid, u.part_key, u.name, u.status::couplet.operation_status, coalesce(u.created_at, now()), u.created_by,
         u.row, u.hash, u.values, u.snapshot, '{}', '[]', json_build_array(${STEP('u.status', 'u.code', '$4::text')}), u.code,
         u.params, array(select json_array_elements_text(u.terms)), u.account, u.found,
         coalesce((select b.base from couplet.operation_base b where b.channel = $2 and b.part = $3 and b.counter = u.counter), u.base)
    from u
   where not u.completed
  on conflict (channel, part, counter) do nothing
  returning id, code),
  searched as (
    insert into couplet.operation_search (operation_id, line, text, grams)
    select u.id, 'values', u.text, u.grams::int[] from u join taken t on t.id = u.id
    union all
    select u.id, 'account', u.account_text, u.account_grams::int[] from u join taken t on t.id = u.id where u.account is not null)
  select code from taken`;

const REUSED = `
  select o.counter::text from couplet.customer_operation o
    join unnest($3::bigint[], $4::text[]) as u(counter, hash) on u.counter = o.counter
   where o.channel = $1 and o.part = $2 and o.row_hash <> u.hash`;

const FORGET_BASES = `
  delete from couplet.operation_base where channel = $1 and part = $2 and counter = any($3::bigint[])`;

const DONE = `
  delete from couplet.pending p using unnest($1::bigint[], $2::int[]) as u(id, generation)
   where p.id = u.id and p.generation = u.generation`;

export const receivingPart = (clients: Clients): Receiving => ({
  takeIn: (lane, part, rows, done, jobId) =>
    clients.raw.begin(async (sql) => {
      const items = rows.map((row) => ({ ...row, hash: hashOf(row) }));
      const taken = await query<{ code: string | null }>(sql, TAKE_IN, [
        JSON.stringify(items.map(insertOf)),
        lane.channel,
        part,
        jobId,
      ]);
      await query(sql, FORGET_BASES, [lane.channel, part, plainArray(items.map(({ counter }) => counter))]);
      const reused = new Set(
        taken.length === items.length
          ? []
          : (
              await query<{ counter: string }>(sql, REUSED, [
                lane.channel,
                part,
                plainArray(items.map(({ counter }) => counter)),
                textArray(items.map(({ hash }) => hash)),
              ])
            ).map(({ counter }) => counter),
      );
      // A counter that came again with another content stays pending: every pull says so until somebody has looked.
      const worked = done.filter(({ key }) => !reused.has(key[0] ?? ''));
      await query(sql, DONE, [
        plainArray(worked.map(({ id }) => id)),
        plainArray(worked.map(({ generation }) => generation)),
      ]);
      const malformed = taken.filter(({ code }) => code !== null).length;
      return { received: taken.length - malformed, malformed, reused: [...reused] };
    }),
  async noteBases(channel, part, bases) {
    await query(
      clients.raw,
      `insert into couplet.operation_base (channel, part, counter, base)
       select $1, $2, u.counter, u.base from json_to_recordset($3::text::json) as u(counter bigint, base json)
       on conflict do nothing`,
      [channel, part, JSON.stringify(bases)],
    );
  },
  async basesNoted(channel, part, counters) {
    const rows = await query<{ counter: string }>(
      clients.raw,
      `select counter::text from couplet.operation_base where channel = $1 and part = $2 and counter = any($3::bigint[])`,
      [channel, part, plainArray(counters)],
    );
    return new Set(rows.map(({ counter }) => counter));
  },
  async notPulled(channel, part, counters) {
    const rows = await query<{ counter: string }>(
      clients.raw,
      `select u.counter::text from unnest($3::bigint[]) as u(counter)
        where not exists (select from couplet.customer_operation o where o.channel = $1 and o.part = $2 and o.counter = u.counter)`,
      [channel, part, plainArray(counters)],
    );
    return rows.map(({ counter }) => counter);
  },
});

/** Columns without a value say nothing, so that a column which is added later changes no row. */
const hashOf = ({ row }: OperationRow): string => {
  const given = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  return createHash('sha256').update(stableText(given)).digest('base64url');
};

const insertOf = (row: ReceivedRow & { readonly hash: string }) => ({
  id: newId(),
  counter: row.counter,
  guid: row.guid,
  part_key: row.partKey ?? '',
  name: row.name,
  status: row.malformed === null ? 'received' : 'failed',
  created_at: row.createdAt,
  created_by: row.createdBy,
  row: row.row,
  hash: row.hash,
  values: row.values,
  snapshot: row.snapshot,
  code: row.malformed === null ? null : 'operation-malformed',
  params: row.malformed ?? {},
  terms: row.terms,
  account: row.account,
  found: row.found,
  base: row.base,
  completed: row.completed,
  ...searchOf(row.terms),
  ...accountSearchOf(row.account),
});
