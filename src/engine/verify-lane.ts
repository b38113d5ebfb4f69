/**
 * Proves that both stores hold what the couplings say: every pair is compared with its base, by type. A pair differs only
 * if it differs twice, the second time under the lane's lock, with every mark read and nothing of it pending. A
 * difference becomes an error for a person, never a silent repair.
 */
import { equalValues } from '../domain/equal-values.ts';
import { PLAIN_RUN } from '../domain/pair.ts';
import { type Json, SIDES } from '../domain/record.ts';
import type { Job, JobResult } from '../ports/coupling-database.ts';
import { noCounters } from '../ports/coupling-database.ts';
import { inActionLane } from './act-on-error.ts';
import { recordingBuilder } from './build-recording.ts';
import { gatherPairs, type PairWork } from './gather-pairs.ts';
import type { Outcome } from './job-outcome.ts';
import type { LaneContext } from './lane-context.ts';
import type { LaneMemory } from './open-lane.ts';
import { type BatchPlan, subjectOfPair } from './plan-pairs.ts';
import { loadOpenErrors } from './settle-subjects.ts';
import { singleRun, type SingleRun } from './single-run.ts';
import { lanesOf, type Site } from './site.ts';
import { finding } from './subject.ts';
import { type BatchOptions, carryOut } from './work-batch.ts';
import { BATCH_RECORDS } from './work-lane.ts';

interface Compared {
  readonly differing: readonly string[];
  /** One-way targets that somebody else changed: left alone until the source changes. */
  readonly drifting: readonly string[];
}

const OPTIONS: BatchOptions = {
  decide: PLAIN_RUN,
  deletions: 'ask',
  truncated: new Set(),
  errorId: null,
  lone: { createIn: new Set(), match: false, byHand: false },
  resolution: null,
  withResults: false,
  late: new Set(),
  expectEmpty: false,
};

type Sums = Record<'pairs' | 'verified' | 'differences' | 'drift', number>;
const noSums = (): Sums => ({ pairs: 0, verified: 0, differences: 0, drift: 0 });

export async function verifyMappings(
  site: Site,
  memory: LaneMemory,
  job: Job,
  stop: () => Promise<boolean>,
): Promise<Outcome> {
  const counters = noCounters();
  const sums = noSums();
  // By mapping as well, for `GET /verification`.
  const mappings: Record<string, Sums> = {};
  const body = (job.body ?? {}) as { readonly mapping?: string };
  const name = job.mapping ?? body.mapping ?? null;
  for (const lane of lanesOf(site, job.channel ?? undefined).filter(
    (candidate) => name === null || candidate.mapping === name,
  )) {
    const run: SingleRun = {
      ...singleRun(
        site,
        lane,
        'verify',
        'full',
        { actor: job.actor, reason: null, requestId: job.requestId },
        job.id,
        null,
      ),
      counters,
    };
    for (let after: string | null = null; ; ) {
      if (await stop()) return { status: 'cancelled', code: null, params: { ...sums, mappings }, counters };
      // The lane is taken page by page, so that runs and actions get in between.
      const last: string | null = await inActionLane(site, memory, lane, (context) =>
        verifyPage(context, run, after, [sums, (mappings[lane.mapping] ??= noSums())]),
      );
      if (last === null) break;
      after = last;
      await site.database.updateProgress(job.id, { counters, done: sums.pairs, total: null });
    }
  }
  return { status: 'succeeded', code: null, params: { ...sums, mappings }, counters };
}

async function verifyPage(
  context: LaneContext,
  run: SingleRun,
  after: string | null,
  sums: readonly Sums[],
): Promise<string | null> {
  const couplings = await context.database.scanCouplings(context.lane, after, BATCH_RECORDS);
  const last = couplings.at(-1);
  if (!last) return null;
  const settled = couplings.filter(({ status }) => status === 'synchronized');
  const count = (what: keyof Sums, by: number): void => {
    for (const sum of sums) sum[what] += by;
  };
  count('pairs', couplings.length);
  const gathered = await gatherPairs(
    context,
    settled.map((coupling) => ({ side: 'hq', key: coupling.hqKey, pending: null })),
  );
  const differing: { pair: PairWork; fields: readonly string[] }[] = [];
  for (const pair of gathered.pairs) {
    // What is on its way is not compared: it will be decided.
    if (pair.pending.length > 0 || SIDES.some((side) => pair.now[side].deletedSince || !pair.now[side].inFilter))
      continue;
    const compared = comparePair(context, pair);
    if (compared.drifting.length > 0) count('drift', 1);
    if (compared.differing.length > 0) differing.push({ pair, fields: compared.differing });
    else count('verified', 1);
  }
  count('differences', differing.length);
  if (differing.length > 0) await reportDifferences(context, run, gathered, differing);
  return last.id;
}

function comparePair(context: LaneContext, pair: PairWork): Compared {
  const differing: string[] = [];
  const drifting: string[] = [];
  const { base } = pair.coupling;
  for (const side of SIDES) {
    const { values } = pair.now[side];
    if (!values) {
      differing.push(side);
      continue;
    }
    for (const field of context.prepared.fields) {
      if (base.states !== null && base.states[field.index] !== 'known') continue;
      if (field.columns[side].length === 0) continue;
      if (equalValues(field.type[side], values[field.index] ?? null, base[side][field.index] ?? null)) continue;
      const travels = side === 'hq' ? field.toChannel : field.toHq;
      (travels ? differing : drifting).push(field.name);
    }
  }
  return { differing, drifting };
}

async function reportDifferences(
  context: LaneContext,
  run: SingleRun,
  gathered: BatchPlan['gathered'],
  differing: readonly { readonly pair: PairWork; readonly fields: readonly string[] }[],
): Promise<void> {
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const plan: BatchPlan = { context, identity: run.identity, options: OPTIONS, gathered, builder };
  const subjects = differing.map(({ pair, fields }) => {
    const subject = subjectOfPair(pair);
    builder.draftOf(pair.coupling);
    subject.verdict = finding('failure', 'verification-difference', { fields: [...fields], field: fields[0] ?? null });
    return subject;
  });
  await loadOpenErrors(context, subjects);
  await carryOut(context, run, plan, subjects, OPTIONS);
  const results = differing.map(
    ({ pair, fields }): JobResult => ({
      status: 'failed',
      code: 'verification-difference',
      params: { fields: [...fields] as Json[] },
      errorId: null,
      couplingId: pair.coupling.id,
      hqKey: pair.coupling.hqKey,
      channelKey: pair.coupling.channelKey,
      candidates: [],
      writes: null,
    }),
  );
  await context.database.addJobResults(run.identity.jobId, results);
}
