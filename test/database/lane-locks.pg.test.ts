import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FenceLost } from '../../src/errors/store-faults.ts';
import { until } from '../support/until.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { LANE, recording } from './recordings.ts';

const LOCK_IDLE_MS = 1_500;

const holdLane = async (url: string): Promise<ChildProcess & AsyncDisposable> => {
  const child = fork(fileURLToPath(new URL('./hold-lane.ts', import.meta.url)), [url, String(LOCK_IDLE_MS)]);
  await once(child, 'message');
  return Object.assign(child, {
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  });
};

const ask = async (child: ChildProcess, question: string): Promise<unknown> => {
  child.send(question);
  const [answer] = await once(child, 'message');
  return answer;
};

describe('the lock of a lane', () => {
  test('excludes a second asker of the same process, who gets it when it is released', async () => {
    await using here = await createCouplingDatabase();
    await openTestLane(here.db);
    const first = await here.db.lockLane(LANE, 0);
    expect(first?.held).toBe(true);
    expect(await here.db.lockLane(LANE, 20)).toBeNull();
    const waiting = here.db.lockLane(LANE, 10_000);
    await first?.release();
    const second = await waiting;
    expect([first?.held, second?.held]).toEqual([false, true]);
  });

  test('leaves other lanes free', async () => {
    await using here = await createCouplingDatabase();
    const other = { ...LANE, channel: 'austin' };
    await using first = await here.db.lockLane(LANE, 0);
    await using second = await here.db.lockLane(other, 0);
    expect([first?.held, second?.held]).toEqual([true, true]);
  });

  test('lets those who wait in, in order, when the holder yields, and comes back after them', async () => {
    await using here = await createCouplingDatabase();
    await openTestLane(here.db);
    const order: string[] = [];
    await using holder = await here.db.lockLane(LANE, 0);
    const waiters = [];
    for (const name of ['first', 'second']) {
      const waiter = here.db.lockLane(LANE, 10_000).then(async (lock) => {
        order.push(name);
        await here.db.raiseFence(LANE);
        await lock?.release();
      });
      waiters.push(waiter);
      await until(async () => (await countWaiting(here.sql)) === waiters.length);
    }
    const before = holder?.state.fence ?? 0;
    const after = await holder?.yield();
    order.push('holder');
    await Promise.all(waiters);
    expect(order).toEqual(['first', 'second', 'holder']);
    expect(after?.fence).toBe(before + 2);
  });

  test('yields in vain when nobody waits, and tells the state of the lane', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await using lock = await here.db.lockLane(LANE, 0);
    await here.db.changeLane(LANE, { paused: true });
    expect(await lock?.yield()).toMatchObject({ fence: fence.number, paused: true });
    expect(lock?.held).toBe(true);
  });

  test('keeps a lane that is held for longer than the idle time', async () => {
    await using here = await createCouplingDatabase({ lockIdleMs: LOCK_IDLE_MS });
    await openTestLane(here.db);
    await using lock = await here.db.lockLane(LANE, 0);
    const started = performance.now();
    await until(() => performance.now() - started > 2 * LOCK_IDLE_MS);
    expect(lock?.held).toBe(true);
    expect(await here.db.lockLane(LANE, 0)).toBeNull();
  });

  test('tells its holder when the session was ended by the server', async () => {
    await using here = await createCouplingDatabase();
    await openTestLane(here.db);
    const lock = await here.db.lockLane(LANE, 0);
    await here.sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
                     and database = (select oid from pg_database where datname = current_database())`;
    await until(() => lock?.held === false);
    await expect(lock?.yield()).rejects.toThrow(FenceLost);
    await lock?.release();
    await using next = await here.db.lockLane(LANE, 5_000);
    expect(next?.held).toBe(true);
  });
});

describe('two processes', () => {
  test('never hold the same lane at once, and a killed one loses it at once', async () => {
    await using here = await createCouplingDatabase();
    await openTestLane(here.db);
    await using child = await holdLane(here.url);
    expect(await here.db.lockLane(LANE, 20)).toBeNull();
    const waiting = here.db.lockLane(LANE, 10_000);
    child.kill('SIGKILL');
    await using lock = await waiting;
    expect(lock?.held).toBe(true);
  });

  test('a stopped holder loses the lane, knows it when it wakes up, and records nothing', async () => {
    await using here = await createCouplingDatabase({ lockIdleMs: LOCK_IDLE_MS });
    await openTestLane(here.db);
    await using child = await holdLane(here.url);
    child.kill('SIGSTOP');
    await using lock = await here.db.lockLane(LANE, 20_000);
    expect(lock?.held).toBe(true);
    const fence = { lane: LANE, number: await here.db.raiseFence(LANE) };
    child.kill('SIGCONT');
    // It learns of it when it next hears of its socket, not at the instant it wakes.
    await until(async () => JSON.stringify(await ask(child, 'held')) === JSON.stringify({ result: false }));
    expect(await ask(child, 'record')).toEqual({ error: 'FenceLost' });
    await here.db.record(recording(fence));
  });
});

const countWaiting = async (sql: Awaited<ReturnType<typeof createCouplingDatabase>>['sql']): Promise<number> => {
  const [row] = await sql`select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted
                             and database = (select oid from pg_database where datname = current_database())`;
  return row?.count as number;
};
