/** A mapped table with what the catalog says of it, looked up once: the ground of every statement about its records. */
import { StoreRefused } from '../../../errors/store-faults.ts';
import type { RecordShape } from '../../../ports/store.ts';
import type { Connection, Row } from '../session/connection.ts';
import { quoteTable } from '../session/quote.ts';
import { loadColumns } from './column-types.ts';
import type { StoreColumn } from './column-types.ts';

/** A unique index of the table or of one of its partitions, whose names the errors carry. */
export interface UniqueIndex {
  /** The constraint's name, or the index's where there is no constraint. */
  readonly name: string;
  /** SQL of each part over the table's own column names: a quoted column or an expression. */
  readonly parts: readonly string[];
  /** The columns, where every part is one. */
  readonly columns: readonly string[] | null;
  readonly predicate: string | null;
  readonly deferrable: boolean;
  readonly nullsDistinct: boolean;
}

/** A foreign key of the table: what must exist for its rows to exist. */
export interface Reference {
  readonly name: string;
  readonly columns: readonly string[];
  /** Schema and table, quoted. */
  readonly parent: string;
  readonly parentName: string;
  readonly parentColumns: readonly string[];
  readonly isToItself: boolean;
  readonly deferrable: boolean;
}

export type RowEvent = 'insert' | 'update' | 'delete';

export interface BoundTable {
  readonly connection: Connection;
  readonly shape: RecordShape;
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** Schema and table, quoted. */
  readonly relation: string;
  readonly columns: readonly StoreColumn[];
  readonly byName: ReadonlyMap<string, StoreColumn>;
  /** Aligned with `shape.key` and `shape.columns`. */
  readonly key: readonly StoreColumn[];
  readonly values: readonly StoreColumn[];
  /** Rows may lie in partitions or inheritance children. */
  readonly hasChildren: boolean;
  readonly uniqueIndexes: readonly UniqueIndex[];
  readonly references: readonly Reference[];
  /** Columns that each CHECK of the table speaks of, by its name. */
  readonly checks: ReadonlyMap<string, readonly string[]>;
  /** Columns that others may refer to: changing one takes the strongest row lock. */
  readonly keyLockColumns: ReadonlySet<string>;
  /** Events that a rule of the table rewrites; such a statement may not say which rows it touched. */
  readonly rules: ReadonlySet<RowEvent>;
  /** `couplet install` has been here. */
  readonly watched: boolean;
  /** Of the database, as PostgreSQL names it; what it has no characters for cannot be written into it. */
  readonly encoding: string;
}

/** SQL of the names of columns that a constraint gives by number, as JSON and in its order. */
export function columnNames(relation: string, numbers: string): string {
  return `(select pg_catalog.json_agg(a.attname order by k.place)::text
    from pg_catalog.unnest(${numbers}) with ordinality k (attnum, place)
    join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = k.attnum)`;
}

const RELATION = `
select c.oid::text, n.nspname, c.relname, c.relkind,
  (c.relkind = 'p' or exists (select from pg_catalog.pg_inherits i where i.inhparent = c.oid))::text,
  (pg_catalog.to_regclass('couplet.installed') is not null)::text,
  coalesce((select pg_catalog.string_agg(r.ev_type::text, '') from pg_catalog.pg_rewrite r
    where r.ev_class = c.oid and r.rulename <> '_RETURN' and r.ev_enabled <> 'D'), ''),
  pg_catalog.getdatabaseencoding()
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = pg_catalog.to_regclass($1)`;

const UNIQUE_INDEXES = `
with recursive family (relation) as (
  select $1::pg_catalog.oid
  union
  select i.inhrelid from family f join pg_catalog.pg_inherits i on i.inhparent = f.relation)
select coalesce(k.conname, c.relname),
  (select pg_catalog.json_agg(pg_catalog.pg_get_indexdef(x.indexrelid, n, false) order by n)::text
    from pg_catalog.generate_series(1, x.indnkeyatts) n),
  (select case when pg_catalog.bool_and(a.attname is not null) then pg_catalog.json_agg(a.attname order by n)::text end
    from pg_catalog.generate_series(1, x.indnkeyatts) n
    left join pg_catalog.pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[n - 1] and a.attnum > 0),
  pg_catalog.pg_get_expr(x.indpred, x.indrelid),
  (not x.indimmediate)::text,
  coalesce(pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct', 'false')
from family f
join pg_catalog.pg_index x on x.indrelid = f.relation and x.indisunique and x.indislive
join pg_catalog.pg_class c on c.oid = x.indexrelid
left join pg_catalog.pg_constraint k on k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x')
order by x.indrelid <> $1::pg_catalog.oid, x.indexrelid`;

const REFERENCES = `
select f.conname, ${columnNames('f.conrelid', 'f.conkey')}, n.nspname, p.relname, ${columnNames('f.confrelid', 'f.confkey')},
  (f.confrelid = f.conrelid)::text, f.condeferrable::text
from pg_catalog.pg_constraint f
join pg_catalog.pg_class p on p.oid = f.confrelid
join pg_catalog.pg_namespace n on n.oid = p.relnamespace
where f.contype = 'f' and f.conparentid = 0 and f.conrelid = $1::pg_catalog.oid
order by f.conname`;

const CHECKS = `
select f.conname, ${columnNames('f.conrelid', 'f.conkey')}
from pg_catalog.pg_constraint f
where f.contype = 'c' and f.conrelid = $1::pg_catalog.oid
order by f.conname`;

/** As the letters of the catalog: `pg_rewrite.ev_type`. */
const RULE_EVENTS: Readonly<Record<string, RowEvent>> = { 2: 'update', 3: 'insert', 4: 'delete' };

export async function bindTable(connection: Connection, shape: RecordShape): Promise<BoundTable> {
  const asked = quoteTable(shape.table);
  const [found] = await connection.query(RELATION, [asked]);
  if (!found) throw missing(`There is no table ${asked}`, shape, {});
  const [oid = '', schema, name, kind, hasChildren, watched, rules, encoding = ''] = found.map((value) => value ?? '');
  if (kind !== 'r' && kind !== 'p') throw missing(`${asked} is not a table`, shape, { kind: kind ?? '' });
  const [columnsOf, indexRows, referenceRows, checkRows] = await Promise.all([
    loadColumns(connection, [oid]),
    connection.query(UNIQUE_INDEXES, [oid]),
    connection.query(REFERENCES, [oid]),
    connection.query(CHECKS, [oid]),
  ]);
  const columns = columnsOf.get(oid) ?? [];
  const byName = new Map(columns.map((column) => [column.name, column]));
  const columnNamed = (columnName: string): StoreColumn => {
    const column = byName.get(columnName);
    if (!column) throw missing(`${asked} has no column ${columnName}`, shape, { column: columnName });
    return column;
  };
  const uniqueIndexes = indexRows.map(uniqueIndexOf);
  const keyLocking = uniqueIndexes.filter((index) => index.predicate === null && !index.deferrable);
  return {
    connection,
    shape,
    oid,
    schema: schema ?? '',
    name: name ?? '',
    relation: quoteTable({ schema: schema ?? '', name: name ?? '' }),
    columns,
    byName,
    key: shape.key.map(columnNamed),
    values: shape.columns.map(columnNamed),
    hasChildren: hasChildren === 'true',
    uniqueIndexes,
    references: referenceRows.map(referenceOf),
    checks: new Map(checkRows.map(([check, names]) => [check ?? '', nameList(names)])),
    keyLockColumns: new Set(keyLocking.flatMap((index) => index.columns ?? [])),
    rules: new Set([...(rules ?? '')].flatMap((letter) => RULE_EVENTS[letter] ?? [])),
    watched: watched === 'true',
    encoding,
  };
}

function uniqueIndexOf([name, parts, columns, predicate, deferrable, nullsNotDistinct]: Row): UniqueIndex {
  return {
    name: name ?? '',
    parts: nameList(parts),
    columns: columns ? nameList(columns) : null,
    predicate: predicate ?? null,
    deferrable: deferrable === 'true',
    nullsDistinct: nullsNotDistinct !== 'true',
  };
}

function referenceOf([name, columns, schema, table, parentColumns, isToItself, deferrable]: Row): Reference {
  return {
    name: name ?? '',
    columns: nameList(columns),
    parent: quoteTable({ schema: schema ?? '', name: table ?? '' }),
    parentName: table ?? '',
    parentColumns: nameList(parentColumns),
    isToItself: isToItself === 'true',
    deferrable: deferrable === 'true',
  };
}

const nameList = (text: string | null | undefined): readonly string[] => (text ? (JSON.parse(text) as string[]) : []);

function missing(message: string, shape: RecordShape, params: Record<string, string>): StoreRefused {
  return new StoreRefused('schema-changed', message, { table: quoteTable(shape.table), ...params });
}

/**
 * What a conditional write names. A committed row has one xmin for good (VACUUM FREEZE keeps what is read here), and
 * any later UPDATE gives it another one; several updates in one transaction are seen by nobody but their end. Rewrites
 * (CLUSTER, VACUUM FULL) may change it, and then a record is decided again for nothing. Among partitions and children
 * the relation belongs to it, since the key alone may stand in two of them.
 */
export const versionExpression = (table: Pick<BoundTable, 'hasChildren'>, alias: string): string =>
  table.hasChildren ? `${alias}tableoid::text || '.' || ${alias}xmin::text` : `${alias}xmin::text`;
