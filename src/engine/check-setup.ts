/**
 * `couplet check`: the configuration held against the stores as they are now. Reads catalogs, counts and a sample of
 * records, writes nothing, and tells everything at once: a store that is away does not keep the others from being looked
 * at.
 */
import type { SuggestName } from '../domain/prepare-mapping.ts';
import type { Lane } from '../ports/store.ts';
import { type BrokenCycles, breakCycles } from './break-cycles.ts';
import { checkLane } from './check-lane.ts';
import { type CheckedStore, checkStore, explainFault } from './check-store.ts';
import { type SetupFinding, setupFinding } from './setup-finding.ts';
import type { LockedSetting } from './setup-knowledge.ts';
import { laneText, lanesOf, mappingOf, type Site } from './site.ts';

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
  const findings: SetupFinding[] = [...hq.findings, ...channels.flatMap(([, checked]) => checked.findings)];
  for (const [channel, checked] of byChannel) {
    const stores = { hq, channel: checked };
    const lanes = lanesOf(site, channel);
    // Lane by lane: a check must not take all the connections that the work needs.
    const cycles = await cyclesOf(site, channel, stores.hq, checked);
    for (const lane of lanes) {
      const isCoupled = options.withCouplings && (await hasCouplings(site, lane));
      findings.push(...(await checkOne(site, lane, { stores, cycles, isCoupled, suggest: options.suggest })));
    }
  }
  if (options.withCouplings) findings.push(...(await checkLocked(site, options.locked)), ...(await checkLanes(site)));
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

/** Its own, or those that a renaming is about to bring it. */
async function hasCouplings(site: Site, lane: Lane): Promise<boolean> {
  if ((await site.database.countCouplings(lane)) > 0) return true;
  const { renamedFrom } = mappingOf(site, lane);
  if (renamedFrom === null) return false;
  const former = { mapping: renamedFrom, channel: lane.channel };
  const states = await site.database.laneStates();
  return (
    states.some((state) => laneText(state.lane) === laneText(former)) &&
    (await site.database.countCouplings(former)) > 0
  );
}

/** Lanes that stand still until somebody says so: stopped ones, and couplings of what is gone from the file. */
async function checkLanes(site: Site): Promise<SetupFinding[]> {
  const configured = new Set(lanesOf(site).map((lane) => JSON.stringify([lane.mapping, lane.channel])));
  // Their couplings are carried to the new name as soon as Couplet runs with this file.
  const states = await site.database.laneStates();
  const coupled = new Set<string>();
  for (const { lane } of states) if ((await site.database.countCouplings(lane)) > 0) coupled.add(lane.mapping);
  const renamed = new Set(site.mappings.flatMap(({ name, renamedFrom }) => (coupled.has(name) ? [] : [renamedFrom])));
  const findings: SetupFinding[] = [];
  for (const { lane, stopped } of states) {
    const place = { side: null, channel: lane.channel, mapping: lane.mapping };
    if (configured.has(JSON.stringify([lane.mapping, lane.channel]))) {
      if (stopped) {
        findings.push(setupFinding(place, stopped.code, 'error', ['mappings', lane.mapping], stopped.params));
      }
    } else if (!renamed.has(lane.mapping) && (await site.database.countCouplings(lane)) > 0) {
      const params = { mapping: `${lane.mapping} with ${lane.channel}` };
      findings.push(setupFinding(place, 'not-configured', 'warning', [], params));
    }
  }
  return findings;
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
