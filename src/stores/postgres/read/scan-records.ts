/** Going through a table: pages by key, the count of what is in the filter, and search for people. */
import type { RecordKey } from '../../../domain/record.ts';
import { StoreRefused } from '../../../errors/store-faults.ts';
import type { StoredRecord } from '../../../ports/store.ts';
import type { Row } from '../session/connection.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { compareSql } from '../table/column-types.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { keyExpression } from '../table/key-expression.ts';
import { recordSelect, TEXT_PARAMETER } from '../table/record-select.ts';
import type { RecordSelect } from '../table/record-select.ts';
import { withoutUnreadable } from './unreadable.ts';

export type ScanRecords = (after: RecordKey | null, limit: number) => Promise<readonly StoredRecord[]>;
export type SearchRecords = (
  text: string,
  columns: readonly string[],
  limit: number,
) => Promise<readonly StoredRecord[]>;

/**
 * Each page is a READ COMMITTED statement of its own: a long snapshot would hold back the vacuum of the app's tables
 * and, across a TRUNCATE, show an empty table without a word.
 */
export function prepareScan(table: BoundTable): ScanRecords {
  const select = recordSelect(table);
  const keys = table.key.map((_, index) => `r.k${index}`).join(', ');
  const page = (where: string): string =>
    `select ${select.list('r')} from ${select.source()} r ${where} order by ${keys} limit $1::text::bigint`;
  const first = page('');
  const next = page(`where ${isAfter(table.key)}`);
  return async (key, limit) => {
    const text = key === null ? first : next;
    return recordsOf(select, await table.connection.query(text, [String(limit), ...(key ?? [])]));
  };
}

/** As rows are compared, which an operator of a schema of its own does for columns of one type alone. */
function isAfter(key: readonly StoreColumn[]): string {
  const after = key.map((column, index) => `$${index + 2}::${column.cast}`);
  const plain = key.map((_, index) => `r.k${index}`);
  if (key.every(({ operatorSchema }) => operatorSchema === null))
    return `(${plain.join(', ')}) > (${after.join(', ')})`;
  const compare = (at: number, operator: '=' | '>'): string =>
    compareSql(key[at] as StoreColumn, `r.k${at}`, operator, after[at] ?? '');
  const ways = key.map((_, at) => [...plain.slice(0, at).map((__, before) => compare(before, '=')), compare(at, '>')]);
  return `(${ways.map((way) => way.join(' and ')).join(' or ')})`;
}

export function prepareCount(table: BoundTable): () => Promise<number> {
  const where = table.shape.filter === null ? '' : ` where (${table.shape.filter}\n)`;
  const text = `select count(*) from ${table.relation}${where}`;
  return async () => Number((await table.connection.query(text))[0]?.[0] ?? 0);
}

/** Without the filter: what people look for may be just what the filter leaves out. */
export function prepareSearch(table: BoundTable): SearchRecords {
  const select = recordSelect(table);
  const keyTexts = table.key.map((column) => keyExpression(column.quoted, column.type));
  const order = table.key.map((_, index) => `r.k${index}`).join(', ');
  return async (text, columns, limit) => {
    const texts = columns.map((name) => {
      const column = table.byName.get(name);
      if (column) return `${column.quoted}::text`;
      throw new StoreRefused('schema-changed', `${table.relation} has no column ${name}`, { column: name });
    });
    // Position and not LIKE: every sign of the text means itself.
    // Under a collation of its own that takes letters for others, older versions find no text within a text.
    const contains = [...keyTexts, ...texts].map(
      (value) => `position(lower($1) in (lower(${value}) collate pg_catalog."default")) > 0`,
    );
    const search = `select ${select.list('r')} from ${select.source(contains.join(' or '))} r order by ${order} limit $2::text::bigint`;
    // What is no text in the encoding of the store stands in none of its records.
    const rows = await withoutUnreadable(table, [TEXT_PARAMETER], [[text]], () =>
      table.connection.once(search, [text, String(limit)]),
    );
    return recordsOf(select, rows);
  };
}

const recordsOf = (select: RecordSelect, rows: readonly Row[]): StoredRecord[] =>
  rows.flatMap((row) => {
    const record = select.recordOf(row);
    return record ? [record] : [];
  });
