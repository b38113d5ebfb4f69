/**
 * One life twice: once its workers are killed at named points of a run, once they are not. Every run is followed by two
 * more before anybody acts again, so both lives show people the same stores: what is left of a killed run is then
 * nobody's business but the engine's, and both must end alike, to the last entry of the log.
 *
 * Without those runs the lives may part, rightly: an edit that meets what the killed run had not carried over yet is a
 * conflict, and none where it had. What a store refuses is left out for the same reason: a failure is tried again three
 * times, and a killed run that did not get to record counts none.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Command, commands } from './commands.ts';
import { memoryWorld } from './memory-world.ts';
import type { StoreRow } from './oracle.ts';
import { play, settle } from './play.ts';
import type { World } from './world.ts';

const RUNS = Math.max(1, Math.round(Number(process.env['MODEL_RUNS'] ?? 15) * 0.2));
const SEED = process.env['MODEL_SEED'] === undefined ? {} : { seed: Number(process.env['MODEL_SEED']) };

const run = (worker: number, scope: 'modified' | 'full' = 'modified'): Command => ({ do: 'run', worker, scope });

/** Nothing that a store refuses, and nobody who works at the same time as somebody else. */
function calmed(life: readonly Command[]): readonly Command[] {
  return life.flatMap((command): readonly Command[] => {
    if (command.do === 'runTogether') return [run(1)];
    if (command.do === 'edit') return [{ ...command, value: command.value + 3 }];
    return [command];
  });
}

const withCrashes = (life: readonly Command[]): readonly Command[] =>
  life.flatMap((command) =>
    command.do === 'run' || command.do === 'crash' ? [command, run(1 - (command.worker % 2)), run(0)] : [command],
  );

const withoutCrashes = (life: readonly Command[]): readonly Command[] =>
  life.map((command) => (command.do === 'crash' ? run(command.worker) : command));

const sorted = (rows: readonly (StoreRow | Record<string, unknown>)[]): string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted();

async function endOf(life: readonly Command[], seed: number): Promise<object> {
  await using world = await memoryWorld({ seed });
  await play(world, life);
  await settle(world);
  // Awaited here: the world ends with this function.
  return await stateOf(world);
}

async function stateOf({ apps, sql }: World): Promise<object> {
  const log = await sql`
    select action, cause, direction, hq_key, channel_key, changes::text as changes, code, params from couplet.sync_log`;
  const errors = await sql`select kind, code, status, hq_key, channel_key, parked from couplet.sync_error`;
  const couplings = await sql`
    select hq_key, channel_key, status, base_hq, base_channel, base_states, ended_at is null as lives from couplet.coupling`;
  return {
    groups: sorted(await apps.hq.rows('groups')),
    customers: sorted(await apps.hq.rows('customers')),
    segments: sorted(await apps.channel.rows('segments')),
    shoppers: sorted(await apps.channel.rows('shoppers')),
    couplings: sorted(couplings),
    errors: sorted(errors),
    log: sorted(log),
  };
}

describe('a life with crashes', { timeout: 3_600_000 }, () => {
  it('ends as the same life without: the same stores, couplings, errors and log', () =>
    fc.assert(
      fc.asyncProperty(
        commands({ switches: true, faults: [], max: 30 }),
        fc.nat({ max: 1_000 }),
        async (scenario, seed) => {
          const life = withCrashes(calmed(scenario));
          expect(await endOf(life, seed)).toEqual(await endOf(withoutCrashes(life), seed));
        },
      ),
      { numRuns: RUNS, endOnFailure: process.env['MODEL_SHRINK'] !== '1', ...SEED },
    ));
});
