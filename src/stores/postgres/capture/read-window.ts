/**
 * Windows of marks. A window is what its snapshot sees and the cursor's does not; it stays the same set while it is
 * read page by page, whatever commits meanwhile. Two statements travel together: the marks, then who reads and whether
 * the capture stood, so that what the second says holds for what the first has read.
 */
import { randomUUID } from 'node:crypto';
import type { Value } from '../../../domain/record.ts';
import type { Cursor, Mark, TableName, WindowPage } from '../../../ports/store.ts';
import { differenceOf } from '../install/capture-check.ts';
import type { CheckedTable } from '../install/capture-check.ts';
import type { WatchRegistry } from '../install/watched-tables.ts';
import type { DedicatedSession, Row } from '../session/connection.ts';
import { formatCursor, parseCursor, snapshotParts } from '../session/cursor.ts';
import type { Position } from '../session/cursor.ts';
import type { CaptureSession } from './capture-session.ts';
import { gatherMarks } from './gather-marks.ts';
import type { GatheredMark, MarkRow } from './gather-marks.ts';
import { catalogToken, checkCapture, knownCapture } from './known-capture.ts';
import { anchorOf, assertLineage, dropAnchor, insertAnchor, READER_STATE, readerStateOf } from './lineage.ts';

/** Old rows of a page may come to this many bytes as they are stored; more begin the next page. */
const PAGE_BYTES = 8 * 1024 * 1024;

const MARK = `c.seq::text, c.xid::text, c.statement::text, c.table_id::text, c.key_index::text, c.operation,
  array_to_json(c.key)::text, array_to_json(c.new_key)::text, case when c.fits then c.old_row::text end, c.fits::text, c.at::text`;

const MEASURED = `c.*, coalesce(
    sum(pg_catalog.pg_column_size(c.old_row)) over (order by c.seq rows between unbounded preceding and 1 preceding), 0) < ${PAGE_BYTES} as fits`;

/**
 * The first page. The candidates are collected by xid before they are sorted: left to itself, the planner may walk the
 * whole table by seq to save the sort. Where there are some, the anchor of the next cursor comes with them: it is committed
 * after all that the statement saw, and nobody waits for one more answer.
 */
const FIRST_PAGE = `
with fresh as materialized (
  select c.seq from couplet.change c where c.xid >= $1::text::xid8
  union all
  select c.seq from couplet.change c where c.xid = any ($2::text::xid8[])
), anchored as (
  ${insertAnchor(4)}
  where exists (select from fresh)
    and exists (select from couplet.anchor a where a.random = $7::text::uuid and a.reader = $5)
)
select s.snapshot::text, ${MARK}
from (select pg_catalog.pg_current_snapshot() as snapshot) s
left join (
  select ${MEASURED}
  from (select f.seq from fresh f order by f.seq limit $3::text::integer) taken join couplet.change c on c.seq = taken.seq
) c on true
order by c.seq`;

/** The functions keep the planner from any index but that of seq: each page goes on where the last one ended. */
const NEXT_PAGE = `
select $2, ${MARK}
from (
  select ${MEASURED}
  from (
    select * from couplet.change c
    where c.seq > $3::text::bigint
      and not pg_catalog.pg_visible_in_snapshot(c.xid, (select $1::text::pg_snapshot))
      and pg_catalog.pg_visible_in_snapshot(c.xid, (select $2::text::pg_snapshot))
      and (c.operation <> 'K' or c.statement <> all ((select $4::text::bigint[])::bigint[]))
    order by c.seq limit $5::text::integer
  ) c
) c
order by c.seq`;

/** What is left of statements that changed keys, past the end of the page. */
const REST_OF_MOVES = `
select null, ${MARK}
from (
  select c.*, true as fits
  from unnest($1::text::xid8[], $2::text::bigint[]) s (xid, statement)
  join couplet.change c on c.xid = s.xid and c.statement = s.statement
  where c.operation = 'K' and c.seq > $3::text::bigint
) c
order by c.seq`;

const SEEN_EVERY = '10 minutes';
/** How old an idle reader's place may get while marks wait to be pruned that its snapshot still holds. */
const RENEW_AFTER = '1 hour';

const STATE = `
select ${READER_STATE}, ${catalogToken(3)},
  exists (select from couplet.reader r where r.reader = $1 and r.seen_at < pg_catalog.now() - interval '${SEEN_EVERY}'),
  exists (select from couplet.anchor a where a.random = $2::text::uuid and a.created_at < pg_catalog.now() - interval '${RENEW_AFTER}')
    and exists (select from couplet.change)`;

const SEEN = 'update couplet.reader set seen_at = pg_catalog.now() where reader = $1';

export interface CaptureReader {
  readonly session: CaptureSession;
  readonly registry: WatchRegistry;
}

export const readWindow = (
  { session, registry }: CaptureReader,
  reader: string,
  cursor: Cursor,
  limit: number,
): Promise<WindowPage> =>
  session.use(async (wire) => {
    const position = parseCursor(cursor);
    const ahead = { number: position.number + 1, anchor: randomUUID() };
    const known = knownCapture(wire);
    const [page, [state = []]] = await Promise.all([
      readPage(wire, { reader, position, ahead }, limit),
      wire.query(STATE, [reader, position.anchor, known.relations]),
    ]);
    assertLineage(reader, position, readerStateOf(state), cursor);
    const [, , , token, isLong, isStale] = state;
    if (isLong === 't') await wire.query(SEEN, [reader]);
    const tables = await checkCapture(wire, known, token ?? '');
    const found = page.rows.length > 0 || position.within !== null;
    // An old snapshot is as right as a new one: what was read under it is gone or known by its transaction. So an idle
    // store moves no cursor, but for the sake of marks that only the age of the snapshot keeps from being pruned.
    const next = found || isStale === 't' ? advance(position, ahead, page) : null;
    if (next && !page.anchored) await dropAnchor(wire, reader, next);
    return pageOf(page, next ? formatCursor(next) : cursor, tables, registry);
  });

interface Page {
  readonly rows: readonly MarkRow[];
  /** The end of the window. */
  readonly until: string;
  readonly complete: boolean;
  /** As in `Position.within`. */
  readonly after: string;
  readonly taken: Readonly<Record<string, string>>;
  /** The anchor of the next cursor was dropped with it. */
  readonly anchored: boolean;
}

type NextPosition = Pick<Position, 'number' | 'anchor'>;

interface Place {
  readonly reader: string;
  readonly position: Position;
  readonly ahead: NextPosition;
}

async function readPage(wire: DedicatedSession, { reader, position, ahead }: Place, limit: number): Promise<Page> {
  const { seen, within, anchor } = position;
  const atMost = String(limit + 1);
  const { next, open } = snapshotParts(seen);
  const found = await (within
    ? wire.query(NEXT_PAGE, [seen, within.until, within.after, `{${Object.keys(within.taken).join(',')}}`, atMost])
    : wire.query(FIRST_PAGE, [next, open, atMost, ...anchorOf(reader, ahead), anchor]));
  const all = found.filter((row) => row[1] !== null);
  const fitting = all.findIndex((row) => row[10] === 'false');
  const rows = all.slice(0, fitting < 0 ? limit : Math.min(limit, fitting)).map(markRowOf);
  const complete = all.length === rows.length;
  const after = rows.at(-1)?.seq ?? '0';
  const rest = complete ? [] : await restOfMoves(wire, rows, after);
  const moved = [...Object.entries(within?.taken ?? {}), ...rest.map((row) => [row.statement, row.seq] as const)];
  return {
    rows: [...rows, ...rest],
    until: within?.until ?? found[0]?.[0] ?? seen,
    complete,
    after,
    taken: Object.fromEntries(moved.filter(([, last]) => BigInt(last) > BigInt(after))),
    anchored: within === null && rows.length > 0,
  };
}

/** Key changes of one statement happen side by side, so a page has all of them or none, however many they are. */
async function restOfMoves(
  wire: DedicatedSession,
  rows: readonly MarkRow[],
  after: string,
): Promise<readonly MarkRow[]> {
  const statements = new Map(rows.filter(({ operation }) => operation === 'K').map((row) => [row.statement, row.xid]));
  if (statements.size === 0) return [];
  const args = [`{${[...statements.values()].join(',')}}`, `{${[...statements.keys()].join(',')}}`, after];
  return (await wire.query(REST_OF_MOVES, args)).map(markRowOf);
}

function markRowOf(row: Row): MarkRow {
  const [, seq, xid, statement, tableId, keyIndex, operation, key, newKey, oldRow, , at] = row;
  return {
    seq: seq ?? '',
    xid: xid ?? '',
    statement: statement ?? '',
    tableId: Number(tableId),
    keyIndex: keyIndex === null || keyIndex === undefined ? null : Number(keyIndex),
    operation: operation as MarkRow['operation'],
    key: key ? (JSON.parse(key) as string[]) : [],
    newKey: newKey ? (JSON.parse(newKey) as string[]) : null,
    oldRow: oldRow ? (JSON.parse(oldRow) as Record<string, Value>) : null,
    at: at ?? '',
  };
}

const advance = (position: Position, ahead: NextPosition, { until, complete, after, taken }: Page): Position => ({
  ...position,
  ...ahead,
  seen: complete ? until : position.seen,
  within: complete ? null : { until, after, taken },
});

function pageOf(page: Page, cursor: Cursor, tables: readonly CheckedTable[], registry: WatchRegistry): WindowPage {
  const byId = new Map(tables.map((table) => [table.tableId, { table, targets: registry.targetsOf(table) }]));
  // A key column that the app has dropped is null in the marks: the capture check speaks of it.
  const gathered = gatherMarks(
    page.rows.filter(({ key, newKey }) => isWhole(key) && (newKey === null || isWhole(newKey))),
  );
  const times = page.rows.map(({ at }) => at).toSorted();
  return {
    marks: gathered.marks.flatMap((mark) =>
      (byId.get(mark.tableId)?.targets ?? []).flatMap(({ table, keyIndexOf }) =>
        markOf(mark, table, keyIndexOf(mark.keyIndex)),
      ),
    ),
    truncated: gathered.truncated.flatMap((id) => (byId.get(id)?.targets ?? []).map(({ table }) => table)),
    cursor,
    complete: page.complete,
    oldestAt: times[0]?.replace(' ', 'T').replace(/\+00$/, 'Z') ?? null,
    changedTables: [...byId.values()].flatMap(({ table, targets }) =>
      table.changed ? targets.map((target) => ({ table: target.table, difference: differenceOf(table) })) : [],
    ),
  };
}

const isWhole = (key: readonly (string | null)[]): boolean => !key.includes(null);

function markOf({ tableId: _, ...mark }: GatheredMark, table: TableName, keyIndex: number | null): readonly Mark[] {
  return keyIndex === null ? [] : [{ table, ...mark, keyIndex }];
}
