/**
 * The canonical text of a key column, the same in marks, reads and scans: two keys are the same record exactly when
 * these texts are equal. PostgreSQL compares some types by value and prints them by history (1.0 and 1.00, -0 and 0,
 * one month and thirty days), so the text alone would make two keys of one record.
 */
import type { ValueType } from '../../domain/value-type.ts';

/** `column` is SQL that names the column, qualified and quoted as its statement needs it. */
export function keyExpression(column: string, type: Pick<ValueType, 'kind'>): string {
  switch (type.kind) {
    case 'numeric':
      return `pg_catalog.trim_scale(${column})::text`;
    case 'float':
      return `case when ${column} = 0 then '0' else ${column}::text end`;
    case 'interval':
      return `pg_catalog.justify_interval(${column})::text`;
    case 'caseInsensitiveText':
      return `pg_catalog.lower(${column}::text)`;
    default:
      // The cast of char(n) to text drops the padding, as its comparison does.
      return `${column}::text`;
  }
}

/**
 * A null that `keyExpression` and `valueExpression` accept in place of the column: capture functions read it when the
 * app has dropped or renamed the column, so that the app's own statements go on.
 */
export function absentColumn(type: Pick<ValueType, 'kind' | 'name'>): string {
  switch (type.kind) {
    case 'numeric':
      return 'null::numeric';
    case 'float':
      return 'null::float8';
    case 'interval':
      return 'null::interval';
    default:
      return type.name === 'inet' ? 'null::inet' : 'null::text';
  }
}
