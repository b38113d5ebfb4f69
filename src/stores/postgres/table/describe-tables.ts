/** Tables as the catalog describes them, with what the connection may do there. */
import type { TableDescription, TableName } from '../../../ports/store.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import type { Connection, Row, Session } from '../session/connection.ts';
import { loadColumns } from './column-types.ts';
import type { StoreColumn } from './column-types.ts';

export interface DescribedTable {
  readonly oid: string;
  readonly description: TableDescription;
  readonly columns: readonly StoreColumn[];
  /** Partitions and inheritance children, the table itself first. */
  readonly members: readonly TableMember[];
  /** Rows of the table can be reached through a parent that is none of the members. */
  readonly isChild: boolean;
}

export interface TableMember {
  readonly schema: string;
  readonly name: string;
  readonly kind: TableDescription['kind'];
  readonly mayCreateTriggers: boolean;
  readonly owned: boolean;
  readonly subscribed: boolean;
}

/** A table without a schema is the one that the search path finds. */
const TABLES = `
with recursive wanted (place, relation) as (
  select w.place, c.oid
  from unnest($1::text[], $2::text[]) with ordinality w (schema_name, table_name, place)
  join pg_catalog.pg_class c on c.relname = w.table_name and c.relkind in ('r', 'p', 'v', 'm', 'f')
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where case when w.schema_name is null then pg_catalog.pg_table_is_visible(c.oid) else n.nspname = w.schema_name end
),
member (place, root, relation) as (
  select place, relation, relation from wanted
  union
  select m.place, m.root, h.inhrelid from member m join pg_catalog.pg_inherits h on h.inhparent = m.relation
)
select w.place::text, c.oid::text, n.nspname, c.relname, c.relkind, c.relpersistence,
  pg_catalog.row_security_active(c.oid)::text,
  (select pg_catalog.json_build_object(
    'usage', pg_catalog.has_schema_privilege(n.oid, 'usage'),
    'select', pg_catalog.has_any_column_privilege(c.oid, 'select')
      -- Without xmin there is no version to write by; a view has none.
      and case when c.relkind in ('r', 'p') then pg_catalog.has_column_privilege(c.oid, 'xmin', 'select') else true end,
    'insert', pg_catalog.has_any_column_privilege(c.oid, 'insert'),
    'update', pg_catalog.has_any_column_privilege(c.oid, 'update'),
    'delete', pg_catalog.has_table_privilege(c.oid, 'delete'))::text),
  (select pg_catalog.json_agg(pg_catalog.json_build_array(a.attname,
      pg_catalog.has_column_privilege(c.oid, a.attnum, 'select'),
      pg_catalog.has_column_privilege(c.oid, a.attnum, 'insert') and pg_catalog.has_column_privilege(c.oid, a.attnum, 'update')) order by a.attnum)::text
    from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  (select pg_catalog.json_agg((
      select pg_catalog.json_agg(a.attname order by k.place)
      from unnest(x.indkey::smallint[]) with ordinality k (attnum, place)
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
      where k.place <= x.indnkeyatts) order by not x.indisprimary, x.indexrelid)::text
    from pg_catalog.pg_index x
    where x.indrelid = c.oid and x.indisunique and x.indisvalid and x.indpred is null and x.indexprs is null
      and not exists (
        select from unnest(x.indkey::smallint[]) with ordinality k (attnum, place)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where k.place <= x.indnkeyatts and not a.attnotnull)),
  (select pg_catalog.json_agg(pg_catalog.json_build_object('name', f.conname, 'onDelete', f.confdeltype, 'deferrable', f.condeferrable,
      'schema', pn.nspname, 'table', pc.relname,
      'columns', (select pg_catalog.json_agg(a.attname order by k.place) from unnest(f.conkey) with ordinality k (attnum, place)
        join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum),
      'parentColumns', (select pg_catalog.json_agg(a.attname order by k.place) from unnest(f.confkey) with ordinality k (attnum, place)
        join pg_catalog.pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.attnum)) order by f.conname)::text
    from pg_catalog.pg_constraint f
    join pg_catalog.pg_class pc on pc.oid = f.confrelid
    join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
    where f.conrelid = c.oid and f.contype = 'f'
      -- A reference to a partitioned table is listed once more for each of its partitions.
      and not exists (select from pg_catalog.pg_constraint o where o.oid = f.conparentid and o.conrelid = f.conrelid)),
  (select pg_catalog.json_agg(pg_catalog.json_build_object('schema', mn.nspname, 'name', mc.relname, 'kind', mc.relkind, 'persistence', mc.relpersistence,
      'mayCreateTriggers', pg_catalog.has_table_privilege(mc.oid, 'trigger'),
      'owned', pg_catalog.pg_has_role(mc.relowner, 'usage'),
      'subscribed', exists (select from pg_catalog.pg_subscription_rel s where s.srrelid = mc.oid)) order by mc.oid <> c.oid, mn.nspname, mc.relname)::text
    from member m
    join pg_catalog.pg_class mc on mc.oid = m.relation
    join pg_catalog.pg_namespace mn on mn.oid = mc.relnamespace
    where m.place = w.place),
  exists (select from member m join pg_catalog.pg_inherits h on h.inhrelid = m.relation
    where m.place = w.place and h.inhparent not in (select o.relation from member o where o.place = w.place))::text
from wanted w
join pg_catalog.pg_class c on c.oid = w.relation
join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;

export async function describeTables(
  connection: Connection,
  tables: readonly TableName[],
): Promise<readonly (TableDescription | null)[]> {
  return (await inspectTables(connection, tables)).map((table) => table?.description ?? null);
}

/** Aligned with `tables`; null for a table that does not exist. */
export async function inspectTables(
  connection: Pick<Connection | Session, 'query'>,
  tables: readonly TableName[],
): Promise<readonly (DescribedTable | null)[]> {
  const schemas = arrayLiteral(tables, ({ schema }) => schema);
  const names = arrayLiteral(tables, ({ name }) => name);
  const rows = await connection.query(TABLES, [schemas, names]);
  const columns = await loadColumns(
    connection,
    rows.map((row) => row[1] ?? ''),
  );
  const byPlace = new Map(rows.map((row) => [Number(row[0]), describe(row, columns.get(row[1] ?? '') ?? [])]));
  return tables.map((_, index) => byPlace.get(index + 1) ?? null);
}

interface CatalogRights {
  readonly usage: boolean;
  readonly select: boolean;
  readonly insert: boolean;
  readonly update: boolean;
  readonly delete: boolean;
}

interface CatalogForeignKey {
  readonly name: string;
  readonly onDelete: string;
  readonly deferrable: boolean;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly parentColumns: readonly string[];
}

interface CatalogMember {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly persistence: string;
  readonly mayCreateTriggers: boolean;
  readonly owned: boolean;
  readonly subscribed: boolean;
}

function describe(row: Row, columns: readonly StoreColumn[]): DescribedTable {
  const [
    ,
    oid,
    schema,
    name,
    kind,
    persistence,
    rowSecurity,
    rightsText,
    columnRights,
    keys,
    foreignKeys,
    memberText,
    isChild,
  ] = row;
  const rights = parsed<CatalogRights>(rightsText, {
    usage: false,
    select: false,
    insert: false,
    update: false,
    delete: false,
  });
  const members = parsed<readonly CatalogMember[]>(memberText, []).map((member) => ({
    ...member,
    kind: kindOf(member.kind, member.persistence),
  }));
  const perColumn = parsed<readonly (readonly [string, boolean, boolean])[]>(columnRights, []);
  const description: TableDescription = {
    table: { schema: schema ?? '', name: name ?? '' },
    kind: kindOf(kind ?? '', persistence ?? ''),
    columns: columns.map((column) => ({
      name: column.name,
      type: column.type,
      nullable: !column.notNull,
      hasDefault: column.defaultSql !== null || column.identity !== null || column.generated,
      generated: column.generated,
      identity: column.identity,
    })),
    uniqueKeys: parsed<readonly (readonly string[])[]>(keys, []),
    foreignKeys: parsed<readonly CatalogForeignKey[]>(foreignKeys, []).map(foreignKeyOf),
    rights: {
      select: rights.usage && rights.select,
      insert: rights.usage && rights.insert,
      update: rights.usage && rights.update,
      delete: rights.usage && rights.delete,
      trigger: rights.usage && members.every((member) => member.mayCreateTriggers),
    },
    unreadableColumns: perColumn.filter(([, readable]) => !readable).map(([column]) => column),
    unwritableColumns: perColumn.filter(([, , writable]) => !writable).map(([column]) => column),
    rowSecurity: rowSecurity === 'true',
    subscribed: members.some((member) => member.subscribed),
  };
  return { oid: oid ?? '', description, columns, members, isChild: isChild === 'true' };
}

const ON_DELETE: Readonly<Record<string, TableDescription['foreignKeys'][number]['onDelete']>> = {
  a: 'noAction',
  r: 'restrict',
  c: 'cascade',
  n: 'setNull',
  d: 'setDefault',
};

const foreignKeyOf = (key: CatalogForeignKey): TableDescription['foreignKeys'][number] => ({
  name: key.name,
  columns: key.columns,
  parent: { schema: key.schema, name: key.table },
  parentColumns: key.parentColumns,
  onDelete: ON_DELETE[key.onDelete] ?? 'noAction',
  deferrable: key.deferrable,
});

function kindOf(kind: string, persistence: string): TableDescription['kind'] {
  if (persistence === 't') return 'temporary';
  if (persistence === 'u') return 'unlogged';
  if (kind === 'r') return 'table';
  if (kind === 'p') return 'partitioned';
  if (kind === 'v' || kind === 'm') return 'view';
  return kind === 'f' ? 'foreign' : 'other';
}

const parsed = <T>(text: string | null | undefined, absent: T): T => (text ? (JSON.parse(text) as T) : absent);
