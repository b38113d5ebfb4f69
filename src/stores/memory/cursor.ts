/**
 * Where a reader stands: a snapshot of transactions, never a position in an order of writing, because a transaction
 * that wrote early may commit late. New are the marks of transactions that had not begun at the snapshot and of those
 * that were open in it.
 */
import type { Cursor } from '../../ports/store.ts';
import { LineageBroken } from '../../errors/store-faults.ts';
import type { DatabaseState, MarkRow, MemoryDatabase, ReaderRow } from './database.ts';
import { drawNonce } from './database.ts';

export interface Snapshot {
  /** The first number not yet given out. */
  readonly next: string;
  /** Numbers of the transactions that were open. */
  readonly open: readonly string[];
}

export interface Position {
  readonly store: string;
  /** How often this reader has moved; what the store remembers may not be further than what the reader brings. */
  readonly advances: number;
  /** Drawn for this very position: two positions equally far are the same only if this is. */
  readonly nonce: string;
  /** Random number of the last mark read; the reader's token when it has read none. */
  readonly lastMark: string;
  readonly seen: Snapshot;
  /** In the middle of a window: its fixed upper end, and the last mark that was handed out. */
  readonly within: { readonly until: Snapshot; readonly after: number } | null;
}

export const formatCursor = (position: Position): Cursor => JSON.stringify(position);
export const parseCursor = (cursor: Cursor): Position => JSON.parse(cursor) as Position;

export function takeSnapshot(database: MemoryDatabase): Snapshot {
  const open = [...database.open].flatMap(({ xid }) => (xid === null ? [] : [xid.toString()]));
  return { next: database.state.nextXid.toString(), open };
}

const outside = (snapshot: Snapshot, xid: bigint): boolean =>
  xid >= BigInt(snapshot.next) || snapshot.open.includes(xid.toString());

/** Whether the reader at this position has not read the mark yet. All marks in the state are committed. */
export function isUnread(position: Position, mark: MarkRow): boolean {
  if (!outside(position.seen, mark.xid)) return false;
  const { within } = position;
  return within === null || outside(within.until, mark.xid) || mark.sequence > within.after;
}

/** Committed marks that the reader has not read, in the order in which they were written. */
export function unreadMarks(state: DatabaseState, position: Position): MarkRow[] {
  return state.marks.filter((mark) => isUnread(position, mark)).sort((a, b) => a.sequence - b.sequence);
}

/** The part of them that belongs to the window begun: what its upper end could see. */
export const withinWindow = (until: Snapshot, marks: readonly MarkRow[]): MarkRow[] =>
  marks.filter(({ xid }) => !outside(until, xid));

export function startReader(database: MemoryDatabase, reader: string): Position {
  const { state, draw } = database;
  const known = state.readers.get(reader);
  const token = known?.token ?? drawNonce(draw);
  const newest = state.marks.reduce<MarkRow | null>(
    (best, mark) => (best && best.sequence > mark.sequence ? best : mark),
    null,
  );
  const position: Position = {
    store: state.identity,
    advances: known ? known.advances + 1 : 0,
    nonce: drawNonce(draw),
    lastMark: newest?.nonce ?? token,
    seen: takeSnapshot(database),
    within: null,
  };
  // A reader that exists already keeps its place until it confirms the new one: it may crash before it has stored it.
  if (!known) state.readers.set(reader, readerRow(token, position));
  return position;
}

export const readerRow = (token: string, position: Position): ReaderRow => ({
  token,
  advances: position.advances,
  nonce: position.nonce,
  cursor: formatCursor(position),
});

/**
 * Throws `LineageBroken` unless the store's life and the reader's are the same one: the store is this store, remembers
 * the reader, remembers the last mark that the reader has read, and has not been told of more than the reader knows.
 */
export function assertLineage(state: DatabaseState, reader: string, position: Position): ReaderRow {
  const broken = (reason: string): LineageBroken =>
    new LineageBroken(`The store and what Couplet knows of it do not fit together: ${reason}.`, { reader, reason });
  if (position.store !== state.identity) throw broken('another-store');
  const row = state.readers.get(reader);
  if (!row) throw broken('reader-unknown');
  if (position.advances < row.advances) throw broken('reader-behind');
  if (position.advances === row.advances && position.nonce !== row.nonce) throw broken('reader-differs');
  const remembered = position.lastMark === row.token || state.marks.some(({ nonce }) => nonce === position.lastMark);
  if (!remembered) throw broken('last-mark-missing');
  return row;
}

/** Marks that every reader has confirmed go; the last one of each stays, since it proves the reader's lineage. */
export function prune(state: DatabaseState): void {
  const positions = [...state.readers.values()].map(({ cursor }) => parseCursor(cursor));
  const kept = new Set(positions.map(({ lastMark }) => lastMark));
  state.marks = state.marks.filter(
    (mark) => kept.has(mark.nonce) || positions.some((position) => isUnread(position, mark)),
  );
}
