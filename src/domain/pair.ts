/**
 * What a decision is made from and what it says. A *pair* is a coupled HQ and channel record, or one that is about to
 * be coupled. Fields are known by their index in the mapping; a composite reference is one value, the JSON array of
 * its parts (`tuple`), null when any part is null.
 */
import type { Params, RecordKey, Side, Value, WriteDirection } from './record.ts';

/** One value per field of the mapping, in the mapping's order. A field with no column on a side is null there. */
export type FieldValues = readonly Value[];

/**
 * What is known of a field's base. `none`: never agreed (new pair, new field): the base's values are meaningless.
 * `clearedIn…`: Couplet wrote null there because the parent was not coupled; that null never travels back, and the
 * reference is filled when the parent is coupled. `disputed`: the sides differ and only a person may say which is right
 * (a store went back in time, a mass of changes was declined); no policy and no first winner settles it.
 */
export type BaseState = 'known' | 'none' | 'disputed' | 'clearedInHq' | 'clearedInChannel';

/** The values of both sides when the pair last agreed. */
export interface Base {
  readonly hq: FieldValues;
  readonly channel: FieldValues;
  /** Null: every field is `known`, the usual case. */
  readonly states: readonly BaseState[] | null;
}

/** One side of a pair as read for the decision. */
export interface SideNow {
  /** Null: the record does not exist (proven absent by key). */
  readonly values: FieldValues | null;
  readonly inFilter: boolean;
  /** A delete of this very key was captured since the base: what exists now is another record with the same key. */
  readonly deletedSince: boolean;
  /** For latestWins only; null when unknown. */
  readonly modifiedAt: string | null;
}

/** Where a side of a pair stands against the base; the rows and columns of the decision table. */
export type SideState = 'unchanged' | 'changed' | 'deleted' | 'replaced';

export interface PairNow {
  readonly hq: SideNow;
  readonly channel: SideNow;
  /** Null: a new pair, which has no base at all. */
  readonly base: Base | null;
}

/** A person's choice for a record in conflict, or the winner asked for when coupling. Fields go before `winner`. */
export interface Choice {
  readonly winner: Side | null;
  /** By field name; an own value is in the form of `side` and goes through the mapping to the other. */
  readonly fields: ReadonlyMap<string, Side | { readonly value: Value; readonly side: Side }>;
}

export interface DecideOptions {
  readonly choice: Choice | null;
  /** A full run also brings the targets of one-way fields back to their source. */
  readonly full: boolean;
  /** The run is limited to one direction; changes the other way stay as they are, undecided. */
  readonly only: WriteDirection | null;
  /** The run is limited to these fields (by index); null: all. */
  readonly fields: ReadonlySet<number> | null;
}

export const PLAIN_RUN: DecideOptions = { choice: null, full: false, only: null, fields: null };

/** A value carried to the other side's form, or why it cannot be. */
export type Translation =
  | { readonly ok: true; readonly value: Value; readonly cleared: boolean }
  | { readonly ok: false; readonly code: string; readonly params: Params; readonly waitsFor: ParentKey | null };

/** The parent record that a reference waits for. */
export interface ParentKey {
  readonly mapping: string;
  readonly side: Side;
  readonly key: RecordKey;
}

/** Carries values from one side's form to the other's: value map, transforms, references, types, constants. */
export interface Translator {
  translate(fieldIndex: number, to: Side, value: Value): Translation;
}

export interface FieldProblem {
  readonly field: string;
  readonly code: string;
  readonly params: Params;
  readonly waitsFor: ParentKey | null;
}

/** A field that goes to one side. `from` is the source's value, which becomes that side's base. */
export interface FieldWrite {
  readonly index: number;
  readonly from: Value;
  /** In the target's form. */
  readonly to: Value;
  readonly old: Value;
  /** Null was written because the parent is not coupled. */
  readonly cleared: boolean;
  /** Why this side won, where both had changed or a person chose: the losing value is `old`. */
  readonly because: 'change' | 'policy' | 'choice' | 'initial' | 'full';
}

export interface ConflictingField {
  readonly index: number;
  readonly changedIn: readonly Side[];
}

/**
 * What is to be done with a pair. `writes` and `agreed` may stand beside `conflict`: with `detect: field` only the
 * fields in conflict wait. With `problems` nothing of the pair is written.
 */
export type PairDecision =
  | { readonly kind: 'nothing' }
  /** Outside the filter on a side: frozen on both, until it is inside again. */
  | { readonly kind: 'frozen' }
  /** The coupling ends without touching a record; `why` is for the log. */
  | { readonly kind: 'end'; readonly why: 'bothGone' | 'deletedOutOfFilter' | 'replacedWhileOtherGone' }
  | {
      readonly kind: 'deletion';
      readonly deletedIn: Side;
      readonly survivorChanged: boolean;
      /** `propagate` is never said of a deletion in the target of a one-way mapping: `manual` then. */
      readonly policy: 'manual' | 'restore' | 'removeCoupling' | 'propagate';
    }
  | {
      readonly kind: 'fields';
      readonly toHq: readonly FieldWrite[];
      readonly toChannel: readonly FieldWrite[];
      /** Fields whose base moves without a write. */
      readonly agreed: readonly number[];
      readonly conflict: {
        readonly code: 'update-conflict' | 'initial-conflict' | 'record-replaced';
        readonly fields: readonly ConflictingField[];
        readonly replacedIn: readonly Side[];
      } | null;
      readonly problems: readonly FieldProblem[];
      /** A replaced record whose mapped values all equal the base: stays coupled, the log says so. */
      readonly replacedAlike: boolean;
      /** latestWins compared clocks; the log entry says so. */
      readonly byClock: boolean;
    };
