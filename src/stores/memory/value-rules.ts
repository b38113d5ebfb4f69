/** What a column makes of a text it is given: the canonical form of its type, or a violation. */
import type { Value } from '../../domain/record.ts';
import type { ValueType } from '../../domain/value-type.ts';
import { Violation } from './violation.ts';

const INTEGER_RANGES: Record<string, readonly [bigint, bigint]> = {
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

const invalid = (column: string, value: string, type: ValueType): Violation =>
  new Violation('value-invalid', `"${value}" is not a value of type ${type.name}.`, { column, value, type: type.name });

/** Half away from zero, as numeric rounds; in BigInt, because a binary fraction would lose digits. */
const roundDecimal = (text: string, scale: number | null): string | null => {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?\s*$/.exec(text);
  if (!match || (match[2] === '' && (match[3] ?? '') === '')) return null;
  const whole = match[2] ?? '';
  const fraction = match[3] ?? '';
  const kept = scale ?? fraction.length;
  const padded = fraction.padEnd(kept + 1, '0');
  let digits = BigInt(`0${whole}${padded.slice(0, kept)}`);
  if (padded[kept]! >= '5') digits += 1n;
  const sign = match[1] === '-' && digits !== 0n ? '-' : '';
  const all = digits.toString().padStart(kept + 1, '0');
  return sign + (kept === 0 ? all : `${all.slice(0, -kept)}.${all.slice(-kept)}`);
};

const toInteger = (value: string, type: ValueType, column: string): string => {
  if (!/^\s*[+-]?\d+\s*$/.test(value)) throw invalid(column, value, type);
  const number = BigInt(value.trim().replace(/^\+/, ''));
  const [low, high] = INTEGER_RANGES[type.name] ?? INTEGER_RANGES[type.kind]!;
  if (number < low || number > high) throw invalid(column, value, type);
  return number.toString();
};

const toNumeric = (value: string, type: ValueType, column: string): string => {
  const rounded = roundDecimal(value, type.scale);
  if (rounded === null) throw invalid(column, value, type);
  const precision = /\((\d+)/.exec(type.name)?.[1];
  const whole = rounded.replace(/^-/, '').split('.')[0]!.replace(/^0+/, '');
  if (precision !== undefined && whole.length > Number(precision) - (type.scale ?? 0))
    throw invalid(column, value, type);
  return rounded;
};

const toBounded = (value: string, type: ValueType, column: string): string => {
  const length = [...value].length;
  if (type.maxLength !== null && length > type.maxLength) {
    const params = { column, value, limit: type.maxLength, length };
    throw new Violation('value-too-long', `"${value}" is longer than ${type.maxLength} characters.`, params);
  }
  return type.kind === 'paddedText' && type.maxLength !== null ? value + ' '.repeat(type.maxLength - length) : value;
};

const toBoolean = (value: string, type: ValueType, column: string): string => {
  if (/^(t|true)$/i.test(value)) return 'true';
  if (/^(f|false)$/i.test(value)) return 'false';
  throw invalid(column, value, type);
};

const toDate = (value: string, type: ValueType, column: string): string => {
  const day = new Date(`${value}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value) {
    throw invalid(column, value, type);
  }
  return value;
};

/** Microseconds stay text: a Date would drop them. Only whole minutes of the offset go through one. */
const toTimestamp = (value: string, type: ValueType, column: string): string => {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(value);
  if (!match) throw invalid(column, value, type);
  const [, day, time, fraction = '', offset = 'Z'] = match;
  const clock = time!.length === 5 ? `${time}:00` : time!;
  const zone = type.kind !== 'timestamptz' || offset === 'Z' ? 'Z' : offset.length === 3 ? `${offset}:00` : offset;
  const instant = new Date(`${day}T${clock}${zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
  if (Number.isNaN(instant.getTime())) throw invalid(column, value, type);
  const digits = fraction.replace(/0+$/, '');
  const text = instant.toISOString().slice(0, 19).replace('T', ' ') + (digits === '' ? '' : `.${digits}`);
  return type.kind === 'timestamptz' ? `${text}+00` : text;
};

const toJson = (value: string, type: ValueType, column: string): string => {
  try {
    JSON.parse(value);
    return value;
  } catch {
    throw invalid(column, value, type);
  }
};

/** The canonical text of `value` in a column of this type. Throws `Violation` where the type refuses it. */
export function canonicalValue(column: string, type: ValueType, value: Value): Value {
  if (value === null) return null;
  switch (type.kind) {
    case 'text':
    case 'caseInsensitiveText':
    case 'paddedText':
      return toBounded(value, type, column);
    case 'integer':
    case 'bigint':
      return toInteger(value, type, column);
    case 'numeric':
      return toNumeric(value, type, column);
    case 'boolean':
      return toBoolean(value, type, column);
    case 'date':
      return toDate(value, type, column);
    case 'timestamp':
    case 'timestamptz':
      return toTimestamp(value, type, column);
    case 'json':
      return toJson(value, type, column);
    case 'uuid':
      if (!/^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(value)) throw invalid(column, value, type);
      return value.toLowerCase();
    case 'enum':
      if (type.labels !== null && !type.labels.includes(value)) throw invalid(column, value, type);
      return value;
    default:
      return value;
  }
}

/** Two values of a column are equal when these texts are: `10.0` equals `10.00`, citext ignores case. */
export function equalityText(type: ValueType, value: string): string {
  if (type.kind === 'caseInsensitiveText') return value.toLowerCase();
  if (type.kind === 'paddedText') return value.trimEnd();
  if (type.kind === 'numeric' && value.includes('.')) return value.replace(/\.?0+$/, '');
  return value;
}

/** The order in which a column sorts; text by code unit, so that no locale changes it. */
export function compareValues(type: ValueType, left: string, right: string): number {
  if (type.kind === 'integer' || type.kind === 'bigint') {
    const difference = BigInt(left) - BigInt(right);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  if (type.kind === 'numeric' || type.kind === 'float') {
    const difference = Number(left) - Number(right);
    if (difference !== 0) return difference;
  }
  return left < right ? -1 : left > right ? 1 : 0;
}
