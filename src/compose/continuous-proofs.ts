/** What the background proof does, made of the engine's parts. */
import { wantsComparison } from '../engine/run/compare-stopped.ts';
import type { LaneMemory } from '../engine/lane/lane-memory.ts';
import { proveNext, readStores } from '../engine/verify/prove-lane.ts';
import type { RunRequest } from '../engine/run/lane-run.ts';
import { runChannel } from '../engine/run/run-channel.ts';
import { laneText, lanesOf, type Site } from '../engine/lane/site.ts';
import { CouplingDatabaseUnreachable } from '../errors/coupling-database-faults.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { ProofOutcome, ProofRounds } from '../jobs/prove-continuously.ts';
import type { Lane } from '../ports/store.ts';
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
  const lanes = lanesOf(site);
  const prove = async (lane: Lane, read: () => Promise<unknown>): Promise<ProofOutcome> => {
    try {
      return await proveNext(site, memory, lane, read);
    } catch (fault) {
      if (fault instanceof LineageBroken && (await wantsComparison(site, lane).catch(() => false)))
        await runChannel(site, memory, lane.channel, [lane], COMPARISON);
      if (!TOLD_BY_RUNS.some((kind) => fault instanceof kind))
        log.warn(`the proof of ${laneText(lane)} stopped: ${fault instanceof Error ? fault.message : String(fault)}`);
      return 'later';
    }
  };
  return {
    lanes,
    async prove(channel, together, goOn) {
      const outcomes: ProofOutcome[] = [];
      let reading: Promise<unknown> | null = null;
      const read = (): Promise<unknown> => (reading ??= readStores(site, channel));
      for (const lane of together) {
        outcomes.push(await prove(lane, read));
        if (!goOn()) break;
      }
      return outcomes;
    },
  };
}
