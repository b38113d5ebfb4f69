/**
 * What deletes would take along: the closure over foreign keys that cascade, walked level by level before anything is
 * deleted. References that are set to null or to a default lose no record and are not told.
 */
import type { RecordKey, Value } from '../../../domain/record.ts';
import type { Cascade } from '../../../ports/store.ts';
import { valuesLiteral } from '../session/array-literal.ts';
import type { Session } from '../session/connection.ts';
import type { BoundTable } from './bound-table.ts';
import { loadReferences } from './cascading-references.ts';
import type { CascadingReference, ReferringTable } from './cascading-references.ts';
import { compareSql } from './column-types.ts';
import type { StoreColumn } from './column-types.ts';
import { keyExpression } from './key-expression.ts';
import { unnested } from './record-select.ts';

export type FindCascades = (keys: readonly RecordKey[], limit: number) => Promise<readonly Cascade[]>;

/** Rows asked for by one statement. */
const ROWS_PER_STATEMENT = 5_000;

/** A row that would go, with which of the asked keys, and what those who refer to it look at. */
interface DoomedRow {
  readonly of: number;
  readonly values: ReadonlyMap<string, Value>;
}

interface Tally {
  readonly table: ReferringTable;
  readonly keys: RecordKey[];
  count: number;
}

export function prepareCascades(table: BoundTable): FindCascades {
  return (keys, limit) =>
    keys.length === 0
      ? Promise.resolve([])
      : table.connection.withSession((session) => walk(session, table, keys, limit));
}

async function walk(
  session: Session,
  table: BoundTable,
  keys: readonly RecordKey[],
  limit: number,
): Promise<readonly Cascade[]> {
  const known = new Map<string, readonly CascadingReference[]>();
  const referencesTo = async (relation: string): Promise<readonly CascadingReference[]> => {
    const references = known.get(relation) ?? (await loadReferences(session, relation, table.watched));
    known.set(relation, references);
    return references;
  };
  const seen = new Set<string>();
  const tallies = new Map<string, Tally>();
  const roots = await rootRows(session, table, keys, await referencesTo(table.oid), seen);
  const queue: { readonly relation: string; readonly rows: readonly DoomedRow[] }[] = [
    { relation: table.oid, rows: roots },
  ];
  for (let level = queue.shift(); level; level = queue.shift()) {
    for (const reference of await referencesTo(level.relation)) {
      const wanted = new Set((await referencesTo(reference.child.oid)).flatMap(({ parentColumns }) => parentColumns));
      const rows = await referringRows(session, reference, level.rows, [...wanted]);
      const doomed = rows.filter(({ of, place }) => !seen.has(`${of} ${place}`) && seen.add(`${of} ${place}`));
      for (const row of doomed) count(tallies, reference.child, row, limit);
      if (doomed.length > 0) queue.push({ relation: reference.child.oid, rows: doomed });
    }
  }
  return [...tallies].map(([name, tally]) => ({
    of: keys[Number(name.split(' ')[0])] ?? [],
    table: { schema: tally.table.schema, name: tally.table.name },
    byNameAlone: tally.table.visible,
    keys: tally.keys,
    count: tally.count,
  }));
}

function count(tallies: Map<string, Tally>, table: ReferringTable, row: FoundRow, limit: number): void {
  const name = `${row.of} ${table.oid}`;
  const tally = tallies.get(name) ?? { table, keys: [], count: 0 };
  tallies.set(name, tally);
  tally.count += 1;
  if (tally.keys.length < limit && row.key.length > 0) tally.keys.push(row.key);
}

/** Where a row lies tells it from any other, whether its table has a key or not. */
const PLACE = (alias: string): string => `${alias}.tableoid::text || '/' || ${alias}.ctid::text`;

async function rootRows(
  session: Session,
  table: BoundTable,
  keys: readonly RecordKey[],
  references: readonly CascadingReference[],
  seen: Set<string>,
): Promise<readonly DoomedRow[]> {
  const wanted = [...new Set(references.flatMap(({ parentColumns }) => parentColumns))];
  if (wanted.length === 0) return [];
  const asked = unnested(table.key, 1, 'u');
  const joined = table.key.map((column, index) => compareSql(column, `t.${column.quoted}`, '=', asked.value(index)));
  const columns = wanted.flatMap((name) => table.byName.get(name) ?? []);
  const text = `select u.at, ${[PLACE('t'), ...columns.map(({ quoted }) => `t.${quoted}::text`)].join(', ')}
from ${asked.from} join ${table.relation} t on ${joined.join(' and ')}`;
  const args = table.key.map((_, index) => valuesLiteral(keys.map((key) => key[index] ?? null)));
  return (await session.once(text, args)).map(([at, place, ...values]) => {
    const of = Number(at) - 1;
    seen.add(`${of} ${place}`);
    return { of, values: new Map(wanted.map((name, index) => [name, values[index] ?? null])) };
  });
}

interface FoundRow extends DoomedRow {
  readonly place: string;
  readonly key: RecordKey;
}

async function referringRows(
  session: Session,
  reference: CascadingReference,
  parents: readonly DoomedRow[],
  wanted: readonly string[],
): Promise<readonly FoundRow[]> {
  const { child, columns, parentColumns } = reference;
  const own = columns.flatMap((name) => child.columns.get(name) ?? []);
  const asked = unnested(own, 1, 'u');
  const joined = own.map((column, index) => compareSql(column, `c.${column.quoted}`, '=', asked.value(index)));
  const keyTexts = child.key.map((column) => keyExpression(`c.${column.quoted}`, column.type));
  const valueTexts = wanted.map((name) => textOf(child.columns.get(name)));
  const text = `select ${['u.at', PLACE('c'), ...keyTexts, ...valueTexts].join(', ')}
from ${asked.from} join ${child.relation} c on ${joined.join(' and ')}`;
  const found: FoundRow[] = [];
  for (let start = 0; start < parents.length; start += ROWS_PER_STATEMENT) {
    const some = parents.slice(start, start + ROWS_PER_STATEMENT);
    const args = parentColumns.map((name) => valuesLiteral(some.map(({ values }) => values.get(name) ?? null)));
    for (const [at, place, ...rest] of await session.once(text, args)) {
      const key = rest.slice(0, keyTexts.length).map((part) => part ?? '');
      const values = new Map(wanted.map((name, index) => [name, rest[keyTexts.length + index] ?? null]));
      found.push({ of: some[Number(at) - 1]?.of ?? 0, place: place ?? '', key, values });
    }
  }
  return found;
}

const textOf = (column: StoreColumn | undefined): string => (column ? `c.${column.quoted}::text` : 'null::text');
