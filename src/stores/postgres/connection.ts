/**
 * Connections to one store. Every value travels as text, both ways: text keeps every digit, and the same text must
 * mean the same value on every connection, so the settings that shape it are pinned when a session starts.
 *
 * The pool is our own, over postgres.js clients of one connection that never reconnect: a pool that reconnects by
 * itself runs what is left of a broken transaction in autocommit, and a reconnected client of 3.4.9 may stand still,
 * with bytes of the former connection before its first message.
 */
import type { Value } from '../../domain/record.ts';
import { StoreUnreachable } from '../../errors/store-faults.ts';
import { addressText, parseConnectionUrl } from './connection-url.ts';
import { openClient } from './session-client.ts';
import type { Client, ClientSettings } from './session-client.ts';

export interface ConnectionSettings {
  readonly url: string;
  /** Names the store in messages: `HQ`, `Houston`. */
  readonly name?: string;
  readonly maxSessions?: number;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

export type Row = readonly Value[];

export interface Rows extends ReadonlyArray<Row> {
  /** Rows that the statement returned or touched. */
  readonly count: number;
}

export interface Session {
  /** The process id of the server session: what an administrator sees, and what a test kills. */
  readonly processId: () => number | null;
  /**
   * Runs one statement; several may be sent without waiting, they are answered in order. Texts are prepared once per
   * session, so they must come from a bounded set; `once` is for the others.
   */
  query(text: string, args?: readonly Value[]): Promise<Rows>;
  once(text: string, args?: readonly Value[]): Promise<Rows>;
  /** Sends `rows`, chunks in the text format of COPY, as the data of `COPY … FROM STDIN`. */
  copyIn(text: string, chunks: Iterable<string>): Promise<void>;
}

/** A session of its own, outside the pool: for LISTEN and session locks. It never reconnects. */
export interface DedicatedSession extends Session {
  /** Aborted when the session is gone, by whichever side. */
  readonly gone: AbortSignal;
  close(): Promise<void>;
}

export interface TransactionOptions {
  /** Statements of fixed text that follow BEGIN in the same message, such as `set local lock_timeout = '300ms'`. */
  readonly begin?: string;
  /** True: nothing is kept. */
  readonly rollBack?: boolean;
}

export interface Connection {
  /** Name and address for messages; never user or password. */
  readonly label: string;
  /** One statement in a transaction of its own, READ COMMITTED. */
  query(text: string, args?: readonly Value[]): Promise<Rows>;
  once(text: string, args?: readonly Value[]): Promise<Rows>;
  /** Commits when `work` returns, rolls back when it throws. Throws `StoreUnreachable` when the outcome is unknown. */
  transaction<T>(work: (session: Session) => Promise<T>, options?: TransactionOptions): Promise<T>;
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
  let addressIndex = 0;
  const open = (onNotify: Parameters<typeof openClient>[1] = null, onGone: () => void = () => undefined): Client => {
    // Several hosts are tried one after the other, one with each new session.
    const address = target.addresses[addressIndex++ % target.addresses.length];
    const client: ClientSettings = {
      target,
      address: address ?? { host: 'localhost', port: 5432 },
      label,
      connectTimeoutMs: settings.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: settings.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS,
    };
    return openClient(client, onNotify, onGone);
  };
  // A seat is a client or the room for one. The seat used last is taken first: its statements are prepared.
  const free: (Client | null)[] = Array.from({ length: settings.maxSessions ?? DEFAULT_MAX_SESSIONS }, () => null);
  const waiting: { take(seat: Client | null): void; refuse(error: Error): void }[] = [];
  const all = new Set<Client>();
  let closing: Promise<void> | null = null;
  const closed = (): StoreUnreachable => new StoreUnreachable(`${label} is being closed`);

  const takeSeat = (): Promise<Client | null> => {
    const seat = free.pop();
    if (seat !== undefined) return Promise.resolve(seat);
    return new Promise((take, refuse) => waiting.push({ take, refuse }));
  };
  const withClient = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    if (closing) throw closed();
    let client = await takeSeat();
    if (client?.isLost() !== false) {
      client = open();
      all.add(client);
    }
    try {
      return await work(client);
    } finally {
      await client.settled();
      const lost = client.isLost();
      if (lost) {
        all.delete(client);
        await client.end();
      }
      const next = waiting.shift();
      if (next) next.take(lost ? null : client);
      else free.push(lost ? null : client);
    }
  };

  return {
    label,
    query: (text, args) => withClient((client) => client.query(text, args)),
    once: (text, args) => withClient((client) => client.once(text, args)),
    transaction: (work, options) => withClient((client) => runTransaction(client, work, options ?? {}, label)),
    withSession: withClient,
    openSession: async (onNotify) => {
      if (closing) throw closed();
      const gone = new AbortController();
      const client = open(onNotify ?? null, () => gone.abort());
      all.add(client);
      const close = async (): Promise<void> => {
        all.delete(client);
        await client.end();
      };
      gone.signal.addEventListener('abort', () => void close(), { once: true });
      try {
        await client.simple('select 1');
      } catch (error) {
        await close();
        throw error;
      }
      const { processId, query, once, copyIn } = client;
      return { processId, query, once, copyIn, gone: gone.signal, close };
    },
    close: () => {
      for (const entry of waiting.splice(0)) entry.refuse(closed());
      closing ??= Promise.all([...all].map((client) => client.end())).then(() => undefined);
      return closing;
    },
  };
}

async function runTransaction<T>(
  client: Client,
  work: (session: Session) => Promise<T>,
  options: TransactionOptions,
  label: string,
): Promise<T> {
  // BEGIN is sent with the statements that follow it; the server answers in order, so the first fault is the cause.
  const begun = client.simple(`begin;${options.begin ?? ''}`);
  let result: T;
  try {
    result = await work(client);
    await begun;
    if (options.rollBack !== true) {
      // A failed transaction answers COMMIT with ROLLBACK and no error.
      const ended = await client.simple('commit');
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

async function rollBack(client: Client): Promise<void> {
  try {
    if (!client.isLost()) await client.simple('rollback');
  } catch {
    // The server rolls back what it has of a session that is gone.
    client.sever();
  }
}
