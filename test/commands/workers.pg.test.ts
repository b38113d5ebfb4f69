/** Several worker processes on one coupling database, as `couplet start --role worker` makes them. */
import { describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { openFolder, patience, type Running } from './run-couplet.ts';
import { openShop, type Shop } from './shop.ts';

const CUSTOMERS = 4_001;
const SEGMENTS = 50;
const LAST = 'z@example.com';

async function fill({ hq }: Shop): Promise<void> {
  await hq.sql`insert into sales.segment (code, title) select 'S' || i, 'Segment ' || i from generate_series(1, ${SEGMENTS}) i`;
  await hq.sql`insert into sales.customer (num, name, email, segment_code)
    select 'C' || i, 'Customer ' || i, 'c' || i || '@example.com', 'S' || 1 + i % ${SEGMENTS} from generate_series(1, ${CUSTOMERS - 1}) i`;
  await hq.sql`insert into sales.customer (num, name, email, segment_code) values ('Z', 'The last', ${LAST}, 'S1')`;
}

/** The shop does not take the last customer before it is told to: until then nobody has come to the end. Gives how. */
async function holdLast({ houston }: Shop): Promise<() => Promise<unknown>> {
  await houston.sql.unsafe(`
    create table gate (is_open boolean);
    create function wait_at_gate() returns trigger language plpgsql as $$ begin
      while not exists (select from gate) loop perform pg_sleep(0.02); end loop;
      return new;
    end $$;
    create trigger wait_at_gate before insert on customer for each row when (new.mail = '${LAST}')
      execute function wait_at_gate()`);
  return () => houston.sql`insert into gate values (true)`;
}

/** The process that took the customers' lane last. */
async function holderOf({ couplet }: Shop): Promise<number | null> {
  const [row] = await couplet.sql`select holder from couplet.lane where mapping = 'customers'`.catch(() => []);
  const [, pid] = String(row?.['holder'] ?? '').split(':');
  return pid === undefined ? null : Number(pid);
}

const coupled = async ({ couplet }: Shop): Promise<number> => {
  const [row] = await couplet.sql`select count(*)::int as count from couplet.coupling c
    join couplet.lane l on l.id = c.lane_id where l.mapping = 'customers'`.catch(() => []);
  return Number(row?.['count'] ?? 0);
};

const pending = async ({ couplet }: Shop): Promise<number> =>
  Number((await couplet.sql`select count(*)::int as count from couplet.pending`)[0]?.['count']);

/** Both sides joined outside Couplet: who is missing, twice there or different. */
async function differences({ hq, houston }: Shop): Promise<string[]> {
  const there = await hq.sql`select num, name, email, segment_code from sales.customer`;
  const here = await houston.sql`
    select c.full_name, c.mail, s.ext_code from customer c left join segment s on s.id = c.segment_id`;
  const text = (values: readonly unknown[]): string => JSON.stringify(values);
  const expected = there.map((row) => text([row['name'], row['email'], row['segment_code']])).toSorted();
  const found = here.map((row) => text([row['full_name'], row['mail'], row['ext_code']])).toSorted();
  const known = new Set(found);
  return [...expected.filter((row) => !known.has(row)), ...(found.length === expected.length ? [] : ['count'])];
}

describe('two workers', () => {
  test('share the mappings; when one is killed in the middle of its work the other goes on with it, and nothing is lost or done twice', async () => {
    await using shop = await openShop();
    await fill(shop);
    const open = await holdLast(shop);
    await using here = await openFolder(shop);
    expect((await here.within('migrate')).exitCode).toBe(0);
    await using first = here.start('start', '--role', 'worker');
    await using second = here.start('start', '--role', 'worker');
    const workers: readonly Running[] = [first, second];

    await until(async () => (await coupled(shop)) > 0, { ...patience, what: 'a worker is at work' });
    const killed = await holderOf(shop);
    const victim = workers.find(({ process }) => process.pid === killed) as Running;
    victim.process.kill('SIGKILL');
    await victim.ended;
    await open();
    const survivor = workers.find((worker) => worker !== victim) as Running;

    await until(async () => (await coupled(shop)) === CUSTOMERS && (await pending(shop)) === 0, {
      ...patience,
      what: 'the other one ends the work',
    });
    expect(await holderOf(shop)).toBe(survivor.process.pid);
    expect(await differences(shop)).toEqual([]);
    const twice = await shop.couplet.sql`
      select coupling_id from couplet.sync_log where action = 'inserted' group by coupling_id having count(*) <> 1`;
    expect(twice).toHaveLength(0);
    expect(await shop.couplet.sql`select code from couplet.sync_error where status = 'open'`).toHaveLength(0);

    // Changes made on both sides meanwhile reach each other, too.
    await shop.hq.sql`update sales.customer set name = name || ' (HQ)' where num in ('C1', 'C2', 'C3')`;
    await shop.houston
      .sql`update customer set full_name = full_name || ' (shop)' where mail in ('c4@example.com', 'c5@example.com')`;
    await until(
      async () =>
        (await shop.hq.sql`select from sales.customer where name like '% (shop)'`).length === 2 &&
        (await shop.houston.sql`select from customer where full_name like '% (HQ)'`).length === 3,
      { ...patience, what: 'changes are carried across' },
    );
    expect(await differences(shop)).toEqual([]);
  });
});
