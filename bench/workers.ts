/**
 * `npm run bench:workers -- [--records N] [--rounds N] [--mappings 1]`: one worker process against two, changes on both
 * sides of two mappings, or of one, whose backlog they share.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median } from './measure.ts';
import { openServer, openSession, single } from './server.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    mappings: { type: 'string', default: '2' },
  },
});
const records = Number(values.records);
const CLI = resolve(import.meta.dirname, '../src/cli.ts');
const TABLES = ['customer', 'item'].slice(0, Number(values.mappings));
const LOOK_MS = 20;
const LONGEST_MS = 600_000;

await using server = await openServer();
await server.recreate(['hq', 'channel', 'couplet']);
const hq = openSession(server.url('hq'));
const channel = openSession(server.url('channel'));
const couplet = openSession(server.url('couplet'));
for (const table of TABLES) {
  const columns = 'id bigint primary key, name text not null, phone text, city text';
  await hq.unsafe(`create table ${table} (${columns})`);
  await channel.unsafe(`create table ${table} (${columns})`);
  await hq.unsafe(`insert into ${table} select i, 'Name ' || i, 'p', 'c' from generate_series(1, ${records}) i`);
  await hq.unsafe(`vacuum analyze ${table}`);
}
const folder = await mkdtemp(join(tmpdir(), 'couplet-workers-'));
const file = join(folder, 'couplet.yaml');
const fields =
  '{ id: { hq: id, channel: id }, name: { hq: name, channel: name }, phone: { hq: phone, channel: phone }, city: { hq: city, channel: city } }';
await writeFile(
  file,
  `version: 1
hq: { name: HQ, kind: postgres, url: "${server.url('hq')}" }
channels: { shop: { name: Shop, kind: postgres, url: "${server.url('channel')}" } }
mappings:
${TABLES.map((table) => `  ${table}s: { match: [[id]], hq: { table: ${table}, key: [id] }, channel: { table: ${table}, key: [id] }, fields: ${fields} }`).join('\n')}
`,
);

const startWorker = (): ChildProcess =>
  spawn(process.execPath, [CLI, 'start', '--role', 'worker', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, COUPLET_DATABASE_URL: server.url('couplet'), COUPLET_DATA_DIR: folder },
  });

async function stop(worker: ChildProcess): Promise<void> {
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  await ended;
}

async function until(count: () => Promise<number>): Promise<void> {
  const deadline = performance.now() + LONGEST_MS;
  while ((await count().catch(() => 1)) > 0) {
    if (performance.now() > deadline) throw new Error('the workers did not get to an end');
    await sleep(LOOK_MS);
  }
}

const open = (): Promise<number> =>
  single(
    couplet,
    `select (select count(*) from couplet.pending) + ${TABLES.length} - count(*) from couplet.lane where first_run_done`,
  );
/** Rows that have not got this round's value on the other side yet. */
const missing = async (mark: string): Promise<number> => {
  let found = 0;
  for (const table of TABLES) {
    found += await single(channel, `select count(*) from ${table} where id % 2 = 0 and phone <> '${mark}'`);
    found += await single(hq, `select count(*) from ${table} where id % 2 = 1 and city <> '${mark}'`);
  }
  return found;
};

/** Changes of all records, half of them on each side, until the last of them is on the other. */
async function measure(workers: number, mark: string): Promise<number> {
  const running = Array.from({ length: workers }, startWorker);
  await sleep(3_000);
  await until(open);
  for (const table of TABLES) {
    await hq.unsafe(`update ${table} set phone = '${mark}' where id % 2 = 0`);
    await channel.unsafe(`update ${table} set city = '${mark}' where id % 2 = 1`);
  }
  const start = performance.now();
  await until(() => missing(mark));
  const perSecond = (records * TABLES.length * 1_000) / (performance.now() - start);
  await until(open);
  await Promise.all(running.map(stop));
  for (const table of TABLES) {
    const text = `select md5(string_agg(t::text, ',' order by id)) from ${table} t`;
    const [[there], [here]] = [await hq.unsafe(text).values(), await channel.unsafe(text).values()];
    if (String(there) !== String(here)) throw new Error(`${table}: the two sides differ`);
  }
  return perSecond;
}

await measure(1, 'first');
const found: Record<1 | 2, number[]> = { 1: [], 2: [] };
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const workers of [1, 2] as const) {
    found[workers].push(await measure(workers, `r${round}w${workers}`));
    console.error(`${workers} worker(s): ${Math.round(found[workers].at(-1) as number)} records/s`);
  }
}
const [one, two] = [median(found[1]), median(found[2])];
console.log(
  `one worker ${Math.round(one)} records/s, two workers ${Math.round(two)}, ${(two / one).toFixed(2)} of one; every pair was right after each round`,
);
await Promise.all([hq.end(), channel.end(), couplet.end()]);
await rm(folder, { recursive: true, force: true });
