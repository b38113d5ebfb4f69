/** Whether a decision still stands: the records are as the person saw them. */
import { equalValues } from '../../domain/equal-values.ts';
import { SIDES } from '../../domain/record.ts';
import type { SyncError } from '../../ports/coupling-database.ts';
import { ActionRefused, type ErrorAction } from '../../ports/synchronizer.ts';
import type { Subject } from '../batch/subject.ts';
import { etagOfRecords } from '../batch/view-pair.ts';
import type { LaneContext } from '../lane/lane-context.ts';

/** Bound to the values that the error stores, even when the caller named no etag; the others only to an etag. */
const BOUND: ReadonlySet<ErrorAction> = new Set(['synchronize', 'restore', 'delete', 'approve']);

export interface Seen {
  readonly action: ErrorAction;
  readonly ifMatch: string | null;
}

/** By the records just read for the decision itself, so that nothing can come between the look and the write. */
export function isStale(context: LaneContext, error: SyncError, seen: Seen, subject: Subject): boolean {
  if (seen.ifMatch === '*') return false;
  if (seen.ifMatch !== null) return etagOfRecords(error, subject.records.hq, subject.records.channel) !== seen.ifMatch;
  if (!BOUND.has(seen.action) || !subject.pair) return false;
  for (const side of SIDES) {
    const values = subject.pair.now[side].values;
    const record = side === 'hq' ? error.hqRecord : error.channelRecord;
    if (record.exists !== (values !== null)) return true;
    if (!values) continue;
    for (const field of context.prepared.fields) {
      const stored = error.fields.find((candidate) => candidate.name === field.name);
      if (stored && !equalValues(field.type[side], stored[side], values[field.index] ?? null)) return true;
    }
  }
  return false;
}

export const answersBoundTo = (action: ErrorAction): boolean => BOUND.has(action);

export const stale = (error: SyncError): ActionRefused =>
  new ActionRefused('stale-decision', 'a record has changed since; look again', {}, error.id);
