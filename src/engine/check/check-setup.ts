/**
 * `couplet check`: the configuration held against the stores as they are now. Reads catalogs, counts and a sample of
 * records, writes nothing, and tells everything at once: a store that is away does not keep the others from being looked
 * at.
 */
import { heirOf } from '../../domain/mapping.ts';
import type { SuggestName } from '../../domain/prepare-mapping.ts';
import type { LaneState } from '../../ports/coupling-database.ts';
import type { Lane } from '../../ports/store.ts';
import { type BrokenCycles, breakCycles } from '../lane/break-cycles.ts';
import { type SetupFinding, setupFinding } from '../lane/setup-finding.ts';
import type { LockedSetting } from '../lane/setup-knowledge.ts';
import { laneText, lanesOf, mappingOf, type Site } from '../lane/site.ts';
import { checkLane } from './check-lane.ts';
import { type CheckedStore, checkStore, explainFault } from './check-store.ts';

export interface CheckOptions {
  readonly suggest: SuggestName;
  readonly locked: readonly LockedSetting[];
  /** False: the coupling database is away or not migrated; what depends on couplings is left out. */
  readonly withCouplings: boolean;
}

export interface SetupReport {
  readonly findings: readonly SetupFinding[];
  readonly stores: readonly CheckedStore[];
}

export async function checkSetup(site: Site, options: CheckOptions): Promise<SetupReport> {
  const hq = await checkStore(site, 'hq', null);
  const channels = await Promise.all(
    [...site.channels.keys()].map(async (name) => [name, await checkStore(site, 'channel', name)] as const),
  );
  const byChannel = new Map(channels);
  const known = options.withCouplings ? await knownLanes(site) : null;
  const findings: SetupFinding[] = [...hq.findings, ...channels.flatMap(([, checked]) => checked.findings)];
  for (const [channel, checked] of byChannel) {
    const stores = { hq, channel: checked };
    const lanes = lanesOf(site, channel);
    // Lane by lane: a check must not take all the connections that the work needs.
    const cycles = await cyclesOf(site, channel, stores.hq, checked);
    for (const lane of lanes) {
      const isCoupled = known !== null && hasCouplings(site, known, lane);
      findings.push(...(await checkOne(site, lane, { stores, cycles, isCoupled, suggest: options.suggest })));
    }
  }
  if (known) findings.push(...(await checkLocked(site, options.locked)), ...checkLanes(site, known));
  return { findings: mergeChannels(site, findings), stores: [hq, ...byChannel.values()] };
}

type OfLane = Omit<Parameters<typeof checkLane>[0], 'site' | 'lane'>;

/** A store that went away half way is told once more, and the other mappings go on. */
async function checkOne(site: Site, lane: Lane, of: OfLane): Promise<readonly SetupFinding[]> {
  try {
    return await checkLane({ site, lane, ...of });
  } catch (fault) {
    const { code, params } = explainFault(fault);
    return [
      setupFinding(
        { side: null, channel: lane.channel, mapping: lane.mapping },
        code,
        'error',
        ['mappings', lane.mapping],
        params,
      ),
    ];
  }
}

async function cyclesOf(
  site: Site,
  channel: string,
  hq: CheckedStore,
  own: CheckedStore,
): Promise<BrokenCycles | null> {
  if (hq.survey === null || own.survey === null) return null;
  try {
    return await breakCycles(site, channel);
  } catch (fault) {
    explainFault(fault);
    return null;
  }
}

/** Changes of the configuration that couplings rest on, where there are couplings. */
export async function checkLocked(site: Site, locked: readonly LockedSetting[]): Promise<SetupFinding[]> {
  const findings: SetupFinding[] = [];
  const lanes = locked.length === 0 ? [] : (await site.database.laneStates()).map(({ lane }) => lane);
  for (const { mapping, formerMapping, channel, path, before, after } of locked) {
    let couplings = 0;
    for (const lane of lanes) {
      if (lane.mapping !== mapping && lane.mapping !== formerMapping) continue;
      if (channel === null || lane.channel === channel) couplings += await site.database.countCouplings(lane);
    }
    if (couplings === 0) continue;
    const params = { setting: `${path} of ${mapping}`, before, after, couplings };
    const place = { side: null, channel, mapping };
    findings.push(setupFinding(place, 'setting-locked', 'error', ['mappings', mapping, ...path.split('.')], params));
  }
  return findings;
}

interface KnownLanes {
  readonly states: readonly LaneState[];
  /** As `laneText`. */
  readonly coupled: ReadonlySet<string>;
}

async function knownLanes({ database }: Site): Promise<KnownLanes> {
  const states = await database.laneStates();
  const coupled = new Set<string>();
  for (const { lane } of states) if ((await database.countCouplings(lane)) > 0) coupled.add(laneText(lane));
  return { states, coupled };
}

/** Its own, or those that a renaming is about to bring it. */
function hasCouplings(site: Site, { coupled }: KnownLanes, lane: Lane): boolean {
  const { renamedFrom } = mappingOf(site, lane);
  const names = renamedFrom === null ? [lane.mapping] : [lane.mapping, renamedFrom];
  return names.some((mapping) => coupled.has(laneText({ mapping, channel: lane.channel })));
}

/** Lanes that stand still until somebody says so: stopped ones, and couplings of what is gone from the file. */
function checkLanes(site: Site, { states, coupled }: KnownLanes): SetupFinding[] {
  const configured = new Set(lanesOf(site).map(laneText));
  const withCouplings = states.flatMap(({ lane }) => (coupled.has(laneText(lane)) ? [lane.mapping] : []));
  const coupledMappings = new Set(withCouplings);
  return states.flatMap(({ lane, stopped }): SetupFinding[] => {
    const place = { side: null, channel: lane.channel, mapping: lane.mapping };
    if (configured.has(laneText(lane)))
      return stopped ? [setupFinding(place, stopped.code, 'error', ['mappings', lane.mapping], stopped.params)] : [];
    // What a renaming is to carry over is not left behind.
    if (!coupled.has(laneText(lane)) || heirOf(site.mappings, lane.mapping, coupledMappings)) return [];
    const params = { mapping: `${lane.mapping} with ${lane.channel}` };
    return [setupFinding(place, 'not-configured', 'warning', [], params)];
  });
}

/** What is wrong with HQ's side of a mapping is wrong for every channel that it serves, and told once. */
function mergeChannels(site: Site, findings: readonly SetupFinding[]): readonly SetupFinding[] {
  const told = new Map<string, { readonly finding: SetupFinding; readonly channels: Set<string | null> }>();
  for (const finding of findings) {
    const { code, side, channel, mapping, path, params } = finding;
    const key = JSON.stringify([code, side, side === 'hq' ? null : channel, mapping, path, params]);
    const known = told.get(key) ?? { finding, channels: new Set() };
    known.channels.add(channel);
    told.set(key, known);
  }
  return [...told.values()].flatMap(({ finding, channels }): SetupFinding[] => {
    if (finding.side !== 'hq') return [finding];
    const served = site.mappings.find(({ name }) => name === finding.mapping)?.channels ?? [];
    if (served.every((channel) => channels.has(channel))) return [{ ...finding, channel: null }];
    return [...channels].map((channel) => ({ ...finding, channel }));
  });
}
