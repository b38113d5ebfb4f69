/** What is selected of a record wherever one is read, and how its row becomes a `StoredRecord`. */
import type { StoredRecord } from '../../../ports/store.ts';
import type { Row } from '../session/connection.ts';
import { versionExpression } from './bound-table.ts';
import type { BoundTable } from './bound-table.ts';
import { parameterType, parameterValue, valueExpression } from './column-types.ts';
import type { StoreColumn } from './column-types.ts';
import { keyExpression } from './key-expression.ts';

export interface RecordSelect {
  /**
   * The table as a sub-select that the planner pulls up: within it nothing but the table's own columns can be seen, so
   * that no name of ours makes the filter's names ambiguous. `k0…` are the key columns, untouched; `where` is a
   * condition over the table's own columns, `more` further items of the select list.
   */
  source(where?: string | null, more?: readonly string[]): string;
  /** The select list, of the given alias of `source`. */
  list(alias: string): string;
  /** How many columns the list has. */
  readonly width: number;
  /** Null when the row, the outer side of a join, is not there. */
  recordOf(row: Row): StoredRecord | null;
}

export function recordSelect(table: BoundTable): RecordSelect {
  const { shape, key, values } = table;
  const own = `${table.relation}.`;
  const valueTexts = values.map((column) => valueExpression(`${own}${column.quoted}`, column.type));
  const keyTexts = key.map((column) => keyExpression(`${own}${column.quoted}`, column.type));
  const extra: string[] = [];
  // A key part whose canonical text is that of the value is sent once.
  const keyAt = keyTexts.map((text, index) => {
    const at = shape.columns.indexOf(shape.key[index] ?? '');
    if (at >= 0 && valueTexts[at] === text) return at;
    extra.push(text);
    return values.length + 1 + extra.length;
  });
  const versionAt = values.length;
  const filterAt = values.length + 1;
  const texts = [
    ...valueTexts,
    versionExpression(table, own),
    // Null does not count as inside. The line break ends a comment that the filter may end with.
    shape.filter === null ? 'true' : `coalesce((${shape.filter}\n), false)`,
    ...extra,
  ];
  const keys = key.map((column, index) => `${own}${column.quoted} as k${index}`);
  const selected = [...keys, ...texts.map((text, index) => `${text} as c${index}`)];
  return {
    source: (where = null, more = []) =>
      `(select ${[...selected, ...more].join(', ')} from ${table.relation}${where === null ? '' : ` where ${where}`})`,
    list: (alias) => texts.map((_, index) => `${alias}.c${index}`).join(', '),
    width: texts.length,
    recordOf: (row) => {
      const version = row[versionAt] ?? null;
      if (version === null) return null;
      return {
        key: keyAt.map((at) => row[at] ?? ''),
        values: row.slice(0, values.length),
        version,
        inFilter: row[filterAt] === 't',
      };
    },
  };
}

/** What `unnest` needs to know of a column. */
export type ParameterColumn = Pick<StoreColumn, 'cast' | 'travelsAsText'>;

export const TEXT_PARAMETER: ParameterColumn = { cast: 'pg_catalog.text', travelsAsText: false };

export interface Unnested {
  /** For FROM: one array a column, as `alias (p0, p1, …, at)`. */
  readonly from: string;
  /** The value of a column, of its type. */
  value(index: number): string;
}

/** `unweighed`: the planner does not see how long the arrays are, so all executions have one plan. */
export function unnested(
  columns: readonly ParameterColumn[],
  firstParameter: number,
  alias: string,
  length: 'weighed' | 'unweighed' = 'weighed',
): Unnested {
  const arrays = columns.map((column, index) => {
    const array = `$${firstParameter + index}::${parameterType(column)}`;
    return length === 'weighed' ? array : `(select ${array})`;
  });
  const names = columns.map((_, index) => `p${index}`);
  return {
    from: `unnest(${arrays.join(', ')}) with ordinality as ${alias} (${[...names, 'at'].join(', ')})`,
    value: (index) => {
      const column = columns[index];
      return column ? parameterValue(`${alias}.p${index}`, column) : 'null';
    },
  };
}
