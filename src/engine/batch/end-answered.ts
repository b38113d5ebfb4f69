/**
 * Errors whose answer a store carried out and whoever gave it did not get to record: a deletion that was decided leaves
 * no pair which a later run could look at, so they end with the recording of the write, as its ledger tells it.
 */
import type { SyncError } from '../../ports/coupling-database.ts';
import type { RecordingBuilder } from './build-recording.ts';
import type { Draft } from './draft.ts';
import type { LedgerNote } from './ledger-note.ts';

export interface FoundWrite {
  readonly note: LedgerNote;
  readonly draft: Draft;
}

const isRestored = ({ note, draft }: FoundWrite): boolean =>
  note.operation === 'restore' && note.cause === 'restore' && note.errorId === draft.errorId;

export async function endAnswered(
  errorsById: (ids: readonly string[]) => Promise<readonly SyncError[]>,
  builder: RecordingBuilder,
  found: readonly FoundWrite[],
): Promise<void> {
  const ending = new Map<string, FoundWrite>();
  // A pair that is still there is decided again, which ends its error or shows it as it is.
  for (const write of found)
    if (write.draft.errorId !== null && (write.note.endsCoupling || isRestored(write)))
      ending.set(write.draft.errorId, write);
  if (ending.size === 0) return;
  for (const error of await errorsById([...ending.keys()])) {
    const write = ending.get(error.id);
    if (error.status === 'open' && write) endError(builder, error, write);
  }
}

function endError(builder: RecordingBuilder, error: SyncError, { note, draft }: FoundWrite): void {
  const { jobId, cause, actor, reason, requestId } = note;
  const answer = note.operation === 'restore' ? 'restore' : 'delete';
  // Of a policy it is an end by itself.
  const action = note.errorId === error.id ? answer : 'automatic';
  const written = builder.parts.log.filter((entry) => entry.errorId === error.id).map(({ id }) => id);
  const params = { kind: error.kind, code: error.code, winner: null };
  const asked = { jobId, cause, actor, reason, requestId };
  const logId = builder.log(draft, { ...asked, action: 'resolved', code: action, params, errorId: error.id });
  const resolution = { action, winner: null, fields: null, actor, reason, jobId, logIds: [...written, logId] } as const;
  builder.parts.resolve.push({ errorId: error.id, resolution });
  draft.status = 'synchronized';
  draft.errorId = null;
}
