/**
 * The deletion breaker: deletions that a policy would act on are counted before the first of them, per lane and side.
 * Too many, and they are held, only they, behind one error of the mapping that a person approves or declines.
 */
import type { Breaker } from '../../domain/mapping.ts';
import { otherSide, type Side, SIDES } from '../../domain/record.ts';
import type { CouplingDatabase, SyncError } from '../../ports/coupling-database.ts';
import { recordingBuilder } from '../batch/build-recording.ts';
import { newError } from '../batch/new-error.ts';
import { recordParts, type Run } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';

type PendingCounts = Awaited<ReturnType<CouplingDatabase['countPending']>>;

/** A handful of deletions is no mass, whatever share of a small mapping it is. */
const PERCENT_FROM = 20;
const PAGE_RECORDS = 1_000;

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
    const own = open?.deletedIn === side ? open : null;
    if (open && counts[side].deletion === 0) {
      held.add(side);
      continue;
    }
    couplings ??= await database.countCouplings(lane);
    // Rows that go along are counted only where the deletions alone are not too many already.
    const alone = own !== null || tooMany(context, side, deletions, couplings);
    const cascades = alone ? 0 : await countCascades(context, side);
    if (!alone && !tooMany(context, side, deletions + cascades, couplings)) continue;
    await database.changePendingState(lane, side, 'deletion', 'held');
    // A lane has one such error at a time: too many on the other side as well wait untold until it is answered.
    if (open === null || own !== null) await reportMass(context, run, { side, deletions, cascades, couplings }, own);
    held.add(side);
  }
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

/** Rows of the target that its foreign keys would take along with what is due to be deleted there. */
async function countCascades(context: LaneContext, side: Side): Promise<number> {
  const { database, lane, prepared } = context;
  const { deletions } = prepared.mapping;
  if ((side === 'hq' ? deletions.inHq : deletions.inChannel) !== 'propagate') return 0;
  const target = otherSide(side);
  let rows = 0;
  for (let after: string | null = null; ; ) {
    const due = await database.takePending(lane, ['deletion'], after, PAGE_RECORDS);
    after = due.at(-1)?.id ?? null;
    if (after === null) return rows;
    const keys = due.filter((change) => change.side === side).map((change) => change.key);
    const partners = await database.partnersOf(lane, side, keys);
    const targets = [...partners.values()].flatMap(({ hqKey, channelKey }) => {
      const key = target === 'hq' ? hqKey : channelKey;
      return key ? [key] : [];
    });
    if (targets.length === 0) continue;
    for (const cascade of await context.tables[target].cascades(targets, 0)) rows += cascade.count;
  }
}

interface Mass {
  readonly side: Side;
  readonly deletions: number;
  readonly cascades: number;
  readonly couplings: number;
}

async function reportMass(context: LaneContext, run: Run, mass: Mass, open: SyncError | null): Promise<void> {
  const { side, deletions, couplings } = mass;
  const { mapping } = context.prepared;
  const policy = side === 'hq' ? mapping.deletions.inHq : mapping.deletions.inChannel;
  const percent = couplings > 0 ? Math.round((deletions * 1000) / couplings) / 10 : 100;
  const builder = recordingBuilder(context.lane, context.prepared, () => context.database.newId());
  // Once told, the rows that would go along stay told: they are not counted anew for each deletion that joins.
  const cascades = mass.cascades > 0 ? mass.cascades : (open?.params['cascades'] ?? 0);
  const counted = { deletedIn: side, deletions, couplings, percent, policy };
  const params = cascades === 0 ? counted : { ...counted, cascades };
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
  builder.error(
    newError({
      id,
      scope: 'mapping',
      lane: context.lane,
      kind: 'deletion',
      code: 'mass-deletion',
      params,
      jobId: run.identity.jobId,
      deletedIn: side,
      massDeletion: params,
    }),
  );
  await recordParts(context, run, builder.build());
}
