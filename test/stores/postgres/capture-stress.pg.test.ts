/**
 * Many writers at once, and two readers beside each other: Couplet's cursor, and the two that everybody builds first,
 * by sequence and by time. The naive ones have to lose rows here, or this test would prove nothing of the other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { expect, it } from 'vitest';
import type { Cursor } from '../../../src/ports/store.ts';
import { drawFrom } from '../../../src/stores/memory/database.ts';
import { openPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { createDatabase } from '../../support/database.ts';

const ROWS = 300;
/** Rows of the transaction that is held open all along; nobody else touches them. */
const HELD = [1, 2, 3, 4, 5];
const WRITERS = 4;
const TRANSACTIONS = 120;
const READER = 'stress';

type Copy = Map<string, string>;

const copyRows = async (sql: postgres.Sql, copy: Copy, ids: readonly string[]): Promise<void> => {
  if (ids.length === 0) return;
  const rows = await sql<{ id: string; n: string }[]>`
    select id::text, n::text from hot where id = any(${ids.map(Number)}::int[])`;
  const found = new Map(rows.map(({ id, n }) => [id, n]));
  for (const id of ids) {
    const n = found.get(id);
    if (n === undefined) copy.delete(id);
    else copy.set(id, n);
  }
};

/** An update of many takes them as they lie in the table, which updates shuffle; hence locked in order first. */
async function bumpRange(session: postgres.Sql, from: number): Promise<void> {
  await session`
    with locked as (select id from hot where id between ${from} and ${from + 10} order by id for update)
    update hot set n = n + 1 from locked where hot.id = locked.id`;
}

/** Short transactions, bulk statements, savepoints, rollbacks, COPY; commits come in another order than the writes. */
async function write(sql: postgres.Sql, seed: number): Promise<void> {
  const draw = drawFrom(seed);
  const row = (): number => HELD.length + 1 + Math.floor(draw() * (ROWS - HELD.length));
  const session = await sql.reserve();
  for (let time = 0; time < TRANSACTIONS; time += 1) {
    await session`begin`;
    // In the order of ids, as apps do that do not want to wait for each other in a circle.
    const rows = [row(), row(), row()].toSorted((a, b) => a - b);
    if (draw() < 0.1) await bumpRange(session, rows[0]!);
    else for (const id of rows) await session`update hot set n = n + 1 where id = ${id}`;
    if (draw() < 0.2) {
      await session`savepoint s`;
      await session`insert into hot (id, n) values (${1_000_000 + seed * 10_000 + time}, 0)`;
      if (draw() < 0.5) await session`rollback to savepoint s`;
    }
    if (draw() < 0.5) await sleep(draw() * 8);
    if (draw() < 0.1) await session`rollback`;
    else await session`commit`;
  }
  session.release();
}

const wrongRows = async (sql: postgres.Sql, copy: Copy): Promise<number> => {
  const rows = await sql<{ id: string; n: string }[]>`select id::text, n::text from hot`;
  const wrong = rows.filter(({ id, n }) => copy.get(id) !== n).length;
  return wrong + [...copy.keys()].filter((id) => !rows.some((row) => row.id === id)).length;
};

it('a transaction held open all along costs naive cursors rows for good, and Couplet none', async () => {
  await using database = await createDatabase();
  const { sql } = database;
  await sql`create table hot (id integer primary key, n integer not null)`;
  await sql`insert into hot select n, 0 from generate_series(1, ${ROWS}::int) n`;
  const store = openPostgresStore({ side: 'hq', channel: null, url: database.url, name: 'HQ' });
  await store.install([{ table: { schema: null, name: 'hot' }, keys: [['id']] }]);
  const copies = {
    couplet: new Map<string, string>(),
    sequence: new Map<string, string>(),
    time: new Map<string, string>(),
  };
  let cursor: Cursor = await store.currentCursor(READER);
  const all = await sql<{ id: string }[]>`select id::text from hot`;
  for (const copy of Object.values(copies))
    await copyRows(
      sql,
      copy,
      all.map(({ id }) => id),
    );
  const naive = { seq: '0', at: '-infinity' };
  const poll = async (): Promise<void> => {
    for (let complete = false; !complete; ) {
      const page = await store.readWindow(READER, cursor, 500);
      ({ cursor, complete } = page);
      await copyRows(
        sql,
        copies.couplet,
        page.marks.map(({ key }) => key[0] ?? ''),
      );
    }
    const bySequence = await sql<{ seq: string; id: string }[]>`
      select seq::text, key[1] as id from couplet.change where seq > ${naive.seq}::bigint order by change.seq`;
    naive.seq = bySequence.at(-1)?.seq ?? naive.seq;
    await copyRows(
      sql,
      copies.sequence,
      bySequence.map(({ id }) => id),
    );
    const byTime = await sql<{ at: string; id: string }[]>`
      select at::text, key[1] as id from couplet.change where at > ${naive.at}::text::timestamptz order by change.at`;
    naive.at = byTime.at(-1)?.at ?? naive.at;
    await copyRows(
      sql,
      copies.time,
      byTime.map(({ id }) => id),
    );
  };
  const held = await sql.reserve();
  await held`begin`;
  await held`update hot set n = -1 where id = any(${HELD}::int[])`;
  const writers = { over: false };
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, seed) => write(sql, seed + 1))).finally(() => {
    writers.over = true;
  });
  while (!writers.over) await poll();
  await writing;
  await poll();
  await held`commit`;
  held.release();
  await poll();
  const wrong = {
    couplet: await wrongRows(sql, copies.couplet),
    sequence: await wrongRows(sql, copies.sequence),
    time: await wrongRows(sql, copies.time),
  };
  await store.close();
  expect(wrong.couplet).toBe(0);
  expect(wrong.sequence).toBeGreaterThanOrEqual(HELD.length);
  expect(wrong.time).toBeGreaterThanOrEqual(HELD.length);
});
