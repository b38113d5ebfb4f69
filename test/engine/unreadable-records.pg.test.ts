/** A record that the store itself cannot read is there all the same. */
import { expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type PostgresSite, postgresSite } from './postgres-site.ts';

const CONFIGURATION = `version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels:
  shop: { name: Shop, kind: postgres, url: "\${SHOP_URL}" }
mappings:
  items:
    label: Item
    hq: { table: item, key: [id], filter: "amount::numeric > 0" }
    channel: { table: article, key: [id] }
    match: [[number]]
    firstRun: automatic
    deletions: propagate
    fields:
      number: { hq: id, channel: num }
      title: { hq: title, channel: title }
`;

async function inStep(databases: { readonly shop?: TestDatabase } = {}): Promise<PostgresSite> {
  const site = await postgresSite({
    databases,
    configuration: CONFIGURATION,
    hqScript: `create table item (id int primary key, title text, amount text not null)`,
    shopScript: `create table article (id int generated always as identity primary key, num int, title text)`,
  });
  await site.hq`insert into item select n, 'Item ' || n, n from generate_series(1, 5) n`;
  await site.run();
  return site;
}

const articles = (site: PostgresSite) => site.shop`select num, title from article order by num`;
const FIVE = [1, 2, 3, 4, 5].map((num) => ({ num, title: `Item ${num}` }));

it('one on which the filter fails stops its mapping with the reason, and is taken neither for deleted nor for new', async () => {
  await using site = await inStep();
  expect(await articles(site)).toEqual(FIVE);
  await site.hq`update item set amount = 'n/a', title = 'Changed' where id in (2, 4)`;
  await site.hq`insert into item values (6, 'Item 6', '6')`;
  for (const scope of ['modified', 'modified', 'full'] as const) {
    expect(await site.run({ scope })).toMatchObject([{ status: 'failed', code: 'records-unreadable' }]);
    expect(await articles(site)).toEqual(FIVE);
    expect(await site.openErrors()).toMatchObject([
      {
        scope: 'mapping',
        code: 'records-unreadable',
        params: { table: 'item', reason: expect.stringContaining('n/a') },
      },
    ]);
  }
  // One error all along, however often it was tried.
  expect(await site.coupling`select count(*)::int n from couplet.sync_error`).toEqual([{ n: 1 }]);
  await site.hq`update item set amount = '7' where amount = 'n/a'`;
  await site.run();
  expect(await site.openErrors()).toEqual([]);
  expect((await articles(site)).map(({ title }) => title)).toEqual([
    'Item 1',
    'Changed',
    'Item 3',
    'Changed',
    'Item 5',
    'Item 6',
  ]);
});

it('one with bytes that the encoding of the store does not know is not taken for deleted either', async () => {
  await using site = await inStep({ shop: await createDatabase({ encoding: 'SQL_ASCII' }) });
  await site.shop.unsafe(`update article set title = E'caf\\xe9' where num = 3`);
  for (let round = 0; round < 2; round += 1) {
    expect(await site.run()).toMatchObject([{ status: 'failed', code: 'records-unreadable' }]);
    expect(await site.hq`select count(*)::int n from item`).toEqual([{ n: 5 }]);
  }
  await site.shop`update article set title = 'café' where num = 3`;
  await site.run();
  expect(await site.openErrors()).toEqual([]);
  expect(await site.hq`select title from item where id = 3`).toEqual([{ title: 'café' }]);
});
