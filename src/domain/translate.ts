/**
 * Carries values from one side's form to the other's.
 *
 * To the channel: transforms, then the value map, then the type. To HQ the other way round: the value map, then the
 * transforms, then the type, so that one way can undo the other; the type comes last both ways, because maps and
 * transforms give text and a column takes a value of its type. References go by the couplings of their parents alone.
 * Null passes through everything but the transform `default`.
 */
import { convertValue, isProblem } from './convert-value.ts';
import { canonicalKeyPart, tupleParts } from './equal-values.ts';
import type { Translation, Translator } from './pair.ts';
import type { PreparedField, PreparedMapping } from './prepared-mapping.ts';
import { directionTo, otherSide, type RecordKey, type Side, type Value } from './record.ts';
import { transformValue } from './transform-value.ts';
import { TEXT, type ValueType } from './value-type.ts';

/**
 * The key of the parent on side `to`, given its parts on the other side; null when it is not coupled. `coming`: a dry run
 * would create the parent there, and its key is not known before.
 */
export type FindParent = (fieldIndex: number, to: Side, parts: RecordKey) => RecordKey | 'coming' | null;

export function makeTranslator(prepared: PreparedMapping, findParent: FindParent): Translator {
  const { fields, circular } = prepared;
  return {
    translate(fieldIndex, to, value) {
      const field = fields[fieldIndex];
      if (field === undefined) throw new RangeError(`the mapping ${prepared.mapping.name} has no field ${fieldIndex}`);
      const { constant, references } = field.field;
      if (constant !== null) return field.columns[to].length === 0 ? NULL : arrived(constant.value);
      if (references !== null) return translateReference(field, to, value, findParent, circular.has(fieldIndex));
      return translateValue(field, to, value);
    },
  };
}

const arrived = (value: Value): Translation => ({ ok: true, value, cleared: false });
const NULL: Translation = arrived(null);
const CLEARED: Translation = { ok: true, value: null, cleared: true };

function translateValue(field: PreparedField, to: Side, value: Value): Translation {
  const from = otherSide(to);
  const { transform, values } = field.field;
  const steps = to === 'hq' ? transform.toHq : transform.toChannel;
  if (steps.length === 0 && values === null) return converted(field.type[from], field.type[to], value);
  const result = transformValue(field.field, directionTo(to), value);
  if ('error' in result) return { ok: false, code: result.error.code, params: result.error.params, waitsFor: null };
  // A value that came through untouched is still of its own type; whatever was made of it is text.
  const type = result.value === value ? field.type[from] : TEXT;
  return converted(type, field.type[to], result.value);
}

function converted(from: ValueType, to: ValueType, value: Value): Translation {
  if (value === null) return NULL;
  const result = convertValue(from, to, value);
  if (!isProblem(result)) return arrived(result);
  // Types get new labels while Couplet runs: the store knows them, and refuses what is none.
  if ('allowed' in result.params) return converted(from, withoutLabels(to), value);
  return { ok: false, code: result.code, params: result.params, waitsFor: null };
}

const withoutLabels = (type: ValueType): ValueType => ({
  ...type,
  labels: null,
  element: type.element && withoutLabels(type.element),
});

function translateReference(
  field: PreparedField,
  to: Side,
  value: Value,
  findParent: FindParent,
  isCircular: boolean,
): Translation {
  if (value === null) return NULL;
  const from = otherSide(to);
  const type = field.type[from];
  const key = parentKey(type, value);
  const partner = findParent(field.index, to, key);
  if (partner === 'coming') return CLEARED;
  if (partner !== null) return parentReference(field, to, partner);
  const { references } = field.field;
  // Within a cycle somebody has to be created first; the reference follows in the same run.
  if (isCircular || references?.ifUncoupled === 'clear') return CLEARED;
  const mapping = references?.mapping ?? '';
  return {
    ok: false,
    code: 'parent-not-coupled',
    params: { parent: mapping, parentKey: [...key] },
    waitsFor: { mapping, side: from, key },
  };
}

/** The key that a reference names, in the texts by which couplings are found. */
function parentKey(type: ValueType, value: string): RecordKey {
  if (type.kind !== 'tuple') return [canonicalKeyPart(type, value)];
  return (tupleParts(value) ?? [value]).map((part, at) => canonicalKeyPart(type.parts?.[at] ?? TEXT, part));
}

function parentReference(field: PreparedField, to: Side, key: RecordKey): Translation {
  const [first = null] = key;
  return arrived(field.type[to].kind === 'tuple' ? JSON.stringify(key) : first);
}
