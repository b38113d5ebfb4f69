import { readFile } from 'node:fs/promises';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { applyDemoEdits } from '../../src/demo/apply-demo-edits.ts';
import { createDemoStores, type DemoStores, demoConfigurationFile } from '../../src/demo/create-demo-stores.ts';
import { generateDemoRecords } from '../../src/demo/generate-demo-records.ts';
import { startServer } from '../support/server.ts';

type Row = Record<string, unknown>;

/** What the first synchronization does to the tables that the edits touch, in a few statements. */
async function bringIntoStep({ hqUrl, houstonUrl, onlineUrl }: DemoStores): Promise<void> {
  const open = (url: string): postgres.Sql => postgres(url, { max: 1, onnotice: () => {} });
  const [hq, houston, online] = [open(hqUrl), open(houstonUrl), open(onlineUrl)];
  const customers = await hq<Row[]>`select account_num, name as full_name, group_code as code, email as email_address,
    coalesce(phone, '+0') as tel from sales.customer where not blocked`;
  const addresses = await hq<
    Row[]
  >`select account_num, street, city as town from sales.customer_address order by address_id`;
  const items = await hq<
    Row[]
  >`select 'CTS-' || item_no as sku, name as title, unit_price as price, ean as barcode from sales.item`;
  await houston.unsafe('truncate customer, customer_address; delete from product where not local_only');
  await online.unsafe('truncate shop.customer, shop.address, shop.segment');
  const segments = await houston<Row[]>`select code, label from segment`;
  await online`insert into shop.segment (code, label) select code, label
    from jsonb_to_recordset(${online.json(segments as never)}) as r(code text, label text)`;
  for (const [sql, schema, kind] of [
    [houston, 'public', 'customer_address'],
    [online, 'shop', 'address'],
  ] as const) {
    await sql`insert into ${sql(`${schema}.customer`)} (account_num, full_name, segment_id, email_address, tel, country)
      select account_num, full_name, segment_id, email_address, tel, 'Somewhere'
      from jsonb_to_recordset(${sql.json(customers as never)})
        as r(account_num text, full_name text, code text, email_address text, tel text)
      join ${sql(`${schema}.segment`)} using (code)`;
    await sql`insert into ${sql(`${schema}.${kind}`)} (customer_id, kind, street, town, country)
      select id, 'billing', street, town, 'Somewhere'
      from jsonb_to_recordset(${sql.json(addresses as never)}) as r(account_num text, street text, town text)
      join ${sql(`${schema}.customer`)} using (account_num)`;
  }
  await houston`insert into product (sku, title, department, price, barcode) select sku, title, 'x', price, barcode
    from jsonb_to_recordset(${houston.json(items as never)}) as r(sku text, title text, price numeric, barcode text)`;
  await Promise.all([hq.end(), houston.end(), online.end()]);
}

async function rows(url: string, query: string): Promise<Row[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return [...(await sql.unsafe(query))];
  } finally {
    await sql.end();
  }
}

test('the demo is made once, is edited once, and after its first synchronization only', async () => {
  await using server = await startServer({ durable: false });
  const stores = await createDemoStores(server);
  expect(stores.created).toBe(true);
  expect((await createDemoStores(server)).created).toBe(false);
  expect(await rows(stores.hqUrl, 'select count(*)::int from sales.customer')).toEqual([{ count: 180 }]);

  await expect(applyDemoEdits(stores)).rejects.toThrow(/not as its first synchronization leaves it/);
  expect(await rows(stores.houstonUrl, `select 1 from customer where full_name like 'Discovery%'`)).toEqual([]);
});

test('the edits leave something for everybody to decide', async () => {
  await using server = await startServer({ durable: false });
  const stores = await createDemoStores(server);
  await bringIntoStep(stores);
  expect(await applyDemoEdits(stores)).toBe(true);
  expect(await applyDemoEdits(stores)).toBe(false);

  // Customers get their GUID afterwards; that hides nobody who edited them.
  await rows(stores.hqUrl, 'update sales.customer set cust_account_async = gen_random_uuid()');
  const changed = await rows(stores.hqUrl, `select name from sales.customer where modified_by = 'm.keller'`);
  expect(changed.length).toBeGreaterThan(8);
  expect(changed).toEqual(expect.arrayContaining([{ name: 'Restaurant Søhesten' }, { name: 'Kaffihús Vesturbæjar' }]));
  const refused = async (statement: string): Promise<unknown> =>
    rows(stores.houstonUrl, `begin; ${statement}; rollback`).then(
      () => null,
      (error: { code: string }) => error.code,
    );
  const [long] = await rows(stores.hqUrl, 'select name from sales.customer where length(name) > 60');
  const [rich] = await rows(stores.hqUrl, 'select credit_limit from sales.customer order by credit_limit desc limit 1');
  const [item] = await rows(stores.hqUrl, `select ean from sales.item where item_no = '6050'`);
  expect(await refused(`update customer set full_name = '${String(long?.['name'])}'`)).toBe('22001');
  expect(await refused(`update customer set credit = ${String(rich?.['credit_limit'])}`)).toBe('23514');
  expect(await refused(`update product set barcode = '${String(item?.['ean'])}' where sku = 'CTS-6050'`)).toBe('23505');
  expect(await refused('update customer set tel = null')).toBe('23502');
});

test('the demo configuration is valid and knows every value of the demo', async () => {
  const environment = {
    HQ_URL: 'postgres://a/hq',
    HOUSTON_URL: 'postgres://a/houston',
    ONLINE_URL: 'postgres://a/online',
  };
  const { settings, problems } = loadConfiguration(await readFile(demoConfigurationFile, 'utf8'), environment);
  expect(problems).toEqual([]);
  expect(settings?.order).toEqual(['customerGroups', 'customers', 'customerAddresses', 'items', 'webCatalog']);
  const text = await readFile(demoConfigurationFile, 'utf8');
  for (const { country } of generateDemoRecords().customers) expect(text).toContain(`${country.code}: ${country.name}`);
});

test('what distinguishes customers and items in the demo is there once', () => {
  const { customers, addresses, items } = generateDemoRecords();
  for (const values of [
    customers.map(({ email }) => email),
    customers.map(({ name }) => name),
    items.map(({ itemNo }) => itemNo),
    items.map(({ ean }) => ean),
    addresses.map(({ accountNum, purpose }) => accountNum + purpose),
  ]) {
    expect(new Set(values).size).toBe(values.length);
  }
  expect([customers.length, addresses.length, items.length]).toEqual([180, 240, 90]);
});
