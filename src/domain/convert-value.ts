/**
 * Carries the text of one type to another. What would lose something is refused here (`2.5` to an integer, an
 * afternoon to a date); what a store rounds within one kind (numeric(12,4) to numeric(12,2)) is left to it, because
 * the base keeps what the store holds afterwards.
 *
 * Instants without a zone count as UTC, both ways.
 */
import { type ArrayItem, formatArray, type MappedItem, mapArray, parseArray } from './array-value.ts';
import { canonicalBoolean, canonicalUuid, tupleParts, withoutPadding } from './equal-values.ts';
import { canonicalInterval } from './interval-value.ts';
import { parseExact } from './json-value.ts';
import { canonicalMoney, canonicalNumber, isWhole } from './numeric-value.ts';
import type { Params, Value } from './record.ts';
import { lengthOf, shortenText } from './shorten-text.ts';
import { canonicalDate, canonicalTime, canonicalTimestamptz } from './temporal-value.ts';
import { integerRange, typesConvertible, wholeDigitsOf } from './type-conversion.ts';
import { TEXT, type ValueKind, type ValueType } from './value-type.ts';

export interface ValueProblem {
  readonly code: 'value-invalid' | 'value-too-long';
  readonly params: Params;
}
/** A value is a text or null, so an object is a problem; no wrapper is made per value. */
export type ValueOrProblem = Value | ValueProblem;
export const isProblem = (result: ValueOrProblem): result is ValueProblem =>
  typeof result === 'object' && result !== null;

/** A value in the parameters of an error: enough to recognize it. */
const SHOWN_CHARACTERS = 200;

export function valueInvalid(type: ValueType, value: string, more: Params = {}): ValueProblem {
  return { code: 'value-invalid', params: { value: shortenText(value, SHOWN_CHARACTERS), type: type.name, ...more } };
}

export function convertValue(from: ValueType, to: ValueType, value: Value): ValueOrProblem {
  if (value === null) return null;
  if (from.kind === to.kind && KEPT.has(to.kind)) return value;
  if (typesConvertible(from, to) === 'no') return valueInvalid(to, value, { from: from.name });
  if (from.kind === 'array' && to.kind === 'array') return convertArray(from, to, value);
  if (to.kind === 'tuple') return convertTuple(from, to, value);
  const converted = READERS[to.kind](printed(from, to, value), to);
  return converted ?? valueInvalid(to, value, to.kind === 'enum' && to.labels ? { allowed: [...to.labels] } : {});
}

/** Kinds whose values go from one column to another as they are. */
const KEPT: ReadonlySet<ValueKind> = new Set<ValueKind>([
  'text',
  'caseInsensitiveText',
  'boolean',
  'integer',
  'bigint',
  'numeric',
  'float',
  'money',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'uuid',
  'json',
  'bytea',
  'other',
]);

/** A value as plain text, before it is read as another type. */
function printed(from: ValueType, to: ValueType, value: string): string {
  if (from.kind === 'paddedText') return withoutPadding(value);
  if (from.kind === 'boolean') {
    const truth = canonicalBoolean(value) ?? value;
    return NUMBERS.has(to.kind) ? (truth === 'true' ? '1' : '0') : truth;
  }
  if (from.kind === 'money') return canonicalMoney(value) ?? value;
  return value;
}

const NUMBERS: ReadonlySet<ValueKind> = new Set<ValueKind>(['integer', 'bigint', 'numeric']);

/** Reads a text as a value of the type; null when it is none. */
type Reader = (text: string, type: ValueType) => string | null;

const keep: Reader = (text) => text;
const finite = (canonical: string | null): string | null =>
  canonical === null || /^-?\d/.test(canonical) ? canonical : null;

const readInteger: Reader = (text, type) => {
  const number = canonicalNumber(text);
  if (number === null || !isWhole(number)) return null;
  const [least, greatest] = integerRange(type);
  if (number.length < 5) return number;
  const whole = BigInt(number);
  return whole >= least && whole <= greatest ? number : null;
};

const READERS: Readonly<Record<ValueKind, Reader>> = {
  text: keep,
  paddedText: keep,
  caseInsensitiveText: keep,
  other: keep,
  tuple: keep,
  boolean: (text) => canonicalBoolean(canonicalNumber(text) ?? text),
  integer: readInteger,
  bigint: readInteger,
  // The digits stay as they were written: `10.00` is shown as `10.00`.
  numeric: (text) => (canonicalNumber(text) === null ? null : text.trim()),
  float: canonicalNumber,
  money: (text) => finite(canonicalMoney(text)),
  date: canonicalDate,
  time: (text) => (canonicalTime(text, true)?.endsWith('+00') ? canonicalTime(text, false) : null),
  timetz: (text) => canonicalTime(text, true),
  timestamp: (text) => canonicalTimestamptz(text)?.replace('+00', '') ?? null,
  timestamptz: canonicalTimestamptz,
  interval: (text) => (canonicalInterval(text) === null ? null : text),
  uuid: canonicalUuid,
  json: (text) => (parseExact(text) === null ? null : text),
  bytea: (text) => (/^\\x(?:[0-9a-f]{2})*$/i.test(text) ? text : null),
  enum: (text, type) => (type.labels === null || type.labels.includes(text) ? text : null),
  array: (text, type) => (parseArray(text, type.element) === null ? null : text),
};

function convertArray(from: ValueType, to: ValueType, value: string): ValueOrProblem {
  const { element: source } = from;
  const { element: target } = to;
  if (source === null || target === null) return value;
  const parsed = parseArray(value, source);
  if (parsed === null) return valueInvalid(to, value);
  const items = mapArray<ValueOrProblem>(parsed.items, (item) => convertValue(source, target, item));
  return firstProblem(items) ?? formatArray({ bounds: parsed.bounds, items: items as readonly ArrayItem[] }, target);
}

function firstProblem(items: readonly MappedItem<ValueOrProblem>[]): ValueProblem | null {
  for (const item of items) {
    if (Array.isArray(item)) {
      const inner = firstProblem(item);
      if (inner !== null) return inner;
    } else if (isProblem(item)) return item;
  }
  return null;
}

function convertTuple(from: ValueType, to: ValueType, value: string): ValueOrProblem {
  const parts = tupleParts(value);
  if (parts === null) return valueInvalid(to, value);
  const converted: Value[] = [];
  for (const [at, part] of parts.entries()) {
    const result = convertValue(from.parts?.[at] ?? TEXT, to.parts?.[at] ?? TEXT, part);
    if (isProblem(result)) return result;
    converted.push(result);
  }
  return JSON.stringify(converted);
}

/** Whether a column of the type would take the value; for whoever must answer before a store is asked. */
export function fitsType(type: ValueType, value: Value): ValueProblem | null {
  if (value === null || type.kind === 'tuple') return null;
  if (type.kind === 'array' && type.element !== null) return arrayFits(type, type.element, value);
  const read = convertValue(TEXT, type, value);
  if (isProblem(read)) return read;
  const limit = type.maxLength;
  // Blanks beyond the end of a bounded text are cut by the store without a word.
  if (limit !== null && value.length > limit && lengthOf(withoutPadding(value)) > limit) {
    const shown = shortenText(value, SHOWN_CHARACTERS);
    return { code: 'value-too-long', params: { value: shown, type: type.name, limit, length: lengthOf(value) } };
  }
  return type.kind === 'numeric' && wholeDigits(read) > wholeDigitsOf(type) ? valueInvalid(type, value) : null;
}

const wholeDigits = (value: Value): number => {
  const digits = /^-?(\d+)/.exec(canonicalNumber(value ?? '') ?? '')?.[1] ?? '';
  return digits === '0' ? 0 : digits.length;
};

function arrayFits(type: ValueType, element: ValueType, value: string): ValueProblem | null {
  const parsed = parseArray(value, element);
  if (parsed === null) return valueInvalid(type, value);
  const found: ValueProblem[] = [];
  mapArray(parsed.items, (item) => {
    const problem = fitsType(element, item);
    if (problem !== null) found.push(problem);
    return null;
  });
  return found[0] ?? null;
}
