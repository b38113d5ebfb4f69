/**
 * Connections to one store. Every value travels as text, both ways: text keeps every digit, and the same text must
 * mean the same value on every connection, so the settings that shape it are pinned when a session starts.
 *
 * A *wire* is one server session, used by one caller at a time. It is a postgres.js client of one connection instead
 * of a pool, for a pool reconnects by itself and would then run what is left of a broken transaction in autocommit.
 */
import postgres from 'postgres';
import { connect, Socket } from 'node:net';
import type { Value } from '../../domain/record.ts';
import { StoreUnreachable } from '../../errors/store-faults.ts';
import { addressText, parseConnectionUrl } from './connection-url.ts';
import type { ConnectionTarget, HostAddress } from './connection-url.ts';
import { translateFault } from './driver-faults.ts';

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
/** Given on top of the server's own timeout before a silent server is taken for lost. */
const SILENCE_MS = 15_000;
const CLOSE_TIMEOUT_S = 5;

/** Built-in types that postgres.js would turn into JavaScript values; `25` stands first as what we send. */
const PARSED_TYPES = [16, 17, 20, 21, 23, 25, 26, 114, 700, 701, 1082, 1083, 1114, 1184, 3802];
const asText = (value: unknown): unknown => value;
const TEXT_ONLY = { text: { to: 25, from: PARSED_TYPES, serialize: asText, parse: asText } };

const pinnedSettings = (statementTimeoutMs: number): Record<string, string> => ({
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  // Any value above 0 prints the shortest text that gives the float back exactly; the same on 15 and 18.
  extra_float_digits: '1',
  lc_monetary: 'C',
  xmloption: 'content',
  standard_conforming_strings: 'on',
  // A policy that hides rows is then an error; hidden rows would look deleted.
  row_security: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  // What the coupling database records as written must survive a crash of the store.
  synchronous_commit: 'on',
  idle_in_transaction_session_timeout: '5s',
  statement_timeout: `${statementTimeoutMs}ms`,
  lock_timeout: '5s',
  client_min_messages: 'error',
  // Statements here touch a thousand rows at most; compiling them would cost more than it saves.
  jit: 'off',
  // Locks of a worker that lost its network go within a minute.
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
});

interface Wire extends Session {
  /**
   * Allows at most one connection for the use that begins now. One that is lost later stays lost, since nothing may
   * run outside the transaction it was meant for.
   */
  readonly beginUse: () => void;
  readonly connected: () => boolean;
  /** One message without parameters; gives back the command tag of a single statement. */
  readonly simple: (text: string) => Promise<string>;
  readonly settled: () => Promise<unknown>;
  readonly sever: () => void;
  readonly end: () => Promise<void>;
}

export function openConnection(settings: ConnectionSettings): Connection {
  const target = parseConnectionUrl(settings.url);
  const label = `${settings.name ?? 'The store'} at ${addressText(target)}`;
  const wires = Array.from({ length: settings.maxSessions ?? DEFAULT_MAX_SESSIONS }, () => openWire(target, settings, label));
  const free = [...wires];
  const waiting: { take(wire: Wire): void; refuse(error: Error): void }[] = [];
  const dedicated = new Set<DedicatedSession>();
  let closing: Promise<void> | null = null;

  const take = async (): Promise<Wire> => {
    if (closing) throw new StoreUnreachable(`${label} is being closed`);
    // The wire used last is taken first: its statements are prepared and it is the likeliest to be connected.
    const wire = free.pop() ?? (await new Promise<Wire>((resolve, reject) => waiting.push({ take: resolve, refuse: reject })));
    wire.beginUse();
    return wire;
  };
  const giveBack = (wire: Wire): void => {
    const next = waiting.shift();
    if (next) next.take(wire);
    else free.push(wire);
  };
  const withWire = async <T>(work: (wire: Wire) => Promise<T>): Promise<T> => {
    const wire = await take();
    try {
      return await work(wire);
    } finally {
      // A statement still queued would otherwise run on the connection that the next user opens.
      await wire.settled();
      giveBack(wire);
    }
  };

  return {
    label,
    query: (text, args) => withWire((wire) => wire.query(text, args)),
    once: (text, args) => withWire((wire) => wire.once(text, args)),
    transaction: (work, options) => withWire((wire) => runTransaction(wire, work, options ?? {}, label)),
    withSession: withWire,
    openSession: async (onNotify) => {
      if (closing) throw new StoreUnreachable(`${label} is being closed`);
      const session = await openDedicated(target, settings, label, onNotify);
      dedicated.add(session);
      session.gone.addEventListener('abort', () => dedicated.delete(session), { once: true });
      return session;
    },
    close: () => {
      for (const entry of waiting.splice(0)) entry.refuse(new StoreUnreachable(`${label} is being closed`));
      closing ??= Promise.all([...dedicated, ...wires.map((wire) => ({ close: wire.end }))].map((one) => one.close())).then(() => undefined);
      return closing;
    },
  };
}

async function runTransaction<T>(
  wire: Wire,
  work: (session: Session) => Promise<T>,
  options: TransactionOptions,
  label: string,
): Promise<T> {
  // BEGIN is sent with the statements that follow it; the server answers in order, so the first fault is the cause.
  const begun = wire.simple(`begin;${options.begin ?? ''}`);
  let result: T;
  try {
    result = await work(wire);
    await begun;
    if (options.rollBack !== true) {
      // A failed transaction answers COMMIT with ROLLBACK and no error.
      const ended = await wire.simple('commit');
      if (ended !== 'COMMIT') throw new StoreUnreachable(`${label} did not commit`, { answer: ended });
      return result;
    }
  } catch (error) {
    await rollBack(wire);
    throw await begun.then(
      () => error,
      (cause: unknown) => cause,
    );
  }
  await rollBack(wire);
  return result;
}

async function rollBack(wire: Wire): Promise<void> {
  if (!wire.connected()) return;
  try {
    await wire.simple('rollback');
  } catch {
    // The server rolls back what it has of a session that is gone.
    wire.sever();
  }
}

async function openDedicated(
  target: ConnectionTarget,
  settings: ConnectionSettings,
  label: string,
  onNotify: ((channel: string, payload: string) => void) | undefined,
): Promise<DedicatedSession> {
  const gone = new AbortController();
  const wire = openWire(target, settings, label, onNotify, () => gone.abort());
  wire.beginUse();
  try {
    await wire.simple('select 1');
  } catch (error) {
    await wire.end();
    throw error;
  }
  const { processId, query, once, copyIn } = wire;
  return { processId, query, once, copyIn, gone: gone.signal, close: wire.end };
}

function openWire(
  target: ConnectionTarget,
  settings: ConnectionSettings,
  label: string,
  onNotify?: (channel: string, payload: string) => void,
  onGone?: () => void,
): Wire {
  const statementTimeoutMs = settings.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS;
  let socket: Socket | null = null;
  let mayConnect = false;
  let next = 0;
  let processId: number | null = null;

  const openSocket = (): Socket => {
    const address = target.addresses[next++ % target.addresses.length];
    if (!mayConnect || address === undefined) return refusedSocket();
    // Several hosts are tried one after the other, one in each use.
    mayConnect = false;
    socket = connectSocket(address);
    return socket;
  };
  const options = {
    host: target.addresses[0]?.host ?? 'localhost',
    port: target.addresses[0]?.port ?? 5432,
    database: target.database,
    user: target.user,
    password: target.password,
    ssl: target.tls,
    max: 1,
    idle_timeout: undefined,
    max_lifetime: null,
    // Waiting between attempts is the engine's, which knows whether anybody waits for the answer.
    backoff: () => 0,
    connect_timeout: Math.ceil((settings.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS) / 1000),
    fetch_types: false,
    types: TEXT_ONLY,
    connection: { application_name: 'couplet', ...target.startup, ...pinnedSettings(statementTimeoutMs) },
    onnotice: () => undefined,
    onnotify: onNotify ?? (() => undefined),
    onclose: () => onGone?.(),
    socket: openSocket,
  };
  const sql = postgres(options);

  const inFlight = new Set<Promise<unknown>>();
  const settle = async <T>(query: Promise<T>): Promise<T> => {
    const silence = setTimeout(() => socket?.destroy(silenceError()), statementTimeoutMs + SILENCE_MS);
    silence.unref();
    try {
      return await query;
    } catch (error) {
      throw translateFault(error, label);
    } finally {
      clearTimeout(silence);
    }
  };
  const answered = <T>(query: Promise<T>): Promise<T> => {
    const answer = settle(query);
    inFlight.add(answer);
    // A pipelined statement may fail before anybody awaits it; its caller still sees the rejection.
    const done = (): boolean => inFlight.delete(answer);
    answer.then(done, done);
    return answer;
  };
  const run = (text: string, args: readonly Value[], prepare: boolean): Promise<Rows> => {
    const statement: object = { prepare, simple: false };
    const query = sql.unsafe(text, args as (string | null)[], statement).values().execute();
    const remember = query.then((rows) => {
      processId = rows.state?.pid ?? processId;
      return rows as unknown as Rows;
    });
    return answered(remember);
  };
  return {
    processId: () => processId,
    beginUse: () => {
      mayConnect = !isOpen(socket);
    },
    connected: () => isOpen(socket),
    query: (text, args = []) => run(text, args, true),
    once: (text, args = []) => run(text, args, false),
    simple: (text) => answered(sql.unsafe(text).execute().then((result) => result.command ?? '')),
    settled: () => Promise.allSettled(inFlight),
    copyIn: (text, chunks) => answered(copyInto(sql, text, chunks)),
    sever: () => socket?.destroy(),
    end: () => sql.end({ timeout: CLOSE_TIMEOUT_S }),
  };
}

const isOpen = (socket: Socket | null): boolean => socket !== null && !socket.destroyed && socket.writable;

/**
 * A socket of our own, because postgres.js never sets noDelay: each COPY batch then stalls 40 to 90 ms. It is handed
 * over while it still connects, so that a failed connection reaches postgres.js as the error and close it waits for.
 */
function connectSocket({ host, port }: HostAddress): Socket {
  if (host.startsWith('/')) return connect({ path: `${host}/.s.PGSQL.${port}` });
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
  // Where postgres.js looks for the name that the certificate must bear.
  return Object.assign(socket, { host });
}

function refusedSocket(): Socket {
  const socket = new Socket();
  setImmediate(() => socket.destroy(Object.assign(new Error('session lost'), { code: 'CONNECTION_CLOSED' })));
  return socket;
}

const silenceError = (): Error => Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });

async function copyInto(sql: postgres.Sql, text: string, chunks: Iterable<string>): Promise<void> {
  const stream = await sql.unsafe(text).writable();
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('finish', resolve);
    const send = async (): Promise<void> => {
      for (const chunk of chunks) {
        if (!stream.write(chunk)) await new Promise((drained) => stream.once('drain', drained));
      }
      stream.end();
      // postgres.js forgets the stream once its end is sent and loses an error that comes after; the next statement
      // is answered behind it and fails with the transaction.
      await new Promise((sent) => setImmediate(sent));
      await sql.unsafe('select 1');
    };
    send().catch(reject);
  });
}
