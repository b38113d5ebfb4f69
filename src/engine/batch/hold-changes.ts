/** What a breaker counts before it is carried out, and what waits for a person because it was declined or compared. */
import type { Choice, PairDecision } from '../../domain/pair.ts';
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import { type Side, SIDES } from '../../domain/record.ts';
import type { Lane } from '../../ports/store.ts';
import type { RecordingBuilder } from './build-recording.ts';
import type { Draft } from './draft.ts';
import { finding, type Subject, type Verdict } from './subject.ts';

/**
 * `deferReplacements`, `deferAll`: records deleted and created again, or updates as well, wait for the end of the run,
 * where they are counted; `approved`, `ask`: a person let a mass of them pass, or wants each as an error.
 */
export type ChangesMode = 'deferReplacements' | 'deferAll' | 'approved' | 'ask';

interface HoldOptions {
  readonly compare?: boolean;
  readonly changes?: ChangesMode;
  readonly heldSides?: ReadonlySet<Side>;
}

export type FieldsDecision = Extract<PairDecision, { kind: 'fields' }>;

/** Who lets a mass of replaced records pass wants what they hold now. */
export function choiceOfReplacement(decision: PairDecision): Choice | null {
  const replacedIn = decision.kind === 'fields' ? (decision.conflict?.replacedIn ?? []) : [];
  const [winner] = replacedIn;
  return winner !== undefined && replacedIn.length === 1 ? { winner, fields: new Map() } : null;
}

/** The pair waits, as it is, until the run knows how many there are; null: it need not. */
export function changeDue({ compare, changes, heldSides }: HoldOptions, decision: PairDecision): Verdict | null {
  if (compare || decision.kind !== 'fields') return null;
  if (heldSides !== undefined) {
    // Changed on both sides, of which one is held: the pair is decided as a whole, so it is held too.
    const sides = changedSides(decision);
    return sides.some((side) => heldSides.has(side)) ? { kind: 'changeDue', state: 'changeHeld', sides } : null;
  }
  if (changes !== 'deferReplacements' && changes !== 'deferAll') return null;
  const replacedIn = decision.conflict?.replacedIn ?? [];
  if (replacedIn.length > 0) return { kind: 'changeDue', state: 'replacement', sides: replacedIn };
  const writes = decision.toHq.length + decision.toChannel.length;
  if (changes !== 'deferAll' || writes === 0 || decision.problems.length > 0) return null;
  return { kind: 'changeDue', state: 'change', sides: changedSides(decision) };
}

const changedSides = (decision: FieldsDecision): readonly Side[] =>
  SIDES.filter((side) => (side === 'hq' ? decision.toChannel : decision.toHq).length > 0);

/** Whatever there was to write is disputed from now on and waits as a conflict; null: there was nothing. */
export function disputeDifferences(
  { compare, changes }: HoldOptions,
  prepared: PreparedMapping,
  draft: Draft,
  decision: FieldsDecision,
): Verdict | null {
  if (!compare && (changes !== 'ask' || decision.conflict !== null)) return null;
  const held = new Set([...decision.toHq, ...decision.toChannel].map((write) => write.index));
  for (const field of decision.conflict?.fields ?? []) held.add(field.index);
  if (held.size === 0) return null;
  dispute(draft, held);
  const names = [...held].map((index) => prepared.fields[index]?.name ?? '');
  return finding('conflict', 'initial-conflict', { fields: names, field: names[0] ?? null }, { conflicting: held });
}

/**
 * The mark of the deletion is worked now; a later run would take the new record for the old one, edited. So a run of some
 * fields leaves none of the others to it either.
 */
export function disputeReplaced(
  prepared: PreparedMapping,
  draft: Draft,
  conflicting: ReadonlySet<number>,
  asked: ReadonlySet<number> | null,
): void {
  const others = asked === null ? [] : prepared.fields.filter((field) => field.toHq && field.toChannel);
  dispute(draft, new Set([...conflicting, ...others.flatMap(({ index }) => (asked?.has(index) ? [] : [index]))]));
}

function dispute(draft: Draft, fields: ReadonlySet<number>): void {
  for (const index of fields) {
    const state = draft.base.states[index];
    if (state === 'none' || state === 'disputed') continue;
    draft.base.states[index] = 'disputed';
    draft.baseMoved = true;
  }
}

/** The entries of the changed sides are the ones that are counted; what else was pending for the pair is settled with them. */
export function keepForBreaker(
  builder: RecordingBuilder,
  lane: Lane,
  subject: Subject,
  state: 'change' | 'changeHeld' | 'replacement',
  sides: readonly Side[],
): void {
  for (const change of subject.pending) {
    const entry = { id: change.id, generation: change.generation };
    // What is held stays held until somebody answers, however often it is decided meanwhile.
    const isHeld = change.state === 'changeHeld' || change.state === 'replacementHeld';
    if (sides.includes(change.side)) {
      if (!isHeld) builder.parts.keep.push({ ...entry, state });
    } else builder.parts.done.push(entry);
  }
  for (const side of sides) {
    const key = subject.keys[side];
    if (!key || subject.pending.some((change) => change.side === side)) continue;
    const deleted = state === 'replacement';
    builder.parts.pend.push({ lane, side, key, deleted, oldRow: subject.oldRows[side] });
  }
}

/** A mark on the survivor that is not Couplet's own write: some unmapped column changed, which a deletion must not take along. */
export const changedBeyondMapping = (subject: Subject, draft: Draft, survivor: Side): boolean =>
  subject.pending.some((change) => change.side === survivor && !change.deleted) &&
  subject.records[survivor] !== null &&
  draft.written[survivor] !== subject.records[survivor]?.version;
