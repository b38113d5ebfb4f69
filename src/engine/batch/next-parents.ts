/** Couplings of the parents that a record refers to, once the decision on its pair is carried out. */
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import type { PairWork, Parents } from './gather-pairs.ts';
import type { FieldsDecision } from './hold-changes.ts';

export function nextParents(
  { references }: PreparedMapping,
  found: Parents,
  pair: PairWork | null,
  decision: FieldsDecision,
): (string | null)[] {
  return references.map((index, at) => {
    const fromChannel = decision.toHq.find((write) => write.index === index);
    if (fromChannel) return found.couplingOf(index, 'channel', fromChannel.from);
    const value = pair?.now.hq.values?.[index] ?? null;
    // A reference that did not move keeps a parent that is uncoupled meanwhile, and is found when that is coupled again.
    const isMoved = value !== (pair?.coupling.base.hq[index] ?? null);
    return found.couplingOf(index, 'hq', value) ?? (isMoved ? null : (pair?.coupling.parents[at] ?? null));
  });
}
