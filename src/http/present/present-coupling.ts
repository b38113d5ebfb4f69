/** Couplings as the API shows them. */
import type { Side } from '../../domain/record.ts';
import type { LanePresenter, MappingPresenter } from '../../ports/mapping-presenter.ts';
import type { CouplingView } from '../../ports/queries.ts';
import type { PairView, Synchronizer } from '../../ports/synchronizer.ts';
import type { CouplingDocument } from '../schemas/couplings.ts';
import { inParallel } from '../in-parallel.ts';
import { loadLanes } from './lanes.ts';

/** Reads of both stores under way at once for one page. */
const READS_AT_ONCE = 8;

export async function presentCouplings(
  presenter: MappingPresenter,
  synchronizer: Synchronizer,
  couplings: readonly CouplingView[],
  withFields: boolean,
): Promise<CouplingDocument[]> {
  const laneOf = await loadLanes(
    presenter,
    couplings.map(({ lane }) => lane),
  );
  if (!withFields) return couplings.map((coupling) => presentCoupling(laneOf(coupling.lane), coupling));
  return inParallel(couplings, READS_AT_ONCE, (coupling) => presentNow(laneOf(coupling.lane), synchronizer, coupling));
}

export const presentCouplingNow = async (
  presenter: MappingPresenter,
  synchronizer: Synchronizer,
  coupling: CouplingView,
): Promise<CouplingDocument> => presentNow(await presenter.lane(coupling.lane), synchronizer, coupling);

async function presentNow(
  lane: LanePresenter,
  synchronizer: Synchronizer,
  coupling: CouplingView,
): Promise<CouplingDocument> {
  const plain = presentCoupling(lane, coupling);
  if (lane.mapping === null) return { ...plain, fields: lastKnownFields(lane, coupling) };
  const now = await synchronizer.viewCoupling(coupling);
  return {
    ...plain,
    hqDescription: now.hq.description,
    channelDescription: now.channel.description,
    fields: fieldsNow(lane, now),
    asOf: now.asOf,
  };
}

function presentCoupling(lane: LanePresenter, coupling: CouplingView): CouplingDocument {
  return {
    id: coupling.id,
    mapping: coupling.lane.mapping,
    channel: coupling.lane.channel,
    channelName: lane.channelName,
    status: coupling.status,
    reason: coupling.reason,
    errorId: coupling.errorId,
    pendingSince: coupling.pendingSince,
    hqKey: lane.keyToJson('hq', coupling.hqKey),
    channelKey: coupling.channelKey === null ? null : lane.keyToJson('channel', coupling.channelKey),
    hqDescription: coupling.hqDescription,
    channelDescription: coupling.channelDescription,
    createdAt: coupling.createdAt,
    lastSynchronizedAt: coupling.lastSynchronizedAt,
    lastJobId: coupling.lastJobId,
    endedAt: coupling.endedAt,
    references: referencesOf(lane, coupling),
  };
}

/** `parents` are aligned with the reference fields of the mapping. */
function referencesOf(lane: LanePresenter, coupling: CouplingView): CouplingDocument['references'] {
  const names = lane.fields.filter((field) => field.references !== null).map((field) => field.name);
  return coupling.parents.flatMap((couplingId, at) => {
    const field = names[at];
    return couplingId === null || field === undefined ? [] : [{ field, couplingId }];
  });
}

const fieldsNow = (lane: LanePresenter, now: PairView): NonNullable<CouplingDocument['fields']> =>
  now.fields.map(({ name, base, hq, channel }) => {
    const show = (side: Side, value: string | null) => lane.valueToJson(side, name, value);
    return {
      name,
      base: base === null ? null : { hq: show('hq', base.hq), channel: show('channel', base.channel) },
      hq: show('hq', hq),
      channel: show('channel', channel),
    };
  });

/** Of a mapping that is gone nobody knows the tables any more: the base is all that there is. */
const lastKnownFields = (lane: LanePresenter, coupling: CouplingView): NonNullable<CouplingDocument['fields']> =>
  coupling.fieldNames.map((name, at) => {
    const hq = lane.valueToJson('hq', name, coupling.base.hq[at] ?? null);
    const channel = lane.valueToJson('channel', name, coupling.base.channel[at] ?? null);
    const known = (coupling.base.states?.[at] ?? 'known') !== 'none';
    return { name, base: known ? { hq, channel } : null, hq, channel };
  });
