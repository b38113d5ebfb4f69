/** How far it is proven that both stores agree: by mapping, and in sum. */
import type { VerificationDocument } from './schemas/stores.ts';
import type { ServerDeps } from './server-deps.ts';

export async function readVerification({ verification }: ServerDeps): Promise<VerificationDocument> {
  const mappings = await verification.proofs();
  const sum = (of: 'pairs' | 'verified' | 'differences' | 'drift'): number =>
    mappings.reduce((total, proof) => total + proof[of], 0);
  // A pair that was never compared is older than any time.
  const never = mappings.some(({ pairs, oldestProofAt }) => pairs > 0 && oldestProofAt === null);
  const oldest = mappings.flatMap(({ oldestProofAt }) => oldestProofAt ?? []).toSorted()[0] ?? null;
  return {
    pairs: sum('pairs'),
    verified: sum('verified'),
    oldestProofAt: never ? null : oldest,
    differences: sum('differences'),
    drift: sum('drift'),
    mappings: mappings.map((proof) => ({ ...proof })),
  };
}
