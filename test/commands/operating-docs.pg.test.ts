import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openFolder } from './run-couplet.ts';
import { fillShop, openShop } from './shop.ts';

test('the rights that docs/operating.md names are enough, and check finds nothing lacking', async () => {
  const docs = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const grants = /## Rights in the stores[^]*?```sql\n([^]*?)```/.exec(docs)?.[1] ?? '';
  await using shop = await openShop();
  await fillShop(shop);
  const role = `least_${shop.hq.name}`;
  await shop.hq.sql.unsafe(`create role ${role} login password 'least'`);
  const owned = grants.replaceAll(/\berp\b/g, shop.hq.name).replaceAll(/\bto couplet\b/g, `to ${role}`);
  await shop.hq.sql.unsafe(owned);
  await shop.houston.sql.unsafe(
    owned
      .replaceAll(shop.hq.name, shop.houston.name)
      .replaceAll(/\bschema sales\b/g, 'schema public')
      .replaceAll('sales.', 'public.')
      .replaceAll(`least_${shop.houston.name}`, role),
  );
  const asRole = (text: string): string => Object.assign(new URL(text), { username: role, password: 'least' }).href;
  const { HQ_URL, HOUSTON_URL } = shop.environment;
  await using here = await openFolder(shop, { HQ_URL: asRole(HQ_URL), HOUSTON_URL: asRole(HOUSTON_URL) });
  try {
    expect((await here.ask('check')).json['problems'].map(({ code }: { code: string }) => code)).toEqual([
      'coupling-database-not-migrated',
      'capture-missing',
      'capture-missing',
    ]);
    expect((await here.ask('sync')).json).toMatchObject({
      status: 'succeeded',
      counters: { toChannel: { inserted: 4 } },
    });
    await shop.houston.sql`insert into customer (full_name, mail) values ('Wingtip', 'w@wingtip.example')`;
    await shop.hq.sql`update sales.customer set name = 'Contoso Ltd' where num = 'C2'`;
    expect((await here.ask('sync')).json).toMatchObject({
      status: 'succeeded',
      counters: { toHq: { inserted: 1 }, toChannel: { modified: 1 } },
    });
    expect((await here.ask('check')).json['problems']).toEqual([]);
    expect((await here.within('uninstall')).exitCode).toBe(0);
  } finally {
    for (const { sql } of [shop.hq, shop.houston]) await sql.unsafe(`drop owned by ${role} cascade`);
    await shop.hq.sql.unsafe(`drop role ${role}`);
  }
});
