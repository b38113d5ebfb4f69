/**
 * Proves a range of couplings at once: the digest of their bases, from the coupling database, against the digest of
 * their records, from each store. Where the two are equal nothing else is read; where they differ, the records are
 * told one by one, and only those that differ are looked at under the lane's lock.
 *
 * Measured with `npm run bench:verify` on a busy server of two cores, customers of 12 fields: see docs/decisions/0010.
 */
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import { type Side, SIDES } from '../../domain/record.ts';
import type { RangeDigest, StoreTable } from '../../ports/store.ts';
import type { Lane } from '../../ports/store.ts';
import type { CouplingRange, ProofStep } from '../../ports/verification.ts';
import { inActionLane } from '../actions/act-on-error.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import { type Site, storeOf } from '../lane/site.ts';
import { prepareLane } from '../run/open-lane.ts';
import type { SingleRun } from '../run/single-run.ts';
import { BATCH_RECORDS } from '../run/work-lane.ts';
import { verifyPairs } from './verify-pairs.ts';

export interface RangeProof extends ProofStep {
  readonly differences: number;
}

/** Of at most so many pairs. Null: there are no couplings after the given one. */
export async function proveRange(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  run: SingleRun,
  after: string | null,
  atMost: number,
): Promise<RangeProof | null> {
  const stores = { hq: storeOf(site, 'hq', null), channel: storeOf(site, 'channel', lane.channel) };
  const { prepared, tables } = await prepareLane(site, memory, lane, stores);
  const range = await site.database.proofs.rangeAfter(lane, after, atMost);
  if (range === null) return null;
  const suspects = await findSuspects(site, lane, prepared, tables, range, after);
  const doubtful = [...range.apart, ...suspects];
  const sums = { verified: range.keys.hq.length - suspects.length, differences: 0, drift: 0 };
  for (let at = 0; at < doubtful.length; at += BATCH_RECORDS) {
    const ids = doubtful.slice(at, at + BATCH_RECORDS);
    const found = await inActionLane(site, memory, lane, (context) => verifyPairs(site, context, run, ids));
    for (const name of ['verified', 'differences', 'drift'] as const) sums[name] += found[name];
  }
  return { ...sums, pairs: range.pairs, after: range.pairs < atMost ? null : range.lastId };
}

type Tables = Readonly<Record<Side, StoreTable>>;

/** Ids of the couplings of which a record is not what its base says, or may not be. */
async function findSuspects(
  site: Site,
  lane: Lane,
  prepared: PreparedMapping,
  tables: Tables,
  range: CouplingRange,
  after: string | null,
): Promise<readonly string[]> {
  const valuesOf = (side: Side) => prepared.fields.map((field) => field.columns[side]);
  const whole = await Promise.all(
    SIDES.map(async (side) => {
      const digest = await tables[side].digest({ keys: range.keys[side], values: valuesOf(side) });
      return sameDigest(digest, range.digests[side]);
    }),
  );
  if (whole.every(Boolean)) return [];
  const each = await site.database.proofs.eachOf(lane, after, range.lastId);
  const suspects = new Set<string>();
  await Promise.all(
    SIDES.map(async (side, at) => {
      if (whole[at]) return;
      const keys = each.map((coupling) => coupling.keys[side]);
      const held = await tables[side].digestEach({ keys, values: valuesOf(side) });
      each.forEach(({ id, digests }, index) => {
        if (held[index] !== digests[side]) suspects.add(id);
      });
    }),
  );
  return [...suspects];
}

const sameDigest = (a: RangeDigest, b: RangeDigest): boolean => a.records === b.records && a.sum === b.sum;
