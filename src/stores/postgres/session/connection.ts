/**
 * Connections to one store. Every value travels as text, both ways: text keeps every digit, and the same text must
 * mean the same value on every connection, so the settings that shape it are pinned when a session starts.
 *
 * The pool is our own, over postgres.js clients of one connection that never reconnect: a pool that reconnects by
 * itself runs what is left of a broken transaction in autocommit, and a reconnected client of 3.4.9 may stand still,
 * with bytes of the former connection before its first message.
 */
import type { Value } from '../../../domain/record.ts';
import { StoreUnreachable } from '../../../errors/store-faults.ts';
import { addressText, parseConnectionUrl } from './connection-url.ts';
import { openClient } from './session-client.ts';
import type { Client, ClientSettings } from './session-client.ts';
import { openPool } from './session-pool.ts';
import type { DedicatedSession } from './session-pool.ts';
import type { Row, Rows, Session } from './session.ts';

export type { DedicatedSession, Row, Rows, Session };

export interface ConnectionSettings {
  readonly url: string;
  /** Names the store in messages: `HQ`, `Houston`. */
  readonly name?: string;
  readonly maxSessions?: number;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

export interface ClosingStatement {
  readonly text: string;
  readonly args: readonly Value[];
}

export interface TransactionOptions<T> {
  /** Statements of fixed text that follow BEGIN in the same message, such as `set local lock_timeout = '300ms'`. */
  readonly begin?: string;
  /** True: nothing is kept. */
  readonly rollBack?: boolean;
  /** The last statement before COMMIT, which follows it without waiting: what is committed then is committed with it. */
  readonly closing?: (result: T) => ClosingStatement | null;
}

export interface Connection {
  /** Name and address for messages; never user or password. */
  readonly label: string;
  /** One statement in a transaction of its own, READ COMMITTED. */
  query(text: string, args?: readonly Value[]): Promise<Rows>;
  once(text: string, args?: readonly Value[]): Promise<Rows>;
  /** Commits when `work` returns, rolls back when it throws. Throws `StoreUnreachable` when the outcome is unknown. */
  transaction<T>(work: (session: Session) => Promise<T>, options?: TransactionOptions<T>): Promise<T>;
  /**
   * BEGIN, all that `send` sends, and COMMIT, without waiting for anything in between: nothing may be left to be decided
   * by the answers, and whatever must not be committed has to fail. `send` sends before it returns.
   */
  inOneAnswer<T>(send: (session: Session) => Promise<T>, begin: string): Promise<T>;
  /** A session of the pool for several statements that need no transaction. */
  withSession<T>(work: (session: Session) => Promise<T>): Promise<T>;
  openSession(onNotify?: (channel: string, payload: string) => void): Promise<DedicatedSession>;
  /** Waits for what is running, at most five seconds, and takes no more. */
  close(): Promise<void>;
}

const DEFAULT_MAX_SESSIONS = 4;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_STATEMENT_TIMEOUT_MS = 60_000;

export function openConnection(settings: ConnectionSettings): Connection {
  const target = parseConnectionUrl(settings.url);
  const label = `${settings.name ?? 'The store'} at ${addressText(target)}`;
  let lastFound = 0;
  const openAt = (index: number, onNotify: Parameters<typeof openClient>[1], onGone: () => void): Client => {
    const client: ClientSettings = {
      target,
      address: target.addresses[index] ?? { host: 'localhost', port: 5432 },
      label,
      connectTimeoutMs: settings.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: settings.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS,
    };
    return openClient(client, onNotify, onGone);
  };
  /** Of several addresses the one that takes writes, tried in turn from where it was last. */
  const open = async (
    onNotify: Parameters<typeof openClient>[1] = null,
    onGone: () => void = () => undefined,
  ): Promise<Client> => {
    const { length } = target.addresses;
    if (length === 1) return openAt(0, onNotify, onGone);
    let fault = new StoreUnreachable(`No address of ${label} leads to a server that takes writes`);
    // Each goes its own round: those that open at the same time must not count each other's failures.
    for (const index of target.addresses.map((_, turn) => (lastFound + turn) % length)) {
      let isKept = false;
      const client = openAt(index, onNotify, () => void (isKept && onGone()));
      try {
        const [row] = await client.once('select pg_catalog.pg_is_in_recovery()');
        isKept = row?.[0] === 'f' && !client.isLost();
        if (isKept) {
          lastFound = index;
          return client;
        }
      } catch (error) {
        if (!(error instanceof StoreUnreachable)) throw error;
        fault = error;
      } finally {
        if (!isKept) await client.end();
      }
    }
    throw fault;
  };
  const pool = openPool(settings.maxSessions ?? DEFAULT_MAX_SESSIONS, open, label);
  const { withClient } = pool;

  return {
    label,
    query: (text, args) => withClient((client) => client.query(text, args)),
    once: (text, args) => withClient((client) => client.once(text, args)),
    transaction: (work, options) => withClient((client) => runTransaction(client, work, options ?? {}, label)),
    inOneAnswer: (send, begin) => withClient((client) => runInOneAnswer(client, send, begin, label)),
    withSession: withClient,
    openSession: async (onNotify) => {
      const gone = new AbortController();
      return pool.keep(await open(onNotify ?? null, () => gone.abort()), gone.signal);
    },
    close: () => pool.close(),
  };
}

async function runTransaction<T>(
  client: Client,
  work: (session: Session) => Promise<T>,
  options: TransactionOptions<T>,
  label: string,
): Promise<T> {
  // BEGIN is sent with the statements that follow it; the server answers in order, so the first fault is the cause.
  const begun = client.simple(`begin;${options.begin ?? ''}`);
  let result: T;
  try {
    result = await work(client);
    await begun;
    if (options.rollBack !== true) {
      const last = options.closing?.(result) ?? null;
      // A failed transaction answers COMMIT with ROLLBACK and no error.
      const closed = last && client.query(last.text, last.args);
      const committed = client.simple('commit');
      await Promise.allSettled([closed, committed]);
      await closed;
      const ended = await committed;
      if (ended !== 'COMMIT')
        throw new Error(`${label}: a statement failed and the transaction was committed all the same`);
      return result;
    }
  } catch (error) {
    await rollBack(client);
    throw await begun.then(
      () => error,
      (cause: unknown) => cause,
    );
  }
  await rollBack(client);
  return result;
}

async function runInOneAnswer<T>(
  client: Client,
  send: (session: Session) => Promise<T>,
  begin: string,
  label: string,
): Promise<T> {
  const begun = client.simple(`begin;${begin}`);
  const sent = send(client);
  // Of a failed transaction it is answered with ROLLBACK and no error: whatever happens, the transaction is over.
  const committed = client.simple('commit');
  await Promise.allSettled([begun, sent, committed]);
  await begun;
  const result = await sent;
  if ((await committed) !== 'COMMIT')
    throw new Error(`${label}: a statement failed and the transaction was committed all the same`);
  return result;
}

async function rollBack(client: Client): Promise<void> {
  try {
    if (!client.isLost()) await client.simple('rollback');
  } catch {
    // The server rolls back what it has of a session that is gone.
    client.sever();
  }
}
