/**
 * 1010: the ordinary run of the mappings of customers and parts, which makes in the channel what came to HQ by operations,
 * and brings number and changes. Afterwards every customer that has no GUID yet gets one, on both sides at once.
 */
import { randomUUID } from 'node:crypto';
import { PLAIN_RUN } from '../domain/pair.ts';
import { fieldValuesOf } from '../domain/prepare-mapping.ts';
import { sumCounters } from '../engine/execute-job.ts';
import { gatherPairs } from '../engine/batch/gather-pairs.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import { forgetLane } from '../engine/lane/lane-memory.ts';
import type { LaneReport } from '../engine/run/lane-run.ts';
import { openLane } from '../engine/run/open-lane.ts';
import { planPair, subjectOfPair } from '../engine/batch/plan-pairs.ts';
import { recordingBuilder } from '../engine/batch/build-recording.ts';
import { runChannel } from '../engine/run/run-channel.ts';
import { lanesOf } from '../engine/lane/site.ts';
import { singleRun } from '../engine/run/single-run.ts';
import { carryOut, completePlan, type BatchOptions } from '../engine/batch/work-batch.ts';
import type { Subject } from '../engine/batch/subject.ts';
import { StoreBusy } from '../errors/store-faults.ts';
import { type Job, type JobCounters, noCounters } from '../ports/coupling-database.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import type { Asker } from '../ports/synchronizer.ts';
import { noteBases } from './bases-recorded.ts';
import { type CommerceSite, guidFieldOf, laneFor, partsOf } from './commerce-site.ts';
import { distributeDeactivations } from './distribute-deactivations.ts';
import type { ChannelReport, Moved, Stop } from './job-report.ts';

const LANE_WAIT_MS = 600_000;
const BATCH_CUSTOMERS = 1_000;
const TRIES = 3;

export async function distributeCustomers(
  commerce: CommerceSite,
  channel: string,
  job: Job,
  stop: Stop,
  moved: Moved,
): Promise<ChannelReport> {
  const lanes = partsOf(commerce.rules)
    .map((part) => laneFor(commerce, channel, part))
    .filter(({ mapping }) => lanesOf(commerce.site, channel).some((lane) => lane.mapping === mapping));
  const parts = lanes.filter(({ mapping }) => mapping !== commerce.rules.customers);
  if (!job.dryRun) await noteBases(commerce, channel);
  const ended = job.dryRun ? noCounters() : await distributeDeactivations(commerce, parts, job, stop);
  moved.rows = writesTo(ended.toChannel);
  const reports = await runChannel(commerce.site, commerce.memory, channel, lanes, {
    scope: job.scope ?? 'modified',
    direction: job.direction ?? 'both',
    fields: fieldsOf(job),
    dryRun: job.dryRun,
    trigger: job.trigger,
    actor: job.actor,
    requestId: job.requestId,
    reason: null,
    jobId: job.id,
    children: false,
    waitForLaneMs: LANE_WAIT_MS,
    stop,
  });
  if (!job.dryRun) await noteRuns(commerce, job.id, reports);
  const counters = sumCounters([ended, ...reports.map((report) => report.counters)]);
  moved.rows = writesTo(counters.toChannel);
  // A lane that is paused stands still and says so; that is no failure of the job.
  const bad = reports.find(({ status }) => status === 'failed' || status === 'cancelled');
  const report = {
    channel,
    counters,
    rowsAffected: moved.rows,
    status: bad === undefined ? 'succeeded' : bad.status === 'cancelled' ? 'cancelled' : 'failed',
    code: bad?.code ?? null,
    params: bad === undefined ? {} : { ...bad.params, mapping: bad.lane.mapping, channel },
  } as const;
  if (report.status === 'succeeded' && !job.dryRun) await giveGuids(commerce, channel, job, stop);
  return report;
}

/** One that is paused, stopped or was never reached has not been run. */
async function noteRuns(commerce: CommerceSite, jobId: string, reports: readonly LaneReport[]): Promise<void> {
  for (const { lane, status, code } of reports)
    if (status === 'failed' || (status === 'succeeded' && code === null))
      await commerce.sessions.noteRun(lane, jobId, status === 'succeeded');
}

const writesTo = ({ inserted, modified, deleted }: JobCounters['toChannel']): number => inserted + modified + deleted;

/** Asked for as a run of the mapping, it may be narrowed to some fields. */
const fieldsOf = ({ body }: Job): readonly string[] | null => {
  const fields = typeof body === 'object' && body !== null && !Array.isArray(body) ? body['fields'] : null;
  return Array.isArray(fields) ? fields.map(String) : null;
};

/** Somebody edits a customer who has none yet. */
export async function giveGuidsNow(commerce: CommerceSite, channel: string, asker: Asker): Promise<void> {
  const run = singleRun(commerce.site, laneFor(commerce, channel, 'customers'), '1010', 'commerce', asker, null, null);
  await run.ensureJob();
  try {
    const job = { id: run.identity.jobId, actor: asker.actor, requestId: asker.requestId };
    await giveGuids(commerce, channel, job, () => Promise.resolve(false));
    await run.finish('succeeded');
  } catch (fault) {
    await run.finish('failed', 'internal-error');
    throw fault;
  }
}

type GivingJob = Pick<Job, 'id' | 'actor' | 'requestId'>;

async function giveGuids(commerce: CommerceSite, channel: string, job: GivingJob, stop: Stop): Promise<void> {
  const { site, memory } = commerce;
  const lane = laneFor(commerce, channel, 'customers');
  if ((await commerce.database.couplingsWithoutGuid(lane, 1)).length === 0) return;
  const context = await openLane(site, memory, lane, LANE_WAIT_MS);
  if (!context) throw new StoreBusy('the mapping is busy; try again', { ...lane });
  try {
    // Another channel that gives them at the same moment moves the records in HQ; then they are looked at again.
    for (let tries = TRIES; tries > 0; ) {
      if (await stop()) return;
      const ids = await commerce.database.couplingsWithoutGuid(lane, BATCH_CUSTOMERS);
      if (ids.length === 0) return;
      tries = (await giveBatch(commerce, context, job, ids)) === 0 ? tries - 1 : TRIES;
    }
  } catch (fault) {
    forgetLane(memory, lane);
    throw fault;
  } finally {
    await context.lock.release();
  }
}

/** Nothing but the GUID is decided here; the run before has settled the rest. */
const guidOptions = (index: number): BatchOptions => ({
  decide: { ...PLAIN_RUN, fields: new Set([index]) },
  deletions: 'ask',
  errorId: null,
  lone: { createIn: new Set(), match: false, byHand: false },
  resolution: null,
  withResults: false,
  late: new Set(),
  expectEmpty: false,
  truncated: new Set(),
});

/** Returns how many customers have their GUID now. */
async function giveBatch(
  commerce: CommerceSite,
  context: LaneContext,
  job: GivingJob,
  couplingIds: readonly string[],
): Promise<number> {
  const name = guidFieldOf(context.prepared.mapping, commerce.rules);
  const index = name === null ? undefined : context.prepared.indexOf.get(name);
  if (name === null || index === undefined) return 0;
  const couplings = [...(await context.database.couplingsById(couplingIds)).values()];
  const gathered = await gatherPairs(
    context,
    couplings.map(({ hqKey }) => ({ side: 'hq', key: hqKey, pending: null })),
  );
  const run = singleRun(
    commerce.site,
    context.lane,
    '1010',
    'commerce',
    { actor: job.actor, reason: null, requestId: job.requestId },
    job.id,
    null,
  );
  const options = guidOptions(index);
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const plan = { context, identity: run.identity, options, gathered, builder };
  const records: AsyncRecord[] = [];
  const subjects: Subject[] = [];
  for (const pair of gathered.pairs) {
    const { hq, channel } = pair.records;
    if (!hq || !channel) continue;
    const known = fieldValuesOf(context.prepared, 'hq', hq.values)[index] ?? null;
    const theirs = fieldValuesOf(context.prepared, 'channel', channel.values)[index] ?? null;
    const guid = known ?? theirs ?? randomUUID();
    records.push({
      mapping: context.lane.mapping,
      channel: context.lane.channel,
      guid,
      partKey: '',
      couplingId: pair.coupling.id,
      hqKey: pair.coupling.hqKey,
      createdBy: null,
      seen: {},
    });
    if (known !== null && theirs !== null) continue;
    const subject = subjectOfPair(pair);
    const choice = { winner: null, fields: new Map([[name, { value: guid, side: 'hq' } as const]]) };
    planPair({ ...plan, options: { ...options, decide: { ...options.decide, choice } } }, subject);
    subjects.push(subject);
  }
  await completePlan(context, subjects);
  await carryOut(context, run, plan, subjects, options);
  const written = new Set(
    subjects.filter(({ verdict }) => verdict.kind === 'settled').map(({ couplingId }) => couplingId),
  );
  const given = records.filter(
    ({ couplingId }) => written.has(couplingId) || !subjects.some((subject) => subject.couplingId === couplingId),
  );
  await commerce.database.putAsyncRecords(given);
  return given.length;
}
