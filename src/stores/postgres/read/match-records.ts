/** Seeking records by their values: for partners of new records, and once more within the statement that creates one. */
import type { Value } from '../../../domain/record.ts';
import { StoreRefused } from '../../../errors/store-faults.ts';
import type { MatchCandidate, MatchRequest } from '../../../ports/store.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { compareSql } from '../table/column-types.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { recordSelect, unnested } from '../table/record-select.ts';
import type { RecordSelect } from '../table/record-select.ts';
import { withoutUnreadable } from './unreadable.ts';

export type MatchRecords = (request: MatchRequest) => Promise<readonly MatchCandidate[]>;

const TEXT_KINDS: ReadonlySet<string> = new Set(['text', 'paddedText', 'caseInsensitiveText']);

export function matchColumns(table: BoundTable, names: readonly string[]): readonly StoreColumn[] {
  return names.map((name) => {
    const column = table.byName.get(name);
    if (column) return column;
    throw new StoreRefused('schema-changed', `${table.relation} has no column ${name}`, { column: name });
  });
}

/**
 * `reference`, SQL of the column, equals `value`, SQL of the column's type. By the type's own equality, so that its
 * indexes serve; by `lower` of the text where case does not count, as an app's index on `lower(email)` has it.
 */
export function equalsValue(reference: string, column: StoreColumn, value: string, caseSensitive: boolean): string {
  if (!caseSensitive && TEXT_KINDS.has(column.type.kind)) {
    return `pg_catalog.lower(${reference}::text) = pg_catalog.lower(${value}::text)`;
  }
  return column.comparable ? compareSql(column, reference, '=', value) : `${reference}::text = ${value}::text`;
}

/** A join and not a lookup per probe: where no index serves, one hash of the table answers a thousand probes. */
export function prepareMatch(table: BoundTable): MatchRecords {
  const select = recordSelect(table);
  const texts = new Map<string, string>();
  const statement = (columns: readonly StoreColumn[], caseSensitive: boolean): string => {
    const name = JSON.stringify([caseSensitive, columns.map((column) => column.name)]);
    const text = texts.get(name) ?? matchStatement(table, select, columns, caseSensitive);
    texts.set(name, text);
    return text;
  };
  return async ({ columns: names, caseSensitive, probes, limitPerProbe }) => {
    const columns = matchColumns(table, names);
    const text = statement(columns, caseSensitive);
    const rows = await withoutUnreadable(table, columns, probes, async (some, offset) => {
      const found = await table.connection.query(text, [String(limitPerProbe), ...probeArrays(columns, some)]);
      return found.map((row) => [...row.slice(0, -1), String(Number(row.at(-1)) + offset)]);
    });
    return rows.flatMap((row) => {
      const record = select.recordOf(row);
      // Ordinality counts from 1.
      return record ? [{ probe: Number(row.at(-1)) - 1, record }] : [];
    });
  };
}

function matchStatement(
  table: BoundTable,
  select: RecordSelect,
  columns: readonly StoreColumn[],
  caseSensitive: boolean,
): string {
  const probe = unnested(columns, 2, 'probe');
  const sought = columns.map((column, index) => equalsValue(`r.m${index}`, column, probe.value(index), caseSensitive));
  const filter = table.shape.filter === null ? null : `(${table.shape.filter}\n)`;
  const source = select.source(
    filter,
    columns.map((column, index) => `${column.quoted} as m${index}`),
  );
  const order = table.key.map((_, index) => `r.k${index}`).join(', ');
  return `select ${Array.from({ length: select.width }, (_, index) => `f.c${index}`).join(', ')}, f.at
from (select ${select.list('r')}, probe.at, row_number() over (partition by probe.at order by ${order}) as place
  from ${probe.from} join ${source} r on ${sought.join(' and ')}) f
where f.place <= $1::text::bigint`;
}

const probeArrays = (columns: readonly StoreColumn[], probes: readonly (readonly Value[])[]): string[] =>
  columns.map((_, index) => arrayLiteral(probes, (probe) => probe[index] ?? null));
