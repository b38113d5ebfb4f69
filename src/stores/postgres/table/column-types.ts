/** The columns of a table as the catalog tells them, and what each type means to equality, conversion and writing. */
import type { ValueKind, ValueType } from '../../../domain/value-type.ts';
import { plainType } from '../../../domain/value-type.ts';
import type { Connection, Row, Session } from '../session/connection.ts';
import { quoteIdentifier } from '../session/quote.ts';

export interface StoreColumn {
  readonly name: string;
  /** The name as an identifier of SQL. */
  readonly quoted: string;
  /** Of a domain: its base type. The domain's own rules speak when the column is written. */
  readonly type: ValueType;
  /**
   * The base type, schema and all, without modifiers: an explicit cast to `varchar(5)` would cut a longer text
   * silently, where the assignment to the column refuses it.
   */
  readonly cast: string;
  /** The base type with its modifiers, for reading a text as the column would hold it. */
  readonly exactCast: string;
  /**
   * Values of this column travel in an array of text and are cast row by row: `unnest` takes arrays and composites
   * apart, and arrays of box are separated by semicolons.
   */
  readonly travelsAsText: boolean;
  /** PostgreSQL has an equality for it; json, xml and point are compared by their text. */
  readonly comparable: boolean;
  /** Where the type's own operators lie, quoted; null where those that every session finds are meant. */
  readonly operatorSchema: string | null;
  readonly notNull: boolean;
  /** The default as SQL, the domain's where the column has none of its own. */
  readonly defaultSql: string | null;
  readonly generated: boolean;
  /** Computed when it is read, so that no transition table has it. */
  readonly isVirtual: boolean;
  readonly identity: 'always' | 'byDefault' | null;
  /** The sequence behind an identity column, as text that casts to regclass. */
  readonly identitySequence: string | null;
}

const KINDS: Readonly<Record<string, ValueKind>> = {
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'bigint',
  numeric: 'numeric',
  float4: 'float',
  float8: 'float',
  money: 'money',
  text: 'text',
  varchar: 'text',
  name: 'text',
  char: 'text',
  bpchar: 'paddedText',
  date: 'date',
  time: 'time',
  timetz: 'timetz',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  interval: 'interval',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytea',
};

interface CatalogType {
  readonly schema: string;
  readonly typname: string;
  readonly typtype: string;
  readonly name: string;
  readonly modifier: number;
  readonly labels: readonly string[] | null;
}

function valueTypeOf(type: CatalogType, element: CatalogType | null): ValueType {
  if (element) return { ...plainType('array', type.name), element: valueTypeOf(element, null) };
  if (type.typtype === 'e') return { ...plainType('enum', type.name), labels: type.labels };
  // The extension may live in any schema.
  if (type.typname === 'citext') return plainType('caseInsensitiveText', type.name);
  const kind = type.schema === 'pg_catalog' ? (KINDS[type.typname] ?? 'other') : 'other';
  return { ...plainType(kind, type.name), maxLength: maxLengthOf(type), scale: scaleOf(kind, type.modifier) };
}

function maxLengthOf({ typname, modifier }: CatalogType): number | null {
  if (typname === 'char') return 1;
  return (typname === 'varchar' || typname === 'bpchar') && modifier >= 4 ? modifier - 4 : null;
}

function scaleOf(kind: ValueKind, modifier: number): number | null {
  if (modifier < 0) return null;
  if (kind === 'numeric') {
    // Eleven bits with a sign: since PostgreSQL 15 the scale may be below zero.
    const bits = (modifier - 4) & 0x7ff;
    return bits > 0x3ff ? bits - 0x800 : bits;
  }
  if (kind === 'interval') return (modifier & 0xffff) === 0xffff ? null : modifier & 0xffff;
  return kind === 'time' || kind === 'timetz' || kind === 'timestamp' || kind === 'timestamptz' ? modifier : null;
}

const TYPE_FIELDS = ['nspname', 'typname', 'typtype'] as const;

/** A domain is followed to its base: nested ones too, each of which may bring a modifier, a default and not null. */
const COLUMNS = `
with recursive resolved (relation, attnum, type, modifier, default_sql, not_null) as (
  select a.attrelid, a.attnum, a.atttypid, a.atttypmod, null::text collate "C", false
  from pg_catalog.pg_attribute a
  where a.attrelid = any ($1::pg_catalog.oid[]) and a.attnum > 0 and not a.attisdropped
  union all
  select r.relation, r.attnum, t.typbasetype, t.typtypmod,
    coalesce(r.default_sql, pg_catalog.pg_get_expr(t.typdefaultbin, 0)) collate "C", r.not_null or t.typnotnull
  from resolved r join pg_catalog.pg_type t on t.oid = r.type where t.typtype = 'd')
select a.attrelid::text, a.attname,
  ${TYPE_FIELDS.map((field) => (field === 'nspname' ? 'n.nspname' : `t.${field}`)).join(', ')},
  pg_catalog.format_type(t.oid, r.modifier), r.modifier::text,
  (select pg_catalog.json_agg(l.enumlabel order by l.enumsortorder)::text from pg_catalog.pg_enum l where l.enumtypid = t.oid),
  t.typdelim, (t.typarray <> 0)::text, (a.attnotnull or r.not_null)::text,
  case when a.attgenerated = '' then coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), r.default_sql) end,
  a.attgenerated, a.attidentity,
  case when a.attidentity <> '' then pg_catalog.pg_get_serial_sequence(a.attrelid::pg_catalog.regclass::text, a.attname) end,
  (t.typtype in ('e', 'r', 'm', 'c') or e.oid is not null or exists (
    select from pg_catalog.pg_opclass o where o.opcintype = t.oid and o.opcdefault and o.opcmethod in (403, 405))
    or t.typname = 'varchar')::text,
  en.nspname, e.typname, e.typtype, pg_catalog.format_type(e.oid, r.modifier),
  (select pg_catalog.json_agg(l.enumlabel order by l.enumsortorder)::text from pg_catalog.pg_enum l where l.enumtypid = e.oid),
  (select pg_catalog.quote_ident(own.nspname)
    from pg_catalog.pg_opclass c
    join pg_catalog.pg_amop p on p.amopfamily = c.opcfamily and p.amoplefttype = t.oid and p.amoprighttype = t.oid
    join pg_catalog.pg_operator o on o.oid = p.amopopr and o.oprname = '='
    join pg_catalog.pg_namespace own on own.oid = o.oprnamespace and own.nspname <> 'pg_catalog'
    where c.opcintype = t.oid and c.opcdefault and c.opcmethod in (403, 405) order by c.opcmethod limit 1)
from resolved r
join pg_catalog.pg_attribute a on a.attrelid = r.relation and a.attnum = r.attnum
join pg_catalog.pg_type t on t.oid = r.type and t.typtype <> 'd'
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_catalog.pg_type declared on declared.oid = t.typelem and declared.typarray = t.oid
left join pg_catalog.pg_type e on e.oid = case when declared.typtype = 'd' then declared.typbasetype else declared.oid end
left join pg_catalog.pg_namespace en on en.oid = e.typnamespace
order by a.attrelid, a.attnum`;

/** The columns of each relation in their order, by the relation's OID. */
export async function loadColumns(
  connection: Pick<Connection | Session, 'query'>,
  relationOids: readonly string[],
): Promise<ReadonlyMap<string, readonly StoreColumn[]>> {
  const found = new Map<string, StoreColumn[]>(relationOids.map((oid) => [oid, []]));
  for (const row of await connection.query(COLUMNS, [`{${relationOids.join(',')}}`])) {
    found.get(row[0] ?? '')?.push(columnOf(row));
  }
  return found;
}

function columnOf(row: Row): StoreColumn {
  const [, name, schema, typname, typtype, format, modifier, labels, delimiter, hasArray, notNull] = row.map(
    (value) => value ?? '',
  );
  const [
    defaultSql,
    generated,
    identity,
    sequence,
    comparable,
    elementSchema,
    elementName,
    elementType,
    elementFormat,
    elementLabels,
    operatorSchema,
  ] = row.slice(11);
  const catalog = catalogType([schema, typname, typtype, format, modifier, labels]);
  const element = elementName
    ? catalogType([elementSchema, elementName, elementType, elementFormat, modifier, elementLabels])
    : null;
  return {
    name: name ?? '',
    quoted: quoteIdentifier(name ?? ''),
    type: valueTypeOf(catalog, element),
    cast: `${quoteIdentifier(schema ?? '')}.${quoteIdentifier(typname ?? '')}`,
    exactCast: format ?? '',
    travelsAsText: element !== null || typtype === 'c' || delimiter !== ',' || hasArray !== 'true',
    comparable: comparable === 'true',
    operatorSchema: operatorSchema ?? null,
    notNull: notNull === 'true',
    defaultSql: defaultSql ?? null,
    generated: (generated ?? '') !== '',
    isVirtual: generated === 'v',
    identity: identity === 'a' ? 'always' : identity === 'd' ? 'byDefault' : null,
    identitySequence: sequence ?? null,
  };
}

function catalogType(fields: readonly (string | null | undefined)[]): CatalogType {
  const [schema, typname, typtype, name, modifier, labels] = fields;
  return {
    schema: schema ?? '',
    typname: typname ?? '',
    typtype: typtype ?? '',
    name: name ?? '',
    modifier: Number(modifier ?? -1),
    labels: labels ? (JSON.parse(labels) as string[]) : null,
  };
}

/**
 * The text of a column's value. The cast to text is what PostgreSQL prints, except for inet, where it adds the netmask
 * that printing (`concat`, which takes any type) leaves out, and boolean, where it gives the word that the rest of the
 * house uses.
 */
export const valueExpression = (column: string, type: ValueType): string =>
  type.name === 'inet' ? `nullif(pg_catalog.concat(${column}), '')` : `${column}::text`;

/** How an array of values of this column is declared as a parameter. */
export const parameterType = (column: Pick<StoreColumn, 'cast' | 'travelsAsText'>): string =>
  column.travelsAsText ? 'text[]' : `${column.cast}[]`;

/** One value of such an array as a value of the column's type. */
export const parameterValue = (reference: string, column: Pick<StoreColumn, 'cast' | 'travelsAsText'>): string =>
  column.travelsAsText ? `${reference}::${column.cast}` : reference;

/**
 * SQL that compares two values of the column by the operator of its own type. Where the search path does not lead to
 * an extension, PostgreSQL would take the operator of text for citext without a word, and find no key in other letters.
 */
export const compareSql = (
  { operatorSchema }: Pick<StoreColumn, 'operatorSchema'>,
  left: string,
  operator: '=' | '>',
  right: string,
): string => `${left} ${operatorSchema === null ? operator : `operator(${operatorSchema}.${operator})`} ${right}`;
