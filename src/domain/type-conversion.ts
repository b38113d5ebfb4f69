/** Which type can be carried to which, as a total table: for `couplet check`, and before a value is carried. */
import { lengthOf } from './shorten-text.ts';
import type { ValueKind, ValueType } from './value-type.ts';

/** `lossy`: some values are refused, rounded or cut on the way; `no`: none arrives. */
export type Convertible = 'yes' | 'lossy' | 'no';

type Sources = Readonly<Partial<Record<ValueKind, 'yes' | 'lossy'>>>;

const TEXTS: Sources = { text: 'yes', paddedText: 'yes', caseInsensitiveText: 'yes' };
const LOSSY_TEXTS: Sources = { text: 'lossy', paddedText: 'lossy', caseInsensitiveText: 'lossy' };
const WHOLE: Sources = { integer: 'yes', bigint: 'yes' };

/** Every type prints itself as text; a composite reference alone has no text of its own. */
const ANYTHING: Sources = {
  ...TEXTS,
  ...WHOLE,
  boolean: 'yes',
  numeric: 'yes',
  float: 'yes',
  money: 'yes',
  date: 'yes',
  time: 'yes',
  timetz: 'yes',
  timestamp: 'yes',
  timestamptz: 'yes',
  interval: 'yes',
  uuid: 'yes',
  json: 'yes',
  bytea: 'yes',
  enum: 'yes',
  array: 'yes',
  other: 'yes',
};

/** By target. The same kind is always among the sources; what is bounded within a kind is looked at besides. */
const SOURCES: Readonly<Record<ValueKind, Sources>> = {
  text: ANYTHING,
  // Blanks at the end are lost in the padding.
  paddedText: { ...ANYTHING, text: 'lossy', caseInsensitiveText: 'lossy' },
  caseInsensitiveText: ANYTHING,
  boolean: { ...LOSSY_TEXTS, boolean: 'yes', integer: 'lossy', bigint: 'lossy', numeric: 'lossy', enum: 'lossy' },
  integer: {
    ...LOSSY_TEXTS,
    integer: 'yes',
    boolean: 'yes',
    bigint: 'lossy',
    numeric: 'lossy',
    float: 'lossy',
    money: 'lossy',
    enum: 'lossy',
  },
  bigint: { ...LOSSY_TEXTS, ...WHOLE, boolean: 'yes', numeric: 'lossy', float: 'lossy', money: 'lossy', enum: 'lossy' },
  numeric: { ...LOSSY_TEXTS, ...WHOLE, boolean: 'yes', numeric: 'yes', float: 'yes', money: 'yes', enum: 'lossy' },
  float: { ...LOSSY_TEXTS, integer: 'yes', bigint: 'lossy', numeric: 'lossy', float: 'yes', money: 'lossy' },
  money: { ...LOSSY_TEXTS, integer: 'yes', bigint: 'lossy', numeric: 'lossy', float: 'lossy', money: 'yes' },
  date: { ...LOSSY_TEXTS, date: 'yes', timestamp: 'lossy', timestamptz: 'lossy' },
  time: { ...LOSSY_TEXTS, time: 'yes', timetz: 'lossy' },
  timetz: { ...LOSSY_TEXTS, time: 'yes', timetz: 'yes' },
  timestamp: { ...LOSSY_TEXTS, date: 'yes', timestamp: 'yes', timestamptz: 'yes' },
  timestamptz: { ...LOSSY_TEXTS, date: 'yes', timestamp: 'yes', timestamptz: 'yes' },
  interval: { ...LOSSY_TEXTS, interval: 'yes' },
  uuid: { ...LOSSY_TEXTS, uuid: 'yes' },
  json: { ...LOSSY_TEXTS, json: 'yes' },
  bytea: { ...LOSSY_TEXTS, bytea: 'yes' },
  enum: { ...LOSSY_TEXTS, enum: 'yes', boolean: 'lossy', integer: 'lossy', bigint: 'lossy', numeric: 'lossy' },
  array: { ...LOSSY_TEXTS, array: 'yes' },
  tuple: { tuple: 'yes' },
  other: { ...LOSSY_TEXTS, other: 'yes' },
};

export function typesConvertible(from: ValueType, to: ValueType): Convertible {
  const found = SOURCES[to.kind][from.kind] ?? 'no';
  if (found === 'no') return 'no';
  if (to.kind === 'array' && from.kind === 'array') return elementsConvertible(from, to);
  if (to.kind === 'tuple') return partsConvertible(from, to);
  return isNarrower(from, to) ? 'lossy' : found;
}

function elementsConvertible(from: ValueType, to: ValueType): Convertible {
  if (from.element === null || to.element === null) return from.name === to.name ? 'yes' : 'lossy';
  return typesConvertible(from.element, to.element);
}

function partsConvertible(from: ValueType, to: ValueType): Convertible {
  const [source, target] = [from.parts ?? [], to.parts ?? []];
  if (source.length !== target.length) return 'no';
  const each = source.map((part, at) => typesConvertible(part, target[at] ?? part));
  return each.includes('no') ? 'no' : each.includes('lossy') ? 'lossy' : 'yes';
}

const SMALL: ReadonlySet<string> = new Set(['smallint', 'int2', 'smallserial']);

/** Null: no integer type. A domain has a name of its own, so the kind speaks where the name says nothing. */
function bytesOf(type: ValueType): 2 | 4 | 8 | null {
  if (type.kind === 'bigint') return 8;
  return type.kind === 'integer' ? (SMALL.has(type.name) ? 2 : 4) : null;
}

function isNarrower(from: ValueType, to: ValueType): boolean {
  if (to.maxLength !== null && longestText(from) > to.maxLength) return true;
  if (to.scale !== null && hasFraction(from) && (from.scale === null || from.scale > to.scale)) return true;
  if (to.kind === 'enum')
    return to.labels === null || !(from.labels?.every((label) => to.labels?.includes(label)) ?? false);
  if (to.kind === 'other' && from.kind === 'other') return from.name !== to.name;
  if (to.kind === 'numeric' && wholeDigitsOf(from) > wholeDigitsOf(to)) return true;
  if (to.kind === 'float' && to.name === 'real' && from.name !== 'real') return true;
  return (bytesOf(from) ?? 0) > (bytesOf(to) ?? 8);
}

function longestText(type: ValueType): number {
  if (type.maxLength !== null) return type.maxLength;
  if (type.kind === 'boolean') return 5;
  if (type.kind === 'uuid') return 36;
  if (type.kind === 'integer' || type.kind === 'bigint') return wholeDigitsOf(type) + 1;
  if (type.kind === 'enum' && type.labels !== null) return Math.max(0, ...type.labels.map(lengthOf));
  return Number.POSITIVE_INFINITY;
}

const hasFraction = (type: ValueType): boolean =>
  ['numeric', 'float', 'money', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'].includes(type.kind);

/** Digits before the point that the type can hold. */
export function wholeDigitsOf(type: ValueType): number {
  const bytes = bytesOf(type);
  if (bytes !== null) return bytes === 2 ? 5 : bytes === 4 ? 10 : 19;
  if (type.kind === 'boolean') return 1;
  if (type.kind === 'money') return 17;
  if (type.kind !== 'numeric') return Number.POSITIVE_INFINITY;
  const precision = /\((\d+)/.exec(type.name)?.[1];
  return precision === undefined ? Number.POSITIVE_INFINITY : Number(precision) - (type.scale ?? 0);
}

/** The least and greatest number of an integer type. */
export function integerRange(type: ValueType): readonly [bigint, bigint] {
  const bits = BigInt((bytesOf(type) ?? 8) * 8 - 1);
  return [-(2n ** bits), 2n ** bits - 1n];
}
