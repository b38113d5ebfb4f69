/** `npm run bench -- [W1 W2 …] [--records N] [--runs R] [--only couplet|reference] [--json]` */
import { parseArgs } from 'node:util';
import { figures, shown } from './measure.ts';
import { ratiosOf } from './ratios.ts';
import { openServer } from './server.ts';
import { runWorkloads } from './workloads.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const wanted = new Set(positionals.length > 0 ? positionals : ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7', 'W8']);
const records = Number(values.records);
const found = figures((line) => process.stderr.write(`${line}\n`));

await using server = await openServer();
const machine = await server.describe();
process.stderr.write(`${JSON.stringify(machine)}\n`);
await runWorkloads({
  server,
  records,
  runs: Number(values.runs),
  wanted,
  subjects: new Set(
    values.only === 'couplet' || values.only === 'reference' ? [values.only] : ['couplet', 'reference'],
  ),
  figures: found,
  watch: (_, work) => work(),
});
const ratios = ratiosOf(found);
if (values.json)
  console.log(JSON.stringify({ machine, records, runs: Number(values.runs), figures: found.all(), ratios }, null, 1));
else {
  console.log(`\n${records} records, medians of ${values.runs}`);
  for (const [name, { median, all, unit }] of Object.entries(found.all())) {
    console.log(`${name.padEnd(44)} ${shown(median).padStart(10)} ${unit.padEnd(12)} (${all.map(shown).join(' ')})`);
  }
  console.log('');
  for (const { name, ratio, goal } of ratios)
    console.log(`${name.padEnd(44)} ${ratio.toFixed(2).padStart(10)} goal ${goal}`);
}
