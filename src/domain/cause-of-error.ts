/** The `cause` of an error: the same text for errors that one remedy cures. */
import type { Json, Params } from './record.ts';

/** What tells one cause of a code from another, by parameter; the first that is there of each group counts. */
const DISTINGUISHING: readonly (readonly string[])[] = [['field', 'column'], ['constraint'], ['parent'], ['parentKey']];

/** `customers:value-too-long:name`; parts are separated by colons, so a colon within one is written as %3A. */
export function causeOfError(mapping: string, code: string, params: Params): string {
  const parts = [mapping, code];
  for (const names of DISTINGUISHING) {
    const name = names.find((candidate) => params[candidate] !== undefined && params[candidate] !== null);
    if (name !== undefined) parts.push(partText(params[name] ?? null));
  }
  return parts.map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A')).join(':');
}

/** What parameters tell of one record. Field, constraint, limit and parent belong to the cause. */
const OF_ONE_RECORD: ReadonlySet<string> = new Set([
  'key',
  'value',
  'values',
  'length',
  'blockedBy',
  'candidates',
  'several',
  'contested',
  'taken',
  'uncoupled',
  'matched',
  'dependents',
  'counter',
  'guid',
]);

/** What may be said of all errors of a cause when one of them is the sample. */
export const paramsOfCause = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !OF_ONE_RECORD.has(name)));

const partText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
