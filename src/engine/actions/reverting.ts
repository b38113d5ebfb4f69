/** What reverts of every kind have in common: what they look at first, and the error that is open again after them. */
import { PLAIN_RUN } from '../../domain/pair.ts';
import type { Side, Value } from '../../domain/record.ts';
import type { Coupling, ErrorResolution, LogEntry } from '../../ports/coupling-database.ts';
import { ActionRefused, type ActionResult } from '../../ports/synchronizer.ts';
import { gatherPairs } from '../batch/gather-pairs.ts';
import { type BatchOptions, carryOut, planBatch } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { SingleRun } from '../run/single-run.ts';

/** `dryRun`: what would be written, and no more. `entry` is what the log says was done. */
export type Revert = (context: LaneContext, run: SingleRun, entry: LogEntry, dryRun: boolean) => Promise<ActionResult>;

/** A field that is no longer as the step left it. */
export interface Move {
  readonly field: string;
  readonly side: Side;
  readonly left: Value;
  readonly now: Value;
}

export function refuseMoves(moves: readonly Move[]): void {
  if (moves.length === 0) return;
  const fields = moves.map(({ field }) => field).join(', ');
  throw new ActionRefused('stale-decision', `${fields} moved since`, {
    difference: moves.map((move) => ({ ...move })),
  });
}

/** Nothing is decided but what the revert plans itself; deletions ask, whatever the policy says. */
export const revertOptions = ({ id, errorId }: LogEntry): BatchOptions => ({
  decide: PLAIN_RUN,
  deletions: 'ask',
  truncated: new Set(),
  errorId,
  reverts: id,
  lone: { createIn: new Set(), match: false, byHand: false },
  resolution: null,
  withResults: false,
  late: new Set(),
  expectEmpty: false,
});

/** What is open of the pair is over by this, as if a person had answered it so. */
export const optionsAnswering = (
  { identity }: SingleRun,
  entry: LogEntry,
  answer: Pick<ErrorResolution, 'action' | 'winner'>,
): BatchOptions => ({
  ...revertOptions(entry),
  resolution: { ...answer, fields: null, actor: identity.actor, reason: identity.reason },
});

/** All that was done to the pair under the job of this entry. */
export const stepOf = ({ database }: LaneContext, entry: LogEntry): Promise<readonly LogEntry[]> =>
  database.logEntriesOfStep(entry.jobId as string, entry.couplingId as string);

export async function couplingOf(context: LaneContext, entry: LogEntry): Promise<Coupling | null> {
  const id = entry.couplingId as string;
  return (await context.database.couplingsById([id])).get(id) ?? null;
}

export async function liveCouplingOf(context: LaneContext, entry: LogEntry): Promise<Coupling> {
  const coupling = await couplingOf(context, entry);
  if (!coupling || coupling.status === 'ended')
    throw new ActionRefused('not-revertible', 'the coupling has ended since', { couplingId: entry.couplingId });
  return coupling;
}

/** The pair as it is now; the plan of a revert is made of it. */
export async function gatherOne(context: LaneContext, coupling: Coupling) {
  const gathered = await gatherPairs(context, [{ side: 'hq', key: coupling.hqKey, pending: null }]);
  const [pair] = gathered.pairs;
  if (!pair) throw new ActionRefused('stale-decision', 'the records cannot be read with certainty now', {});
  return { gathered, pair };
}

/** The pair is decided once more with its former base: what was open then is open again, under the same error. */
export async function reopenError(
  context: LaneContext,
  run: SingleRun,
  entry: LogEntry,
  couplingId: string,
): Promise<void> {
  const coupling = (await context.database.couplingsById([couplingId])).get(couplingId);
  if (!coupling) return;
  const options = revertOptions(entry);
  const items = [{ side: 'hq', key: coupling.hqKey, pending: null }] as const;
  const { plan, subjects } = await planBatch(context, run.identity, items, options);
  const former = entry.errorId ? await context.database.errorById(entry.errorId) : null;
  // Only what waits for a person is shown again; nothing is written here.
  for (const subject of subjects) {
    subject.writes.length = 0;
    if (former && subject.openErrors.length === 0) subject.reopens = former;
  }
  await carryOut(context, run, plan, subjects, options);
}
