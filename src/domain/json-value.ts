/**
 * JSON by content. Numbers are taken from the text itself, since a double would make 12345678901234567890 another
 * number; object keys are sorted; nothing is ever assigned to a prototype.
 */
import { canonicalNumber } from './numeric-value.ts';
import type { Json } from './record.ts';

/** A number as it stands in the text. Objects are maps, so nothing else has properties. */
interface JsonNumber {
  readonly source: string;
}
export type ExactJson = null | boolean | string | JsonNumber | ExactJson[] | Map<string, ExactJson>;

/** The reviver's third argument is younger than the type library. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;
const parseWithSource = JSON.parse as ParseWithSource;

/** Null (not `{ value: null }`) when the text is no JSON, or nested deeper than the stack. */
export function parseExact(text: string): { readonly value: ExactJson } | null {
  try {
    const value = parseWithSource(text, (_, inner, context) => {
      if (typeof inner === 'number') return { source: context.source ?? String(inner) } satisfies JsonNumber;
      return typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? new Map(Object.entries(inner))
        : inner;
    });
    return { value: value as ExactJson };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

/** One text per content: keys sorted, no blanks, `1.0` as `1`. Null when the text is no JSON. */
export function canonicalJson(text: string): string | null {
  const parsed = parseExact(text);
  return parsed === null ? null : writeCanonical(parsed.value);
}

function writeCanonical(value: ExactJson): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeCanonical).join(',')}]`;
  if (!(value instanceof Map)) return canonicalNumber(value.source) ?? value.source;
  const members = [...value].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${writeCanonical(inner)}`).join(',')}}`;
}

/**
 * JSON for an answer. A number that a double cannot hold is given as a string, because whoever reads the answer would
 * silently round it; all others are numbers.
 */
export function plainJson(value: ExactJson): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(plainJson);
  if (!(value instanceof Map)) return plainNumber(value.source);
  const plain: { [name: string]: Json } = Object.create(null) as { [name: string]: Json };
  for (const [name, inner] of value) plain[name] = plainJson(inner);
  return plain;
}

function plainNumber(source: string): Json {
  const number = Number(source);
  return Number.isFinite(number) && canonicalNumber(source) === canonicalNumber(String(number)) ? number : source;
}
