/**
 * A deletion that Couplet propagates must not take a living coupled record along through a foreign key of the store:
 * then it is a deletion error that names them. What else would go counts for the breaker.
 */
import { keyText, type RecordKey, SIDES } from '../../domain/record.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { keyParam } from './plan-pairs.ts';
import { finding, type Subject } from './subject.ts';

const DEPENDENTS_SHOWN = 20;

export async function checkCascades(context: LaneContext, subjects: readonly Subject[]): Promise<void> {
  for (const side of SIDES) {
    const deleting = new Map<string, Subject>();
    const keys: RecordKey[] = [];
    for (const subject of subjects) {
      const write = subject.writes.find(
        (planned) => planned.side === side && planned.write.operation === 'delete',
      )?.write;
      if (write?.operation !== 'delete') continue;
      deleting.set(keyText(write.key), subject);
      keys.push(write.key);
    }
    if (keys.length === 0) continue;
    const cascades = await context.tables[side].cascades(keys, DEPENDENTS_SHOWN);
    for (const cascade of cascades) {
      const living = await context.livingDependents(side, cascade);
      const subject = deleting.get(keyText(cascade.of));
      if (!subject || living.length === 0) continue;
      subject.writes.length = 0;
      const deletedIn = side === 'hq' ? 'channel' : 'hq';
      const params = {
        deletedIn,
        key: keyParam(subject.keys[deletedIn]),
        dependents: living.map((dependent) => ({ ...dependent, key: [...dependent.key] })),
        count: cascade.count,
      };
      subject.verdict = finding('deletion', 'deletion-would-cascade', params, { deletedIn, survivorChanged: false });
    }
  }
}
