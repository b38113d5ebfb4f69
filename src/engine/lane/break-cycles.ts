/**
 * Which references of a cycle are created empty and filled afterwards: as few as open all cycles, and only such whose
 * columns may be empty wherever they are written. Only the stores know that, so it is found out per channel.
 */
import { type Mapping, orderByReferences, type ReferenceEdge, travels } from '../../domain/mapping.ts';
import { SIDES } from '../../domain/record.ts';
import type { TableDescription } from '../../ports/store.ts';
import { mappingOf, type Site, storeOf } from './site.ts';

export interface BrokenCycles {
  /** Names of mappings, parents before children once the deferred references are left aside. */
  readonly order: readonly string[];
  /** Names of fields by mapping; those of `unbreakable` are among them, so that preparing the mapping tells of them. */
  readonly deferred: ReadonlyMap<string, ReadonlySet<string>>;
  /** References that still go round in circles: none of them may be empty. */
  readonly unbreakable: readonly ReferenceEdge[];
}

export async function breakCycles(site: Site, channel: string): Promise<BrokenCycles> {
  const mappings = site.mappings
    .filter((mapping) => mapping.channels.includes(channel))
    .map((mapping) => mappingOf(site, { mapping: mapping.name, channel }));
  const { circular } = orderByReferences(mappings);
  const onCycle = new Set(circular.map(({ mapping }) => mapping));
  const described = new Map<string, readonly (TableDescription | null)[]>();
  for (const mapping of mappings.filter(({ name }) => onCycle.has(name))) {
    const tables = await Promise.all(SIDES.map((side) => storeOf(site, side, channel).describe([mapping[side].table])));
    described.set(
      mapping.name,
      tables.map(([table]) => table ?? null),
    );
  }
  return chooseDeferred(mappings, (edge) => mayBeEmpty(mappings, described, edge));
}

export function chooseDeferred(
  mappings: readonly Mapping[],
  isNullable: (edge: ReferenceEdge) => boolean,
): BrokenCycles {
  const chosen: ReferenceEdge[] = [];
  for (;;) {
    const { order, circular } = orderByReferences(mappings, chosen);
    // A record that refers to its own table needs that very reference empty; another one of a cycle does not help it.
    const next = circular.find((edge) => edge.mapping === edge.parent && isNullable(edge)) ?? circular.find(isNullable);
    if (next === undefined) return { order, deferred: byMapping([...chosen, ...circular]), unbreakable: circular };
    chosen.push(next);
  }
}

function byMapping(edges: readonly ReferenceEdge[]): ReadonlyMap<string, ReadonlySet<string>> {
  const fields = new Map<string, Set<string>>();
  for (const { mapping, field } of edges) fields.set(mapping, (fields.get(mapping) ?? new Set()).add(field));
  return fields;
}

function mayBeEmpty(
  mappings: readonly Mapping[],
  described: ReadonlyMap<string, readonly (TableDescription | null)[]>,
  edge: ReferenceEdge,
): boolean {
  const field = mappings.find(({ name }) => name === edge.mapping)?.fields.find(({ name }) => name === edge.field);
  return SIDES.every((side, at) => {
    if (field === undefined || !travels(field.direction, side)) return true;
    const columns = described.get(edge.mapping)?.[at]?.columns ?? [];
    return columns.every((column) => column.nullable || !field[side]?.includes(column.name));
  });
}
