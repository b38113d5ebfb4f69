/** What customer operations are found by: `field=value` in small letters, of the customer and of the part itself. */
import type { Value } from './record.ts';

export type FieldValues = Readonly<Record<string, Value>>;

/** Nobody seeks by more than the beginning of a longer value. */
const LONGEST_VALUE = 200;
const PART = 'part.';

export const operationTerm = (field: string, value: string): string =>
  `${field}=${value.slice(0, LONGEST_VALUE).toLowerCase()}`;
export const partTerm = (field: string, value: string): string => PART + operationTerm(field, value);

/** The customer as an operation found it and as it would leave it; either is sought. */
export function customerTerms(found: FieldValues | null, values: FieldValues): string[] {
  return distinct([...termsOf(found ?? {}, operationTerm), ...termsOf(values, operationTerm)]);
}

/** Of a part: its own fields, and its customer's. */
export function partTerms(customer: FieldValues, found: FieldValues | null, values: FieldValues): string[] {
  return distinct([
    ...termsOf(customer, operationTerm),
    ...termsOf(found ?? {}, partTerm),
    ...termsOf(values, partTerm),
  ]);
}

/** The same operation with other values of its own; what of a part is the customer's stays. */
export function termsAgain(
  isPart: boolean,
  terms: readonly string[],
  found: FieldValues | null,
  values: FieldValues,
): string[] {
  if (!isPart) return customerTerms(found, values);
  return distinct([...terms.filter((term) => !term.startsWith(PART)), ...partTerms({}, found, values)]);
}

/** What `q` looks through: the values of the terms, each a line of its own. */
export const textOfTerms = (terms: readonly string[]): string =>
  distinct(terms.map((term) => term.slice(term.indexOf('=') + 1))).join('\n');

/** Of a row that cannot be read: what stands in it, under names that no field has, so that a search finds it. */
export const rawTerms = (row: FieldValues): string[] =>
  distinct(termsOf(row, (column, value) => `raw.${operationTerm(column, value)}`));

const termsOf = (values: FieldValues, termOf: (field: string, value: string) => string): string[] =>
  Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [termOf(name, value)]));

const distinct = (terms: readonly string[]): string[] => [...new Set(terms)];
