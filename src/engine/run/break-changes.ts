/**
 * The breaker for changes: updates, where the mapping sets `changeBreaker`, and records that were deleted and created
 * again, which count against the deletion breaker without any setting. They are counted before the first of them is
 * carried out; too many, and they are held, only they, behind one error of the mapping.
 */
import { type Side, SIDES } from '../../domain/record.ts';
import type { JobScope } from '../../domain/terms.ts';
import type { CouplingDatabase, PendingState, SyncError } from '../../ports/coupling-database.ts';
import { recordingBuilder } from '../batch/build-recording.ts';
import type { ChangesMode } from '../batch/hold-changes.ts';
import { newError } from '../batch/new-error.ts';
import { recordParts, type Run } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { exceeds, truncatedSides } from './break-deletions.ts';
import { marksTold } from './held-by-error.ts';

type PendingCounts = Awaited<ReturnType<CouplingDatabase['countPending']>>;

const KINDS = [
  { due: 'change', held: 'changeHeld' },
  { due: 'replacement', held: 'replacementHeld' },
] as const;
type Kind = (typeof KINDS)[number];

/**
 * Deciding twice what is deferred costs time, so updates are deferred only where there may be enough of them: as many
 * marks as the breaker's count, or, in a full run, as many couplings.
 */
export async function changesToDefer(context: LaneContext, scope: JobScope): Promise<ChangesMode> {
  const { changeBreaker } = context.prepared.mapping;
  if (afterTableChange(context) || truncatedSides(context.state.fullRunDue?.reason).size > 0) return 'deferAll';
  // As long as some are held, nothing of the same kind may pass them by.
  if (context.lock.first.pending.has('changeHeld')) return 'deferAll';
  if (changeBreaker === null) return 'deferReplacements';
  const { database, lane } = context;
  const counts = await database.countPending(lane, ['due', 'change', 'changeHeld']);
  const most = Math.max(...SIDES.map((side) => counts[side].due + counts[side].change + counts[side].changeHeld));
  if (most >= changeBreaker.count) return 'deferAll';
  if (scope !== 'full') return 'deferReplacements';
  return (await database.countCouplings(lane)) >= changeBreaker.count ? 'deferAll' : 'deferReplacements';
}

/**
 * The table is not the one that the capture knew: a column dropped and made again is empty in every record, which would
 * wipe the other side. What the comparison finds then counts as replaced records do, without any setting.
 */
const afterTableChange = ({ state }: LaneContext): boolean =>
  state.fullRunDue?.reason.split(' ').some((reason) => reason.startsWith('capture:')) ?? false;

/** What of the deferred changes may be carried out now; null: nothing is deferred. */
export async function breakChanges(
  context: LaneContext,
  run: Run,
  counts: PendingCounts,
  scope: JobScope,
): Promise<{ readonly states: readonly PendingState[]; readonly heldSides: ReadonlySet<Side> } | null> {
  const { database, lane } = context;
  const due = KINDS.filter((kind) => SIDES.some((side) => counts[side][kind.due] > 0));
  if (due.length === 0) return null;
  const [open, couplings] = await Promise.all([
    database.openMappingError(lane, 'mass-change'),
    database.countCouplings(lane),
  ]);
  const heldSides = new Set<Side>();
  let held = false;
  for (const kind of due) {
    for (const side of SIDES) {
      if (counts[side][kind.due] === 0 || !isHeld(context, kind, side, counts, couplings, open)) continue;
      await database.changePendingState(lane, side, kind.due, kind.held);
      if (kind.due === 'change') heldSides.add(side);
      held = true;
    }
  }
  if (held) await reportMass(context, run, couplings, open, scope);
  return { states: due.map((kind) => kind.due), heldSides };
}

/** Later ones join those that are held; without an error any more, those that are held are counted again with the rest. */
function isHeld(
  context: LaneContext,
  kind: Kind,
  side: Side,
  counts: PendingCounts,
  couplings: number,
  open: SyncError | null,
): boolean {
  const { changeBreaker, deletionBreaker } = context.prepared.mapping;
  const held = counts[side][kind.held];
  if (open !== null && held > 0) return true;
  const all = counts[side][kind.due] + held;
  // Emptied and filled again, from a backup perhaps: one error without any setting, however few differ.
  if (truncatedSides(context.state.fullRunDue?.reason).has(side)) return true;
  if (kind.due === 'replacement' || afterTableChange(context)) return exceeds(deletionBreaker, all, couplings);
  return (
    changeBreaker !== null &&
    all >= changeBreaker.count &&
    couplings > 0 &&
    (all * 100) / couplings >= changeBreaker.percent
  );
}

/** Pairs changed on both sides were held along with the others: the error tells of as many as it holds. */
export async function retellChanges(context: LaneContext, run: Run, scope: JobScope): Promise<void> {
  const { database, lane } = context;
  const [open, counts, couplings] = await Promise.all([
    database.openMappingError(lane, 'mass-change'),
    database.countPending(lane, ['changeHeld', 'replacementHeld']),
    database.countCouplings(lane),
  ]);
  const held = SIDES.reduce((sum, side) => sum + counts[side].changeHeld + counts[side].replacementHeld, 0);
  if (open && marksTold(open) !== held) await reportMass(context, run, couplings, open, scope);
}

async function reportMass(
  context: LaneContext,
  run: Run,
  couplings: number,
  open: SyncError | null,
  scope: JobScope,
): Promise<void> {
  const { database, lane, prepared } = context;
  const held = ['changeHeld', 'replacementHeld'] as const;
  const counts = await database.countPending(lane, held);
  const heldIn = (side: Side): number => counts[side].changeHeld + counts[side].replacementHeld;
  const marks = heldIn('hq') + heldIn('channel');
  const onBoth = heldIn('hq') > 0 && heldIn('channel') > 0;
  // A pair that was changed on both sides is one for whoever answers.
  const changes = marks - (onBoth ? await database.countPendingTwice(lane, held) : 0);
  const params = {
    changedIn: heldIn('channel') > heldIn('hq') ? 'channel' : 'hq',
    changes,
    // What an approval is bound to.
    marks,
    replaced: counts.hq.replacementHeld + counts.channel.replacementHeld,
    couplings,
    percent: couplings > 0 ? Math.round((changes * 1000) / couplings) / 10 : 100,
    // What a full run compares, the answer has to compare too.
    scope,
  };
  const builder = recordingBuilder(lane, prepared, () => database.newId());
  const id = open?.id ?? database.newId();
  if (!open) {
    builder.log(
      { keys: { hq: null, channel: null }, id: null },
      { ...run.identity, action: 'failed', code: 'mass-change', params, errorId: id },
    );
  }
  builder.error(
    newError({
      id,
      scope: 'mapping',
      lane,
      // Not `failure`: those of a mapping end by themselves when it opens again.
      kind: 'conflict',
      code: 'mass-change',
      params,
      jobId: run.identity.jobId,
    }),
  );
  await recordParts(context, run, builder.build());
}
