/** The sessions of one store: each used by one caller at a time, and replaced when it is lost. */
import { StoreUnreachable } from '../../../errors/store-faults.ts';
import type { Client } from './session-client.ts';
import type { Session } from './session.ts';

/** A session of its own, outside the pool: for LISTEN and session locks. It never reconnects. */
export interface DedicatedSession extends Session {
  /** Aborted when the session is gone, by whichever side. */
  readonly gone: AbortSignal;
  close(): Promise<void>;
}

export interface Pool {
  withClient<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** A client outside the pool, which ends with it. */
  keep(client: Client, gone: AbortSignal): Promise<DedicatedSession>;
  close(): Promise<void>;
}

/**
 * A plan that was kept from a table of a few rows is not good for long: the app may have filled it meanwhile. Each time the
 * plans of a session last twice as long, for making them all anew takes the change that comes then some 20 ms.
 */
const PLANS_LAST_MS = { first: 30_000, longest: 600_000 };

interface Living {
  add(client: Client): void;
  end(client: Client): Promise<void>;
  endAll(): Promise<void>;
  /** Throws its plans away when they are old: answered before what is sent next; a session that is lost says so then. */
  replan(client: Client): void;
}

function livingClients(): Living {
  const plans = new Map<Client, { readonly lastMs: number; readonly untilMs: number }>();
  const last = (client: Client, lastMs: number): void =>
    void plans.set(client, { lastMs, untilMs: performance.now() + lastMs });
  return {
    add: (client) => last(client, PLANS_LAST_MS.first),
    async end(client) {
      plans.delete(client);
      await client.end();
    },
    async endAll() {
      await Promise.all([...plans.keys()].map((client) => client.end()));
    },
    replan(client) {
      const age = plans.get(client);
      if (age === undefined || performance.now() < age.untilMs) return;
      last(client, Math.min(age.lastMs * 2, PLANS_LAST_MS.longest));
      client.simple('discard plans').catch(() => undefined);
    },
  };
}

/** A client, or the room for one. */
type Seat = Client | null;

export function openPool(size: number, open: () => Promise<Client>, label: string): Pool {
  // The seat used last is taken first: its statements are prepared.
  const free: Seat[] = Array.from({ length: size }, () => null);
  const waiting: { take(seat: Seat): void; refuse(error: Error): void }[] = [];
  const living = livingClients();
  let closing: Promise<void> | null = null;
  const closed = (): StoreUnreachable => new StoreUnreachable(`${label} is being closed`);

  const takeSeat = (): Promise<Seat> => {
    const seat = free.pop();
    if (seat !== undefined) return Promise.resolve(seat);
    return new Promise((take, refuse) => waiting.push({ take, refuse }));
  };
  const giveBack = async (client: Client): Promise<void> => {
    await client.settled();
    const lost = client.isLost();
    if (lost) await living.end(client);
    pass(lost ? null : client);
  };
  const pass = (seat: Seat): void => {
    const next = waiting.shift();
    if (next) next.take(seat);
    else free.push(seat);
  };
  const openInto = async (): Promise<Client> => {
    try {
      const client = await open();
      living.add(client);
      if (!closing) return client;
      await living.end(client);
      throw closed();
    } catch (error) {
      pass(null);
      throw error;
    }
  };
  const withClient = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    if (closing) throw closed();
    const seat = await takeSeat();
    const client = seat?.isLost() === false ? seat : await openInto();
    living.replan(client);
    try {
      return await work(client);
    } finally {
      await giveBack(client);
    }
  };
  const keep = async (client: Client, gone: AbortSignal): Promise<DedicatedSession> => {
    if (closing) throw closed();
    living.add(client);
    gone.addEventListener('abort', () => void living.end(client), { once: true });
    try {
      await client.simple('select 1');
    } catch (error) {
      await living.end(client);
      throw error;
    }
    const { processId, query, once, copyIn } = client;
    return { processId, query, once, copyIn, gone, close: () => living.end(client) };
  };
  const close = (): Promise<void> => {
    for (const entry of waiting.splice(0)) entry.refuse(closed());
    closing ??= living.endAll();
    return closing;
  };
  return { withClient, keep, close };
}
