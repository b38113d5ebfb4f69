/**
 * What Couplet keeps inside a store: the schema `couplet`. Everything that must be true at the same instant as the
 * app's records lives here, written in the same transactions: marks, fences, the ledger.
 *
 * The statements run one by one and again at every upgrade, so each of them must be harmless where its object exists.
 */
import { quoteLiteral } from '../session/quote.ts';

export const CAPTURE_SCHEMA = 'couplet';

/** On INSERT, UPDATE, DELETE and TRUNCATE. */
export const TRIGGERS_PER_TABLE = 4;

/** Raised when the objects below change; kept as the comment of the schema. */
export const CAPTURE_VERSION = 'Couplet capture 2';

/** Channel of NOTIFY, and the advisory locks: two-part keys, so that they meet no lock of the app by accident. */
export const WAKE_CHANNEL = 'couplet';
export const LOCK_CLASS = 0x436f7570;
export const ASLEEP_LOCK = 1;
export const PRUNE_LOCK = 2;
export const INSTALL_LOCK = 3;

/**
 * Watched tables. `description` and `identity` say what the table was when it was last accepted: the capture check
 * compares them with `couplet.state`. Null until its triggers stand. `keys` is only ever appended to, for marks name
 * a key by its place in it.
 */
const INSTALLED = `create table if not exists couplet.installed (
  table_id integer primary key,
  schema_name text not null,
  table_name text not null,
  keys jsonb not null,
  relation oid,
  identity text,
  description jsonb,
  unique (schema_name, table_name)
)`;

/**
 * The marks. I, U, D: a row was inserted, updated, deleted; K: it was moved from `key` to `new_key`; T: the table was
 * truncated. `statement` is a random number that the marks of one trigger call share: key changes of one statement
 * happen side by side, not one after the other. `seq` puts the marks of one record in order (whoever changes a row
 * after another has waited for that one's commit); across records it proves nothing and no cursor rests on it.
 */
const CHANGE = `create table if not exists couplet.change (
  seq bigint generated always as identity primary key,
  xid xid8 not null default pg_catalog.pg_current_xact_id(),
  statement bigint not null,
  table_id integer not null,
  key_index smallint,
  operation "char" not null check (operation in ('I', 'U', 'D', 'K', 'T')),
  key text[],
  new_key text[],
  old_row jsonb,
  at timestamptz not null default pg_catalog.clock_timestamp(),
  check ((operation = 'T') = (key is null)),
  check ((operation = 'K') = (new_key is not null))
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05)`;

/** What a cursor asks for: marks of transactions at or past its xmax, and of those that were still running. */
const CHANGE_BY_TRANSACTION = 'create index if not exists change_xid on couplet.change (xid)';

/**
 * For `unreadDelete`. A hash, since an index row of a btree holds 2,700 bytes at most: a longer key would make the
 * app's own DELETE fail.
 */
const CHANGE_DELETES = `create index if not exists change_deletes on couplet.change using hash (key) where operation in ('D', 'K')`;
const CHANGE_TRUNCATES = `create index if not exists change_truncates on couplet.change (table_id) where operation = 'T'`;

/** One row per coupling database: what it has confirmed. `number` counts its cursors. */
const READER = `create table if not exists couplet.reader (
  reader text primary key,
  number bigint not null,
  cursor text not null,
  snapshot pg_snapshot not null,
  seen_at timestamptz not null default pg_catalog.now(),
  struck_off_at timestamptz
)`;

/**
 * A cursor given out. Its row is committed after everything that the cursor has seen, so a store that still has the
 * row still has all of that; see lineage.ts.
 */
const ANCHOR = `create table if not exists couplet.anchor (
  random uuid primary key,
  reader text not null,
  number bigint not null,
  created_at timestamptz not null default pg_catalog.now()
)`;
const ANCHOR_BY_READER = 'create index if not exists anchor_reader on couplet.anchor (reader, number)';

/** Who works a lane: every writing transaction begins by finding its own number here. */
const FENCE = `create table if not exists couplet.fence (
  reader text not null,
  mapping text not null,
  channel text not null,
  number bigint not null,
  primary key (reader, mapping, channel)
)`;

/** The ledger: what a batch did, written with the records, until the coupling database has it. */
const BATCH = `create table if not exists couplet.batch (
  batch_id uuid primary key,
  reader text not null,
  mapping text not null,
  channel text not null,
  random uuid not null default pg_catalog.gen_random_uuid(),
  entries text not null,
  created_at timestamptz not null default pg_catalog.now()
)`;
/**
 * Not compressed: the text lives for a moment, and compressing it took a tenth of the time of a batch (50,000 rows a
 * second against 55,600). Asked first, because ALTER TABLE waits for every writer even where it changes nothing.
 */
const BATCH_STORAGE = `do $$ begin
  if (select a.attstorage <> 'e' from pg_catalog.pg_attribute a
      where a.attrelid = 'couplet.batch'::pg_catalog.regclass and a.attname = 'entries') then
    alter table couplet.batch alter column entries set storage external;
  end if;
end $$`;
const BATCH_BY_LANE = 'create index if not exists batch_lane on couplet.batch (reader, mapping, channel)';

/** The columns of a relation as the capture check compares them. */
export const columnsSql = (relation: string): string => `(
      select jsonb_agg(jsonb_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull) order by a.attnum)
      from pg_catalog.pg_attribute a
      where a.attrelid = ${relation} and a.attnum > 0 and not a.attisdropped)`;

/** What a capture function is made from: it is made anew when this differs from the stamp in its body. */
export const stampSql = (keys: string, relation: string): string =>
  `md5(${quoteLiteral(CAPTURE_VERSION)} || ${keys}::text || ${columnsSql(relation)}::text)`;

/** Every relation that holds rows of a watched table: itself, its partitions and inheritance children. */
const MEMBERS = `recursive member (table_id, root, relation) as (
  select i.table_id, c.oid, c.oid
  from couplet.installed i
  join pg_catalog.pg_namespace n on n.nspname = i.schema_name
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = i.table_name
  union
  select m.table_id, m.root, h.inhrelid from member m join pg_catalog.pg_inherits h on h.inhparent = m.relation
)`;

/**
 * The watched tables as they are now. A trigger is known by OID and by the transaction that last touched it, so one
 * that was dropped and made again, or disabled and enabled, shows. `guarded`: every trigger stands and fires.
 */
const STATE = `create or replace view couplet.state as
with ${MEMBERS}
select m.table_id, m.root as relation,
  string_agg(c.oid || ':' || c.relfilenode, ' ' order by c.oid) as identity,
  jsonb_agg(jsonb_build_object(
    'schema', n.nspname, 'name', c.relname, 'kind', c.relkind, 'oid', c.oid::bigint, 'file', c.relfilenode::bigint,
    'columns', ${columnsSql('c.oid')},
    'triggers', (
      select jsonb_agg(jsonb_build_array(t.tgname, t.tgenabled, t.oid::bigint, t.xmin::text) order by t.tgname)
      from pg_catalog.pg_trigger t
      where t.tgrelid = c.oid and t.tgfoid = f.oid)
  ) order by c.oid <> m.root, n.nspname, c.relname) as description,
  bool_and(${TRIGGERS_PER_TABLE} = (
    select count(*) from pg_catalog.pg_trigger t
    where t.tgrelid = c.oid and t.tgfoid = f.oid and t.tgenabled in ('O', 'A'))) as guarded
from member m
join pg_catalog.pg_class c on c.oid = m.relation
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_proc f on f.proname = 'capture_' || m.table_id
  and f.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = 'couplet')
group by m.table_id, m.root`;

export const CAPTURE_STATEMENTS: readonly string[] = [
  INSTALLED,
  CHANGE,
  CHANGE_BY_TRANSACTION,
  CHANGE_DELETES,
  CHANGE_TRUNCATES,
  READER,
  ANCHOR,
  ANCHOR_BY_READER,
  FENCE,
  BATCH,
  BATCH_STORAGE,
  BATCH_BY_LANE,
  STATE,
  `comment on schema couplet is '${CAPTURE_VERSION}'`,
];

/**
 * True when the relation read is the one that was accepted, file and all, so that a key it does not hold is absent.
 * It must stand in the very statement that reads: the statement's lock keeps TRUNCATE and rewrites away from it.
 */
export const absenceProven = (relationOid: string): string => `exists (
  select from couplet.installed installed
  where installed.relation = ${relationOid} and installed.identity = (
    with recursive member (relation) as (
      select ${relationOid}
      union
      select h.inhrelid from member m join pg_catalog.pg_inherits h on h.inhparent = m.relation
    )
    select string_agg(c.oid || ':' || c.relfilenode, ' ' order by c.oid)
    from member m join pg_catalog.pg_class c on c.oid = m.relation))`;
