/**
 * Kills Couplet at random points over real servers: at a named point of a run, or whenever it pleases the clock of this
 * process. After each world the oracle counts what was lost, done twice and not logged.
 */
import fc from 'fast-check';
import { drawFrom } from '../../src/stores/memory/database.ts';
import { type Command, commands, POINTS } from './commands.ts';
import { figuresOf, judge, type OracleFinding } from './oracle.ts';
import { play, settle } from './play.ts';
import { type Servers, serverWorld, type ServerWorld } from './server-world.ts';

export interface CrashFigures {
  /** Times that a process was ended with `kill -9` while it had a run in hand. */
  points: number;
  /** Of these, at a named point; the others came at any moment. */
  named: number;
  /** Runs that had ended before they were killed; not counted as points. */
  spared: number;
  /** Rows written by Couplet. */
  writes: number;
  pairs: number;
  lost: number;
  doubled: number;
  unlogged: number;
  findings: OracleFinding[];
}

export interface CrashOptions {
  readonly servers: Servers;
  readonly points: number;
  readonly seed: number;
  /** So many points before the oracle is asked and a new world begins. */
  readonly perWorld: number;
  readonly spares: number;
  readonly onWorld?: (figures: CrashFigures) => void;
}

const PEOPLE: ReadonlySet<Command['do']> = new Set([
  'insert',
  'insertBoth',
  'edit',
  'editBoth',
  'delete',
  'recreate',
  'changeKey',
  'resolve',
  'revert',
]);
/** Most runs over these few records last less. */
const LONGEST_MS = 250;

export async function killAtRandomPoints(options: CrashOptions): Promise<CrashFigures> {
  const figures: CrashFigures = {
    points: 0,
    named: 0,
    spared: 0,
    writes: 0,
    pairs: 0,
    lost: 0,
    doubled: 0,
    unlogged: 0,
    findings: [],
  };
  const draw = drawFrom(options.seed);
  for (let world = 1; figures.points < options.points; world += 1) {
    await using here = await serverWorld({
      servers: options.servers,
      name: `crash_${options.seed}_${world}`,
      spares: options.spares,
    });
    const goal = Math.min(options.points, figures.points + options.perWorld);
    await oneWorld(here, figures, goal, draw);
    options.onWorld?.(figures);
  }
  return figures;
}

async function oneWorld(world: ServerWorld, figures: CrashFigures, goal: number, draw: () => number): Promise<void> {
  const lives = commands({ switches: false, faults: [], max: 30 });
  while (figures.points < goal) {
    const [life] = fc.sample(lives, { numRuns: 1, seed: Math.floor(draw() * 2 ** 31) });
    await play(
      world,
      (life ?? []).filter((command) => PEOPLE.has(command.do)),
    );
    const named = draw() < 0.5;
    const point = POINTS[Math.floor(draw() * POINTS.length)];
    const pass = 1 + Math.floor(draw() * 3);
    const killAfterMs = Math.floor(draw() * LONGEST_MS);
    const scope = draw() < 0.1 ? 'full' : 'modified';
    const crash = named && point ? ({ scope, crash: { point, pass } } as const) : ({ scope, killAfterMs } as const);
    if ((await world.run(0, crash)) !== null) {
      figures.spared += 1;
      continue;
    }
    figures.points += 1;
    if (named) figures.named += 1;
  }
  await settle(world);
  const { findings, pairs, writes } = await judge(world.sql, await world.evidence(true));
  const counted = figuresOf(findings);
  figures.writes += writes;
  figures.pairs += Object.values(pairs).reduce((sum, count) => sum + count, 0);
  figures.lost += counted.lost;
  figures.doubled += counted.doubled;
  figures.unlogged += counted.unlogged;
  figures.findings.push(...findings);
}
