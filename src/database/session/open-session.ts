/**
 * One session of the coupling database over postgres.js. Lost is lost: a session whose connection ended is never used
 * again. Left to itself the driver (3.4.9) connects anew and sends what is still queued, so that the rest of a
 * transaction runs on its own; or it writes to a socket that is gone, which ends the process; or it stands still with
 * bytes of the former connection before its first message.
 */
import { connect, Socket } from 'node:net';
import postgres from 'postgres';
import { CouplingDatabaseUnreachable } from '../../errors/coupling-database-faults.ts';
import { type SilenceWatch, watchSilence } from './watch-silence.ts';

export type Parameter = string | number | boolean | null;

export interface Queryable {
  /** Statements of one transaction may be sent together; they are carried out in the order of the calls. */
  run<Row>(text: string, parameters: readonly Parameter[]): Promise<readonly Row[]>;
}

export interface Session extends Queryable {
  /** Rows as arrays, in the order of the columns. */
  values(text: string, parameters: readonly Parameter[]): Promise<readonly (readonly unknown[])[]>;
  /** Several statements in one message; the rows of the last one that has any. */
  last<Row>(text: string): Promise<readonly Row[]>;
  isLost(): boolean;
  /** Ends it now, whatever is under way: for a session whose state is not known. */
  abandon(): void;
  end(): Promise<void>;
}

export interface SessionOptions {
  readonly applicationName: string;
  /** Settings of the session beyond the usual ones. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Called once, when the connection has ended. */
  readonly onLost?: () => void;
  /** A server that answers nothing for so long is asked whether it is at work. */
  readonly silenceMs?: number;
}

/** JSON and times come and go as text or plain JSON; a Date would drop three digits, and then no cursor matches. */
const TYPES = {
  json: {
    to: 114,
    from: [114, 3802],
    serialize: (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)),
    parse: (text: string): unknown => JSON.parse(text),
  },
  date: {
    to: 1184,
    from: [1082, 1083, 1114, 1184],
    serialize: (value: unknown) => value,
    parse: (text: string) => text,
  },
};

const CONNECT_TIMEOUT_S = 10;
const CLOSE_TIMEOUT_S = 5;
const KEEP_ALIVE_MS = 30_000;
const SILENCE_MS = 15_000;
/** A process that stands still in a transaction must not keep its rows from the others. */
const IDLE_IN_TRANSACTION_MS = 10_000;

export const openSession = async (url: string, options: SessionOptions): Promise<Session> => {
  for (let skipped = 0; ; skipped += 1) {
    const connection: Connection = {
      attempts: skipped,
      hosts: 1,
      opened: false,
      lost: false,
      processId: 0,
      socket: null,
      onLost: options.onLost ?? (() => {}),
    };
    const session = sessionOf(openDriver(url, options, connection), connection, silenceOf(url, options, connection));
    try {
      const [row] = await session.run<{ standby: boolean; pid: number }>(FIRST, []);
      connection.opened = true;
      connection.processId = row?.pid ?? 0;
      if (row?.standby !== true || connection.hosts === 1) return session;
    } catch (error) {
      session.abandon();
      throw error;
    }
    // Of several addresses the one that takes writes.
    connection.opened = false;
    await session.end();
    if (skipped + 1 >= connection.hosts)
      throw new CouplingDatabaseUnreachable('No address of the coupling database leads to a server that takes writes.');
  }
};

const FIRST = 'select pg_is_in_recovery() as standby, pg_backend_pid() as pid';

interface Connection {
  attempts: number;
  /** How many the address names; known with the first attempt. */
  hosts: number;
  opened: boolean;
  lost: boolean;
  /** Of the server, for this session. */
  processId: number;
  socket: Socket | null;
  readonly onLost: () => void;
}

const lose = (connection: Connection): void => {
  if (connection.lost) return;
  connection.lost = true;
  connection.onLost();
};

type Driver = postgres.Sql;

const openDriver = (url: string, options: SessionOptions, connection: Connection): Driver =>
  postgres(url, {
    max: 1,
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: CONNECT_TIMEOUT_S,
    fetch_types: false,
    types: TYPES,
    onnotice: () => {},
    onclose: () => {
      if (connection.opened) lose(connection);
    },
    // Each attempt to open goes to the next host of the address; once open, there is no other connection.
    socket: ({ host, port, path }: Address) => {
      if (connection.opened) return refusedSocket();
      connection.hosts = host.length;
      const at = connection.attempts % host.length;
      connection.attempts += 1;
      connection.socket = connectSocket(path, host[at] ?? 'localhost', port[at] ?? 5432);
      return connection.socket;
    },
    connection: {
      application_name: options.applicationName,
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      ...options.settings,
    },
  } as unknown as postgres.Options<Record<string, postgres.PostgresType>>);

/** Asked of the server where the session is, over a connection of its own; one that has no room for it lives. */
const silenceOf = (url: string, options: SessionOptions, connection: Connection): SilenceWatch =>
  watchSilence(options.silenceMs ?? SILENCE_MS, {
    isAtWork: async (signal) => {
      if (!connection.opened) return connection.socket?.connecting === true;
      const own: Connection = { ...connection, attempts: connection.attempts - 1, opened: false, onLost: () => {} };
      const asking = openDriver(url, { applicationName: options.applicationName }, own);
      signal.addEventListener('abort', () => void asking.end({ timeout: 0 }), { once: true });
      try {
        return (await asking.unsafe(AT_WORK, [connection.processId])).length > 0;
      } catch (error) {
        return isServerError(error);
      } finally {
        void asking.end({ timeout: 0 });
      }
    },
    // What is under way fails with the end of the connection.
    giveUp: () => connection.socket?.destroy(),
  });

const AT_WORK = `select from pg_catalog.pg_stat_activity where pid = $1 and state = 'active'`;

const sessionOf = (sql: Driver, connection: Connection, silence: SilenceWatch): Session => {
  let ended: unknown = null;
  const answer = async <Result>(ask: () => PromiseLike<Result>): Promise<Result> => {
    if (connection.lost) throw new CouplingDatabaseUnreachable('The connection to the coupling database was lost.');
    silence.asked();
    try {
      return await ask();
    } catch (thrown) {
      if (!isAborted(thrown)) ended = thrown;
      // Of statements that were sent together the first to fail ends the transaction, and is what the others are told.
      const error = isAborted(thrown) ? (ended ?? thrown) : thrown;
      if (isServerError(error) && connection.opened && !UNABLE_STATES.test(error.code)) throw error;
      // A server that takes no writes any more has given that over to another one.
      if (!isServerError(error) || error.code === READ_ONLY) lose(connection);
      throw new CouplingDatabaseUnreachable('The coupling database does not answer.', { cause: error });
    } finally {
      silence.answered();
    }
  };
  return {
    run: (text, parameters) =>
      answer(async () => (await sql.unsafe(text, [...parameters], { prepare: true })) as unknown as readonly never[]),
    values: (text, parameters) => answer(() => sql.unsafe(text, [...parameters], { prepare: true }).values()),
    last: (text) =>
      answer(async () => {
        const results: unknown = await sql.unsafe(text).simple();
        const rows = Array.isArray(results) && Array.isArray(results.at(-1)) ? results.at(-1) : results;
        return rows as readonly never[];
      }),
    isLost: () => connection.lost,
    abandon: () => {
      lose(connection);
      void sql.end({ timeout: 0 });
    },
    end: () => sql.end({ timeout: connection.lost ? 0 : CLOSE_TIMEOUT_S }),
  };
};

interface Address {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path: string | false | undefined;
}

/** postgres.js sets no noDelay, so that a batch in several packets would wait for an acknowledgement of the first. */
const connectSocket = (path: string | false | undefined, host: string, port: number): Socket => {
  if (typeof path === 'string') return connect({ path });
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  // Where postgres.js looks for the name that the certificate must bear.
  return Object.assign(socket, { host });
};

/** Fails whatever the driver wants to send over a second connection. */
const refusedSocket = (): Socket => {
  const socket = new Socket();
  setImmediate(() => socket.destroy(Object.assign(new Error('session lost'), { code: 'CONNECTION_CLOSED' })));
  return socket;
};

const CONNECTION_STATES = /^(08...|57P0[1-5]|25P0[34])$/;
/** No room, memory or connections, or no writes: whatever it is asked, and nothing is wrong with the statement. */
const UNABLE_STATES = /^(53...|58030|25006)$/;
const READ_ONLY = '25006';
const ABORTED = '25P02';

const isAborted = (error: unknown): boolean => error instanceof postgres.PostgresError && error.code === ABORTED;

/** An answer of the server, after which the session goes on; anything else has ended it. */
const isServerError = (error: unknown): error is postgres.PostgresError =>
  error instanceof postgres.PostgresError && !CONNECTION_STATES.test(error.code);
