import { describe, expect, it } from 'vitest';
import { configurationOf, type PostgresSite, postgresSite } from './postgres-site.ts';

async function inStep(lines: string, count = 30): Promise<PostgresSite> {
  const site = await postgresSite({ configuration: configurationOf(lines) });
  await site.hq`insert into customer
    select 'C' || n, 'Customer ' || n, null, n from generate_series(1, ${count}::int) n`;
  await site.run();
  await site.run();
  return site;
}

const count = async (site: PostgresSite, table: string): Promise<number> => {
  const [row] = await site.shop.unsafe<{ n: number }[]>(`select count(*)::int n from ${table}`);
  return row?.n ?? -1;
};

describe('breakers over PostgreSQL', () => {
  it('an update of everything is one error, nothing is written until it is approved', async () => {
    await using site = await inStep('    changeBreaker: { count: 20, percent: 50 }\n');
    await site.hq`update customer set name = 'Oops'`;
    await site.hq`insert into customer values ('N1', 'New', null, 1)`;
    await site.run();
    expect(await count(site, "client where full_name = 'Oops'")).toBe(0);
    expect(await count(site, "client where full_name = 'New'")).toBe(1);
    const [error] = await site.openErrors();
    expect(error).toMatchObject({ scope: 'mapping', code: 'mass-change', params: { changedIn: 'hq', changes: 30 } });
    const held = await site.couplet.database.queries.heldRecords(error!.id, {
      limit: 50,
      cursor: null,
      sort: null,
      count: true,
    });
    expect(held.items).toHaveLength(30);
    await site.answer(error!.id, 'approve');
    expect(await count(site, "client where full_name = 'Oops'")).toBe(30);
    expect(await site.openErrors()).toEqual([]);
  });

  it('an emptied table is one error, whatever the policy, and nothing is deleted; put back, nothing is left of it', async () => {
    await using site = await inStep('');
    await site.hq`create table kept as table customer`;
    await site.hq`truncate customer cascade`;
    await site.run();
    expect(await count(site, 'client')).toBe(30);
    const [error, ...others] = await site.openErrors();
    expect(others).toEqual([]);
    expect(error).toMatchObject({ code: 'mass-deletion', params: { deletedIn: 'hq', deletions: 30 } });
    await site.answer(error!.id, 'decline');
    expect((await site.openErrors()).map(({ code }) => code)).toEqual(
      Array.from({ length: 30 }, () => 'deleted-in-hq'),
    );
    await site.hq`insert into customer table kept`;
    await site.run();
    await site.run();
    expect(await count(site, 'client')).toBe(30);
  });

  it('a nightly reload with other values is one error, not one of each record', async () => {
    await using site = await inStep('');
    await site.hq.begin(async (sql) => {
      await sql`delete from customer`;
      await sql`insert into customer select 'C' || n, 'Reloaded ' || n, null, n from generate_series(1, 30) n`;
    });
    await site.run();
    expect(await count(site, "client where full_name like 'Reloaded%'")).toBe(0);
    const [error, ...others] = await site.openErrors();
    expect(others).toEqual([]);
    expect(error).toMatchObject({ code: 'mass-change', params: { changedIn: 'hq', changes: 30, replaced: 30 } });
  });

  it('rows that a deletion would take along in the target count for the breaker', async () => {
    await using site = await inStep('    deletions: propagate\n    deletionBreaker: { count: 10, percent: 100 }\n');
    await site.shop`insert into basket (client_id) select id from client, generate_series(1, 4) where cust_num in ('C1', 'C2', 'C3')`;
    await site.hq`delete from customer where num in ('C1', 'C2', 'C3')`;
    await site.run();
    expect(await count(site, 'client')).toBe(30);
    const [error] = await site.openErrors();
    expect(error).toMatchObject({ code: 'mass-deletion', params: { deletions: 3, cascades: 12 } });
    await site.answer(error!.id, 'approve');
    expect(await count(site, 'client')).toBe(27);
    expect(await count(site, 'basket')).toBe(0);
  });
});
