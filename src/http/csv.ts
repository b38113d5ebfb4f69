/** Lists as CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets an apostrophe in front. */
import { z } from 'zod';

export const MOST_CSV_ROWS = 100_000;

export type Cell = unknown;

/** `=`, `+`, `-`, `@`, tab and carriage return begin formulas; plain numbers keep their sign. */
const FORMULA = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

export function csvCell(value: Cell): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/**
 * The columns of a list, from the schema of its items: nested objects become `hqRecord.key`; keys of records, arrays and
 * whatever has no fixed members stay one cell of JSON. So the header is the same whatever the rows hold.
 */
export function csvColumns(schema: z.ZodType, prefix = ''): readonly string[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return [prefix];
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([name, member]) =>
    csvColumns(member, prefix === '' ? name : `${prefix}.${name}`),
  );
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType);
  return schema;
}

export function cellAt(item: unknown, column: string): Cell {
  return column
    .split('.')
    .reduce<unknown>(
      (inner, name) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : null),
      item,
    );
}

/** Rows of CSV as texts by column name; `null` where the quotes do not close. */
export function parseCsv(
  text: string,
): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } | null {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const source = text.replace(/^\uFEFF/, '');
  const endRow = (): void => {
    row.push(cell);
    cell = '';
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === ',') {
      row.push(cell);
      cell = '';
    } else if (character === '\n') endRow();
    else if (character !== '\r') cell += character;
  }
  if (quoted) return null;
  if (cell !== '' || row.length > 0) endRow();
  const [header, ...body] = rows;
  return { header: header ?? [], rows: body };
}
