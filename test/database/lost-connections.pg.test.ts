import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type postgres from 'postgres';
import { v7 as newId } from 'uuid';
import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/database/open-session.ts';
import { createSessionPool } from '../../src/database/session-pool.ts';
import { createDatabase } from '../support/database.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { LANE, logEntry, newCoupling, recording } from './recordings.ts';

const OPTIONS = { applicationName: 'couplet test' };
const KILL_ALL = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid() and application_name like 'couplet%'`;

const killUntil = async (sql: postgres.Sql, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await sql.unsafe(KILL_ALL);
    await sleep(20, undefined, { signal }).catch(() => {});
  }
};

describe('when the server ends connections in the middle of the work', () => {
  test('a recording is there as a whole or not at all, and the next one works', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const killing = new AbortController();
    const kills = killUntil(here.sql, killing.signal);
    const sent = Array.from({ length: 60 }, (_, index) => {
      const couple = Array.from({ length: 20 }, (_unused, at) => newCoupling(`${index}-${at}`, `${index}-${at}`));
      return { couple, log: couple.map(({ id }) => logEntry({ couplingId: id })), batchIds: [`b${index}`] };
    });
    const outcomes: boolean[] = [];
    for (const parts of sent) {
      outcomes.push(
        await here.db.record(recording(fence, parts)).then(
          () => true,
          () => false,
        ),
      );
    }
    killing.abort();
    await kills;
    // The last connections that were ended are still noticed, by whoever asks next.
    await pRetry(() => here.db.countCouplings(LANE));
    for (const [index, parts] of sent.entries()) {
      const found = (await here.db.couplingsById(parts.couple.map(({ id }) => id))).size;
      const recorded = await here.db.recordedBatches(parts.batchIds);
      expect([0, 20]).toContain(found);
      expect(recorded.size).toBe(found === 0 ? 0 : 1);
      // What was told to be recorded is; a commit whose answer was lost may have taken place as well.
      if (outcomes[index] === true) expect(found).toBe(20);
    }
    const [logged] = await here.sql`select count(*)::int as count from couplet.sync_log`;
    expect(logged?.count).toBe(await here.db.countCouplings(LANE));
    await here.db.record(recording(fence, { couple: [newCoupling(newId(), newId())] }));
  });

  test('a session that is lost stays lost, and nothing that was sent with it is carried out on another', async () => {
    await using database = await createDatabase();
    await database.sql`create table seen (value int)`;
    const session = await openSession(database.url, OPTIONS);
    await session.run('begin', []);
    const sent = [1, 2, 3, 4].map((value) =>
      session.run(
        value === 2 ? 'select pg_terminate_backend(pg_backend_pid())' : 'insert into seen values ($1)',
        value === 2 ? [] : [value],
      ),
    );
    const outcomes = await Promise.allSettled(sent);
    expect(outcomes.slice(1).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(session.isLost()).toBe(true);
    await expect(session.run('insert into seen values (5)', [])).rejects.toMatchObject({
      code: 'coupling-database-unreachable',
    });
    expect(await database.sql`select value from seen`).toHaveLength(0);
    await session.end();
  });

  test('a pool opens others, for those who wait as well', async () => {
    await using database = await createDatabase();
    const pool = createSessionPool(database.url, 2, OPTIONS);
    const one = () => pool.run<{ one: number }>('select 1 as one', []);
    await Promise.all([one(), one()]);
    await database.sql.unsafe(KILL_ALL);
    const busy = pool.begin(async (transaction) => {
      await transaction.run('select pg_terminate_backend(pg_backend_pid())', []);
    });
    const outcomes = await Promise.allSettled([busy, ...Array.from({ length: 6 }, one)]);
    expect(outcomes[0]?.status).toBe('rejected');
    expect(await one()).toEqual([{ one: 1 }]);
    await pool.close();
    await expect(one()).rejects.toMatchObject({ code: 'coupling-database-unreachable' });
  });

  test('a refused statement ends its transaction and not its session', async () => {
    await using database = await createDatabase();
    const pool = createSessionPool(database.url, 1, OPTIONS);
    const pid = async () => (await pool.run<{ pid: number }>('select pg_backend_pid() as pid', []))[0]?.pid;
    const before = await pid();
    await expect(
      pool.begin(async (transaction) => {
        await transaction.run('create table half (value int)', []);
        await transaction.run('select 1 / 0', []);
      }),
    ).rejects.toMatchObject({ code: '22012' });
    expect(await pid()).toBe(before);
    expect(await database.sql`select to_regclass('half') as half`).toEqual([{ half: null }]);
    await pool.close();
  });
});

test('transactions that wait for each other in a circle are both carried out, one of them once more', async () => {
  await using database = await createDatabase();
  await database.sql`create table t (id integer primary key, n integer not null)`;
  await database.sql`insert into t values (1, 0), (2, 0)`;
  const pool = createSessionPool(database.url, 2, OPTIONS);
  const tries = { count: 0 };
  const inOrder = (order: readonly number[]) =>
    pool.begin(async (transaction) => {
      tries.count += 1;
      for (const id of order) {
        await transaction.run('update t set n = n + 1 where id = $1', [id]);
        // Long enough for the other to take its first; only while nobody has failed yet.
        if (tries.count <= 2) await sleep(200);
      }
    });
  await Promise.all([inOrder([1, 2]), inOrder([2, 1])]);
  await pool.close();
  expect(await database.sql`select n from t`).toEqual([{ n: 2 }, { n: 2 }]);
  expect(tries.count).toBeGreaterThanOrEqual(3);
});
