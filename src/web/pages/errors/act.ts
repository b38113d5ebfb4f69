/** Acting on errors, one or many, and taking it back. */
import type { JobDocument, JobResultDocument } from '../../../http/schemas/jobs.ts';
import type { ActionAnswer, SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import type { LogEntryDocument } from '../../../http/schemas/synchronization-log.ts';
import { isProblem, type Page } from '../../api/read.ts';
import { type ApiProblem, request } from '../../api/request.ts';
import type { ListFilter } from '../../parts/list-filter.ts';
import type { Dependent, Write } from '../../parts/writes.tsx';

export type ErrorAction = SynchronizationErrorDocument['allowedActions'][number];
export type Side = 'hq' | 'channel';
export type FieldChoice = Side | { readonly value: unknown; readonly side?: Side };

export interface Decision {
  readonly action: ErrorAction;
  readonly winner?: Side;
  readonly fields?: Readonly<Record<string, FieldChoice>>;
  readonly key?: Readonly<Record<string, unknown>>;
  readonly create?: boolean;
  readonly reason?: string;
}

export interface Preview {
  readonly writes: readonly Write[];
  readonly dependents: readonly Dependent[];
}

export type Target =
  | { readonly kind: 'one'; readonly error: SynchronizationErrorDocument }
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'filter'; readonly filter: ListFilter; readonly count: number };

/** Somebody else was faster, or a record has moved: the problem brings the error as it is now. */
export const isStale = (fault: unknown): fault is ApiProblem =>
  isProblem(fault, 'stale-decision') || isProblem(fault, 'already-resolved');

export const countOf = (target: Target): number =>
  target.kind === 'one' ? 1 : target.kind === 'ids' ? target.ids.length : target.count;

const WAIT_SECONDS = 20;

const bodyOf = ({ action: _, ...body }: Decision): object => body;

export const previewOne = (
  error: SynchronizationErrorDocument,
  decision: Decision,
  signal?: AbortSignal,
): Promise<Preview> =>
  request<Preview>('POST', `/synchronization-errors/${error.id}/${decision.action}?dryRun=true`, {
    body: bodyOf(decision),
    // A preview is of what holds now, whatever the list knew.
    ifMatch: error.etag ?? '*',
    ...(signal && { signal }),
  });

export const actOnOne = (error: SynchronizationErrorDocument, decision: Decision): Promise<ActionAnswer> =>
  request<ActionAnswer>('POST', `/synchronization-errors/${error.id}/${decision.action}`, {
    body: bodyOf(decision),
    ifMatch: error.etag,
  });

function bulkBody(target: Exclude<Target, { kind: 'one' }>, decision: Decision): object {
  if (target.kind === 'ids') return { ...decision, ids: target.ids };
  const bound = decision.action === 'retry' ? {} : { expect: target.count };
  return { ...decision, filter: target.filter, ...bound };
}

export const actOnMany = (target: Exclude<Target, { kind: 'one' }>, decision: Decision): Promise<JobDocument> =>
  request<JobDocument>('POST', '/synchronization-errors/bulk', {
    body: bulkBody(target, decision),
    waitSeconds: WAIT_SECONDS,
  });

export async function previewMany(
  target: Exclude<Target, { kind: 'one' }>,
  decision: Decision,
): Promise<{ readonly results: readonly JobResultDocument[]; readonly job: JobDocument }> {
  const job = await request<JobDocument>('POST', '/synchronization-errors/bulk', {
    body: { ...bulkBody(target, decision), dryRun: true },
    waitSeconds: WAIT_SECONDS,
  });
  const results = await request<Page<JobResultDocument>>('GET', `/jobs/${job.id}/results?limit=50`);
  return { results: results.items, job };
}

/** How many of a bulk job were done, and how many were not. */
export async function countResults(job: JobDocument): Promise<{ readonly done: number; readonly left: number }> {
  const count = async (status: string): Promise<number> =>
    (await request<Page<unknown>>('GET', `/jobs/${job.id}/results?limit=1&count=true&${status}`)).total ?? 0;
  const [done, left] = await Promise.all([count('status=succeeded'), count('status=failed&status=skipped')]);
  return { done, left };
}

/** The entry that says how the error ended takes all that was written along when it is reverted; the error is open again. */
export async function undoResolution({ couplingId, resolution }: SynchronizationErrorDocument): Promise<void> {
  const step = `jobId=${resolution?.jobId}&couplingId=${couplingId}`;
  const log = await request<Page<LogEntryDocument>>('GET', `/synchronization-log?${step}&limit=50`);
  const revertible = log.items.filter((entry) => entry.revertible && entry.revertedBy === null);
  const entry = revertible.find(({ action }) => action === 'resolved') ?? revertible[0];
  if (entry === undefined) throw new Error('nothing to take back');
  await request('POST', `/synchronization-log/${entry.id}/revert`, { body: {} });
}

export const UNDONE: ReadonlySet<string> = new Set(['synchronize', 'restore', 'delete', 'remove-coupling']);

/** Steps that nothing can take back are not offered an Undo. */
export const canUndo = ({ scope, resolution, hqRecord, channelRecord }: SynchronizationErrorDocument): boolean =>
  // What had no partner was left alone: there is no pair that could be coupled again.
  scope === 'record' && UNDONE.has(resolution?.action ?? '') && hqRecord.key !== null && channelRecord.key !== null;
