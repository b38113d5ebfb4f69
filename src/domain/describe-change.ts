/** English sentences from codes, parameters and changes: for errors, log entries, jobs and customer operations. */
import { entryOf, isErrorCode } from '../errors/catalogue.ts';
import { networkReason } from '../errors/network-reasons.ts';
import { jsonDifference } from './json-difference.ts';
import type { Json, Params, Value, WriteDirection } from './record.ts';
import { shortenText } from './shorten-text.ts';

const SHOWN_CHARACTERS = 80;
const SHOWN_CHANGES = 6;

export interface FieldChange {
  readonly field: string;
  readonly old: Value;
  readonly new: Value;
}

// ---------------------------------------------------------------- codes

/** Words for what a sentence needs and its parameters do not have. */
const STAND_INS: Readonly<Record<string, string>> = {
  field: 'a field',
  constraint: 'a constraint',
  parent: 'another record',
  table: 'the table',
  side: 'an app',
  value: '…',
  type: 'value',
  candidates: 'several',
  deletedIn: 'one app',
  changedIn: 'one app',
};
const SIDE_NAMES: ReadonlySet<string> = new Set(['side', 'deletedIn', 'changedIn', 'replacedIn']);

/** The sentence of a code. A code that this version does not know (of a newer one, in the database) stands as words. */
export function describeCode(code: string, params: Params): string {
  if (!isErrorCode(code)) return capital(code.replaceAll('-', ' '));
  const known = withPlurals(params);
  const complete = entryOf(code).message.replace(/\[([^\]]*)\]/g, (_, group: string) =>
    [...group.matchAll(/\{(\w+)\}/g)].every((match) => known(match[1] ?? '') !== null) ? group : '',
  );
  return complete.replace(/\{(\w+)\}/g, (_, name: string, at: number) => {
    const standIn = STAND_INS[name] ?? name;
    return known(name) ?? (at === 0 ? capital(standIn) : standIn);
  });
}

/** Stores speak of columns where they know no field; several fields are one subject with another verb. */
function withPlurals(params: Params): (name: string) => string | null {
  const several = Array.isArray(params.fields) && params.fields.length > 1 ? params.fields : null;
  return (name) => {
    if (name === 'was') return several === null ? 'was' : 'were';
    if (name === 'differs') return several === null ? 'differs' : 'differ';
    const value = name === 'field' ? (several ?? params.field ?? params.column) : params[name];
    return value === undefined || value === null || isEmptyList(value) ? null : paramText(name, value);
  };
}

/** Nothing to name: what a sentence would say of it is left out. */
const isEmptyList = (value: Json): boolean => Array.isArray(value) && value.length === 0;

function paramText(name: string, value: Json): string {
  if (Array.isArray(value)) return listText(value.map((item) => paramText(name, item)));
  if (SIDE_NAMES.has(name) && value === 'hq') return 'HQ';
  if (SIDE_NAMES.has(name) && value === 'channel') return 'the channel';
  if (name === 'reason' && typeof value === 'string') return shown(networkReason(value));
  return shown(typeof value === 'string' ? value : JSON.stringify(value));
}

const listText = (texts: readonly string[]): string =>
  texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

// ---------------------------------------------------------------- changes

/** `name changed from Adatum to Adatum Corp; email cleared (was a@x)`. */
export function describeChanges(changes: readonly FieldChange[]): string {
  const parts = changes.flatMap(describeChange);
  const rest = parts.length - SHOWN_CHANGES;
  return rest > 1 ? `${parts.slice(0, SHOWN_CHANGES).join('; ')}; and ${rest} more changes` : parts.join('; ');
}

function describeChange({ field, old, new: now }: FieldChange): readonly string[] {
  if (old !== null && now !== null && isNested(old) && isNested(now)) {
    const inner = jsonDifference(old, now);
    if (inner !== null) return inner.map((change) => sentence(field + change.path, change.old, change.new));
  }
  return [sentence(field, old, now)];
}

const isNested = (text: string): boolean => text.startsWith('{') || text.startsWith('[');

function sentence(name: string, old: Value, now: Value): string {
  if (old === null) return now === null ? `${name} stays empty` : `${name} set to ${shown(now)}`;
  return now === null ? `${name} cleared (was ${shown(old)})` : `${name} changed from ${shown(old)} to ${shown(now)}`;
}

function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line === '' ? '""' : shortenText(line, SHOWN_CHARACTERS);
}

const listValues = (changes: readonly FieldChange[], which: 'old' | 'new'): string => {
  const parts = changes.flatMap((change) =>
    change[which] === null ? [] : [`${change.field} ${shown(change[which])}`],
  );
  const rest = parts.length - SHOWN_CHANGES;
  return rest > 0 ? `${parts.slice(0, SHOWN_CHANGES).join(', ')} and ${rest} more` : parts.join(', ');
};

// ---------------------------------------------------------------- log entries

export interface DescribedEntry {
  readonly action:
    | 'coupled'
    | 'uncoupled'
    | 'inserted'
    | 'modified'
    | 'deleted'
    | 'restored'
    | 'conflict'
    | 'deletion'
    | 'failed'
    | 'resolved';
  readonly direction: WriteDirection | null;
  readonly code: string | null;
  readonly params: Params;
  readonly changes: readonly FieldChange[];
}

export function describeLogEntry(entry: DescribedEntry): string {
  const { action, changes } = entry;
  const where = entry.direction === null ? '' : ` in ${entry.direction === 'toHq' ? 'HQ' : 'the channel'}`;
  const why = entry.code === null ? '' : describeCode(entry.code, entry.params);
  switch (action) {
    case 'coupled':
      return joined('Coupled', why);
    case 'uncoupled':
      return joined('Uncoupled', why);
    case 'inserted':
      return joined(`Created${where}`, listValues(changes, 'new'));
    case 'deleted':
      return joined(`Deleted${where}`, listValues(changes, 'old'));
    case 'restored':
      return joined(`Restored${where}`, listValues(changes, 'new'));
    case 'modified':
      return changes.length === 0 ? `Modified${where}` : withReason(describeChanges(changes), entry.code, why);
    case 'resolved':
      return entry.code === null ? 'Resolved' : `Resolved${RESOLUTIONS[entry.code] ?? `: ${why}`}`;
    case 'conflict':
    case 'deletion':
    case 'failed':
      return why === '' ? FINDINGS[action] : why;
    default:
      return action satisfies never;
  }
}

const joined = (what: string, more: string): string => (more === '' ? what : `${what}: ${more}`);

/** Only a value that won over another needs the reason beside the change. */
const withReason = (changes: string, code: string | null, why: string): string =>
  code === 'policy' || code === 'latest-wins' ? `${changes} (${why})` : changes;

const FINDINGS = {
  conflict: 'Changed in both apps',
  deletion: 'Deleted in one app',
  failed: 'Could not be synchronized',
};

/** An entry of action `resolved` has the action that resolved it as its code. */
const RESOLUTIONS: Readonly<Record<string, string>> = {
  automatic: ' by itself',
  retry: ' by Retry',
  synchronize: ' by Synchronize',
  restore: ' by Restore Records',
  delete: ' by Delete Records',
  couple: ' by coupling',
  'remove-coupling': ' by Remove Coupling',
  approve: ': approved, and carried out',
  decline: ': declined, so that each waits for a decision of its own',
  dismiss: ' by dismissing the operation',
};

// ---------------------------------------------------------------- customer operations

const OPERATION_NAMES = {
  createCustomer: 'Customer creation',
  updateCustomer: 'Customer update',
  deactivateCustomer: 'Customer deactivation',
  createAddress: 'Address creation',
  updateAddress: 'Address update',
  deactivateAddress: 'Address deactivation',
  upsertContact: 'Contact update',
  deactivateContact: 'Contact deactivation',
  upsertAffiliation: 'Affiliation update',
  removeAffiliation: 'Affiliation removal',
  setAttribute: 'Attribute update',
  removeAttribute: 'Attribute removal',
} as const;

export type OperationName = keyof typeof OPERATION_NAMES;

/** `Customer creation failed: email is not an e-mail address`, or what the operation changes. */
export function describeOperation(
  operation: OperationName,
  status: 'failed' | 'conflict' | 'blocked' | 'coupled' | 'other',
  changes: readonly FieldChange[],
  error: { readonly code: string; readonly params: Params } | null,
): string {
  const name = OPERATION_NAMES[operation];
  const because = error === null ? '' : describeCode(error.code, error.params);
  if (status === 'failed') return joined(`${name} failed`, because);
  if (status === 'conflict') return joined(`${name} is in conflict`, because);
  if (status === 'blocked') return joined(`${name} waits for an earlier operation`, because);
  const moved = changes.filter((change) => change.old !== change.new);
  if (status === 'coupled') {
    const more = moved.length === 0 ? '' : ` (the channel said: ${listValues(moved, 'new')})`;
    return `${name}: HQ had the customer already, so that one was coupled${more}`;
  }
  return joined(name, operation === 'createCustomer' ? listValues(moved, 'new') : describeChanges(moved));
}
