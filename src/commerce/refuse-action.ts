/** What is asked of an operation that does not take it, refused with what does fit. */
import { operationActions } from '../domain/operation-actions.ts';
import type { OperationAction } from '../domain/terms.ts';
import type { CommerceDatabase, CustomerOperation, OperationChange } from '../ports/commerce.ts';
import { ActionRefused } from '../ports/synchronizer.ts';

export async function requireOperation(database: CommerceDatabase, id: string): Promise<CustomerOperation> {
  const operation = await database.operationById(id);
  if (operation === null) throw new ActionRefused('operation-not-found', `there is no customer operation ${id}`);
  return operation;
}

export function refuseUnfit(operation: CustomerOperation, action: OperationAction, actor: string | null): void {
  const { editing, status } = operation;
  const allowed = operationActions(operation, actor);
  if (allowed.includes(action)) return;
  if (status === 'synchronized')
    throw new ActionRefused('operation-synchronized', 'a synchronized operation cannot be changed');
  if (status === 'editing' && editing !== null)
    throw new ActionRefused('being-edited', `${editing.by} is editing the operation`, { ...editing });
  throw new ActionRefused('action-not-allowed', `${action} does not fit this operation`, {
    action,
    allowed: [...allowed],
  });
}

export const staleOperation = (): ActionRefused =>
  new ActionRefused('stale-decision', 'the operation has changed since; look again');

const TRIES = 5;

/** Reads, looks whether it still fits, changes; begins again when somebody came in between. */
export async function changeFitting(
  database: CommerceDatabase,
  id: string,
  action: OperationAction,
  actor: string | null,
  change: (operation: CustomerOperation) => OperationChange | null,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const operation = await requireOperation(database, id);
    refuseUnfit(operation, action, actor);
    const wanted = change(operation);
    if (wanted === null || (await database.changeOperation(id, operation.revision, wanted))) return;
  }
  throw staleOperation();
}
