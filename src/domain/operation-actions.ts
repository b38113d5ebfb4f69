/** Which actions fit a customer operation, and what happens to it next. Pure, so that lists, pages and jobs agree. */
import type { NextStep, OperationAction, OperationState } from './terms.ts';

export interface ActedOperation {
  readonly status: OperationState;
  readonly code: string | null;
  readonly attempts: number;
  readonly editing: { readonly by: string } | null;
  readonly distributed: boolean | null;
  readonly couplingErrorId: string | null;
}

const MALFORMED = 'operation-malformed';

export const isMalformed = ({ code }: Pick<ActedOperation, 'code'>): boolean => code === MALFORMED;

/** A row that cannot be read can only be dismissed; what somebody else is editing is left alone. */
export function operationActions(operation: ActedOperation, actor: string | null): readonly OperationAction[] {
  if (isMalformed(operation)) return operation.status === 'failed' ? ['dismiss'] : [];
  switch (operation.status) {
    case 'received':
    case 'failed':
    case 'conflict':
      return ['save', 'edit', 'synchronize', 'dismiss'];
    // What it waits for has not come through: applying it could only fail.
    case 'blocked':
      return ['save', 'edit', 'dismiss'];
    case 'editing':
      return operation.editing?.by === actor ? ['save', 'edit', 'release', 'dismiss'] : [];
    case 'dismissed':
      return ['reopen'];
    case 'waiting':
    case 'processing':
    case 'synchronized':
      return [];
  }
}

/** In the words of the log: what HQ's record went through. */
export type OperationResult = 'inserted' | 'coupled' | 'modified' | 'deleted' | 'unchanged';

interface EndedOperation {
  readonly status: OperationState;
  readonly name: string | null;
  readonly part: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly found: Readonly<Record<string, unknown>> | null;
  readonly wrote: boolean;
}

/** What came of an operation that has come through; a create that met a customer in HQ has made none. */
export function operationResult({ status, name, part, row, found, wrote }: EndedOperation): OperationResult | null {
  if (status !== 'synchronized') return null;
  if (row['operation'] === '1' && found === null) return 'inserted';
  if (name === 'createCustomer') return 'coupled';
  if (!wrote) return 'unchanged';
  return row['operation'] === '3' && part !== 'customers' ? 'deleted' : 'modified';
}

export function nextStepOf(operation: ActedOperation): NextStep | null {
  switch (operation.status) {
    case 'received':
    case 'processing':
      return 'synchronize-customers';
    case 'failed':
    case 'conflict':
      // There is nothing to correct in a row that cannot be read.
      if (isMalformed(operation)) return null;
      // Saved, and not tried since.
      return operation.attempts === 0 ? 'synchronize-customers' : 'repair';
    case 'editing':
    case 'blocked':
      return 'repair';
    case 'synchronized':
      if (operation.distributed !== false) return null;
      return operation.couplingErrorId === null ? '1010' : 'repair';
    case 'waiting':
    case 'dismissed':
      return null;
  }
}
