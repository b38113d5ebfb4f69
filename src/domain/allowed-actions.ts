/** Which actions fit an open error. Pure, so that lists, pages and the engine agree. */
import type { Side } from './record.ts';
import type { ErrorAction, ErrorKind, ErrorScope, ErrorStatus } from './terms.ts';

export interface ActedError {
  readonly scope: ErrorScope;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly status: ErrorStatus;
  readonly couplingId: string | null;
  readonly deletedIn: Side | null;
  readonly hqRecord: { readonly exists: boolean };
  readonly channelRecord: { readonly exists: boolean };
  readonly operationId?: string | null;
}

export function allowedActions(error: ActedError): readonly ErrorAction[] {
  if (error.status === 'resolved') return [];
  if (error.scope === 'mapping') return error.code.startsWith('mass-') ? ['approve', 'decline'] : ['retry'];
  // It shows the conflict of a customer operation: the channel's record itself is not what it is about.
  if (error.operationId)
    return error.couplingId === null ? ['retry', 'synchronize'] : ['retry', 'synchronize', 'remove-coupling'];
  if (error.kind === 'deletion') return ['restore', 'delete', 'couple', 'remove-coupling'];
  const actions: ErrorAction[] = ['retry'];
  if (error.couplingId !== null && error.hqRecord.exists && error.channelRecord.exists) actions.push('synchronize');
  if (error.couplingId === null) actions.push('couple');
  actions.push('remove-coupling');
  return actions;
}
