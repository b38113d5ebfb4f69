/**
 * Looks at pairs one by one, under the lane's lock: whether both stores hold what their couplings say. A pair differs
 * only if it differs twice, the second time with every mark taken in that was there after the first, and nothing of it
 * pending. A difference becomes an error for a person, never a silent repair.
 */
import { equalValues } from '../../domain/equal-values.ts';
import { PLAIN_RUN } from '../../domain/pair.ts';
import { SIDES } from '../../domain/record.ts';
import type { Coupling } from '../../ports/coupling-database.ts';
import { recordingBuilder } from '../batch/build-recording.ts';
import { type Gathered, gatherPairs, type PairWork } from '../batch/gather-pairs.ts';
import { loadOpenErrors } from '../batch/load-open-errors.ts';
import { type BatchPlan, subjectOfPair } from '../batch/plan-pairs.ts';
import { finding } from '../batch/subject.ts';
import { type BatchOptions, carryOut } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { Site } from '../lane/site.ts';
import { readMarks } from '../run/read-marks.ts';
import type { SingleRun } from '../run/single-run.ts';

export interface PairsVerified {
  verified: number;
  differences: number;
  drift: number;
}

interface Compared {
  readonly pair: PairWork;
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
  withResults: true,
  late: new Set(),
  expectEmpty: false,
};

export async function verifyPairs(
  site: Site,
  context: LaneContext,
  run: SingleRun,
  ids: readonly string[],
): Promise<PairsVerified> {
  const couplings = [...(await context.database.couplingsById(ids)).values()];
  const first = await comparePairs(
    context,
    couplings.filter(({ status }) => status === 'synchronized'),
  );
  const alike = first.compared.filter(({ differing }) => differing.length === 0);
  const suspects = first.compared.filter(({ differing }) => differing.length > 0);
  let drift = alike.filter(({ drifting }) => drifting.length > 0).length;
  let verified = alike.length;
  if (suspects.length === 0) return { verified, differences: 0, drift };
  // Whatever changed a record before it was read above has left its mark by now, and the mark makes the pair pending.
  await Promise.all([readMarks(site, 'hq', null), readMarks(site, 'channel', context.lane.channel)]);
  const second = await comparePairs(
    context,
    suspects.map(({ pair }) => pair.coupling),
  );
  const proven = second.compared.filter(({ differing }) => differing.length > 0);
  verified += second.compared.length - proven.length;
  drift += second.compared.filter(({ drifting }) => drifting.length > 0).length;
  if (proven.length > 0) await reportDifferences(context, run, second.gathered, proven);
  return { verified, differences: proven.length, drift };
}

/** What is on its way is not compared: it will be decided. */
async function comparePairs(
  context: LaneContext,
  couplings: readonly Coupling[],
): Promise<{ gathered: Gathered; compared: Compared[] }> {
  const gathered = await gatherPairs(
    context,
    couplings.map((coupling) => ({ side: 'hq', key: coupling.hqKey, pending: null })),
  );
  const settled = gathered.pairs.filter(
    ({ pending, now }) => pending.length === 0 && SIDES.every((side) => !now[side].deletedSince && now[side].inFilter),
  );
  return { gathered, compared: settled.map((pair) => comparePair(context, pair)) };
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
  return { pair, differing, drifting };
}

async function reportDifferences(
  context: LaneContext,
  run: SingleRun,
  gathered: Gathered,
  different: readonly Compared[],
): Promise<void> {
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const plan: BatchPlan = { context, identity: run.identity, options: OPTIONS, gathered, builder };
  const subjects = different.map(({ pair, differing }) => {
    const subject = subjectOfPair(pair);
    builder.draftOf(pair.coupling);
    const params = { fields: [...differing], field: differing[0] ?? null };
    subject.verdict = finding('failure', 'verification-difference', params);
    return subject;
  });
  await loadOpenErrors(context, subjects, gathered);
  await carryOut(context, run, plan, subjects, OPTIONS);
}
