/** Which records hold the unique values that entries want, asked of the store for a whole batch at once. */
import type { RecordKey, Value } from '../../domain/record.ts';
import { arrayLiteral } from './array-literal.ts';
import type { BoundTable, UniqueIndex } from './bound-table.ts';
import type { StoreColumn } from './column-types.ts';
import type { ServerError } from './driver-faults.ts';
import { keyExpression } from './key-expression.ts';
import { keyEquals } from './lock-rows.ts';
import { quoteIdentifier } from './quote.ts';
import { TEXT_PARAMETER, unnested } from './record-select.ts';
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

function blockerQuery(
  table: BoundTable,
  index: UniqueIndex,
  entries: readonly Entry[],
  existing: boolean,
): { readonly text: string; readonly args: readonly Value[] } {
  const columns =
    index.columns && index.predicate === null ? index.columns : table.columns.map((column) => column.name);
  const written = new Set(entries.flatMap((entry) => entry.columns.map((column) => column.name)));
  const args: Value[] = existing
    ? table.key.map((_, at) => arrayLiteral(entries, (entry) => keyOf(entry)?.[at] ?? null))
    : [];
  const given: Pick<StoreColumn, 'cast' | 'travelsAsText'>[] = existing ? [...table.key] : [];
  // One array of values and one of flags for each column that some entry writes; the others are as they are.
  const places = new Map<string, number>();
  for (const column of table.columns) {
    if (!written.has(column.name) || !columns.includes(column.name)) continue;
    places.set(column.name, given.length);
    given.push(column, TEXT_PARAMETER);
    const at = (entry: Entry): number => entry.columns.indexOf(column);
    args.push(arrayLiteral(entries, (entry) => entry.values[at(entry)] ?? null));
    args.push(arrayLiteral(entries, (entry) => (at(entry) < 0 ? 'f' : 't')));
  }
  if (given.length === 0) {
    given.push(TEXT_PARAMETER);
    args.push(arrayLiteral(entries, () => null));
  }
  const u = unnested(given, 1, 'u');
  const source = (name: string): string => {
    const column = table.byName.get(name);
    const place = places.get(name);
    const own = existing ? `t.${quoteIdentifier(name)}` : `null::${column?.cast ?? 'text'}`;
    return place === undefined ? own : `case when u.p${place + 1} = 't' then ${u.value(place)} else ${own} end`;
  };
  const row = columns.map((name) => `${source(name)} as ${quoteIdentifier(name)}`);
  const keys = table.key.map((column, at) => `${keyExpression(column.quoted, column.type)} as couplet_key${at}`);
  const ownKeys = table.key.map(
    (column, at) =>
      `${keyExpression(existing ? `t.${column.quoted}` : `null::${column.cast}`, column.type)} as couplet_key${at}`,
  );
  const parts = index.parts.map((part, at) => `${part} as couplet_part${at}`);
  const where = index.predicate === null ? '' : ` where ${index.predicate}`;
  const equals = index.nullsDistinct ? '=' : 'is not distinct from';
  const same = index.parts.map((_, at) => `b.couplet_part${at} ${equals} n.couplet_part${at}`);
  const other = table.key.map((_, at) => `b.couplet_key${at} is distinct from n.couplet_key${at}`);
  const keyList = table.key.map((_, at) => `couplet_key${at}`);
  const text = `select distinct on (n.couplet_at) n.couplet_at, ${keyList.map((key) => `b.${key}`).join(', ')}
from (select couplet_at, ${[...keyList, ...parts].join(', ')}
  from (select ${['u.at as couplet_at', ...ownKeys, ...row].join(', ')}
    from ${u.from}${existing ? ` join ${table.relation} t on ${keyEquals(table, u.value)}` : ''}) ${quoteIdentifier(table.name)}${where}) n
join (select ${[...keys, ...parts].join(', ')} from ${table.relation}${where}) b
  on ${same.join(' and ')} and (${other.join(' or ')})
order by n.couplet_at`;
  return { text, args };
}
