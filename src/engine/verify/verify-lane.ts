/** The verification that somebody asked for: every range of every lane, one after the other. */
import type { Job, JobResult } from '../../ports/coupling-database.ts';
import { noCounters } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import type { Outcome } from '../lane/job-outcome.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import { lanesOf, type Site } from '../lane/site.ts';
import { singleRun, type SingleRun } from '../run/single-run.ts';
import { proveRange } from './prove-range.ts';

/** Somebody waits: a range of 1,000 costs 5 % more for each pair, a larger one no less. */
const RANGE_PAIRS = 10_000;

/** `openErrors`: pairs that were open errors before, which are not looked at; `differences`: those found now. */
type Sums = Record<'pairs' | 'verified' | 'differences' | 'drift' | 'openErrors', number>;
const noSums = (): Sums => ({ pairs: 0, verified: 0, differences: 0, drift: 0, openErrors: 0 });
const addTo = (sums: Sums, more: Partial<Sums>): void => {
  for (const name of ['pairs', 'verified', 'differences', 'drift', 'openErrors'] as const)
    sums[name] += more[name] ?? 0;
};

/** Whoever has more of them open reads the error list. */
const MOST_KNOWN = 10_000;

export async function verifyMappings(
  site: Site,
  memory: LaneMemory,
  job: Job,
  stop: () => Promise<boolean>,
): Promise<Outcome> {
  const counters = noCounters();
  const sums = noSums();
  // By mapping as well, for whoever reads the job.
  const mappings: Record<string, Sums> = {};
  const body = (job.body ?? {}) as { readonly mapping?: string };
  const name = job.mapping ?? body.mapping ?? null;
  const lanes = lanesOf(site, job.channel ?? undefined).filter(({ mapping }) => name === null || mapping === name);
  for (const lane of lanes) {
    const asker = { actor: job.actor, reason: null, requestId: job.requestId };
    const run: SingleRun = { ...singleRun(site, lane, 'verify', 'full', asker, job.id, null), counters };
    const startedAt = site.surroundings.now();
    const ofLane = noSums();
    const totals = [sums, ofLane, (mappings[lane.mapping] ??= noSums())];
    const openErrors = await tellOpenPairs(site, job, lane);
    for (const total of totals) addTo(total, { openErrors });
    for (let after: string | null = null; ; ) {
      if (await stop())
        return { status: 'cancelled', code: null, params: { ...sums, mappings }, counters, done: sums.pairs };
      const proof = await proveRange(site, memory, lane, run, after, RANGE_PAIRS);
      if (proof !== null) {
        const { after: _, ...found } = proof;
        for (const total of totals) addTo(total, found);
        await site.database.updateProgress(job.id, { counters, done: sums.pairs, total: null });
      }
      after = proof?.after ?? null;
      if (after === null) break;
    }
    await site.database.proofs.recordPass(lane, startedAt, ofLane);
  }
  return { status: 'succeeded', code: null, params: { ...sums, mappings }, counters, done: sums.pairs };
}

/** A difference that was found before is a result as long as nobody has answered it, with the error that it became. */
async function tellOpenPairs({ database }: Site, job: Job, lane: Lane): Promise<number> {
  const { pairs, differences } = await database.proofs.openPairs(lane, MOST_KNOWN);
  const results = differences.map(
    ({ errorId, couplingId, hqKey, channelKey, fields }): JobResult => ({
      status: 'failed',
      code: 'verification-difference',
      params: { fields: [...fields] },
      errorId,
      couplingId,
      hqKey,
      channelKey,
      candidates: [],
      writes: null,
    }),
  );
  if (results.length > 0) await database.addJobResults(job.id, results);
  return pairs;
}
