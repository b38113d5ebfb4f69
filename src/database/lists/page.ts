/** Keyset pages: where a list goes on is the place of the last item, told as an opaque text. */
import { type SQL, sql } from 'drizzle-orm';
import type { Page, PageRequest } from '../../ports/queries.ts';
import { InvalidCursor } from '../../ports/queries.ts';
import { isId } from '../session/iso-time.ts';

/** What a list can be sorted by. `type` is that of the value within a cursor, which travels as text. */
export interface SortColumn {
  readonly column: SQL;
  readonly type: 'text' | 'timestamptz' | 'int' | 'uuid' | 'bigint' | 'couplet.operation_status';
  readonly nullable?: boolean;
  /** An index has the values: what has none is read apart, since no index has it last in both directions. */
  readonly nullsApart?: true;
}

export interface Order {
  readonly name: string;
  readonly down: boolean;
  /** Null: by id alone. */
  readonly by: SortColumn | null;
  readonly id: SortColumn;
}

export interface Place {
  readonly value: string | null;
  readonly id: string;
}

/** `-lastSeenAt` and the like; the names are checked here too, whoever asks. */
export const orderOf = (
  sort: string | null,
  fallback: string,
  columns: Readonly<Record<string, SortColumn | null>>,
  id: SortColumn,
): Order => {
  const asked = sort ?? fallback;
  const down = asked.startsWith('-');
  const name = down ? asked.slice(1) : asked;
  const by = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (by === undefined) throw new Error(`This list cannot be sorted by ${name}.`);
  return { name: asked, down, by, id };
};

/**
 * Nulls come last, both ways: what has no value is of no interest to who sorts by it. Said only where there may be nulls,
 * since no index read backwards has this order.
 */
export const orderBy = (order: Order, by: SQL | null, id: SQL): SQL => {
  const way = sql.raw(order.down ? 'desc' : 'asc');
  const nulls = sql.raw(order.by?.nullable === true ? 'nulls last' : '');
  return by === null ? sql`${id} ${way}` : sql`${by} ${way} ${nulls}, ${id} ${way}`;
};

/** What the cursor needs of a row. */
export const placeColumns = ({ by, id }: Order): SQL =>
  by === null
    ? sql`null::text as place_value, ${id.column}::text as place_id`
    : sql`${by.column}::text as place_value, ${id.column}::text as place_id`;

export interface PlacedRow {
  readonly place_value: string | null;
  readonly place_id: string;
}

export const cast = (value: string, type: SortColumn['type']): SQL => sql`${value}::text::${sql.raw(type)}`;

/** Only what comes after the cursor. */
export const afterCursor = (order: Order, cursor: string | null): SQL | null => {
  const place = placeOf(order, cursor);
  if (place === null) return null;
  const { by, id } = order;
  const beyond = sql.raw(order.down ? '<' : '>');
  const idBeyond = sql`${id.column} ${beyond} ${cast(place.id, id.type)}`;
  if (by === null) return idBeyond;
  if (place.value === null) return sql`(${by.column} is null and ${idBeyond})`;
  const value = cast(place.value, by.type);
  const row = sql`(${by.column}, ${id.column}) ${beyond} (${value}, ${cast(place.id, id.type)})`;
  return by.nullable === true ? sql`(${row} or ${by.column} is null)` : row;
};

export const placeOf = (order: Order, cursor: string | null): Place | null => {
  if (cursor === null) return null;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === 3) {
      const [name, value, id] = parts as unknown[];
      if (name === order.name && isPlaceId(id, order.id.type) && isPlaceValue(value, order.by?.type ?? null)) {
        return { value, id };
      }
    }
  } catch {
    // Not ours; said below.
  }
  throw new InvalidCursor();
};

const isPlaceId = (id: unknown, type: SortColumn['type']): id is string =>
  typeof id === 'string' && (type === 'uuid' ? isId(id) : /^\d{1,18}$/.test(id));

const FORMS: Readonly<Record<SortColumn['type'], RegExp>> = {
  text: /^[^\0]*$/u,
  timestamptz: /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/,
  int: /^-?\d{1,9}$/,
  bigint: /^\d{1,18}$/,
  uuid: /^[0-9a-f-]{36}$/,
  'couplet.operation_status': /^(received|processing|editing|synchronized|failed|conflict|blocked|dismissed)$/,
};

const isPlaceValue = (value: unknown, type: SortColumn['type'] | null): value is string | null =>
  value === null || (typeof value === 'string' && type !== null && FORMS[type].test(value));

/** One row more than asked for tells whether there is a next page. */
export const pageOf = async <Row extends PlacedRow, Item>(
  request: PageRequest,
  order: Order,
  rows: readonly Row[],
  toItems: (rows: readonly Row[]) => Promise<readonly Item[]>,
  count: () => Promise<number>,
): Promise<Page<Item>> => {
  const shown = rows.slice(0, request.limit);
  const last = shown.at(-1);
  const more = rows.length > request.limit && last !== undefined;
  const [items, total] = await Promise.all([toItems(shown), request.count ? count() : null]);
  return { items, nextCursor: more ? writeCursor(order, last) : null, total };
};

const writeCursor = (order: Order, row: PlacedRow): string =>
  Buffer.from(JSON.stringify([order.name, row.place_value, row.place_id])).toString('base64url');
