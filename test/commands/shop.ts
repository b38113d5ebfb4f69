/** A head office and a shop, small enough to be broken in one place at a time. */
import { createDatabase, type TestDatabase } from '../support/database.ts';

const HQ = `
create schema sales;
create sequence sales.customer_number;
create type sales.tier as enum ('gold', 'silver', 'bronze');
create table sales.segment (code text primary key, title text, boss text not null default '-');
create table sales.customer (
  num text primary key default 'C' || nextval('sales.customer_number'), name text not null, email text, tier sales.tier, credit numeric(12,2), since date,
  blocked boolean not null default false, segment_code text references sales.segment, modified_at timestamptz, note text);
`;
export const shopSchema = `
create type tier as enum ('gold', 'silver', 'bronze');
create table segment (id integer generated always as identity primary key, ext_code text, caption text, boss integer);
create table customer (
  id integer generated always as identity primary key, full_name text not null, mail text, tier tier, credit numeric(12,2),
  since date, segment_id integer references segment, born date, hint text);
`;

export const CONFIGURATION = `version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels:
  houston: { name: Houston, kind: postgres, url: "\${HOUSTON_URL}" }
mappings:
  segments:
    label: Segment
    hq: { table: sales.segment, key: [code] }
    channel: { table: segment, key: [id] }
    match: [[code]]
    firstRun: automatic
    initialWinner: hq
    fields:
      code: { hq: code, channel: ext_code }
      title: { hq: title, channel: caption }
  customers:
    label: Customer
    hq: { table: sales.customer, key: [num], filter: not blocked, describe: [num, name], modifiedAt: modified_at }
    channel: { table: customer, key: [id] }
    match: [[email]]
    firstRun: automatic
    initialWinner: hq
    fields:
      name: { hq: name, channel: full_name }
      email: { hq: email, channel: mail }
      tier: { hq: tier, channel: tier }
      credit: { hq: credit, channel: credit, direction: toChannel }
      since: { hq: since, channel: since }
      segment: { hq: segment_code, channel: segment_id, references: segments }
`;

export interface Shop extends AsyncDisposable {
  readonly hq: TestDatabase;
  readonly houston: TestDatabase;
  /** The coupling database, empty. */
  readonly couplet: TestDatabase;
  /** What the configuration takes from the environment. */
  readonly environment: { HQ_URL: string; HOUSTON_URL: string; COUPLET_DATABASE_URL: string };
}

export async function openShop(): Promise<Shop> {
  const [hq, houston, couplet] = await Promise.all([createDatabase(), createDatabase(), createDatabase()]);
  await hq.sql.unsafe(HQ);
  await houston.sql.unsafe(shopSchema);
  return {
    hq,
    houston,
    couplet,
    environment: { HQ_URL: hq.url, HOUSTON_URL: houston.url, COUPLET_DATABASE_URL: couplet.url },
    async [Symbol.asyncDispose]() {
      for (const database of [hq, houston, couplet]) await database[Symbol.asyncDispose]();
    },
  };
}

/** Three customers in HQ and one of them in the shop already. */
export async function fillShop({ hq, houston }: Shop): Promise<void> {
  await hq.sql`insert into sales.segment (code, title) values ('R', 'Retail'), ('W', 'Wholesale')`;
  await hq.sql`insert into sales.customer (num, name, email, tier, credit, segment_code) values
    ('C1', 'Adatum', 'a@adatum.example', 'gold', 100, 'R'), ('C2', 'Contoso', 'c@contoso.example', 'silver', 50, 'W'),
    ('C3', 'Fabrikam', 'f@fabrikam.example', null, null, null)`;
  await houston.sql`insert into customer (full_name, mail, tier) values ('Adatum Corp', 'a@adatum.example', 'gold')`;
}
