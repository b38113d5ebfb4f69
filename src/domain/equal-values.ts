/**
 * When two values are the same. A decision rests on this alone: a difference that is none would travel for ever, a
 * missed one would lose a change. Types that PostgreSQL prints in one way only are compared as they are.
 */
import { formatArray, mapArray, parseArray } from './array-value.ts';
import { canonicalInterval, intervalKey } from './interval-value.ts';
import { canonicalJson } from './json-value.ts';
import { canonicalFloat, canonicalMoney, canonicalNumber } from './numeric-value.ts';
import type { Value } from './record.ts';
import { canonicalDate, canonicalTime, canonicalTimestamp, canonicalTimestamptz } from './temporal-value.ts';
import type { ValueType } from './value-type.ts';

export function equalValues(type: ValueType, a: Value, b: Value): boolean {
  if (a === b) return true;
  // Null is not empty text.
  if (a === null || b === null) return false;
  switch (type.kind) {
    case 'text':
    case 'caseInsensitiveText':
    case 'enum':
    case 'other':
      return false;
    default:
      return canonicalText(type, a) === canonicalText(type, b);
  }
}

/**
 * One text per value of the type; texts that are no value of it stand for themselves. Case-insensitive text stays as
 * it is: `Adatum` and `ADATUM` are two values (a change between them travels), though one key.
 */
export function canonicalText(type: ValueType, text: string): string {
  switch (type.kind) {
    case 'integer':
    case 'bigint':
    case 'numeric':
      return canonicalNumber(text) ?? text;
    case 'money':
      return canonicalMoney(text) ?? text;
    case 'float':
      return canonicalFloat(text, type.name === 'real') ?? text;
    case 'boolean':
      return canonicalBoolean(text) ?? text;
    case 'paddedText':
      return withoutPadding(text);
    case 'uuid':
      return canonicalUuid(text) ?? text;
    case 'timestamptz':
      return canonicalTimestamptz(text) ?? text;
    case 'timestamp':
      return canonicalTimestamp(text) ?? text;
    case 'date':
      return canonicalDate(text) ?? text;
    case 'time':
    case 'timetz':
      return canonicalTime(text, type.kind === 'timetz') ?? text;
    case 'interval':
      return canonicalInterval(text) ?? text;
    case 'json':
      return canonicalJson(text) ?? text;
    case 'bytea':
      return text.toLowerCase();
    case 'array':
      return canonicalArray(type, text, canonicalText);
    case 'tuple':
      return canonicalTuple(type, text, canonicalText);
    default:
      return text;
  }
}

/**
 * One text per key: keys that PostgreSQL holds equal give equal texts, and the text is itself a value of the type, so
 * that a record can be asked for by it. Case-insensitive text is lower-cased letter by letter, because whole-word
 * rules (the Greek final sigma) would part what the store's `lower` joins.
 * In a database of locale C, where `lower` knows ASCII alone, keys that differ in the case of other letters meet here.
 */
export function canonicalKeyPart(type: ValueType, text: string): string {
  switch (type.kind) {
    case 'text':
    case 'enum':
      return text;
    case 'other':
      return type.name === 'inet' ? withNetmask(text) : text;
    case 'caseInsensitiveText':
      return lowerEach(text);
    case 'interval':
      return intervalKey(text) ?? text;
    case 'json':
      return canonicalJson(text) ?? text;
    case 'array':
      return canonicalArray(type, text, canonicalKeyPart);
    case 'tuple':
      return canonicalTuple(type, text, canonicalKeyPart);
    default:
      return canonicalText(type, text);
  }
}

type Canonical = (type: ValueType, text: string) => string;

/** Bounds belong to an array's value in PostgreSQL, so they stay. */
function canonicalArray(type: ValueType, text: string, canonical: Canonical): string {
  const element = type.element;
  const parsed = element === null ? null : parseArray(text, element);
  if (element === null || parsed === null) return text;
  const items = mapArray<string | null>(parsed.items, (item) => (item === null ? null : canonical(element, item)));
  return formatArray({ bounds: parsed.bounds, items }, element);
}

function canonicalTuple(type: ValueType, text: string, canonical: Canonical): string {
  const parts = tupleParts(text);
  return parts === null ? text : JSON.stringify(parts.map((part, at) => canonical(type.parts?.[at] ?? type, part)));
}

/** The parts of a composite reference; null when the text is none. */
export function tupleParts(text: string): readonly string[] | null {
  if (!text.startsWith('[')) return null;
  try {
    const parts: unknown = JSON.parse(text);
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : null;
  } catch {
    return null;
  }
}

/** What PostgreSQL reads as a boolean; null for anything else. */
export function canonicalBoolean(text: string): 'true' | 'false' | null {
  switch (text.trim().toLowerCase()) {
    case 't':
    case 'true':
    case 'y':
    case 'yes':
    case 'on':
    case '1':
      return 'true';
    case 'f':
    case 'false':
    case 'n':
    case 'no':
    case 'off':
    case '0':
      return 'false';
    default:
      return null;
  }
}

export function canonicalUuid(text: string): string | null {
  const digits = text
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .replaceAll('-', '')
    .toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) return null;
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => digits.slice(from, to))
    .join('-');
}

/** Blanks at the end of `char(n)` are padding, nothing else is. */
export function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** A value leaves out the netmask of a single address, which the store's own text of a key has. */
const withNetmask = (text: string): string =>
  text === '' || text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;

const lowerEach = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  let lower = '';
  for (const character of text) lower += character.toLowerCase();
  return lower;
};
