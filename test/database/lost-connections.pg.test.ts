import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type postgres from 'postgres';
import { v7 as newId } from 'uuid';
import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/database/session/open-session.ts';
import { createSessionPool } from '../../src/database/session/session-pool.ts';
import { createDatabase } from '../support/database.ts';
import { startServer } from '../support/server.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { jobRequest } from '../support/job-request.ts';
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

describe('a server that says nothing any more', () => {
  test('is given up, and the next one to ask is answered once it goes on', async () => {
    await using server = await startServer();
    await server.ensureDatabase('quiet');
    // Longer than a busy machine takes to open a session.
    const options = { ...OPTIONS, silenceMs: 1_500 };
    const session = await openSession(server.url('quiet'), options);
    const pool = createSessionPool(server.url('quiet'), 1, options);
    const one = () => pool.run<{ one: number }>('select 1 as one', []);
    await one();
    await server.freeze();
    const outcomes = await Promise.allSettled([session.run('select 1', []), one(), one()]);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(
      outcomes.map(() => 'coupling-database-unreachable'),
    );
    expect(session.isLost()).toBe(true);
    await server.thaw();
    expect(await one()).toEqual([{ one: 1 }]);
    await Promise.all([session.end(), pool.close()]);
  });

  test('is waited for while it is at work on the statement, even when it takes no more connections', async () => {
    await using database = await createDatabase();
    const role = `patient_${database.name}`;
    await database.sql.unsafe(`create role ${role} login password 'x' connection limit 2`);
    try {
      const url = Object.assign(new URL(database.url), { username: role, password: 'x' }).href;
      const options = { ...OPTIONS, silenceMs: 3_000 };
      const session = await openSession(url, options);
      const pool = createSessionPool(url, 2, options);
      const long = () => pool.run('select pg_sleep(4)', []);
      expect(await session.run('select pg_sleep(4)', [])).toHaveLength(1);
      const both = await Promise.allSettled([long(), long()]);
      expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const refused = both.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(refused).toMatchObject([{ code: 'coupling-database-unreachable', params: { reason: '53300' } }]);
      expect(await session.run('select 1', [])).toHaveLength(1);
      await Promise.all([session.end(), pool.close()]);
    } finally {
      await database.sql.unsafe(`drop role ${role}`);
    }
  });
});

test('a statement for which there is no room ends its transaction, and is no fault of the statement', async () => {
  await using database = await createDatabase();
  await database.sql.unsafe(`create function no_room() returns void language plpgsql as $$
    begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`);
  const pool = createSessionPool(database.url, 1, OPTIONS);
  await expect(
    pool.begin(async (transaction) => void (await transaction.run('select no_room()', []))),
  ).rejects.toMatchObject({
    code: 'coupling-database-unreachable',
    message: 'The coupling database does not answer: its disk is full.',
  });
  // Of several that were sent together, also those behind it.
  const together = pool.begin(async (transaction) => {
    const [, behind] = await Promise.allSettled(
      ['select no_room()', 'select 1'].map((text) => transaction.run(text, [])),
    );
    if (behind?.status === 'rejected') throw behind.reason;
  });
  await expect(together).rejects.toMatchObject({ code: 'coupling-database-unreachable', params: { reason: '53100' } });
  expect(await pool.run('select 1', [])).toHaveLength(1);
  await pool.close();
});

test('statements that are composed and those of fixed text fail alike, without their values', async () => {
  await using here = await createCouplingDatabase();
  await here.sql.unsafe(`create function no_room() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
    create trigger no_room before insert on couplet.job for each row execute function no_room()`);
  const composed = here.db.createJob(jobRequest({ kind: 'verify', body: { secret: 'of a customer' } }), 'queued');
  await expect(composed).rejects.toMatchObject({
    code: 'coupling-database-unreachable',
    stack: expect.not.stringContaining('of a customer'),
  });
  await here.sql`alter table couplet.job rename to gone`;
  await expect(here.db.jobById(newId())).rejects.toMatchObject({ code: '42P01' });
});

test('a transaction that stands still is ended by the server, so that its rows are free', async () => {
  await using here = await createCouplingDatabase();
  await openTestLane(here.db);
  const name = 'idle_in_transaction_session_timeout';
  const usual = createSessionPool(here.url, 1, OPTIONS);
  expect(await usual.run(`select current_setting('${name}') as after`, [])).toEqual([{ after: '10s' }]);
  await usual.close();
  const pool = createSessionPool(here.url, 1, { ...OPTIONS, settings: { [name]: 200 } });
  const still = pool.begin(async (transaction) => {
    await transaction.run('select from couplet.lane for update', []);
    // As a process that was stopped here: it is there, and sends nothing.
    await here.sql`select from couplet.lane for update`;
    await transaction.run('select 1', []);
  });
  await expect(still).rejects.toMatchObject({ code: 'coupling-database-unreachable' });
  await pool.close();
});

test('transactions that wait for each other in a circle are both carried out, one of them once more', async () => {
  await using database = await createDatabase();
  await database.sql`create table t (id integer primary key, n integer not null)`;
  await database.sql`insert into t values (1, 0), (2, 0)`;
  const pool = createSessionPool(database.url, 2, OPTIONS);
  let tries = 0;
  let holding = 0;
  const eachHasItsFirst = Promise.withResolvers<void>();
  const inOrder = (first: number, second: number) =>
    pool.begin(async (transaction) => {
      const add = (id: number) => transaction.run('update t set n = n + 1 where id = $1', [id]);
      tries += 1;
      await add(first);
      // Each goes on when both hold their first; whoever tries once more waits for nobody.
      holding += 1;
      if (holding === 2) eachHasItsFirst.resolve();
      await eachHasItsFirst.promise;
      await add(second);
    });
  await Promise.all([inOrder(1, 2), inOrder(2, 1)]);
  await pool.close();
  expect(await database.sql`select n from t`).toEqual([{ n: 2 }, { n: 2 }]);
  expect(tries).toBeGreaterThanOrEqual(3);
});
