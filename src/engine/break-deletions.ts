/**
 * The deletion breaker: deletions that a policy would act on are counted before the first of them, per lane and side.
 * Too many, and they are held, only they, behind one error of the mapping that a person approves or declines.
 */
import { causeOfError } from '../domain/cause-of-error.ts';
import type { Breaker } from '../domain/mapping.ts';
import { otherSide, type Side, SIDES } from '../domain/record.ts';
import type { CouplingDatabase, SyncError } from '../ports/coupling-database.ts';
import { recordingBuilder } from './build-recording.ts';
import type { LaneContext } from './lane-context.ts';
import { recordParts, type Run } from './work-batch.ts';

type PendingCounts = Awaited<ReturnType<CouplingDatabase['countPending']>>;

/** A handful of deletions is no mass, whatever share of a small mapping it is. */
const PERCENT_FROM = 20;

export const truncatedSides = (reason: string | undefined): ReadonlySet<Side> =>
  new Set(SIDES.filter((side) => reason?.split(' ').includes(`truncated:${side}`)));

/** Sides whose deletions are held now. */
export async function breakDeletions(
  context: LaneContext,
  run: Run,
  counts: PendingCounts,
): Promise<ReadonlySet<Side>> {
  const { database, lane } = context;
  const held = new Set<Side>();
  let couplings: number | null = null;
  for (const side of SIDES) {
    const deletions = counts[side].deletion + counts[side].held;
    if (deletions === 0) continue;
    const open = await database.openMappingError(lane, 'mass-deletion');
    if (open && counts[side].deletion === 0) {
      held.add(side);
      continue;
    }
    couplings ??= await database.countCouplings(lane);
    if (!open && !tooMany(context, side, deletions, couplings)) continue;
    await database.changePendingState(lane, side, 'deletion', 'held');
    await reportMass(context, run, side, deletions, couplings, open);
    held.add(side);
  }
  // Held ones without an error any more (it was answered for the other side) are counted again like the rest.
  return held;
}

function tooMany(context: LaneContext, side: Side, deletions: number, couplings: number): boolean {
  if (truncatedSides(context.state.fullRunDue?.reason).has(side)) return true;
  return exceeds(context.prepared.mapping.deletionBreaker, deletions, couplings);
}

export function exceeds({ count, percent }: Breaker, records: number, couplings: number): boolean {
  if (records > count) return true;
  return records >= PERCENT_FROM && couplings > 0 && (records * 100) / couplings > percent;
}

async function reportMass(
  context: LaneContext,
  run: Run,
  side: Side,
  deletions: number,
  couplings: number,
  open: SyncError | null,
): Promise<void> {
  const { mapping } = context.prepared;
  const policy = side === 'hq' ? mapping.deletions.inHq : mapping.deletions.inChannel;
  const percent = couplings > 0 ? Math.round((deletions * 1000) / couplings) / 10 : 100;
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  const none = { key: null, description: '', exists: false, modifiedAt: null, changedBy: null, version: null };
  const params = { deletedIn: side, deletions, couplings, percent, policy };
  const id = open?.id ?? context.database.newId();
  if (!open) {
    builder.log(
      { keys: { hq: null, channel: null }, id: null },
      {
        ...run.identity,
        action: 'deletion',
        code: 'mass-deletion',
        params,
        errorId: id,
        direction: otherSide(side) === 'hq' ? 'toHq' : 'toChannel',
      },
    );
  }
  builder.error({
    id,
    scope: 'mapping',
    lane: context.lane,
    couplingId: null,
    kind: 'deletion',
    code: 'mass-deletion',
    params,
    cause: causeOfError(mapping.name, 'mass-deletion', params),
    status: 'open',
    parked: false,
    attempts: 1,
    retryAt: null,
    jobId: run.identity.jobId,
    hqRecord: none,
    channelRecord: none,
    deletedIn: side,
    survivorChanged: null,
    candidates: [],
    massDeletion: params,
    fields: [],
    waitsFor: null,
  });
  await recordParts(context, run, builder.build());
}
