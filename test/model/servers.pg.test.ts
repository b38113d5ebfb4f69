/** The same lives over two real PostgreSQL servers, and what only real ones suffer. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CouplingDatabaseUnreachable } from '../../src/errors/coupling-database-faults.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { commands } from './commands.ts';
import { killAtRandomPoints } from './crash-points.ts';
import { figuresOf, judge } from './oracle.ts';
import { play, settle } from './play.ts';
import { smallDisk } from './small-disk.ts';
import { type Servers, serverWorld, type ServerWorld } from './server-world.ts';
import type { Fault } from './world.ts';

const RUNS = Math.max(2, Math.round(Number(process.env['MODEL_RUNS'] ?? 15) * 0.12));
const SEED = process.env['MODEL_SEED'] === undefined ? {} : { seed: Number(process.env['MODEL_SEED']) };

let servers: Servers;
let count = 0;

beforeAll(async () => {
  const [hq, channel, coupling] = await Promise.all([startServer(), startServer(), startServer()]);
  servers = { hq, channel, coupling };
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

async function insertCustomers(world: ServerWorld, from: number, to: number): Promise<void> {
  await world.stores.hq.sql`
    insert into customers (num, name, email)
    select 'C' || n, 'name ' || n, 'c' || n || '@x' from generate_series(${from}::int, ${to}::int) n`;
}

const shoppers = async (world: ServerWorld): Promise<number> => {
  const [row] = await world.stores.channel.sql<{ count: number }[]>`select count(*)::int from shoppers`;
  return row?.count ?? 0;
};

describe('two real servers', { timeout: 600_000 }, () => {
  it('keep every edit when two workers run and are killed, and servers and sessions fail', async () => {
    const faults: Fault[] = ['storeDown', 'storeBack', 'sessionsCut', 'sessionsCut'];
    await fc.assert(
      fc.asyncProperty(
        commands({ switches: true, faults, upheavals: ['emptied', 'renamed'], max: 25 }),
        async (scenario) => {
          await using world = await openWorld({ workers: 2, spares: 1 });
          await play(world, scenario);
          await expectInStep(world);
        },
      ),
      { numRuns: RUNS, endOnFailure: true, ...SEED },
    );
  });

  it('lose nothing, double nothing and log everything when Couplet is killed at random points', async () => {
    const { findings, points } = await killAtRandomPoints({ servers, points: 8, seed: 7, perWorld: 8, spares: 1 });
    expect({ points, findings }).toEqual({ points: 8, findings: [] });
  });
});

describe('a worker', () => {
  it('that has installed nothing itself takes in every change of every table, from its first look on', async () => {
    await using world = await openWorld();
    await insertCustomers(world, 1, 3);
    await settle(world);
    // Another process, which has never seen these stores, and finds changes to take in.
    await world.replace(0);
    await world.stores.hq.sql`insert into groups (code, title) values ('G1', 'Retail')`;
    await world.stores.hq.sql`update customers set name = 'renamed', group_code = 'G1'`;
    await world.run(0, { scope: 'modified' });
    expect(
      await world.stores.channel.sql`select distinct full_name, segment_id is null as lacks from shoppers`,
    ).toEqual([{ full_name: 'renamed', lacks: false }]);
    await expectInStep(world);
  });
});

describe('a store', () => {
  it('whose server is killed in the middle of a run, and comes back, has everything once', async () => {
    await using world = await openWorld();
    await insertCustomers(world, 1, 1_500);
    const run = world.run(0, { scope: 'modified' });
    await until(() => shoppers(world), { everyMs: 1, timeoutMs: 60_000 });
    await servers.channel.kill();
    await run;
    await servers.channel.start();
    await expectInStep(world);
    expect(await shoppers(world)).toBe(1_500);
  });

  it('that commits asynchronously and is killed loses nothing that Couplet has carried on: it waits until it is durable', async () => {
    await using world = await openWorld();
    const app = world.stores.hq.sql;
    await insertCustomers(world, 1, 3);
    await settle(world);
    // From here on a commit of the app lies in memory until somebody else has the log written.
    const name = new URL(servers.hq.url(`world_${count}`)).pathname.slice(1);
    await app.unsafe(`alter database "${name}" set synchronous_commit = off`);
    await app`alter system set wal_writer_delay = '10s'`;
    await app`select pg_reload_conf()`;
    await app.begin(async (sql) => {
      await sql`set local synchronous_commit = off`;
      await sql`insert into customers (num, name, email)
        select 'C' || n, 'name ' || n, 'c' || n || '@x' from generate_series(4, 60) n`;
    });
    await world.run(0, { scope: 'modified' });
    expect(await shoppers(world)).toBe(60);
    await servers.hq.kill();
    await servers.hq.start();
    await until(() => app`alter system reset wal_writer_delay`);
    const [kept] = await app<{ count: number }[]>`select count(*)::int from customers`;
    expect(kept?.count).toBe(60);
    await world.run(0, { scope: 'modified' });
    expect((await world.database.laneStates()).filter(({ stopped }) => stopped !== null)).toEqual([]);
    await expectInStep(world);
  });

  it('whose wire is cut in the middle of a run fails the run in bounded time and has everything when it is mended', async () => {
    await using world = await openWorld();
    await insertCustomers(world, 1, 1_500);
    const run = world.run(0, { scope: 'modified' });
    await until(() => shoppers(world), { everyMs: 1, timeoutMs: 60_000 });
    world.wires.channel.cut();
    await insertCustomers(world, 1_501, 1_600);
    // Nothing answers and nothing is refused: only patience that ends tells it from a slow store.
    const severed = sleep(1_000).then(() => world.wires.channel.sever());
    // Both: a run that was over before the wire was cut must not have it severed in the next one.
    await Promise.all([run, severed]);
    await expectInStep(world);
    expect(await shoppers(world)).toBe(1_600);
  });

  it('whose sessions an administrator ends again and again gets everything once all the same', async () => {
    await using world = await openWorld();
    await insertCustomers(world, 1, 1_500);
    const run = { over: false };
    // What became of it may not have been recorded, when the last session to do so is ended as well.
    const ended = world
      .run(0, { scope: 'modified' })
      .catch((fault: unknown) => {
        if (!(fault instanceof CouplingDatabaseUnreachable)) throw fault;
      })
      .finally(() => {
        run.over = true;
      });
    for (let time = 0; time < 5 && !run.over; time += 1) {
      const before = await shoppers(world);
      await world.fault('channel', 'sessionsCut');
      await until(async () => run.over || (await shoppers(world)) > before, { timeoutMs: 30_000 });
    }
    await ended;
    await expectInStep(world);
    expect(await shoppers(world)).toBe(1_500);
  });

  it('whose disk is full refuses whole batches, tells it as busy, and has everything once there is room', async (test) => {
    await using disk = await smallDisk(servers.channel, 'on_small_disk');
    await test.annotate(disk.how);
    await using world = await openWorld({
      name: 'on_small_disk',
      place: (side, tables) => (side === 'channel' ? disk.place(tables) : tables),
    });
    await disk.fill(world.stores.channel.sql);
    await insertCustomers(world, 1, 1_500);
    const reports = await world.run(0, { scope: 'modified' });
    expect(reports?.find(({ lane }) => lane.mapping === 'customers')).toMatchObject({
      status: 'failed',
      code: 'store-busy',
    });
    expect(await world.sql`select code from couplet.sync_error`).toEqual([]);
    await disk.free(world.stores.channel.sql);
    await expectInStep(world);
    expect(await shoppers(world)).toBe(1_500);
  });
});
