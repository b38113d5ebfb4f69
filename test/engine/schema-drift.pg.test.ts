import { describe, expect, it } from 'vitest';
import { type PostgresSite, postgresSite } from './postgres-site.ts';

const HQ = `
create table customer (num text primary key, name varchar(40), email text, credit numeric(12,2));
create table item (sku text primary key, title text);`;
const SHOP = `
create table client (id int generated always as identity primary key, cust_num text, full_name varchar(40), mail text, credit numeric(12,2));
create table article (id int generated always as identity primary key, sku text, title text);`;
const CONFIGURATION = `version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels:
  shop: { name: Shop, kind: postgres, url: "\${SHOP_URL}" }
mappings:
  customers:
    label: Customer
    hq: { table: customer, key: [num], describe: [num, name] }
    channel: { table: client, key: [id] }
    match: [[number]]
    firstRun: automatic
    fields:
      number: { hq: num, channel: cust_num }
      name: { hq: name, channel: full_name }
      email: { hq: email, channel: mail }
      credit: { hq: credit, channel: credit }
  items:
    label: Item
    hq: { table: item, key: [sku] }
    channel: { table: article, key: [id] }
    match: [[sku]]
    firstRun: automatic
    fields:
      sku: { hq: sku, channel: sku }
      title: { hq: title, channel: title }
`;

async function inStep(): Promise<PostgresSite> {
  const site = await postgresSite({ configuration: CONFIGURATION, hqScript: HQ, shopScript: SHOP });
  await site.hq`insert into customer
    select 'C' || n, 'Customer ' || n, 'c' || n || '@example.com', n from generate_series(1, 30) n`;
  await site.hq`insert into item select 'S' || n, 'Item ' || n from generate_series(1, 5) n`;
  await site.run();
  await site.run();
  expect(await site.openErrors()).toEqual([]);
  return site;
}

let edits = 0;
/** An edit on each side of each mapping; those of `items` must arrive whatever has befallen the customers. */
async function editEverything(site: PostgresSite): Promise<string> {
  edits += 1;
  const text = `edit ${edits}`;
  await site.hq`update item set title = ${text} where sku = 'S1'`;
  await site.hq`update customer set credit = ${1000 + edits} where num = 'C1'`;
  return text;
}

async function expectOnlyCustomersWait(site: PostgresSite, params: object): Promise<void> {
  const text = await editEverything(site);
  for (let round = 0; round < 2; round += 1) {
    const reports = await site.run();
    expect(reports.map(({ lane, status, code }) => [lane.mapping, status, code]).toSorted()).toEqual([
      ['customers', 'failed', 'schema-changed'],
      ['items', 'succeeded', null],
    ]);
  }
  expect(await site.shop`select title from article where sku = 'S1'`).toEqual([{ title: text }]);
  const errors = await site.openErrors();
  expect(errors).toMatchObject([
    { mapping: 'customers', scope: 'mapping', kind: 'failure', code: 'schema-changed', params },
  ]);
}

async function expectBackToWork(site: PostgresSite): Promise<void> {
  await site.run();
  expect(await site.openErrors()).toEqual([]);
  await site.run();
  const [hq] = await site.hq`select credit from customer where num = 'C1'`;
  expect(await site.shop`select credit from client where cust_num = 'C1'`).toEqual([{ credit: hq?.['credit'] }]);
}

describe('a schema that drifts', () => {
  it('a renamed column stops its mapping with its name, and lets it go on when it is named back', async () => {
    await using site = await inStep();
    await site.shop`alter table client rename column full_name to display_name`;
    await expectOnlyCustomersWait(site, { side: 'channel', difference: expect.stringContaining('full_name') });
    await site.shop`update client set mail = 'meanwhile@example.com' where cust_num = 'C2'`;
    await site.shop`alter table client rename column display_name to full_name`;
    await expectBackToWork(site);
    expect(await site.hq`select email from customer where num = 'C2'`).toEqual([{ email: 'meanwhile@example.com' }]);
  });

  it('a dropped column stops its mapping; put back empty, it wipes nothing on the other side', async () => {
    await using site = await inStep();
    await site.shop`alter table client drop column mail`;
    await expectOnlyCustomersWait(site, { side: 'channel', difference: expect.stringContaining('mail') });
    await site.shop`alter table client add column mail text`;
    await site.run();
    expect(await site.hq`select count(*)::int n from customer where email is null`).toEqual([{ n: 0 }]);
    const [error, ...others] = await site.openErrors();
    expect(others).toEqual([]);
    // HQ's own change of one of them is held along with it, and is no record more.
    expect(error).toMatchObject({ code: 'mass-change', params: { changedIn: 'channel', changes: 30 } });
  });

  it('a widened column is used at once', async () => {
    await using site = await inStep();
    await site.hq`alter table customer alter column name type text`;
    await site.shop`alter table client alter column full_name type varchar(100)`;
    await site.hq`update customer set name = ${'long '.repeat(15)} where num = 'C3'`;
    await site.run();
    expect(await site.openErrors()).toEqual([]);
    expect(await site.shop`select full_name from client where cust_num = 'C3'`).toEqual([
      { full_name: 'long '.repeat(15) },
    ]);
  });

  it('a narrowed column keeps only the records waiting that do not fit, until it is wide again', async () => {
    await using site = await inStep();
    await site.shop`alter table client alter column full_name type varchar(12)`;
    await site.hq`update customer set name = 'A name too long for it' where num = 'C4'`;
    await site.hq`update customer set name = 'Short' where num = 'C5'`;
    await site.run();
    expect(await site.shop`select full_name from client where cust_num = 'C5'`).toEqual([{ full_name: 'Short' }]);
    expect(await site.openErrors()).toMatchObject([
      { scope: 'record', code: 'value-too-long', params: { column: 'full_name', limit: 12 } },
    ]);
    for (let round = 0; round < 3; round += 1) await site.run();
    await site.shop`alter table client alter column full_name type varchar(60)`;
    await site.run({ trigger: 'change' });
    expect(await site.openErrors()).toEqual([]);
    expect(await site.shop`select full_name from client where cust_num = 'C4'`).toEqual([
      { full_name: 'A name too long for it' },
    ]);
  });

  it('a type that the other side cannot take stops its mapping; one that it can take goes on', async () => {
    await using site = await inStep();
    await site.shop`alter table client alter column credit type uuid using null`;
    await expectOnlyCustomersWait(site, { difference: expect.stringContaining('credit') });
    await site.shop`alter table client alter column credit type numeric(12,2) using null`;
    await site.run();
    // C1 was changed in both meanwhile: a conflict of its own.
    const [error, ...others] = (await site.openErrors()).filter(({ scope }) => scope === 'mapping');
    expect(others).toEqual([]);
    expect(error).toMatchObject({ code: 'mass-change' });
    await site.answer(error!.id, 'decline');
    expect((await site.openErrors()).length).toBe(30);
    expect(await site.hq`select count(*)::int n from customer where credit is null`).toEqual([{ n: 0 }]);
  });

  it('a type of the same values, written in another way, is no change of any record', async () => {
    await using site = await inStep();
    await site.shop`alter table client alter column credit type numeric(20,4)`;
    await site.run();
    expect(await site.openErrors()).toEqual([]);
    expect(await site.hq`select count(*)::int n from customer where credit <> round(credit)`).toEqual([{ n: 0 }]);
    await site.shop`update client set credit = 7.25 where cust_num = 'C6'`;
    await site.run();
    expect(await site.hq`select credit from customer where num = 'C6'`).toEqual([{ credit: '7.25' }]);
  });

  it('a table that is gone stops its mapping, and takes no record for deleted; back again, all goes on', async () => {
    await using site = await inStep();
    await site.shop`alter table client rename to client_old`;
    await expectOnlyCustomersWait(site, { side: 'channel', table: 'client' });
    expect(await site.hq`select count(*)::int n from customer`).toEqual([{ n: 30 }]);
    await site.shop`alter table client_old rename to client`;
    await expectBackToWork(site);
  });

  it('a table dropped and restored under its name is compared before anything is taken for deleted', async () => {
    await using site = await inStep();
    await site.shop`create table kept as table client`;
    await site.shop`drop table client`;
    await expectOnlyCustomersWait(site, { side: 'channel', table: 'client' });
    await site.shop.unsafe(
      'create table client (id int generated by default as identity primary key, cust_num text, full_name varchar(40), mail text, credit numeric(12,2))',
    );
    await site.shop`insert into client table kept`;
    await site.run();
    expect(await site.openErrors()).toEqual([]);
    expect(await site.hq`select count(*)::int n from customer`).toEqual([{ n: 30 }]);
    expect(await site.shop`select count(*)::int n from client`).toEqual([{ n: 30 }]);
    await expectBackToWork(site);
  });
});

describe('an enum that gets a label', () => {
  const ENUM = `create type tier as enum ('gold', 'silver');`;
  const configuration = CONFIGURATION.replace(/ {2}items:[^]*/, '').replaceAll('credit', 'tier');

  it('takes the new value at once where both know it, and after a retry where one is late', async () => {
    await using site = await postgresSite({
      configuration,
      hqScript: `${ENUM} create table customer (num text primary key, name text, email text, tier tier)`,
      shopScript: `${ENUM} create table client (id int generated always as identity primary key, cust_num text, full_name text, mail text, tier tier)`,
    });
    await site.hq`insert into customer values ('C1', 'One', null, 'gold'), ('C2', 'Two', null, 'silver')`;
    await site.run();

    await site.hq`alter type tier add value 'bronze'`;
    await site.hq`update customer set tier = 'bronze' where num = 'C1'`;
    await site.run();
    expect(await site.openErrors()).toMatchObject([
      {
        code: 'value-invalid',
        params: { field: 'tier', value: 'bronze', type: 'tier', allowed: ['gold', 'silver'] },
      },
    ]);

    await site.shop`alter type tier add value 'bronze'`;
    await site.hq`update customer set tier = 'bronze' where num = 'C2'`;
    await site.run();
    expect(await site.openErrors()).toEqual([]);
    expect(await site.shop`select cust_num, tier::text from client order by 1`).toEqual([
      { cust_num: 'C1', tier: 'bronze' },
      { cust_num: 'C2', tier: 'bronze' },
    ]);
  });
});
