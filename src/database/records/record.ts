/**
 * Commits all that a batch led to in one transaction. The statements are sent together and answered together: a batch
 * of a thousand pairs costs one round trip besides begin and commit.
 *
 * Measured with ten fields on two cores that others used too (PostgreSQL 18, batches of 1,000, two connections): 50,000 to
 * 64,000 updated pairs a second with their log entries; 8 µs of this program and 15 to 18 µs of the server for a pair.
 *
 * Lock order: the lane's row (shared), the advisory locks of `release-waiting`, couplings, errors, pending, and last
 * what all recordings of a job or a lane share (job, activity), which is then held during the commit only.
 */
import { keyText, type RecordKey } from '../../domain/record.ts';
import { FenceLost } from '../../errors/store-faults.ts';
import type { Recording } from '../../ports/coupling-database.ts';
import { writeOutcomes } from '../commerce/commerce-operations.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import type { Layouts } from '../lanes/layouts.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query, sessionsFor } from '../session/connect.ts';
import type { Queryable } from '../session/open-session.ts';
import { writeInterruptedJobs, writeProgress, writeResults } from './jobs.ts';
import { keyArray, laneIdsOf, pend } from './pending.ts';
import { lockWaiting, parentLanesOf, releaseFromCoupled, releaseWaiting, writeWaits } from './release-waiting.ts';
import { resolveErrors, writeErrors } from './sync-errors.ts';
import { markReverted, writeLog } from './sync-log.ts';
import {
  adoptChildren,
  endCouplings,
  forgetUncoupled,
  insertCouplings,
  markUncoupled,
  updateCouplings,
} from './write-couplings.ts';

const FENCE = 'select id from couplet.lane where id = $1 and fence = $2 for share';

// The batches of this recording that nobody had recorded.
const BATCHES = `
  insert into couplet.recorded_batch (batch_id) select unnest($1::text[])
  on conflict (batch_id) do nothing returning batch_id`;

const DONE = `
  delete from couplet.pending p using unnest($1::bigint[], $2::int[]) as u(id, generation)
   where p.id = u.id and p.generation = u.generation`;

/**
 * A record that got another key while it was being coupled: its change, which was worked under the former key, is there
 * under the new one by now.
 */
const FOLLOW = `
  update couplet.coupling c
     set hq_key = case p.side when 'hq' then p.key else c.hq_key end,
         channel_key = case p.side when 'channel' then p.key else c.channel_key end
    from unnest($2::uuid[]) as made(id), unnest($3::bigint[], $4::text[]) as worked(id, key), couplet.pending p
   where c.id = made.id and p.id = worked.id and p.lane_id = $1 and p.key <> worked.key
     and worked.key = case p.side when 'hq' then c.hq_key else c.channel_key end`;

const KEEP = `
  update couplet.pending p set state = u.state
    from unnest($1::bigint[], $2::int[], $3::couplet.pending_state[]) as u(id, generation, state)
   where p.id = u.id and p.generation = u.generation`;

const ACTIVITY = `
  insert into couplet.lane_activity as a (lane_id, hour, changes, writes, errors, couplings)
  values ($1, date_trunc('hour', now(), 'UTC'), $2, $3, $4, $5)
  on conflict (lane_id, hour) do update
    set changes = a.changes + excluded.changes, writes = a.writes + excluded.writes,
        errors = a.errors + excluded.errors, couplings = a.couplings + excluded.couplings`;

interface Prepared {
  readonly laneId: number;
  readonly layoutId: number | null;
  readonly parentLaneIds: ReadonlyMap<string, number>;
}

export const record = async (
  clients: Clients,
  lanes: LaneRegistry,
  layouts: Layouts,
  recording: Recording,
): Promise<void> => {
  const { lane, number } = recording.fence;
  const laneId = await lanes.idOf(lane);
  await laneIdsOf(lanes, recording.pend);
  const prepared: Prepared = {
    laneId,
    layoutId: await layouts.currentOf(laneId),
    parentLaneIds: await parentLanesOf(recording, lanes),
  };
  try {
    await sessionsFor(clients, recordsIn(recording)).begin(async (sql) => {
      const fence = query(sql, FENCE, [laneId, number]);
      const batches = recording.batchIds.length === 0 ? null : query(sql, BATCHES, [textArray(recording.batchIds)]);
      const written = write(sql, lanes, prepared, recording);
      // All have been sent: each is waited for, so that none is rejected unheard, and the first cause is the one told.
      const [fenceFound, batchesFound, outcome] = await Promise.allSettled([fence, batches, written]);
      if (fenceFound.status === 'rejected') throw fenceFound.reason;
      if (fenceFound.value.length === 0) {
        throw new FenceLost('Another worker has taken this lane over.', { ...lane, fence: number });
      }
      if (batchesFound.status === 'rejected') throw batchesFound.reason;
      if (batchesFound.value !== null) checkBatches(batchesFound.value.length, recording);
      if (outcome.status === 'rejected') throw outcome.reason;
    });
  } catch (error) {
    if (error instanceof AlreadyRecorded) return;
    throw error;
  }
};

const recordsIn = ({ couple, update, end, log, errors, done, keep, pend: pended, results }: Recording): number =>
  Math.max(...[couple, update, end, log, errors, done, keep, pended, results].map(({ length }) => length));

/** Not a fault: the same recording came before, and only its answer was lost. */
class AlreadyRecorded extends Error {}

const checkBatches = (fresh: number, recording: Recording): void => {
  if (fresh === recording.batchIds.length) return;
  if (fresh === 0) throw new AlreadyRecorded();
  throw new Error(`Of the batches ${recording.batchIds.join(', ')} some are recorded already and some are not.`);
};

const write = async (
  sql: Queryable,
  lanes: LaneRegistry,
  { laneId, layoutId, parentLaneIds }: Prepared,
  recording: Recording,
): Promise<void> => {
  const { jobId, couple, update, end, log, errors, resolve, done, keep, results, progress } = recording;
  const sent: Promise<unknown>[] = [];
  const waits = parentLaneIds.size > 0;
  const coupled =
    couple.length > 0 || update.some(({ hqKey, channelKey }) => hqKey !== undefined || channelKey != null);
  if (coupled || waits) {
    sent.push(lockWaiting(sql, { coupled: coupled ? laneId : null, waitedFor: [...parentLaneIds.values()] }));
  }
  // Couplings that end come first, then those whose keys move, then new ones, which may take the keys.
  if (end.length > 0) sent.push(endCouplings(sql, laneId, jobId, end, log));
  if (update.length > 0) sent.push(updateCouplings(sql, layoutId ?? noLayout(recording), jobId, update));
  if (couple.length > 0) sent.push(insertCouplings(sql, laneId, layoutId ?? noLayout(recording), jobId, couple));
  if (couple.length > 0) sent.push(adoptChildren(sql, laneId, couple));
  if (recording.forgetUncoupled.length > 0) sent.push(forgetUncoupled(sql, laneId, recording.forgetUncoupled));
  if (recording.uncoupled.length > 0) {
    const actor = log.find((entry) => entry.couplingId === null)?.actor ?? null;
    sent.push(
      markUncoupled(
        sql,
        laneId,
        recording.uncoupled.map((mark) => ({ mark, actor })),
      ),
    );
  }
  if (recording.waits.length > 0) sent.push(writeWaits(sql, parentLaneIds, recording.waits));
  if (resolve.length > 0) sent.push(resolveErrors(sql, resolve));
  if (errors.length > 0) sent.push(writeErrors(sql, laneId, parentLaneIds, errors));
  if (log.length > 0) sent.push(writeLog(sql, laneId, log));
  if (log.some((entry) => entry.reverts !== null)) sent.push(markReverted(sql, log));
  if (recording.interrupted) sent.push(writeInterruptedJobs(sql, recording.interrupted));
  if (results.length > 0 && jobId !== null) sent.push(writeResults(sql, jobId, results));
  if (recording.operations && recording.operations.length > 0) sent.push(writeOutcomes(sql, recording.operations));
  if (done.length > 0) sent.push(query(sql, DONE, [idsOf(done), generationsOf(done)]));
  if (couple.length > 0 && done.length > 0) {
    const keys = textArray(done.map(({ key }) => (key ? keyText(key) : null)));
    sent.push(query(sql, FOLLOW, [laneId, idsOf(couple), idsOf(done), keys]));
  }
  if (keep.length > 0) {
    sent.push(query(sql, KEEP, [idsOf(keep), generationsOf(keep), plainArray(keep.map(({ state }) => state))]));
  }
  sent.push(pend(sql, lanes, recording.pend));
  if (coupled) sent.push(releaseByNewKeys(sql, laneId, recording));
  if (waits) sent.push(releaseFromCoupled(sql, parentLaneIds, recording));
  if (progress !== null && jobId !== null) sent.push(writeProgress(sql, jobId, progress));
  sent.push(writeActivity(sql, laneId, recording));
  const outcomes = await Promise.allSettled(sent);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
};

const noLayout = ({ fence }: Recording): never => {
  throw new Error(
    `The lane of ${fence.lane.mapping} and ${fence.lane.channel} has no layout: ensureLayout comes first.`,
  );
};

const idsOf = (entries: readonly { readonly id: string }[]): string => plainArray(entries.map(({ id }) => id));
const generationsOf = (entries: readonly { readonly generation: number }[]): string =>
  plainArray(entries.map(({ generation }) => generation));

const releaseByNewKeys = async (sql: Queryable, laneId: number, recording: Recording): Promise<void> => {
  const hqKeys: RecordKey[] = [];
  const channelKeys: RecordKey[] = [];
  for (const change of [...recording.couple, ...recording.update]) {
    if (change.hqKey !== undefined) hqKeys.push(change.hqKey);
    if (change.channelKey !== undefined && change.channelKey !== null) channelKeys.push(change.channelKey);
  }
  await releaseWaiting(sql, laneId, keyArray(hqKeys), keyArray(channelKeys));
};

const WRITES: ReadonlySet<string> = new Set(['inserted', 'modified', 'deleted', 'restored']);

const writeActivity = async (sql: Queryable, laneId: number, recording: Recording): Promise<void> => {
  const writes = recording.log.filter((entry) => WRITES.has(entry.action)).length;
  const counts = [
    recording.done.length,
    writes,
    recording.errors.length,
    recording.couple.length - recording.end.length,
  ];
  if (recording.log.length === 0 && counts.every((count) => count === 0)) return;
  await query(sql, ACTIVITY, [laneId, ...counts]);
};
