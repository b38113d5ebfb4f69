/**
 * Records without a coupling: which of them belong together, which are new, which only a person can tell.
 *
 * A match looks at the whole other store, coupled records included: a new record whose match is coupled already is
 * ambiguous, never a third record. It is also asked backwards, so that two records that match the same partner are
 * both ambiguous, whichever comes first.
 */
import type { Translator } from '../../domain/pair.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import type { PreparedField } from '../../domain/prepared-mapping.ts';
import { type KeyText, keyText, otherSide, type Side, type Value } from '../../domain/record.ts';
import type { ErrorCandidate } from '../../ports/coupling-database.ts';
import type { MatchRequest, StoredRecord } from '../../ports/store.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { describeRecord } from './build-recording.ts';
import type { LoneWork } from './gather-pairs.ts';

export interface MatchedPair {
  readonly item: LoneWork;
  readonly partner: StoredRecord;
  readonly matchedOn: readonly string[];
}

export interface Matches {
  readonly matched: readonly MatchedPair[];
  readonly unmatched: readonly LoneWork[];
  readonly ambiguous: readonly Ambiguous[];
}

export interface Ambiguous {
  readonly item: LoneWork;
  readonly candidates: readonly ErrorCandidate[];
  /** Of a single candidate, why it is not coupled. */
  readonly unfit: 'taken' | 'uncoupled' | 'contested' | null;
}

const CANDIDATES_SHOWN = 10;

interface Candidate {
  readonly record: StoredRecord;
  readonly matchedOn: readonly string[];
}

/** The values that a partner on the other side would have to hold; null when the group cannot match this record. */
export function probeOf(
  fields: readonly PreparedField[],
  from: Side,
  values: readonly Value[],
  translator: Translator,
): Value[] | null {
  const probe: Value[] = [];
  for (const field of fields) {
    const value = values[field.index] ?? null;
    if (value === null || value === '') return null;
    const translated = translator.translate(field.index, otherSide(from), value);
    if (!translated.ok || translated.value === null || translated.value === '') return null;
    probe.push(translated.value);
  }
  return probe;
}

export function matchFields(context: LaneContext, names: readonly string[]): PreparedField[] {
  const { fields, indexOf } = context.prepared;
  return names.map((name) => fields[indexOf.get(name) ?? -1] as PreparedField);
}

export const matchColumns = (context: LaneContext, fields: readonly PreparedField[], side: Side): string[] =>
  fields.map((field) => context.prepared.sides[side].columns[field.columns[side][0] as number] as string);

/** Candidates of each item in the first group that has any. */
async function findCandidates(
  context: LaneContext,
  from: Side,
  items: readonly LoneWork[],
  translator: Translator,
): Promise<Map<LoneWork, Candidate[]>> {
  const found = new Map<LoneWork, Candidate[]>();
  const target = otherSide(from);
  for (const group of context.prepared.mapping.match) {
    const fields = matchFields(context, group.fields);
    const seekers: LoneWork[] = [];
    const probes: Value[][] = [];
    for (const item of items) {
      if (found.has(item)) continue;
      const probe = probeOf(fields, from, item.values, translator);
      if (!probe) continue;
      seekers.push(item);
      probes.push(probe);
    }
    if (probes.length === 0) continue;
    const request: MatchRequest = {
      columns: matchColumns(context, fields, target),
      caseSensitive: group.caseSensitive,
      probes,
      limitPerProbe: CANDIDATES_SHOWN + 1,
    };
    for (const candidate of await context.tables[target].match(request)) {
      const item = seekers[candidate.probe] as LoneWork;
      const list = found.get(item) ?? [];
      list.push({ record: candidate.record, matchedOn: group.fields });
      found.set(item, list);
    }
  }
  return found;
}

const asCandidates = (context: LaneContext, side: Side, candidates: readonly Candidate[]): ErrorCandidate[] =>
  candidates.slice(0, CANDIDATES_SHOWN).map((candidate) => ({
    side,
    key: candidate.record.key,
    description: describeRecord(context.prepared, side, candidate.record.values),
    matchedOn: candidate.matchedOn,
  }));

/**
 * `byHand` is a match that somebody asked for: it also couples records that were uncoupled before.
 * All items must be of one side.
 */
export async function matchLoneRecords(
  context: LaneContext,
  from: Side,
  items: readonly LoneWork[],
  translator: Translator,
  byHand: boolean,
): Promise<Matches> {
  if (context.prepared.mapping.match.length === 0 || items.length === 0)
    return { matched: [], unmatched: items, ambiguous: [] };
  const target = otherSide(from);
  const found = await findCandidates(context, from, items, translator);
  if (found.size === 0) return { matched: [], unmatched: items, ambiguous: [] };

  const partners = new Map<KeyText, StoredRecord>();
  for (const list of found.values())
    for (const candidate of list) partners.set(keyText(candidate.record.key), candidate.record);
  const keys = [...partners.values()].map((record) => record.key);
  const [coupled, uncoupled] = await Promise.all([
    context.database.couplingsByKey(context.lane, target, keys),
    byHand ? new Set<KeyText>() : context.database.uncoupledAmong(context.lane, target, keys),
  ]);
  const contested = await findContested(context, target, [...partners.values()], translator, found);

  const matched: MatchedPair[] = [];
  const unmatched: LoneWork[] = [];
  const ambiguous: Ambiguous[] = [];
  const unfitOf = (key: KeyText): Ambiguous['unfit'] => {
    if (coupled.has(key)) return 'taken';
    if (uncoupled.has(key)) return 'uncoupled';
    return contested.has(key) ? 'contested' : null;
  };
  for (const item of items) {
    const list = found.get(item);
    if (!list) {
      unmatched.push(item);
      continue;
    }
    const only = list.length === 1 ? (list[0] as Candidate) : null;
    const unfit = only && unfitOf(keyText(only.record.key));
    if (only && unfit === null) {
      matched.push({ item, partner: only.record, matchedOn: only.matchedOn });
    } else ambiguous.push({ item, candidates: asCandidates(context, target, list), unfit });
  }
  return { matched, unmatched, ambiguous };
}

/** Partners that more than one record of the seeking side matches. */
async function findContested(
  context: LaneContext,
  target: Side,
  partners: readonly StoredRecord[],
  translator: Translator,
  found: ReadonlyMap<LoneWork, readonly Candidate[]>,
): Promise<Set<KeyText>> {
  const back: LoneWork[] = partners.map((record) => ({
    side: target,
    key: record.key,
    pending: null,
    record,
    values: fieldValuesOf(context.prepared, target, record.values),
  }));
  const contested = new Set<KeyText>();
  const seen = new Map<KeyText, KeyText>();
  for (const [item, list] of found) {
    for (const candidate of list) {
      const key = keyText(candidate.record.key);
      const seeker = keyText(item.key);
      if (seen.has(key) && seen.get(key) !== seeker) contested.add(key);
      seen.set(key, seeker);
    }
  }
  for (const [item, list] of await findCandidates(context, target, back, translator)) {
    if (list.length > 1) contested.add(keyText(item.key));
  }
  return contested;
}
