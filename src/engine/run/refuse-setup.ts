/**
 * What makes it unsafe to work a mapping at all, looked at before its first record is read: a key under which two
 * records could hide, a filter that cannot be read or that changes its answer without a mark, changes that nobody
 * captures. `couplet check` tells the same of all mappings at once.
 */
import { describeCode } from '../../domain/describe-change.ts';
import { type Mapping, tableText } from '../../domain/mapping.ts';
import type { Params, Side } from '../../domain/record.ts';
import { StoreRefused } from '../../errors/store-faults.ts';
import type { Lane, Store, TableDescription } from '../../ports/store.ts';
import { mappingOf, type Site, watchedTables } from '../lane/site.ts';

export async function refuseSetup(
  mapping: Mapping,
  side: Side,
  description: TableDescription,
  store: Store,
): Promise<void> {
  const { key, filter, table } = mapping[side];
  if (!isKey(description, key)) throw refused('key-not-unique', { table: tableText(table), key: [...key], side });
  if (filter === null) return;
  const problem = await store.checkFilter(table, filter);
  if (problem === null || problem.code === 'right-missing') return;
  if (problem.params['readable'] === true && mapping.scope === 'full') return;
  throw refused(problem.code, { ...problem.params, side });
}

/** A key column that is not there is told by preparing the mapping. */
function isKey(description: TableDescription, key: readonly string[]): boolean {
  const columns = new Map(description.columns.map((column) => [column.name, column]));
  if (key.some((column) => !columns.has(column))) return true;
  const filled = key.every((column) => columns.get(column)?.nullable === false);
  return filled && description.uniqueKeys.some((unique) => unique.every((column) => key.includes(column)));
}

/** Once per process: what happens to the capture later, every window tells. */
export async function refuseUncaptured(site: Site, lane: Lane, side: Side, store: Store): Promise<void> {
  const table = tableText(mappingOf(site, lane)[side].table);
  const watched = watchedTables(site, side, side === 'hq' ? null : lane.channel).filter(
    (entry) => tableText(entry.table) === table,
  );
  if (!(await store.isInstalled(watched))) throw refused('capture-missing', { table, side });
}

const refused = (code: string, params: Params): StoreRefused =>
  new StoreRefused(code, describeCode(code, params), params);
