/**
 * From changes to pairs: couplings of the changed keys, both records as they are now, parents of their references.
 * A handful of statements whatever the number of changes; both stores are read at once.
 */
import { canonicalKeyPart } from '../../domain/equal-values.ts';
import type { Choice, SideNow, FieldValues, Translator } from '../../domain/pair.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import type { Side, Value } from '../../domain/record.ts';
import { type KeyText, keyText, otherSide, type RecordKey, SIDES } from '../../domain/record.ts';
import { type FindParent, makeTranslator } from '../../domain/translate.ts';
import type { Coupling, PendingChange, SyncError } from '../../ports/coupling-database.ts';
import type { ReadResult, StoredRecord } from '../../ports/store.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { type AskedWrites, keyOn, type KnownOfChange, readSide, type RecordReads } from '../lane/work-ahead.ts';

/** One change to work: from the pending changes, or from a scan (then without `pending`). */
export interface WorkItem {
  readonly side: Side;
  readonly key: RecordKey;
  readonly pending: PendingChange | null;
  /** As a scan has just read it and found it without a coupling: neither is asked once more, its create names no version. */
  readonly record?: StoredRecord;
  /** What came with the change; without it, that is asked. Whoever works a change later than it was taken asks. */
  readonly known?: KnownOfChange;
}

export type OldRow = Readonly<Record<string, Value>>;

export interface PairWork {
  readonly coupling: Coupling;
  readonly pending: readonly PendingChange[];
  readonly records: Readonly<Record<Side, StoredRecord | null>>;
  readonly now: Readonly<Record<Side, SideNow>>;
  /** The captured row of a side that is gone, for a restore. */
  readonly oldRows: Readonly<Record<Side, OldRow | null>>;
  /** What came with its change; null: not asked yet. */
  readonly recentWrites: AskedWrites | null;
}

/** A record without a coupling. */
export interface LoneWork {
  readonly side: Side;
  readonly key: RecordKey;
  readonly pending: PendingChange | null;
  readonly record: StoredRecord;
  readonly values: FieldValues;
}

export interface Gathered {
  readonly pairs: readonly PairWork[];
  readonly lone: readonly LoneWork[];
  /** Changes of records that are gone and were never coupled: nothing is to be done. */
  readonly void: readonly WorkItem[];
  /** Not readable with certainty now (table truncated or replaced since): they stay pending. */
  readonly unproven: readonly WorkItem[];
  /** Open errors of the pairs. */
  readonly openErrors: readonly SyncError[];
  readonly parents: Parents;
  readonly translator: Translator;
}

interface Knot {
  readonly coupling: Coupling;
  readonly pending: Map<string, PendingChange>;
  readonly known: KnownOfChange | null;
}

/** Couplings of all items. */
async function findCouplings(
  context: LaneContext,
  items: readonly WorkItem[],
): Promise<{ knots: Knot[]; lone: WorkItem[] }> {
  const { database, lane } = context;
  const keys = { hq: [] as RecordKey[], channel: [] as RecordKey[] };
  for (const item of items) if (!item.record && !item.known) keys[item.side].push(item.key);
  const couplingsOf = (side: Side): Promise<ReadonlyMap<KeyText, Coupling>> =>
    keys[side].length > 0 ? database.couplingsByKey(lane, side, keys[side]) : Promise.resolve(new Map());
  const [byHq, byChannel] = await Promise.all([couplingsOf('hq'), couplingsOf('channel')]);
  const found = { hq: byHq, channel: byChannel };
  const knots = new Map<string, Knot>();
  const lone: WorkItem[] = [];
  for (const item of items) {
    const coupling = item.known ? item.known.coupling : found[item.side].get(keyText(item.key));
    if (!coupling) {
      lone.push(item);
      continue;
    }
    const knot = knots.get(coupling.id) ?? { coupling, pending: new Map(), known: item.known ?? null };
    if (item.pending) knot.pending.set(item.pending.id, item.pending);
    if (item.known?.partner) knot.pending.set(item.known.partner.id, item.known.partner);
    knots.set(coupling.id, knot);
  }
  return { knots: [...knots.values()], lone };
}

/** The other record of a pair may be pending as well, perhaps deleted and made again: both changes are one decision. */
async function addPartnersPending(
  context: LaneContext,
  knots: readonly Knot[],
  items: readonly WorkItem[],
): Promise<void> {
  const given = { hq: new Set<KeyText>(), channel: new Set<KeyText>() };
  for (const item of items) if (item.pending) given[item.side].add(keyText(item.key));
  await Promise.all(
    SIDES.map(async (side) => {
      const byKey = new Map<KeyText, Knot>();
      for (const knot of knots) {
        if (knot.known) continue;
        const key = side === 'hq' ? knot.coupling.hqKey : knot.coupling.channelKey;
        if (key && !given[side].has(keyText(key))) byKey.set(keyText(key), knot);
      }
      if (byKey.size === 0) return;
      const keys = [...byKey.values()].map((knot) =>
        side === 'hq' ? knot.coupling.hqKey : (knot.coupling.channelKey as RecordKey),
      );
      for (const [key, change] of await context.database.pendingOf(context.lane, side, keys)) {
        byKey.get(key)?.pending.set(change.id, change);
      }
    }),
  );
}

/** `choice`: a person's, whose own values may name parents that no record of the batch refers to. */
export async function gatherPairs(
  context: LaneContext,
  items: readonly WorkItem[],
  choice: Choice | null = null,
): Promise<Gathered> {
  const { knots, lone: loneItems } = await findCouplings(context, items);
  const keys = { hq: [] as RecordKey[], channel: [] as RecordKey[] };
  for (const knot of knots) {
    for (const side of SIDES) {
      const key = keyOn(knot.coupling, side);
      if (key) keys[side].push(key);
    }
  }
  for (const item of loneItems) if (!item.record) keys[item.side].push(item.key);
  const ahead = readsOf(items);
  const read = (side: Side): Promise<ReadResult> =>
    ahead?.[side] ?? readSide(context.tables[side], keys[side], context.cursors[side]);
  // What follows from the couplings is asked at once, of three databases.
  const [hq, channel, openErrors] = await Promise.all([
    read('hq'),
    read('channel'),
    openErrorsOf(context, knots),
    addPartnersPending(context, knots, items),
  ]);
  const reads = { hq, channel };
  const errorsOf = Map.groupBy(openErrors, ({ couplingId }) => couplingId);

  const unproven: WorkItem[] = [];
  const pairs: PairWork[] = [];
  for (const knot of knots) {
    const pair = pairOf(context, knot, reads, errorsOf.get(knot.coupling.id) ?? []);
    if (pair) pairs.push(pair);
    else
      for (const change of knot.pending.values())
        unproven.push({ side: change.side, key: change.key, pending: change });
  }
  const lone: LoneWork[] = [];
  const gone: WorkItem[] = [];
  for (const item of loneItems) {
    const record = item.record ?? reads[item.side].records.get(keyText(item.key));
    if (record) lone.push({ ...item, record, values: fieldValuesOf(context.prepared, item.side, record.values) });
    else (reads[item.side].absenceProven ? gone : unproven).push(item);
  }
  const parents = await findParents(context, pairs, lone, choice);
  const translator = makeTranslator(context.prepared, parents.find);
  return { pairs, lone, void: gone, unproven, openErrors, parents, translator };
}

/** If they are under way for all. */
function readsOf(items: readonly WorkItem[]): RecordReads | null {
  const reads = items[0]?.known?.reads ?? null;
  return items.every((item) => item.known?.reads === reads) ? reads : null;
}

const openErrorsOf = (context: LaneContext, knots: readonly Knot[]): Promise<readonly SyncError[]> => {
  const asked = knots.filter(({ known }) => known === null || known.inError);
  const couplingIds = asked.map(({ coupling }) => coupling.id);
  return couplingIds.length > 0
    ? context.database.openErrors(context.lane, { couplingIds, hqKeys: [], channelKeys: [] })
    : Promise.resolve([]);
};

function pairOf(
  context: LaneContext,
  knot: Knot,
  reads: Readonly<Record<Side, ReadResult>>,
  openErrors: readonly SyncError[],
): PairWork | null {
  const records: Record<Side, StoredRecord | null> = { hq: null, channel: null };
  const now: Partial<Record<Side, SideNow>> = {};
  const oldRows: Record<Side, OldRow | null> = { hq: null, channel: null };
  for (const side of SIDES) {
    const key = keyOn(knot.coupling, side);
    const record = key ? (reads[side].records.get(keyText(key)) ?? null) : null;
    if (!record && !reads[side].absenceProven) return null;
    let deletedSince =
      key !== null &&
      (reads[side].deletedSince.has(keyText(key)) || wasFoundGone(knot.coupling, side, record, openErrors));
    for (const change of knot.pending.values()) {
      if (change.side !== side) continue;
      deletedSince ||= change.deleted;
      oldRows[side] ??= change.oldRow;
    }
    records[side] = record;
    now[side] = sideNow(context, side, record, deletedSince);
    oldRows[side] ??= knot.coupling.oldRows?.[side] ?? null;
  }
  return {
    coupling: knot.coupling,
    pending: [...knot.pending.values()],
    records,
    now: now as Record<Side, SideNow>,
    oldRows,
    recentWrites: knot.known?.recentWrites ?? null,
  };
}

/**
 * The mark of a deletion goes when its error opens, whatever kind that takes (a restore or a deletion may have failed), so
 * from then on the error is what remembers it: what exists under the key later is another record. But for the one that
 * Couplet itself put back, killed before it could resolve the error.
 */
const wasFoundGone = (
  { written }: Coupling,
  side: Side,
  record: StoredRecord | null,
  openErrors: readonly SyncError[],
): boolean =>
  record !== null &&
  record.version !== written[side] &&
  openErrors.some((error) => {
    const seen = side === 'hq' ? error.hqRecord : error.channelRecord;
    return seen.key !== null && !seen.exists;
  });

export function sideNow(context: LaneContext, side: Side, record: StoredRecord | null, deletedSince: boolean): SideNow {
  const modifiedAt = context.prepared.sides[side].modifiedAt;
  return {
    values: record ? fieldValuesOf(context.prepared, side, record.values) : null,
    inFilter: record ? record.inFilter : true,
    deletedSince,
    modifiedAt: record && modifiedAt !== null ? (record.values[modifiedAt] ?? null) : null,
  };
}

// ---------------------------------------------------------------- parents

export interface Parents {
  readonly find: FindParent;
  /** The coupling of the parent that an HQ value refers to. */
  couplingOf(fieldIndex: number, side: Side, value: Value): string | null;
}

interface PartnerMap {
  get(
    key: KeyText,
  ): { readonly couplingId: string; readonly hqKey: RecordKey; readonly channelKey: RecordKey | null } | undefined;
}

/** A reference's value as the key of its parent, canonical so that it compares with the coupling's key. */
export function parentKeyOf(context: LaneContext, fieldIndex: number, side: Side, value: Value): RecordKey | null {
  if (value === null) return null;
  const type = (context.prepared.fields[fieldIndex] as (typeof context.prepared.fields)[number]).type[side];
  if (type.kind !== 'tuple') return [canonicalKeyPart(type, value)];
  const parts = JSON.parse(value) as string[];
  return parts.map((part, index) => canonicalKeyPart(type.parts?.[index] ?? type, part));
}

/** Partner keys of every parent that any value of the batch refers to: one statement per parent mapping and side. */
export async function findParents(
  context: LaneContext,
  pairs: readonly PairWork[],
  lone: readonly LoneWork[],
  choice: Choice | null = null,
): Promise<Parents> {
  const { prepared, lane, database } = context;
  if (prepared.references.length === 0) return { find: () => null, couplingOf: () => null };
  const wanted = new Map<string, Map<KeyText, RecordKey>>();
  const parentOf = (index: number): string => prepared.fields[index]?.field.references?.mapping ?? '';
  const want = (index: number, side: Side, value: Value): void => {
    const key = parentKeyOf(context, index, side, value);
    if (!key) return;
    const group = `${side}:${parentOf(index)}`;
    let keys = wanted.get(group);
    if (!keys) wanted.set(group, (keys = new Map()));
    keys.set(keyText(key), key);
  };
  for (const index of prepared.references) {
    for (const pair of pairs) for (const side of SIDES) want(index, side, pair.now[side].values?.[index] ?? null);
    for (const item of lone) want(index, item.side, item.values[index] ?? null);
    const own = choice?.fields.get(prepared.fields[index]?.name ?? '');
    if (typeof own === 'object') want(index, own.side, own.value);
  }
  const partners = new Map<string, PartnerMap>();
  await Promise.all(
    [...wanted].map(async ([group, keys]) => {
      const cut = group.indexOf(':');
      const parentLane = { mapping: group.slice(cut + 1), channel: lane.channel };
      partners.set(group, await database.partnersOf(parentLane, group.slice(0, cut) as Side, [...keys.values()]));
    }),
  );
  return {
    find(index, to, parts) {
      const from = otherSide(to);
      const type = prepared.fields[index]?.type[from];
      const key = keyText(
        parts.map((part, at) =>
          type ? canonicalKeyPart(type.kind === 'tuple' ? (type.parts?.[at] ?? type) : type, part) : part,
        ),
      );
      const mapping = parentOf(index);
      const partner = partners.get(`${from}:${mapping}`)?.get(key);
      if (partner) return to === 'hq' ? partner.hqKey : partner.channelKey;
      const foreseen = context.foreseen?.find(mapping, from, key);
      return foreseen ? (foreseen.keys[to] ?? 'coming') : null;
    },
    couplingOf(index, side, value) {
      const key = parentKeyOf(context, index, side, value);
      return key ? (partners.get(`${side}:${parentOf(index)}`)?.get(keyText(key))?.couplingId ?? null) : null;
    },
  };
}
