/**
 * Takes a lane to work on it: the lock, the fence where somebody else held it last, what a former holder left in the
 * stores' ledgers, and the mapping made ready against the tables as they are.
 */
import { fingerprint } from '../../domain/mapping.ts';
import { sameTable } from '../../domain/mapping.ts';
import { prepareMapping } from '../../domain/prepare-mapping.ts';
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import { keyText, type RecordKey, type Side, SIDES } from '../../domain/record.ts';
import { StoreRefused } from '../../errors/store-faults.ts';
import type { LaneLock } from '../../ports/coupling-database.ts';
import type { Cascade, Lane, Store } from '../../ports/store.ts';
import { recordFoundBatches } from '../batch/work-batch.ts';
import { type BrokenCycles, breakCycles } from '../lane/break-cycles.ts';
import { oweConfigured } from '../lane/due-here.ts';
import { type LaneContext, SHARING } from '../lane/lane-context.ts';
import { forgetLane, type LaneMemory, type PreparedLane } from '../lane/lane-memory.ts';
import { laneText, lanesOf, mappingOf, type Site, storeOf } from '../lane/site.ts';
import type { WorkAhead } from '../lane/work-ahead.ts';
import type { LaneAhead } from './lane-ahead.ts';
import { readMarks } from './read-marks.ts';
import { refuseSetup, refuseUncaptured } from './refuse-setup.ts';

/** Asks the stores at most once; without a cycle, never. */
export async function cyclesOf(site: Site, memory: LaneMemory, channel: string): Promise<BrokenCycles> {
  if (site.circular.size === 0)
    return { order: site.mappings.map(({ name }) => name), deferred: new Map(), unbreakable: [] };
  const known = memory.cycles.get(channel) ?? (await breakCycles(site, channel));
  memory.cycles.set(channel, known);
  return known;
}

/** Null: somebody else works the lane. Whatever goes wrong while it is open, `forgetLane` makes the next one take over. */
export async function openLane(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  waitMs: number,
  ahead: LaneAhead | null = null,
): Promise<LaneContext | null> {
  const taken = await ahead?.take();
  const lock = taken?.lock ?? (await site.database.lockLane(lane, waitMs));
  if (!lock) return null;
  try {
    return await contextOf(site, memory, lane, lock, taken?.work ?? null);
  } catch (fault) {
    forgetLane(memory, lane);
    await lock.release();
    throw fault;
  }
}

async function contextOf(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  lock: LaneLock,
  atHand: WorkAhead | null,
): Promise<LaneContext> {
  const { holder, fence, sharing } = lock.state;
  const ready = await readyContext(site, memory, lane, lock, atHand);
  const name = laneText(lane);
  // A share that was given out and is not done was left by a worker that is gone: what it wrote is looked for, as after
  // any holder that is gone.
  const mine = holder === site.database.holder && memory.fences.get(name) === fence && sharing !== 'open';
  if (mine) return ready;
  // What came with the lock may be behind what the former holder wrote, and what is found of it in the ledgers.
  ready.atHand = null;
  await ready.takeOver();
  return ready;
}

async function takeOver(site: Site, memory: LaneMemory, context: LaneContext): Promise<void> {
  const { lane, database, stores } = context;
  // Order matters: the fence first, so that no late writer adds a batch after they were counted.
  context.fence = { lane, number: await database.raiseFence(lane) };
  const found = await Promise.all(SIDES.map((side) => stores[side].takeOver(database.reader, context.fence)));
  await recordFoundBatches(context, found.flat());
  memory.fences.set(laneText(lane), context.fence.number);
  if (found.every((batches) => batches.length === 0)) return;
  // What was made may have other keys by now: those marks have waited for this (`await-recording`).
  const [hq, channel] = await Promise.all([readMarks(site, 'hq', null), readMarks(site, 'channel', lane.channel)]);
  context.cursors = { hq: hq.cursor, channel: channel.cursor };
}

/** With the lane's fence as it is: for its holder, and for whoever works a share of it. */
export async function readyContext(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  lock: LaneLock,
  atHand: WorkAhead | null = null,
): Promise<LaneContext> {
  const stores = { hq: storeOf(site, 'hq', null), channel: storeOf(site, 'channel', lane.channel) };
  const { prepared, tables } = await prepareLane(site, memory, lane, stores);
  await requireSound(site, memory, lane, stores);
  const context: LaneContext = {
    lane,
    state: lock.state,
    fence: { lane, number: lock.state.fence },
    lock,
    database: site.database,
    stores,
    tables,
    prepared,
    cursors: lock.first.cursors,
    atHand,
    sharing: site.sharing ?? SHARING,
    surroundings: site.surroundings,
    takeOver: () => takeOver(site, memory, context),
    livingDependents: (side, cascade) => livingDependents(site, lane, side, cascade),
  };
  return context;
}

/** After whatever went wrong the lane is looked at anew; errors of its set-up end when it is found to be sound. */
async function requireSound(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  stores: Readonly<Record<Side, Store>>,
): Promise<void> {
  const name = laneText(lane);
  if (memory.sound.has(name)) return;
  if (!memory.captured.has(name)) {
    for (const side of SIDES) await refuseUncaptured(site, lane, side, stores[side]);
    memory.captured.add(name);
  }
  await site.database.endSetupErrors(lane);
  memory.sound.add(name);
}

export async function prepareLane(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  stores: Readonly<Record<Side, Store>>,
): Promise<PreparedLane> {
  const known = memory.prepared.get(laneText(lane));
  if (known) return known;
  const mapping = mappingOf(site, lane);
  const descriptions = await Promise.all(SIDES.map((side) => stores[side].describe([mapping[side].table])));
  const [hq, channel] = descriptions.map((list) => list[0] ?? null);
  for (const [side, description] of [
    ['hq', hq],
    ['channel', channel],
  ] as const) {
    if (!description) {
      throw new StoreRefused(
        'schema-changed',
        `the table ${mapping[side].table.name} of ${lane.mapping} does not exist`,
        { side, table: mapping[side].table.name },
      );
    }
  }
  if (hq) await refuseSetup(mapping, 'hq', hq, stores.hq);
  if (channel) await refuseSetup(mapping, 'channel', channel, stores.channel);
  const { deferred } = await cyclesOf(site, memory, lane.channel);
  const result = prepareMapping(
    mapping,
    lane.channel,
    hq?.columns ?? [],
    channel?.columns ?? [],
    deferred.get(lane.mapping) ?? new Set(),
  );
  if (!result.prepared) {
    const first = result.problems.find(({ severity }) => severity === 'error');
    const message = first?.message ?? 'the tables do not fit the mapping';
    const { column: _, ...params } = first?.params ?? {};
    throw new StoreRefused('schema-changed', message, { ...params, difference: message });
  }
  const { prepared } = result;
  const tables = {
    hq: await stores.hq.table(shapeOf(prepared, 'hq')),
    channel: await stores.channel.table(shapeOf(prepared, 'channel')),
  };
  const layout = prepared.fields.map((field) => ({ name: field.name, fingerprint: fingerprint(field.field) }));
  const { changed } = await site.database.ensureLayout(lane, layout);
  if (changed) await oweConfigured(site, lane);
  const ready = { prepared, tables };
  memory.prepared.set(laneText(lane), ready);
  return ready;
}

export const shapeOf = (prepared: PreparedMapping, side: Side) => {
  const { table, key, filter, onCreate } = prepared.mapping[side];
  return { table, key, columns: prepared.sides[side].columns, filter, onCreate };
};

/** Rows that a delete would take along and that are coupled in some mapping: of this channel, or of any for an HQ row. */
async function livingDependents(site: Site, lane: Lane, side: Side, cascade: Cascade) {
  const living: { mapping: string; couplingId: string; key: RecordKey }[] = [];
  for (const other of lanesOf(site, side === 'hq' ? undefined : lane.channel)) {
    const { table } = mappingOf(site, other)[side];
    const bare = cascade.byNameAlone === true && table.schema === null && table.name === cascade.table.name;
    if (!bare && !sameTable(table, cascade.table)) continue;
    const couplings = await site.database.couplingsByKey(other, side, cascade.keys);
    for (const key of cascade.keys) {
      const coupling = couplings.get(keyText(key));
      if (coupling) living.push({ mapping: other.mapping, couplingId: coupling.id, key });
    }
  }
  return living;
}
