/** Parts of a customer operation that list and card share. */
import type { CustomerOperationDocument } from '../../../http/schemas/customer-operations.ts';
import { describe } from '../../language/describe.ts';
import type { PageTexts } from '../../language/en.ts';
import { useSpeech } from '../../language/language.tsx';
import { Mark, type Tone } from '../../parts/mark.tsx';
import { plainValue } from '../../parts/value-text.ts';

type KnownError = NonNullable<CustomerOperationDocument['lastKnownError']>;

const TONES: Record<CustomerOperationDocument['status'], Tone> = {
  waiting: 'quiet',
  received: 'busy',
  processing: 'busy',
  editing: 'warn',
  synchronized: 'good',
  failed: 'bad',
  conflict: 'warn',
  blocked: 'warn',
  dismissed: 'quiet',
};

export function OperationStatusMark({ status }: { readonly status: CustomerOperationDocument['status'] }) {
  const { t } = useSpeech();
  return <Mark tone={TONES[status]}>{t.operations.statuses[status]}</Mark>;
}

export const knownErrorText = (t: PageTexts, error: KnownError): string =>
  describe(t, error.code, { ...(error.field == null ? {} : { field: error.field }), ...error.params }, error.message);

/** A row that says no known operation has none. */
export const operationName = (t: PageTexts, { operation }: Pick<CustomerOperationDocument, 'operation'>): string =>
  operation === null ? '–' : t.operations.operationNames[operation];

/** The API's English sentence stands in English; elsewhere it is made of what it is made of. */
export function changeText(t: PageTexts, operation: CustomerOperationDocument): string {
  if (t.codes === null) return operation.changeDescription;
  const name = operationName(t, operation);
  if (operation.lastKnownError !== null) return `${name}: ${knownErrorText(t, operation.lastKnownError)}`;
  const changed = operation.attributes.filter((attribute) => attribute.changed);
  const listed = changed.map(
    (attribute) => `${attribute.name} ${plainValue(attribute.newValue) || t.words.emptyValue}`,
  );
  if (operation.outcome === 'coupled')
    return `${name}: ${t.operations.outcomes.coupled}${listed.length === 0 ? '' : ` (${listed.join(', ')})`}`;
  return listed.length === 0 ? name : `${name}: ${listed.join(', ')}`;
}

export const accountText = (t: PageTexts, operation: CustomerOperationDocument): string =>
  operation.customerAccount ?? t.operations.pending;
