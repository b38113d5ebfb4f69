/**
 * The exclusive right to work a lane: a session advisory lock of PostgreSQL, on a session that does nothing else.
 * PostgreSQL queues those who wait in order of arrival and frees the lock when the session ends, so a killed process
 * loses it at once; `idle_session_timeout` ends the session of one that was stopped and sends no heartbeat.
 * The lock is for scheduling. What protects data is the fence.
 */
import { performance } from 'node:perf_hooks';
import { FenceLost } from '../../errors/store-faults.ts';
import type { LaneLock, LaneState, WorkAtHand } from '../../ports/coupling-database.ts';
import { LOOK_SETTINGS } from '../session/connect.ts';
import { openSession, type Queryable, type Session } from '../session/open-session.ts';
import type { CursorRow, LaneRow, LookRow } from './lane-registry.ts';
import { CURSOR_COLUMNS, cursorsOf, LANE_COLUMNS, laneStateOf, LOOK_COLUMNS, lookOf } from './lane-registry.ts';

/** 'cplt': keeps our two-number advisory locks apart from those of others in the same database. */
const LOCK_CLASS = 1668312180;

interface LockSession {
  readonly session: Session;
  /** A statement is under way, so the server does not count the session as idle. */
  busy: boolean;
  answeredAt: number;
}

export interface Errands {
  /** Sent on the session of the lock before it is asked for, and carried out whether it is got or not. */
  readonly before?: (session: Queryable) => Promise<void>;
  /** Sent right after it was asked for; what it answers is as of the lock, or of nothing. */
  readonly along?: (session: Queryable) => Promise<WorkAtHand | null>;
}

export interface LaneLocks {
  lock(laneId: number, waitMs: number, errands?: Errands): Promise<LaneLock | null>;
  /** Together with others who join. */
  join(laneId: number, waitMs: number): Promise<LaneLock | null>;
  close(): Promise<void>;
}

export const createLaneLocks = (url: string, applicationName: string, idleMs: number): LaneLocks => {
  const sessions = new Set<LockSession>();
  const free: LockSession[] = [];
  const heartbeat = setInterval(() => {
    for (const held of sessions) {
      if (held.session.isLost()) sessions.delete(held);
      else if (!held.busy) void beat(held);
    }
  }, idleMs / 4);
  heartbeat.unref();

  const take = async (): Promise<LockSession> => {
    for (let held = free.pop(); held !== undefined; held = free.pop()) {
      if (!held.session.isLost()) return held;
    }
    const session = await openSession(url, {
      applicationName: `${applicationName} lock`,
      settings: { idle_session_timeout: idleMs, ...LOOK_SETTINGS },
    });
    await session.last(FIRST);
    const opened: LockSession = { session, busy: false, answeredAt: performance.now() };
    sessions.add(opened);
    return opened;
  };
  const giveBack = (held: LockSession): void => {
    if (!held.session.isLost()) free.push(held);
  };

  const get = async (laneId: number, mode: Mode, waitMs: number, errands: Errands = {}): Promise<LaneLock | null> => {
    const held = await take();
    // Not waited for in between, but to the end: the next to use the session finds nothing under way.
    const before = errands.before?.(held.session);
    const [got, work] = await Promise.allSettled([
      acquire(held, laneId, mode, waitMs),
      errands.along?.(held.session) ?? null,
      before,
    ]);
    if (got.status === 'rejected') throw got.reason;
    if (got.value === null) {
      giveBack(held);
      return null;
    }
    const first = { ...firstOf(got.value), work: work.status === 'fulfilled' ? work.value : null };
    return laneLock({ own: held, laneId, mode, idleMs, giveBack }, first);
  };
  return {
    lock: (laneId, waitMs, errands) => get(laneId, 'alone', waitMs, errands),
    join: (laneId, waitMs) => get(laneId, 'shared', waitMs),
    close: async () => {
      clearInterval(heartbeat);
      for (const { session } of sessions) session.abandon();
    },
  };
};

const say = async <Row = LaneRow>(held: LockSession, text: string): Promise<readonly Row[]> => {
  held.busy = true;
  try {
    const rows = await held.session.last<Row>(text);
    held.answeredAt = performance.now();
    return rows;
  } finally {
    held.busy = false;
  }
};

const beat = async (held: LockSession): Promise<void> => {
  try {
    await say(held, 'select 1');
  } catch {
    // The session is gone, and `held` says so.
  }
};

/** Alone, as a lane is held; shared, while its holder and others work through a backlog under one fence. */
type Mode = 'alone' | 'shared';

const SUFFIX: Readonly<Record<Mode, string>> = { alone: '', shared: '_shared' };
const lockText = (laneId: number, mode: Mode): string =>
  `select pg_advisory_lock${SUFFIX[mode]}(${LOCK_CLASS}, ${laneId})`;
const unlockText = (laneId: number, mode: Mode): string =>
  `select pg_advisory_unlock${SUFFIX[mode]}(${LOCK_CLASS}, ${laneId})`;
const waiting = (waitMs: number): string =>
  `set lock_timeout = ${Math.max(1, Math.min(Math.floor(waitMs), 2_000_000_000))}`;
const stateText = (laneId: number): string =>
  `select ${LANE_COLUMNS}, ${WANTED} from couplet.lane l where l.id = ${laneId}`;

/** Whether a session waits for the lane `l`; a key of two numbers has the 2 in `objsubid`. */
const WANTED = `
  exists (
    select from pg_catalog.pg_locks w
     where w.locktype = 'advisory' and not w.granted and w.classid = ${LOCK_CLASS} and w.objid::bigint = l.id and w.objsubid = 2
       and w.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
  ) as wanted`;

interface StateRow extends LaneRow {
  readonly wanted: boolean;
}

type FirstRow = LookRow & CursorRow;

/** All that a run asks first, so that it need not ask again. */
const FIRST = `
  prepare first (int) as select ${LOOK_COLUMNS}, ${CURSOR_COLUMNS} from couplet.lane l where l.id = $1`;

const firstOf = (row: FirstRow): Omit<LaneLock['first'], 'work'> => ({ ...lookOf(row), cursors: cursorsOf(row) });

/** Lock and state in one round trip. Each statement has its own snapshot, so the state is that after the wait. */
const acquire = (held: LockSession, laneId: number, mode: Mode, waitMs: number): Promise<FirstRow | null> =>
  unlessRefused(held, async () => {
    const text = `${waiting(waitMs)}; ${lockText(laneId, mode)}; set lock_timeout = 0; execute first(${laneId})`;
    const [row] = await say<FirstRow>(held, text);
    return row ?? null;
  });

const unlessRefused = async <Result>(held: LockSession, ask: () => Promise<Result>): Promise<Result | null> => {
  try {
    return await ask();
  } catch (error) {
    // Waited long enough, or two processes wait for each other's lanes: the one that is told gives way.
    if (hasCode(error, '55P03') || hasCode(error, '40P01')) return null;
    // Whether the lock was got is not known: the session goes, and the lock with it.
    held.session.abandon();
    throw error;
  }
};

const hasCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;

interface Holding {
  readonly own: LockSession;
  readonly laneId: number;
  mode: Mode;
  readonly idleMs: number;
  readonly giveBack: (held: LockSession) => void;
}

const laneLock = (holding: Holding, first: LaneLock['first']): LaneLock => {
  const { own, laneId, idleMs, giveBack } = holding;
  let { state } = first;
  let released = false;
  // A process that was stopped, or cut off, knows by its own monotonic clock that the server has given up on it.
  const held = (): boolean => !released && !own.session.isLost() && performance.now() - own.answeredAt < idleMs;
  const release = async (): Promise<void> => {
    if (released) return;
    released = true;
    if (own.session.isLost()) return;
    try {
      await say(own, 'select pg_advisory_unlock_all()');
      giveBack(own);
    } catch {
      // The session ended, and the lock with it.
    }
  };
  /** Statements after which the lock is held in this mode; the state is that after the last of them. */
  const rowAfter = async (mode: Mode, ...statements: readonly string[]): Promise<StateRow> => {
    if (!held()) throw new FenceLost('The lock of the lane was lost: its session has ended.', { ...state.lane });
    const [row] = await say<StateRow>(own, [...statements, stateText(laneId)].join('; '));
    if (row === undefined) throw new FenceLost('The lane is gone.', { ...state.lane });
    holding.mode = mode;
    state = laneStateOf(row);
    return row;
  };
  const stateAfter = async (mode: Mode, ...statements: readonly string[]): Promise<LaneState> => {
    await rowAfter(mode, ...statements);
    return state;
  };
  return {
    first,
    get state() {
      return state;
    },
    get held() {
      return held();
    },
    isWanted: async () => (await rowAfter(holding.mode)).wanted,
    yield: () => stateAfter(holding.mode, unlockText(laneId, holding.mode), lockText(laneId, holding.mode)),
    share: async () => {
      await stateAfter('shared', lockText(laneId, 'shared'), unlockText(laneId, 'alone'));
    },
    alone: async (waitMs) => {
      const got = await unlessRefused(own, () =>
        stateAfter(
          'alone',
          unlockText(laneId, 'shared'),
          waiting(waitMs),
          lockText(laneId, 'alone'),
          'set lock_timeout = 0',
        ),
      );
      if (got === null) await release();
      return got;
    },
    release,
    [Symbol.asyncDispose]: release,
  };
};
