/** A coupling while a batch works on it, and what of it is recorded in the end. */
import type { Base, BaseState } from '../../domain/pair.ts';
import { type RecordKey, sameKey, type Side, SIDES, type Value } from '../../domain/record.ts';
import type {
  Coupling,
  CouplingStatus,
  CouplingUpdate,
  EndedCoupling,
  NewCoupling,
} from '../../ports/coupling-database.ts';

export interface Draft {
  readonly id: string;
  /** Null: it is new with this batch. */
  readonly before: Coupling | null;
  keys: Record<Side, RecordKey | null>;
  base: { hq: Value[]; channel: Value[]; states: BaseState[] };
  status: CouplingStatus;
  errorId: string | null;
  parents: readonly (string | null)[];
  descriptions: Record<Side, string>;
  written: Record<Side, string | null>;
  oldRows: Coupling['oldRows'];
  baseMoved: boolean;
  ended: EndedCoupling['uncoupled'] | null;
}

const statesOrNull = (states: readonly BaseState[]): readonly BaseState[] | null =>
  states.every((state) => state === 'known') ? null : states;

const baseOf = (draft: Draft): Base => ({
  hq: draft.base.hq,
  channel: draft.base.channel,
  states: statesOrNull(draft.base.states),
});

export const newCoupling = (draft: Draft): NewCoupling => ({
  id: draft.id,
  hqKey: draft.keys.hq as RecordKey,
  channelKey: draft.keys.channel,
  base: baseOf(draft),
  status: draft.status,
  errorId: draft.errorId,
  parents: draft.parents,
  hqDescription: draft.descriptions.hq,
  channelDescription: draft.descriptions.channel,
  written: draft.written,
  oldRows: draft.oldRows,
});

/** Only what changed; null when nothing did, so that an idle pair is never written. */
export function changesOf(draft: Draft, before: Coupling): CouplingUpdate | null {
  const update: { -readonly [K in keyof CouplingUpdate]: CouplingUpdate[K] } = { id: draft.id };
  let changed = false;
  if (draft.baseMoved) {
    update.base = baseOf(draft);
    update.synchronized = true;
    changed = true;
  }
  const beforeKeys = { hq: before.hqKey, channel: before.channelKey };
  const beforeDescriptions = { hq: before.hqDescription, channel: before.channelDescription };
  for (const side of SIDES) {
    if (!sameKey(draft.keys[side], beforeKeys[side])) {
      if (side === 'hq') update.hqKey = draft.keys.hq as RecordKey;
      else update.channelKey = draft.keys.channel;
      changed = true;
    }
    if (draft.descriptions[side] !== beforeDescriptions[side]) {
      if (side === 'hq') update.hqDescription = draft.descriptions.hq;
      else update.channelDescription = draft.descriptions.channel;
      changed = true;
    }
  }
  if (draft.written.hq !== before.written.hq || draft.written.channel !== before.written.channel) {
    update.written = draft.written;
    changed = true;
  }
  if (draft.status !== before.status) {
    update.status = draft.status;
    changed = true;
  }
  if (draft.errorId !== before.errorId) {
    update.errorId = draft.errorId;
    changed = true;
  }
  if (draft.parents !== before.parents && draft.parents.some((id, at) => id !== before.parents[at])) {
    update.parents = draft.parents;
    changed = true;
  }
  if (draft.oldRows !== before.oldRows) {
    update.oldRows = draft.oldRows;
    changed = true;
  }
  return changed ? update : null;
}
