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
  /** Drawn for this very position, and remembered by the store before it is handed out. */
  readonly nonce: string;
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
  const position: Position = {
    store: state.identity,
    advances: known ? known.advances + 1 : 0,
    nonce: drawNonce(draw),
    seen: takeSnapshot(database),
    within: null,
  };
  // A reader that exists already keeps its place until it confirms the new one: it may crash before it has stored it.
  if (known) issue(state, reader, position);
  else state.readers.set(reader, confirmedRow(position, []));
  return position;
}

type IssuedPosition = ReaderRow['issued'][number];

const confirmedRow = (position: Position, issued: readonly IssuedPosition[]): ReaderRow => ({
  advances: position.advances,
  nonce: position.nonce,
  cursor: formatCursor(position),
  issued,
});

/** Enough for every re-reading of a window by workers that died; without an end it would grow while nobody confirms. */
const ISSUED_KEPT = 1000;

/** The store remembers a position before it hands it out: a store put back to before that cannot know it. */
export function issue(state: DatabaseState, reader: string, position: Position): void {
  const row = state.readers.get(reader)!;
  const issued = [...row.issued, { advances: position.advances, nonce: position.nonce }].slice(-ISSUED_KEPT);
  state.readers.set(reader, { ...row, issued });
}

export function confirmPosition(state: DatabaseState, reader: string, position: Position): void {
  const row = state.readers.get(reader)!;
  const later = row.issued.filter(({ advances }) => advances > position.advances);
  state.readers.set(reader, confirmedRow(position, later));
}

/**
 * Throws `LineageBroken` unless the store's life and the reader's are the same one: the store is this store, remembers
 * having handed this position out, and has not been told of more than the reader knows. Marks that are still there
 * would prove less: a store put back to between a mark and its reading has them, and gives the numbers of transactions
 * that the cursor has passed to new ones.
 */
export function assertLineage(state: DatabaseState, reader: string, position: Position): void {
  const broken = (reason: string): LineageBroken =>
    new LineageBroken(`The store and what Couplet knows of it do not fit together: ${reason}.`, { reader, reason });
  if (position.store !== state.identity) throw broken('another-store');
  const row = state.readers.get(reader);
  if (!row) throw broken('reader-unknown');
  if (position.advances < row.advances) throw broken('reader-behind');
  if (position.nonce !== row.nonce && !row.issued.some(({ nonce }) => nonce === position.nonce)) {
    throw broken('position-unknown');
  }
}

/** Marks that every reader has confirmed go. */
export function prune(state: DatabaseState): void {
  const positions = [...state.readers.values()].map(({ cursor }) => parseCursor(cursor));
  state.marks = state.marks.filter((mark) => positions.some((position) => isUnread(position, mark)));
}
