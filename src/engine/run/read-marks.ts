/**
 * Takes in what a store's capture has marked: page by page into the pending changes of every lane concerned, in the
 * transaction that moves the cursor. So the cursor never waits for work, and work never depends on the cursor.
 */
import type { Side } from '../../domain/record.ts';
import { LineageBroken } from '../../errors/store-faults.ts';
import type { CursorMove, KeyMove, NewPending } from '../../ports/coupling-database.ts';
import type { Cursor, Lane, Store, TableName, WindowPage } from '../../ports/store.ts';
import { awaitRecording } from './await-recording.ts';
import { laneIndex, type LanesOfTable, lanesOf, type Site, storeOf, watchedTables } from '../lane/site.ts';
import { tellWatched } from '../lane/tell-watched.ts';

/** Measured on 100,000 marks: pages of 5,000 take in 150,000 marks a second and keep the process below 100 MB. */
const PAGE_MARKS = 5_000;

export interface MarksRead {
  readonly marks: number;
  /** Where the reader stands now. */
  readonly cursor: Cursor;
}

export interface ReadOptions {
  /**
   * Where this process found the cursors last, by store: the store is asked from there first. What it answers counts only
   * if the coupling database has the same cursor, which its step finds, or else a look; so nothing rests on what is
   * remembered.
   */
  readonly remembered?: Map<string, Cursor>;
  /** Where the coupling database says it is, from a question that is under way already. */
  readonly known?: Promise<Cursor | null>;
  /**
   * Told the lanes concerned as soon as changes are among the pending, before the store is told; also, for all lanes of
   * the store, of those that another process took in, for this one may be who works them. `here`: this reading took them
   * in, and with them all that the store had just now. What it returns is waited for before the store is told.
   */
  readonly taken?: (lanes: ReadonlySet<Lane>, here: boolean) => void | Promise<void>;
  /** Takes a step of the cursor in its own way, without moves of keys; null: as usual. */
  readonly step?: (move: CursorMove, concerned: ReadonlySet<Lane>) => Promise<boolean> | null;
  /** Told the lanes of a table that is not as it was, before they owe a comparison. */
  readonly changed?: (lane: Lane) => void;
}

export const storeText = (side: Side, channel: string | null): string => `${side}/${channel ?? ''}`;

/** Reads everything that is there. Throws what the store throws; `LineageBroken` before anything was taken in. */
export async function readMarks(
  site: Site,
  side: Side,
  channel: string | null,
  { remembered = new Map(), known, taken = () => {}, step = () => null, changed = () => {} }: ReadOptions = {},
): Promise<MarksRead> {
  const { database, surroundings } = site;
  const store = storeOf(site, side, channel);
  let index: LanesOfTable | null = null;
  const lanes: LanesOfTable = (table, keyIndex) => (index ??= laneIndex(site, side, channel))(table, keyIndex);
  const before = remembered.get(storeText(side, channel));
  let { cursor, page: ahead } = await begin(site, store, before, known);
  if (before !== undefined && before !== cursor) await taken(new Set(lanesOf(site, channel ?? undefined)), false);
  let marks = 0;
  for (;;) {
    const page: WindowPage | Cursor = ahead ?? (await readPage(site, store, cursor));
    ahead = null;
    if (typeof page === 'string') {
      cursor = page;
      continue;
    }
    await surroundings.reach('changes-read', null);
    for (const { table } of page.changedTables) for (const lane of lanes(table, null)) changed(lane);
    await noteTables(site, side, channel, page, lanes);
    if (page.cursor === cursor) break;
    const { pend, moves } = spread(page, side, lanes);
    if (await awaitRecording(site, store, cursor, moves)) break;
    const inOwnWay =
      moves.length === 0 && page.complete
        ? step({ side, channel, from: cursor, to: page.cursor, pend }, lanesAmong(pend))
        : null;
    const moved = await (inOwnWay ?? database.moveCursor(side, channel, cursor, page.cursor, pend, moves));
    if (!moved) {
      // Somebody else has moved it on; this reading may have seen what theirs had not yet, and theirs what this one has not.
      cursor = await placeOf(site, store);
      await taken(new Set(lanesOf(site, channel ?? undefined)), false);
      continue;
    }
    marks += page.marks.length;
    cursor = page.cursor;
    remembered.set(storeText(side, channel), cursor);
    const told = pend.length > 0 ? taken(lanesAmong(pend), page.complete) : undefined;
    await surroundings.reach('cursor-moved', null);
    if (page.complete) await told;
    await store.confirm(database.reader, page.cursor);
    if (page.complete) break;
  }
  remembered.set(storeText(side, channel), cursor);
  return { marks, cursor };
}

const lanesAmong = (pend: readonly NewPending[]): ReadonlySet<Lane> => new Set(pend.map(({ lane }) => lane));

/** Where the coupling database stands with this store; a reader that comes first begins at the store's present. */
async function placeOf({ database }: Site, store: Store): Promise<Cursor> {
  for (;;) {
    const known = await database.loadCursor(store.side, store.channel);
    if (known !== null) return known;
    await database.moveCursor(store.side, store.channel, null, await store.currentCursor(database.reader), [], []);
  }
}

async function begin(
  site: Site,
  store: Store,
  remembered: Cursor | undefined,
  known: Promise<Cursor | null> = Promise.resolve(null),
): Promise<{ cursor: Cursor; page: WindowPage | Cursor | null }> {
  const place = async (): Promise<Cursor> => (await known) ?? placeOf(site, store);
  if (remembered === undefined) return { cursor: await place(), page: null };
  try {
    const page = await readPage(site, store, remembered);
    const cursor = isProvenByItsStep(page, remembered) ? remembered : await place();
    return { cursor, page: cursor === remembered ? page : null };
  } catch (fault) {
    const cursor = await place();
    if (cursor === remembered) throw fault;
    return { cursor, page: null };
  }
}

/** What a table that was emptied or changed leads to is done before the step, so then the cursor is looked up first. */
const isProvenByItsStep = (page: WindowPage | Cursor, from: Cursor): boolean =>
  typeof page !== 'string' && page.cursor !== from && page.truncated.length === 0 && page.changedTables.length === 0;

/**
 * A page, or the cursor to go on from: somebody else, of this process or another, may have moved it between our look at
 * it and the store's answer, and has told the store, which then finds us behind. Only if the coupling database itself
 * stands where we asked from did it go back in time.
 */
async function readPage(site: Site, store: Store, cursor: Cursor): Promise<WindowPage | Cursor> {
  const { database } = site;
  await tellWatched(site, store);
  try {
    return await store.readWindow(database.reader, cursor, PAGE_MARKS);
  } catch (fault) {
    const now = fault instanceof LineageBroken ? await database.loadCursor(store.side, store.channel) : null;
    if (now === null || now === cursor) throw fault;
    return now;
  }
}

function spread(page: WindowPage, side: Side, lanes: LanesOfTable): { pend: NewPending[]; moves: KeyMove[] } {
  const pend: NewPending[] = [];
  const moves: KeyMove[] = [];
  for (const mark of page.marks) {
    for (const lane of lanes(mark.table, mark.keyIndex)) {
      if (mark.movedTo) {
        moves.push({ lane, side, from: mark.key, to: mark.movedTo });
        pend.push({ lane, side, key: mark.movedTo, deleted: mark.deleted, oldRow: mark.oldRow });
      } else pend.push({ lane, side, key: mark.key, deleted: mark.deleted, oldRow: mark.oldRow });
    }
  }
  return { pend, moves };
}

/**
 * A table that is not as it was installed, or was truncated: the lanes owe a full comparison, said before the cursor
 * moves on; then the capture is put back and the table as it is now accepted.
 */
async function noteTables(
  site: Site,
  side: Side,
  channel: string | null,
  page: WindowPage,
  lanes: LanesOfTable,
): Promise<void> {
  if (page.changedTables.length === 0 && page.truncated.length === 0) return;
  const owe = async (table: TableName, reason: string): Promise<void> => {
    for (const lane of lanes(table, null)) await site.database.oweFullRun(lane, { reason, trigger: 'change' });
  };
  for (const table of page.truncated) await owe(table, `truncated:${side}`);
  for (const { table } of page.changedTables) await owe(table, `capture:${side}`);
  const store = storeOf(site, side, channel);
  const installed = await store.install(watchedTables(site, side, channel));
  for (const problem of installed.problems)
    site.surroundings.log.warn({ side, channel, problem: problem.code }, 'the capture could not be put back');
  await store.acceptTables([...page.truncated, ...page.changedTables.map((entry) => entry.table)]);
}
