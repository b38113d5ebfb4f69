/** Tables for people: columns aligned, the last one as long as it likes. */
import { styleText } from 'node:util';

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | null | undefined;
  readonly right?: boolean;
  /** Longer texts are cut; the last column never is. */
  readonly most?: number;
}

const GAP = '  ';
const MOST = 40;

/** The empty text for no rows: whoever prints it says so in words. */
export function tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  if (rows.length === 0) return '';
  const last = columns.length - 1;
  const cells = rows.map((row) =>
    columns.map(({ of, most = MOST }, at) => {
      const text = oneLine(of(row));
      return at === last || text.length <= most ? text : `${text.slice(0, most - 1)}…`;
    }),
  );
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...cells.map((line) => line[at]?.length ?? 0)));
  const lineOf = (texts: readonly string[]): string =>
    texts
      .map((text, at) => {
        if (columns[at]?.right) return text.padStart(widths[at] ?? 0);
        return at === last ? text : text.padEnd(widths[at] ?? 0);
      })
      .join(GAP)
      .trimEnd();
  const header = styleText('bold', lineOf(columns.map(({ title }) => title)), { stream: process.stdout });
  return [header, ...cells.map(lineOf)].join('\n');
}

const oneLine = (value: string | number | null | undefined): string =>
  value === null || value === undefined ? '' : String(value).replaceAll(/\s+/g, ' ');

/** `num=C1, line=2`; a key of one column is its value alone. */
export function keyOf(key: unknown): string {
  if (typeof key !== 'object' || key === null) return '';
  const parts = Object.entries(key);
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return textOf(first[1]);
  return parts.map(([column, value]) => `${column}=${textOf(value)}`).join(', ');
}

/** What an answer of the API holds, as a text; nothing for null. */
export const textOf = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** To the second, as it stands in the API. */
export const timeOf = (time: unknown): string => (typeof time === 'string' ? time.slice(0, 19).replace('T', ' ') : '');

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
