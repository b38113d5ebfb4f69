/**
 * A pair that swings: each app, or something in it, undoes what the other one wrote, and Couplet would carry the two
 * values to and fro for ever. Told by the log, so that it holds over restarts and several workers.
 *
 * Only a pair that Couplet has written on both sides can swing, so most pairs are never looked up.
 */
import { directionTo, otherSide, type Side, type WriteDirection } from '../../domain/record.ts';
import type { RecentWrites } from '../../ports/coupling-database.ts';
import type { LaneContext, RunIdentity } from '../lane/lane-context.ts';
import type { Site } from '../lane/site.ts';
import { type AskedWrites, isWrittenOnBothSides } from '../lane/work-ahead.ts';
import { finding, type PlannedWrite, type Subject } from './subject.ts';

/** Three times there and three times back, the same two values each time: no person works like that. */
const SWINGS = 6;
const WITHIN_MS = 24 * 3_600_000;

/** What tells whether pairs swing; asked for along with their records where the pairs are known as early. */
export const askRecentWrites = (
  { database, surroundings }: Pick<Site, 'database' | 'surroundings'>,
  couplingIds: readonly string[],
): AskedWrites => database.recentWrites(couplingIds, new Date(surroundings.now().getTime() - WITHIN_MS), SWINGS);

interface Candidate {
  readonly subject: Subject;
  readonly planned: PlannedWrite;
}

export async function stopSwinging(
  context: LaneContext,
  identity: RunIdentity,
  subjects: readonly Subject[],
): Promise<void> {
  // What a person asked for is carried out.
  if (identity.cause !== 'change' && identity.cause !== 'full') return;
  const candidates = subjects.flatMap((subject): Candidate[] => {
    const planned = mayHaveSwung(subject);
    return planned === null ? [] : [{ subject, planned }];
  });
  if (candidates.length === 0) return;
  const known = candidates[0]?.subject.pair?.recentWrites ?? null;
  const isKnown = candidates.every(({ subject }) => subject.pair?.recentWrites === known);
  const ids = candidates.map(({ subject }) => subject.couplingId);
  const recent = await ((isKnown && known) || askRecentWrites(context, ids));
  for (const candidate of candidates) {
    const writes = recent.get(candidate.subject.couplingId);
    if (writes !== undefined && writes.length >= SWINGS) stopIfSwinging(context, candidate, writes);
  }
}

function mayHaveSwung({ pair, loneSide, writes }: Subject): PlannedWrite | null {
  const [planned, ...others] = writes;
  if (pair === null || loneSide !== null || planned === undefined || others.length > 0) return null;
  if (planned.write.operation !== 'update') return null;
  return isWrittenOnBothSides(pair.coupling) ? planned : null;
}

function stopIfSwinging(context: LaneContext, { subject, planned }: Candidate, writes: RecentWrites): void {
  const target = planned.side;
  const fields = planned.note.fields
    .map(({ name }) => name)
    .filter((name) => swings(context, subject, target, name, writes));
  if (fields.length === 0) return;
  const writerOf = (side: Side): string | null => {
    const direction = directionTo(otherSide(side));
    return writes.find((write) => write.direction === direction && write.changedBy !== null)?.changedBy ?? null;
  };
  const writers: Record<Side, string | null> = { hq: writerOf('hq'), channel: writerOf('channel') };
  writers[otherSide(target)] = planned.note.changedBy ?? writers[otherSide(target)];
  subject.writes.length = 0;
  const params = {
    field: fields[0] ?? null,
    fields,
    times: writes.length,
    hqBy: writers.hq,
    channelBy: writers.channel,
  };
  subject.verdict = finding('failure', 'swinging', params);
}

/**
 * Whether the writes went to and fro, in each direction between the same two values, and the one that is planned is the
 * next of them. Values of one side are compared with each other only: the other side may write them another way.
 */
function swings(context: LaneContext, subject: Subject, target: Side, name: string, writes: RecentWrites): boolean {
  const index = context.prepared.indexOf.get(name);
  const now = subject.pair?.now;
  if (index === undefined || now === undefined) return false;
  let side: Side = target;
  const seen: Partial<Record<WriteDirection, string>> = {};
  for (const write of writes) {
    side = otherSide(side);
    const direction = directionTo(side);
    const change = write.changes.find(({ field }) => field === name);
    if (write.direction !== direction || change === undefined) return false;
    const text = JSON.stringify([change.old, change.new]);
    // Each side stands again where it stood before it was written last.
    if (seen[direction] === undefined && change.old !== (now[side].values?.[index] ?? null)) return false;
    if (seen[direction] !== undefined && seen[direction] !== text) return false;
    seen[direction] = text;
  }
  return true;
}
