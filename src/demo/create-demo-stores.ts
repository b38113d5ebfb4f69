/** Two small companies and their head office, as three databases that do not know of each other. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { countries } from './countries.ts';
import { groups } from './customer-names.ts';
import {
  type DemoAddress,
  type DemoCustomer,
  type DemoItem,
  ean13,
  generateDemoRecords,
  withoutAccents,
} from './generate-demo-records.ts';
import { categories } from './item-names.ts';

/** What the demo needs of a PostgreSQL server. */
export interface DemoServer {
  url(database: string): string;
  ensureDatabase(name: string): Promise<void>;
}

export interface DemoStores {
  hqUrl: string;
  houstonUrl: string;
  onlineUrl: string;
  /** False when they were there already. */
  created: boolean;
}

/** The configuration that keeps the demo stores in step, for `HQ_URL`, `HOUSTON_URL` and `ONLINE_URL`. */
export const demoConfigurationFile: string = join(import.meta.dirname, 'couplet.demo.yaml');

/** A barcode that the shop in Houston has given to something of its own, and HQ gives to something else one day. */
export const houstonsOwnBarcode: string = ean13('200000000001');

/** Makes databases, tables and records where they are missing. Each database is filled in one transaction, or not at all. */
export async function createDemoStores(server: DemoServer): Promise<DemoStores> {
  const { customers, addresses, items } = generateDemoRecords();
  const hq = await fill(server, 'contoso_hq', 'sales.customer', 'hq.sql', async (sql) => {
    await insertReference(sql);
    await insertCustomers(sql, customers, addresses);
    await insertItems(sql, items);
  });
  const houston = await fill(server, 'houston', 'public.customer', 'houston.sql', (sql) =>
    fillHouston(sql, customers, items),
  );
  const online = await fill(server, 'online', 'shop.customer', 'online.sql', (sql) =>
    fillOnline(sql, customers, items),
  );
  return {
    hqUrl: server.url('contoso_hq'),
    houstonUrl: server.url('houston'),
    onlineUrl: server.url('online'),
    created: hq || houston || online,
  };
}

async function fill(
  server: DemoServer,
  database: string,
  witness: string,
  schemaFile: string,
  insert: (sql: postgres.TransactionSql) => Promise<void>,
): Promise<boolean> {
  await server.ensureDatabase(database);
  const schema = await readFile(join(import.meta.dirname, schemaFile), 'utf8');
  const sql = postgres(server.url(database), { max: 1, onnotice: () => {} });
  try {
    return await sql.begin(async (transaction) => {
      const [found] = await transaction`select to_regclass(${witness}) is not null as there`;
      if (found?.['there'] === true) return false;
      await transaction.unsafe(schema);
      await insert(transaction);
      return true;
    });
  } finally {
    await sql.end();
  }
}

async function insertReference(sql: postgres.TransactionSql): Promise<void> {
  const groupRows = groups.map(([group_code, name, payment_days]) => ({ group_code, name, payment_days }));
  const categoryRows = categories.map(([category_code, name]) => ({ category_code, name }));
  await sql`insert into sales.customer_group ${sql(groupRows)}`;
  await sql`insert into sales.item_category ${sql(categoryRows)}`;
}

async function insertCustomers(
  sql: postgres.TransactionSql,
  customers: readonly DemoCustomer[],
  addresses: readonly DemoAddress[],
): Promise<void> {
  const rows = customers.map((customer, index) => ({
    account_num: customer.accountNum,
    name: customer.name,
    group_code: customer.group,
    email: customer.email,
    // Some numbers only the shop in Houston knows, which comes by them at the till.
    phone: isPhoneOnlyKnownInHouston(index) ? null : customer.phone,
    country_code: customer.country.code,
    language_code: customer.country.language,
    currency: customer.country.currency,
    credit_limit: customer.creditLimit,
    vat_number: customer.vatNumber,
    blocked: customer.blocked,
    notes: customer.blocked ? 'Blocked by accounting: unpaid invoices.' : null,
    created_at: customer.createdAt,
    modified_at: customer.createdAt,
    modified_by: 'j.berg',
  }));
  await sql`insert into sales.customer ${sql(rows)}`;
  await sql`select setval('sales.customer_number', ${customers.length})`;
  const addressRows = addresses.map((address) => ({
    account_num: address.accountNum,
    purpose: address.purpose,
    street: address.street,
    postal_code: address.postalCode,
    city: address.city,
    country_code: address.countryCode,
    modified_by: 'j.berg',
  }));
  await sql`insert into sales.customer_address ${sql(addressRows)}`;
}

async function insertItems(sql: postgres.TransactionSql, items: readonly DemoItem[]): Promise<void> {
  const rows = items.map((item) => ({
    item_no: item.itemNo,
    name: item.name,
    description: item.description,
    category_code: item.category,
    unit_price: item.unitPrice,
    unit_cost: item.unitCost,
    ean: item.ean,
    weight_kg: item.weightKg,
    // Machines for bars are sold by the shops, which install them; syrups in glass are not sent.
    sold_online: !(item.name.startsWith('Espresso machine Barista') || item.category === 'SYRUPS'),
    introduced_on: item.introducedOn,
    modified_by: 's.okafor',
  }));
  await sql`insert into sales.item ${sql(rows)}`;
}

function isKnownInHouston(index: number): boolean {
  return index % 2 === 0;
}

function isPhoneOnlyKnownInHouston(index: number): boolean {
  return index % 40 === 4;
}

/** The shop had customers and goods before it was coupled with HQ: most of them, not all, HQ has as well. */
async function fillHouston(
  sql: postgres.TransactionSql,
  customers: readonly DemoCustomer[],
  items: readonly DemoItem[],
): Promise<void> {
  const segments = await sql<{ segment_id: number; code: string }[]>`
    insert into segment ${sql(groups.map(([code, label]) => ({ code, label })))} returning segment_id, code`;
  const segmentOf = new Map(segments.map(({ segment_id, code }) => [code, segment_id]));
  const known = customers.filter((customer, index) => isKnownInHouston(index) && !customer.blocked);
  const rows = known.map((customer, index) => ({
    // As the till typed it.
    full_name: index % 7 === 3 ? withoutAccents(customer.name) : customer.name,
    segment_id: segmentOf.get(customer.group) ?? null,
    email_address: index % 11 === 5 && index % 7 !== 3 ? null : customer.email,
    tel: customer.phone,
    country: customer.country.name,
    language: customer.country.language,
    loyalty_points: (index * 37) % 900,
    first_seen_on: customer.createdAt.slice(0, 10),
  }));
  const unitedStates = countries.find(({ code }) => code === 'US')?.name ?? '';
  const walkedIn = [
    ['Montrose Book Club', 'EVENT', 'hello@montrose-book-club.example', '+17135550171'],
    ['Bao & Bánh Mì Kitchen', 'REST', 'orders@bao-banh-mi.example', '+17135550172'],
    ['Guadalupe Peña-Ruiz', 'PRIVATE', 'lupita.ruiz@post.example', '+17135550173'],
    ["D'Angelo Barber Shop", 'OFFICE', 'chair1@dangelo-barbers.example', '+17135550174'],
    ['Buffalo Bayou Rowing Assn.', 'EVENT', 'crew@bb-rowing.example', '+17135550175'],
  ].map(([full_name = '', group = '', email_address = '', tel = '']) => ({
    full_name,
    segment_id: segmentOf.get(group) ?? null,
    email_address,
    tel,
    country: unitedStates,
    language: 'en',
    loyalty_points: 20,
    first_seen_on: '2025-03-14',
  }));
  await sql`insert into customer ${sql([...rows, ...walkedIn])}`;
  await fillHoustonShelves(sql, items);
}

async function fillHoustonShelves(sql: postgres.TransactionSql, items: readonly DemoItem[]): Promise<void> {
  const departmentOf = new Map(categories);
  const stocked = items
    .filter((_, index) => index % 3 === 0)
    .map((item, index) => ({
      sku: `CTS-${item.itemNo}`,
      title: item.name,
      department: departmentOf.get(item.category) ?? '',
      price: item.unitPrice,
      barcode: item.ean,
      shelf: `${'ABCDEF'[index % 6]}${1 + (index % 9)}`,
      local_only: false,
    }));
  const own = [
    ['LOC-01', 'Kolache, sausage & cheese', 'Bakery', 3.25, houstonsOwnBarcode],
    ['LOC-02', 'Texas pecan pie, slice', 'Bakery', 4.5, ean13('200000000002')],
    ['LOC-03', 'Gift card', 'Service', 25, null],
  ].map(([sku = '', title = '', department = '', price = 0, barcode = null]) => {
    return { sku, title, department, price, barcode, shelf: null, local_only: true };
  });
  await sql`insert into product ${sql([...stocked, ...own])}`;
}

/** The web shop has some customers who registered there; its groups and most of its catalogue come from HQ. */
async function fillOnline(
  sql: postgres.TransactionSql,
  customers: readonly DemoCustomer[],
  items: readonly DemoItem[],
): Promise<void> {
  const used = groups.filter(([code]) => code !== 'STAFF').map(([code, label]) => ({ code, label }));
  const segments = await sql<{ segment_id: string; code: string }[]>`
    insert into shop.segment ${sql(used)} returning segment_id, code`;
  const segmentOf = new Map(segments.map(({ segment_id, code }) => [code, segment_id]));
  const registered = customers.filter(
    (customer, index) => index % 3 === 1 && !customer.blocked && segmentOf.has(customer.group),
  );
  const rows = registered.map((customer, index) => ({
    full_name: customer.name,
    segment_id: segmentOf.get(customer.group) ?? null,
    email_address: index % 5 === 0 ? customer.email.replace(/^./, (letter) => letter.toUpperCase()) : customer.email,
    tel: index % 4 === 0 ? null : customer.phone,
    country: customer.country.name,
    language: customer.country.language,
    newsletter: index % 2 === 0,
    preferences: sql.json({ delivery: index % 3 === 0 ? 'pick-up' : 'parcel', invoiceByMail: index % 2 === 1 }),
  }));
  await sql`insert into shop.customer ${sql(rows)}`;
  const listed = items
    .filter(({ category }) => category === 'TEA')
    .map((item) => ({
      article_no: item.itemNo,
      headline: item.name,
      section: 'tea',
      list_price: item.unitPrice,
      seller: 'Contoso',
      clicks: 100 + Number(item.itemNo) / 10,
    }));
  await sql`insert into shop.catalog_item ${sql(listed)}`;
}
