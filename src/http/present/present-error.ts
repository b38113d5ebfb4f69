/** Synchronization errors as the API shows them. */
import { allowedActions } from '../../domain/allowed-actions.ts';
import { paramsOfCause } from '../../domain/cause-of-error.ts';
import { describeCode } from '../../domain/describe-change.ts';
import { shortenText } from '../../domain/shorten-text.ts';
import type { Json, Side, Value } from '../../domain/record.ts';
import type { ErrorCandidate, ErrorField, ErrorRecord } from '../../ports/coupling-database.ts';
import type { LanePresenter, MappingPresenter } from '../../ports/mapping-presenter.ts';
import type { ErrorGroup, ErrorView, HeldRecord } from '../../ports/queries.ts';
import type { PairView, RecordNow, Synchronizer } from '../../ports/synchronizer.ts';
import type { ErrorSummary, SynchronizationErrorDocument } from '../schemas/synchronization-errors.ts';
import { hasRole, roleToAct } from '../authorize.ts';
import type { Caller } from '../caller.ts';
import { loadLanes } from './lanes.ts';

export async function presentErrors(
  presenter: MappingPresenter,
  errors: readonly ErrorView[],
  caller: Caller,
): Promise<SynchronizationErrorDocument[]> {
  const laneOf = await loadLanes(
    presenter,
    errors.map(({ lane }) => lane),
  );
  return errors.map((error) => presentError(laneOf(error.lane), error, null, caller));
}

/** With both records as the stores hold them now, where the mapping is still configured. */
export async function presentErrorNow(
  presenter: MappingPresenter,
  synchronizer: Synchronizer,
  error: ErrorView,
  caller: Caller,
): Promise<SynchronizationErrorDocument> {
  const lane = await presenter.lane(error.lane);
  if (lane.mapping === null) return presentError(lane, error, null, caller);
  if (error.scope === 'record') return presentError(lane, error, await synchronizer.viewError(error), caller);
  return { ...presentError(lane, error, null, caller), etag: await synchronizer.etagOfMappingError(error) };
}

function presentError(
  lane: LanePresenter,
  error: ErrorView,
  now: PairView | null,
  caller: Caller,
): SynchronizationErrorDocument {
  const fields = now?.fields ?? error.fields;
  const valueOf =
    (side: Side) =>
    (name: string): Value =>
      fields.find((field) => field.name === name)?.[side] ?? null;
  const record = (side: Side, seen: ErrorRecord, read: RecordNow | null) => ({
    key: seen.key === null ? null : lane.keyToJson(side, seen.key),
    description: read?.description ?? seen.description,
    exists: read?.exists ?? seen.exists,
    modifiedAt: lane.modifiedAtToJson(side, read?.modifiedAt ?? seen.modifiedAt),
    changedBy: read?.changedBy ?? seen.changedBy,
    link: read?.link ?? (seen.key === null ? null : lane.link(side, seen.key, valueOf(side))),
  });
  const shownFields = fields.map((field) => presentField(lane, field));
  // What was to be decided stays what it was once it is decided, whatever the records hold since.
  const decided = error.status === 'resolved' ? error.fields.map((field) => presentField(lane, field)) : shownFields;
  const params = { ...error.params, ...collidingValues(decided) };
  return {
    id: error.id,
    scope: error.scope,
    mapping: error.lane.mapping,
    channel: error.lane.channel,
    channelName: lane.channelName,
    couplingId: error.couplingId,
    kind: error.kind,
    code: error.code,
    params,
    cause: error.cause,
    message: describeCode(error.code, params),
    status: error.status,
    parked: error.parked,
    attempts: error.attempts,
    retryAt: error.retryAt,
    assignee: error.assignee,
    note: error.note,
    firstSeenAt: error.firstSeenAt,
    lastSeenAt: error.lastSeenAt,
    jobId: error.jobId,
    hqRecord: record('hq', error.hqRecord, now?.hq ?? null),
    channelRecord: record('channel', error.channelRecord, now?.channel ?? null),
    deletedIn: error.deletedIn,
    survivorChanged: error.survivorChanged,
    candidates: error.candidates.map((candidate) => presentCandidate(lane, candidate)),
    massDeletion: error.massDeletion as SynchronizationErrorDocument['massDeletion'],
    // What is gone from the configuration is read-only, and what the caller's role does not permit would be refused.
    allowedActions:
      lane.mapping === null ? [] : allowedActions(error).filter((action) => hasRole(caller, roleToAct(action))),
    fields: shownFields,
    resolution: error.resolution === null ? null : presentResolution(error.resolution),
    etag: now?.etag ?? null,
    ...(now !== null && { asOf: now.asOf }),
  };
}

const LONGEST_VALUE = 60;

/** Where one field collides, both its values, so that the sentence says what the choice is between. */
function collidingValues(fields: SynchronizationErrorDocument['fields']): { hqValue?: string; channelValue?: string } {
  const [field, another] = fields.filter(({ conflicting }) => conflicting);
  if (field === undefined || another !== undefined) return {};
  const text = (value: unknown): string =>
    shortenText(value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value), LONGEST_VALUE);
  return { hqValue: text(field.hq), channelValue: text(field.channel) };
}

const presentResolution = (
  resolution: NonNullable<ErrorView['resolution']>,
): NonNullable<SynchronizationErrorDocument['resolution']> => ({
  at: resolution.at,
  action: resolution.action,
  winner: resolution.winner,
  fields: resolution.fields,
  actor: resolution.actor,
  reason: resolution.reason,
  jobId: resolution.jobId,
  logIds: [...resolution.logIds],
});

export const presentField = (
  lane: LanePresenter,
  field: ErrorField,
): SynchronizationErrorDocument['fields'][number] => ({
  name: field.name,
  base:
    field.base === null
      ? null
      : {
          hq: lane.valueToJson('hq', field.name, field.base.hq),
          channel: lane.valueToJson('channel', field.name, field.base.channel),
        },
  hq: lane.valueToJson('hq', field.name, field.hq),
  channel: lane.valueToJson('channel', field.name, field.channel),
  changedIn: [...field.changedIn],
  conflicting: field.conflicting,
});

export const presentCandidate = (
  lane: LanePresenter,
  candidate: ErrorCandidate,
): { side: Side; key: { [column: string]: Json }; description: string; matchedOn: string[] } => ({
  side: candidate.side,
  key: lane.keyToJson(candidate.side, candidate.key),
  description: candidate.description,
  matchedOn: [...candidate.matchedOn],
});

export const presentGroup = (presenter: MappingPresenter, group: ErrorGroup): ErrorSummary['items'][number] => {
  const params = group.alike ? group.params : paramsOfCause(group.params);
  return {
    cause: group.cause,
    mapping: group.lane.mapping,
    channel: group.lane.channel,
    channelName: presenter.channelName(group.lane.channel),
    kind: group.kind,
    code: group.code,
    params,
    message: describeCode(group.code, params),
    count: group.count,
    firstSeenAt: group.firstSeenAt,
    lastSeenAt: group.lastSeenAt,
    sampleId: group.sampleId,
  };
};

export const presentHeldRecord = (lane: LanePresenter, held: HeldRecord) => ({
  couplingId: held.couplingId,
  side: held.side,
  key: lane.keyToJson(held.side, held.key),
  hqKey: held.hqKey === null ? null : lane.keyToJson('hq', held.hqKey),
  channelKey: held.channelKey === null ? null : lane.keyToJson('channel', held.channelKey),
  description: held.description,
  since: held.since,
});
