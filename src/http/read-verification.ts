/** How far it is proven that both stores agree: kept in the background, else what the verifications asked for have found. */
import type { Json } from '../domain/record.ts';
import type { JobView, LaneView } from '../ports/queries.ts';
import type { MappingProof } from '../ports/verification.ts';
import { NO_ERROR_FILTER } from './no-filter.ts';
import type { VerificationDocument } from './schemas/stores.ts';
import type { ServerDeps } from './server-deps.ts';

const JOBS_LOOKED_AT = 100;

export async function readVerification(deps: ServerDeps): Promise<VerificationDocument> {
  const mappings = await (deps.verification?.proofs() ?? provenByJobs(deps));
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

async function provenByJobs(deps: ServerDeps): Promise<readonly MappingProof[]> {
  const { queries, presenter } = deps;
  const filter = {
    mapping: null,
    channel: null,
    kind: ['verify'],
    status: ['succeeded'],
    trigger: null,
    since: null,
    until: null,
  } as const;
  const [lanes, jobs] = await Promise.all([
    queries.lanes(null),
    queries.jobs(filter, { limit: JOBS_LOOKED_AT, cursor: null, sort: '-createdAt', count: false }),
  ]);
  return Promise.all(presenter.mappings.map(({ name }) => proofOf(deps, name, lanes, jobs.items)));
}

/** One channel alone proves nothing of the others. */
async function proofOf(
  { queries }: ServerDeps,
  mapping: string,
  lanes: readonly LaneView[],
  jobs: readonly JobView[],
): Promise<MappingProof> {
  const pairs = lanes
    .filter(({ state }) => state.lane.mapping === mapping)
    .reduce((total, { couplings }) => total + Object.values(couplings).reduce((sum, count) => sum + count, 0), 0);
  const differences = await queries.countErrors({
    ...NO_ERROR_FILTER,
    mapping: [mapping],
    code: ['verification-difference'],
  });
  for (const job of jobs) {
    const found = job.channel === null ? sumsOf(job.params, mapping) : null;
    if (found === null) continue;
    return {
      mapping,
      pairs,
      verified: Math.min(pairs, found.verified),
      oldestProofAt: job.startedAt,
      differences,
      drift: found.drift,
    };
  }
  return { mapping, pairs, verified: 0, oldestProofAt: null, differences, drift: 0 };
}

function sumsOf(
  params: { readonly [name: string]: Json } | null,
  mapping: string,
): { verified: number; drift: number } | null {
  const found = memberOf(memberOf(params, 'mappings'), mapping);
  const verified = memberOf(found, 'verified');
  const drift = memberOf(found, 'drift');
  return typeof verified === 'number' && typeof drift === 'number' ? { verified, drift } : null;
}

const memberOf = (json: Json | undefined, name: string): Json | undefined =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && Object.hasOwn(json, name)
    ? json[name]
    : undefined;
