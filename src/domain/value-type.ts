/** The type of a column, as far as equality, conversion and presentation depend on it. */
export type ValueKind =
  | 'text'
  | 'paddedText'
  | 'caseInsensitiveText'
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'numeric'
  | 'float'
  | 'money'
  | 'date'
  | 'time'
  | 'timetz'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'uuid'
  | 'json'
  | 'bytea'
  | 'enum'
  | 'array'
  | 'tuple'
  | 'other';

export interface ValueType {
  readonly kind: ValueKind;
  /** The store's own name of the type, with modifiers: `numeric(12,2)`, `character varying(40)`. */
  readonly name: string;
  /** Longest text in characters, where the type bounds it. */
  readonly maxLength: number | null;
  /** Digits after the point that the type keeps, where it says so. */
  readonly scale: number | null;
  /** Labels of an enum, in order. */
  readonly labels: readonly string[] | null;
  /** Element type of an array; of a tuple (a composite reference) its parts are in `parts`. */
  readonly element: ValueType | null;
  readonly parts: readonly ValueType[] | null;
}

export const plainType = (kind: ValueKind, name: string = kind): ValueType => ({
  kind,
  name,
  maxLength: null,
  scale: null,
  labels: null,
  element: null,
  parts: null,
});

export const TEXT: ValueType = plainType('text');
