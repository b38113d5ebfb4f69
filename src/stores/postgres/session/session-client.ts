/** One server session over postgres.js: its socket, its pinned settings, its statements, its end. */
import postgres from 'postgres';
import { connect, Socket } from 'node:net';
import type { Value } from '../../../domain/record.ts';
import { StoreRefused, StoreUnreachable } from '../../../errors/store-faults.ts';
import type { ConnectionTarget, HostAddress } from './connection-url.ts';
import { translateFault } from './driver-faults.ts';
import type { Rows, Session } from './session.ts';

export interface ClientSettings {
  readonly target: ConnectionTarget;
  readonly address: HostAddress;
  readonly label: string;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

export interface Client extends Session {
  /** One message without parameters; gives back the command tag of a single statement. */
  readonly simple: (text: string) => Promise<string>;
  /** Lost is lost: every later statement fails, for nothing may run outside the transaction it was meant for. */
  readonly isLost: () => boolean;
  readonly settled: () => Promise<unknown>;
  readonly sever: () => void;
  readonly end: () => Promise<void>;
}

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
  // Else NULL in an array of parameters would be the word.
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  // A policy that hides rows is then an error; hidden rows would look deleted.
  row_security: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  // What the coupling database records as written must survive a crash of the store.
  synchronous_commit: 'on',
  idle_in_transaction_session_timeout: '5s',
  // A session that listens, or holds the lock of a sleeping reader, is idle for good reason.
  idle_session_timeout: '0',
  statement_timeout: `${statementTimeoutMs}ms`,
  lock_timeout: '5s',
  client_min_messages: 'error',
  // Statements here touch a thousand rows at most; compiling them would cost more than it saves.
  jit: 'off',
  // A thousand keys of a hundred thousand rows: 1.9 ms over the index, which the default of 4 passes over for a hash
  // of the whole table (10.4 ms). The rows that a batch asks for are those that have just changed, so in memory.
  random_page_cost: '1.1',
  // Locks of a worker that lost its network go within a minute.
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
});

const AT_SIGN_IN: ReadonlySet<string> = new Set(['sign-in-refused', 'database-not-found']);

export function openClient(
  settings: ClientSettings,
  onNotify: ((channel: string, payload: string) => void) | null,
  onGone: () => void,
): Client {
  const { label, statementTimeoutMs } = settings;
  let socket: Socket | null = null;
  let lost = false;
  let processId: number | null = null;
  // Who is not let in is told so whatever he sent along: what follows only finds the session closed.
  let refusal: StoreRefused | null = null;
  const lose = (): void => {
    if (lost) return;
    lost = true;
    socket?.destroy();
    onGone();
  };
  const sql = openPostgres(settings, onNotify, lose, () => {
    if (socket !== null) return refusedSocket();
    socket = connectSocket(settings.address);
    return socket;
  });

  const inFlight = new Set<Promise<unknown>>();
  const settle = async <T>(query: Promise<T>): Promise<T> => {
    const silence = setTimeout(lose, statementTimeoutMs + SILENCE_MS);
    silence.unref();
    try {
      return await query;
    } catch (error) {
      const fault = translateFault(error, label);
      if (fault instanceof StoreRefused && AT_SIGN_IN.has(fault.code)) refusal ??= fault;
      if (!(fault instanceof StoreUnreachable)) throw fault;
      lose();
      throw refusal ?? fault;
    } finally {
      clearTimeout(silence);
    }
  };
  const answered = <T>(ask: () => Promise<T>): Promise<T> => {
    const answer = lost
      ? Promise.reject(refusal ?? new StoreUnreachable(`${label} closed the session`))
      : settle(ask());
    inFlight.add(answer);
    // A pipelined statement may fail before anybody awaits it; its caller still sees the rejection.
    const done = (): boolean => inFlight.delete(answer);
    answer.then(done, done);
    return answer;
  };
  const run = (text: string, args: readonly Value[], prepare: boolean): Promise<Rows> =>
    answered(async () => {
      const statement: object = { prepare, simple: false };
      const rows = await sql.unsafe(text, args as (string | null)[], statement).values();
      processId = rows.state?.pid ?? processId;
      return rows as Rows;
    });
  return {
    processId: () => processId,
    isLost: () => lost || socket?.destroyed === true,
    query: (text, args = []) => run(text, args, true),
    once: (text, args = []) => run(text, args, false),
    simple: (text) => answered(async () => (await sql.unsafe(text)).command ?? ''),
    copyIn: (text, chunks) => answered(() => copyInto(sql, text, chunks)),
    settled: () => Promise.allSettled(inFlight),
    sever: lose,
    end: () => sql.end({ timeout: lost ? 0 : CLOSE_TIMEOUT_S }),
  };
}

function openPostgres(
  { target, address, connectTimeoutMs, statementTimeoutMs }: ClientSettings,
  onNotify: ((channel: string, payload: string) => void) | null,
  onClose: () => void,
  socket: () => Socket,
): postgres.Sql {
  const options = {
    host: address.host,
    port: address.port,
    database: target.database,
    user: target.user,
    password: target.password,
    ssl: target.tls,
    max: 1,
    max_lifetime: null,
    backoff: () => 0,
    connect_timeout: Math.ceil(connectTimeoutMs / 1000),
    fetch_types: false,
    types: TEXT_ONLY,
    connection: { application_name: 'couplet', ...target.startup, ...pinnedSettings(statementTimeoutMs) },
    onnotice: () => undefined,
    onnotify: onNotify ?? (() => undefined),
    onclose: onClose,
    socket,
  };
  return postgres(options);
}

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

/** Fails whatever postgres.js wants to send over a second connection. */
function refusedSocket(): Socket {
  const socket = new Socket();
  setImmediate(() => socket.destroy(Object.assign(new Error('session lost'), { code: 'CONNECTION_CLOSED' })));
  return socket;
}

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
