/**
 * Values on their way from one side to the other: transforms and value maps. Values are the text of their column's type
 * as the store prints it, or null; null passes through everything but `default`.
 *
 * To the channel a value goes through the transforms first and the value map last, to HQ the other way round, so that
 * one way can undo the other.
 */
import type { Params, Value } from './record.ts';
import { shortenText } from './shorten-text.ts';
import { formatDate } from './transform-date.ts';
import { patternLimit, patternOf } from './transform-pattern.ts';
import { roundDecimal } from './transform-round.ts';

export type Transform =
  | { readonly kind: 'trim' }
  | { readonly kind: 'upperCase' }
  | { readonly kind: 'lowerCase' }
  | { readonly kind: 'titleCase' }
  | { readonly kind: 'replace'; readonly from: string; readonly to: string }
  | { readonly kind: 'replacePattern'; readonly pattern: string; readonly to: string }
  | { readonly kind: 'removePattern'; readonly pattern: string }
  | { readonly kind: 'substring'; readonly start: number; readonly length: number }
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'suffix'; readonly text: string }
  | { readonly kind: 'padStart'; readonly length: number; readonly character: string }
  | { readonly kind: 'round'; readonly digits: number }
  | { readonly kind: 'dateFormat'; readonly format: string }
  | { readonly kind: 'split'; readonly separator: string; readonly index: number }
  | { readonly kind: 'default'; readonly value: string };

export interface ConversionError {
  readonly code: 'transform-failed' | 'value-not-mapped';
  readonly params: Params;
}
export type Converted = { readonly value: Value } | { readonly error: ConversionError };

export function applyTransforms(transforms: readonly Transform[], value: Value): Converted {
  let current = value;
  for (const transform of transforms) {
    const result = applyTransform(transform, current);
    if (typeof result === 'object' && result !== null) {
      return {
        error: {
          code: 'transform-failed',
          params: { transform: transform.kind, value: shown(current), ...result.failed },
        },
      };
    }
    current = result;
  }
  return { value: current };
}

/** Enough of a value to recognize it in a message. */
const SHOWN_CHARACTERS = 200;
export const shown = (value: Value): Value => (value === null ? null : shortenText(value, SHOWN_CHARACTERS));

/** A text or null is the result; an object says what failed. */
type Result = Value | { readonly failed: Params };

function applyTransform(transform: Transform, value: Value): Result {
  if (value === null) return transform.kind === 'default' ? transform.value : null;
  switch (transform.kind) {
    case 'trim':
      return value.trim();
    case 'upperCase':
      return value.toUpperCase();
    case 'lowerCase':
      return value.toLowerCase();
    case 'titleCase':
      return titleCase(value);
    case 'replace':
      return transform.from === '' ? value : value.replaceAll(transform.from, () => transform.to);
    case 'replacePattern':
      return replacePattern(transform, transform.pattern, value, transform.to);
    case 'removePattern':
      return replacePattern(transform, transform.pattern, value, '');
    case 'substring':
      return [...value].slice(transform.start, transform.start + transform.length).join('');
    case 'prefix':
      return transform.text + value;
    case 'suffix':
      return value + transform.text;
    case 'padStart':
      return transform.character.repeat(Math.max(0, transform.length - [...value].length)) + value;
    case 'round':
      return roundDecimal(value, transform.digits) ?? { failed: { expected: 'number' } };
    case 'dateFormat':
      return formatDate(value, transform.format) ?? { failed: { expected: 'date' } };
    case 'split':
      return value.split(transform.separator)[transform.index] ?? null;
    case 'default':
      return value;
    default:
      return transform satisfies never;
  }
}

/** A word is a run of letters, digits, marks and apostrophes: O'brien stays one word, Jean-Luc is two. */
const titleCase = (text: string): string =>
  text.replace(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’]*/gu, (word) => {
    const [first = '', ...rest] = word;
    return first.toUpperCase() + rest.join('').toLowerCase();
  });

function replacePattern(transform: object, pattern: string, value: string, to: string): Result {
  const limit = patternLimit(pattern);
  if (value.length > limit) return { failed: { limit, length: value.length } };
  return value.replace(patternOf(transform, pattern), to);
}
