/** Operations found by a text: what is kept for the search, and what it finds. */
import { readFileSync } from 'node:fs';
import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { fillOperations, LISTED_CHANNELS, mailOf } from '../../bench/fill-operations.ts';
import { LISTED_LANE } from '../../bench/fill-lists.ts';
import { NO_OPERATION_FILTER } from '../../src/http/operation-filter.ts';
import { createCouplingDatabase } from './open-test-database.ts';

const OPERATIONS = 4_000;
let here: Awaited<ReturnType<typeof createCouplingDatabase>>;

beforeAll(async () => {
  here = await createCouplingDatabase();
  await fillOperations(here.db, here.sql, OPERATIONS);
});
afterAll(async () => here?.[Symbol.asyncDispose]());

async function found(q: string, limit = 50): Promise<(string | null)[]> {
  const page = { limit, cursor: null, sort: 'receivedAt', count: false };
  const { items } = await here.db.commerce.operations({ ...NO_OPERATION_FILTER, q }, page);
  return items.map(({ guid, name }) => `${Number.parseInt(guid?.slice(-12) ?? '', 16)} ${name}`);
}

describe('a search', () => {
  const OF_17 = ['17 createCustomer', '17 updateCustomer'];

  test.for([
    ['the middle of a value', 'mer-17@example', OF_17],
    ['a value in other letters', mailOf(17).toUpperCase(), OF_17],
    ['what only one of them sets', '+1 206 0000017', ['17 updateCustomer']],
    ['a GUID', '00000000-0000-4000-8000-000000000011', OF_17],
    ['nothing, where a sign would have a meaning of its own', 'mer_17@example', []],
    ['nothing, where the text is nowhere', 'nobody at all', []],
    ['nothing by the name of a field', 'email=', []],
    ['nothing by what no text can hold', 'a\0b', []],
  ] as const)('finds %s', async ([, q, expected]) => {
    expect(await found(q)).toEqual(expected);
  });

  test('finds every operation of a customer by its account, also those that were recorded before it had one', async () => {
    const [create, update] = await here.sql<{ id: string }[]>`
      select id::text from couplet.customer_operation where guid = '00000000-0000-4000-8000-000000000013' order by id`;
    await here.db.commerce.noteOutcomes([
      {
        id: update?.id ?? '',
        status: 'failed',
        jobId: null,
        code: null,
        params: {},
        couplingId: null,
        account: 'Z-4711',
        found: null,
        record: null,
        wrote: false,
        errorId: null,
        resolution: null,
        dismissal: null,
      },
    ]);
    // Synchronized ones are never changed again.
    expect(await found('z-4711')).toEqual([]);
    await here.sql`update couplet.customer_operation set status = 'received' where id = ${update?.id ?? ''}`;
    await here.db.commerce.noteOutcomes([
      {
        id: update?.id ?? '',
        status: 'synchronized',
        jobId: null,
        code: null,
        params: {},
        couplingId: null,
        account: 'Z-4711',
        found: { phone: null, city: 'Reykjavík' },
        record: null,
        wrote: true,
        errorId: null,
        resolution: null,
        dismissal: null,
      },
    ]);
    expect(create).toBeDefined();
    expect(await found('z-47')).toEqual(['19 createCustomer', '19 updateCustomer']);
    // What it met when it was applied is what it is found by from then on.
    expect(await found('kjavík')).toEqual(['19 updateCustomer']);
  });

  test.for(['ad', 'adatum', '@'])('gives a page of what most of them have: %s', async (q) => {
    expect((await found(q)).length).toBe(50);
    expect(await found(q, 3)).toEqual(['0 createCustomer', '0 updateCustomer', '1 createCustomer']);
  });

  test('goes on where the page ended, and counts', async () => {
    const asked = { limit: 400, sort: null, count: true };
    const filter = { ...NO_OPERATION_FILTER, q: 'customer-1' };
    const [all] =
      await here.sql`select count(*)::int as count from couplet.customer_operation where array_to_string(terms, ' ') like '%customer-1%'`;
    const seen = new Set<string>();
    for (let cursor: string | null = null; ; ) {
      const page = await here.db.commerce.operations(filter, { ...asked, cursor });
      for (const { id } of page.items) seen.add(id);
      expect(page.total).toBe(all?.['count']);
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(seen.size).toBe(all?.['count']);
  });
});

test('a database of before is searched like one that was written since', async () => {
  const rows = () => here.sql`
    select operation_id, line, (select array_agg(t order by t) from unnest(string_to_array(text, chr(10))) t) as text,
           (select array_agg(g order by g) from unnest(grams) g) as grams
      from couplet.operation_search s join couplet.customer_operation o on o.id = s.operation_id
     where line = 'values' or o.customer_account = upper(s.text) order by 1, 2`;
  await here.db.commerce.takeIn(
    { ...LISTED_LANE, channel: LISTED_CHANNELS[0] },
    'customers',
    [
      {
        counter: '900000',
        guid: null,
        name: 'createCustomer',
        createdAt: null,
        createdBy: null,
        partKey: null,
        row: {},
        values: {},
        snapshot: false,
        malformed: null,
        completed: false,
        account: null,
        found: null,
        base: null,
        terms: ['name=åsa öberg 顧客 😀x', 'city=two\nlines', 'note=', 'part.note=a=b'],
      },
    ],
    [],
    null,
  );
  const migration = readFileSync(new URL('../../drizzle/0015_operation_search.sql', import.meta.url), 'utf8');
  const fill = migration.split('--> statement-breakpoint').find((statement) => statement.trim().startsWith('INSERT'));
  // Accounts that were set by the fill of this test have no line yet.
  await here.sql`delete from couplet.operation_search where line = 'account'`;
  const written = await rows();
  await here.sql`delete from couplet.operation_search`;
  await here.sql.unsafe(fill ?? '');
  const [{ accounts } = { accounts: 0 }] = await here.sql<{ accounts: number }[]>`
    delete from couplet.operation_search where line = 'account' returning (select count(*)::int from couplet.operation_search where line = 'account') as accounts`;
  expect(accounts).toBeGreaterThan(OPERATIONS / 2);
  expect(await rows()).toEqual(written);
});
