/** Sessions of the coupling database, shared: one for each statement or transaction under way, opened as they are needed. */
import pRetry from 'p-retry';
import { CouplingDatabaseUnreachable } from '../../errors/coupling-database-faults.ts';
import { openSession, type Queryable, type Session, type SessionOptions } from './open-session.ts';

export interface SessionPool extends Queryable {
  values: Session['values'];
  begin<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** A server that restarts is back within seconds; longer absences, or silence, are for those who ask to wait out. */
const OPENING = { retries: 5, minTimeout: 100, factor: 2, maxTimeout: 1_000, maxRetryTime: 5_000 };

const MOST_TIMES = 20;

interface PlanAge {
  readonly lastMs: number;
  readonly untilMs: number;
}

const plansFor = (lastMs: number): PlanAge => ({ lastMs, untilMs: performance.now() + lastMs });

export interface PoolOptions extends SessionOptions {
  /**
   * Statements are planned anew after this time, as the tables have grown or shrunk meanwhile; then after twice as long,
   * and so on up to twenty times, for making them all anew takes the change that comes then some 20 ms.
   */
  readonly replanAfterMs?: number;
}

export const createSessionPool = (url: string, size: number, options: PoolOptions): SessionPool => {
  const idle: Session[] = [];
  const waiting: { take(seat: Seat): void; refuse(fault: unknown): void }[] = [];
  const open = new Map<Session, PlanAge>();
  let seats = size;
  let closed = false;

  /** A seat is the right to one session; it comes with one that is idle, if there is one. */
  const takeSeat = (): Promise<Seat> => {
    if (seats > 0) {
      seats -= 1;
      return Promise.resolve({ session: idle.pop() ?? null });
    }
    return new Promise((take, refuse) => waiting.push({ take, refuse }));
  };
  const giveSeat = (session: Session | null): void => {
    const usable = session !== null && !session.isLost() ? session : null;
    const next = waiting.shift();
    if (next !== undefined) {
      next.take({ session: usable });
      return;
    }
    seats += 1;
    if (usable !== null) idle.push(usable);
  };
  /** Nobody gets through: those who wait are told so too, instead of finding it out one after the other. */
  const refuseAll = (fault: unknown): never => {
    if (open.size === 0) for (const next of waiting.splice(0)) next.refuse(fault);
    throw fault;
  };
  const openOne = async (): Promise<Session> => {
    const shouldRetry = ({ error }: { error: Error }) => !closed && error instanceof CouplingDatabaseUnreachable;
    const session = await pRetry(() => openSession(url, options), { ...OPENING, shouldRetry }).catch(refuseAll);
    open.set(session, plansFor(options.replanAfterMs ?? Number.POSITIVE_INFINITY));
    return session;
  };
  const replan = (session: Session): void => {
    const age = open.get(session);
    if (age === undefined || performance.now() < age.untilMs) return;
    open.set(session, plansFor(Math.min(age.lastMs * 2, (options.replanAfterMs ?? 0) * MOST_TIMES)));
    // Answered before what is sent next; a session that is lost says so then.
    session.last('discard plans').catch(() => {});
  };
  const withSession = async <Result>(work: (session: Session) => Promise<Result>): Promise<Result> => {
    if (closed) throw new CouplingDatabaseUnreachable('The coupling database was closed.');
    const seat = await takeSeat();
    let session = seat.session;
    try {
      if (session === null || session.isLost()) session = await openOne();
      replan(session);
      return await work(session);
    } finally {
      if (session?.isLost() === true) {
        open.delete(session);
        void session.end();
      }
      giveSeat(session);
    }
  };

  const again = <Result>(work: (session: Session) => Promise<Result>): Promise<Result> =>
    withSession(work).catch((error: unknown) => {
      if (!isVictim(error)) throw error;
      return pRetry(() => withSession(work), { ...VICTIMS, shouldRetry: (context) => isVictim(context.error) });
    });

  return {
    run: (text, parameters) => again((session) => session.run(text, parameters)),
    values: (text, parameters) => again((session) => session.values(text, parameters)),
    begin: (work) => again((session) => transact(session, work)),
    close: async () => {
      closed = true;
      await Promise.all([...open.keys()].map((session) => session.end()));
    },
  };
};

/**
 * Whoever lost a deadlock was rolled back whole, so the statement or transaction may simply be made again. Locks are
 * taken in one order as far as there is one; foreign keys and renamed records take theirs when they are checked.
 */
const VICTIMS = { retries: 6, minTimeout: 10, factor: 2, randomize: true };

const isVictim = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '40P01' || error.code === '40001');

interface Seat {
  readonly session: Session | null;
}

const transact = async <Result>(
  session: Session,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> => {
  await session.run('begin', []);
  let result: Result;
  try {
    result = await work(session);
  } catch (error) {
    // A session that is lost has rolled back by itself; one that does not answer this is of no use any more.
    if (!session.isLost()) await session.run('rollback', []).catch(() => session.abandon());
    throw error;
  }
  await session.run('commit', []);
  return result;
};
