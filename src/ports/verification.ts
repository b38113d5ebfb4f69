/**
 * How far it is proven that both stores agree with the couplings; kept fresh in the background.
 *
 * A *range* is some thousand couplings in the order of their ids. Its *digest* is computed twice: by the coupling
 * database from the bases, and by each store from the records themselves; only where the two differ is anybody asked
 * for values. A digest nominates and proves nothing but equality.
 */
import type { RecordKey, Side } from '../domain/record.ts';
import type { Lane, RangeDigest } from './store.ts';

export interface MappingProof {
  readonly mapping: string;
  /** Couplings in force. */
  readonly pairs: number;
  /** Of these, found equal in the last complete pass. */
  readonly verified: number;
  /** Null: some pair was never compared. */
  readonly oldestProofAt: string | null;
  readonly differences: number;
  /** Targets of one-way fields that were changed by somebody else. */
  readonly drift: number;
}

export interface Verification {
  proofs(): Promise<readonly MappingProof[]>;
}

/** Couplings of a lane after a given one. */
export interface CouplingRange {
  readonly lastId: string;
  readonly pairs: number;
  /** In step, but with a base that has no digest (a field that never agreed, fields of an older configuration). */
  readonly apart: readonly string[];
  /** Keys of the others that are in step, in the order of the couplings; what is in error or on its way is left out. */
  readonly keys: Readonly<Record<Side, readonly RecordKey[]>>;
  readonly digests: Readonly<Record<Side, RangeDigest>>;
}

export interface CouplingDigest {
  readonly id: string;
  readonly keys: Readonly<Record<Side, RecordKey>>;
  readonly digests: Readonly<Record<Side, string>>;
}

/** The pass under way in a lane, and the last complete one. */
export interface LaneProof {
  /** Null: none is under way. */
  readonly passStartedAt: string | null;
  readonly passAfter: string | null;
  /** When the last complete pass began. */
  readonly provenAt: string | null;
  /** Seconds since then, by the clock of the coupling database. */
  readonly provenAgoSeconds: number | null;
}

export interface ProofStep {
  readonly pairs: number;
  readonly verified: number;
  readonly drift: number;
  /** The last coupling compared; null: the pass is complete. */
  readonly after: string | null;
}

/** A pair that an earlier verification found to differ, and nobody has answered yet. */
export interface KnownDifference {
  readonly errorId: string;
  readonly couplingId: string;
  readonly hqKey: RecordKey;
  readonly channelKey: RecordKey | null;
  readonly fields: readonly string[];
}

/** What no proof looks at, since it waits for somebody already. */
export interface OpenPairs {
  /** With an open error, of whatever kind. */
  readonly pairs: number;
  /** Of these, the first so many that a verification found. */
  readonly differences: readonly KnownDifference[];
}

export interface ProofKeeping {
  openPairs(lane: Lane, atMost: number): Promise<OpenPairs>;
  /** Null: no coupling is left. */
  rangeAfter(lane: Lane, afterId: string | null, limit: number): Promise<CouplingRange | null>;
  /** One by one, after the first id and up to the second. */
  eachOf(lane: Lane, afterId: string | null, lastId: string): Promise<readonly CouplingDigest[]>;
  loadProof(lane: Lane): Promise<LaneProof>;
  /** False: somebody else moved the pass on since it was loaded; nothing is changed then. */
  moveProof(lane: Lane, from: LaneProof, step: ProofStep): Promise<boolean>;
  /** A pass that somebody asked for, from its beginning to its end. */
  recordPass(lane: Lane, startedAt: Date, sums: Omit<ProofStep, 'after'>): Promise<void>;
  /** By mapping, of those that have a lane. */
  proofs(): Promise<readonly MappingProof[]>;
}
