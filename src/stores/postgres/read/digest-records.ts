/**
 * Digests of records, computed in the store: of ten thousand records one row comes back.
 *
 * The keys are sent and looked up in the key's index one by one (LIMIT keeps the planner from reading the whole table
 * for a page of keys). Hashing the table by buckets of its keys instead would read it in one long statement, whose
 * snapshot holds back the vacuum of the app's tables, and every record that is not coupled would spoil its bucket.
 */
import type { ValueKind } from '../../../domain/value-type.ts';
import type { DigestRequest, RangeDigest, StoreTable } from '../../../ports/store.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { compareSql, type StoreColumn, valueExpression } from '../table/column-types.ts';
import { keyExpression } from '../table/key-expression.ts';
import { unnested } from '../table/record-select.ts';

export function prepareDigests(table: BoundTable): Pick<StoreTable, 'digest' | 'digestEach'> {
  const arraysOf = ({ keys }: DigestRequest): string[] =>
    table.key.map((_, index) => arrayLiteral(keys, (key) => key[index] ?? null));
  return {
    digest: async (request) => {
      const found = digested(table, request.values);
      const rows = await table.connection.query(
        `select count(*)::text, coalesce(sum(${part('m', 1)}), 0)::text, coalesce(sum(${part('m', 9)}), 0)::text
           from (${found}) as found (m, at) where m is not null`,
        arraysOf(request),
      );
      const [records = '0', first = '0', second = '0'] = (rows[0] ?? []).map((value) => value ?? '0');
      return { records: Number(records), sum: `${first}:${second}` } satisfies RangeDigest;
    },
    digestEach: async (request) => {
      const found = digested(table, request.values);
      const rows = await table.connection.query(
        `select m, at::text from (${found}) as found (m, at)`,
        arraysOf(request),
      );
      const digests = new Array<string | null>(request.keys.length).fill(null);
      for (const [digest, at] of rows) digests[Number(at) - 1] = digest ?? null;
      return digests;
    },
  };
}

/** Eight hexadecimal digits as an integer of 32 bits. */
const part = (md5: string, from: number): string =>
  `('x' || pg_catalog.substr(${md5}, ${from}, 8))::pg_catalog.bit(32)::pg_catalog.int4`;

function digested(table: BoundTable, values: DigestRequest['values']): string {
  const asked = unnested(table.key, 1, 'asked');
  const own = `${table.relation}.`;
  const keys = table.key.map((column) => quotedText(keyExpression(`${own}${column.quoted}`, column.type), column));
  const texts = values.map((columns) => valueText(table, columns));
  const text = `'[' || ${keys.join(` || ',' || `)} || '][' || ${texts.length === 0 ? `''` : texts.join(` || ',' || `)} || ']'`;
  const found = table.key
    .map((column, index) => compareSql(column, `${own}${column.quoted}`, '=', asked.value(index)))
    .join(' and ');
  const inFilter = table.shape.filter === null ? '' : `case when coalesce((${table.shape.filter}\n), false) then `;
  // Where the database holds UTF-8 already, the conversion would be a third of the time for nothing.
  const md5 = `case when pg_catalog.getdatabaseencoding() = 'UTF8' then pg_catalog.md5(${text})
      else pg_catalog.md5(pg_catalog.convert_to(${text}, 'UTF8')) end`;
  return `select r.m, asked.at from ${asked.from} cross join lateral
    (select ${inFilter}${md5}${inFilter === '' ? '' : ' end'} as m from ${table.relation} where ${found} limit 1) r`;
}

function valueText(table: BoundTable, columns: readonly number[]): string {
  const own = `${table.relation}.`;
  const texts = columns.flatMap((at) => {
    const column = table.values[at];
    if (column === undefined) return [];
    return [quotedText(valueExpression(`${own}${column.quoted}`, column.type), column)];
  });
  const [single] = texts;
  if (single === undefined) return `'null'`;
  if (texts.length === 1) return `coalesce(${single}, 'null')`;
  // Null, like the concatenation, when any of its parts is.
  return `coalesce(pg_catalog.to_json('[' || ${texts.join(` || ',' || `)} || ']')::text, 'null')`;
}

/** Their texts need no escaping in JSON, which is a third of the time. */
const PLAIN: ReadonlySet<ValueKind> = new Set([
  'boolean',
  'integer',
  'bigint',
  'numeric',
  'float',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'uuid',
]);

const quotedText = (text: string, { type }: StoreColumn): string =>
  PLAIN.has(type.kind) ? `'"' || ${text} || '"'` : `pg_catalog.to_json(${text})::text`;
