import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FenceLost } from '../../src/errors/store-faults.ts';
import { until } from '../support/until.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { LANE, recording } from './recordings.ts';

/** Nobody here stands still by himself for so long, however busy the machine is. */
const LONG_IDLE_MS = 60_000;

const holdLane = async (url: string, lockIdleMs = LONG_IDLE_MS): Promise<ChildProcess & AsyncDisposable> => {
  const child = fork(fileURLToPath(new URL('./hold-lane.ts', import.meta.url)), [url, String(lockIdleMs)]);
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

  test('tells its holder, who keeps it, whether somebody waits, and the state of the lane', async () => {
    await using here = await createCouplingDatabase();
    await openTestLane(here.db);
    const other = { ...LANE, channel: 'austin' };
    await openTestLane(here.db, other);
    await using holder = await here.db.lockLane(LANE, 0);
    await using elsewhere = await here.db.lockLane(other, 0);
    expect([await holder?.isWanted(), await elsewhere?.isWanted()]).toEqual([false, false]);
    const waiter = here.db.lockLane(LANE, 10_000);
    await until(async () => (await countWaiting(here.sql)) === 1);
    await here.db.changeLane(LANE, { paused: true });
    expect([await holder?.isWanted(), await elsewhere?.isWanted()]).toEqual([true, false]);
    expect(holder?.state.paused).toBe(true);
    await holder?.release();
    await using next = await waiter;
    expect(await next?.isWanted()).toBe(false);
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
    const lockIdleMs = 4_000;
    await using here = await createCouplingDatabase({ lockIdleMs });
    await openTestLane(here.db);
    await using lock = await here.db.lockLane(LANE, 0);
    const started = performance.now();
    await until(() => performance.now() - started > 1.5 * lockIdleMs);
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

describe('a lane that is shared', () => {
  test('lets in who comes for a share, and nobody who wants it alone, until all have let go', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await using holder = await here.db.lockLane(LANE, 0);
    expect(await here.db.joinLane(LANE, 20)).toBeNull();
    await holder?.share();
    await using helper = await here.db.joinLane(LANE, 0);
    expect(helper?.state.fence).toBe(fence.number);
    expect(await here.db.lockLane(LANE, 20)).toBeNull();
    expect(await here.db.joinLane(LANE, 0)).not.toBeNull();
  });

  test('is given to a waiting action when both let others in', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await using holder = await here.db.lockLane(LANE, 0);
    await holder?.share();
    await using helper = await here.db.joinLane(LANE, 0);
    const action = here.db.lockLane(LANE, 10_000).then(async (lock) => {
      await here.db.raiseFence(LANE);
      await lock?.release();
    });
    await until(async () => (await countWaiting(here.sql)) === 1);
    const [mine, theirs] = await Promise.all([holder?.yield(), helper?.yield()]);
    await action;
    expect([mine?.fence, theirs?.fence]).toEqual([fence.number + 1, fence.number + 1]);
  });

  test('is alone again with its holder when the last of the others has gone, and not held when one stays', async () => {
    await using here = await createCouplingDatabase();
    await openTestLane(here.db);
    await using holder = await here.db.lockLane(LANE, 0);
    await holder?.share();
    const helper = await here.db.joinLane(LANE, 0);
    const alone = holder?.alone(10_000);
    await until(async () => (await countWaiting(here.sql)) === 1);
    await helper?.release();
    expect(await alone).toMatchObject({ lane: LANE, sharing: 'none' });
    expect(await here.db.joinLane(LANE, 20)).toBeNull();
    await holder?.share();
    await using other = await here.db.joinLane(LANE, 0);
    expect(await holder?.alone(20)).toBeNull();
    expect(holder?.held).toBe(false);
    expect(other?.held).toBe(true);
  });

  test('is asked for once, cut into stretches that each is claimed once, and void under another fence', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await here.db.moveCursor('hq', null, null, 'one', [], []);
    const pend = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        lane: LANE,
        side: 'hq' as const,
        key: [`K${at}`],
        deleted: false,
        oldRow: null,
      }));
    await here.db.moveCursor('hq', null, 'one', 'two', pend(7), []);
    expect(await here.db.askForShare(LANE, 8)).toBe(false);
    expect(await here.db.askForShare(LANE, 7)).toBe(true);
    expect(await here.db.askForShare(LANE, 7)).toBe(false);
    expect(await here.db.splitBacklog(fence, 7)).toBe(0);
    expect(await here.db.splitBacklog(fence, 3)).toBe(3);
    expect(await here.db.askForShare(LANE, 7)).toBe(true);
    const claimed = await Promise.all([1, 2, 3, 4].map(() => here.db.claimShare(fence)));
    expect(new Set(claimed.map((share) => share?.firstId)).size).toBe(4);
    expect(claimed).toContain(null);
    const shares = claimed.filter((share) => share !== null);
    expect(new Set(shares.map(({ untilId }) => untilId))).toEqual(
      new Set([String(Math.max(...shares.map(({ lastId }) => Number(lastId))))]),
    );
    await here.db.returnShares(fence, shares.slice(0, 1));
    expect(await here.db.claimShare(fence)).toEqual(shares[0]);
    await here.db.endShares(fence, shares.slice(0, 2));
    expect((await here.db.laneStates())[0]?.sharing).toBe('open');
    await here.db.raiseFence(LANE);
    expect((await here.db.laneStates())[0]?.sharing).toBe('none');
    expect(await here.db.claimShare(fence)).toBeNull();
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
    await using here = await createCouplingDatabase();
    await openTestLane(here.db);
    await using child = await holdLane(here.url, 1_500);
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
