/** The engine's face: what `ports/synchronizer.ts` promises, over one site and what this process remembers of it. */
import { keyText, type Side } from '../domain/record.ts';
import type { Coupling, SyncError } from '../ports/coupling-database.ts';
import type { Lane } from '../ports/store.ts';
import {
  ActionRefused,
  type ActionRequest,
  type Synchronizer,
  type UncoupledRecordView,
} from '../ports/synchronizer.ts';
import { actOnError, inActionLane } from './act-on-error.ts';
import { describeRecord } from './build-recording.ts';
import { coupleInContext } from './couple-records.ts';
import { executeJob } from './execute-job.ts';
import { type LaneMemory, prepareLane } from './open-lane.ts';
import { PLAIN_RUN } from '../domain/pair.ts';
import { endCoupling } from './remove-coupling.ts';
import { singleRun } from './single-run.ts';
import { type Site, storeOf } from './site.ts';
import { viewCoupling, viewError } from './view-pair.ts';
import { type BatchOptions, carryOut, planBatch } from './work-batch.ts';
import { writePreview } from './preview-lane.ts';
import { SIDES } from '../domain/record.ts';
import { findReasons } from './find-reasons.ts';
import { revertEntry } from './revert-entry.ts';

export function createSynchronizer(site: Site, memory: LaneMemory): Synchronizer {
  const viewerOf = async (lane: Lane) => {
    const stores = { hq: storeOf(site, 'hq', null), channel: storeOf(site, 'channel', lane.channel) };
    return prepareLane(site, memory, lane, stores);
  };
  const couplingOf = async (id: string): Promise<Coupling> => {
    const coupling = (await site.database.couplingsById([id])).get(id);
    if (!coupling) throw new ActionRefused('coupling-not-found', `there is no coupling ${id}`);
    return coupling;
  };

  return {
    act: (errorId: string, request: ActionRequest) => actOnError(site, memory, errorId, request),

    couple: (request) =>
      inActionLane(site, memory, request.lane, async (context) => {
        const run = singleRun(site, request.lane, 'couple', 'resolution', request, null, null);
        const key = request.hqKey ?? request.channelKey;
        if (!key) throw new ActionRefused('key-required', 'name at least one record');
        if (!request.dryRun) await run.ensureJob();
        const errors = await site.database.openErrors(request.lane, {
          couplingIds: [],
          hqKeys: request.hqKey ? [request.hqKey] : [],
          channelKeys: request.channelKey ? [request.channelKey] : [],
        });
        try {
          const result = await coupleInContext(context, run, {
            hqKey: request.hqKey,
            channelKey: request.channelKey,
            createIn: request.createIn,
            winner: request.winner,
            dryRun: request.dryRun,
            answers: errors[0] ?? null,
          });
          await run.finish('succeeded');
          return { couplingId: result.couplingId, writes: result.writes };
        } catch (fault) {
          await run.finish('failed', fault instanceof ActionRefused ? fault.code : 'internal-error');
          throw fault;
        }
      }),

    async uncouple(couplingId, asker) {
      const known = await couplingOf(couplingId);
      if (known.status === 'ended') return;
      await inActionLane(site, memory, known.lane, async (context) => {
        const coupling = await couplingOf(couplingId);
        if (coupling.status === 'ended') return;
        const run = singleRun(site, coupling.lane, 'uncouple', 'resolution', asker, null, null);
        await run.ensureJob();
        const error = coupling.errorId ? await site.database.errorById(coupling.errorId) : null;
        run.counters.uncoupled += 1;
        await endCoupling(context, run, coupling, error?.status === 'open' ? error : null);
        await run.finish('succeeded');
      });
    },

    async synchronizeCoupling(couplingId, winner, asker) {
      const known = await couplingOf(couplingId);
      if (known.status === 'ended')
        throw new ActionRefused('coupling-ended', 'this coupling has ended', { couplingId });
      return inActionLane(site, memory, known.lane, async (context) => {
        const run = singleRun(site, known.lane, 'synchronize', winner ? 'resolution' : 'change', asker, null, {
          couplingId,
        });
        const options: BatchOptions = {
          decide: { ...PLAIN_RUN, choice: winner ? { winner, fields: new Map() } : null },
          deletions: 'defer',
          truncated: new Set(),
          errorId: known.errorId,
          lone: { createIn: new Set(SIDES), match: false, byHand: false },
          resolution: winner
            ? { action: 'synchronize', winner, fields: null, actor: asker.actor, reason: asker.reason }
            : null,
          withResults: false,
          late: new Set(),
          expectEmpty: false,
        };
        if (!asker.dryRun) await run.ensureJob();
        for (let tries = 0; ; tries += 1) {
          const { plan, subjects } = await planBatch(
            context,
            run.identity,
            [{ side: 'hq', key: known.hqKey, pending: null }],
            options,
          );
          const writes = subjects.flatMap((subject) =>
            subject.writes.map((write) => writePreview(context, write)),
          ) as never;
          if (asker.dryRun) return { outcome: 'succeeded', jobId: null, writes, dependents: [] };
          const result = await carryOut(context, run, plan, subjects, options);
          if (result.again > 0 && tries < 5) continue;
          await run.finish('succeeded');
          const failed = subjects.some(
            (subject) => subject.verdict.kind === 'found' && subject.verdict.finding.kind === 'failure',
          );
          return { outcome: failed ? 'failed' : 'succeeded', jobId: run.identity.jobId, writes, dependents: [] };
        }
      });
    },

    viewError: async (error: SyncError) => viewError(await viewerOf(error.lane), error),
    viewCoupling: async (coupling: Coupling) => viewCoupling(await viewerOf(coupling.lane), coupling),

    async records(lane, side, search) {
      const { prepared, tables } = await viewerOf(lane);
      const table = tables[side];
      const found = search.key
        ? [...(await table.read([search.key], null)).records.values()]
        : search.q
          ? await table.search(
              search.q,
              prepared.sides[side].describe.map((at) => prepared.sides[side].columns[at] as string),
              search.limit,
            )
          : await table.scan(search.after, search.limit);
      const keys = found.map((record) => record.key);
      const coupled = await site.database.couplingsByKey(lane, side, keys);
      const reasons = await findReasons(site, lane, side, prepared, found, coupled);
      return found.map((record): UncoupledRecordView => {
        const coupling = coupled.get(keyText(record.key));
        const reason = reasons.get(keyText(record.key));
        return {
          key: record.key,
          description: describeRecord(prepared, side, record.values),
          couplingId: coupling?.id ?? null,
          errorId: coupling?.errorId ?? reason?.errorId ?? null,
          reason: coupling ? null : (reason?.reason ?? 'notYet'),
          at: reason?.at ?? null,
          actor: reason?.actor ?? null,
        };
      });
    },

    revert: (logId, request) => revertEntry(site, memory, logId, request),
    execute: (jobId, stop) => executeJob(site, memory, jobId, stop),
  };
}
