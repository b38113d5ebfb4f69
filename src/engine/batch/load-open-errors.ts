/** Which errors are open of the subjects of a batch: a run ends those that it finds to be over. */
import { keyText, type RecordKey, SIDES } from '../../domain/record.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { Gathered } from './gather-pairs.ts';
import type { Subject } from './subject.ts';

/** `gathered`: those of its pairs were read with them. */
export async function loadOpenErrors(
  context: LaneContext,
  subjects: readonly Subject[],
  gathered: Pick<Gathered, 'pairs' | 'openErrors'> | null,
): Promise<void> {
  const read = new Set(gathered?.pairs.map(({ coupling }) => coupling.id));
  const couplingIds: string[] = [];
  const keys = { hq: [] as RecordKey[], channel: [] as RecordKey[] };
  const byId = new Map<string, Subject>();
  const byKey = { hq: new Map<string, Subject>(), channel: new Map<string, Subject>() };
  for (const subject of subjects) {
    if (subject.pair && subject.loneSide === null) {
      if (!read.has(subject.couplingId)) couplingIds.push(subject.couplingId);
      byId.set(subject.couplingId, subject);
      continue;
    }
    for (const side of SIDES) {
      const key = subject.keys[side];
      if (!key) continue;
      keys[side].push(key);
      byKey[side].set(keyText(key), subject);
    }
  }
  const asked = couplingIds.length + keys.hq.length + keys.channel.length;
  const others =
    asked === 0
      ? []
      : await context.database.openErrors(context.lane, { couplingIds, hqKeys: keys.hq, channelKeys: keys.channel });
  for (const error of [...(gathered?.openErrors ?? []), ...others]) {
    const owner =
      (error.couplingId && byId.get(error.couplingId)) ||
      (error.hqRecord.key && byKey.hq.get(keyText(error.hqRecord.key))) ||
      (error.channelRecord.key && byKey.channel.get(keyText(error.channelRecord.key)));
    if (owner && !owner.openErrors.includes(error)) owner.openErrors.push(error);
  }
}
