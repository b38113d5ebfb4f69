/** `npm run bench:rest -- [--mappings N] [--channels N] [--seconds N]`: what Couplet and PostgreSQL cost while nothing happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openConfigured } from './couplet-under-test.ts';
import { processorTime } from './processor-time.ts';
import { openServer, openSession, type BenchServer } from './server.ts';

const { values } = parseArgs({
  options: {
    mappings: { type: 'string', default: '200' },
    channels: { type: 'string', default: '10' },
    records: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
  },
});
const [mappings, channels, records, seconds] = [
  Number(values.mappings),
  Number(values.channels),
  Number(values.records),
  Number(values.seconds),
];
/** Statements are prepared, first runs are over, and what follows a change has died down. */
const SETTLING_MS = 15_000;

const channelOf = (mapping: number): number => mapping % channels;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

await using server = await openServer();
await server.recreate(['hq', 'couplet', ...numbers(channels).map((at) => `channel_${at}`)]);
await makeTables(server, 'hq', numbers(mappings), records);
for (const at of numbers(channels))
  await makeTables(
    server,
    `channel_${at}`,
    numbers(mappings).filter((mapping) => channelOf(mapping) === at),
    0,
  );

await using couplet = await openConfigured(server, configuration(server));
const queue = await couplet.startQueue();
const worker = await couplet.startWorker(queue, () => {});
const openLanes = async (): Promise<number> =>
  (await couplet.database.laneStates()).filter((state) => !state.firstRunDone).length;
while ((await openLanes()) > 0) await sleep(500);
await sleep(SETTLING_MS);

const before = await processorTime(server.pid);
const start = performance.now();
await sleep(seconds * 1_000);
const after = await processorTime(server.pid);
const elapsedMs = performance.now() - start;
await worker.stop();
await queue.stop();

const share = (from: number, to: number): number => ((to - from) / elapsedMs) * 100;
const own = share(before.coupletMs, after.coupletMs);
const postgres = share(before.serverMs, after.serverMs);
console.log(`${mappings} mappings over ${channels} channels at rest for ${seconds} s`);
console.log(
  `Couplet ${own.toFixed(2)} % of one core, PostgreSQL ${postgres.toFixed(2)} %, together ${(own + postgres).toFixed(2)} %`,
);

async function makeTables(on: BenchServer, name: string, tables: readonly number[], rows: number): Promise<void> {
  const sql = openSession(on.url(name));
  for (const at of tables) {
    await sql.unsafe(`create table item_${at} (id bigint primary key, name text not null, price numeric)`);
    await sql.unsafe(`insert into item_${at} select i, 'Item ' || i, i from generate_series(1, ${rows}) i`);
  }
  await sql.unsafe('vacuum analyze');
  await sql.end();
}

function configuration(on: BenchServer): string {
  const lines = [
    'version: 1',
    `hq: { name: HQ, kind: postgres, url: "${on.url('hq')}" }`,
    'channels:',
    ...numbers(channels).map(
      (at) => `  c${at}: { name: Channel ${at}, kind: postgres, url: "${on.url(`channel_${at}`)}" }`,
    ),
    'mappings:',
    ...numbers(mappings).flatMap((at) => [
      `  items${at}:`,
      `    channels: [c${channelOf(at)}]`,
      '    match: [[id]]',
      `    hq: { table: item_${at}, key: [id], describe: [name] }`,
      `    channel: { table: item_${at}, key: [id], describe: [name] }`,
      '    fields: { id: { hq: id, channel: id }, name: { hq: name, channel: name }, price: { hq: price, channel: price } }',
    ]),
  ];
  return lines.join('\n');
}
