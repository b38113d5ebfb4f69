/** Table mappings as they run: configuration, lanes, stores and what waits, put together. */
import { describeCode } from '../../domain/describe-change.ts';
import type { Mapping, Schedule } from '../../domain/mapping.ts';
import type { LaneView, StoreState } from '../../ports/queries.ts';
import type { Lane } from '../../ports/store.ts';
import type { MappingChannelDocument, MappingDocument, MappingState } from '../schemas/mappings.ts';
import type { ServerDeps } from '../server-deps.ts';

export interface RunningFacts {
  readonly lanes: readonly LaneView[];
  readonly stores: readonly StoreState[];
  /** Counts of both sides of lanes whose first run waits to be asked for. */
  readonly awaiting: ReadonlyMap<string, { readonly hq: number; readonly channel: number }>;
}

const laneText = (lane: Lane): string => JSON.stringify([lane.mapping, lane.channel]);

export async function runningFacts(deps: ServerDeps, mappings: readonly string[] | null): Promise<RunningFacts> {
  const [lanes, stores] = await Promise.all([deps.queries.lanes(mappings), deps.queries.storeStates()]);
  const waiting = lanes.filter(({ state, couplings }) => {
    const mapping = deps.presenter.mapping(state.lane.mapping);
    return (
      mapping?.firstRun === 'ask' &&
      mapping.enabled &&
      !state.firstRunDone &&
      Object.values(couplings).every((count) => count === 0)
    );
  });
  const counted = await Promise.all(
    waiting.map(async ({ state }) => [laneText(state.lane), await deps.lanes.awaitingFirstRun(state.lane)] as const),
  );
  return {
    lanes,
    stores,
    awaiting: new Map(counted.flatMap(([text, counts]) => (counts === null ? [] : [[text, counts]]))),
  };
}

export function presentMapping(deps: ServerDeps, facts: RunningFacts, mapping: Mapping): MappingDocument {
  const channels = mapping.channels.map((channel) =>
    presentChannel(deps, facts, mapping, { mapping: mapping.name, channel }),
  );
  return {
    name: mapping.name,
    label: mapping.label,
    state: stateOfAll(channels.map(({ state }) => state)),
    direction: mapping.direction,
    schedule: scheduleText(deps.lanes.scheduleOf(mapping)),
    nextRunAt: nextRunOf(deps, facts.lanes, mapping),
    channels,
    configuration: mapping as unknown as Record<string, unknown>,
  };
}

/** A run of all channels is due when the one furthest behind is; one that never ran is furthest behind. */
export function nextRunOf(deps: ServerDeps, lanes: readonly LaneView[], mapping: Mapping): string | null {
  if (!mapping.enabled) return null;
  const times = lanes
    .filter(({ state }) => state.lane.mapping === mapping.name)
    .map(({ state }) => state.lastSuccessAt);
  const never = times.length === 0 || times.includes(null);
  return deps.lanes.nextRunAt(mapping, never ? null : (times.flatMap((time) => time ?? []).toSorted()[0] ?? null));
}

/** Gone from the file: couplings and errors stay, untouched and read-only. */
export function formerMapping(deps: ServerDeps, facts: RunningFacts, name: string): MappingDocument {
  const lanes = facts.lanes.filter(({ state }) => state.lane.mapping === name).map(({ state }) => state.lane);
  return {
    name,
    label: name,
    state: 'notConfigured',
    direction: 'both',
    schedule: 'manual',
    nextRunAt: null,
    channels: lanes.map((lane) => presentChannel(deps, facts, null, lane)),
    configuration: {},
  };
}

function presentChannel(
  deps: ServerDeps,
  facts: RunningFacts,
  mapping: Mapping | null,
  lane: Lane,
): MappingChannelDocument {
  const view =
    facts.lanes.find(({ state }) => state.lane.mapping === lane.mapping && state.lane.channel === lane.channel) ?? null;
  const stopped = view?.state.stopped ?? null;
  return {
    channel: lane.channel,
    channelName: deps.presenter.channelName(lane.channel),
    state: stateOfLane(facts, mapping, lane, view),
    lagSeconds: view?.lagSeconds ?? { hq: null, channel: null },
    backlog: view?.backlog ?? { hq: 0, channel: 0 },
    lastJobId: view?.lastJobId ?? null,
    lastSuccessAt: view?.state.lastSuccessAt ?? null,
    couplings: view?.couplings ?? {},
    openErrors: view?.openErrors ?? {},
    stopped: stopped === null ? null : { ...stopped, message: describeCode(stopped.code, stopped.params) },
    records: facts.awaiting.get(laneText(lane)) ?? null,
  };
}

/** What somebody decided comes before what happened to be found. */
function stateOfLane(facts: RunningFacts, mapping: Mapping | null, lane: Lane, view: LaneView | null): MappingState {
  if (mapping === null) return 'notConfigured';
  if (!mapping.enabled) return 'disabled';
  if (view?.state.stopped != null) return 'stopped';
  if (view?.state.paused === true) return 'paused';
  const stores = facts.stores.filter(({ side, channel }) => side === 'hq' || channel === lane.channel);
  if (stores.some(({ state }) => state === 'replaced')) return 'stopped';
  if (stores.some(({ state }) => state === 'unreachable')) return 'storeUnreachable';
  if (stores.some((store) => hasProblem(store, lane.mapping))) return 'setupProblem';
  return facts.awaiting.has(laneText(lane)) ? 'awaitingFirstRun' : 'running';
}

/** A problem that names no mapping is one of the whole store. */
function hasProblem({ state, problems }: StoreState, mapping: string): boolean {
  if (state !== 'setupProblem') return false;
  const named = Array.isArray(problems) ? problems : [];
  return named.some((problem) => {
    const of =
      typeof problem === 'object' && problem !== null && !Array.isArray(problem) ? (problem.mapping ?? null) : null;
    return of === null || of === mapping;
  });
}

/** The one that needs somebody most. */
const BY_NEED: readonly MappingState[] = [
  'stopped',
  'setupProblem',
  'storeUnreachable',
  'awaitingFirstRun',
  'paused',
  'running',
  'disabled',
  'notConfigured',
];
const stateOfAll = (states: readonly MappingState[]): MappingState =>
  BY_NEED.find((state) => states.includes(state)) ?? 'disabled';

export function scheduleText(schedule: Schedule): string {
  switch (schedule.kind) {
    case 'continuous':
    case 'manual':
      return schedule.kind;
    case 'cron':
      return schedule.expression;
    case 'every':
      return `every ${durationText(schedule.everyMs)}`;
    default:
      return schedule satisfies never;
  }
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

function durationText(ms: number): string {
  const [unit, size] = UNITS.find(([, unitMs]) => ms % unitMs === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
