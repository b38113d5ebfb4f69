/**
 * The capture check (see `capture-check`) describes every watched table, some 0.5 ms for one and more for many, and finds
 * that nothing has changed. So a session remembers what it found, with a token of the catalog rows that the description
 * is made of: each is known by the transaction that wrote it, so one that was changed, even to and fro, shows.
 *
 * The token is asked for with every window, before the check if that is asked as well. What was found stands as long as
 * the token is the same: from the moment it was first read no such row was written, and the check came after that.
 */
import { CAPTURE_CHECK, type CheckedTable, checkedTablesOf } from '../install/capture-check.ts';
import type { DedicatedSession } from '../session/connection.ts';

/** Of the relations whose OIDs are parameter `place`, of what is installed, and of our functions. */
export const catalogToken = (place: number): string => `md5(concat_ws('/',
  (select string_agg(i.table_id || ':' || i.xmin, ' ' order by i.table_id) from couplet.installed i),
  (select string_agg(c.oid || ':' || c.xmin || ':' || c.relfilenode || ':' || n.xmin, ' ' order by c.oid)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = any ($${place}::pg_catalog.oid[])),
  (select string_agg(a.xmin::text, ' ' order by a.attrelid, a.attnum)
    from pg_catalog.pg_attribute a where a.attrelid = any ($${place}::pg_catalog.oid[]) and a.attnum > 0),
  (select string_agg(h.inhrelid || ':' || h.xmin, ' ' order by h.inhrelid)
    from pg_catalog.pg_inherits h where h.inhparent = any ($${place}::pg_catalog.oid[])),
  (select string_agg(t.oid || ':' || t.xmin || ':' || f.xmin, ' ' order by t.oid)
    from pg_catalog.pg_trigger t join pg_catalog.pg_proc f on f.oid = t.tgfoid where t.tgrelid = any ($${place}::pg_catalog.oid[]))))`;

export interface KnownCapture {
  /** Of the watched tables and all that hold rows of them, as an array of the database. */
  readonly relations: string;
  /** Null: the check was not asked together with it. */
  readonly token: string | null;
  readonly tables: readonly CheckedTable[];
}

const found = new WeakMap<DedicatedSession, KnownCapture>();

export const knownCapture = (wire: DedicatedSession): KnownCapture =>
  found.get(wire) ?? { relations: '{}', token: null, tables: [] };

/** What the check says now; `token` was read before, of the relations of `known`. */
export async function checkCapture(
  wire: DedicatedSession,
  known: KnownCapture,
  token: string,
): Promise<readonly CheckedTable[]> {
  if (known.token === token) return known.tables;
  const [row] = await wire.query(`select ${CAPTURE_CHECK}`);
  const tables = checkedTablesOf(row?.[0]);
  const members = tables.map((table) => table.members);
  const isWhole = tables.length > 0 && members.every((of) => of !== null) && !tables.some(({ changed }) => changed);
  const relations = `{${members.flat().join(',')}}`;
  if (isWhole) found.set(wire, { relations, token: relations === known.relations ? token : null, tables });
  else found.delete(wire);
  return tables;
}
