/**
 * `npm run test:soak -- --minutes N [--seed N]`: two workers run as the product does while people edit both apps and
 * answer errors, policies change, workers are killed, sessions, wires and servers fail. Prints what grows; at the end
 * the oracle is asked. Exit 1 when it finds anything.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { SIDES } from '../../src/domain/record.ts';
import { CouplingDatabaseUnreachable } from '../../src/errors/coupling-database-faults.ts';
import { drawFrom } from '../../src/stores/memory/database.ts';
import { type Command, commands } from '../model/commands.ts';
import { figuresOf, judge } from '../model/oracle.ts';
import { play, settle } from '../model/play.ts';
import { type ServerWorld, serverWorld } from '../model/server-world.ts';
import type { Policies } from '../model/world.ts';
import { startServer } from '../support/server.ts';
import { countPairs, measure, printMeasures } from './measure-world.ts';
import { traceRecord } from './trace-record.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 60);
const seed = Number(values.seed ?? Date.now() % 1_000_000);

const PEOPLE: ReadonlySet<Command['do']> = new Set([
  'insert',
  'insertBoth',
  'edit',
  'editBoth',
  'delete',
  'recreate',
  'changeKey',
  'block',
  'hold',
  'release',
  'resolve',
  'uncouple',
  'couple',
  'revert',
]);
const GROWING: ReadonlySet<Command['do']> = new Set(['insert', 'insertBoth']);
const SHRINKING: ReadonlySet<Command['do']> = new Set(['delete', 'uncouple']);
/** From here on only as many come as go; below the fewest none goes, or an hour would end over empty tables. */
const MOST_PAIRS = 400;
const FEWEST_PAIRS = 150;
const NONE: ReadonlySet<Command['do']> = new Set();
const FAULT_EVERY_MS = 15_000;
const MEASURE_EVERY_MS = 15_000;
const LONGEST_LIFE_MS = 120_000;

interface Soak {
  readonly world: ServerWorld;
  readonly draw: () => number;
  readonly until: number;
  readonly counts: { commands: number; unanswered: number; kills: number; faults: number; policies: number };
}

const pick = <T>(draw: () => number, items: readonly T[]): T => items[Math.floor(draw() * items.length)] as T;

/** A change of policies opens the people's desk anew, whatever they were doing. */
function unlessClosed(fault: unknown): false {
  for (let cause = fault; cause instanceof Error; cause = cause.cause)
    if (cause instanceof CouplingDatabaseUnreachable) return false;
  throw fault;
}

async function live({ world, draw, until, counts }: Soak): Promise<void> {
  const lives = commands({ switches: true, faults: [], max: 30 });
  while (Date.now() < until) {
    const pairs = await countPairs(world.sql).catch(() => MOST_PAIRS);
    const unwanted = pairs >= MOST_PAIRS ? GROWING : pairs < FEWEST_PAIRS ? SHRINKING : NONE;
    const [life] = fc.sample(lives, { numRuns: 1, seed: Math.floor(draw() * 2 ** 31) });
    const scenario = (life ?? []).filter((command) => PEOPLE.has(command.do) && !unwanted.has(command.do));
    // An answer may never come to the people's own driver when its connection ends under it: they go on without it.
    const played = play(world, scenario).then(() => true, unlessClosed);
    const waited = sleep(LONGEST_LIFE_MS, false, { ref: false });
    if (await Promise.race([played, waited])) counts.commands += scenario.length;
    else counts.unanswered += 1;
    await sleep(50);
  }
}

async function suffer(soak: Soak): Promise<void> {
  const { world, draw, until, counts } = soak;
  const put = async (worker: number): Promise<void> => (await world.replace(worker)).work();
  const faults: readonly (() => Promise<void>)[] = [
    ...[0, 1].map((worker) => async () => {
      counts.kills += 1;
      await put(worker);
    }),
    () => world.fault(pick(draw, SIDES), 'sessionsCut'),
    async () => {
      const side = pick(draw, SIDES);
      await world.fault(side, 'storeDown');
      await sleep(1_000 + draw() * 3_000);
      await world.fault(side, 'storeBack');
    },
    async () => {
      const wire = world.wires[pick(draw, SIDES)];
      wire.cut();
      await sleep(draw() * 4_000);
      if (draw() < 0.5) wire.sever();
      wire.mend();
    },
    async () => {
      counts.policies += 1;
      const policies: Policies = {
        resolve: pick(draw, ['manual', 'hqWins', 'channelWins'] as const),
        detect: pick(draw, ['field', 'record'] as const),
        deletions: pick(draw, ['manual', 'restore', 'removeCoupling', 'propagate'] as const),
        filtered: draw() < 0.5,
      };
      await world.configure(policies);
      for (const worker of world.workers) await worker.work();
    },
  ];
  while (Date.now() < until) {
    await sleep(Math.min(FAULT_EVERY_MS, Math.max(0, until - Date.now())));
    if (Date.now() >= until) return;
    await pick(draw, faults)();
    counts.faults += 1;
  }
}

async function watch({ world, until, counts }: Soak, began: number): Promise<void> {
  while (Date.now() < until) {
    await sleep(Math.min(MEASURE_EVERY_MS, Math.max(0, until - Date.now())));
    // A store may be away just now, or a worker just born.
    const measures = await measure(world).catch(() => null);
    if (measures) printMeasures(Math.round((Date.now() - began) / 1_000), { ...counts, ...measures });
  }
}

// The driver of the people here (not that of Couplet) may write to a connection that has just been ended.
process.on('uncaughtException', (fault) => {
  if (!(fault instanceof TypeError && fault.stack?.includes('postgres/src/connection.js'))) throw fault;
});

const [hq, channel, coupling] = await Promise.all([startServer(), startServer(), startServer()]);
console.log(`a soak of ${minutes} minutes, seed ${seed}`);
try {
  await using world = await serverWorld({ servers: { hq, channel, coupling }, name: 'soak', workers: 2 });
  const began = Date.now();
  const soak: Soak = {
    world,
    draw: drawFrom(seed),
    until: began + minutes * 60_000,
    counts: { commands: 0, unanswered: 0, kills: 0, faults: 0, policies: 0 },
  };
  for (const worker of world.workers) await worker.work();
  await Promise.all([live(soak), suffer(soak), watch(soak, began)]);
  await world.calm();
  for (let worker = 0; worker < world.workers.length; worker += 1) await world.replace(worker);
  await settle(world);
  printMeasures(Math.round((Date.now() - began) / 1_000), { ...soak.counts, ...(await measure(world)) });
  const { findings, pairs, writes } = await judge(world.sql, await world.evidence(true));
  console.log(JSON.stringify({ pairs, writes, ...figuresOf(findings) }));
  for (const finding of findings) {
    console.log(JSON.stringify(finding));
    for (const line of await traceRecord(world.sql, finding)) console.log(line);
  }
  process.exitCode = findings.length > 0 ? 1 : 0;
} finally {
  await Promise.all([hq, channel, coupling].map((server) => server[Symbol.asyncDispose]()));
}
