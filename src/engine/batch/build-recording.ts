/**
 * Collects what a batch led to, and makes the one recording of it. Writes come as note and outcome, whether fresh from
 * the store or found in its ledger after a crash: one function for both, so that a crash changes neither base nor log.
 *
 * What a record is on its way through a batch (pair, subject, note, draft, outcome, entry; 25 KB in all) is the largest
 * cost of this process: a third of its main thread is spent collecting it (`npm run profile -- W2`). It stays, because
 * the same objects carry previews, actions, recovery and runs; a path of its own for plain changes would have to be
 * proven again for each of them. Batches a quarter as large live shorter and cost more in statements than they save.
 */
import type { BaseState } from '../../domain/pair.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import { otherSide, type Params, type RecordKey, type Side, type Value } from '../../domain/record.ts';
import type { Coupling, LogChange, LogEntry, Recording, SyncError } from '../../ports/coupling-database.ts';
import type { Lane, WriteOutcome } from '../../ports/store.ts';
import { changesOf, type Draft, newCoupling } from './draft.ts';
import type { LedgerNote, NoteField } from './ledger-note.ts';
import { operationOutcome } from './operation-outcome.ts';

export type Written = Extract<WriteOutcome, { status: 'written' }>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
export type RecordingParts = Mutable<Omit<Recording, 'fence' | 'jobId' | 'progress'>>;

/** A recording of nothing, to be filled. */
export const emptyParts = (): RecordingParts => ({
  batchIds: [],
  couple: [],
  update: [],
  end: [],
  uncoupled: [],
  forgetUncoupled: [],
  waits: [],
  log: [],
  errors: [],
  resolve: [],
  done: [],
  keep: [],
  pend: [],
  results: [],
});

export interface LogFacts {
  readonly jobId: string | null;
  readonly action: LogEntry['action'];
  readonly cause: LogEntry['cause'];
  readonly direction?: LogEntry['direction'];
  readonly actor?: string | null;
  readonly changedBy?: string | null;
  readonly reason?: string | null;
  readonly requestId?: string | null;
  readonly code?: string | null;
  readonly params?: Params;
  readonly changes?: readonly LogChange[];
  readonly errorId?: string | null;
  readonly reverts?: string | null;
  readonly undo?: LogEntry['undo'];
}

export interface RecordingBuilder {
  readonly parts: RecordingParts;
  /** The working copy of an open coupling. */
  draftOf(coupling: Coupling): Draft;
  /** The working copy of a coupling that this batch makes. */
  newDraft(id: string, keys: Record<Side, RecordKey | null>, descriptions: Record<Side, string>): Draft;
  draft(id: string): Draft | undefined;
  /** Takes in one write: base, keys and log. */
  written(note: LedgerNote, outcome: Written): Draft;
  log(draft: Draft | { keys: Record<Side, RecordKey | null>; id: string | null }, facts: LogFacts): string;
  error(error: SyncError): void;
  build(): RecordingParts;
}

export function recordingBuilder(lane: Lane, prepared: PreparedMapping, newId: () => string): RecordingBuilder {
  const parts = emptyParts();
  const drafts = new Map<string, Draft>();
  const keep = (draft: Draft): Draft => {
    drafts.set(draft.id, draft);
    return draft;
  };
  const log: RecordingBuilder['log'] = (draft, facts) => {
    const id = newId();
    parts.log.push(logEntry(id, lane, draft, facts));
    return id;
  };
  const newDraft: RecordingBuilder['newDraft'] = (id, keys, descriptions) =>
    keep(blankDraft(prepared, id, keys, descriptions));
  return {
    parts,
    draftOf: (coupling) => drafts.get(coupling.id) ?? keep(draftFrom(prepared, coupling)),
    newDraft,
    draft: (id) => drafts.get(id),
    written(note, outcome) {
      const draft = drafts.get(note.couplingId) ?? keep(draftOfInsert(prepared, note));
      takeWrite(prepared, draft, note, outcome, (facts) => log(draft, facts));
      const carriedOut = operationOutcome(lane, prepared, draft, note, outcome);
      if (carriedOut) parts.operations = [...(parts.operations ?? []), carriedOut];
      // Until 1010 brings it to the channel.
      if (carriedOut && draft.keys.channel === null) draft.status = 'pending';
      return draft;
    },
    log,
    error: (error) => void parts.errors.push(error),
    build() {
      for (const draft of drafts.values()) closeDraft(draft, parts);
      drafts.clear();
      return parts;
    },
  };
}

function closeDraft(draft: Draft, parts: RecordingParts): void {
  if (draft.ended) {
    // A coupling that begins and ends within one batch was never there.
    if (draft.before) parts.end.push({ id: draft.id, uncoupled: draft.ended });
    return;
  }
  if (!draft.before) {
    parts.couple.push(newCoupling(draft));
    return;
  }
  const update = changesOf(draft, draft.before);
  if (update) parts.update.push(update);
}

// ---------------------------------------------------------------- drafts

const draftFrom = (prepared: PreparedMapping, coupling: Coupling): Draft => ({
  id: coupling.id,
  before: coupling,
  keys: { hq: coupling.hqKey, channel: coupling.channelKey },
  base: {
    hq: [...coupling.base.hq],
    channel: [...coupling.base.channel],
    states: coupling.base.states
      ? [...coupling.base.states]
      : new Array<BaseState>(prepared.fields.length).fill('known'),
  },
  status: coupling.status,
  errorId: coupling.errorId,
  parents: coupling.parents,
  descriptions: { hq: coupling.hqDescription, channel: coupling.channelDescription },
  written: { ...coupling.written },
  oldRows: coupling.oldRows,
  baseMoved: false,
  ended: null,
});

const blankDraft = (
  prepared: PreparedMapping,
  id: string,
  keys: Record<Side, RecordKey | null>,
  descriptions: Record<Side, string>,
): Draft => ({
  id,
  before: null,
  keys: { ...keys },
  base: {
    hq: new Array<Value>(prepared.fields.length).fill(null),
    channel: new Array<Value>(prepared.fields.length).fill(null),
    states: new Array<BaseState>(prepared.fields.length).fill('none'),
  },
  status: 'synchronized',
  errorId: null,
  parents: prepared.references.map(() => null),
  descriptions: { ...descriptions },
  written: { hq: null, channel: null },
  oldRows: null,
  baseMoved: true,
  ended: null,
});

/** The coupling that an insert makes, as its note tells it. */
function draftOfInsert(prepared: PreparedMapping, note: LedgerNote): Draft {
  const source = otherSide(note.target);
  const draft = blankDraft(prepared, note.couplingId, { hq: null, channel: null }, { hq: '', channel: '' });
  draft.keys[source] = note.sourceKey;
  draft.descriptions[source] = note.sourceDescription ?? '';
  if (note.parents) draft.parents = note.parents;
  return draft;
}

// ---------------------------------------------------------------- one write

/** What a revert needs beyond the entry's changes: the base of each field before, and the row that a delete took. */
export interface Undo {
  readonly target?: Side;
  readonly base?: Readonly<Record<string, readonly [hq: Value, channel: Value, state: BaseState]>>;
  readonly oldRow?: Readonly<Record<string, Value>>;
}

function takeWrite(
  prepared: PreparedMapping,
  draft: Draft,
  note: LedgerNote,
  outcome: Written,
  log: (facts: LogFacts) => void,
): void {
  const { target } = note;
  const held = outcome.held ? fieldValuesOf(prepared, target, outcome.held) : null;
  const old = outcome.old ? fieldValuesOf(prepared, target, outcome.old) : null;
  draft.keys[target] = note.operation === 'delete' ? (draft.keys[target] ?? outcome.key) : outcome.key;
  draft.written[target] = outcome.version;
  if (outcome.held) draft.descriptions[target] = describeRecord(prepared, target, outcome.held);
  // Unless it was written in the same batch: then it is known by what it holds since.
  const source = otherSide(target);
  if (note.sourceDescription !== null && draft.before && draft.descriptions[source] === described(draft.before, source))
    draft.descriptions[source] = note.sourceDescription;
  const changes: LogChange[] = [];
  const before: Record<string, readonly [Value, Value, BaseState]> = {};
  for (const field of note.fields) {
    // A field that the configuration has no more: its write stands in the store, its base went with its layout.
    const index = prepared.indexOf.get(field.name);
    if (index === undefined) continue;
    // A deletion takes all fields along, below; those of its note only put the base back.
    if (note.operation !== 'delete')
      changes.push({ field: field.name, side: target, old: old?.[index] ?? null, new: held?.[index] ?? null });
    if (draft.before)
      before[field.name] = [
        draft.base.hq[index] ?? null,
        draft.base.channel[index] ?? null,
        draft.base.states[index] ?? 'none',
      ];
    moveBase(draft, index, field, target, held?.[index] ?? null);
  }
  if (note.operation === 'insert' || note.operation === 'restore') completeBase(prepared, draft, note, held);
  else if (note.customerOperation?.creates && draft.before === null && note.sourceValues && held)
    baseOfMatched(prepared, draft, note.sourceValues, held, note.customerOperation.conflict);
  if (note.operation === 'delete' && old) {
    for (const field of prepared.fields) {
      if (field.columns[target].length > 0)
        changes.push({ field: field.name, side: target, old: old[field.index] ?? null, new: null });
    }
  }
  const undo: Undo = {
    target,
    ...(draft.before && { base: before }),
    ...(outcome.oldRow && { oldRow: outcome.oldRow }),
  };
  log({
    jobId: note.jobId,
    cause: note.cause,
    actor: note.actor,
    changedBy: note.changedBy,
    reason: note.reason,
    requestId: note.requestId,
    code: note.code,
    errorId: note.errorId,
    reverts: note.reverts,
    action: ACTION_OF[note.operation],
    direction: target === 'hq' ? 'toHq' : 'toChannel',
    changes,
    undo: undo as LogEntry['undo'],
  });
}

function moveBase(draft: Draft, index: number, field: NoteField, target: Side, held: Value): void {
  if (field.baseLater) return;
  if (field.base) {
    draft.base.hq[index] = field.base.hq;
    draft.base.channel[index] = field.base.channel;
    draft.base.states[index] = field.base.state;
  } else {
    draft.base[otherSide(target)][index] = field.from;
    draft.base[target][index] = held;
    draft.base.states[index] = field.cleared ? (target === 'hq' ? 'clearedInHq' : 'clearedInChannel') : 'known';
  }
  draft.baseMoved = true;
}

const logEntry = (
  id: string,
  lane: Lane,
  draft: Pick<Draft, 'keys'> & { id: string | null },
  facts: LogFacts,
): LogEntry => ({
  id,
  jobId: facts.jobId,
  lane,
  couplingId: draft.id,
  hqKey: draft.keys.hq,
  channelKey: draft.keys.channel,
  action: facts.action,
  direction: facts.direction ?? null,
  cause: facts.cause,
  actor: facts.actor ?? null,
  changedBy: facts.changedBy ?? null,
  reason: facts.reason ?? null,
  code: facts.code ?? null,
  params: facts.params ?? {},
  changes: facts.changes ?? [],
  errorId: facts.errorId ?? null,
  requestId: facts.requestId ?? null,
  reverts: facts.reverts ?? null,
  undo: facts.undo ?? null,
});

const ACTION_OF = { insert: 'inserted', update: 'modified', delete: 'deleted', restore: 'restored' } as const;

export const describeRecord = (prepared: PreparedMapping, side: Side, values: readonly Value[]): string => {
  let text = '';
  for (const at of prepared.sides[side].describe) {
    const value = values[at];
    if (value) text += text ? ` ${value}` : value;
  }
  return text;
};

const described = (coupling: Coupling, side: Side): string =>
  side === 'hq' ? coupling.hqDescription : coupling.channelDescription;

/** How a record is described since somebody changed it; null: as the coupling has it. */
export function describeMoved(
  prepared: PreparedMapping,
  side: Side,
  values: readonly Value[] | undefined,
  coupling: Coupling | undefined,
): string | null {
  if (!values || !coupling) return null;
  const text = describeRecord(prepared, side, values);
  return text === described(coupling, side) ? null : text;
}

/** A record made whole: fields that were not written (generated there, or one-way the other way) agree as they stand. */
function completeBase(prepared: PreparedMapping, draft: Draft, note: LedgerNote, held: readonly Value[] | null): void {
  const source = otherSide(note.target);
  if (!note.sourceValues || !held) return;
  draft.baseMoved = true;
  if (
    note.fields.length === prepared.fields.length &&
    note.fields.every(({ name }, at) => prepared.fields[at]?.name === name)
  )
    return;
  const writtenNames = new Set(note.fields.map((field) => field.name));
  for (const field of prepared.fields) {
    if (writtenNames.has(field.name)) continue;
    // Written on neither side and of the other direction only: left without a base, the next decision settles it. What an
    // operation leaves empty is what the channel has seen, whatever HQ makes of it.
    const leftEmpty = note.customerOperation !== undefined && field.toHq;
    const flowsBack = !leftEmpty && (note.target === 'hq' ? field.toChannel : field.toHq);
    draft.base[source][field.index] = note.sourceValues[field.index] ?? null;
    draft.base[note.target][field.index] = held[field.index] ?? null;
    draft.base.states[field.index] = flowsBack ? 'none' : 'known';
  }
}

/**
 * A customer whom an operation says and HQ has already: until 1010 has made the record in the channel, what the operation
 * said is what the channel has seen. Fields in conflict stay without a base, so that they are asked about again.
 */
export function baseOfMatched(
  prepared: PreparedMapping,
  draft: Draft,
  said: readonly Value[],
  held: readonly Value[],
  conflict: { readonly params: Params } | null,
): void {
  const asked = conflict?.params['fields'];
  for (const field of prepared.fields) {
    if (Array.isArray(asked) && asked.includes(field.name)) continue;
    draft.base.channel[field.index] = said[field.index] ?? null;
    draft.base.hq[field.index] = held[field.index] ?? null;
    draft.base.states[field.index] = field.toHq ? 'known' : 'none';
  }
  draft.baseMoved = true;
}
