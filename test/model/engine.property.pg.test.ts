/**
 * The whole engine over memory stores: random lives of two apps, of people at the error list and of two workers that
 * die. `MODEL_RUNS` and `MODEL_SEED` make it longer, or make a run happen again.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Command, commands } from './commands.ts';
import { KEPT_CASES } from './kept-cases.ts';
import { memoryWorld } from './memory-world.ts';
import { figuresOf, judge } from './oracle.ts';
import { play, settle } from './play.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 15);
const SEED = process.env['MODEL_SEED'] === undefined ? {} : { seed: Number(process.env['MODEL_SEED']) };
const MISHAPS = { unreachable: 0.01, busy: 0.02, answerLost: 0.02, late: 0.1, shuffled: 0.5, shortPages: 0.3 };

async function live(scenario: readonly Command[], seed: number, mishaps: boolean): Promise<void> {
  const channels = scenario.some((command) => command.do === 'turn') ? 2 : 1;
  await using world = await memoryWorld({ seed, channels, ...(mishaps && { mishaps: MISHAPS }) });
  await play(world, scenario);
  await settle(world);
  const { findings } = await judge(world.sql, await world.evidence(true));
  expect({ ...figuresOf(findings), findings }).toEqual({ lost: 0, doubled: 0, unlogged: 0, findings: [] });
  const before = { writes: await world.writes(), log: await logLength(world) };
  await world.run(0, { scope: 'modified' });
  await world.run(1, { scope: 'modified' });
  expect({ writes: await world.writes(), log: await logLength(world) }, 'a run at rest').toEqual(before);
}

const logLength = async ({ sql }: Awaited<ReturnType<typeof memoryWorld>>): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`select count(*)::int from couplet.sync_log`;
  return row?.count ?? 0;
};

const holds = (options: Parameters<typeof commands>[0], mishaps: boolean, share: number) =>
  fc.assert(
    fc.asyncProperty(commands(options), fc.nat({ max: 1_000 }), (scenario, seed) => live(scenario, seed, mishaps)),
    { numRuns: Math.max(1, Math.round(RUNS * share)), endOnFailure: process.env['MODEL_SHRINK'] !== '1', ...SEED },
  );

describe('the engine, whatever happens', { timeout: 3_600_000 }, () => {
  it('keeps every edit when two workers run and die, and overwrites none that nobody gave up', () =>
    holds({ switches: false, faults: [], max: 40 }, false, 0.4));

  it('keeps every edit while policies and filters change', () =>
    holds({ switches: true, faults: [], max: 40 }, false, 0.3));

  it('keeps every edit over stores that fail, answer late or are not heard', () =>
    holds({ switches: true, faults: ['storeDown', 'storeBack'], max: 40 }, true, 0.3));

  it('keeps every edit while tables are emptied and reloaded and columns renamed', () =>
    holds({ switches: true, faults: [], upheavals: ['emptied', 'renamed'], max: 40 }, false, 0.15));

  it('keeps every edit of two channels that share HQ', () =>
    holds({ switches: true, faults: [], upheavals: ['channels'], max: 50 }, false, 0.15));

  it('keeps every edit that is still in a store when stores are put back to older states', () =>
    holds({ switches: false, faults: [], upheavals: ['restored'], max: 40 }, false, 0.2));
});

describe('what once went wrong', () => {
  it.each(KEPT_CASES)('$what', ({ scenario, seed, mishaps }) => live(scenario, seed, mishaps));
});
