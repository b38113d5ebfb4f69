/** A mapping made ready for one channel: columns resolved to positions and types, built once per run, not per record. */
import type { Field, Mapping } from './mapping.ts';
import type { Side } from './record.ts';
import type { ValueType } from './value-type.ts';

export interface PreparedField {
  readonly index: number;
  readonly name: string;
  readonly field: Field;
  /** Positions of the field's columns among the columns read; empty when the side has no column (a constant). */
  readonly columns: Readonly<Record<Side, readonly number[]>>;
  /** `tuple` for a composite reference. */
  readonly type: Readonly<Record<Side, ValueType>>;
  readonly toHq: boolean;
  readonly toChannel: boolean;
}

export interface PreparedSide {
  /** Every column read, distinct: key, fields, description, modification. */
  readonly columns: readonly string[];
  readonly types: readonly ValueType[];
  readonly key: readonly number[];
  readonly describe: readonly number[];
  readonly modifiedAt: number | null;
  readonly modifiedBy: number | null;
}

export interface PreparedMapping {
  readonly mapping: Mapping;
  readonly channel: string;
  readonly fields: readonly PreparedField[];
  /** Positions of the fields by name. */
  readonly indexOf: ReadonlyMap<string, number>;
  readonly sides: Readonly<Record<Side, PreparedSide>>;
  /** Indices of the fields that refer to a parent. */
  readonly references: readonly number[];
  /** Indices of references within a cycle: created empty, filled in the same run. */
  readonly circular: ReadonlySet<number>;
}
