/**
 * Rows inserted by the thousand: one array for each column, and one value for a column that is the same in all of them.
 * Of a log entry's eighteen columns four to six differ within a batch; as arrays the others were a third of what the
 * program and the server did for it.
 */
import { joinedTexts, joinTexts, plainArray, textArray } from './array-literal.ts';
import { query } from './connect.ts';
import type { Parameter, Queryable } from './open-session.ts';

export interface BulkColumn<Row> {
  readonly name: string;
  readonly type: string;
  /**
   * How its array is written. `plain`: without quotes, for ids, numbers and words of our own; `text`: any text; `joined`:
   * JSON texts, which need no quotes either (see `joinTexts`).
   */
  readonly as: 'plain' | 'text' | 'joined';
  readonly value: (row: Row) => string | number | boolean | null;
}

export interface BulkInsert<Row> {
  readonly table: string;
  /** Columns that the caller gives one value for all rows. */
  readonly given: readonly { readonly name: string; readonly type: string }[];
  /** The first is the key: it is always an array. */
  readonly columns: readonly BulkColumn<Row>[];
  /** Further columns, made from the others by the server. */
  readonly computed?: readonly { readonly name: string; readonly sql: (of: (name: string) => string) => string }[];
  /** Behind the rows: ON CONFLICT. */
  readonly conflict?: string;
}

type Cell = string | number | boolean | null;

export type InsertRows<Row> = (sql: Queryable, given: readonly Parameter[], rows: readonly Row[]) => Promise<void>;

/** Which columns are the same in a whole batch is one of a few patterns in practice; past so many, all are arrays. */
const MOST_PATTERNS = 100;

export const insertsRows = <Row>(insert: BulkInsert<Row>): InsertRows<Row> => {
  const texts = new Map<string, string>();
  return async (sql, given, rows) => {
    const arrays = insert.columns.map(({ value }, index) => valuesOf(rows, value, index > 0));
    const seen = arrays.map((values) => (values === null ? '1' : 'n')).join('');
    const pattern = texts.has(seen) || texts.size < MOST_PATTERNS ? seen : 'n'.repeat(arrays.length);
    let text = texts.get(pattern);
    if (text === undefined) texts.set(pattern, (text = insertText(insert, pattern)));
    const parameters = insert.columns.map(({ as, value }, index): Parameter => {
      if (pattern[index] === '1') return textOf(value(rows[0] as Row));
      return arrayOf(as, arrays[index] ?? rows.map(value));
    });
    await query(sql, text, [...given, ...parameters]);
  };
};

/** Null where all rows have the same. */
const valuesOf = <Row>(rows: readonly Row[], value: (row: Row) => Cell, mayBeOne: boolean): readonly Cell[] | null => {
  const first = value(rows[0] as Row);
  let same = 1;
  if (mayBeOne) {
    while (same < rows.length && value(rows[same] as Row) === first) same += 1;
    if (same === rows.length) return null;
  }
  const values = new Array<Cell>(rows.length).fill(first, 0, same);
  for (let index = same; index < rows.length; index += 1) values[index] = value(rows[index] as Row);
  return values;
};

const textOf = (cell: Cell): string | null => (cell === null ? null : String(cell));

const arrayOf = (as: BulkColumn<never>['as'], values: readonly Cell[]): string => {
  if (as === 'plain') return plainArray(values);
  return as === 'text' ? textArray(values as readonly (string | null)[]) : joinTexts(values as readonly string[]);
};

const insertText = <Row>(
  { table, given, columns, computed = [], conflict = '' }: BulkInsert<Row>,
  pattern: string,
): string => {
  const first = given.length + 1;
  const arrays: string[] = [];
  const names: string[] = [];
  const references = columns.map(({ name, type, as }, index) => {
    const place = first + index;
    if (pattern[index] === '1') return `$${place}::text::${type}`;
    names.push(name);
    arrays.push(as === 'joined' ? joinedTexts(place) : `$${place}::${as === 'plain' ? type : 'text'}[]`);
    return as === 'plain' ? `u.${name}` : `u.${name}::${type}`;
  });
  const of = (name: string): string => references[columns.findIndex((column) => column.name === name)] ?? name;
  return `
    insert into ${table} (${[...given, ...columns, ...computed].map(({ name }) => name).join(', ')})
    select ${[...given.map(({ type }, index) => `$${index + 1}::${type}`), ...references, ...computed.map(({ sql }) => sql(of))].join(', ')}
      from unnest(${arrays.join(', ')}) as u(${names.join(', ')})
    ${conflict}`;
};
