/**
 * The jobs of runs that were killed after a store had committed: the log will name them, so they can be looked up, with
 * what the ledger knows of them. Most have a row of their own already; continuous runs make it while the store writes.
 */
import { directionTo } from '../../domain/record.ts';
import { type InterruptedJob, type JobCounters, type LogCause, noCounters } from '../../ports/coupling-database.ts';
import type { Lane, WriteOutcome } from '../../ports/store.ts';
import type { LedgerNote } from './ledger-note.ts';

interface FoundEntry {
  readonly note: LedgerNote;
  readonly outcome: WriteOutcome;
}

const COUNTED = { insert: 'inserted', restore: 'inserted', update: 'modified', delete: 'deleted' } as const;

export function interruptedJobs(lane: Lane, found: readonly FoundEntry[]): readonly InterruptedJob[] {
  const jobs = new Map<string, { readonly first: LedgerNote; readonly counters: JobCounters; done: number }>();
  for (const { note, outcome } of found) {
    const job = jobs.get(note.jobId) ?? { first: note, counters: noCounters(), done: 0 };
    jobs.set(note.jobId, job);
    if (outcome.status !== 'written') continue;
    job.counters[directionTo(note.target)][COUNTED[note.operation]] += 1;
    job.done += 1;
  }
  return [...jobs].map(([id, { first, counters, done }]) => ({
    id,
    mapping: lane.mapping,
    channel: lane.channel,
    ...AS_WHAT[first.cause],
    actor: first.actor,
    requestId: first.requestId,
    progress: { counters, done, total: null },
  }));
}

const RUN = { kind: 'synchronize', scope: 'modified', direction: 'both', trigger: 'change' } as const;
const ACTION = { kind: 'resolve', scope: null, direction: null, trigger: 'manual' } as const;

const AS_WHAT: Readonly<Record<LogCause, Pick<InterruptedJob, 'kind' | 'scope' | 'direction' | 'trigger'>>> = {
  change: RUN,
  full: { ...RUN, scope: 'full' },
  configuration: { ...RUN, scope: 'full', trigger: 'configuration' },
  recovery: { ...RUN, trigger: 'recovery' },
  commerce: { ...RUN, trigger: 'manual' },
  match: RUN,
  revert: { ...ACTION, kind: 'revert' },
  retry: ACTION,
  resolution: ACTION,
  restore: ACTION,
};
