/** What one run is in one lane: what was asked, how far it came, the job that tells of it. */
import type { Direction, Params } from '../../domain/record.ts';
import type { JobScope } from '../../domain/terms.ts';
import { type JobCounters, type JobTrigger, noCounters } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import type { Run } from '../batch/work-batch.ts';
import type { RunIdentity } from '../lane/lane-context.ts';
import type { Site } from '../lane/site.ts';
import type { LaneAhead } from './lane-ahead.ts';

export interface RunRequest {
  readonly scope: JobScope;
  readonly direction: Direction;
  /** Names of fields; null: all. */
  readonly fields: readonly string[] | null;
  readonly dryRun: boolean;
  readonly trigger: JobTrigger;
  readonly actor: string | null;
  readonly requestId: string | null;
  readonly reason: string | null;
  /** The job that was asked for; its id stands in the log. Null: a continuous run, which draws one when it finds something. */
  readonly jobId: string | null;
  /** True: every lane has a job of its own below `jobId`. */
  readonly children: boolean;
  readonly waitForLaneMs: number;
  /** Lanes that another process worked last are left to it. */
  readonly onlyOwn?: boolean;
  readonly stop: () => Promise<boolean>;
}

export interface LaneReport {
  readonly lane: Lane;
  readonly jobId: string | null;
  readonly status: 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  readonly code: string | null;
  readonly params: Params;
  readonly counters: JobCounters;
}

export interface LaneRun extends Run {
  status: LaneReport['status'];
  code: string | null;
  params: Params;
  jobRowId: string | null;
  /** As its job tells it. */
  trigger: JobTrigger;
  full: boolean;
  /** What was owed when it began. */
  dueId: string | null;
  /** It was taken while the stores were read. */
  ahead: LaneAhead | null;
  /** Another worker is at records that those of this lane refer to. */
  parentsAreBusy: boolean;
}

export function laneRun(site: Site, lane: Lane, request: RunRequest): LaneRun {
  const own = request.jobId === null || request.children;
  const id = own ? site.database.newId() : request.jobId;
  let making: Promise<void> | null = own ? null : Promise.resolve();
  const counters = noCounters();
  const identity: RunIdentity = {
    jobId: request.jobId ?? id,
    trigger: request.trigger,
    cause: request.scope === 'full' ? 'full' : 'change',
    actor: request.actor,
    reason: request.reason,
    requestId: request.requestId,
  };
  const makeJob = (): Promise<unknown> =>
    site.database.createJob(
      {
        kind: 'synchronize',
        mapping: lane.mapping,
        channel: lane.channel,
        parentId: request.children ? request.jobId : null,
        scope: run.full ? 'full' : 'modified',
        direction: request.direction,
        dryRun: request.dryRun,
        trigger: run.trigger,
        actor: request.actor,
        requestId: request.requestId,
        body: null,
      },
      'running',
      id,
    );
  const run: LaneRun = {
    identity,
    counters,
    status: 'succeeded',
    code: null,
    params: {},
    jobRowId: own ? null : id,
    trigger: request.trigger,
    full: request.scope === 'full',
    dueId: null,
    ahead: null,
    parentsAreBusy: false,
    progress: () => ({ counters, done: doneOf(counters), total: null }),
    // Several batches may be under way: each goes on when the row is there, not when it was asked for.
    ensureJob: () => (making ??= makeJob().then(() => void (run.jobRowId = id))),
  };
  return run;
}

export const doneOf = (counters: JobCounters): number => {
  let sum = 0;
  for (const side of [counters.toHq, counters.toChannel])
    sum += side.inserted + side.modified + side.deleted + side.unchanged + side.skipped + side.failed;
  return sum;
};
