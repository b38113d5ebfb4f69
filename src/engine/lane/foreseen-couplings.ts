/**
 * The couplings that a dry run would make, by parent mapping: its children find their parents here, as in the run itself
 * they would among the couplings. Kept for the parents of other mappings alone; a hundred bytes a record.
 */
import { type KeyText, keyText, type RecordKey, type Side, SIDES } from '../../domain/record.ts';

export interface ForeseenCoupling {
  readonly couplingId: string;
  /** Null on the side where the record would be created: its key is not known before. */
  readonly keys: Readonly<Record<Side, RecordKey | null>>;
}

export interface ForeseenCouplings {
  find(mapping: string, side: Side, key: KeyText): ForeseenCoupling | undefined;
  /** Takes in what a batch of the mapping would couple or create. */
  note(mapping: string, couplings: readonly ForeseenCoupling[]): void;
}

export function foreseenCouplings(parents: ReadonlySet<string>): ForeseenCouplings {
  const known = new Map(
    [...parents].map((mapping): [string, BySide] => [mapping, { hq: new Map(), channel: new Map() }]),
  );
  return {
    find: (mapping, side, key) => known.get(mapping)?.[side].get(key),
    note(mapping, couplings) {
      const bySide = known.get(mapping);
      if (bySide === undefined) return;
      for (const { couplingId, keys } of couplings) {
        const coupling = { couplingId, keys };
        for (const side of SIDES) if (keys[side]) bySide[side].set(keyText(keys[side]), coupling);
      }
    },
  };
}

type BySide = Readonly<Record<Side, Map<KeyText, ForeseenCoupling>>>;
