/** What a person asks of one coupling: to make it, to end it, to decide the pair now. */
import { PLAIN_RUN } from '../../domain/pair.ts';
import { SIDES, type Side } from '../../domain/record.ts';
import type { Coupling } from '../../ports/coupling-database.ts';
import {
  ActionRefused,
  type ActionResult,
  type Asker,
  type CoupleRequest,
  type WritePreview,
} from '../../ports/synchronizer.ts';
import { type BatchOptions, carryOut, planBatch } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import type { Site } from '../lane/site.ts';
import { writePreview } from '../run/preview-lane.ts';
import { settleOwnMarks } from '../run/settle-own-marks.ts';
import { singleRun, type SingleRun } from '../run/single-run.ts';
import { inActionLane } from './act-on-error.ts';
import { coupleInContext } from './couple-records.ts';
import { endCoupling } from './remove-coupling.ts';

const TRIES = 5;

export interface CoupledByHand {
  readonly couplingId: string;
  readonly writes: readonly WritePreview[];
}

/** The job of an action ends with it, whichever way. */
async function finishing<T>(run: SingleRun, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    await run.finish('succeeded');
    return result;
  } catch (fault) {
    await run.finish('failed', fault instanceof ActionRefused ? fault.code : 'internal-error');
    throw fault;
  }
}

async function couplingOf(site: Site, id: string): Promise<Coupling> {
  const coupling = (await site.database.couplingsById([id])).get(id);
  if (!coupling) throw new ActionRefused('coupling-not-found', `there is no coupling ${id}`);
  return coupling;
}

export function coupleByHand(site: Site, memory: LaneMemory, request: CoupleRequest): Promise<CoupledByHand> {
  if (!request.hqKey && !request.channelKey) throw new ActionRefused('key-required', 'name at least one record');
  return inActionLane(site, memory, request.lane, async (context) => {
    const run = singleRun(site, request.lane, 'couple', 'resolution', request, null, null);
    if (!request.dryRun) await run.ensureJob();
    const errors = await site.database.openErrors(request.lane, {
      couplingIds: [],
      hqKeys: request.hqKey ? [request.hqKey] : [],
      channelKeys: request.channelKey ? [request.channelKey] : [],
    });
    return finishing(run, async () => {
      const coupled = await coupleInContext(context, run, { ...request, answers: errors[0] ?? null });
      if (!request.dryRun) await settleOwnMarks(site, context, run, coupled.couplingId);
      return coupled;
    });
  });
}

export async function uncoupleByHand(site: Site, memory: LaneMemory, couplingId: string, asker: Asker): Promise<void> {
  const known = await couplingOf(site, couplingId);
  if (known.status === 'ended') return;
  await inActionLane(site, memory, known.lane, async (context) => {
    const coupling = await couplingOf(site, couplingId);
    if (coupling.status === 'ended') return;
    const run = singleRun(site, coupling.lane, 'uncouple', 'resolution', asker, null, null);
    await run.ensureJob();
    const error = coupling.errorId ? await site.database.errorById(coupling.errorId) : null;
    run.counters.uncoupled += 1;
    await finishing(run, () => endCoupling(context, run, coupling, error?.status === 'open' ? error : null));
  });
}

export async function synchronizePair(
  site: Site,
  memory: LaneMemory,
  couplingId: string,
  winner: Side | null,
  asker: Asker & { readonly dryRun: boolean },
): Promise<ActionResult> {
  const known = await couplingOf(site, couplingId);
  if (known.status === 'ended') throw new ActionRefused('coupling-ended', 'this coupling has ended', { couplingId });
  return inActionLane(site, memory, known.lane, async (context) => {
    const run = singleRun(site, known.lane, 'synchronize', winner ? 'resolution' : 'change', asker, null, {
      couplingId,
    });
    if (!asker.dryRun) await run.ensureJob();
    return finishing(run, async () => {
      const decided = await decidePair(context, run, known, winner, asker);
      if (!asker.dryRun) await settleOwnMarks(site, context, run, couplingId);
      return decided;
    });
  });
}

async function decidePair(
  context: LaneContext,
  run: SingleRun,
  coupling: Coupling,
  winner: Side | null,
  asker: Asker & { readonly dryRun: boolean },
): Promise<ActionResult> {
  const options: BatchOptions = {
    decide: { ...PLAIN_RUN, choice: winner ? { winner, fields: new Map() } : null },
    deletions: 'defer',
    truncated: new Set(),
    errorId: coupling.errorId,
    lone: { createIn: new Set(SIDES), match: false, byHand: false },
    resolution: winner
      ? { action: 'synchronize', winner, fields: null, actor: asker.actor, reason: asker.reason }
      : null,
    withResults: false,
    late: new Set(),
    expectEmpty: false,
  };
  for (let tries = 0; ; tries += 1) {
    const { plan, subjects } = await planBatch(
      context,
      run.identity,
      [{ side: 'hq', key: coupling.hqKey, pending: null }],
      options,
    );
    const writes = subjects.flatMap((subject) => subject.writes.map((write) => writePreview(context, write)));
    if (asker.dryRun) return { outcome: 'succeeded', jobId: null, writes, dependents: [] };
    const result = await carryOut(context, run, plan, subjects, options);
    if (result.again > 0 && tries < TRIES) continue;
    const failed = subjects.some(({ verdict }) => verdict.kind === 'found' && verdict.finding.kind === 'failure');
    return { outcome: failed ? 'failed' : 'succeeded', jobId: run.identity.jobId, writes, dependents: [] };
  }
}
