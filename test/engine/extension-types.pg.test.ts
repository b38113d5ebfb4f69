import { expect, it } from 'vitest';
import { postgresSite } from './postgres-site.ts';

const CONFIGURATION = `version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels:
  shop: { name: Shop, kind: postgres, url: "\${SHOP_URL}" }
mappings:
  items:
    label: Item
    hq: { table: item, key: [code] }
    channel: { table: article, key: [id] }
    match: [[code]]
    firstRun: automatic
    deletions: propagate
    fields:
      code: { hq: code, channel: sku }
      title: { hq: title, channel: title }
`;

it('records under case-insensitive keys stay in step where the search path does not lead to the extension', async () => {
  await using site = await postgresSite({
    configuration: CONFIGURATION,
    hqScript: `create schema extensions; create extension citext schema extensions;
      create table item (code extensions.citext primary key, title text)`,
    shopScript: 'create table article (id int generated always as identity primary key, sku text, title text)',
  });
  await site.hq`insert into item values ('ABC', 'one'), ('abD', 'two'), ('B', 'three')`;
  await site.run();
  await site.hq`update item set title = title || ' changed'`;
  await site.run();
  await site.shop`update article set title = 'by the shop' where sku = 'ABC'`;
  await site.run({ scope: 'full' });
  expect(await site.openErrors()).toEqual([]);
  expect(await site.hq`select code::text, title from item order by title`).toEqual([
    { code: 'ABC', title: 'by the shop' },
    { code: 'B', title: 'three changed' },
    { code: 'abD', title: 'two changed' },
  ]);
  expect(await site.shop`select id, sku, title from article order by sku collate "C"`).toEqual([
    { id: expect.any(Number), sku: 'ABC', title: 'by the shop' },
    { id: expect.any(Number), sku: 'B', title: 'three changed' },
    { id: expect.any(Number), sku: 'abD', title: 'two changed' },
  ]);
});
