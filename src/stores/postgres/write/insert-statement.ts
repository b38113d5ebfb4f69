/** The statement that creates records, with the match repeated in it. */
import type { Value } from '../../../domain/record.ts';
import { equalsValue, matchColumns } from '../read/match-records.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { valueExpression } from '../table/column-types.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { keyExpression } from '../table/key-expression.ts';
import { unnested } from '../table/record-select.ts';
import { returnedVersion } from './plain-table.ts';
import type { InsertEntry } from './write-work.ts';

export interface Unless {
  readonly columns: readonly string[];
  readonly caseSensitive: boolean;
  readonly values: readonly Value[];
}

export const unlessOf = (entry: InsertEntry): readonly Unless[] =>
  entry.write.operation === 'insert' ? entry.write.unless : [];

/** Entries with equal names can share a statement. */
export const unlessName = (entry: InsertEntry): string => {
  const unless = unlessOf(entry);
  return unless.length === 0
    ? ''
    : JSON.stringify(unless.map(({ columns, caseSensitive }) => [columns, caseSensitive]));
};

const GIVEN = 'couplet_given';

/**
 * Parameters: an array for each column, then one for each column of each match. Rows: version, key and values of each
 * record made, after a null; and the place of each that was not made, because a record matches. Keys are given, identity columns
 * included.
 */
export function insertStatement(table: BoundTable, columns: readonly StoreColumn[], unless: readonly Unless[]): string {
  const probed = unless.flatMap((match) => matchColumns(table, match.columns));
  // The match asks within the table itself, which may bear any short name.
  const u = unnested([...columns, ...probed], 1, GIVEN);
  const names = columns.map((column) => column.quoted).join(', ');
  const into = `insert into ${table.relation} (${names}) overriding system value`;
  const valueOf = (column: StoreColumn): string => valueExpression(`${table.relation}.${column.quoted}`, column.type);
  const keys = table.key.map((column) => keyExpression(`${table.relation}.${column.quoted}`, column.type)).join(', ');
  const told = [returnedVersion(table, `${table.relation}.`), keys, ...table.values.map(valueOf)].join(', ');
  const returning = table.rules.has('insert') ? '' : ` returning null::bigint, ${told}`;
  const values = columns.map((_, index) => u.value(index)).join(', ');
  if (unless.length === 0) return `${into} select ${values} from ${u.from} order by ${GIVEN}.at${returning}`;

  const exists: string[] = [];
  let place = columns.length;
  for (const match of unless) {
    const sought = matchColumns(table, match.columns).map((column) => {
      const reference = `${table.relation}.${column.quoted}`;
      return equalsValue(reference, column, u.value(place++), match.caseSensitive);
    });
    const filter = table.shape.filter === null ? [] : [`(${table.shape.filter}\n)`];
    exists.push(`exists (select from ${table.relation} where ${[...sought, ...filter].join(' and ')})`);
  }
  const given = columns.map((_, index) => `${u.value(index)} as v${index}`);
  const asked = `select ${[`${GIVEN}.at`, ...given, `(${exists.join(' or ')}) as taken`].join(', ')} from ${u.from}`;
  const free = columns.map((_, index) => `a.v${index}`).join(', ');
  // A rule may rewrite the insert only where it is no part of a WITH.
  if (table.rules.has('insert')) return `${into} select ${free} from (${asked}) a where not a.taken order by a.at`;
  const nothing = Array.from({ length: 1 + table.key.length + table.values.length }, () => 'null').join(', ');
  return `with a as materialized (${asked}),
made as (${into} select ${free} from a where not a.taken order by a.at${returning})
select * from made union all select a.at, ${nothing} from a where a.taken`;
}
