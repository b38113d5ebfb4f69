/** `npm run profile -- W2 [--records N] [--runs R] [--out FILE]`: a CPU profile of Couplet's part of a workload. */
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';
import { figures } from './measure.ts';
import { type CpuProfile, costsOf } from './profile-costs.ts';
import { processorTime, since } from './processor-time.ts';
import { openServer } from './server.ts';
import { COUNTING, countedCosts, startCounting } from './statement-costs.ts';
import { runWorkloads } from './workloads.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '1' },
    out: { type: 'string' },
    only: { type: 'string' },
    profile: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const workload = positionals[0] ?? 'W2';
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 200 });

await using server = await openServer(COUNTING);
/** A database that is there: the counting is of the whole server. */
const counted = values.only === 'reference' ? 'ref_sync' : 'couplet';
const counts = process.env['BENCH_DATABASE_URL'] === undefined;
await runWorkloads({
  server,
  records: Number(values.records),
  runs: Number(values.runs),
  wanted: new Set([workload === 'W3b' ? 'W3' : workload]),
  subjects: new Set([values.only === 'reference' ? 'reference' : 'couplet']),
  figures: figures((line) => console.log(line)),
  async watch(name, work) {
    if (name !== workload) return work();
    if (counts) await startCounting(server.url(counted));
    const before = await processorTime(server.pid);
    if (values.profile) await session.post('Profiler.start');
    const result = await work();
    const lines = [since(before, await processorTime(server.pid))];
    if (!values.profile) {
      console.log(lines[0]);
      return result;
    }
    const { profile } = await session.post('Profiler.stop');
    const file = values.out ?? `${workload}.cpuprofile`;
    await writeFile(file, JSON.stringify(profile));
    for (const line of [...costsOf(profile as CpuProfile), ...lines]) console.log(line);
    if (counts) for (const line of await countedCosts(server.url(counted))) console.log(line);
    console.log(`written to ${file}; Chrome's and VS Code's profilers open it`);
    return result;
  },
});
