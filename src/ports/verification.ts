/** How far it is proven that both stores agree with the couplings; kept fresh in the background. */

export interface MappingProof {
  readonly mapping: string;
  /** Couplings in force. */
  readonly pairs: number;
  /** Of these, compared since they changed last. */
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
