/** The conditions that filters are made of. All values travel as parameters. */
import { type SQL, sql } from 'drizzle-orm';
import { textArray } from '../session/array-literal.ts';
import { isId, lowestIdAt } from '../session/iso-time.ts';

export type Condition = SQL | null;

export const all = (conditions: readonly Condition[]): SQL => {
  const asked = conditions.filter((condition) => condition !== null);
  return asked.length === 0 ? sql`true` : sql.join(asked, sql` and `);
};

/** Any of the values; `type` is that of the column, whose labels or ids the values are compared with as such. */
export const oneOf = (column: SQL, values: readonly string[] | null, type: string): Condition =>
  values === null ? null : sql`${column} = any(${anyOf(values, type)})`;

/** An array parameter, each value once; values that no id can be are left out. */
export const anyOf = (values: readonly string[], type: string): SQL => {
  const distinct = [...new Set(values)];
  const possible = type === 'uuid' ? distinct.filter(isId) : distinct.filter(isText);
  return sql`${textArray(possible)}::text::${sql.raw(type)}[]`;
};

export const same = (column: SQL, value: boolean | null): Condition =>
  value === null ? null : sql`${column} = ${value}`;

/** PostgreSQL keeps no NUL in a text: what contains one is nowhere, and asking would be a fault. */
export const isText = (value: string): boolean => !value.includes('\0');

/** Text within any of the columns, case ignored, nothing in it meaning anything but itself. */
export const contains = (columns: readonly SQL[], q: string | null): Condition => {
  if (q === null || q === '') return null;
  if (!isText(q)) return sql`false`;
  const pattern = `%${q.replace(/[\\%_]/g, '\\$&')}%`;
  // Plain letters are found among any others without knowing the case of these, in half the time.
  const collation = sql.raw(/^[ -~]*$/.test(q) ? 'collate "C"' : '');
  return sql`(${sql.join(
    columns.map((column) => sql`${column} ${collation} ilike ${pattern}`),
    sql` or `,
  )})`;
};

/** `since` included, `until` not. */
export const within = (column: SQL, since: string | null, until: string | null): readonly Condition[] => [
  since === null ? null : sql`${column} >= ${inUtc(since)}::text::timestamptz`,
  until === null ? null : sql`${column} < ${inUtc(until)}::text::timestamptz`,
];

/** The same of the time within an id, which has milliseconds: at or after a time is from the next full one on. */
export const withinIds = (column: SQL, since: string | null, until: string | null): readonly Condition[] => [
  since === null ? null : sql`${column} >= ${lowestIdAt(millisecondFrom(since))}::text::uuid`,
  until === null ? null : sql`${column} < ${lowestIdAt(millisecondFrom(until))}::text::uuid`,
];

const OFFSET = /(z|[+-]\d\d(:?\d\d)?)$/i;
const inUtc = (time: string): string => (!time.includes('T') || OFFSET.test(time) ? time : `${time}Z`);

const millisecondFrom = (time: string): number => {
  const fraction = /\.(\d{3})(\d+)/.exec(time);
  const rest = fraction?.[2] !== undefined && /[1-9]/.test(fraction[2]) ? 1 : 0;
  return Date.parse(inUtc(time)) + rest;
};
