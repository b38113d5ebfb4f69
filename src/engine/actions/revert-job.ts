/** Reverts many log entries, newest first, so that each finds the fields as its own write left them. */
import { directionTo, type WriteDirection } from '../../domain/record.ts';
import type { Job, JobCounters, JobResult } from '../../ports/coupling-database.ts';
import { ActionRefused, type WritePreview } from '../../ports/synchronizer.ts';
import type { Outcome } from '../lane/job-outcome.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import type { Site } from '../lane/site.ts';
import { formerCounters } from '../lane/resume-job.ts';
import { revertEntry } from './revert-entry.ts';

interface RevertBody {
  readonly items: readonly { readonly id: string }[];
  readonly reason?: string;
}

/** What another item of the same job has taken back already, or what says nothing of a write, is no failure. */
const PASSED_OVER: ReadonlySet<string> = new Set(['already-reverted', 'not-revertible']);

export async function revertMany(
  site: Site,
  memory: LaneMemory,
  job: Job,
  stop: () => Promise<boolean>,
): Promise<Outcome> {
  const body = job.body as unknown as RevertBody;
  const counters = await formerCounters(site, job);
  const told = job.attempts > 1 ? await site.database.revertedEntries(job.id) : new Set<string>();
  // Ids of log entries rise with time.
  const ids = body.items.map(({ id }) => id).toSorted((a, b) => (a < b ? 1 : -1));
  for (const [done, id] of ids.entries()) {
    if (told.has(id)) continue;
    if (await stop()) return { status: 'cancelled', code: null, params: {}, counters };
    const { result, writes, direction } = await revertOne(site, memory, job, id, body.reason ?? null);
    if (result.status === 'failed') counters[direction].failed += 1;
    if (result.status === 'succeeded') for (const write of writes) countWrite(counters, write);
    await site.database.addJobResults(job.id, [result]);
    await site.database.updateProgress(job.id, { counters, done: done + 1, total: ids.length });
  }
  return { status: 'succeeded', code: null, params: {}, counters };
}

interface Reverted {
  readonly result: JobResult;
  readonly writes: readonly WritePreview[];
  /** Of the entry: where what was refused was to go. */
  readonly direction: WriteDirection;
}

/** What an entry takes back it may take back on both sides. */
function countWrite(counters: JobCounters, { side, operation }: WritePreview): void {
  const towards = counters[directionTo(side)];
  if (operation === 'delete') towards.deleted += 1;
  else if (operation === 'update') towards.modified += 1;
  else towards.inserted += 1;
}

async function revertOne(
  site: Site,
  memory: LaneMemory,
  job: Job,
  id: string,
  reason: string | null,
): Promise<Reverted> {
  const entry = await site.database.logEntryById(id);
  const result: JobResult = {
    status: 'succeeded',
    code: null,
    params: { logId: id },
    errorId: entry?.errorId ?? null,
    couplingId: entry?.couplingId ?? null,
    hqKey: entry?.hqKey ?? null,
    channelKey: entry?.channelKey ?? null,
    candidates: [],
    writes: null,
  };
  const direction = entry?.direction ?? 'toChannel';
  try {
    const reverted = await revertEntry(site, memory, id, {
      dryRun: job.dryRun,
      jobId: job.dryRun ? null : job.id,
      actor: job.actor,
      reason,
      requestId: job.requestId,
    });
    const { outcome, writes } = reverted;
    return { result: { ...result, status: outcome, writes: [...writes] }, writes, direction };
  } catch (fault) {
    if (!(fault instanceof ActionRefused)) throw fault;
    if (await isOwn(site, job, id, fault)) return { result, writes: [], direction };
    const status = PASSED_OVER.has(fault.code) ? 'skipped' : 'failed';
    const refused = { ...result, status, code: fault.code, params: { ...fault.params, logId: id } } as const;
    return { result: refused, writes: [], direction };
  }
}

/** This very entry was taken back by this job, which was interrupted before it could say so. */
async function isOwn(site: Site, job: Job, id: string, { code, params }: ActionRefused): Promise<boolean> {
  const by = code === 'already-reverted' ? params['revertedBy'] : undefined;
  if (job.attempts < 2 || typeof by !== 'string') return false;
  const entry = await site.database.logEntryById(by);
  return entry?.jobId === job.id && entry.reverts === id;
}
