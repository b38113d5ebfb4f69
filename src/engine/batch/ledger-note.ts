/**
 * The note that travels with every write into the store's ledger and comes back from it, in the ordinary course and
 * after a crash alike: all that is needed to record the write. Fields go by name, so that a note outlives a change of
 * the configuration between the write and its recovery.
 */
import type { BaseState } from '../../domain/pair.ts';
import type { Params, RecordKey, Side, Value } from '../../domain/record.ts';
import type { LogCause } from '../../ports/coupling-database.ts';
import type { OperationResolution } from '../../ports/operation-outcome.ts';

export interface NoteField {
  readonly name: string;
  /** The source's value, which becomes the source side's base. */
  readonly from: Value;
  /** Null was written because the parent is not coupled. */
  readonly cleared?: true;
  /** A revert puts the base back to what it was, whatever was held in between. */
  readonly base?: { readonly hq: Value; readonly channel: Value; readonly state: BaseState };
  /** An own value goes to both sides: the base moves only with the second write. */
  readonly baseLater?: true;
}

/** A customer operation that the write carries out: recorded with it, so that it is applied exactly once. */
export interface NoteOperation {
  readonly id: string;
  readonly guid: string;
  readonly partKey: string;
  readonly counter: string;
  /** The HQ column of the account number; null for parts. */
  readonly accountColumn: string | null;
  readonly creates: boolean;
  /** Some of its fields are in conflict and were not written. */
  readonly conflict: { readonly code: string; readonly params: Params } | null;
  readonly found: Readonly<Record<string, Value>> | null;
  /** Somebody answered its conflict in this way. */
  readonly resolution?: OperationResolution;
}

export interface LedgerNote {
  readonly couplingId: string;
  readonly operation: 'insert' | 'restore' | 'update' | 'delete';
  readonly target: Side;
  readonly fields: readonly NoteField[];
  /** Of an insert: the record it was made from. Of a delete or restore: the survivor. */
  readonly sourceKey: RecordKey | null;
  /** The source's values of all fields, for the base of a new pair. */
  readonly sourceValues: readonly Value[] | null;
  readonly sourceDescription: string | null;
  readonly parents: readonly (string | null)[] | null;
  /** A delete that ends the coupling (propagated or asked for), or one that leaves it to be restored. */
  readonly endsCoupling?: true;
  readonly jobId: string;
  readonly cause: LogCause;
  readonly actor: string | null;
  readonly changedBy: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly errorId: string | null;
  readonly reverts: string | null;
  /** Policy, clock: what the log says besides. */
  readonly code: string | null;
  readonly customerOperation?: NoteOperation;
}

type Rest = Omit<
  LedgerNote,
  | 'couplingId'
  | 'operation'
  | 'target'
  | 'fields'
  | 'sourceKey'
  | 'sourceValues'
  | 'sourceDescription'
  | 'parents'
  | 'jobId'
  | 'cause'
>;

/** What is seldom there: written by name, and only where it is. */
const REST: Readonly<Record<keyof Rest, true>> = {
  actor: true,
  changedBy: true,
  reason: true,
  requestId: true,
  errorId: true,
  reverts: true,
  code: true,
  endsCoupling: true,
  customerOperation: true,
};
const REST_NAMES = Object.keys(REST) as (keyof Rest)[];
const NOTHING: Rest = {
  actor: null,
  changedBy: null,
  reason: null,
  requestId: null,
  errorId: null,
  reverts: null,
  code: null,
};

/** `0`: the source's values in their order. */
type Froms = readonly Value[] | 0;
type StoredFields = readonly [names: readonly string[], from: Froms] | readonly [fields: readonly NoteField[]];
type StoredNote = readonly [
  operation: LedgerNote['operation'],
  target: Side,
  couplingId: string,
  fields: StoredFields,
  sourceKey: RecordKey | null,
  sourceValues: readonly Value[] | null,
  sourceDescription: string | null,
  parents: readonly (string | null)[] | null,
  jobId: string,
  cause: LogCause,
  rest: Partial<Rest> | 0,
];

/**
 * By place and each value once: the size of the notes is most of what the ledger costs. As objects they were twice as
 * long, 1,150 characters for a new record of eleven fields.
 */
export function writeNote(note: LedgerNote): string {
  let rest: Partial<Record<keyof Rest, unknown>> | 0 = 0;
  for (const name of REST_NAMES) {
    const value = note[name];
    if (value === null || value === undefined) continue;
    rest = rest === 0 ? {} : rest;
    rest[name] = value;
  }
  return JSON.stringify([
    note.operation,
    note.target,
    note.couplingId,
    storedFields(note),
    note.sourceKey,
    note.sourceValues,
    note.sourceDescription,
    note.parents,
    note.jobId,
    note.cause,
    rest as Partial<Rest> | 0,
  ] satisfies StoredNote);
}

function storedFields({ fields, sourceValues }: LedgerNote): StoredFields {
  const names = new Array<string>(fields.length);
  let inOrder = sourceValues !== null && sourceValues.length === fields.length;
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] as NoteField;
    if (field.cleared || field.base || field.baseLater) return [fields];
    names[at] = field.name;
    inOrder &&= sourceValues?.[at] === field.from;
  }
  return [names, inOrder ? 0 : fields.map(({ from }) => from)];
}

export function readNote(text: string): LedgerNote {
  const stored = JSON.parse(text) as StoredNote | LedgerNote;
  // As they were written before they had places.
  if (!isStored(stored)) return stored;
  const [
    operation,
    target,
    couplingId,
    fields,
    sourceKey,
    sourceValues,
    sourceDescription,
    parents,
    jobId,
    cause,
    rest,
  ] = stored;
  return {
    ...NOTHING,
    ...(rest === 0 ? {} : rest),
    couplingId,
    operation,
    target,
    fields: readFields(fields, sourceValues),
    sourceKey,
    sourceValues,
    sourceDescription,
    parents,
    jobId,
    cause,
  };
}

const isStored = (stored: StoredNote | LedgerNote): stored is StoredNote => Array.isArray(stored);

function readFields(stored: StoredFields, sourceValues: readonly Value[] | null): readonly NoteField[] {
  if (stored.length === 1) return stored[0];
  const [names, from] = stored;
  return names.map((name, at) => ({ name, from: (from === 0 ? sourceValues : from)?.[at] ?? null }));
}
