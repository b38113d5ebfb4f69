/** The walk-through of docs/northwind.md with the schema and configuration written there, over the real data. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { compose } from '../../src/compose.ts';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import type { LaneReport } from '../../src/engine/run/lane-run.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import { REQUEST } from '../engine/small-site.ts';
import { createDatabase } from '../support/database.ts';

const DATA = join(import.meta.dirname, '../../../shared/data/northwind.sql');
const DOCS = join(import.meta.dirname, '../../docs/northwind.md');

const block = (language: string): string => {
  const text = readFileSync(DOCS, 'utf8');
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? '';
};

async function northwind() {
  const [hq, shop, coupling] = await Promise.all([createDatabase(), createDatabase(), createDatabase()]);
  const script = readFileSync(DATA, 'utf8').replaceAll(/^SET default_(with_oids|tablespace).*$/gm, '');
  await hq.sql.unsafe(script);
  await shop.sql.unsafe(block('sql'));
  const { settings, problems } = loadConfiguration(block('yaml'), { HQ_URL: hq.url, SHOP_URL: shop.url });
  if (!settings) throw new Error(JSON.stringify(problems));
  const couplet = await compose({ settings, databaseUrl: coupling.url, log: pino({ level: 'silent' }), migrate: true });
  const installed = await couplet.install();
  expect(
    installed.flatMap(({ result }): unknown[] => (result instanceof Error ? [result] : [...result.problems])),
  ).toEqual([]);
  return {
    hq: hq.sql,
    shop: shop.sql,
    coupling: coupling.sql,
    couplet,
    run: (): Promise<LaneReport[]> =>
      runChannel(couplet.site, couplet.memory, 'shop', lanesOf(couplet.site, 'shop'), REQUEST),
    async [Symbol.asyncDispose]() {
      await couplet.close();
      await Promise.all([hq, shop, coupling].map((database) => database[Symbol.asyncDispose]()));
    },
  };
}

type Northwind = Awaited<ReturnType<typeof northwind>>;

/** Rows of both stores in one form, by their natural keys: what the oracle compares. */
async function bothSides({ hq, shop }: Northwind) {
  const tables: Record<string, [string, string]> = {
    products: [
      'select product_id as k, product_name, s.company_name, c.category_name, quantity_per_unit, unit_price::numeric(10,2)::text as price, units_in_stock, discontinued = 0 as sold from products p left join suppliers s using (supplier_id) left join categories c using (category_id) order by 1',
      'select sku as k, title as product_name, s.company as company_name, c.label as category_name, packing as quantity_per_unit, price::text, in_stock as units_in_stock, sold from shop.product p left join shop.supplier s on s.id = supplier_id left join shop.category c on c.id = category_id order by 1',
    ],
    customers: [
      'select customer_id as k, company_name, contact_name, address, city, postal_code, country, phone from customers order by 1',
      'select code as k, company as company_name, contact as contact_name, street as address, town as city, zip as postal_code, country, phone from shop.buyer order by 1',
    ],
    orders: [
      'select order_id as k, customer_id, order_date::text as ordered, shipped_date::text as shipped, freight::numeric::text as freight, ship_name from orders order by 1',
      'select number as k, b.code as customer_id, ordered_on::text as ordered, shipped_on::text as shipped, trim_scale(freight)::text as freight, ship_to as ship_name from shop.purchase p left join shop.buyer b on b.id = buyer_id order by 1',
    ],
    details: [
      'select order_id, product_id, unit_price::numeric::text as price, quantity, discount::numeric::text as rebate from order_details order by 1, 2',
      'select p.number as order_id, r.sku as product_id, trim_scale(l.price)::text as price, pieces as quantity, trim_scale(rebate)::text as rebate from shop.purchase_line l join shop.purchase p on p.id = purchase_id join shop.product r on r.id = l.product_id order by 1, 2',
    ],
  };
  const sides: Record<string, { hq: unknown[]; shop: unknown[] }> = {};
  for (const [name, [left, right]] of Object.entries(tables)) {
    sides[name] = { hq: [...(await hq.unsafe(left))], shop: [...(await shop.unsafe(right))] };
  }
  return sides;
}

describe.skipIf(!existsSync(DATA))('Northwind as HQ (where its data are at hand)', () => {
  it('fills a web shop of another shape, writes nothing the second time, and ends every edit equal, in conflict or listed', async () => {
    await using site = await northwind();
    const first = await site.run();
    expect(
      first.map(({ lane, status, code, counters }) => [lane.mapping, status, code, counters.toChannel.inserted]),
    ).toEqual([
      ['suppliers', 'succeeded', null, 29],
      ['categories', 'succeeded', null, 8],
      ['products', 'succeeded', null, 77],
      ['customers', 'succeeded', null, 91],
      ['orders', 'succeeded', null, 830],
      ['orderDetails', 'succeeded', null, 2155],
    ]);
    for (const { hq, shop } of Object.values(await bothSides(site))) expect(shop).toEqual(hq);
    const second = await site.run();
    for (const { counters } of second) {
      expect({ ...counters.toHq, unchanged: 0 }).toEqual({
        inserted: 0,
        modified: 0,
        deleted: 0,
        unchanged: 0,
        skipped: 0,
        failed: 0,
      });
      expect({ ...counters.toChannel, unchanged: 0 }).toEqual({
        inserted: 0,
        modified: 0,
        deleted: 0,
        unchanged: 0,
        skipped: 0,
        failed: 0,
      });
    }

    // Edits on both sides, of every kind.
    await site.hq.unsafe(
      "update products set unit_price = 19.5 where product_id = 1; update customers set city = 'Potsdam' where customer_id = 'ALFKI'; update order_details set quantity = 13 where order_id = 10248 and product_id = 11",
    );
    await site.shop.unsafe(
      "update shop.buyer set phone = '030-1' where code = 'ALFKI'; update shop.purchase_line set pieces = 14 where purchase_id = (select id from shop.purchase where number = 10248) and product_id = (select id from shop.product where sku = 11)",
    );
    await site.hq.unsafe(
      "insert into customers (customer_id, company_name) values ('NEWHQ', 'New in HQ'); insert into orders (order_id, customer_id, order_date) values (20000, 'NEWHQ', '2026-01-31'); insert into order_details values (20000, 1, 10, 2, 0)",
    );
    await site.shop.unsafe(
      "insert into shop.buyer (code, company) values ('NEWSH', 'New in the shop'), (null, 'No code')",
    );
    await site.shop.unsafe(
      "insert into shop.purchase (number, buyer_id, ordered_on) select 20001, id, '2026-02-01' from shop.buyer where code = 'NEWSH'",
    );
    await site.hq.unsafe('delete from order_details where order_id = 10249');
    await site.run();
    await site.run();
    const errors =
      await site.coupling`select kind, code, count(*)::int as count from couplet.sync_error where status = 'open' group by 1, 2 order by 1, 2`;
    expect([...errors]).toEqual([
      { kind: 'conflict', code: 'update-conflict', count: 1 },
      { kind: 'deletion', code: 'deleted-in-hq', count: 2 },
      { kind: 'failure', code: 'required-value-missing', count: 1 },
    ]);
    const sides = await bothSides(site);
    expect(sides['products']!.shop).toEqual(sides['products']!.hq);
    expect(sides['orders']!.shop).toEqual(sides['orders']!.hq);
    expect(sides['customers']!.shop).toEqual([
      ...sides['customers']!.hq,
      expect.objectContaining({ k: null, company_name: 'No code' }),
    ]);
    const listed = (row: { order_id: number; product_id: number }) =>
      row.order_id === 10249 || (row.order_id === 10248 && row.product_id === 11);
    const rest = (rows: unknown[]) =>
      (rows as { order_id: number; product_id: number }[]).filter((row) => !listed(row));
    expect(rest(sides['details']!.shop)).toEqual(rest(sides['details']!.hq));
  });
});
