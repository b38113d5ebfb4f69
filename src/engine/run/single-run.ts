/** A run of one action: its job, its identity, its counters. */
import type { Json } from '../../domain/record.ts';
import { type JobKind, type JobTrigger, type LogCause, noCounters } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import type { Asker } from '../../ports/synchronizer.ts';
import type { Run } from '../batch/work-batch.ts';
import type { Site } from '../lane/site.ts';
import { doneOf } from './lane-run.ts';

export interface SingleRun extends Run {
  /** Ends the job if the run made one of its own. */
  finish(status: 'succeeded' | 'failed', code?: string): Promise<void>;
}

/** `jobId` null: a job of its own, made now or, for a dry run, never. */
export function singleRun(
  site: Site,
  lane: Lane,
  kind: JobKind,
  cause: LogCause,
  asker: Asker,
  jobId: string | null,
  body: Json,
  trigger: JobTrigger = 'manual',
): SingleRun {
  const id = jobId ?? site.database.newId();
  let made = jobId !== null;
  const counters = noCounters();
  return {
    identity: {
      jobId: id,
      trigger,
      cause,
      actor: asker.actor,
      reason: asker.reason,
      requestId: asker.requestId,
    },
    counters,
    progress: () => ({ counters, done: doneOf(counters), total: null }),
    async ensureJob() {
      if (made) return;
      made = true;
      await site.database.createJob(
        {
          kind,
          mapping: lane.mapping,
          channel: lane.channel,
          parentId: null,
          scope: null,
          direction: null,
          dryRun: false,
          trigger,
          actor: asker.actor,
          requestId: asker.requestId,
          body,
        },
        'running',
        id,
      );
    },
    async finish(status, code) {
      if (jobId !== null || !made) return;
      await site.database.finishJob(
        id,
        status,
        { counters, done: doneOf(counters), total: null },
        code ? { code, params: {} } : null,
      );
    },
  };
}
