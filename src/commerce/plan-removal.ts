/**
 * A part that a channel takes away. Like any deletion it never takes along what somebody changed meanwhile, and no coupled
 * record through a foreign key of HQ: then somebody decides.
 */
import { equalValues } from '../domain/equal-values.ts';
import type { Choice, Translator } from '../domain/pair.ts';
import { fieldValuesOf } from '../domain/prepare-mapping.ts';
import { keyText, type KeyText, type RecordKey } from '../domain/record.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import { keyParam } from '../engine/batch/plan-pairs.ts';
import type { PendingChange } from '../ports/coupling-database.ts';
import type { CustomerOperation } from '../ports/commerce.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import type { StoredRecord } from '../ports/store.ts';
import type { Coupling } from '../ports/coupling-database.ts';
import { baseSeen, foundOf, type OperationPlan } from './plan-operation.ts';

const DEPENDENTS_SHOWN = 20;

interface Removed {
  readonly operation: CustomerOperation;
  readonly coupling: Coupling;
  readonly seen: AsyncRecord['seen'];
  readonly hq: StoredRecord;
  readonly translator: Translator;
  readonly choice: Choice | null;
  /** Changes of these records in HQ that 1010 has still to bring. */
  readonly pending: ReadonlyMap<KeyText, PendingChange>;
}

export function planRemoval({ prepared }: LaneContext, removed: Removed): OperationPlan {
  const { coupling, hq, choice, pending } = removed;
  const now = fieldValuesOf(prepared, 'hq', hq.values);
  const base = baseSeen(prepared, removed.operation, coupling, removed.seen);
  const found = foundOf(prepared, now, removed.translator);
  const isKnown = (index: number) => base.states === null || base.states[index] === 'known';
  const changed = prepared.fields.filter(
    ({ index, columns, type }) =>
      columns.hq.length > 0 && isKnown(index) && !equalValues(type.hq, base.hq[index] ?? null, now[index] ?? null),
  );
  const mark = pending.get(keyText(hq.key));
  const beyondMapping = mark !== undefined && !mark.deleted && coupling.written.hq !== hq.version;
  if ((changed.length === 0 && !beyondMapping) || choice?.winner === 'channel') return { kind: 'delete', found };
  if (choice?.winner === 'hq') return { kind: 'write', writes: [], conflict: null, found, legs: null };
  const conflicting = changed.map(({ index }) => ({ index, changedIn: ['hq', 'channel'] as const }));
  return {
    kind: 'write',
    writes: [],
    conflict: { code: 'deleted-and-changed', params: { deletedIn: 'channel', key: keyParam(coupling.channelKey) } },
    found,
    legs: { base, hq: now, channel: prepared.fields.map(() => null), conflicting },
  };
}

interface Removing {
  readonly hq: StoredRecord | null;
  plan: OperationPlan | null;
}

export async function refuseCascades(context: LaneContext, works: readonly Removing[]): Promise<void> {
  const deleting = new Map<KeyText, Removing>();
  const keys: RecordKey[] = [];
  for (const work of works) {
    if (work.plan?.kind !== 'delete' || work.hq === null) continue;
    deleting.set(keyText(work.hq.key), work);
    keys.push(work.hq.key);
  }
  if (keys.length === 0) return;
  for (const cascade of await context.tables.hq.cascades(keys, DEPENDENTS_SHOWN)) {
    const living = await context.livingDependents('hq', cascade);
    const work = deleting.get(keyText(cascade.of));
    if (!work || living.length === 0) continue;
    const dependents = living.map((dependent) => ({ ...dependent, key: [...dependent.key] }));
    const params = { deletedIn: 'channel', key: [...cascade.of], dependents, count: cascade.count };
    work.plan = { kind: 'failed', code: 'deletion-would-cascade', params };
  }
}
