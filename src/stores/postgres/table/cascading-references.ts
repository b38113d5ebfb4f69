/** Which tables refer to a table in such a way that their rows go with its rows. */
import type { Session } from '../session/connection.ts';
import { quoteTable } from '../session/quote.ts';
import { columnNames } from './bound-table.ts';
import { loadColumns } from './column-types.ts';
import type { StoreColumn } from './column-types.ts';

export interface ReferringTable {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** Found by its name alone, without its schema. */
  readonly visible: boolean;
  readonly relation: string;
  readonly columns: ReadonlyMap<string, StoreColumn>;
  /** The key by which Couplet watches it, else its primary key; empty where it has neither. */
  readonly key: readonly StoreColumn[];
}

export interface CascadingReference {
  readonly child: ReferringTable;
  readonly columns: readonly string[];
  /** The columns referred to, aligned with `columns`. */
  readonly parentColumns: readonly string[];
}

/**
 * A reference to a partitioned table has a copy for each partition on either side; the one that somebody declared is
 * enough. A row is referred to through its table, and through those that its table is part of, or that are part of it.
 */
const referencesText = (watched: boolean): string => `
with recursive up (relation) as (
  select $1::text::oid union select i.inhparent from up join pg_catalog.pg_inherits i on i.inhrelid = up.relation),
down (relation) as (
  select $1::text::oid union select i.inhrelid from down join pg_catalog.pg_inherits i on i.inhparent = down.relation)
select f.conrelid::text, n.nspname, c.relname, ${columnNames('f.conrelid', 'f.conkey')}, ${columnNames('f.confrelid', 'f.confkey')},
  coalesce(${watched ? `(select i.keys -> 0 from couplet.installed i where i.schema_name = n.nspname and i.table_name = c.relname)::text` : 'null'},
    (select ${columnNames('p.conrelid', 'p.conkey')} from pg_catalog.pg_constraint p where p.conrelid = f.conrelid and p.contype = 'p')),
  pg_catalog.pg_table_is_visible(f.conrelid)::text
from pg_catalog.pg_constraint f
join pg_catalog.pg_class c on c.oid = f.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where f.contype = 'f' and f.confdeltype = 'c' and f.conparentid = 0
  and f.confrelid in (select relation from up union select relation from down)
order by n.nspname, c.relname, f.conname`;

export async function loadReferences(
  session: Session,
  relation: string,
  watched: boolean,
): Promise<readonly CascadingReference[]> {
  const rows = await session.query(referencesText(watched), [relation]);
  if (rows.length === 0) return [];
  const columnsOf = await loadColumns(session, [...new Set(rows.map(([oid]) => oid ?? ''))]);
  return rows.map(([oid, schema, name, columns, parentColumns, key, visible]) => {
    const byName = new Map((columnsOf.get(oid ?? '') ?? []).map((column) => [column.name, column]));
    const table = { schema: schema ?? '', name: name ?? '' };
    return {
      child: {
        ...table,
        oid: oid ?? '',
        visible: visible === 'true',
        relation: quoteTable(table),
        columns: byName,
        key: list(key).flatMap((column) => byName.get(column) ?? []),
      },
      columns: list(columns),
      parentColumns: list(parentColumns),
    };
  });
}

const list = (text: string | null | undefined): readonly string[] => (text ? (JSON.parse(text) as string[]) : []);
