/**
 * Records without a partner: coupled with the one that matches, created on the other side, or left with the reason.
 * Records of both sides are matched with each other before any is created.
 */
import { decide, newRecordWrites } from '../../domain/decide.ts';
import type { FieldWrite } from '../../domain/pair.ts';
import { fieldValuesOf, valueSetOf } from '../../domain/prepare-mapping.ts';
import type { PreparedField } from '../../domain/prepared-mapping.ts';
import {
  type KeyText,
  keyText,
  otherSide,
  type Params,
  type RecordKey,
  type Side,
  SIDES,
  type Value,
} from '../../domain/record.ts';
import { makeTranslator } from '../../domain/translate.ts';
import type { PendingChange } from '../../ports/coupling-database.ts';
import type { StoredRecord, Write } from '../../ports/store.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { describeRecord } from './build-recording.ts';
import { findParents, type Gathered, type LoneWork, sideNow, type WorkItem } from './gather-pairs.ts';
import { type LedgerNote, writeNote } from './ledger-note.ts';
import {
  type Ambiguous,
  matchColumns,
  type MatchedPair,
  matchFields,
  matchLoneRecords,
  probeOf,
} from './match-lone-records.ts';
import { addWrite, type BatchPlan, noteBase, noteFieldsOf, parentsOf, planFields } from './plan-pairs.ts';
import { finding, type Subject } from './subject.ts';

export interface LoneOptions {
  /** Sides in which records may be created. */
  readonly createIn: ReadonlySet<Side>;
  /** Sides in which a person is asked before one is created. */
  readonly askIn?: ReadonlySet<Side>;
  readonly match: boolean;
  /** Somebody asked for it: also records that were uncoupled before. */
  readonly byHand: boolean;
}

const loneSubject = (plan: BatchPlan, item: LoneWork): Subject => ({
  ...goneSubject(plan, item),
  records: { hq: item.side === 'hq' ? item.record : null, channel: item.side === 'channel' ? item.record : null },
  verdict: { kind: 'skipped' },
});

export const goneSubject = (plan: BatchPlan, item: WorkItem): Subject => ({
  couplingId: plan.context.database.newId(),
  pair: null,
  loneSide: item.side,
  keys: { hq: item.side === 'hq' ? item.key : null, channel: item.side === 'channel' ? item.key : null },
  records: { hq: null, channel: null },
  oldRows: { hq: null, channel: null },
  pending: item.pending ? [item.pending] : [],
  openErrors: [],
  decision: null,
  verdict: { kind: 'settled' },
  writes: [],
  after: {},
});

/** Subjects of all records without a partner. */
export async function planLoneRecords(plan: BatchPlan, options: LoneOptions): Promise<Subject[]> {
  const { gathered } = plan;
  const subjects: Subject[] = [];
  const taken = new Set<string>();
  for (const side of SIDES) {
    const items = gathered.lone.filter((item) => item.side === side && !taken.has(`${side}${keyText(item.key)}`));
    if (items.length === 0) continue;
    const { open, closed } = await withoutUncoupled(plan, side, items, options.byHand);
    for (const item of closed) subjects.push(loneSubject(plan, item));
    const matches = options.match
      ? await matchLoneRecords(plan.context, side, open, gathered.translator, options.byHand)
      : { matched: [], unmatched: open, ambiguous: [] };
    for (const pair of matches.matched) taken.add(`${otherSide(side)}${keyText(pair.partner.key)}`);
    subjects.push(...(await planMatched(plan, matches.matched, options.byHand)));
    for (const ambiguous of matches.ambiguous) {
      const subject = loneSubject(plan, ambiguous.item);
      const { candidates } = ambiguous;
      subject.verdict = finding('failure', 'match-ambiguous', paramsOfMatch(ambiguous), { candidates });
      subjects.push(subject);
    }
    const target = otherSide(side);
    for (const item of matches.unmatched) {
      const subject = planCreate(plan, item, options.createIn.has(target));
      if (options.askIn?.has(target)) subject.verdict = finding('failure', 'partner-missing', { side: target });
      subjects.push(subject);
    }
  }
  return subjects;
}

/** Which of the reasons holds is told by the name of its parameter. */
function paramsOfMatch({ candidates, unfit }: Ambiguous): Params {
  const [only] = candidates;
  const name = only === undefined ? '' : only.description || only.key.join(' ');
  return {
    candidates: candidates.length,
    matchedOn: [...(only?.matchedOn ?? [])],
    ...(unfit === null ? { several: candidates.length } : { [unfit]: name }),
  };
}

async function withoutUncoupled(plan: BatchPlan, side: Side, items: readonly LoneWork[], byHand: boolean) {
  const inFilter = items.filter((item) => item.record.inFilter);
  const outOfFilter = items.filter((item) => !item.record.inFilter);
  if (byHand || inFilter.length === 0) return { open: inFilter, closed: outOfFilter };
  const keys = inFilter.map((item) => item.key);
  const marks: ReadonlySet<KeyText> = await plan.context.database.uncoupledAmong(plan.context.lane, side, keys);
  if (marks.size === 0) return { open: inFilter, closed: outOfFilter };
  return {
    open: inFilter.filter((item) => !marks.has(keyText(item.key))),
    closed: [...outOfFilter, ...inFilter.filter((item) => marks.has(keyText(item.key)))],
  };
}

// ---------------------------------------------------------------- couple

async function planMatched(plan: BatchPlan, matched: readonly MatchedPair[], byHand: boolean): Promise<Subject[]> {
  if (matched.length === 0) return [];
  const partners: LoneWork[] = matched.map(({ item, partner }) => asLone(plan, otherSide(item.side), partner));
  const parents = await findParents(plan.context, [], [...matched.map(({ item }) => item), ...partners]);
  const gathered: Gathered = {
    ...plan.gathered,
    parents,
    translator: makeTranslator(plan.context.prepared, parents.find),
  };
  const partnersPending = await pendingOfPartners(plan, partners);
  return matched.map(({ item, partner, matchedOn }) => {
    const pending = partnersPending.get(`${otherSide(item.side)}${keyText(partner.key)}`);
    return planNewPair({ ...plan, gathered }, item, partner, pending ?? null, matchedOn, byHand);
  });
}

const asLone = (plan: BatchPlan, side: Side, record: StoredRecord): LoneWork => ({
  side,
  key: record.key,
  pending: null,
  record,
  values: fieldValuesOf(plan.context.prepared, side, record.values),
});

async function pendingOfPartners(plan: BatchPlan, partners: readonly LoneWork[]): Promise<Map<string, PendingChange>> {
  const found = new Map<string, PendingChange>();
  for (const side of SIDES) {
    const keys = partners.filter((partner) => partner.side === side).map((partner) => partner.key);
    if (keys.length === 0) continue;
    for (const [key, change] of await plan.context.database.pendingOf(plan.context.lane, side, keys))
      found.set(side + key, change);
  }
  return found;
}

/** Couples two existing records and decides them as a new pair. */
export function planNewPair(
  plan: BatchPlan,
  item: LoneWork,
  partner: StoredRecord,
  partnerPending: PendingChange | null,
  matchedOn: readonly string[],
  byHand: boolean,
): Subject {
  const { context, builder } = plan;
  const own = loneSubject(plan, item);
  const side = item.side;
  const other = otherSide(side);
  const records = { ...own.records, [other]: partner } as Record<Side, StoredRecord>;
  const keys = { ...own.keys, [other]: partner.key } as Record<Side, RecordKey>;
  const now = {
    hq: sideNow(context, 'hq', records.hq, false),
    channel: sideNow(context, 'channel', records.channel, false),
  };
  const subject: Subject = {
    ...own,
    keys,
    records,
    writes: [],
    verdict: { kind: 'settled' },
    pending: partnerPending ? [...own.pending, partnerPending] : own.pending,
  };
  const descriptions = {
    hq: describeRecord(context.prepared, 'hq', records.hq.values),
    channel: describeRecord(context.prepared, 'channel', records.channel.values),
  };
  const draft = builder.newDraft(subject.couplingId, keys, descriptions);
  draft.parents = parentsOf(plan, 'hq', now.hq.values ?? []);
  if (byHand) builder.parts.forgetUncoupled.push({ side: 'hq', key: keys.hq }, { side: 'channel', key: keys.channel });
  builder.log(draft, {
    ...plan.identity,
    action: 'coupled',
    cause: matchedOn.length > 0 ? 'match' : plan.identity.cause,
    code: matchedOn.length > 0 ? 'matched-on' : null,
    params: { matchedOn: [...matchedOn] },
  });
  const decision = decide(context.prepared, { ...now, base: null }, plan.gathered.translator, plan.options.decide);
  if (decision.kind === 'fields') planFields(plan, newPairSubject(subject, plan, now), draft, decision);
  else {
    draft.status = 'outOfFilter';
    subject.verdict = { kind: 'skipped' };
  }
  return subject;
}

/** The fields of a new pair are planned with the values just read, which only a pair carries. */
function newPairSubject(subject: Subject, plan: BatchPlan, now: NonNullable<Subject['pair']>['now']): Subject {
  const mutable = subject as { -readonly [K in keyof Subject]: Subject[K] };
  mutable.pair = {
    coupling: {
      id: subject.couplingId,
      lane: plan.context.lane,
      hqKey: subject.keys.hq as RecordKey,
      channelKey: subject.keys.channel,
      base: { hq: [], channel: [], states: plan.context.prepared.fields.map(() => 'none') },
      status: 'neverSynchronized',
      errorId: null,
      parents: [],
      hqDescription: '',
      channelDescription: '',
      written: { hq: null, channel: null },
      oldRows: null,
    },
    pending: subject.pending,
    records: subject.records,
    now,
    oldRows: subject.oldRows,
    recentWrites: null,
  };
  return subject;
}

// ---------------------------------------------------------------- create

export function planCreate(plan: BatchPlan, item: LoneWork, allowed: boolean): Subject {
  const subject = loneSubject(plan, item);
  if (allowed) planInsert(plan, subject, item.side, item.values, item.record);
  return subject;
}

/** Somebody wants it made, whatever it resembles. */
export function planCreateOnPurpose(plan: BatchPlan, item: LoneWork): Subject {
  const subject = loneSubject(plan, item);
  planInsert(plan, subject, item.side, item.values, item.record, true);
  return subject;
}

/** Plans the creation of a record on the other side of `from`; also for a coupling that still lacks its channel record. */
export function planInsert(
  plan: BatchPlan,
  subject: Subject,
  from: Side,
  values: LoneWork['values'],
  record: StoredRecord,
  onPurpose = false,
): void {
  const { context, gathered } = plan;
  const target = otherSide(from);
  const made = newRecordWrites(context.prepared, from, values, gathered.translator);
  const problem = made.problems[0];
  if (problem) {
    subject.verdict = finding(
      'failure',
      problem.code,
      { ...problem.params, field: problem.field },
      { waitsFor: problem.waitsFor },
    );
    return;
  }
  subject.verdict = { kind: 'settled' };
  const fields: readonly FieldWrite[] = made.writes;
  const note: LedgerNote = {
    ...noteBase(plan, subject, target),
    operation: 'insert',
    fields: noteFieldsOf(plan, subject, target, fields, null),
    sourceValues: [...values],
    sourceDescription: describeRecord(context.prepared, from, record.values),
    parents: parentsOf(plan, from, values),
    code: null,
  };
  addWrite(subject, target, note, {
    operation: 'insert',
    set: valueSetOf(context.prepared, target, fields),
    unless: onPurpose ? [] : unlessMatched(plan, from, values),
    note: writeNote(note),
  });
}

interface Probed {
  readonly fields: readonly PreparedField[];
  readonly columns: readonly string[];
  readonly caseSensitive: boolean;
}

/** What the match of a lane compares in the store of `target`: asked for every record that is created. */
const probedOf = new WeakMap<LaneContext, Partial<Record<Side, readonly Probed[]>>>();

function groupsOf(context: LaneContext, target: Side): readonly Probed[] {
  let known = probedOf.get(context);
  if (known === undefined) probedOf.set(context, (known = {}));
  return (known[target] ??= context.prepared.mapping.match.map(({ fields: names, caseSensitive }) => {
    const fields = matchFields(context, names);
    return { fields, columns: matchColumns(context, fields, target), caseSensitive };
  }));
}

/** The match once more, within the statement that creates: a partner may have appeared since it was sought. */
function unlessMatched(
  plan: BatchPlan,
  from: Side,
  values: LoneWork['values'],
): Extract<Write, { operation: 'insert' }>['unless'] {
  const conditions: { columns: readonly string[]; caseSensitive: boolean; values: Value[] }[] = [];
  for (const { fields, columns, caseSensitive } of groupsOf(plan.context, otherSide(from))) {
    const probe = probeOf(fields, from, values, plan.gathered.translator);
    if (probe) conditions.push({ columns, caseSensitive, values: probe });
  }
  return conditions;
}
