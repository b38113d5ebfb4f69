/**
 * A record that has got another key may be one that was made a moment ago, or that one was made from, and whose coupling
 * is not recorded yet: being recorded just now, or never, because whoever made it is gone. Taken in before that, the new
 * key would be a record without a coupling, which is made a second time. So a page with such a move waits for the batches
 * that stand in the ledgers when it is first read; the next one who takes the lane records those of a holder that is gone.
 *
 * A record that is made because a scan has met it has no pending change either that would take the new key along. Until
 * its batch stands in a ledger, this process knows of it; another one does not.
 */
import { randomUUID } from 'node:crypto';
import type { CouplingDatabase, KeyMove } from '../../ports/coupling-database.ts';
import type { Cursor, Lane, Store } from '../../ports/store.ts';
import { laneText, type Site, storeOf } from '../lane/site.ts';

/** The cursor waits for nobody for long: a lane that is paused or stopped keeps what stands in its ledger. */
const LONGEST_MS = 30_000;

interface Awaited {
  readonly cursor: Cursor;
  /** How many moves the page had: one that has got more since waits for what stands in the ledgers by then. */
  readonly moves: number;
  readonly batches: ReadonlySet<string>;
  readonly sinceMs: number;
}

const awaited = new WeakMap<Store, Awaited>();

const scans = new WeakMap<CouplingDatabase, Map<string, Lane>>();

export interface AnnouncedScan extends Disposable {
  /** To be called before a page is read; what it returns, when all that the page led to is recorded. */
  page(): () => void;
}

/** A lane's records are about to be scanned, and made where they have no partner. Its end ends all its pages. */
export function announceScan(database: CouplingDatabase, lane: Lane): AnnouncedScan {
  const known = scans.get(database) ?? new Map<string, Lane>();
  scans.set(database, known);
  const pages = new Set<string>();
  return {
    page: () => {
      const page = randomUUID();
      pages.add(page);
      known.set(page, lane);
      return () => void known.delete(page);
    },
    [Symbol.dispose]: () => {
      for (const page of pages) known.delete(page);
    },
  };
}

/** True: the page is to be read once more, a little later. */
export async function awaitRecording(
  site: Site,
  store: Store,
  cursor: Cursor,
  moves: readonly KeyMove[],
): Promise<boolean> {
  if (moves.length === 0) return false;
  const found = await batchesOf(site, moves);
  const before = awaited.get(store);
  const isAgain = before?.cursor === cursor;
  const sinceMs = isAgain ? before.sinceMs : performance.now();
  const isSame = isAgain && before.moves === moves.length;
  const known = isSame ? before : { cursor, moves: moves.length, batches: found, sinceMs };
  awaited.set(store, known);
  const isOpen = [...known.batches].some((batch) => found.has(batch));
  return isOpen && performance.now() - known.sinceMs < LONGEST_MS;
}

async function batchesOf(site: Site, moves: readonly KeyMove[]): Promise<ReadonlySet<string>> {
  const lanes = new Map<string, Lane>(moves.map(({ lane }) => [laneText(lane), lane]));
  const asked = [...lanes.values()].flatMap((lane) => [
    storeOf(site, 'hq', null).batchesOf(site.database.reader, lane),
    storeOf(site, 'channel', lane.channel).batchesOf(site.database.reader, lane),
  ]);
  // A store that is away does not hold up the other.
  const pages = [...(scans.get(site.database) ?? [])].filter(([, lane]) => lanes.has(laneText(lane)));
  const answers = await Promise.allSettled(asked);
  return new Set([
    ...pages.map(([page]) => page),
    ...answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])),
  ]);
}
