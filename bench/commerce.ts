/**
 * `npm run bench:commerce -- [--operations N] [--json] [--profile]`: customer operations of two channels, pulled and
 * applied, beside plain runs that bring as many changes of the same customers to HQ; and how quickly the list finds one by
 * a field. Half of the operations create a customer, the other half edit it. The goal: no less than half the engine's
 * speed. `--profile` prints the costliest functions and statements of each part.
 */
import { Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { queueHere } from '../src/commands/queue-here.ts';
import type { Couplet } from '../src/compose.ts';
import { runChannel } from '../src/engine/run/run-channel.ts';
import { lanesOf } from '../src/engine/lane/site.ts';
import { openConfigured } from './couplet-under-test.ts';
import { elapsedMs, percentile, shown } from './measure.ts';
import { type CpuProfile, costsOf } from './profile-costs.ts';
import { type ProcessorTime, processorTime } from './processor-time.ts';
import { type BenchServer, openServer, openSession, type Sql, single } from './server.ts';
import { COUNTING, countedCosts, startCounting } from './statement-costs.ts';

const CHANNELS = ['houston', 'online'] as const;
const ASKED_TIMES = 40;

const HQ = `create table customer (account_num text primary key, name text not null, email text, phone text, cust_account_async text);
  create index on customer (lower(email)); create index on customer (email)`;
const CHANNEL = `create table customer (id bigint generated always as identity primary key, account text, full_name text not null,
  mail text, tel text, cust_account_async uuid)`;

const configuration = (server: BenchServer): string => `
version: 1
hq: { name: HQ, kind: postgres, url: "${server.url('hq')}" }
channels:
${CHANNELS.map((channel) => `  ${channel}: { kind: postgres, url: "${server.url(channel)}" }`).join('\n')}
mappings:
  customers:
    hq: { table: customer, key: [account_num], describe: [name], onCreate: {} }
    channel: { table: customer, key: [id], describe: [full_name] }
    firstRun: automatic
    initialWinner: hq
    match: [[email]]
    fields:
      number: { hq: account_num, channel: account }
      name: { hq: name, channel: full_name }
      email: { hq: email, channel: mail }
      phone: { hq: phone, channel: tel }
commerce:
  customers: customers
  account: { column: account_num, format: "C{0000000}" }
  asyncAccount: { hq: cust_account_async, channel: cust_account_async }
  channels: { ${CHANNELS.map((channel) => `${channel}: { createAsynchronously: true }`).join(', ')} }
  schedules: { p-job: manual, synchronize-customers: manual, "1010": manual }
`;

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '100000' },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const operations = Number(values.operations);
await using server = await openServer(values.profile ? COUNTING : {});
const result = { operations, ...(await measurePlain(server)), ...(await measureOperations(server)) };
if (values.json) console.log(JSON.stringify({ machine: await server.describe(), ...result }, null, 1));
else {
  const line = (name: string, value: number, unit: string) =>
    console.log(`${name.padEnd(44)} ${shown(value).padStart(10)} ${unit}`);
  console.log(`${operations} operations over ${CHANNELS.length} channels`);
  line('plain changes to HQ', result.plain, 'changes/s');
  line('p-job', result.pulled, 'operations/s');
  line('synchronize-customers', result.applied, 'operations/s');
  line('list by a field of the customer, median', result.listMedianMs, 'ms');
  line('list by a field of the customer, p95', result.listP95Ms, 'ms');
  // What a busy machine cannot distort.
  line('processor time of plain changes', result.plainProcessorMs / operations, 'ms each');
  line('processor time of p-job', result.pulledProcessorMs / operations, 'ms each');
  line('processor time of synchronize-customers', result.appliedProcessorMs / operations, 'ms each');
  line('pull against plain', result.pulled / result.plain, 'goal 0.5');
  line('apply against plain', result.applied / result.plain, 'goal 0.5');
}

interface Opened {
  readonly couplet: Couplet;
  readonly hq: Sql;
  readonly channels: readonly Sql[];
}

interface Watched {
  readonly tookMs: number;
  readonly processorMs: number;
}

async function watched(bench: BenchServer, name: string, work: () => Promise<unknown>): Promise<Watched> {
  const counts = values.profile && process.env['BENCH_DATABASE_URL'] === undefined;
  const session = new Session();
  if (values.profile) {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
  }
  if (counts) await startCounting(bench.url('couplet'));
  const all = ({ coupletMs, serverMs }: ProcessorTime): number => coupletMs + serverMs;
  const before = await processorTime(bench.pid);
  const tookMs = await elapsedMs(work);
  const after = await processorTime(bench.pid);
  if (values.profile) {
    const { profile } = await session.post('Profiler.stop');
    const ours = after.coupletMs - before.coupletMs;
    console.error(
      `${name}: ${tookMs.toFixed(0)} ms, of the processor ${ours.toFixed(0)} ms here, ${after.serverMs - before.serverMs} ms in PostgreSQL`,
    );
    for (const text of costsOf(profile as CpuProfile)) console.error(text);
    session.disconnect();
  }
  if (counts) for (const text of await countedCosts(bench.url('couplet'))) console.error(text);
  return { tookMs, processorMs: all(after) - all(before) };
}

async function inFreshStores<T>(bench: BenchServer, work: (opened: Opened) => Promise<T>): Promise<T> {
  await bench.recreate(['hq', ...CHANNELS, 'couplet']);
  const hq = openSession(bench.url('hq'));
  const channels = CHANNELS.map((channel) => openSession(bench.url(channel)));
  await hq.unsafe(HQ);
  // HQ knows customers already, and its server their number: what it has never counted it would search from end to end.
  await hq.unsafe(`insert into customer (account_num, name, email)
    select 'H' || n, 'Known ' || n, 'known-' || n || '@example.com' from generate_series(1, ${operations}) n`);
  await hq.unsafe('analyze customer');
  for (const sql of channels) await sql.unsafe(CHANNEL);
  const couplet = await openConfigured(bench, configuration(bench));
  try {
    return await work({ couplet, hq, channels });
  } finally {
    await couplet.close();
    await Promise.all([hq, ...channels].map((sql) => sql.end({ timeout: 2 })));
  }
}

/** The same customers entered in the channels' own tables, then edited there, brought to HQ by ordinary runs. */
function measurePlain(bench: BenchServer) {
  return inFreshStores(bench, async ({ couplet, hq, channels }) => {
    const perChannel = Math.floor(operations / 2 / CHANNELS.length);
    const toHq = async (): Promise<void> => {
      await Promise.all(
        CHANNELS.map((channel) =>
          runChannel(couplet.site, couplet.memory, channel, lanesOf(couplet.site, channel), {
            scope: 'modified',
            direction: 'toHq',
            fields: null,
            dryRun: false,
            trigger: 'change',
            actor: null,
            requestId: null,
            reason: null,
            jobId: null,
            children: false,
            waitForLaneMs: 5_000,
            stop: () => Promise.resolve(false),
          }),
        ),
      );
    };
    await toHq();
    for (const [at, sql] of channels.entries())
      await sql.unsafe(`insert into customer (account, full_name, mail, tel)
        select 'P${at}' || n, 'Customer ${at} ' || n, 'c${at}-' || n || '@example.com', '1' from generate_series(1, ${perChannel}) n`);
    const created = await watched(bench, 'plain creates', toHq);
    for (const sql of channels) await sql.unsafe(`update customer set tel = '2'`);
    const edited = await watched(bench, 'plain edits', toHq);
    const arrived = await single(hq, `select count(*) from customer where phone = '2'`);
    if (arrived !== perChannel * CHANNELS.length) throw new Error(`${arrived} customers came to HQ`);
    return {
      plain: ((perChannel * CHANNELS.length * 2) / (created.tookMs + edited.tookMs)) * 1000,
      plainProcessorMs: created.processorMs + edited.processorMs,
    };
  });
}

function measureOperations(bench: BenchServer) {
  return inFreshStores(bench, async ({ couplet, hq, channels }) => {
    const perChannel = Math.floor(operations / 2 / CHANNELS.length);
    for (const [at, sql] of channels.entries()) {
      await sql.unsafe(
        `create table recorded as select n, gen_random_uuid() as guid from generate_series(1, ${perChannel}) n`,
      );
      await sql.unsafe(`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail, tel)
        select guid, 1, 'Customer ${at} ' || n, 'c${at}-' || n || '@example.com', '1' from recorded order by n`);
      await sql.unsafe(`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, tel, changedcolumns)
        select guid, 2, '2', '{tel}' from recorded order by n`);
    }
    const queue = queueHere(couplet);
    const api = await couplet.buildServer({ jobs: queue, auth: { kind: 'local' }, log: pino({ level: 'silent' }) });
    try {
      const job = async (name: string): Promise<void> => {
        const url = `/api/v1/commerce/jobs/${name}/run`;
        const asked = await api.inject({ method: 'POST', url, headers: { prefer: 'wait=300' }, payload: {} });
        for (let { id, status } = asked.json<{ id: string; status: string }>(); status !== 'succeeded'; ) {
          if (status === 'failed') throw new Error(asked.body);
          await new Promise((resolve) => setTimeout(resolve, 200));
          ({ id, status } = (await api.inject(`/api/v1/jobs/${id}`)).json());
        }
      };
      const total = perChannel * CHANNELS.length * 2;
      const pulled = await watched(bench, 'p-job', () => job('p-job'));
      const applied = await watched(bench, 'synchronize-customers', () => job('synchronize-customers'));
      const arrived = await single(hq, `select count(*) from customer where phone = '2'`);
      if (arrived !== total / 2) throw new Error(`${arrived} customers came to HQ`);
      const times: number[] = [];
      for (let n = 1; n <= ASKED_TIMES; n += 1) {
        const mail = `c${n % 2}-${Math.ceil((n / ASKED_TIMES) * perChannel)}@example.com`;
        times.push(
          await elapsedMs(async () => {
            const { items } = (await api.inject(`/api/v1/customer-operations?field.email=${mail}`)).json<{
              items: unknown[];
            }>();
            if (items.length !== 2) throw new Error(`${items.length} operations have ${mail}`);
          }),
        );
      }
      return {
        pulled: (total / pulled.tookMs) * 1000,
        applied: (total / applied.tookMs) * 1000,
        pulledProcessorMs: pulled.processorMs,
        appliedProcessorMs: applied.processorMs,
        listMedianMs: percentile(times, 0.5),
        listP95Ms: percentile(times, 0.95),
      };
    } finally {
      await queue.stop();
      await api.close();
    }
  });
}
