/**
 * A list as PostgreSQL reads it well. Where a filter gives several values of an indexed column (all lanes of a mapping,
 * some couplings), one `in` would make it read everything or sort everything; so each value is read by itself, in order,
 * no further than a page, and the results are merged.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { Page, PageRequest } from '../../ports/queries.ts';
import type { Clients } from '../connect.ts';
import { afterCursor, type Order, orderBy, pageOf, placeColumns, type PlacedRow } from './page.ts';

export interface Branch {
  /** Rows whose every value is read by itself, as `d`: `unnest(…) as d(lane_id)`; null: one read. */
  readonly driver: SQL | null;
  /** Also what ties the rows to `d`. */
  readonly where: SQL;
}

export interface ListRequest<Row, Item> {
  readonly columns: SQL;
  readonly from: SQL;
  /** Branches have no row in common. */
  readonly branches: readonly Branch[];
  readonly order: Order;
  readonly page: PageRequest;
  readonly toItems: (rows: readonly Row[]) => Promise<readonly Item[]>;
}

export const readList = async <Row extends PlacedRow, Item>(
  clients: Clients,
  { columns, from, branches, order, page, toItems }: ListRequest<Row, Item>,
): Promise<Page<Item>> => {
  const after = afterCursor(order, page.cursor);
  const limit = page.limit + 1;
  const way = sql.raw(order.down ? 'desc' : 'asc');
  const parts = branches.map(({ driver, where }) => {
    const read = sql`
      select ${columns}, ${placeColumns(order)},
             ${order.by === null ? sql`null` : order.by.column} as order_value, ${order.id.column} as order_id
        from ${from} where ${after === null ? where : sql`${where} and ${after}`}
       order by ${orderBy(order)} limit ${limit}`;
    return driver === null ? sql`(${read})` : sql`(select x.* from ${driver} cross join lateral (${read}) as x)`;
  });
  if (parts.length === 0) return { items: [], nextCursor: null, total: page.count ? 0 : null };
  const sorted = order.by === null ? sql`x.order_id ${way}` : sql`x.order_value ${way} nulls last, x.order_id ${way}`;
  const rows = await clients.read<Row>(
    sql`select x.* from (${sql.join(parts, sql` union all `)}) as x order by ${sorted} limit ${limit}`,
  );
  return pageOf(page, order, rows, toItems, () => countRows(clients, from, branches));
};

export const countRows = async (clients: Clients, from: SQL, branches: readonly Branch[]): Promise<number> => {
  let total = 0;
  for (const { driver, where } of branches) {
    const source =
      driver === null
        ? sql`${from} where ${where}`
        : sql`${driver} cross join lateral (select from ${from} where ${where}) as x`;
    const [row] = await clients.read<{ count: string }>(sql`select count(*) as count from ${source}`);
    total += Number(row?.count ?? 0);
  }
  return total;
};
