/**
 * Values on their way from one side to the other: transforms and value maps. Values are the text of their column's type
 * as the store prints it, or null; null passes through everything but `default`.
 *
 * To the channel a value goes through the transforms first and the value map last, to HQ the other way round, so that
 * one way can undo the other.
 */
import type { Field, ValuePair } from './mapping.ts';
import type { Params, Value, WriteDirection } from './record.ts';
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

/** The value on the way to the given side: transforms and value map of the field, in the order that side needs. */
export function convertValue(field: Field, direction: WriteDirection, value: Value): Converted {
  if (direction === 'toChannel') {
    const transformed = applyTransforms(field.transform.toChannel, value);
    if ('error' in transformed || field.values === null) return transformed;
    return mapValue(field.values, direction, transformed.value);
  }
  const mapped = field.values === null ? { value } : mapValue(field.values, direction, value);
  return 'error' in mapped ? mapped : applyTransforms(field.transform.toHq, mapped.value);
}

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
const shown = (value: Value): Value => (value === null ? null : shortenText(value, SHOWN_CHARACTERS));

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

interface ValueIndex {
  readonly toChannel: ReadonlyMap<string, string>;
  readonly toHq: ReadonlyMap<string, string>;
}

/** A map of a thousand values is looked up once per record, so it is indexed once. */
const indexes = new WeakMap<readonly ValuePair[], ValueIndex>();

function indexOf(pairs: readonly ValuePair[]): ValueIndex {
  const known = indexes.get(pairs);
  if (known !== undefined) return known;
  // Written from the last pair to the first, so that the first of equal texts stays.
  const reversed = pairs.toReversed();
  const index = { toChannel: new Map(reversed), toHq: new Map(reversed.map(([hq, channel]) => [channel, hq])) };
  indexes.set(pairs, index);
  return index;
}

export function mapValue(pairs: readonly ValuePair[], direction: WriteDirection, value: Value): Converted {
  if (value === null) return { value: null };
  const mapped = indexOf(pairs)[direction].get(value);
  if (mapped !== undefined) return { value: mapped };
  return { error: { code: 'value-not-mapped', params: { value: shown(value) } } };
}

export interface RoundTripFailure {
  readonly side: 'hq' | 'channel';
  readonly value: Value;
  /** What the value came back as; the error when it did not come back at all. */
  readonly returned: Converted;
}

/**
 * Which of the sampled values do not come back as they went: such a field would swing between the apps if it were
 * compared by what was sent. Only a field of both directions can. `same` compares by the column's type, where known.
 */
export function roundTrips(
  field: Field,
  samples: { readonly hq: readonly Value[]; readonly channel: readonly Value[] },
  same: (side: 'hq' | 'channel', a: Value, b: Value) => boolean = (_, a, b) => a === b,
): readonly RoundTripFailure[] {
  if (field.direction !== 'both' || field.references !== null || field.constant !== null) return [];
  const failuresOf = (side: 'hq' | 'channel', out: WriteDirection, back: WriteDirection): readonly RoundTripFailure[] =>
    samples[side].flatMap((value) => {
      const sent = convertValue(field, out, value);
      // A value that cannot leave never travels, which is a failure of its record and no swinging.
      if ('error' in sent) return [];
      const returned = convertValue(field, back, sent.value);
      return 'error' in returned || !same(side, value, returned.value) ? [{ side, value, returned }] : [];
    });
  return [...failuresOf('hq', 'toChannel', 'toHq'), ...failuresOf('channel', 'toHq', 'toChannel')];
}
