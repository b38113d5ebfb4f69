/** Who reads the marks: where readers begin, what they have confirmed, and what may go because all of them have. */
import { randomUUID } from 'node:crypto';
import type { Cursor } from '../../../ports/store.ts';
import { LOCK_CLASS, PRUNE_LOCK } from '../install/capture-sql.ts';
import type { Connection } from '../session/connection.ts';
import { formatCursor, parseCursor } from '../session/cursor.ts';
import type { Position } from '../session/cursor.ts';
import { assertLineage, dropAnchor, identify, READER_STATE, readerStateOf } from './lineage.ts';

/** A reader that was silent for longer holds up no pruning any more. Seen by the store's clock: retention only. */
export const SILENCE_DAYS = 14;

const PRUNE_EVERY_MS = 1_000;
const PRUNE_MARKS = 5_000;
/** So that a confirmation after a million marks returns soon; the next one goes on. */
const PRUNE_ROUNDS = 10;

/** Holds the marks from now on. A reader that is known keeps its place: it may crash before it has stored a new one. */
const REGISTER = `
insert into couplet.reader (reader, number, cursor, snapshot) values ($1, -1, '', pg_catalog.pg_current_snapshot())
on conflict (reader) do update set cursor = '', snapshot = excluded.snapshot, seen_at = excluded.seen_at, struck_off_at = null
where reader.struck_off_at is not null`;

/**
 * The order is what makes it right: first registered, or others could prune what commits meanwhile; then the snapshot;
 * then the anchor, committed after everything the snapshot sees.
 */
export async function currentCursor(connection: Connection, reader: string): Promise<Cursor> {
  const { identity } = await identify(connection);
  await connection.query(REGISTER, [reader]);
  const [row = []] = await connection.query(
    'select pg_catalog.pg_current_snapshot()::text, r.number::text from couplet.reader r where r.reader = $1',
    [reader],
  );
  const [seen, number] = row;
  const position: Position = {
    store: identity,
    number: Number(number) + 1,
    anchor: randomUUID(),
    seen: seen ?? '',
    within: null,
  };
  await dropAnchor(connection, reader, position);
  return formatCursor(position);
}

export interface Pruning {
  /** When marks were last looked for that may go, by the clock of this process: it only spaces the attempts. */
  lastAtMs: number;
}

/**
 * Anchors of earlier cursors go with it, and those of cursors that were given out and came to nothing. Its commit is
 * not waited for: when it is lost, the reader comes with a newer cursor than the store remembers, as after any crash.
 */
const CONFIRM = `
with quick as materialized (
  select pg_catalog.set_config('synchronous_commit', 'off', true) as setting
), moved as (
  update couplet.reader r set number = $2::text::bigint, cursor = $3, snapshot = $4::text::pg_snapshot, seen_at = pg_catalog.now()
  where (select q.setting from quick q) = 'off' and r.reader = $1 and r.number < $2::text::bigint and r.struck_off_at is null
    and exists (select from couplet.anchor a where a.random = $5::text::uuid and a.reader = $1)
  returning r.reader
), forgotten as (
  delete from couplet.anchor a using moved m
  where a.reader = m.reader and (a.number < $2::text::bigint or a.number = $2::text::bigint and a.random <> $5::text::uuid)
)
select count(*) from moved`;

export async function confirmCursor(
  connection: Connection,
  reader: string,
  cursor: Cursor,
  pruning: Pruning,
): Promise<void> {
  const position = parseCursor(cursor);
  const [moved] = await connection.query(CONFIRM, [
    reader,
    String(position.number),
    cursor,
    position.seen,
    position.anchor,
  ]);
  if (moved?.[0] !== '1') return assertConfirmedBefore(connection, reader, position, cursor);
  if (Date.now() - pruning.lastAtMs < PRUNE_EVERY_MS) return;
  pruning.lastAtMs = Date.now();
  await prune(connection, reader);
}

/** A confirmation that was repeated, or overtaken by a later one, says nothing new. */
async function assertConfirmedBefore(
  connection: Connection,
  reader: string,
  position: Position,
  cursor: Cursor,
): Promise<void> {
  const [row = []] = await connection.query(`select ${READER_STATE}`, [reader, position.anchor]);
  const state = readerStateOf(row);
  const overtaken = state.confirmed !== null && !state.confirmed.struckOff && position.number < state.confirmed.number;
  if (!overtaken || position.store !== state.store) assertLineage(reader, position, state, cursor);
}

/**
 * Small deletes that hold no lock against the apps; TRUNCATE and dropped partitions would lock them out. What is older
 * than the xmin of every reader's snapshot was visible in all of them, or was rolled back.
 */
async function prune(connection: Connection, reader: string): Promise<void> {
  await connection.query(
    `update couplet.reader set struck_off_at = pg_catalog.now()
    where reader <> $1 and struck_off_at is null and seen_at < pg_catalog.now() - interval '${SILENCE_DAYS} days'`,
    [reader],
  );
  for (let round = 0; round < PRUNE_ROUNDS; round += 1) {
    const { count } = await connection.query(`
      with confirmed as (
        select pg_catalog.pg_snapshot_xmin(r.snapshot) as xmin from couplet.reader r where r.struck_off_at is null order by 1 limit 1
      ), alone as materialized (
        select pg_catalog.pg_try_advisory_xact_lock(${LOCK_CLASS}, ${PRUNE_LOCK}) as is
      )
      delete from couplet.change where seq in (
        select c.seq from couplet.change c
        where (select a.is from alone a) and c.xid < (select f.xmin from confirmed f)
        order by c.xid limit ${PRUNE_MARKS})`);
    if (count < PRUNE_MARKS) return;
  }
}
