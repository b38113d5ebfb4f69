/**
 * Live events. The place of a follower is a snapshot, as with the marks of a store: whatever a transaction that it did
 * not see writes is new, however late it commits, so no event is left out. A small poll per follower; notifications would
 * take a lock at every commit of every recording.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventFeed, LiveEvent } from '../ports/event-feed.ts';
import type { Clients } from './session/connect.ts';
import { query } from './session/connect.ts';

const POLL_MS = 300;
const PRUNE_EVERY_MS = 60_000;

interface EventRow {
  readonly id: string | null;
  readonly name: LiveEvent['name'];
  /** Of errors that a statement changed alike, one row has all: `errorIds`. */
  readonly payload: { readonly errorIds?: readonly string[] } | null;
  readonly snapshot: string;
}

const READ = `
  select s.snapshot::text as snapshot, e.id::text, e.name, e.payload
    from (select pg_current_snapshot() as snapshot) s
    left join couplet.event e
      on e.xid >= pg_snapshot_xmax($1::text::pg_snapshot)
      or e.xid in (select pg_snapshot_xip($1::text::pg_snapshot))
   order by e.id`;

export const createEventFeed = (clients: Clients): EventFeed => {
  let prunedAt = 0;
  const prune = async (): Promise<void> => {
    if (Date.now() - prunedAt < PRUNE_EVERY_MS) return;
    prunedAt = Date.now();
    await query(clients.raw, `delete from couplet.event where at < now() - interval '1 hour'`, []);
  };
  return {
    async *follow(afterId, signal) {
      let place = placeOf(afterId, await currentSnapshot(clients)) ?? (await currentSnapshot(clients));
      while (!signal.aborted) {
        await prune();
        const rows = await query<EventRow>(clients.raw, READ, [place]);
        const next = rows[0]?.snapshot ?? place;
        const found = rows.flatMap(eventsOf);
        for (const [at, { number, event }] of found.entries()) {
          if (signal.aborted) return;
          // Only the last of a batch may move the place on: those after it would be left out.
          const id = `${at === found.length - 1 ? next : place};${number}`;
          yield { ...event, id } as LiveEvent;
        }
        place = next;
        await sleep(POLL_MS, undefined, { signal }).catch(() => {});
      }
    },
  };
};

const eventsOf = ({ id, name, payload }: EventRow): { number: string; event: object }[] => {
  if (id === null || payload === null) return [];
  const { errorIds, ...rest } = payload;
  if (errorIds === undefined) return [{ number: id, event: { ...rest, name } }];
  return errorIds.map((errorId, at) => ({ number: `${id}.${at}`, event: { errorId, ...rest, name } }));
};

const currentSnapshot = async (clients: Clients): Promise<string> => {
  const [row] = await query<{ snapshot: string }>(clients.raw, 'select pg_current_snapshot()::text as snapshot', []);
  if (row === undefined) throw new Error('The database gave no snapshot.');
  return row.snapshot;
};

const PLACE = /^((\d{1,19}):(\d{1,19}):(\d{1,19}(?:,\d{1,19})*)?);\d{1,19}(?:\.\d{1,19})?$/;

/** Null: not an id that this database gave; whoever sends it begins from now. */
const placeOf = (eventId: string | null, now: string): string | null => {
  const [, snapshot, xmin, xmax, running] = PLACE.exec(eventId ?? '') ?? [];
  if (snapshot === undefined || xmin === undefined || xmax === undefined) return null;
  const [low, high] = [BigInt(xmin), BigInt(xmax)];
  const ids = (running ?? '')
    .split(',')
    .filter((text) => text !== '')
    .map(BigInt);
  const inOrder = ids.every((id, at) => id >= low && id < high && (at === 0 || id > (ids[at - 1] ?? 0n)));
  const known = high <= BigInt(now.split(':')[1] ?? '0');
  return low > 0n && low <= high && inOrder && known ? snapshot : null;
};
