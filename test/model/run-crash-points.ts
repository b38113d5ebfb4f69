/** `npm run test:crash -- --points 1000 [--seed N]`: prints lost, doubled and unlogged writes; exit 1 if there are any. */
import { parseArgs } from 'node:util';
import { startServer } from '../support/server.ts';
import { killAtRandomPoints } from './crash-points.ts';

const { values } = parseArgs({ options: { points: { type: 'string' }, seed: { type: 'string' } } });
const points = Number(values.points ?? 1_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const [hq, channel, coupling] = await Promise.all([startServer(), startServer(), startServer()]);
console.log(`${points} random crash points over real servers, seed ${seed}`);
const began = Date.now();
const told = { findings: 0 };
try {
  const figures = await killAtRandomPoints({
    servers: { hq, channel, coupling },
    points,
    seed,
    perWorld: 40,
    spares: 2,
    onWorld: ({ points: done, named, writes, pairs, lost, doubled, unlogged, findings }) => {
      for (const finding of findings.slice(told.findings)) console.log(JSON.stringify(finding));
      told.findings = findings.length;
      console.log(
        `${Math.round((Date.now() - began) / 1_000)} s: killed ${done} times (${named} at a named point), ${pairs} pairs, ${writes} writes: ${lost} lost, ${doubled} doubled, ${unlogged} unlogged`,
      );
    },
  });
  process.exitCode = figures.findings.length > 0 ? 1 : 0;
} finally {
  await Promise.all([hq, channel, coupling].map((server) => server[Symbol.asyncDispose]()));
}
