/**
 * Which records of a first load surely match none that the same load has made, so that they need not be sought in the
 * store. What is not sure is sought in the ordinary way, so a wrong «maybe» costs time and nothing else.
 *
 * The values sought are remembered as bits of a table of fixed size: memory stays flat whatever the number of records.
 */
import { canonicalKeyPart } from '../../domain/equal-values.ts';
import type { Translator } from '../../domain/pair.ts';
import type { PreparedField } from '../../domain/prepared-mapping.ts';
import { otherSide, type Side, type Value } from '../../domain/record.ts';
import type { ValueKind } from '../../domain/value-type.ts';
import { matchFields, probeOf } from '../batch/match-lone-records.ts';
import type { LaneContext } from '../lane/lane-context.ts';

/** 4 MB: a million records are wrongly doubted once in a thousand, ten millions more often than not. */
const WORDS = 2 ** 20;
const SEEDS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35] as const;

/** Kinds of which equal values have equal canonical texts, whatever collation and `lower` make of case. */
const TOLD_BY_TEXT: ReadonlySet<ValueKind> = new Set<ValueKind>([
  'text',
  'caseInsensitiveText',
  'paddedText',
  'integer',
  'bigint',
  'numeric',
  'uuid',
  'date',
  'boolean',
  'enum',
]);

export interface LoadFilter {
  /** True: no record before can match this one. It is remembered either way. */
  isNew(values: readonly Value[]): boolean;
}

export function loadFilter(context: LaneContext, from: Side, translator: Translator): LoadFilter {
  const groups = context.prepared.mapping.match.map((group) => matchFields(context, group.fields));
  const target = otherSide(from);
  const told = groups.every((fields) =>
    fields.every((field) => field.field.references === null && TOLD_BY_TEXT.has(field.type[target].kind)),
  );
  const bits = new Uint32Array(groups.length > 0 && told ? WORDS : 0);
  return {
    isNew(values) {
      if (!told) return false;
      let isNew = true;
      for (const [place, fields] of groups.entries()) {
        const probe = probeOf(fields, from, values, translator);
        if (!probe) continue;
        const text = textOf(fields, target, probe);
        if (text === null || setBits(bits, `${place}${text}`)) isNew = false;
      }
      return isNew;
    },
  };
}

/** Null for letters of which stores and JavaScript may think differently. */
function textOf(fields: readonly PreparedField[], target: Side, probe: readonly Value[]): string | null {
  let text = '';
  for (const [at, field] of fields.entries()) {
    const part = canonicalKeyPart(field.type[target], probe[at] ?? '');
    for (let index = 0; index < part.length; index += 1) if (part.charCodeAt(index) > 126) return null;
    text += `\n${part.trimEnd().toLowerCase()}`;
  }
  return text;
}

/** Sets the bits of a text; true when all of them were set before. */
function setBits(bits: Uint32Array, text: string): boolean {
  let wereSet = true;
  for (const seed of SEEDS) {
    let hash: number = seed;
    for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash ^= hash >>> 13;
    const word = (hash >>> 5) % WORDS;
    const bit = 1 << (hash & 31);
    const before = bits[word] ?? 0;
    if ((before & bit) === 0) wereSet = false;
    bits[word] = before | bit;
  }
  return wereSet;
}
