/** Which records hold the unique values that entries want, asked of the store for a whole batch at once. */
import type { RecordKey, Value } from '../../../domain/record.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import type { ServerError } from '../session/driver-faults.ts';
import { quoteIdentifier } from '../session/quote.ts';
import type { BoundTable, UniqueIndex } from '../table/bound-table.ts';
import { compareSql } from '../table/column-types.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { keyExpression } from '../table/key-expression.ts';
import { TEXT_PARAMETER, unnested } from '../table/record-select.ts';
import type { ParameterColumn } from '../table/record-select.ts';
import { keyEquals } from './lock-rows.ts';
import { askWithin } from './write-work.ts';
import type { Entry, WriteWork } from './write-work.ts';

/** Null: the violated constraint is of another table, written by a trigger. */
export function indexNamed(table: BoundTable, error: ServerError): UniqueIndex | null {
  if (!table.hasChildren && (error.table !== table.name || error.schema !== table.schema)) return null;
  return table.uniqueIndexes.find((index) => index.name === error.constraint) ?? null;
}

/**
 * By place in the batch, the key of the record that holds the value. The row that an entry would leave is put together
 * in SQL, so that expressions and predicates of the index are evaluated by the store itself.
 */
export async function findBlockers(
  work: WriteWork,
  index: UniqueIndex,
  entries: readonly Entry[],
): Promise<ReadonlyMap<number, RecordKey>> {
  const found = new Map<number, RecordKey>();
  const keyed = entries.filter((entry) => keyOf(entry) !== null);
  const fresh = entries.filter((entry) => keyOf(entry) === null);
  for (const some of [keyed, fresh]) {
    if (some.length === 0) continue;
    const { text, args } = blockerQuery(work.table, index, some, some === keyed);
    for (const [at, ...key] of await askWithin(work, text, args)) {
      const entry = some[Number(at) - 1];
      if (entry)
        found.set(
          entry.index,
          key.map((part) => part ?? ''),
        );
    }
  }
  return found;
}

const keyOf = (entry: Entry): RecordKey | null => (entry.write.operation === 'update' ? entry.write.key : null);

interface BlockerQuery {
  readonly text: string;
  readonly args: readonly Value[];
}

/**
 * `wanted` is the rows as the entries would leave them, under the table's own name, so that parts and predicate of the
 * index read as they stand; `held` is the rows that are there.
 */
function blockerQuery(
  table: BoundTable,
  index: UniqueIndex,
  entries: readonly Entry[],
  existing: boolean,
): BlockerQuery {
  const row = wantedRow(table, index, entries, existing);
  const keyNames = table.key.map((_, at) => `couplet_key${at}`);
  const keyTexts = (reference: (column: StoreColumn) => string): string[] =>
    table.key.map((column, at) => `${keyExpression(reference(column), column.type)} as ${keyNames[at]}`);
  const ownKeys = keyTexts((column) => (existing ? `t.${column.quoted}` : `null::${column.cast}`));
  const parts = index.parts.map((part, at) => `${part} as couplet_part${at}`);
  const where = index.predicate === null ? '' : ` where ${index.predicate}`;
  const same = index.parts.map((_, at) => {
    const [held, wanted] = [`held.couplet_part${at}`, `wanted.couplet_part${at}`];
    const equal = compareSql(table.byName.get(index.columns?.[at] ?? '') ?? PLAIN, held, '=', wanted);
    return index.nullsDistinct ? equal : `(${equal} or ${held} is null and ${wanted} is null)`;
  });
  const other = keyNames.map((name) => `held.${name} is distinct from wanted.${name}`);
  const text = `select distinct on (wanted.couplet_at) wanted.couplet_at, ${keyNames.map((name) => `held.${name}`).join(', ')}
from (select couplet_at, ${[...keyNames, ...parts].join(', ')}
  from (select ${['u.at as couplet_at', ...ownKeys, ...row.columns].join(', ')} from ${row.from}) ${quoteIdentifier(table.name)}${where}) wanted
join (select ${[...keyTexts((column) => column.quoted), ...parts].join(', ')} from ${table.relation}${where}) held
  on ${same.join(' and ')} and (${other.join(' or ')})
order by wanted.couplet_at`;
  return { text, args: row.args };
}

interface WantedRow {
  readonly columns: readonly string[];
  readonly from: string;
  readonly args: readonly Value[];
}

/** Of an expression. */
const PLAIN = { operatorSchema: null };

/** The columns that the index looks at: what an entry writes, else what the row holds or what a new one gets. */
function wantedRow(table: BoundTable, index: UniqueIndex, entries: readonly Entry[], existing: boolean): WantedRow {
  const names = index.columns && index.predicate === null ? index.columns : table.columns.map((column) => column.name);
  const written = new Set(entries.flatMap((entry) => entry.columns.map((column) => column.name)));
  const keys = existing ? table.key : [];
  const given: ParameterColumn[] = [...keys];
  const args: Value[] = keys.map((_, at) => arrayLiteral(entries, (entry) => keyOf(entry)?.[at] ?? null));
  const places = new Map<string, number>();
  // One array of values and one of flags for each column that some entry writes; the others are as they are.
  for (const column of table.columns) {
    if (!written.has(column.name) || !names.includes(column.name)) continue;
    places.set(column.name, given.length);
    given.push(column, TEXT_PARAMETER);
    const at = (entry: Entry): number => entry.columns.indexOf(column);
    args.push(arrayLiteral(entries, (entry) => entry.values[at(entry)] ?? null));
    args.push(arrayLiteral(entries, (entry) => (at(entry) < 0 ? 'f' : 't')));
  }
  const u = unnested(given.length > 0 ? given : [TEXT_PARAMETER], 1, 'u');
  const columns = names.map((name) => {
    const column = table.byName.get(name);
    const place = places.get(name);
    const own = existing || !column ? `t.${quoteIdentifier(name)}` : `(${newValue(column)})::${column.cast}`;
    const value = place === undefined ? own : `case when u.p${place + 1} = 't' then ${u.value(place)} else ${own} end`;
    return `${value} as ${quoteIdentifier(name)}`;
  });
  return {
    columns,
    from: existing ? `${u.from} join ${table.relation} t on ${keyEquals(table, u.value)}` : u.from,
    args: args.length > 0 ? args : [arrayLiteral(entries, () => null)],
  };
}

/** What a new row gets where nothing is written; a sequence is not moved on for a question. */
const newValue = ({ defaultSql }: StoreColumn): string =>
  defaultSql === null || defaultSql.includes('nextval(') ? 'null' : defaultSql;
