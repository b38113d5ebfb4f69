/** Operations that came through before an earlier one: what they have left in a field, the earlier one does not undo. */
import type { Value } from '../domain/record.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';

export function isOvertaken(seen: AsyncRecord['seen'], field: string, counter: string): boolean {
  const later = seen[field];
  return later !== undefined && BigInt(later.counter) > BigInt(counter);
}

/** What the operation with this counter still sets. */
export const valuesLeft = (
  values: Readonly<Record<string, Value>>,
  seen: AsyncRecord['seen'] | undefined,
  counter: string,
): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(values).filter(([name]) => seen === undefined || !isOvertaken(seen, name, counter)),
  );
