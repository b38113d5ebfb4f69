/** Where a field is no longer what it was when the pair last agreed. */
import { equalValues } from './equal-values.ts';
import type { PreparedField } from './prepared-mapping.ts';
import { type Side, SIDES, type Value } from './record.ts';

/** `now` is undefined for a record that is not there: it was deleted, not changed. */
export const changedSides = (
  { columns, type }: PreparedField,
  base: Readonly<Record<Side, Value>> | null,
  now: Readonly<Record<Side, Value | undefined>>,
): readonly Side[] =>
  base === null
    ? []
    : SIDES.filter((side) => {
        const value = now[side];
        return value !== undefined && columns[side].length > 0 && !equalValues(type[side], value, base[side]);
      });
