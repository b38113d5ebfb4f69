/**
 * Whether a reader has not read yet that the record of a key was deleted (D), left for another key or came from one (K).
 * Of ends it stands in the statement that reads the row: a delete that commits between two statements would be seen by
 * neither, and a record that was deleted and created again would pass for one that was edited.
 */
import type { Cursor } from '../../../ports/store.ts';
import { parseCursor, snapshotParts } from '../session/cursor.ts';
import { quoteLiteral } from '../session/quote.ts';

export interface UnreadDelete {
  /** A boolean expression; the same text for every cursor. */
  readonly sql: string;
  /** How many parameters `sql` takes. */
  readonly parameters: number;
}

/**
 * `D` asks for deletions, `K` for changes of the key, after which the record lives on under another one.
 *
 * `key` is SQL for the record's key as `text[]`, canonical as `keyExpression` makes it; the parameters begin at
 * `$first` and are those of `unreadArgs`. The predicate of the partial index is repeated, or it would not be
 * used. A scalar subquery and not EXISTS, because EXISTS may be planned as one
 * hash of all unread deletes, which after a mass deletion is a million of them for every thousand keys.
 */
export function unreadDelete(
  table: TableId,
  keyColumns: readonly string[],
  key: string,
  first: number,
  operation: 'D' | 'K',
): UnreadDelete {
  const { tableId, keyIndex, unread } = marksOf(table, keyColumns, first);
  const marked = `coalesce((select true from couplet.change c
    where c.operation = '${operation}' and c.operation in ('D', 'K') and c.key = ${key}
      and c.table_id = ${tableId} and c.key_index = ${keyIndex} and ${unread}
    limit 1), false)`;
  const truncated = `coalesce((select true from couplet.change c
    where c.operation = 'T' and c.table_id = ${tableId} and ${unread} limit 1), false)`;
  // TRUNCATE took every record there was; it moves none.
  const sql = operation === 'D' ? `(${marked} or ${truncated})` : marked;
  return { sql, parameters: 4 };
}

/**
 * Of keys, those that a record has got by a change of its key which is not read: `asked` is an SQL row source whose
 * columns `columns` are the canonical texts of a key. Changes of keys are rare, marks that are not read few.
 */
export function unreadArrivals(
  table: TableId,
  keyColumns: readonly string[],
  { asked, columns }: { readonly asked: string; readonly columns: readonly string[] },
  first: number,
): string {
  const { tableId, keyIndex, unread } = marksOf(table, keyColumns, first);
  return `with arrived as materialized (
    select c.new_key from couplet.change c
     where c.operation = 'K' and c.table_id = ${tableId} and c.key_index = ${keyIndex} and ${unread})
  select ${columns.join(', ')} from ${asked} where array[${columns.join(', ')}] in (select a.new_key from arrived a)`;
}

interface TableId {
  readonly schema: string;
  readonly name: string;
}

function marksOf(table: TableId, keyColumns: readonly string[], first: number) {
  const isTable = `i.schema_name = ${quoteLiteral(table.schema)} and i.table_name = ${quoteLiteral(table.name)}`;
  const tableId = `(select i.table_id from couplet.installed i where ${isTable})`;
  const keyIndex = `(select k.place - 1
      from couplet.installed i cross join lateral jsonb_array_elements(i.keys) with ordinality k (columns, place)
      where ${isTable} and k.columns = ${quoteLiteral(JSON.stringify(keyColumns))}::jsonb)`;
  const unread = `(c.xid >= $${first}::text::xid8 or c.xid = any ($${first + 1}::text::xid8[]))
    and ($${first + 2}::text is null or c.seq > $${first + 3}::text::bigint
      or not pg_visible_in_snapshot(c.xid, $${first + 2}::text::pg_snapshot))`;
  return { tableId, keyIndex, unread };
}

/** What both ask with. */
export function unreadArgs(cursor: Cursor): readonly (string | null)[] {
  const { seen, within } = parseCursor(cursor);
  const { next, open } = snapshotParts(seen);
  return [next, open, within?.until ?? null, within?.after ?? null];
}
