/**
 * A list as PostgreSQL reads it well. Where a filter gives several values of an indexed column (all lanes of a mapping,
 * some couplings), one `in` would make it read everything or sort everything; so each value is read by itself, in order,
 * no further than a page, and the results are merged.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { Page, PageRequest } from '../../ports/queries.ts';
import type { Clients } from '../session/connect.ts';
import { afterCursor, cast, type Order, orderBy, pageOf, placeColumns, type PlacedRow, placeOf } from './page.ts';

export interface Branch {
  /** Values that are each read by themselves; null: one read. */
  readonly driver: Driver | null;
  readonly where: SQL;
}

/** `source` gives rows named `d` with the values of `columns`, which are the same columns of the table. */
export interface Driver {
  readonly source: SQL;
  readonly columns: readonly string[];
  /** Some of the values stand for much of the table and others for little of it; see `rangeOf`. */
  readonly uneven?: true;
}

/**
 * By a column of which one value may stand for half the table and another for nothing. What has none is not asked for:
 * said here, for a range does not tell the planner so, and some indexes leave it out.
 */
export const uneven = (alias: string, name: string, values: SQL, where: SQL): Branch => ({
  driver: { source: sql`unnest(${values}) as d(${sql.raw(name)})`, columns: [name], uneven: true },
  where: sql`${column(alias, name)} is not null and ${where}`,
});

export interface ListRequest<Row, Item> {
  readonly columns: SQL;
  /** One table or join; `alias` is that of the table that drivers name columns of. */
  readonly from: SQL;
  readonly alias: string;
  /** Branches have no row in common. */
  readonly branches: readonly Branch[];
  readonly order: Order;
  readonly page: PageRequest;
  readonly toItems: (rows: readonly Row[]) => Promise<readonly Item[]>;
}

export const readList = async <Row extends PlacedRow, Item>(
  clients: Clients,
  request: ListRequest<Row, Item>,
): Promise<Page<Item>> => {
  const { from, alias, branches, order, page, toItems } = request;
  const limit = page.limit + 1;
  // A cursor that is none is refused also where there is nothing to read.
  placeOf(order, page.cursor);
  if (branches.length === 0) return { items: [], nextCursor: null, total: page.count ? 0 : null };
  const parts = branches.flatMap((branch) => readParts(request, branch, limit));
  const sorted = orderBy(order, order.by === null ? null : sql`x.order_value`, sql`x.order_id`);
  const rows = await clients.read<Row>(
    sql`select x.* from (${sql.join(parts, sql` union all `)}) as x order by ${sorted} limit ${limit}`,
  );
  return pageOf(page, order, rows, toItems, () => countRows(clients, from, alias, branches));
};

/** Where what has no value is read apart, each half is in the order of the index, in either direction. */
const readParts = <Row, Item>(request: ListRequest<Row, Item>, branch: Branch, limit: number): SQL[] => {
  const { order, page } = request;
  if (order.by?.nullsApart !== true) return [readBranch(request, branch, limit)];
  const { column: value, type } = order.by;
  const place = placeOf(order, page.cursor);
  const given = { ...request, order: { ...order, by: { column: value, type } } };
  const none = {
    ...given,
    order: { ...order, by: { column: sql.raw(`null::${type}`), type } },
    page: { ...page, cursor: null },
  };
  const beyond =
    place?.value === null
      ? sql`${order.id.column} ${sql.raw(order.down ? '<' : '>')} ${cast(place.id, order.id.type)}`
      : sql`true`;
  const empty = readBranch(none, { ...branch, where: sql`${branch.where} and ${value} is null and ${beyond}` }, limit);
  if (place !== null && place.value === null) return [empty];
  return [readBranch(given, { ...branch, where: sql`${branch.where} and ${value} is not null` }, limit), empty];
};

const readBranch = <Row, Item>(
  { columns, from, alias, order, page }: ListRequest<Row, Item>,
  { driver, where }: Branch,
  limit: number,
): SQL => {
  const own = order.by === null ? null : order.by.column;
  const selected = sql`${columns}, ${placeColumns(order)}, ${own ?? sql`null`} as order_value, ${order.id.column} as order_id`;
  const after = afterCursor(order, page.cursor) ?? sql`true`;
  const sorted = orderBy(order, own, order.id.column);
  if (driver === null)
    return sql`(select ${selected} from ${from} where ${where} and ${after} order by ${sorted} limit ${limit})`;
  const tied =
    order.by === null && driver.uneven === true
      ? rangeOf(driver, alias, order, page.cursor)
      : { where: equal(driver, alias), sorted };
  return sql`(select x.* from ${driver.source} cross join lateral (
    select ${selected} from ${from} where ${tied.where} and ${where} and ${after} order by ${tied.sorted} limit ${limit}) as x)`;
};

const column = (owner: string, name: string): SQL => sql.raw(`${owner}.${name}`);

const equal = ({ columns }: Driver, alias: string): SQL =>
  sql.join(
    columns.map((name) => sql`${column(alias, name)} = ${column('d', name)}`),
    sql` and `,
  );

const LOWEST: Readonly<Record<'uuid' | 'bigint', string>> = {
  uuid: '00000000-0000-0000-0000-000000000000',
  bigint: '0',
};
const HIGHEST: Readonly<Record<'uuid' | 'bigint', string>> = {
  uuid: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  bigint: '9223372036854775807',
};

/**
 * In the order of ids: the rows of a value as a range of the index (value, id), not as «equal to the value». Told that it
 * is equal, the planner sometimes reads the whole table by id instead, in the hope of meeting the value soon: for a
 * mapping with a thousandth of the couplings that took 39 ms instead of 1, and for one with nothing in a log of ten
 * million entries three seconds instead of 0.4 ms.
 */
const rangeOf = (
  { columns }: Driver,
  alias: string,
  order: Order,
  cursor: string | null,
): { readonly where: SQL; readonly sorted: SQL } => {
  const type = order.id.type === 'bigint' ? 'bigint' : 'uuid';
  const place = placeOf(order, cursor)?.id;
  const from = cast((order.down ? null : place) ?? LOWEST[type], type);
  const until = cast((order.down ? place : null) ?? HIGHEST[type], type);
  const of = (owner: string) =>
    sql.join(
      columns.map((name) => column(owner, name)),
      sql`, `,
    );
  const way = sql.raw(order.down ? 'desc' : 'asc');
  const sorted = columns.map((name) => sql`${column(alias, name)} ${way}`);
  return {
    where: sql`(${of(alias)}, ${order.id.column}) >= (${of('d')}, ${from}) and (${of(alias)}, ${order.id.column}) <= (${of('d')}, ${until})`,
    sorted: sql`${sql.join(sorted, sql`, `)}, ${order.id.column} ${way}`,
  };
};

/** Ids alone, in their order, which never changes. */
export const readIds = async (
  clients: Clients,
  from: SQL,
  alias: string,
  branches: readonly Branch[],
  limit: number,
): Promise<string[]> => {
  const id = sql.raw(`${alias}.id`);
  const found: string[] = [];
  for (const { driver, where } of branches) {
    const source =
      driver === null
        ? sql`(select ${id} from ${from} where ${where}) as x`
        : sql`${driver.source} cross join lateral (select ${id} from ${from} where ${equal(driver, alias)} and ${where}) as x`;
    const rows = await clients.read<{ id: string }>(sql`select x.id from ${source} order by x.id limit ${limit}`);
    found.push(...rows.map((row) => row.id));
  }
  return found.toSorted().slice(0, limit);
};

export const countRows = async (
  clients: Clients,
  from: SQL,
  alias: string,
  branches: readonly Branch[],
): Promise<number> => {
  let total = 0;
  for (const { driver, where } of branches) {
    const source =
      driver === null
        ? sql`${from} where ${where}`
        : sql`${driver.source} cross join lateral (select from ${from} where ${equal(driver, alias)} and ${where}) as x`;
    const [row] = await clients.read<{ count: string }>(sql`select count(*) as count from ${source}`);
    total += Number(row?.count ?? 0);
  }
  return total;
};
