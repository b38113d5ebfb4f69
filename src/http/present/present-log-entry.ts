/** Log entries as the API shows them. */
import { describeLogEntry } from '../../domain/describe-change.ts';
import type { LanePresenter, MappingPresenter } from '../../ports/mapping-presenter.ts';
import type { LogView } from '../../ports/queries.ts';
import type { LogEntryDocument } from '../schemas/synchronization-log.ts';
import { loadLanes } from './lanes.ts';

export async function presentLog(
  presenter: MappingPresenter,
  entries: readonly LogView[],
): Promise<LogEntryDocument[]> {
  const laneOf = await loadLanes(
    presenter,
    entries.map(({ lane }) => lane),
  );
  return entries.map((entry) => presentLogEntry(laneOf(entry.lane), entry));
}

function presentLogEntry(lane: LanePresenter, entry: LogView): LogEntryDocument {
  return {
    id: entry.id,
    at: entry.at,
    jobId: entry.jobId,
    mapping: entry.lane.mapping,
    channel: entry.lane.channel,
    channelName: lane.channelName,
    couplingId: entry.couplingId,
    hqKey: entry.hqKey === null ? null : lane.keyToJson('hq', entry.hqKey),
    channelKey: entry.channelKey === null ? null : lane.keyToJson('channel', entry.channelKey),
    action: entry.action,
    direction: entry.direction,
    cause: entry.cause,
    actor: entry.actor,
    changedBy: entry.changedBy,
    reason: entry.reason,
    code: entry.code,
    params: entry.params,
    description: describeLogEntry(entry),
    changes: entry.changes.map(({ field, side, old, new: now }) => ({
      field,
      side,
      old: lane.valueToJson(side, field, old),
      new: lane.valueToJson(side, field, now),
    })),
    errorId: entry.errorId,
    requestId: entry.requestId,
    // What is gone from the configuration is read-only. Whether records moved since shows when it is tried.
    revertible: lane.mapping !== null && entry.revertible,
    reverts: entry.reverts,
    revertedBy: entry.revertedBy,
  };
}
