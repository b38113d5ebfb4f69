/** `npm run profile -- W2 [--records N] [--out FILE]`: a CPU profile of Couplet's part of a workload. */
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';
import { figures } from './measure.ts';
import { type CpuProfile, costsOf } from './profile-costs.ts';
import { openServer } from './server.ts';
import { COUNTING, countedCosts, startCounting } from './statement-costs.ts';
import { runWorkloads } from './workloads.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { records: { type: 'string', default: '100000' }, out: { type: 'string' } },
});
const workload = positionals[0] ?? 'W2';
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 200 });

await using server = await openServer(COUNTING);
const counts = process.env['BENCH_DATABASE_URL'] === undefined;
await runWorkloads({
  server,
  records: Number(values.records),
  runs: 1,
  wanted: new Set([workload === 'W3b' ? 'W3' : workload]),
  subjects: new Set(['couplet']),
  figures: figures((line) => console.log(line)),
  async watch(name, work) {
    if (name !== workload) return work();
    if (counts) await startCounting(server.url('couplet'));
    await session.post('Profiler.start');
    const result = await work();
    const { profile } = await session.post('Profiler.stop');
    const file = values.out ?? `${workload}.cpuprofile`;
    await writeFile(file, JSON.stringify(profile));
    for (const line of costsOf(profile as CpuProfile)) console.log(line);
    if (counts) for (const line of await countedCosts(server.url('couplet'))) console.log(line);
    console.log(`written to ${file}; Chrome's and VS Code's profilers open it`);
    return result;
  },
});
