/**
 * What came with the lock of a lane that was taken ahead: the changes that wait, their couplings, and the records of both
 * sides, asked for as soon as the lock was held.
 */
import { type KeyText, keyText, otherSide, type RecordKey, type Side, SIDES } from '../../domain/record.ts';
import type { Coupling, PendingChange, RecentWrites, WorkAtHand } from '../../ports/coupling-database.ts';
import type { Cursor, ReadResult, StoreTable } from '../../ports/store.ts';

export interface KnownOfChange {
  /** Null: its record has none. */
  readonly coupling: Coupling | null;
  readonly inError: boolean;
  /** Of the other record of the coupling. */
  readonly partner: PendingChange | null;
  /** Its records, with those of the other changes that came along. */
  readonly reads: RecordReads;
  /** Of the pairs among them that may swing. */
  readonly recentWrites: AskedWrites | null;
}

/** Under way; whoever awaits it is told what went wrong. */
export type AskedWrites = Promise<ReadonlyMap<string, RecentWrites>>;

/** By side; of what was asked for under the lock of the lane, with the cursors that came with the changes. */
export type RecordReads = Readonly<Record<Side, Promise<ReadResult>>>;

/** What waits in a lane, with the records that it concerns. */
export interface WorkAhead extends WorkAtHand {
  readonly reads: RecordReads;
  readonly recentWrites: AskedWrites | null;
}

/**
 * Begins to read the records of what waits, each once, and what was written of pairs that may swing; whoever awaits them is
 * told what went wrong.
 */
export function withRecords(
  tables: Readonly<Record<Side, StoreTable>>,
  work: WorkAtHand,
  askWrites: (couplingIds: readonly string[]) => AskedWrites,
): WorkAhead {
  const keys = { hq: new Map<KeyText, RecordKey>(), channel: new Map<KeyText, RecordKey>() };
  for (const { side, key } of work.changes) keys[side].set(keyText(key), key);
  for (const coupling of work.couplings) {
    for (const side of SIDES) {
      const key = keyOn(coupling, side);
      if (key) keys[side].set(keyText(key), key);
    }
  }
  const read = (side: Side): Promise<ReadResult> => {
    const result = readSide(tables[side], [...keys[side].values()], work.cursors[side]);
    result.catch(() => {});
    return result;
  };
  const reads = { hq: read('hq'), channel: read('channel') };
  const written = work.couplings.filter(isWrittenOnBothSides).map(({ id }) => id);
  const recentWrites = written.length > 0 ? askWrites(written) : null;
  recentWrites?.catch(() => {});
  return { ...work, reads, recentWrites };
}

/** What is known of each change at hand. */
export function knownOf({
  couplings,
  inError,
  partners,
  reads,
  recentWrites,
}: WorkAhead): (change: PendingChange) => { readonly known: KnownOfChange } {
  const byKey = { hq: new Map<KeyText, Coupling>(), channel: new Map<KeyText, Coupling>() };
  const pending = { hq: new Map<KeyText, PendingChange>(), channel: new Map<KeyText, PendingChange>() };
  for (const coupling of couplings) {
    for (const side of SIDES) {
      const key = keyOn(coupling, side);
      if (key) byKey[side].set(keyText(key), coupling);
    }
  }
  for (const change of partners) pending[change.side].set(keyText(change.key), change);
  return ({ side, key }) => {
    const coupling = byKey[side].get(keyText(key)) ?? null;
    const partnerKey = coupling && keyOn(coupling, otherSide(side));
    return {
      known: {
        coupling,
        inError: coupling !== null && inError.has(coupling.id),
        partner: (partnerKey && pending[otherSide(side)].get(keyText(partnerKey))) ?? null,
        reads,
        recentWrites,
      },
    };
  };
}

export const readSide = (table: StoreTable, keys: readonly RecordKey[], since: Cursor | null): Promise<ReadResult> =>
  keys.length > 0
    ? table.read(keys, since)
    : Promise.resolve({ records: new Map(), deletedSince: new Set<KeyText>(), absenceProven: true });

/** Only such a pair can swing. */
export const isWrittenOnBothSides = ({ written }: Coupling): boolean => written.hq !== null && written.channel !== null;

export const keyOn = (coupling: Coupling, side: Side): RecordKey | null =>
  side === 'hq' ? coupling.hqKey : coupling.channelKey;
