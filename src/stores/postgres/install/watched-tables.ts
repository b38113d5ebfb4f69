/**
 * What this process watches in the store, by the names that its configuration gave, and what of it is in place.
 * Several coupling databases may watch one store: what is installed is the union of what they asked for, so places in
 * the lists of keys differ from the caller's.
 */
import { StoreRefused } from '../../../errors/store-faults.ts';
import type { TableName, WatchedTable } from '../../../ports/store.ts';
import type { Connection, Session } from '../session/connection.ts';
import { quoteLiteral } from '../session/quote.ts';
import { CAPTURE_VERSION, stampSql } from './capture-sql.ts';

export interface WatchState {
  readonly watched: WatchedTable;
  /** Null while no such table exists. */
  readonly found: { readonly oid: string; readonly schema: string; readonly name: string } | null;
  readonly installed: { readonly tableId: number; readonly keys: readonly (readonly string[])[] } | null;
  /** Every trigger stands and fires, the function is of this version and knows the keys. */
  readonly ready: boolean;
}

/** A table without a schema is the one that the search path finds. */
const WANTED = `
select w.place, w.keys, c.oid as relation, n.nspname as schema_name, c.relname as table_name
from jsonb_to_recordset($1::jsonb) w (place integer, schema_name text, table_name text, keys jsonb)
left join (pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace)
  on c.relname = w.table_name and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and case when w.schema_name is null then pg_catalog.pg_table_is_visible(c.oid) else n.nspname = w.schema_name end`;

const NOT_INSTALLED = `select relation::text, schema_name, table_name, null, null, 'false' from (${WANTED}) w order by w.place`;

const WATCH_STATE = `
select w.relation::text, w.schema_name, w.table_name, i.table_id::text, i.keys::text, coalesce(
  s.guarded and s.relation = w.relation and i.description is not null
  and pg_catalog.obj_description(f.pronamespace, 'pg_namespace') = ${quoteLiteral(CAPTURE_VERSION)}
  and pg_catalog.strpos(f.prosrc, ${stampSql('i.keys', 'w.relation')}) > 0
  and not exists (
    select from jsonb_array_elements(w.keys) wanted (columns)
    where not exists (select from jsonb_array_elements(i.keys) known (columns) where known.columns = wanted.columns)), false)::text
from (${WANTED}) w
left join couplet.installed i on i.schema_name = w.schema_name and i.table_name = w.table_name
left join couplet.state s on s.table_id = i.table_id
left join pg_catalog.pg_proc f on f.proname = 'capture_' || i.table_id
  and f.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = 'couplet')
order by w.place`;

/** Aligned with `watched`; one catalog query where the capture is there. */
export async function watchStates(
  connection: Pick<Connection | Session, 'query'>,
  watched: readonly WatchedTable[],
): Promise<readonly WatchState[]> {
  const wanted = watched.map(({ table, keys }, index) => ({
    place: index,
    schema_name: table.schema,
    table_name: table.name,
    keys,
  }));
  const args = [JSON.stringify(wanted)];
  const rows = await connection.query(WATCH_STATE, args).catch((error: unknown) => {
    if (!isCaptureMissing(error)) throw error;
    return connection.query(NOT_INSTALLED, args);
  });
  return rows.map(([oid, schema, name, tableId, keys, ready], index) => ({
    watched: watched[index] as WatchedTable,
    found: oid ? { oid, schema: schema ?? '', name: name ?? '' } : null,
    installed: tableId ? { tableId: Number(tableId), keys: JSON.parse(keys ?? '[]') as string[][] } : null,
    ready: ready === 'true',
  }));
}

/** invalid_schema_name, undefined_table */
const MISSING_STATES: ReadonlySet<unknown> = new Set(['3F000', '42P01']);

/** Whether a statement failed because the schema `couplet`, or a part of it, is not there. */
export const isCaptureMissing = (error: unknown): boolean =>
  error instanceof StoreRefused && error.code === 'schema-changed' && MISSING_STATES.has(error.params['sqlState']);

/** One installed table as this process knows it: under which names, and which of its keys are which there. */
export interface WatchTarget {
  readonly table: TableName;
  /** From the place of a key in `couplet.installed` to its place in `WatchedTable.keys`. */
  readonly keyIndexOf: (installedIndex: number) => number | null;
}

export interface WatchRegistry {
  remember(states: readonly WatchState[]): void;
  /** What the process watches there; itself, when nobody has said yet what is watched. */
  targetsOf(installed: {
    readonly schema: string;
    readonly name: string;
    readonly keys: readonly (readonly string[])[];
  }): readonly WatchTarget[];
  /** The tables of the catalog that are meant. */
  resolve(tables: readonly TableName[]): readonly { readonly schema: string | null; readonly name: string }[];
}

export function createWatchRegistry(): WatchRegistry {
  let known: readonly WatchState[] | null = null;
  return {
    remember: (states) => {
      const isAmong = ({ watched: { table } }: WatchState): boolean =>
        states.some(({ watched }) => watched.table.schema === table.schema && watched.table.name === table.name);
      // Whoever asks for one table says nothing of the others.
      known = [...(known ?? []).filter((state) => !isAmong(state)), ...states];
    },
    targetsOf: ({ schema, name, keys }) => {
      if (known === null) return [{ table: { schema, name }, keyIndexOf: (index) => index }];
      return known
        .filter(({ found, watched }) =>
          found
            ? found.schema === schema && found.name === name
            : // Made, and installed by another process, since this one looked for it.
              watched.table.name === name && (watched.table.schema ?? schema) === schema,
        )
        .map(({ watched }) => ({
          table: watched.table,
          keyIndexOf: (index) => {
            const wanted = JSON.stringify(keys[index] ?? null);
            const place = watched.keys.findIndex((key) => JSON.stringify(key) === wanted);
            return place < 0 ? null : place;
          },
        }));
    },
    resolve: (tables) =>
      tables.map((table) => {
        const state = known?.find(
          ({ watched }) => watched.table.schema === table.schema && watched.table.name === table.name,
        );
        return state?.found ?? table;
      }),
  };
}
