/**
 * What is left of a mapping when everything that cannot work is taken out of it. Nothing is ever written by it: it lets
 * a check read the records, so that one wrong name does not hide what they have to tell of the other fields.
 */
import type { Mapping, TableSide } from '../../domain/mapping.ts';
import { type MappedColumn, type PreparationProblem, prepareMapping } from '../../domain/prepare-mapping.ts';
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import type { Side } from '../../domain/record.ts';

/** Null: not even the keys can be read. */
export function soundPart(
  mapping: Mapping,
  channel: string,
  columns: Readonly<Record<Side, readonly MappedColumn[]>>,
  problems: readonly PreparationProblem[],
): PreparedMapping | null {
  const broken = new Set(problems.filter(({ severity }) => severity === 'error').map(({ field }) => field));
  const sides = { hq: soundSide(mapping.hq, columns.hq), channel: soundSide(mapping.channel, columns.channel) };
  const rest = { ...mapping, ...sides, fields: mapping.fields.filter(({ name }) => !broken.has(name)) };
  return prepareMapping(rest, channel, columns.hq, columns.channel, new Set()).prepared;
}

function soundSide(table: TableSide, columns: readonly MappedColumn[]): TableSide {
  const known = new Set(columns.map(({ name }) => name));
  const ifKnown = (column: string | null): string | null => (column !== null && known.has(column) ? column : null);
  return {
    ...table,
    describe: table.describe.filter((column) => known.has(column)),
    modifiedAt: ifKnown(table.modifiedAt),
    modifiedBy: ifKnown(table.modifiedBy),
    link: null,
    onCreate: {},
  };
}
