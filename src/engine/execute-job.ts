/** Carries out a job that was asked for. Bodies are checked where they are made (HTTP, commands); here they are read. */
import type { Side } from '../domain/record.ts';
import { SIDES } from '../domain/record.ts';
import { COMMERCE_JOBS } from '../domain/terms.ts';
import { CouplingDatabaseUnreachable } from '../errors/coupling-database-faults.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import { type Coupling, type Job, type JobCounters, type JobKind, noCounters } from '../ports/coupling-database.ts';
import { isOperationBulk } from '../ports/customer-operations.ts';
import type { Lane } from '../ports/store.ts';
import { ActionRefused } from '../ports/synchronizer.ts';
import { actInBulk } from './actions/act-in-bulk.ts';
import { inActionLane } from './actions/act-on-error.ts';
import { couplePairs, type FormerPairs, matchAll, type PairToCouple, uncoupleAll } from './actions/match-job.ts';
import { revertMany } from './actions/revert-job.ts';
import { performCheck } from './check/check-job.ts';
import type { Outcome } from './lane/job-outcome.ts';
import type { LaneMemory } from './lane/lane-memory.ts';
import { beginAgain, countersOfAll } from './lane/resume-job.ts';
import { lanesOf, type Site } from './lane/site.ts';
import { doneOf, type LaneReport, type RunRequest } from './run/lane-run.ts';
import { runChannel } from './run/run-channel.ts';
import { settleMarksOfJob, writesOf } from './run/settle-own-marks.ts';
import { singleRun } from './run/single-run.ts';
import { verifyMappings } from './verify/verify-lane.ts';

export type Stop = () => Promise<boolean>;

/** How long a job that somebody asked for waits for the lane: it is queued behind the run in hand. */
const JOB_WAIT_MS = 600_000;

export async function executeJob(site: Site, memory: LaneMemory, jobId: string, stop: Stop): Promise<void> {
  const job = await site.database.startJob(jobId);
  if (job.status !== 'running') return;
  const stopped: Stop = async () => (await stop()) || (await site.database.isCancelRequested(jobId));
  let outcome: Outcome;
  try {
    await beginAgain(site, job);
    outcome = await perform(site, memory, job, stopped);
  } catch (fault) {
    // Nothing can be written of it now; the queue gives the job out again.
    if (fault instanceof CouplingDatabaseUnreachable) throw fault;
    // Waiting cures these: the queue gives the job out again, and it stays one job with its attempts counted.
    if (fault instanceof StoreUnreachable || fault instanceof StoreBusy || fault instanceof FenceLost) {
      const { code, params } = fault;
      const { counters } = await site.database.jobOutcome(jobId);
      await finish(site, job, { status: 'failed', code, params, counters: await countersOfAll(site, job, counters) });
      throw fault;
    }
    const known = fault instanceof StoreRefused || fault instanceof LineageBroken || fault instanceof ActionRefused;
    if (!known)
      site.surroundings.log.error(
        { jobId, fault: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault) },
        'a job failed',
      );
    outcome = {
      status: 'failed',
      code: known ? fault.code : 'internal-error',
      params: known ? fault.params : {},
      counters: await countersOfAll(site, job, (await site.database.jobOutcome(jobId)).counters),
    };
  }
  const counters = job.attempts > 1 ? await countersOfAll(site, job, outcome.counters) : outcome.counters;
  await finish(site, job, { ...outcome, counters });
  if (isTriedAgain(job, outcome)) throw new TriedAgain(outcome.code ?? '');
}

const finish = ({ database }: Site, { id }: Job, { status, code, params, counters, done }: Outcome): Promise<void> =>
  database.finishJob(
    id,
    status,
    { counters, done: done ?? Math.max(doneOf(counters), coupledOrNot(counters)), total: null },
    code !== null || Object.keys(params).length > 0 ? { code, params } : null,
  );

/** Coupling and uncoupling write no record, and are what was done. */
const coupledOrNot = ({ coupled, uncoupled, unmatchedInHq, unmatchedInChannel, ambiguous }: JobCounters): number =>
  coupled + uncoupled + unmatchedInHq + unmatchedInChannel + ambiguous;

/** What waiting cures, as a run tells it of its lanes. A timetable asks again by itself, and whoever previews looks now. */
const WAITING_CURES: ReadonlySet<string | null> = new Set([
  'store-unreachable',
  'store-busy',
  'fence-lost',
  'lane-busy',
  'configuration-outdated',
]);
/** Runs, and the jobs of commerce, which tell of a store that is away in the same way. */
const RUNS: ReadonlySet<JobKind> = new Set(['synchronize', ...COMMERCE_JOBS]);
const isTriedAgain = ({ kind, trigger, dryRun }: Job, { status, code }: Outcome): boolean =>
  RUNS.has(kind) && status === 'failed' && WAITING_CURES.has(code) && trigger !== 'schedule' && !dryRun;

/** Not a fault: it makes the queue give the job out again. */
class TriedAgain extends Error {
  override readonly name = 'TriedAgain';
}

function perform(site: Site, memory: LaneMemory, job: Job, stop: Stop): Promise<Outcome> {
  switch (job.kind) {
    case 'synchronize':
      return synchronize(site, memory, job, stop);
    case 'couple':
    case 'uncouple':
      return coupleInBulk(site, memory, job, stop);
    case 'bulk':
      return isOperationBulk(job.body) ? other(site, job, stop) : bulk(site, memory, job, stop);
    case 'revert':
      return revertMany(site, memory, job, stop);
    case 'verify':
      return verifyMappings(site, memory, job, stop);
    case 'check':
      return performCheck(site, job);
    default:
      return other(site, job, stop);
  }
}

function other(site: Site, job: Job, stop: Stop): Promise<Outcome> {
  const carryOut = site.otherJobs?.get(job.kind);
  if (carryOut) return carryOut(job, stop);
  throw new ActionRefused('job-kind-unknown', `this process does not carry out jobs of kind ${job.kind}`, {
    kind: job.kind,
  });
}

// ---------------------------------------------------------------- synchronize

async function synchronize(site: Site, memory: LaneMemory, job: Job, stop: Stop): Promise<Outcome> {
  const body = (job.body ?? {}) as { mappings?: string[]; fields?: string[]; reason?: string };
  const names = job.mapping ? [job.mapping] : (body.mappings ?? null);
  const lanes = lanesOf(site, job.channel ?? undefined).filter(
    (lane) => names === null || names.includes(lane.mapping),
  );
  const channels = [...new Set(lanes.map((lane) => lane.channel))];
  const request: RunRequest = {
    scope: job.scope ?? 'modified',
    direction: job.direction ?? 'both',
    fields: body.fields ?? null,
    dryRun: job.dryRun,
    trigger: job.trigger,
    actor: job.actor,
    requestId: job.requestId,
    reason: body.reason ?? null,
    jobId: job.id,
    children: lanes.length > 1,
    waitForLaneMs: JOB_WAIT_MS,
    stop,
  };
  const reports: LaneReport[] = [];
  for (const channel of channels)
    reports.push(
      ...(await runChannel(
        site,
        memory,
        channel,
        lanes.filter((lane) => lane.channel === channel),
        request,
      )),
    );
  const failed = reports.find((report) => report.status === 'failed') ?? reports.find((report) => report.code);
  const status = reports.some((report) => report.status === 'failed')
    ? 'failed'
    : reports.some((report) => report.status === 'cancelled')
      ? 'cancelled'
      : 'succeeded';
  return {
    status,
    code: failed?.code ?? null,
    params: failed ? { ...failed.params, mapping: failed.lane.mapping, channel: failed.lane.channel } : {},
    counters: sumCounters(reports.map((report) => report.counters)),
  };
}

export function sumCounters(all: readonly JobCounters[]): JobCounters {
  const sum = noCounters();
  for (const counters of all) {
    for (const direction of ['toHq', 'toChannel'] as const) {
      for (const name of ['inserted', 'modified', 'deleted', 'unchanged', 'skipped', 'failed'] as const)
        sum[direction][name] += counters[direction][name];
    }
    for (const name of [
      'coupled',
      'uncoupled',
      'conflicts',
      'deletions',
      'ambiguous',
      'unmatchedInHq',
      'unmatchedInChannel',
    ] as const)
      sum[name] += counters[name];
  }
  return sum;
}

// ---------------------------------------------------------------- couple and uncouple

interface CoupleBody {
  readonly createUnmatched?: Side | 'both' | null;
  readonly pairs?: readonly PairToCouple[];
  readonly couplingIds?: readonly string[];
  readonly all?: boolean;
  readonly reason?: string;
}

async function coupleInBulk(site: Site, memory: LaneMemory, job: Job, stop: Stop): Promise<Outcome> {
  const body = (job.body ?? {}) as unknown as CoupleBody;
  const lanes = lanesOf(site, job.channel ?? undefined).filter((lane) => lane.mapping === job.mapping);
  const all: JobCounters[] = [];
  let complete = true;
  for (const lane of lanes) {
    const cause = job.kind === 'couple' && !body.pairs ? 'match' : 'resolution';
    const run = singleRun(
      site,
      lane,
      job.kind,
      cause,
      { actor: job.actor, reason: body.reason ?? null, requestId: job.requestId },
      job.id,
      null,
    );
    complete =
      (await inActionLane(site, memory, lane, async (context) => {
        if (job.kind === 'uncouple') return uncoupleAll(context, run, await chosen(site, lane, body), job.dryRun, stop);
        if (body.pairs) {
          const coupled = await couplePairs(context, run, body.pairs, job.dryRun, stop, await formerPairs(site, job));
          const written = job.dryRun ? 0 : run.counters.coupled;
          return coupled && settleMarksOfJob(site, context, run, written, stop);
        }
        const create = body.createUnmatched === 'both' ? SIDES : body.createUnmatched ? [body.createUnmatched] : [];
        const done = await matchAll(context, run, { createUnmatched: new Set(create), dryRun: job.dryRun, stop });
        if (done && !job.dryRun && !context.state.firstRunDone) {
          await site.database.oweFullRun(lane, { reason: 'first-match', trigger: 'manual' });
          await site.database.changeLane(lane, { firstRunDone: true });
        }
        return done && settleMarksOfJob(site, context, run, job.dryRun ? 0 : writesOf(run.counters), stop);
      })) && complete;
    all.push(run.counters);
  }
  return { status: complete ? 'succeeded' : 'cancelled', code: null, params: {}, counters: sumCounters(all) };
}

async function formerPairs({ database }: Site, { id, attempts, dryRun }: Job): Promise<FormerPairs> {
  if (attempts < 2 || dryRun) return { told: new Set(), coupled: new Set() };
  return { told: await database.coupledPairs(id), coupled: await database.subjectsWrittenBy(id) };
}

async function chosen({ database }: Site, lane: Lane, body: CoupleBody): Promise<readonly string[]> {
  if (!body.all) return body.couplingIds ?? [];
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const page: readonly Coupling[] = await database.scanCouplings(lane, after, 1_000);
    ids.push(...page.map(({ id }) => id));
    after = page.at(-1)?.id ?? null;
    if (after === null) return ids;
  }
}

// ---------------------------------------------------------------- bulk actions

async function bulk(site: Site, memory: LaneMemory, job: Job, stop: Stop): Promise<Outcome> {
  const { complete, counters } = await actInBulk(site, memory, job, stop);
  return { status: complete ? 'succeeded' : 'cancelled', code: null, params: {}, counters };
}
