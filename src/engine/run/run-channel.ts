/**
 * A run over the lanes of one channel: marks of both stores taken in, changes lane by lane with parents first, then
 * deletions with children first. Each lane leaves its job; one that finds nothing leaves none, unless it was asked for.
 */
import pRetry from 'p-retry';
import { type Mapping, referencesOf } from '../../domain/mapping.ts';
import { CouplingDatabaseUnreachable } from '../../errors/coupling-database-faults.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../../errors/store-faults.ts';
import type { JobTrigger } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import { isOwedElsewhere } from '../lane/due-here.ts';
import { foreseenCouplings } from '../lane/foreseen-couplings.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { forgetLane, type LaneMemory } from '../lane/lane-memory.ts';
import { type Rest, restOf, standsStill } from '../lane/resting-lane.ts';
import { laneText, mappingOf, type Site } from '../lane/site.ts';
import { tellFault } from '../lane/tell-fault.ts';
import { readBothStores } from './begin-run.ts';
import { previewStopped, stopLane } from './compare-stopped.ts';
import { joinLane } from './join-lane.ts';
import { laneAhead } from './lane-ahead.ts';
import { laneRun, type LaneReport, type LaneRun, type RunRequest } from './lane-run.ts';
import { cyclesOf, openLane } from './open-lane.ts';
import { previewLane } from './preview-lane.ts';
import { reportSetupFault } from './report-setup-fault.ts';
import { settleLaneMarks, writesOf } from './settle-own-marks.ts';
import { shareBacklog, workShares } from './share-lane.ts';
import { type LaneRequest, optionsOfChanges, workChanges, workDeletions } from './work-lane.ts';

export async function runChannel(
  site: Site,
  memory: LaneMemory,
  channel: string,
  asked: readonly Lane[],
  request: RunRequest,
): Promise<LaneReport[]> {
  let lanes = asked;
  const ahead = request.trigger === 'change' ? laneAhead(site, memory, channel, asked) : null;
  const runs = new Map(lanes.map((lane) => [laneText(lane), laneRun(site, lane, request)]));
  const runOf = (lane: Lane): LaneRun => runs.get(laneText(lane)) as LaneRun;
  try {
    const look = await readBothStores(site, memory, channel, ahead);
    const { order, deferred } = await cyclesOf(site, memory, channel);
    lanes = lanes.toSorted((a, b) => order.indexOf(a.mapping) - order.indexOf(b.mapping));
    // A record that refers to its own table finds its parent while its lane is worked; others find theirs later.
    const filled = lanes.length > 1 ? lanes.filter((lane) => deferred.has(lane.mapping)) : [];
    const preview = request.dryRun ? previewOf(lanes.map((lane) => mappingOf(site, lane))) : null;
    const rest = restOf(site, memory, channel, request, look);
    if (ahead) {
      await ahead.holdAgainst(look, rest, lanes);
      runOf(ahead.lane).ahead = ahead;
    }
    await workLanes(rest, { lanes, filled, runOf }, request, (lane, half) => {
      const run = runOf(lane);
      run.parentsAreBusy = referencesOf(mappingOf(site, lane)).some(
        ({ parent }) => runs.get(laneText({ ...lane, mapping: parent }))?.code === BUSY,
      );
      return inLane(site, memory, lane, run, request, preview ?? half);
    });
  } catch (fault) {
    for (const lane of lanes) {
      const run = runOf(lane);
      if (run.status !== 'succeeded') continue;
      if (!request.dryRun || !(fault instanceof LineageBroken)) await fail(site, memory, lane, run, fault, request);
      else await compareStopped(site, memory, lane, run, request, fault);
    }
  } finally {
    await ahead?.giveBack();
  }
  return finishAll(site, lanes, runOf, request);
}

/** A dry run of a lane that has to stand still is the comparison that tells somebody how it may go on. */
async function compareStopped(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  run: LaneRun,
  request: RunRequest,
  fault: LineageBroken,
): Promise<void> {
  await stopLane(site, lane, fault);
  run.full = true;
  await inLane(site, memory, lane, run, request, previewStopped);
}

interface LanesToWork {
  /** Parents before children. */
  readonly lanes: readonly Lane[];
  /** References of a cycle were created empty in these. */
  readonly filled: readonly Lane[];
  readonly runOf: (lane: Lane) => LaneRun;
}

async function workLanes(
  rest: Rest,
  { lanes, filled, runOf }: LanesToWork,
  request: RunRequest,
  openAndWork: (lane: Lane, half: Half) => Promise<void>,
): Promise<void> {
  const work = async (lane: Lane, half: Half): Promise<void> => {
    await openAndWork(lane, half);
    rest.lookAgain();
  };
  const deletionsLater: Lane[] = [];
  for (const lane of lanes) {
    const reason = await rest.whyNot(lane);
    if (reason === 'nothing-to-do') continue;
    if (reason !== null) {
      skip(runOf(lane), reason, request.trigger);
      continue;
    }
    // Nobody else has deletions that must come before, so the lane need not be taken twice.
    const alone = !request.dryRun && filled.length === 0 && (await rest.allBut(lane, lanes));
    await work(lane, alone ? workBothHalves : workFirstHalf);
    if (!alone) deletionsLater.unshift(lane);
  }
  if (request.dryRun) return;
  for (const lane of filled) if ((await rest.whyNot(lane)) === null) await work(lane, fillReferences);
  for (const lane of deletionsLater)
    if (runOf(lane).full || (await rest.hasMore(lane))) await work(lane, workSecondHalf);
}

type Half = (context: LaneContext, run: LaneRun, request: LaneRequest, asked: RunRequest) => Promise<boolean>;

/** Short faults (a deadlock, a connection cut, the lane lost to an action or to a long standstill) are over by the next try. */
const RETRIES = { retries: 3, minTimeout: 50, factor: 3, randomize: true };

async function inLane(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  run: LaneRun,
  asked: RunRequest,
  half: Half,
): Promise<void> {
  if (run.status !== 'succeeded') return;
  try {
    await pRetry(() => tryLane(site, memory, lane, run, asked, half), {
      ...RETRIES,
      shouldRetry: ({ error }) =>
        error instanceof StoreBusy || error instanceof StoreUnreachable || error instanceof FenceLost,
    });
  } catch (fault) {
    await fail(site, memory, lane, run, fault, asked);
  }
}

async function tryLane(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  run: LaneRun,
  asked: RunRequest,
  half: Half,
): Promise<void> {
  let context: LaneContext | null = null;
  try {
    context = await openLane(site, memory, lane, asked.waitForLaneMs, run.ahead);
    const joins = !context && isContinuous(asked) && (half === workBothHalves || half === workFirstHalf);
    if (joins) context = await joinLane(site, memory, lane);
    if (!context) return busy(run, lane, asked);
    const standing = standsStill(context.state, asked.dryRun);
    if (standing) return skip(run, standing);
    if (isOwedElsewhere(site, lane, context.state.fullRunDue)) return skip(run, OUTDATED, asked.trigger);
    // Its first records would all miss their parents; whoever is at those comes here next.
    const isOwed = context.state.fullRunDue !== null || !context.state.firstRunDone;
    if (isOwed && run.parentsAreBusy && isContinuous(asked)) return skip(run, BUSY);
    const opened = context;
    const full = await decideScope(context, run, asked);
    if (full === null) {
      skip(run, 'awaiting-first-run');
      memory.awaitingFirstRun.add(laneText(lane));
      memory.awaitingSince.set(laneText(lane), performance.now());
      return;
    }
    const request: LaneRequest = {
      scope: full ? 'full' : 'modified',
      direction: asked.direction,
      fields: fieldIndices(context, asked.fields),
      stop: async () => isPausedSince(opened) || (await stopAsked(site, run, asked)),
      ...(isContinuous(asked) && { share: shareBacklog }),
    };
    const before = writesOf(run.counters);
    let complete = await (joins ? workJoined : half)(context, run, request, asked);
    // Continuous running comes back by itself; whoever asked for this run looks at the pairs as soon as it is over.
    if (complete && !asked.dryRun && asked.trigger !== 'change')
      complete = await settleLaneMarks(site, context, run, request, writesOf(run.counters) - before);
    if (complete && memory.unreadable.delete(laneText(lane))) await site.database.endSetupErrors(lane);
    if (!complete) run.status = 'cancelled';
    if (!complete && isPausedSince(opened)) run.code = 'paused';
  } catch (fault) {
    // What this process remembers of the lane may be behind what the stores hold: the next one takes over.
    forgetLane(memory, lane);
    throw fault;
  } finally {
    await context?.lock.release();
  }
}

/** As it was looked at last while it was worked: a run of many minutes ends soon after somebody has paused its mapping. */
const isPausedSince = ({ lock, state }: LaneContext): boolean => lock.state.paused && !state.paused;

/** Of a run that was asked for, somebody wants to know what it did: others would count elsewhere what they do of it. */
const isContinuous = ({ trigger, scope }: RunRequest): boolean => trigger === 'change' && scope === 'modified';

const OUTDATED = 'configuration-outdated';
const BUSY = 'lane-busy';

/** A run that somebody asked for is tried again, by whichever process takes it then. */
function skip(run: LaneRun, code: string, trigger: JobTrigger = 'change'): void {
  run.status = code === OUTDATED && trigger !== 'change' ? 'failed' : 'skipped';
  run.code = code;
}

/** Continuous running comes back by itself; of a run that waited for its turn and did not get it, somebody is told. */
function busy(run: LaneRun, lane: Lane, { waitForLaneMs }: RunRequest): void {
  skip(run, BUSY);
  if (waitForLaneMs === 0) return;
  run.status = 'failed';
  run.params = { ...lane, waitedSeconds: Math.ceil(waitForLaneMs / 1_000) };
}

async function stopAsked(site: Site, run: LaneRun, asked: RunRequest): Promise<boolean> {
  if (await asked.stop()) return true;
  if (!run.jobRowId) return false;
  return (await site.database.updateProgress(run.jobRowId, run.progress())).cancelRequested;
}

const fieldIndices = (context: LaneContext, names: readonly string[] | null): ReadonlySet<number> | null =>
  names === null
    ? null
    : new Set(context.prepared.fields.filter((field) => names.includes(field.name)).map((field) => field.index));

/** Full when asked for, owed, or first; null while the first run waits for somebody to ask for it. */
async function decideScope(context: LaneContext, run: LaneRun, asked: RunRequest): Promise<boolean | null> {
  const { state, prepared } = context;
  if (state.fullRunDue) {
    run.full = true;
    // What is owed between the two halves of a run was not looked at by the first.
    run.dueId ??= state.fullRunDue.id;
    const { trigger } = state.fullRunDue;
    if (trigger === 'configuration') {
      const byPerson = asked.scope === 'full' && asked.trigger !== 'configuration';
      (run.identity as { cause: string }).cause = byPerson ? 'full' : 'configuration';
    }
    // Nobody asked for it and no change led to it: its job says why it ran, also where there was nothing to do.
    if (asked.trigger === 'change' && (trigger === 'configuration' || trigger === 'recovery')) {
      run.trigger = trigger;
      await run.ensureJob();
    }
    return true;
  }
  if (state.firstRunDone) return asked.scope === 'full' || run.full;
  const byItself = asked.trigger === 'change' || asked.trigger === 'schedule';
  if (byItself && prepared.mapping.firstRun === 'ask' && (await context.database.countCouplings(context.lane)) === 0) {
    const [hq, channel] = await Promise.all([context.tables.hq.count(), context.tables.channel.count()]);
    if (hq > 0 && channel > 0) return null;
  }
  run.full = true;
  return true;
}

/** One for all lanes of a dry run, parents before children. */
function previewOf(mappings: readonly Mapping[]): Half {
  const foreseen = foreseenCouplings(new Set(mappings.flatMap(referencesOf).map(({ parent }) => parent)));
  return async (context, run, request) => {
    await previewLane({ ...context, foreseen }, run, request);
    return true;
  };
}

async function workFirstHalf(
  context: LaneContext,
  run: LaneRun,
  request: LaneRequest,
  asked: RunRequest,
): Promise<boolean> {
  const asksRetries = asked.trigger === 'manual' ? (request.scope === 'full' ? 'all' : 'unparked') : 'due';
  const { retryDue, failures } = context.lock.first;
  if (asksRetries === 'all' || (asksRetries === 'due' ? retryDue : failures))
    await context.database.pendRetries(context.lane, asksRetries, 100_000);
  return workChanges(context, run, request);
}

const workBothHalves: Half = async (context, run, request, asked) =>
  (await workFirstHalf(context, run, request, asked)) && workSecondHalf(context, run, request);

/** A share of what another process holds. */
const workJoined: Half = async (context, run, request) =>
  workShares(context, run, request, await optionsOfChanges(context, request));

/** References of a cycle that were created empty, now that the records they refer to are there. */
const fillReferences: Half = (context, run, request) => workChanges(context, run, { ...request, scope: 'modified' });

async function workSecondHalf(context: LaneContext, run: LaneRun, request: LaneRequest): Promise<boolean> {
  if (!(await workDeletions(context, run, request))) return false;
  const { state, lane, database } = context;
  if (run.full && request.direction === 'both' && request.fields === null) {
    if (!state.firstRunDone) await database.changeLane(lane, { firstRunDone: true });
    if (run.dueId !== null) await database.endFullRun(lane, run.dueId);
  }
  return true;
}

// ---------------------------------------------------------------- faults and ends

/** A fault ends the lane's run, never a record: nothing is lost, for what was not recorded is still pending. */
async function fail(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  run: LaneRun,
  fault: unknown,
  asked: RunRequest,
): Promise<void> {
  forgetLane(memory, lane);
  // Whoever has the lane now goes on with what is pending; of a run that was asked for, nobody does all the rest.
  if (fault instanceof FenceLost && asked.trigger === 'change') {
    skip(run, 'fence-lost');
    return;
  }
  run.status = 'failed';
  if (fault instanceof LineageBroken) await stopLane(site, lane, fault);
  Object.assign(run, tellFault(site, lane, fault));
  if (fault instanceof StoreRefused) await reportSetupFault(site, lane, run, fault);
  if (!(fault instanceof StoreRefused) || fault.code !== 'records-unreadable') return;
  // The lane opens all the same, which would end the error each time and tell it anew.
  memory.sound.add(laneText(lane));
  memory.unreadable.add(laneText(lane));
}

async function finishAll(
  site: Site,
  lanes: readonly Lane[],
  runOf: (lane: Lane) => LaneRun,
  request: RunRequest,
): Promise<LaneReport[]> {
  const reports: LaneReport[] = [];
  const faults: unknown[] = [];
  for (const lane of lanes) {
    const run = runOf(lane);
    const own = request.jobId === null || request.children;
    try {
      if (request.children) await run.ensureJob();
      if (own) await finishOne(site, run);
    } catch (fault) {
      faults.push(fault);
    }
    const { jobRowId, status, code, params, counters } = run;
    reports.push({ lane, jobId: jobRowId, status, code, params, counters });
  }
  if (faults.length > 0) throw faults[0];
  return reports;
}

/** As long as a server may be away whose lanes this process still works when it is back. */
const FINISHING = { retries: Number.POSITIVE_INFINITY, minTimeout: 500, maxTimeout: 5_000, maxRetryTime: 3_600_000 };

/**
 * A job whose end cannot be written now, because the coupling database is away, ends when it is back: the next run has a
 * job of its own, and this one would be running for ever.
 */
async function finishOne({ database }: Site, run: LaneRun): Promise<void> {
  const { jobRowId, status, code, params } = run;
  if (jobRowId === null) return;
  const ended = status === 'skipped' ? 'succeeded' : status;
  const finish = () => database.finishJob(jobRowId, ended, run.progress(), code ? { code, params } : null);
  try {
    await finish();
  } catch (fault) {
    const isAway = ({ error }: { readonly error: Error }): boolean => error instanceof CouplingDatabaseUnreachable;
    if (fault instanceof CouplingDatabaseUnreachable)
      pRetry(finish, { ...FINISHING, unref: true, shouldRetry: isAway }).catch(() => undefined);
    throw fault;
  }
}
