/** What a write means for the customer operation that it carries out; the same fresh from the store and after a crash. */
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import type { RecordKey, Value } from '../../domain/record.ts';
import type { OperationOutcome, SeenField } from '../../ports/operation-outcome.ts';
import type { Lane, WriteOutcome } from '../../ports/store.ts';
import type { LedgerNote } from './ledger-note.ts';

interface DraftOfCoupling {
  readonly id: string;
  readonly keys: { readonly hq: RecordKey | null };
  readonly base: { readonly hq: readonly Value[]; readonly channel: readonly Value[] };
}

export function operationOutcome(
  lane: Lane,
  prepared: PreparedMapping,
  draft: DraftOfCoupling,
  note: LedgerNote,
  outcome: Extract<WriteOutcome, { status: 'written' }>,
): OperationOutcome | null {
  const { customerOperation: operation } = note;
  if (!operation) return null;
  const held = outcome.held === null ? null : fieldValuesOf(prepared, 'hq', outcome.held);
  const seen: Record<string, SeenField> = {};
  // What a create wrote is the base of the new coupling; only what an update leaves goes beyond the base.
  for (const field of note.operation === 'update' ? note.fields : []) {
    const index = prepared.indexOf.get(field.name);
    if (index === undefined || held === null) continue;
    seen[field.name] = {
      hq: held[index] ?? null,
      channel: field.from,
      base: [draft.base.hq[index] ?? null, draft.base.channel[index] ?? null],
      counter: operation.counter,
    };
  }
  const at = operation.accountColumn === null ? -1 : prepared.sides.hq.columns.indexOf(operation.accountColumn);
  return {
    id: operation.id,
    status: operation.conflict ? 'conflict' : 'synchronized',
    jobId: note.jobId,
    code: operation.conflict?.code ?? null,
    params: operation.conflict?.params ?? {},
    couplingId: draft.id,
    account: outcome.held?.[at] ?? null,
    found: operation.found,
    wrote: true,
    errorId: null,
    resolution: operation.resolution ?? null,
    dismissal: null,
    record: {
      mapping: lane.mapping,
      channel: lane.channel,
      guid: operation.guid,
      partKey: operation.partKey,
      couplingId: draft.id,
      hqKey: draft.keys.hq ?? outcome.key,
      createdBy: operation.creates ? operation.id : null,
      seen,
    },
  };
}
