/**
 * Unique values that records of one batch hand to each other: swaps, chains, cycles. They come last and together: their
 * rows first let go of the values, for null or for a value that stands for nothing, then take their new ones, within
 * one savepoint, so that nobody ever sees the state between.
 */
import { randomUUID } from 'node:crypto';
import { keyText } from '../../../domain/record.ts';
import type { KeyText, RecordKey, Value } from '../../../domain/record.ts';
import type { UniqueIndex } from '../table/bound-table.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { runUpdate } from './bulk-update.ts';
import { findBlockers } from './find-blockers.ts';
import { bySameColumns, inSavepoint, isRecordFault } from './write-work.ts';
import type { UpdateEntry, WriteWork } from './write-work.ts';

export async function exchangeValues(work: WriteWork, entries: readonly UpdateEntry[]): Promise<void> {
  const open = entries.filter(({ state }) => state.at === 'refused' && state.mayYetSucceed);
  // What a rule rewrites does not tell what it did, and a row must not be left with a value that stands for nothing.
  if (open.length < 2 || work.table.rules.has('update')) return;
  const blockers = await blockersOf(work, open);
  for (const chain of closedChains(open, blockers)) {
    try {
      const keys = await inSavepoint(work, () => exchange(work, chain));
      for (const entry of chain) {
        entry.state = { at: 'done', key: keys.get(entry) ?? entry.write.key };
        // Written in steps: what the last of them returned is not told apart, so the row is read.
        entry.returned = null;
      }
    } catch (error) {
      // Each keeps the refusal it has, which names who holds its value.
      if (!isRecordFault(error) && !(error instanceof Swallowed)) throw error;
    }
  }
}

/** A trigger swallowed one of the steps. */
class Swallowed extends Error {}

const touchedIndexes = (work: WriteWork, entry: UpdateEntry): readonly UniqueIndex[] =>
  work.table.uniqueIndexes.filter((index) =>
    index.columns?.some((name) => entry.columns.some((column) => column.name === name)),
  );

async function blockersOf(
  work: WriteWork,
  entries: readonly UpdateEntry[],
): Promise<ReadonlyMap<UpdateEntry, Set<KeyText>>> {
  const blockers = new Map(entries.map((entry) => [entry, new Set<KeyText>()]));
  const byIndex = new Map(entries.map((entry) => [entry.index, entry]));
  for (const index of new Set(entries.flatMap((entry) => touchedIndexes(work, entry)))) {
    const touching = entries.filter((entry) => touchedIndexes(work, entry).includes(index));
    for (const [at, key] of await findBlockers(work, index, touching)) {
      const entry = byIndex.get(at);
      if (entry) blockers.get(entry)?.add(keyText(key));
    }
  }
  return blockers;
}

/** Sets of entries whose values are held by nobody outside; each set by itself, so that one that fails fails alone. */
function closedChains(
  entries: readonly UpdateEntry[],
  blockers: ReadonlyMap<UpdateEntry, ReadonlySet<KeyText>>,
): readonly UpdateEntry[][] {
  const inside = new Map(entries.map((entry) => [keyText(entry.write.key), entry]));
  for (let before = -1; before !== inside.size; ) {
    before = inside.size;
    for (const [key, entry] of inside) {
      if ([...(blockers.get(entry) ?? [])].some((blocker) => !inside.has(blocker))) inside.delete(key);
    }
  }
  const linked = new Map<UpdateEntry, UpdateEntry[]>();
  const link = (from: UpdateEntry, to: UpdateEntry): void => void linked.set(from, [...(linked.get(from) ?? []), to]);
  for (const entry of inside.values()) {
    for (const blocker of blockers.get(entry) ?? []) {
      const other = inside.get(blocker);
      if (!other) continue;
      link(entry, other);
      link(other, entry);
    }
  }
  const seen = new Set<UpdateEntry>();
  return [...inside.values()].flatMap((entry) => {
    if (seen.has(entry)) return [];
    const chain: UpdateEntry[] = [];
    for (const queue = [entry]; queue.length > 0; ) {
      const next = queue.pop();
      if (!next || seen.has(next)) continue;
      seen.add(next);
      chain.push(next);
      queue.push(...(linked.get(next) ?? []));
    }
    return [chain];
  });
}

/** The keys that the rows have at the end. */
async function exchange(work: WriteWork, chain: readonly UpdateEntry[]): Promise<ReadonlyMap<UpdateEntry, RecordKey>> {
  const start = new Map(chain.map((entry) => [entry.index, entry.write.key]));
  const released = chain.map((entry, place) => release(work, entry, place));
  const between = await step(work, released, start, true);
  const end = await step(work, chain, between, false);
  return new Map(chain.map((entry) => [entry, end.get(entry.index) ?? entry.write.key]));
}

/** Where the rows are afterwards, by place in the batch. */
async function step(
  work: WriteWork,
  entries: readonly UpdateEntry[],
  keys: ReadonlyMap<number, RecordKey>,
  versioned: boolean,
): Promise<ReadonlyMap<number, RecordKey>> {
  const after = new Map<number, RecordKey>();
  for (const group of bySameColumns(entries)) {
    const now = group.map((entry) => keys.get(entry.index) ?? entry.write.key);
    const found = await runUpdate(work, group, now, versioned);
    if (found.size < group.length) throw new Swallowed();
    for (const [at, entry] of group.entries()) after.set(entry.index, found.get(at)?.key ?? entry.write.key);
  }
  return after;
}

/** The entry that lets go of what its row holds, in one column of each unique index that it changes. */
function release(work: WriteWork, entry: UpdateEntry, place: number): UpdateEntry {
  const given = new Map<StoreColumn, Value>();
  for (const index of touchedIndexes(work, entry)) {
    const changed = entry.columns.filter((column) => index.columns?.includes(column.name));
    const nullable = index.nullsDistinct ? changed.find((column) => !column.notNull) : undefined;
    const column = nullable ?? changed[0];
    if (column) given.set(column, nullable ? null : temporaryValue(column, place));
  }
  return { ...entry, columns: [...given.keys()], values: [...given.values()] };
}

const LOWEST: Readonly<Record<string, bigint>> = {
  smallint: -(2n ** 15n),
  integer: -(2n ** 31n),
  bigint: -(2n ** 63n),
};

/**
 * A value that no record is likely to hold; where it is held after all, or a check forbids it, the exchange fails and
 * the refusals stay. Types that are not named here keep their value, which then stays in the way.
 */
function temporaryValue(column: StoreColumn, place: number): Value {
  const { kind, name, maxLength } = column.type;
  const lowest = LOWEST[name];
  if (lowest !== undefined) return String(lowest + BigInt(place));
  if (kind === 'numeric') return `-${place + 1}`;
  if (kind === 'uuid') return randomUUID();
  if (kind === 'date' || kind === 'timestamp' || kind === 'timestamptz')
    return new Date(-30_000_000_000_000 + place * 86_400_000).toISOString();
  const text = randomUUID().replaceAll('-', '');
  return maxLength === null ? `couplet ${text}` : text.slice(0, maxLength);
}
