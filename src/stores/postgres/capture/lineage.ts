/**
 * Whether the store and the coupling database still live the same life.
 *
 * Each cursor that moves has an *anchor*: a row with a random name that is committed, synchronously, after everything
 * the cursor has seen. What a store has forgotten (restored backup, lost tail of the log after a crash, failover to a
 * standby that lagged) is always the end of its life, so a store that still has the anchor still has all of that; the
 * last mark read would not do, for another mark of the same window may have been committed after it. The commit also
 * makes what was seen durable, and the numbers of its transactions with it: after a crash PostgreSQL gives out again
 * the numbers that no durable record names.
 *
 * The other way round, the store keeps the number of each reader's confirmed cursor: a coupling database that was
 * restored comes with an older one.
 */
import { LineageBroken } from '../../../errors/store-faults.ts';
import type { Cursor } from '../../../ports/store.ts';
import type { Connection, Session } from '../session/connection.ts';
import type { Position } from '../session/cursor.ts';

type Queries = Pick<Connection | Session, 'query'>;

const IDENTITY = `
select (select s.system_identifier from pg_catalog.pg_control_system() s) || '/' || d.oid, pg_catalog.current_setting('server_version')
from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`;

/** A copy of the data directory has the same identity; that it went another way the anchors tell. */
export async function identify(connection: Queries): Promise<{ readonly identity: string; readonly version: string }> {
  const [row] = await connection.query(IDENTITY);
  return { identity: row?.[0] ?? '', version: row?.[1] ?? '' };
}

/** What the store remembers of a reader, read with every window. */
export interface ReaderState {
  readonly store: string;
  /** Null: the store does not know the reader. */
  readonly confirmed: { readonly number: number; readonly cursor: Cursor; readonly struckOff: boolean } | null;
  readonly hasAnchor: boolean;
}

/** Takes the reader and the anchor as its parameters; see `readerStateOf`. */
export const READER_STATE = `
  (select s.system_identifier from pg_catalog.pg_control_system() s) || '/'
    || (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()),
  (select pg_catalog.json_build_object('number', r.number, 'cursor', r.cursor, 'struckOff', r.struck_off_at is not null)::text
    from couplet.reader r where r.reader = $1),
  exists (select from couplet.anchor a where a.random = $2::text::uuid and a.reader = $1)`;

export const readerStateOf = ([store, confirmed, hasAnchor]: readonly (string | null)[]): ReaderState => ({
  store: store ?? '',
  confirmed: confirmed ? (JSON.parse(confirmed) as NonNullable<ReaderState['confirmed']>) : null,
  hasAnchor: hasAnchor === 't',
});

export function assertLineage(reader: string, position: Position, state: ReaderState, cursor: Cursor): void {
  const broken = (reason: string): LineageBroken =>
    new LineageBroken(`The store and what Couplet knows of it do not fit together: ${reason}`, { reader, reason });
  if (position.store !== state.store) throw broken('another-store');
  if (state.confirmed === null) throw broken('reader-unknown');
  if (state.confirmed.struckOff) throw broken('reader-struck-off');
  if (position.number < state.confirmed.number) throw broken('reader-behind');
  if (position.number === state.confirmed.number && cursor !== state.confirmed.cursor) throw broken('reader-differs');
  if (!state.hasAnchor) throw broken('last-mark-missing');
}

/** Its three parameters begin at `first`; see `anchorOf`. */
export const insertAnchor = (first: number): string =>
  `insert into couplet.anchor (random, reader, number) select $${first}::text::uuid, $${first + 1}, $${first + 2}::text::bigint`;

export const anchorOf = (reader: string, { anchor, number }: Pick<Position, 'anchor' | 'number'>): string[] => [
  anchor,
  reader,
  String(number),
];

/** Durable when it returns, and with it everything that was committed before. */
export async function dropAnchor(connection: Queries, reader: string, position: Position): Promise<void> {
  await connection.query(insertAnchor(1), anchorOf(reader, position));
}
