/**
 * The exclusive right to work a lane: a session advisory lock of PostgreSQL, on a session that does nothing else.
 * PostgreSQL queues those who wait in order of arrival and frees the lock when the session ends, so a killed process
 * loses it at once; `idle_session_timeout` ends the session of one that was stopped and sends no heartbeat.
 * The lock is for scheduling. What protects data is the fence.
 */
import { performance } from 'node:perf_hooks';
import type postgres from 'postgres';
import { FenceLost } from '../errors/store-faults.ts';
import type { LaneLock, LaneState } from '../ports/coupling-database.ts';
import type { ClientOptions, RawSql } from './connect.ts';
import { connectRaw } from './connect.ts';
import type { LaneRow } from './lane-registry.ts';
import { LANE_COLUMNS, laneStateOf } from './lane-registry.ts';

/** 'cplt': keeps our two-number advisory locks apart from those of others in the same database. */
const LOCK_CLASS = 1668312180;

interface LockSession {
  readonly client: RawSql;
  readonly sql: postgres.ReservedSql<Record<string, never>>;
  alive: boolean;
  /** A statement is under way, so the server does not count the session as idle. */
  busy: boolean;
  answeredAt: number;
}

export interface LaneLocks {
  lock(laneId: number, waitMs: number): Promise<LaneLock | null>;
  close(): Promise<void>;
}

export const createLaneLocks = (url: string, options: ClientOptions, idleMs: number): LaneLocks => {
  const sessions = new Set<LockSession>();
  const free: LockSession[] = [];
  const heartbeat = setInterval(() => {
    for (const session of sessions) {
      if (session.alive && !session.busy) void beat(session);
    }
  }, idleMs / 4);
  heartbeat.unref();

  const take = async (): Promise<LockSession> => {
    for (let session = free.pop(); session !== undefined; session = free.pop()) {
      if (session.alive) return session;
    }
    const session = await openSession(url, options, idleMs, (ended) => sessions.delete(ended));
    sessions.add(session);
    return session;
  };
  const giveBack = (session: LockSession): void => {
    if (session.alive && sessions.has(session)) free.push(session);
  };

  return {
    lock: async (laneId, waitMs) => {
      const session = await take();
      const row = await acquire(session, laneId, waitMs);
      if (row === null) {
        giveBack(session);
        return null;
      }
      return laneLock(session, laneId, laneStateOf(row), idleMs, giveBack);
    },
    close: async () => {
      clearInterval(heartbeat);
      await Promise.all([...sessions].map((session) => session.client.end({ timeout: 0 })));
    },
  };
};

const openSession = async (
  url: string,
  options: ClientOptions,
  idleMs: number,
  onEnd: (session: LockSession) => void,
): Promise<LockSession> => {
  let session: LockSession | null = null;
  const client = connectRaw(
    url,
    { ...options, connections: 1 },
    {
      max_lifetime: null,
      connection: { application_name: `${options.applicationName} lock`, idle_session_timeout: idleMs },
      onclose: () => {
        if (session === null) return;
        session.alive = false;
        onEnd(session);
        void client.end({ timeout: 0 });
      },
    },
  );
  // The driver never resolves `reserve` on a connection that is yet to be opened when it fetches no types.
  await client.unsafe('select 1');
  const sql = await client.reserve();
  session = { client, sql, alive: true, busy: false, answeredAt: performance.now() };
  return session;
};

const say = async (session: LockSession, text: string): Promise<readonly (readonly LaneRow[])[]> => {
  session.busy = true;
  try {
    const results = (await session.sql.unsafe(text).simple()) as unknown as readonly (readonly LaneRow[])[];
    session.answeredAt = performance.now();
    return results;
  } finally {
    session.busy = false;
  }
};

const beat = async (session: LockSession): Promise<void> => {
  try {
    await say(session, 'select 1');
  } catch {
    // The session is gone; `onclose` has said so, and `held` will.
  }
};

const lockText = (laneId: number): string => `select pg_advisory_lock(${LOCK_CLASS}, ${laneId})`;
const stateText = (laneId: number): string => `select ${LANE_COLUMNS} from couplet.lane l where l.id = ${laneId}`;

/** Lock and state in one round trip. Each statement has its own snapshot, so the state is that after the wait. */
const acquire = async (session: LockSession, laneId: number, waitMs: number): Promise<LaneRow | null> => {
  try {
    const wait = Math.max(1, Math.min(Math.floor(waitMs), 2_000_000_000));
    const results = await say(
      session,
      `set lock_timeout = ${wait}; ${lockText(laneId)}; set lock_timeout = 0; ${stateText(laneId)}`,
    );
    return results.at(-1)?.[0] ?? null;
  } catch (error) {
    // Waited long enough, or two processes wait for each other's lanes: the one that is told gives way.
    if (hasCode(error, '55P03') || hasCode(error, '40P01')) return null;
    throw error;
  }
};

const hasCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;

const laneLock = (
  session: LockSession,
  laneId: number,
  first: LaneState,
  idleMs: number,
  giveBack: (session: LockSession) => void,
): LaneLock => {
  let state = first;
  let released = false;
  // A process that was stopped, or cut off, knows by its own monotonic clock that the server has given up on it.
  const held = (): boolean => !released && session.alive && performance.now() - session.answeredAt < idleMs;
  const release = async (): Promise<void> => {
    if (released) return;
    released = true;
    if (!session.alive) return;
    try {
      await say(session, 'select pg_advisory_unlock_all()');
      giveBack(session);
    } catch {
      // The session ended, and the lock with it.
    }
  };
  return {
    get state() {
      return state;
    },
    get held() {
      return held();
    },
    yield: async () => {
      if (!held()) throw new FenceLost('The lock of the lane was lost: its session has ended.', { ...state.lane });
      const results = await say(
        session,
        `select pg_advisory_unlock(${LOCK_CLASS}, ${laneId}); ${lockText(laneId)}; ${stateText(laneId)}`,
      );
      const row = results.at(-1)?.[0];
      if (row === undefined) throw new FenceLost('The lane is gone.', { ...state.lane });
      state = laneStateOf(row);
      return state;
    },
    release,
    [Symbol.asyncDispose]: release,
  };
};
