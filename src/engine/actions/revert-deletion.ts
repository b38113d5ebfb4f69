/** Brings back what a propagated deletion took: the record itself, its partner if that is gone too, and their coupling. */
import type { Base } from '../../domain/pair.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import { keyText, otherSide, type RecordKey, type Side, SIDES, type Value } from '../../domain/record.ts';
import { keyToJson, valueToJson } from '../../domain/value-json.ts';
import type { Coupling, LogEntry } from '../../ports/coupling-database.ts';
import type { Write, WriteOutcome } from '../../ports/store.ts';
import { ActionRefused, type ActionResult, type WritePreview } from '../../ports/synchronizer.ts';
import { describeRecord, recordingBuilder, type Undo } from '../batch/build-recording.ts';
import type { OldRow } from '../batch/gather-pairs.ts';
import { type LedgerNote, type NoteField, writeNote } from '../batch/ledger-note.ts';
import { recordParts } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { SingleRun } from '../run/single-run.ts';
import { couplingOf, reopenError, type Revert, stepOf } from './reverting.ts';

export const revertDeletion: Revert = (context, run, entry, dryRun) =>
  bringBack(context, run, entry, { entry, survivorOnly: false }, dryRun);

/** A resolution by Delete: the survivor is there again, coupled with what had been deleted before, and its error open. */
export const revertDeleteAction: Revert = async (context, run, entry, dryRun) => {
  const deleted = (await stepOf(context, entry)).find(
    ({ action, errorId }) => action === 'deleted' && errorId === entry.errorId,
  );
  if (!deleted) throw new ActionRefused('not-revertible', 'nothing was written then', {});
  const result = await bringBack(context, run, deleted, { entry, survivorOnly: true }, dryRun);
  if (!dryRun && result.couplingId) await reopenError(context, run, entry, result.couplingId);
  return result;
};

interface Wanted {
  /** What is taken back, as the log names it. */
  readonly entry: LogEntry;
  readonly survivorOnly: boolean;
}

async function bringBack(
  context: LaneContext,
  run: SingleRun,
  entry: LogEntry,
  wanted: Wanted,
  dryRun: boolean,
): Promise<ActionResult> {
  const undo = entry.undo as Undo | null;
  const former = await couplingOf(context, entry);
  const target = undo?.target ?? 'channel';
  const rows: Record<Side, OldRow | null> = {
    hq: former?.oldRows?.hq ?? null,
    channel: former?.oldRows?.channel ?? null,
  };
  if (undo?.oldRow) rows[target] = undo.oldRow;
  // Where Couplet has deleted both, as for a part that a channel took away, each deletion has its own row.
  const deletions = wanted.survivorOnly ? [] : await context.database.deletionsOf(entry.couplingId as string);
  for (const other of deletions) {
    const { target: side = 'channel', oldRow } = (other.undo ?? {}) as Partial<Undo>;
    if (side === target || rows[side] !== null || !oldRow) continue;
    rows[side] = oldRow;
  }
  const keys = { hq: entry.hqKey, channel: entry.channelKey };
  const gone: Side[] = [];
  for (const side of SIDES) {
    const key = keys[side];
    if (!key) throw new ActionRefused('not-revertible', 'the entry does not name both records', {});
    const record = (await context.tables[side].read([key], null)).records.get(keyText(key));
    if (record) {
      const coupled = (await context.database.couplingsByKey(context.lane, side, [key])).has(keyText(key));
      if (coupled || side === target || wanted.survivorOnly)
        throw new ActionRefused('stale-decision', 'a record with this key exists again', { side, key: [...key] });
    } else if (side === target || !wanted.survivorOnly) gone.push(side);
  }
  for (const side of gone)
    if (!rows[side]) throw new ActionRefused('not-revertible', `the deleted ${side} record was not captured`, { side });
  const previews = gone.map((side) => restorePreview(context, side, keys[side] ?? [], rows[side] ?? {}));
  if (dryRun) return { outcome: 'succeeded', jobId: null, writes: previews, dependents: [] };
  return carryBack(context, run, { keys, gone, rows, former, entry: wanted.entry }, previews);
}

/** What the captured row holds of the mapping's fields. */
const valuesOfRow = ({ prepared }: LaneContext, side: Side, row: OldRow): readonly Value[] =>
  fieldValuesOf(
    prepared,
    side,
    prepared.sides[side].columns.map((column) => row[column] ?? null),
  );

/** The whole row is written: all fields that the side has. */
const fieldsOf = ({ prepared }: LaneContext, side: Side) =>
  prepared.fields.filter(({ columns }) => columns[side].length > 0);

function restorePreview(context: LaneContext, side: Side, key: RecordKey, row: OldRow): WritePreview {
  const { mapping, sides } = context.prepared;
  const { key: keyAt, types } = sides[side];
  const values = valuesOfRow(context, side, row);
  return {
    side,
    operation: 'restore',
    key: keyToJson(
      mapping[side].key,
      keyAt.map((at) => types[at]!),
      key,
    ),
    fields: fieldsOf(context, side).map(({ name, index, type }) => ({
      name,
      old: null,
      new: valueToJson(type[side], values[index] ?? null),
    })),
  };
}

/** Named so that the log tells them, with the base that the pair had, which recovery would give it as `adoptPair` does. */
const noteFieldsOf = (context: LaneContext, side: Side, base: Base | null): NoteField[] =>
  fieldsOf(context, side).map(({ name, index }) => ({
    name,
    from: null,
    base: {
      hq: base?.hq[index] ?? null,
      channel: base?.channel[index] ?? null,
      state: base ? (base.states?.[index] ?? 'known') : 'none',
    },
  }));

interface Gone {
  readonly keys: Readonly<Record<Side, RecordKey | null>>;
  readonly gone: readonly Side[];
  readonly rows: Readonly<Record<Side, OldRow | null>>;
  readonly former: Coupling | null;
  /** What is taken back. */
  readonly entry: LogEntry;
}

async function carryBack(
  context: LaneContext,
  run: SingleRun,
  { keys, gone, rows, former, entry }: Gone,
  previews: ActionResult['writes'],
): Promise<ActionResult> {
  const { prepared, database } = context;
  const builder = recordingBuilder(context.lane, prepared, () => database.newId());
  const couplingId = database.newId();
  const base = former?.base ?? null;
  const descriptions = { hq: former?.hqDescription ?? '', channel: former?.channelDescription ?? '' };
  const draft = builder.newDraft(couplingId, keys, descriptions);
  if (gone.length < SIDES.length) draft.oldRows = former?.oldRows ?? null;
  const batchIds: string[] = [];
  // What is pending before the write is of the record that is gone; what comes back is no replacement of it.
  for (const side of gone)
    for (const { id, generation } of (await database.pendingOf(context.lane, side, [keys[side] ?? []])).values())
      builder.parts.done.push({ id, generation });
  for (const side of gone) {
    const note: LedgerNote = {
      couplingId,
      operation: 'restore',
      target: side,
      fields: noteFieldsOf(context, side, base),
      sourceKey: keys[otherSide(side)],
      sourceValues: null,
      sourceDescription: null,
      parents: null,
      jobId: run.identity.jobId,
      cause: 'revert',
      actor: run.identity.actor,
      changedBy: null,
      reason: run.identity.reason,
      requestId: run.identity.requestId,
      errorId: entry.errorId,
      reverts: entry.id,
      code: null,
    };
    const write: Write = {
      operation: 'restore',
      key: keys[side] ?? [],
      row: rows[side] ?? {},
      set: new Map<string, Value>(),
      note: writeNote(note),
    };
    const batchId = database.newId();
    const [outcome] = await context.tables[side].write({
      batchId,
      fence: context.fence,
      writes: [write],
      expectEmpty: false,
    });
    batchIds.push(batchId);
    if (outcome?.status !== 'written') {
      // The other record is back by now: its ledger tells that, as after a crash, and runs go on from there.
      if (batchIds.length > 1) await context.takeOver();
      throw refused(outcome);
    }
    builder.written(note, outcome);
  }
  await adoptPair(context, draft, keys, base);
  builder.parts.batchIds.push(...batchIds);
  for (const side of SIDES) {
    const key = keys[side];
    if (key) builder.parts.forgetUncoupled.push({ side, key });
  }
  await recordParts(context, run, builder.build());
  await Promise.all(SIDES.map((side) => context.stores[side].clearBatches(batchIds)));
  return { outcome: 'succeeded', jobId: run.identity.jobId, writes: previews, dependents: [], couplingId };
}

/**
 * The base is the one that the pair had: an edit that had not arrived when the record was deleted is still to arrive.
 * Without it the pair agrees as both records stand now.
 */
async function adoptPair(
  context: LaneContext,
  draft: ReturnType<ReturnType<typeof recordingBuilder>['newDraft']>,
  keys: Readonly<Record<Side, readonly string[] | null>>,
  base: Base | null,
): Promise<void> {
  for (const side of SIDES) {
    const record = (await context.tables[side].read([keys[side] ?? []], null)).records.get(keyText(keys[side] ?? []));
    if (!record) continue;
    const values = fieldValuesOf(context.prepared, side, record.values);
    for (const { index } of context.prepared.fields)
      draft.base[side][index] = (base === null ? values : base[side])[index] ?? null;
    draft.descriptions[side] = describeRecord(context.prepared, side, record.values);
  }
  for (const { index } of context.prepared.fields) draft.base.states[index] = base?.states?.[index] ?? 'known';
}

const refused = (outcome: WriteOutcome | undefined): ActionRefused =>
  outcome?.status === 'refused'
    ? new ActionRefused(outcome.refusal.code, 'the store refused to take the record back', outcome.refusal.params)
    : new ActionRefused('stale-decision', 'the record could not be restored now', {});
