/**
 * Which entries refer to a parent that is not there, asked of the store for a whole batch at once. A parent counts as
 * there when another of the entries brings it: records of one table may refer to each other.
 */
import type { Value } from '../../../domain/record.ts';
import { valuesLiteral } from '../session/array-literal.ts';
import { quoteIdentifier } from '../session/quote.ts';
import type { Reference } from '../table/bound-table.ts';
import { compareSql } from '../table/column-types.ts';
import { unnested } from '../table/record-select.ts';
import { askWithin } from './write-work.ts';
import type { Entry, WriteWork } from './write-work.ts';

export async function findOrphans<E extends Entry>(
  work: WriteWork,
  entries: readonly E[],
): Promise<ReadonlyMap<E, Reference>> {
  const orphans = new Map<E, Reference>();
  const lacking: Lacking<E>[] = [];
  for (const reference of work.table.references) {
    const brought = reference.isToItself ? bringers(work, reference, entries) : new Map<string, E[]>();
    for (const { entry, values } of await withoutParent(work, reference, entries)) {
      lacking.push({ entry, reference, bringers: brought.get(JSON.stringify(values)) ?? [] });
    }
  }
  // An entry whose parent is itself an orphan is one too.
  for (let before = -1; before !== orphans.size; ) {
    before = orphans.size;
    for (const { entry, reference, bringers: others } of lacking) {
      if (!orphans.has(entry) && others.every((other) => orphans.has(other))) orphans.set(entry, reference);
    }
  }
  return orphans;
}

interface Lacking<E> {
  readonly entry: E;
  readonly reference: Reference;
  /** Entries that would bring the parent. */
  readonly bringers: readonly E[];
}

function bringers<E extends Entry>(work: WriteWork, reference: Reference, entries: readonly E[]): Map<string, E[]> {
  const found = new Map<string, E[]>();
  for (const entry of entries) {
    const name = JSON.stringify(written(work, entry, reference.parentColumns));
    found.set(name, [...(found.get(name) ?? []), entry]);
  }
  return found;
}

async function withoutParent<E extends Entry>(
  work: WriteWork,
  reference: Reference,
  entries: readonly E[],
): Promise<{ readonly entry: E; readonly values: readonly Value[] }[]> {
  const { columns, parent, parentColumns } = reference;
  const own = columns.flatMap((name) => work.table.byName.get(name) ?? []);
  const asked = entries.flatMap((entry) => {
    const values = written(work, entry, columns);
    // A reference of several columns is none while one of them is null.
    return values && values.every((value) => value !== null) ? [{ entry, values }] : [];
  });
  if (asked.length === 0) return [];
  const u = unnested(own, 1, 'u');
  const sought = own.map((column, index) =>
    compareSql(column, `p.${quoteIdentifier(parentColumns[index] ?? '')}`, '=', u.value(index)),
  );
  const text = `select u.at from ${u.from} where not exists (select from ${parent} p where ${sought.join(' and ')})`;
  const args = columns.map((_, index) => valuesLiteral(asked.map(({ values }) => values[index] ?? null)));
  return (await askWithin(work, text, args)).flatMap(([at]) => asked[Number(at) - 1] ?? []);
}

/** What the entry's row will hold in these columns; null when it does not write them and they are not known. */
function written({ table }: WriteWork, entry: Entry, names: readonly string[]): readonly Value[] | null {
  const values: Value[] = [];
  for (const name of names) {
    const at = entry.columns.findIndex((column) => column.name === name);
    const shown = table.shape.columns.indexOf(name);
    if (at >= 0) values.push(entry.values[at] ?? null);
    else if (entry.old && shown >= 0) values.push(entry.old[shown] ?? null);
    else return null;
  }
  return values;
}
