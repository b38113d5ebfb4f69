/** A field's value on its way to the other side: transforms and value map in their order, and whether it would come back. */
import type { Field, ValuePair } from './mapping.ts';
import type { Value, WriteDirection } from './record.ts';
import { applyTransforms, type Converted, shown } from './transform.ts';

/** The value on the way to the given side: transforms and value map of the field, in the order that side needs. */
export function transformValue(field: Field, direction: WriteDirection, value: Value): Converted {
  if (direction === 'toChannel') {
    const transformed = applyTransforms(field.transform.toChannel, value);
    if ('error' in transformed || field.values === null) return transformed;
    return mapValue(field.values, direction, transformed.value);
  }
  const mapped = field.values === null ? { value } : mapValue(field.values, direction, value);
  return 'error' in mapped ? mapped : applyTransforms(field.transform.toHq, mapped.value);
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
      const sent = transformValue(field, out, value);
      // A value that cannot leave never travels, which is a failure of its record and no swinging.
      if ('error' in sent) return [];
      const returned = transformValue(field, back, sent.value);
      return 'error' in returned || !same(side, value, returned.value) ? [{ side, value, returned }] : [];
    });
  return [...failuresOf('hq', 'toChannel', 'toHq'), ...failuresOf('channel', 'toHq', 'toChannel')];
}
