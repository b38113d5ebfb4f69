/**
 * Sleeping until there may be marks. The net is polling; waking is only sooner.
 *
 * A sleeper holds a lock exclusively that every writing transaction tries to share. A writer that cannot have it
 * sends NOTIFY; one that has it keeps the next sleeper from lying down until it is over. The order is: listen, try the
 * lock, look once more, sleep. A flag in a table lost wake-ups, and NOTIFY in every transaction took a third of four
 * writers' throughput; this way they keep 97 %.
 */
import type { Cursor } from '../../../ports/store.ts';
import { ASLEEP_LOCK, LOCK_CLASS } from '../install/capture-sql.ts';
import type { DedicatedSession } from '../session/connection.ts';
import { parseCursor, snapshotParts } from '../session/cursor.ts';
import type { Position } from '../session/cursor.ts';
import type { CaptureSession } from './capture-session.ts';

/** Asleep, somebody would wake us. */
const SHORTEST_SLEEP_MS = 50;
const LONGEST_SLEEP_MS = 2_000;
/**
 * Awake: others sleep, or transactions are open, and nobody need say when they commit. Most of them are over in a moment,
 * often one of our own; who looks again only after 50 ms makes one change in thirty wait that long.
 */
const SHORTEST_PAUSE_MS = 3;
const LONGEST_PAUSE_MS = 250;

const UNREAD = `
select exists (select from couplet.change c where c.xid >= $1::text::xid8)
  or exists (select from couplet.change c where c.xid = any ($2::text::xid8[]))`;
const LIE_DOWN = `
select case when pg_catalog.current_setting('max_prepared_transactions') = '0'
  then pg_catalog.pg_try_advisory_lock(${LOCK_CLASS}, ${ASLEEP_LOCK}) else false end`;
const GET_UP = `select pg_catalog.pg_advisory_unlock(${LOCK_CLASS}, ${ASLEEP_LOCK})`;

export async function waitForMarks(
  session: CaptureSession,
  cursor: Cursor,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const position = parseCursor(cursor);
  if (signal.aborted || position.within !== null) return;
  const deadline = performance.now() + timeoutMs;
  const alarm = setAlarm(session, signal);
  /** The session that holds the lock; when it is lost the lock is gone with it. */
  let bed: DedicatedSession | null = null;
  try {
    let sleepMs = SHORTEST_SLEEP_MS;
    let pauseMs = SHORTEST_PAUSE_MS;
    while (!signal.aborted) {
      const found = await session.use(async (wire) => {
        // Sent together, carried out one after the other: the look comes after the lock was tried.
        const [lies, unread] = await Promise.all([bed === wire || isTrue(wire, LIE_DOWN), hasUnread(wire, position)]);
        bed = lies ? wire : null;
        return unread;
      });
      const left = deadline - performance.now();
      if (found || left <= 0) return;
      // Who rings has committed marks: they need not be looked for, they are read.
      if (await alarm.rings(Math.min(bed === null ? pauseMs : sleepMs, left))) return;
      if (bed === null) pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      else sleepMs = Math.min(sleepMs * 1.5, LONGEST_SLEEP_MS);
    }
  } finally {
    alarm.stop();
    const holder = bed as DedicatedSession | null;
    // Not waited for: whatever is sent on this session next, the reading of what it woke for, comes after it.
    if (holder && !holder.gone.aborted) isTrue(holder, GET_UP).catch(() => undefined);
  }
}

interface Alarm {
  /** True: it rang within that time, or since it was set. */
  rings(withinMs: number): Promise<boolean>;
  stop(): void;
}

function setAlarm(session: CaptureSession, signal: AbortSignal): Alarm {
  let rung = false;
  let rouse: () => void = () => undefined;
  const ring = (): void => {
    rung = true;
    rouse();
  };
  const forget = session.onWake(ring);
  signal.addEventListener('abort', ring);
  return {
    rings: (withinMs) =>
      new Promise((resolve) => {
        if (rung) return resolve(true);
        const timer = setTimeout(() => resolve(false), withinMs);
        rouse = () => {
          clearTimeout(timer);
          resolve(true);
        };
      }),
    stop: () => {
      forget();
      signal.removeEventListener('abort', ring);
    },
  };
}

async function isTrue(wire: DedicatedSession, statement: string): Promise<boolean> {
  const [row] = await wire.query(statement);
  return row?.[0] === 't';
}

async function hasUnread(wire: DedicatedSession, { seen }: Position): Promise<boolean> {
  const { next, open } = snapshotParts(seen);
  const [row] = await wire.query(UNREAD, [next, open]);
  return row?.[0] === 't';
}
