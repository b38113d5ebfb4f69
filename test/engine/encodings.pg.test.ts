/** A shop whose database does not hold UTF-8. */
import { expect, it } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { postgresSite } from './postgres-site.ts';

const CONFIGURATION = `version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels:
  shop: { name: Shop, kind: postgres, url: "\${SHOP_URL}" }
mappings:
  items:
    label: Item
    hq: { table: item, key: [id], describe: [title] }
    channel: { table: article, key: [id] }
    match: [[number], [title]]
    firstRun: automatic
    fields:
      number: { hq: id, channel: num }
      title: { hq: title, channel: title }
      town: { hq: town, channel: town, transform: { toChannel: [{ replace: ["Łódź", Lodz] }] }, direction: toChannel }
`;

it('takes what it has letters for; what it has none for is an error of its record alone, with field and value', async () => {
  await using site = await postgresSite({
    databases: { shop: await createDatabase({ encoding: 'LATIN1' }) },
    configuration: CONFIGURATION,
    hqScript: 'create table item (id int primary key, title text, town text)',
    shopScript:
      'create table article (id int generated always as identity primary key, num int, title text, town text)',
  });
  await site.hq`insert into item values (1, 'Genève', 'Łódź'), (2, 'Łódź', null), (3, '3 €', 'Łódź'), (4, 'plain', null)`;
  const articles = () => site.shop`select num, title, town from article order by num`;
  await site.run();
  expect(await articles()).toEqual([
    { num: 1, title: 'Genève', town: 'Lodz' },
    { num: 4, title: 'plain', town: null },
  ]);
  const refused = (value: string) => ({
    scope: 'record',
    code: 'value-invalid',
    params: { field: 'title', value, type: 'text in LATIN1' },
  });
  expect(await site.openErrors()).toMatchObject([refused('Łódź'), refused('3 €')]);

  // One change alone and several together are written in different ways, and each has its entry in the ledger.
  await site.hq`update item set town = 'Łódź, Rue de Genève' where id = 4`;
  await site.run();
  await site.hq`update item set title = 'Kraków ' || id, town = 'Łódź' where id in (1, 3)`;
  await site.run();
  await site.shop`update article set title = 'Straße' where num = 4`;
  await site.run();
  expect(await site.openErrors()).toMatchObject([refused('Łódź')]);
  expect(await articles()).toEqual([
    { num: 1, title: 'Kraków 1', town: 'Lodz' },
    { num: 3, title: 'Kraków 3', town: 'Lodz' },
    { num: 4, title: 'Straße', town: 'Lodz, Rue de Genève' },
  ]);
  expect(await site.hq`select title from item where id = 4`).toEqual([{ title: 'Straße' }]);
  await site.run({ scope: 'full' });
  expect(await site.openErrors()).toMatchObject([refused('Łódź')]);
  const shape = {
    table: { schema: null, name: 'article' },
    key: ['id'],
    columns: ['title'],
    filter: null,
    onCreate: {},
  };
  const table = await site.couplet.site.channels.get('shop')!.table(shape);
  expect(await table.search('Łódź', ['title'], 5)).toEqual([]);
  expect(await table.search('straß', ['title'], 5)).toHaveLength(1);
});
