/**
 * What one operation means for HQ, decided as the engine decides any pair: against what the channel had seen, with what HQ
 * holds now. An operation never touches the base of the coupling; that moves when 1010 distributes the result.
 */
import { decide, newRecordWrites } from '../domain/decide.ts';
import { equalValues } from '../domain/equal-values.ts';
import type { Base, Choice, ConflictingField, FieldWrite, Translator } from '../domain/pair.ts';
import { PLAIN_RUN } from '../domain/pair.ts';
import { fieldValuesOf } from '../domain/prepare-mapping.ts';
import type { PreparedMapping } from '../domain/prepared-mapping.ts';
import type { Params, Value } from '../domain/record.ts';
import type { CustomerOperation } from '../ports/commerce.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import type { Coupling } from '../ports/coupling-database.ts';
import type { StoredRecord } from '../ports/store.ts';
import { isOvertaken } from './overtaken.ts';

export type OperationPlan =
  | {
      readonly kind: 'write';
      readonly writes: readonly FieldWrite[];
      readonly conflict: Conflict | null;
      readonly found: Found;
      /** The three legs as they were decided upon, for whoever has to answer a conflict. */
      readonly legs: Legs | null;
    }
  /** A part goes: the record in HQ, and with 1010 those of the channels. */
  | { readonly kind: 'delete'; readonly found: Found }
  | { readonly kind: 'failed'; readonly code: string; readonly params: Params };

export interface Conflict {
  readonly code: string;
  readonly params: Params;
}

export interface Legs {
  readonly base: Base | null;
  readonly hq: readonly Value[];
  /** What the operation makes of the channel's record. */
  readonly channel: readonly Value[];
  readonly conflicting: readonly ConflictingField[];
}
type Found = Readonly<Record<string, Value>> | null;

/** By field, in the channel's form, corrections over what the row says. */
export const valuesOf = (operation: CustomerOperation): Readonly<Record<string, Value>> => ({
  ...operation.values,
  ...operation.corrections,
});

export function fieldArray(prepared: PreparedMapping, values: Readonly<Record<string, Value>>): Value[] {
  return prepared.fields.map((field) => values[field.name] ?? null);
}

/** What the operation leaves empty is left to HQ, whose columns may have a default. */
export function planCreate(prepared: PreparedMapping, values: readonly Value[], translator: Translator): OperationPlan {
  const { writes, problems } = newRecordWrites(prepared, 'channel', values, translator);
  const [problem] = problems;
  if (problem) return failed(problem);
  return {
    kind: 'write',
    writes: writes.filter(({ to, cleared }) => to !== null || cleared),
    conflict: null,
    found: null,
    legs: null,
  };
}

/** A customer that is in HQ already: what the operation says beyond that is settled like a new pair; null says nothing. */
export function planMatched(
  prepared: PreparedMapping,
  values: readonly Value[],
  record: StoredRecord,
  translator: Translator,
  guidIndex: number | null,
): OperationPlan {
  const hq = fieldValuesOf(prepared, 'hq', record.values);
  const fields = new Set(
    prepared.fields
      .filter(({ index }) => index !== guidIndex && (values[index] ?? null) !== null)
      .map(({ index }) => index),
  );
  const plan = planDecided(prepared, { hq, channel: values, base: null }, fields, translator);
  if (plan.kind !== 'write' || guidIndex === null || (hq[guidIndex] ?? null) !== null) return plan;
  // Whoever came first keeps its GUID on the record; the others name the customer all the same.
  const from = values[guidIndex] ?? null;
  const guid = translator.translate(guidIndex, 'hq', from);
  if (!guid.ok) return { kind: 'failed', code: guid.code, params: guid.params };
  const write = { index: guidIndex, from, to: guid.value, old: null, cleared: false, because: 'initial' } as const;
  return { ...plan, writes: [...plan.writes, write] };
}

/** Three-way: what the channel had seen, what it made of it, what HQ holds now. */
export function planUpdate(
  prepared: PreparedMapping,
  operation: CustomerOperation,
  coupling: Coupling,
  seen: AsyncRecord['seen'],
  record: StoredRecord,
  translator: Translator,
  asked: { readonly guidField: string | null; readonly choice: Choice | null },
): OperationPlan {
  const hq = fieldValuesOf(prepared, 'hq', record.values);
  const base = baseSeen(prepared, operation, coupling, seen);
  const given = valuesOf(operation);
  const answered = answeredForHq(operation);
  // A create that met a customer who is there already: what it does not say, it does not empty.
  const creates = operation.row['operation'] === '1';
  const fields = new Set<number>();
  const unchanged: Record<string, Value> = {};
  const channel = prepared.fields.map((field) => {
    const before = base.channel[field.index] ?? null;
    // The GUID is Couplet's own to write.
    if (!Object.hasOwn(given, field.name) || field.name === asked.guidField || answered.has(field.name)) return before;
    if (creates && given[field.name] === null) return before;
    // A later operation that came through is never undone by an earlier one that was repaired.
    if (isOvertaken(seen, field.name, operation.counter)) return before;
    fields.add(field.index);
    const value = given[field.name] ?? null;
    if (equalValues(field.type.channel, before, value)) unchanged[field.name] = value;
    return value;
  });
  const plan = planDecided(prepared, { hq, channel, base }, fields, translator, asked.choice);
  if (plan.kind !== 'write') return plan;
  // What the channel says as it had it, a whole row above all, is no change of it, whatever HQ holds by now.
  return { ...plan, found: { ...plan.found, ...unchanged } };
}

/** What an earlier try of the operation has brought to HQ is not what it found there. */
export function foundAtFirst(
  operation: Pick<CustomerOperation, 'counter' | 'found' | 'wrote'>,
  seen: AsyncRecord['seen'] | undefined,
  found: Found,
): Found {
  if (!operation.wrote || operation.found === null || found === null) return found;
  const own = Object.entries(operation.found).filter(([name]) => seen?.[name]?.counter === operation.counter);
  return { ...found, ...Object.fromEntries(own) };
}

/** Fields for which somebody let HQ win: the operation does not set them any more. */
export function answeredForHq({ resolution }: CustomerOperation): ReadonlySet<string> {
  const fields = resolution?.fields;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return new Set();
  return new Set(Object.keys(fields).filter((name) => fields[name] === 'hq'));
}

/**
 * What the channel had seen: the base as it was when the operation was recorded, whatever 1010 has brought since, with what
 * earlier operations have left over it.
 */
export function baseSeen(
  prepared: PreparedMapping,
  operation: Pick<CustomerOperation, 'counter' | 'base'>,
  coupling: Coupling,
  seen: AsyncRecord['seen'],
): Base {
  const hq = [...coupling.base.hq];
  const channel = [...coupling.base.channel];
  const states = coupling.base.states ? [...coupling.base.states] : null;
  for (const field of prepared.fields) {
    const left = seen[field.name];
    const at = field.index;
    const recorded = operation.base?.[field.name];
    const now = [hq[at] ?? null, channel[at] ?? null] as const;
    if (left && (sameLegs(left.base, now) || isBefore(left, operation, recorded))) {
      hq[at] = left.hq;
      channel[at] = left.channel;
    } else if (recorded && recorded[0] !== now[0]) [hq[at], channel[at]] = recorded;
    else continue;
    if (states) states[at] = 'known';
  }
  return { hq, channel, states };
}

type BaseLegs = readonly [hq: Value, channel: Value];

const sameLegs = (a: BaseLegs, b: BaseLegs): boolean => a[0] === b[0] && a[1] === b[1];

/** Both were recorded upon the same base: the till that wrote the later one knew of the earlier. */
const isBefore = (
  left: AsyncRecord['seen'][string],
  operation: Pick<CustomerOperation, 'counter'>,
  recorded: BaseLegs | undefined,
): boolean =>
  recorded !== undefined && sameLegs(left.base, recorded) && BigInt(left.counter) < BigInt(operation.counter);

function planDecided(
  prepared: PreparedMapping,
  now: { readonly hq: readonly Value[]; readonly channel: readonly Value[]; readonly base: Base | null },
  fields: ReadonlySet<number>,
  translator: Translator,
  choice: Choice | null = null,
): OperationPlan {
  const side = (values: readonly Value[]) => ({ values, inFilter: true, deletedSince: false, modifiedAt: null });
  const decision = decide(prepared, { hq: side(now.hq), channel: side(now.channel), base: now.base }, translator, {
    ...PLAIN_RUN,
    fields,
    choice,
  });
  const found = foundOf(prepared, now.hq, translator);
  if (decision.kind === 'nothing') return { kind: 'write', writes: [], conflict: null, found, legs: null };
  if (decision.kind !== 'fields') return { kind: 'failed', code: 'record-replaced', params: {} };
  const problem = decision.problems.find((each) => fields.has(prepared.indexOf.get(each.field) ?? -1));
  if (problem) return failed(problem);
  const writes = decision.toHq.filter((write) => fields.has(write.index));
  const conflicting = (decision.conflict?.fields ?? []).filter(({ index }) => fields.has(index));
  const names = conflicting.map(({ index }) => prepared.fields[index]?.name ?? '');
  const conflict =
    names.length > 0 && decision.conflict
      ? { code: decision.conflict.code, params: { fields: names, field: names[0] ?? null } }
      : null;
  return { kind: 'write', writes, conflict, found, legs: { ...now, conflicting } };
}

const failed = (problem: {
  readonly code: string;
  readonly params: Params;
  readonly field: string;
}): OperationPlan => ({
  kind: 'failed',
  code: problem.code,
  params: { ...problem.params, field: problem.field },
});

/** What HQ held, in the form that the channel would show. */
export function foundOf(prepared: PreparedMapping, hq: readonly Value[], translator: Translator): Found {
  const found: Record<string, Value> = {};
  for (const field of prepared.fields) {
    if (field.columns.channel.length === 0) continue;
    const translated = translator.translate(field.index, 'channel', hq[field.index] ?? null);
    // A parent that the channel does not have yet has no name there.
    if (translated.ok && !translated.cleared) found[field.name] = translated.value;
  }
  return found;
}
