/**
 * The canonical text of a key column, the same in marks, reads and scans: two keys are the same record exactly when
 * these texts are equal. PostgreSQL compares some types by value and prints them by history (1.0 and 1.00, -0 and 0,
 * one month and thirty days), so the text alone would make two keys of one record.
 */
import type { ValueType } from '../../../domain/value-type.ts';

/**
 * `column` is SQL that names the column, qualified and quoted as its statement needs it. Nothing here holds for one type
 * alone, for capture functions go on with it when the app has given the column another type.
 */
export function keyExpression(column: string, type: Pick<ValueType, 'kind'>): string {
  const text = `${column}::text`;
  switch (type.kind) {
    case 'numeric':
      return `case when pg_catalog.strpos(${text}, '.') > 0 then pg_catalog.rtrim(pg_catalog.rtrim(${text}, '0'), '.') else ${text} end`;
    case 'float':
      return `case ${text} when '-0' then '0' else ${text} end`;
    case 'interval':
      return `pg_catalog.justify_interval(${text}::pg_catalog.interval)::text`;
    case 'caseInsensitiveText':
      return `pg_catalog.lower(${text})`;
    default:
      // The cast of char(n) to text drops the padding, as its comparison does.
      return text;
  }
}

/**
 * The key as `text[]`, compared to the letter: columns may have a collation that takes two texts for one, or each its
 * own, between which PostgreSQL would not choose.
 */
export const keyTexts = (expressions: readonly string[]): string =>
  `(array[${expressions.join(', ')}]::text[] collate pg_catalog."default")`;
