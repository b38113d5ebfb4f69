/**
 * The fields of a pair whose records are both there: which value goes where, which agree, which a person must settle.
 *
 * A field of both directions agrees when either direction says so; otherwise a pair of transforms that do not undo each
 * other would swing for ever.
 */
import { canonicalKeyPart, equalValues } from './equal-values.ts';
import type { ConflictResolve } from './mapping.ts';
import type {
  BaseState,
  Choice,
  ConflictingField,
  DecideOptions,
  FieldProblem,
  FieldValues,
  FieldWrite,
  PairNow,
  Translation,
  Translator,
} from './pair.ts';
import type { PreparedField, PreparedMapping } from './prepared-mapping.ts';
import { directionTo, otherSide, type Side, SIDES, type Value } from './record.ts';
import { canonicalTimestamptz } from './temporal-value.ts';

type Because = FieldWrite['because'];

/** What is known of the pair, and what has been settled so far. */
export interface FieldsWork {
  readonly prepared: PreparedMapping;
  readonly now: PairNow;
  readonly hq: FieldValues;
  readonly channel: FieldValues;
  readonly translator: Translator;
  readonly options: DecideOptions;
  readonly replacedIn: readonly Side[];
  /** A conflict holds the whole record: only what a person chose is written. */
  waits: boolean;
  /** The version that wins as a whole, by a person or (`detect: record`) by policy. */
  winner: Side | null;
  winnerBecause: Because;
  readonly toHq: FieldWrite[];
  readonly toChannel: FieldWrite[];
  readonly agreed: number[];
  readonly conflicts: ConflictingField[];
  readonly problems: FieldProblem[];
  updateConflict: boolean;
  byClock: boolean;
}

const NO_VALUES: FieldValues = [];

export function startFields(
  prepared: PreparedMapping,
  now: PairNow,
  translator: Translator,
  options: DecideOptions,
  replacedIn: readonly Side[],
  waits: boolean,
): FieldsWork {
  return {
    prepared,
    now,
    hq: now.hq.values ?? NO_VALUES,
    channel: now.channel.values ?? NO_VALUES,
    translator,
    options,
    replacedIn,
    waits,
    winner: options.choice?.winner ?? null,
    winnerBecause: 'choice',
    toHq: [],
    toChannel: [],
    agreed: [],
    conflicts: [],
    problems: [],
    updateConflict: false,
    byClock: false,
  };
}

export function settleFields(work: FieldsWork): void {
  const { prepared, options } = work;
  if (prepared.mapping.conflicts.detect === 'record' && work.replacedIn.length === 0) settleRecord(work);
  for (const field of prepared.fields) {
    if (options.fields !== null && !options.fields.has(field.index)) continue;
    const chosen = options.choice?.fields.get(field.name);
    if (chosen !== undefined) settleChosen(work, field, chosen);
    else settleField(work, field);
  }
}

/** `detect: record`: changes on both sides are settled for the record as a whole, or the whole record waits. */
function settleRecord(work: FieldsWork): void {
  if (work.winner !== null || !changedOnBothSides(work)) return;
  work.winner = policyWinner(work, work.prepared.mapping.conflicts.resolve);
  work.winnerBecause = 'policy';
  if (work.winner === null) work.waits = true;
}

/** Fields that agree by now count as no change, whoever touched them. */
function changedOnBothSides(work: FieldsWork): boolean {
  let inHq = false;
  let inChannel = false;
  for (const field of work.prepared.fields) {
    const state = stateOf(work, field);
    if (!isBothWays(field) || state === 'none' || state === 'disputed') continue;
    const hq = isChanged(work, field, 'hq');
    const channel = isChanged(work, field, 'channel');
    if ((!hq && !channel) || agrees(work, field)) continue;
    inHq ||= hq;
    inChannel ||= channel;
  }
  return inHq && inChannel;
}

function settleField(work: FieldsWork, field: PreparedField): void {
  const state = stateOf(work, field);
  const cleared = state === 'clearedInHq' ? 'hq' : state === 'clearedInChannel' ? 'channel' : null;
  if (cleared !== null && valueOf(work, field, cleared) === null) settleCleared(work, field, cleared);
  else if (state === 'disputed') settleDisputed(work, field);
  else if (!isBothWays(field)) settleOneWay(work, field, state === 'none');
  else if (work.replacedIn.length > 0) settleReplaced(work, field);
  else if (state === 'none') settleNew(work, field);
  else settleKnown(work, field);
}

const isBothWays = (field: PreparedField): boolean => field.toHq && field.toChannel;

/** The source wins. A target that drifted is left alone until the source changes, a full run comes or a person speaks. */
function settleOneWay(work: FieldsWork, field: PreparedField, isNew: boolean): void {
  const target: Side = field.toHq ? 'hq' : 'channel';
  if (isNew) return move(work, field, target, byChoice(work) ? 'choice' : 'initial');
  if (work.replacedIn.length > 0 || isChanged(work, field, otherSide(target))) {
    return move(work, field, target, byChoice(work) ? 'choice' : 'change');
  }
  if ((work.options.full || byChoice(work)) && isChanged(work, field, target)) {
    move(work, field, target, byChoice(work) ? 'choice' : 'full');
  }
}

const byChoice = (work: FieldsWork): boolean => work.winner !== null && work.winnerBecause === 'choice';

/**
 * Couplet wrote null here because the parent was not coupled. Filled as soon as the reference can be carried; until
 * then nothing travels, least of all the null. A reference that moved to another missing parent is written again as
 * null, so that it waits for the right one.
 */
function settleCleared(work: FieldsWork, field: PreparedField, cleared: Side): void {
  const source = otherSide(cleared);
  const sent = carry(work, field, cleared);
  if (sent.ok && !sent.cleared && sent.value === null) work.agreed.push(field.index);
  else if ((sent.ok && !sent.cleared) || isChanged(work, field, source)) send(work, field, cleared, sent, 'change');
}

/** Whatever direction, policy and first winner say: what does not agree waits for a person. */
function settleDisputed(work: FieldsWork, field: PreparedField): void {
  const oneWayTarget: Side | null = isBothWays(field) ? null : field.toHq ? 'hq' : 'channel';
  const isAgreed = oneWayTarget === null ? agrees(work, field) : agreesBy(work, field, oneWayTarget);
  if (isAgreed) work.agreed.push(field.index);
  else if (byChoice(work) && work.winner !== null) move(work, field, oneWayTarget ?? otherSide(work.winner), 'choice');
  else work.conflicts.push({ index: field.index, changedIn: SIDES });
}

/** A pair or field that never agreed: equal values agree, then a value wins over null, then the first winner. */
function settleNew(work: FieldsWork, field: PreparedField): void {
  if (agrees(work, field)) {
    work.agreed.push(field.index);
    return;
  }
  const chosen = byChoice(work) ? work.winner : null;
  const winner = chosen ?? initialWinner(work, field);
  if (winner === null) work.conflicts.push({ index: field.index, changedIn: SIDES });
  else move(work, field, otherSide(winner), chosen === null ? 'initial' : 'choice');
}

function initialWinner(work: FieldsWork, field: PreparedField): Side | null {
  const hq = valueOf(work, field, 'hq');
  const channel = valueOf(work, field, 'channel');
  if (work.prepared.mapping.fillEmpty && (hq === null) !== (channel === null)) return hq === null ? 'channel' : 'hq';
  const { initialWinner: winner } = field.field;
  return winner === 'manual' ? null : winner;
}

/** Never merged with the old base: what does not agree waits for a person, changed or not. */
function settleReplaced(work: FieldsWork, field: PreparedField): void {
  if (agrees(work, field)) work.agreed.push(field.index);
  else if (work.winner !== null) move(work, field, otherSide(work.winner), 'choice');
  else {
    const known = stateOf(work, field) !== 'none';
    const changedIn = SIDES.filter((side) => work.replacedIn.includes(side) || (known && isChanged(work, field, side)));
    work.conflicts.push({ index: field.index, changedIn });
  }
}

function settleKnown(work: FieldsWork, field: PreparedField): void {
  const hq = isChanged(work, field, 'hq');
  const channel = isChanged(work, field, 'channel');
  if (!hq && !channel) return;
  if (work.winner !== null) return move(work, field, otherSide(work.winner), work.winnerBecause);
  if (work.waits) return agreeOrConflict(work, field, hq, channel);
  if (hq !== channel) return move(work, field, hq ? 'channel' : 'hq', 'change');
  if (agrees(work, field)) {
    work.agreed.push(field.index);
    return;
  }
  const winner = policyWinner(work, field.field.resolve);
  if (winner === null) conflict(work, field, hq, channel);
  else move(work, field, otherSide(winner), 'policy');
}

function agreeOrConflict(work: FieldsWork, field: PreparedField, hq: boolean, channel: boolean): void {
  if (agrees(work, field)) work.agreed.push(field.index);
  else conflict(work, field, hq, channel);
}

const ONLY_HQ: readonly Side[] = ['hq'];
const ONLY_CHANNEL: readonly Side[] = ['channel'];

function conflict(work: FieldsWork, field: PreparedField, hq: boolean, channel: boolean): void {
  work.updateConflict = true;
  work.conflicts.push({ index: field.index, changedIn: hq && channel ? SIDES : hq ? ONLY_HQ : ONLY_CHANNEL });
}

function policyWinner(work: FieldsWork, policy: ConflictResolve): Side | null {
  switch (policy) {
    case 'manual':
      return null;
    case 'hqWins':
      return 'hq';
    case 'channelWins':
      return 'channel';
    case 'latestWins': {
      const winner = laterSide(work.now.hq.modifiedAt, work.now.channel.modifiedAt);
      if (winner !== null) work.byClock = true;
      return winner;
    }
    default:
      return policy satisfies never;
  }
}

/** Null when a time is missing, no instant, the same, or outside the years whose texts sort by time: a person decides. */
function laterSide(hq: Value, channel: Value): Side | null {
  const [a, b] = [sortable(hq), sortable(channel)];
  if (a === null || b === null || a === b) return null;
  return a > b ? 'hq' : 'channel';
}

function sortable(time: Value): string | null {
  const canonical = time === null ? null : canonicalTimestamptz(time);
  return canonical !== null && /^\d{4}-[^B]*$/.test(canonical) ? canonical.replace('+00', '') : null;
}

/** A person's word on one field goes before everything else. */
function settleChosen(
  work: FieldsWork,
  field: PreparedField,
  chosen: NonNullable<ReturnType<Choice['fields']['get']>>,
): void {
  if (typeof chosen === 'object') return settleOwnValue(work, field, chosen.value, chosen.side);
  const state = stateOf(work, field);
  const settled = state !== 'none' && state !== 'disputed' && work.replacedIn.length === 0;
  if (settled && !isChanged(work, field, 'hq') && !isChanged(work, field, 'channel')) return;
  // One-way fields follow their direction, whichever side was named.
  const target: Side = isBothWays(field) ? otherSide(chosen) : field.toHq ? 'hq' : 'channel';
  move(work, field, target, 'choice');
}

/** A value of one's own goes to both sides, as far as the field may travel there and does not hold it already. */
function settleOwnValue(work: FieldsWork, field: PreparedField, value: Value, side: Side): void {
  const other = otherSide(side);
  const carried = work.translator.translate(field.index, other, value);
  if (!carried.ok && mayTravel(field, other)) {
    addProblem(work, field, carried);
    return;
  }
  const here = mayTravel(field, side) && !same(field, side, value, valueOf(work, field, side));
  const there =
    carried.ok &&
    mayTravel(field, other) &&
    (carried.cleared || !same(field, other, carried.value, valueOf(work, field, other)));
  const valueThere = there && carried.ok ? carried.value : valueOf(work, field, other);
  const valueHere = here ? value : valueOf(work, field, side);
  if (here) addWrite(work, field, side, valueThere, value, false, 'choice');
  if (there && carried.ok) addWrite(work, field, other, valueHere, carried.value, carried.cleared, 'choice');
  if (!here && !there) work.agreed.push(field.index);
}

const mayTravel = (field: PreparedField, to: Side): boolean => (to === 'hq' ? field.toHq : field.toChannel);

/** Brings the target to the source's value, unless the two agree already. */
function move(work: FieldsWork, field: PreparedField, target: Side, because: Because): void {
  const sent = carry(work, field, target);
  if (holds(work, field, target, sent) || (hasWayBack(field) && agreesBy(work, field, otherSide(target)))) {
    work.agreed.push(field.index);
  } else send(work, field, target, sent, because);
}

function send(work: FieldsWork, field: PreparedField, target: Side, sent: Translation, because: Because): void {
  const { only } = work.options;
  if ((only !== null && only !== directionTo(target)) || (work.waits && because !== 'choice')) return;
  if (!sent.ok) addProblem(work, field, sent);
  else addWrite(work, field, target, valueOf(work, field, otherSide(target)), sent.value, sent.cleared, because);
}

function addProblem(work: FieldsWork, field: PreparedField, problem: Extract<Translation, { ok: false }>): void {
  const { code, params, waitsFor } = problem;
  work.problems.push({ field: field.name, code, params, waitsFor });
}

function addWrite(
  work: FieldsWork,
  field: PreparedField,
  target: Side,
  from: Value,
  to: Value,
  cleared: boolean,
  because: Because,
): void {
  const writes = target === 'hq' ? work.toHq : work.toChannel;
  writes.push({ index: field.index, from, to, old: valueOf(work, field, target), cleared, because });
}

// ---------------------------------------------------------------- values of one field

const valueOf = (work: FieldsWork, field: PreparedField, side: Side): Value =>
  (side === 'hq' ? work.hq : work.channel)[field.index] ?? null;

function stateOf(work: FieldsWork, field: PreparedField): BaseState {
  const { base } = work.now;
  return base === null ? 'none' : (base.states?.[field.index] ?? 'known');
}

function isChanged(work: FieldsWork, field: PreparedField, side: Side): boolean {
  const before = work.now.base?.[side][field.index] ?? null;
  return !equalValues(field.type[side], valueOf(work, field, side), before);
}

const carry = (work: FieldsWork, field: PreparedField, to: Side): Translation =>
  work.translator.translate(field.index, to, valueOf(work, field, otherSide(to)));

/** A null that only stands for a parent to come agrees with nothing: it has to be remembered as such. */
const holds = (work: FieldsWork, field: PreparedField, side: Side, sent: Translation): boolean =>
  sent.ok && !sent.cleared && same(field, side, sent.value, valueOf(work, field, side));

const agreesBy = (work: FieldsWork, field: PreparedField, to: Side): boolean =>
  holds(work, field, to, carry(work, field, to));

const agrees = (work: FieldsWork, field: PreparedField): boolean =>
  agreesBy(work, field, 'channel') || (hasWayBack(field) && agreesBy(work, field, 'hq'));

/** Whether the way back may find an agreement that the way there does not: not where both are the plain value. */
function hasWayBack(field: PreparedField): boolean {
  if (!isBothWays(field)) return false;
  const { values, references, transform } = field.field;
  const isPlain =
    values === null && references === null && transform.toHq.length === 0 && transform.toChannel.length === 0;
  return !isPlain || field.type.hq.kind !== field.type.channel.kind;
}

/** References are compared as keys are: in the parent's key, case or padding may not matter. */
function same(field: PreparedField, side: Side, a: Value, b: Value): boolean {
  const type = field.type[side];
  if (equalValues(type, a, b)) return true;
  return (
    field.field.references !== null &&
    a !== null &&
    b !== null &&
    canonicalKeyPart(type, a) === canonicalKeyPart(type, b)
  );
}
