/** Which fields of its mapping an operation shows, and which of those it can set. Pure, so that page and Save agree. */
import { type Field, travels } from './mapping.ts';
import type { OperationPart } from './operation-row.ts';

export interface OperationFields {
  /** Shown in the header, so not among the attributes. */
  readonly guidField: string | null;
  /** The mapping of the customers. */
  readonly customers: string | null;
}

interface FieldsOfOperation {
  readonly part: OperationPart;
  readonly row: Readonly<Record<string, unknown>>;
}

export const isAttribute = (field: Field, rules: OperationFields, part: OperationPart): boolean =>
  field.channel !== null &&
  (part === 'customers'
    ? field.name !== rules.guidField
    : // Whose part it is, the GUID says.
      field.references === null || field.references.mapping !== rules.customers);

const DEACTIVATE = '3';

/** What only comes from HQ, no channel sets; an operation that takes away sets nothing. */
export const isSettable = ({ direction }: Field, { row }: FieldsOfOperation): boolean =>
  travels(direction, 'hq') && row['operation'] !== DEACTIVATE;

export const takesPartAway = ({ part, row }: FieldsOfOperation): boolean =>
  part !== 'customers' && row['operation'] === DEACTIVATE;
