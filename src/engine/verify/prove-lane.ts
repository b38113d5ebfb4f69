/** One step of the background proof of a lane: the next range of the pass under way, or the first of a new one. */
import type { Lane } from '../../ports/store.ts';
import type { LaneMemory } from '../lane/lane-memory.ts';
import type { Site } from '../lane/site.ts';
import { readMarks } from '../run/read-marks.ts';
import { singleRun } from '../run/single-run.ts';
import { proveRange } from './prove-range.ts';

/** What another process has proven since need not be proven again. */
const FRESH_SECONDS = 110;

/**
 * Nobody waits for it, but a change on its way may meet it: 20 ms in the databases, where 10,000 pairs take 200
 * (`npm run bench:verify`, two busy cores).
 */
const RANGE_PAIRS = 1_000;

/** A store that went back in time is noticed here too, when nothing else goes on. */
export const readStores = (site: Site, channel: string): Promise<unknown> =>
  Promise.all([readMarks(site, 'hq', null), readMarks(site, 'channel', channel)]);

/** `read`: one reading of the stores may serve several lanes, for what is in doubt is looked at under the lane's lock. */
export async function proveNext(
  site: Site,
  memory: LaneMemory,
  lane: Lane,
  read: () => Promise<unknown> = () => readStores(site, lane.channel),
): Promise<'more' | 'done' | 'later'> {
  const { proofs } = site.database;
  const before = await proofs.loadProof(lane);
  if (before.passStartedAt === null && (before.provenAgoSeconds ?? Infinity) < FRESH_SECONDS) return 'done';
  await read();
  const nobody = { actor: null, reason: null, requestId: null };
  const run = singleRun(site, lane, 'verify', 'full', nobody, null, null, 'schedule');
  const proof = await proveRange(site, memory, lane, run, before.passAfter, RANGE_PAIRS);
  await run.finish('succeeded');
  const step = proof ?? { pairs: 0, verified: 0, drift: 0, after: null };
  if (!(await proofs.moveProof(lane, before, step))) return 'later';
  return step.after === null ? 'done' : 'more';
}
