/** What the background proof does, made of the engine's parts. */
import { wantsComparison } from '../engine/compare-stopped.ts';
import type { LaneMemory } from '../engine/open-lane.ts';
import { proveNext } from '../engine/prove-lane.ts';
import { runChannel, type RunRequest } from '../engine/run-channel.ts';
import { laneText, lanesOf, type Site } from '../engine/site.ts';
import { CouplingDatabaseUnreachable } from '../errors/coupling-database-faults.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { ProofRounds } from '../jobs/prove-continuously.ts';
import { ActionRefused } from '../ports/synchronizer.ts';

/** What these say, the runs tell: a proof just waits until it is over. */
const TOLD_BY_RUNS = [
  ActionRefused,
  CouplingDatabaseUnreachable,
  FenceLost,
  LineageBroken,
  StoreBusy,
  StoreRefused,
  StoreUnreachable,
];

const COMPARISON: RunRequest = {
  scope: 'full',
  direction: 'both',
  fields: null,
  dryRun: true,
  trigger: 'recovery',
  actor: null,
  requestId: null,
  reason: null,
  jobId: null,
  children: false,
  waitForLaneMs: 0,
  stop: () => Promise.resolve(false),
};

export function continuousProofs(site: Site, memory: LaneMemory, log: { warn(message: string): void }): ProofRounds {
  const lanes = new Map(lanesOf(site).map((lane) => [laneText(lane), lane]));
  return {
    lanes: [...lanes.keys()],
    async prove(name) {
      const lane = lanes.get(name);
      if (!lane) return 'done';
      try {
        return await proveNext(site, memory, lane);
      } catch (fault) {
        if (fault instanceof LineageBroken && (await wantsComparison(site, lane).catch(() => false)))
          await runChannel(site, memory, lane.channel, [lane], COMPARISON);
        if (!TOLD_BY_RUNS.some((kind) => fault instanceof kind))
          log.warn(`the proof of ${name} stopped: ${fault instanceof Error ? fault.message : String(fault)}`);
        return 'later';
      }
    },
  };
}
