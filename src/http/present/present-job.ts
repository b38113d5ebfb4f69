/** Jobs and their results as the API shows them. */
import { describeCode } from '../../domain/describe-change.ts';
import type { JobResult } from '../../ports/coupling-database.ts';
import type { LanePresenter, MappingPresenter } from '../../ports/mapping-presenter.ts';
import type { JobView } from '../../ports/queries.ts';
import type { Lane } from '../../ports/store.ts';
import type { JobDocument, JobResultDocument } from '../schemas/jobs.ts';
import { presentCandidate } from './present-error.ts';

export function presentJob(presenter: MappingPresenter, job: JobView): JobDocument {
  return {
    id: job.id,
    kind: job.kind,
    mapping: job.mapping,
    channel: job.channel,
    channelName: job.channel === null ? null : presenter.channelName(job.channel),
    scope: job.scope,
    direction: job.direction,
    dryRun: job.dryRun,
    status: job.status,
    trigger: job.trigger,
    actor: job.actor,
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    finishedAt: job.finishedAt,
    attempts: job.attempts,
    cancelRequested: job.cancelRequested,
    // How much there was to do is known at the latest when all of it is done.
    progress: { done: job.done, total: job.total ?? (job.status === 'succeeded' ? job.done : null) },
    counters: job.counters,
    code: job.code,
    params: job.params,
    message: job.code === null ? null : describeCode(job.code, job.params ?? {}),
    parentId: job.parentId,
    children: [...job.children],
    reason: job.reason,
  };
}

/** A result has no lane of its own; where the job has several, keys are shown in the form of the mapping's first. */
export const laneOfJob = (presenter: MappingPresenter, job: JobView): Lane | null => {
  if (job.mapping === null) return null;
  if (job.channel !== null) return { mapping: job.mapping, channel: job.channel };
  return presenter.lanes({ mapping: job.mapping })[0] ?? null;
};

export const presentJobResult = (
  lane: LanePresenter,
  result: JobResult,
  { mapping, channel }: Pick<JobView, 'mapping' | 'channel'>,
): JobResultDocument => ({
  mapping,
  channel,
  status: result.status,
  code: result.code,
  params: result.params,
  message: result.code === null ? null : describeCode(result.code, result.params),
  errorId: result.errorId,
  couplingId: result.couplingId,
  hqKey: result.hqKey === null ? null : lane.keyToJson('hq', result.hqKey),
  channelKey: result.channelKey === null ? null : lane.keyToJson('channel', result.channelKey),
  candidates: result.candidates.map((candidate) => presentCandidate(lane, candidate)),
  writes: (Array.isArray(result.writes) ? result.writes : []) as JobResultDocument['writes'],
});
