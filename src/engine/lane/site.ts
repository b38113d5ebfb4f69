/** The stores, mappings and lanes that one process of Couplet works on. Built once from the configuration. */
import { type Mapping, resolveForChannel, sameTable } from '../../domain/mapping.ts';
import type { Side } from '../../domain/record.ts';
import type { CouplingDatabase, Job, JobKind, SyncError } from '../../ports/coupling-database.ts';
import type { Lane, Store, TableName, WatchedTable } from '../../ports/store.ts';
import type { ActionRequest, ActionResult } from '../../ports/synchronizer.ts';
import type { Outcome } from './job-outcome.ts';
import type { EngineSurroundings, SharingTerms } from './lane-context.ts';
import type { SetupKnowledge } from './setup-knowledge.ts';

export interface Site {
  readonly database: CouplingDatabase;
  readonly hq: Store;
  readonly channels: ReadonlyMap<string, Store>;
  /** Parents before children. */
  readonly mappings: readonly Mapping[];
  /** Names of fields, by mapping, whose reference lies on a cycle: created empty, filled in the same run. */
  readonly circular: ReadonlyMap<string, ReadonlySet<string>>;
  readonly surroundings: EngineSurroundings;
  /** Tables of customer operations: watched like any, but their lanes are worked by commerce, never by a run. */
  readonly operationTables?: readonly OperationLane[];
  /** Kinds of jobs that other rooms carry out. */
  readonly otherJobs?: ReadonlyMap<JobKind, CarryOutJob>;
  /** Acts on an error that shows the conflict of a customer operation. */
  readonly operationErrors?: {
    act?: (error: SyncError, request: ActionRequest) => Promise<ActionResult>;
  };
  /** From when on a backlog is shared with other workers; absent: as the product does. */
  readonly sharing?: SharingTerms;
  /** What a check needs to know of the configuration; absent where nobody checks. */
  readonly setup?: SetupKnowledge;
}

/** An operation table of a channel store, with the lane that its changes are pending in. */
export interface OperationLane {
  readonly lane: Lane;
  readonly table: TableName;
}

export type CarryOutJob = (job: Job, stop: () => Promise<boolean>) => Promise<Outcome>;

const OPERATION_KEY: readonly string[] = ['replicationcounter'];

export const laneText = (lane: Lane): string => `${lane.mapping}/${lane.channel}`;

/** Every lane of the configuration, parents before children within a channel. */
export const lanesOf = (site: Site, channel?: string): Lane[] =>
  site.mappings.flatMap((mapping) =>
    mapping.channels
      .filter((name) => channel === undefined || name === channel)
      .map((name) => ({ mapping: mapping.name, channel: name })),
  );

export function mappingOf(site: Site, lane: Lane): Mapping {
  const mapping = site.mappings.find((candidate) => candidate.name === lane.mapping);
  if (!mapping) throw new Error(`the configuration has no mapping ${lane.mapping}`);
  return resolveForChannel(mapping, lane.channel);
}

/** Whether a mapping is worked by schedules at all. */
export const isEnabled = (site: Site, lane: Lane): boolean => mappingOf(site, lane).enabled;

export function storeOf(site: Site, side: Side, channel: string | null): Store {
  const store = side === 'hq' ? site.hq : channel === null ? undefined : site.channels.get(channel);
  if (!store) throw new Error(`the configuration has no channel ${channel}`);
  return store;
}

/** Lanes that read a store's table on this side. */
const lanesOfStore = (site: Site, side: Side, channel: string | null): Lane[] =>
  lanesOf(site, side === 'hq' ? undefined : (channel ?? undefined));

const sameColumns = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, at) => name === b[at]);

/** What is read of a store's table, by whom: runs of mappings, and commerce of its operation tables. */
const watchersOf = (site: Site, side: Side, channel: string | null) => [
  ...lanesOfStore(site, side, channel).map((lane) => {
    const { table, key } = mappingOf(site, lane)[side];
    return { lane, table, key };
  }),
  ...(site.operationTables ?? [])
    .filter(({ lane }) => side === 'channel' && lane.channel === channel)
    .map(({ lane, table }) => ({ lane, table, key: OPERATION_KEY })),
];

/** What the capture of a store watches: each table once, with every key under which a mapping knows it. */
export function watchedTables(site: Site, side: Side, channel: string | null): WatchedTable[] {
  const watched: { table: TableName; keys: (readonly string[])[] }[] = [];
  for (const { table, key } of watchersOf(site, side, channel)) {
    let entry = watched.find((candidate) => sameTable(candidate.table, table));
    if (!entry) watched.push((entry = { table, keys: [] }));
    if (!entry.keys.some((known) => sameColumns(known, key))) entry.keys.push(key);
  }
  return watched;
}

export type LanesOfTable = (table: TableName, keyIndex: number | null) => readonly Lane[];

/** Lanes by table and watched key, for spreading marks. */
export function laneIndex(site: Site, side: Side, channel: string | null): LanesOfTable {
  const watched = watchedTables(site, side, channel);
  const lanes = watchersOf(site, side, channel);
  return (table, keyIndex) => {
    const entry = watched.find((candidate) => sameTable(candidate.table, table));
    if (!entry) return [];
    const key = keyIndex === null ? null : (entry.keys[keyIndex] ?? null);
    return lanes
      .filter((item) => sameTable(item.table, table) && (key === null || sameColumns(item.key, key)))
      .map((item) => item.lane);
  };
}
