/** Why a record is not coupled, in the words of the contract. */
import { travels } from '../../domain/mapping.ts';
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import { type KeyText, keyText, otherSide, type Side } from '../../domain/record.ts';
import type { Coupling } from '../../ports/coupling-database.ts';
import type { Lane, StoredRecord } from '../../ports/store.ts';
import type { Site } from '../lane/site.ts';

export interface UncoupledReason {
  readonly reason: string;
  readonly errorId: string | null;
  readonly at: string | null;
  readonly actor: string | null;
}

const REASON_OF_CODE: Readonly<Record<string, string>> = {
  'match-ambiguous': 'matchAmbiguous',
  'parent-not-coupled': 'waitingForParent',
};

export async function findReasons(
  site: Site,
  lane: Lane,
  side: Side,
  prepared: PreparedMapping,
  records: readonly StoredRecord[],
  coupled: ReadonlyMap<KeyText, Coupling>,
): Promise<ReadonlyMap<KeyText, UncoupledReason>> {
  const lone = records.filter((record) => !coupled.has(keyText(record.key)));
  const found = new Map<KeyText, UncoupledReason>();
  if (lone.length === 0) return found;
  const keys = lone.map((record) => record.key);
  const [marks, errors, states, pending] = await Promise.all([
    site.database.uncoupledMarks(lane, side, keys),
    site.database.openErrors(lane, {
      couplingIds: [],
      hqKeys: side === 'hq' ? keys : [],
      channelKeys: side === 'channel' ? keys : [],
    }),
    site.database.laneStates(),
    site.database.pendingOf(lane, side, keys),
  ]);
  const paused = states.some(
    (state) => state.lane.mapping === lane.mapping && state.lane.channel === lane.channel && state.paused,
  );
  const byKey = new Map(
    errors.map((error) => [keyText((side === 'hq' ? error.hqRecord.key : error.channelRecord.key) ?? []), error]),
  );
  for (const record of lone) {
    const key = keyText(record.key);
    const error = byKey.get(key);
    const mark = marks.get(key);
    const plain = (reason: string): UncoupledReason => ({ reason, errorId: error?.id ?? null, at: null, actor: null });
    if (!record.inFilter) found.set(key, plain('outOfFilter'));
    else if (mark) found.set(key, { reason: 'uncoupled', errorId: null, at: mark.at, actor: mark.actor });
    else if (error) found.set(key, plain(REASON_OF_CODE[error.code] ?? 'createFailed'));
    else if (pending.get(key)?.state === 'waiting') found.set(key, plain('waitingForParent'));
    else if (paused) found.set(key, plain('paused'));
    else if (prepared.mapping.coupledOnly) found.set(key, plain('coupledOnly'));
    else if (!travels(prepared.mapping.direction, otherSide(side))) found.set(key, plain('directionNotConfigured'));
    else found.set(key, plain('notYet'));
  }
  return found;
}
