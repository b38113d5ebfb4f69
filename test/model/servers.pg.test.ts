/** The same lives over two real PostgreSQL servers, and what only real ones suffer. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/server.ts';
import { commands } from './commands.ts';
import { figuresOf, judge } from './oracle.ts';
import { play, settle } from './play.ts';
import { type Servers, serverWorld, type ServerWorld } from './server-world.ts';
import type { Fault } from './world.ts';

const RUNS = Math.max(2, Math.round(Number(process.env['MODEL_RUNS'] ?? 25) * 0.12));
const SEED = process.env['MODEL_SEED'] === undefined ? {} : { seed: Number(process.env['MODEL_SEED']) };

let servers: Servers;
let count = 0;

beforeAll(async () => {
  const [hq, channel, coupling] = await Promise.all([startServer(), startServer(), startServer()]);
  servers = { hq, channel, coupling } as Record<keyof Servers, TestServer>;
});
afterAll(async () => {
  await Promise.all(Object.values(servers ?? {}).map((server: TestServer) => server[Symbol.asyncDispose]()));
});

const openWorld = (options: Partial<Parameters<typeof serverWorld>[0]> = {}): Promise<ServerWorld> => {
  count += 1;
  return serverWorld({ servers, name: `world_${count}`, ...options });
};

async function expectInStep(world: ServerWorld): Promise<void> {
  await settle(world);
  const { findings } = await judge(world.sql, await world.evidence(true));
  expect({ ...figuresOf(findings), findings }).toEqual({ lost: 0, doubled: 0, unlogged: 0, findings: [] });
}

async function customers(world: ServerWorld, number: number): Promise<void> {
  await world.stores.hq.sql`
    insert into customers (num, name, email) select 'C' || n, 'n-' || n, 'c' || n || '@x' from generate_series(1, ${number}) n`;
}

describe('two real servers', { timeout: 600_000 }, () => {
  it('keep every edit when two workers run and are killed, and servers, sessions and wires fail', async () => {
    const faults: Fault[] = ['storeDown', 'storeBack', 'sessionsCut', 'sessionsCut'];
    await fc.assert(
      fc.asyncProperty(commands({ switches: true, faults, max: 25 }), async (scenario) => {
        await using world = await openWorld({ workers: 2, spares: 1 });
        await play(world, scenario);
        await expectInStep(world);
      }),
      { numRuns: RUNS, endOnFailure: true, ...SEED },
    );
  });
});
