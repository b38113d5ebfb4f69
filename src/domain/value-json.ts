/**
 * Values and keys as the API gives and takes them. What JavaScript's numbers cannot hold is a string: numeric and
 * bigint as the store holds them, and numbers within JSON that a double would round. Timestamps are ISO 8601, in UTC
 * where the type has a zone; bytea is base64; arrays are arrays.
 */
import { type ArrayItem, formatArray, type MappedItem, mapArray, parseArray } from './array-value.ts';
import { convertValue, isProblem, valueInvalid, type ValueProblem } from './convert-value.ts';
import { canonicalBoolean, canonicalKeyPart, canonicalText, tupleParts } from './equal-values.ts';
import { parseExact, plainJson } from './json-value.ts';
import type { Json, RecordKey, Value } from './record.ts';
import { isoTimestamp } from './temporal-value.ts';
import { TEXT, type ValueType } from './value-type.ts';

export function valueToJson(type: ValueType, value: Value): Json {
  if (value === null) return null;
  switch (type.kind) {
    case 'boolean':
      return canonicalBoolean(value) === 'true';
    case 'integer':
    case 'float': {
      const number = Number(value);
      return Number.isFinite(number) ? number : value;
    }
    case 'timestamptz':
      return isoTimestamp(value, true);
    case 'timestamp':
      return isoTimestamp(value, false);
    case 'bytea':
      return value.startsWith('\\x') ? Buffer.from(value.slice(2), 'hex').toString('base64') : value;
    case 'json': {
      const parsed = parseExact(value);
      return parsed === null ? value : plainJson(parsed.value);
    }
    case 'array': {
      const parsed = type.element === null ? null : parseArray(value, type.element);
      const element = type.element;
      return parsed === null || element === null
        ? value
        : mapArray<Json>(parsed.items, (item) => valueToJson(element, item));
    }
    case 'tuple':
      return tupleParts(value)?.map((part, at) => valueToJson(type.parts?.[at] ?? TEXT, part)) ?? value;
    default:
      return value;
  }
}

export type ValueRead = { readonly value: Value } | { readonly problem: ValueProblem };

/** Whatever `valueToJson` gives comes back as an equal value; besides, numbers may be strings and booleans words. */
export function valueFromJson(type: ValueType, json: Json): ValueRead {
  if (json === null) return { value: null };
  if (type.kind === 'json') return { value: JSON.stringify(json) };
  if (Array.isArray(json)) return listFromJson(type, json);
  if (typeof json === 'object') return refused(type, json);
  if (typeof json !== 'string' && !takesLiteral(type, json)) return refused(type, json);
  const text = String(json);
  if (type.kind === 'bytea') return bytesFromText(type, text);
  if (type.kind === 'array' || type.kind === 'tuple') return refused(type, json);
  const converted = convertValue(TEXT, type, text);
  if (isProblem(converted)) return { problem: converted };
  return { value: typeof json === 'string' || converted === null ? converted : canonicalText(type, converted) };
}

const refused = (type: ValueType, json: Json): ValueRead => ({ problem: valueInvalid(type, JSON.stringify(json)) });

const NUMBERS: ReadonlySet<ValueType['kind']> = new Set(['integer', 'bigint', 'numeric', 'float', 'money']);

/** A number that was rounded on its way here is refused rather than stored: 12345678901234567890 has to be a string. */
function takesLiteral(type: ValueType, json: boolean | number | string): boolean {
  if (typeof json === 'boolean') return type.kind === 'boolean';
  if (!NUMBERS.has(type.kind)) return false;
  return type.kind === 'float' || !Number.isInteger(json) || Number.isSafeInteger(json);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

function bytesFromText(type: ValueType, text: string): ValueRead {
  if (!BASE64.test(text)) return refused(type, text);
  return { value: `\\x${Buffer.from(text, 'base64').toString('hex')}` };
}

function listFromJson(type: ValueType, json: readonly Json[]): ValueRead {
  if (type.kind === 'tuple') return tupleFromJson(type, json);
  if (type.kind !== 'array' || type.element === null) return refused(type, [...json]);
  const { element } = type;
  let problem: ValueProblem | null = null;
  const read = (item: Json): MappedItem<Value> => {
    if (Array.isArray(item) && element.kind !== 'json') return item.map(read);
    const result = valueFromJson(element, item);
    if ('value' in result) return result.value;
    problem ??= result.problem;
    return null;
  };
  const items = json.map(read) as readonly ArrayItem[];
  return problem === null ? { value: formatArray({ bounds: '', items }, element) } : { problem };
}

function tupleFromJson(type: ValueType, json: readonly Json[]): ValueRead {
  if (json.length !== type.parts?.length) return refused(type, [...json]);
  const parts: string[] = [];
  for (const [at, item] of json.entries()) {
    const result = valueFromJson(type.parts[at] ?? TEXT, item);
    if ('problem' in result) return result;
    if (result.value === null) return { value: null };
    parts.push(result.value);
  }
  return { value: JSON.stringify(parts) };
}

// ---------------------------------------------------------------- keys

/** `{"account_num": "C0001"}`. */
export function keyToJson(columns: readonly string[], types: readonly ValueType[], key: RecordKey): Json {
  return Object.fromEntries(columns.map((column, at) => [column, valueToJson(types[at] ?? TEXT, key[at] ?? null)]));
}

export type KeyRead =
  | { readonly key: RecordKey }
  /** `column` is null when the shape as a whole is wrong. */
  | { readonly problem: ValueProblem | null; readonly column: string | null };

/** Every key column and nothing else, in any order. */
export function keyFromJson(columns: readonly string[], types: readonly ValueType[], json: Json): KeyRead {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { problem: null, column: null };
  const unknown = Object.keys(json).find((name) => !columns.includes(name));
  if (unknown !== undefined) return { problem: null, column: unknown };
  return readKey(columns, types, (column) => (Object.hasOwn(json, column) ? (json[column] ?? null) : null));
}

/** The parts of a key in the order of the mapping, as a query gives them. */
export function keyFromTexts(
  columns: readonly string[],
  types: readonly ValueType[],
  texts: readonly string[],
): KeyRead {
  if (texts.length !== columns.length) return { problem: null, column: null };
  return readKey(columns, types, (_, at) => texts[at] ?? null);
}

function readKey(
  columns: readonly string[],
  types: readonly ValueType[],
  partOf: (column: string, at: number) => Json,
): KeyRead {
  const key: string[] = [];
  for (const [at, column] of columns.entries()) {
    const type = types[at] ?? TEXT;
    const read = valueFromJson(type, partOf(column, at));
    if ('problem' in read) return { problem: read.problem, column };
    if (read.value === null) return { problem: null, column };
    key.push(canonicalKeyPart(type, read.value));
  }
  return { key };
}
