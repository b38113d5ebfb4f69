/**
 * `npm run bench:api [-- --log 1000000 --errors 100000 --operations 100000 --requests 400 --retried 10000 --only NAME]`: pages of long lists beside a
 * bare fastify route that does the same SELECT by index (the goal: a 99th percentile within three times that of the bare
 * one), and a bulk retry beside a run (the goal: half its speed).
 */
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import postgres from 'postgres';
import { openCouplingDatabase } from '../src/database/open-coupling-database.ts';
import { gramsOf } from '../src/domain/text-grams.ts';
import { buildServer } from '../src/http/build-server.ts';
import { fillLists, LISTED_MAPPING } from './fill-lists.ts';
import { fillOperations, mailOf } from './fill-operations.ts';
import { measureBulkRetry } from './bulk-retry.ts';
import { percentile, shown } from './measure.ts';
import { openServer } from './server.ts';
import { listServerDeps } from './list-server.ts';

const { values } = parseArgs({
  options: {
    log: { type: 'string', default: '1000000' },
    errors: { type: 'string', default: '100000' },
    operations: { type: 'string', default: '100000' },
    requests: { type: 'string', default: '400' },
    retried: { type: 'string', default: '10000' },
    only: { type: 'string', default: '' },
  },
});
const REQUESTS = Number(values.requests);
const WARM_UP = 100;

interface Page {
  readonly name: string;
  readonly path: string;
  /** The same rows by index, for the bare route. */
  readonly sql: string;
}

await using server = await openServer();
await server.recreate(['api']);
const url = server.url('api');
await using database = Object.assign(await openCouplingDatabase({ url }), {
  [Symbol.asyncDispose]: async (): Promise<void> => database.close(),
});
const sql = postgres(url, { max: 8, onnotice: () => {} });
process.stderr.write(
  `filling ${values.log} log entries, ${values.errors} open errors and ${values.operations} customer operations\n`,
);
const known = await fillLists(database, sql, { log: Number(values.log), errors: Number(values.errors) });
await fillOperations(database, sql, Number(values.operations));

const api = await buildServer(listServerDeps(database, pino({ level: 'silent' })));
const bare = fastify();
const pages = [...pagesOf(known), ...pagesOfOperations(Number(values.operations))].filter(({ name }) =>
  name.includes(values.only),
);
for (const [at, page] of pages.entries()) {
  bare.get(`/${at}`, async () => ({ items: await sql.unsafe(page.sql, [], { prepare: true }) }));
}
const [apiPort, barePort] = await Promise.all([portOf(api), portOf(bare)]);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

console.log(`${'page'.padEnd(44)}  p50 ms  p99 ms   bare p50  bare p99  p99 ratio`);
for (const [at, { name, path }] of pages.entries()) {
  const [ours = [], theirs = []] = await timesOf([
    [apiPort, `/api/v1${path}`],
    [barePort, `/${at}`],
  ]);
  const [p50, p99, bareP50, bareP99] = [
    percentile(ours, 0.5),
    percentile(ours, 0.99),
    percentile(theirs, 0.5),
    percentile(theirs, 0.99),
  ];
  const cells = [p50, p99, bareP50, bareP99].map((ms) => shown(ms).padStart(8)).join('');
  console.log(`${name.padEnd(44)}${cells}${(p99 / bareP99).toFixed(2).padStart(11)}`);
}
agent.destroy();
const bulk = Number(values.retried) > 0 ? await measureBulkRetry(server, Number(values.retried)) : null;
if (bulk)
  console.log(
    `bulk retry of ${values.retried} errors: ${shown(bulk.retried)} a second, a run over as many changes ${shown(bulk.changed)}: ratio ${(bulk.retried / bulk.changed).toFixed(2)}`,
  );
await Promise.all([api.close(), bare.close(), sql.end()]);

function pagesOf({ couplingId, jobId, hqKey, laneId, midErrorId }: typeof known): Page[] {
  const log = (where: string): string => `select * from couplet.sync_log where ${where} order by id desc limit 50`;
  const errors = (where: string, order = 'id desc'): string =>
    `select * from couplet.sync_error where status = 'open' and ${where} order by ${order} limit 50`;
  const mapping = `mapping=${LISTED_MAPPING}`;
  return [
    { name: 'log, newest', path: '/synchronization-log', sql: log('true') },
    { name: 'log of a mapping', path: `/synchronization-log?${mapping}`, sql: log(`lane_id = ${laneId}`) },
    {
      name: 'log of a record, by key',
      path: `/synchronization-log?${mapping}&side=hq&key=${hqKey}`,
      sql: log(`coupling_id = '${couplingId}'`),
    },
    {
      name: 'log of a coupling',
      path: `/couplings/${couplingId}/synchronization-log`,
      sql: log(`coupling_id = '${couplingId}'`),
    },
    { name: 'log of a job', path: `/synchronization-log?jobId=${jobId}`, sql: log(`job_id = '${jobId}'`) },
    { name: 'log by actor', path: '/synchronization-log?actor=anna', sql: log(`actor = 'anna'`) },
    { name: 'log by action', path: '/synchronization-log?action=resolved', sql: log(`action = 'resolved'`) },
    { name: 'errors, newest', path: '/synchronization-errors', sql: errors('true') },
    {
      name: 'errors of a kind',
      path: `/synchronization-errors?${mapping}&kind=conflict`,
      sql: errors(`lane_id = ${laneId} and kind = 'conflict'`),
    },
    {
      name: 'errors of a cause',
      path: `/synchronization-errors?cause=${encodeURIComponent('cause 7')}`,
      sql: errors(`cause = 'cause 7'`),
    },
    {
      name: 'errors by last seen',
      path: '/synchronization-errors?sort=-lastSeenAt',
      sql: errors('true', 'last_seen_at desc, id desc'),
    },
    {
      name: 'errors of a key',
      path: `/synchronization-errors?${mapping}&side=hq&key=${hqKey}`,
      sql: errors(`lane_id = ${laneId} and hq_key = '["${hqKey}"]'`),
    },
    {
      name: 'one error',
      path: `/synchronization-errors?couplingId=${couplingId}`,
      sql: errors(`coupling_id = '${couplingId}'`),
    },
    {
      name: 'errors, half way down',
      path: `/synchronization-errors?cursor=${known.midCursor}`,
      sql: errors(`id < '${midErrorId}'`),
    },
  ];
}

function pagesOfOperations(operations: number): Page[] {
  const list = (where: string, order = 'operation_timestamp desc, id desc'): string =>
    `select * from couplet.customer_operation where ${where} order by ${order} limit 50`;
  const mail = mailOf(Math.floor(operations / 4));
  const having = (term: string): string =>
    `id = any(array(select id from couplet.customer_operation where array_to_tsvector(terms) @@ '${term.replaceAll("'", "''")}'::tsquery))`;
  const text = mail.slice(0, -4);
  const withText = `id = any(array(select operation_id from couplet.operation_search where grams @> '{${gramsOf(text).join()}}' and text like '%${text}%'))`;
  return [
    { name: 'operations, newest', path: '/customer-operations', sql: list('true') },
    {
      name: 'operations by status',
      path: '/customer-operations?status=failed',
      sql: list(`status = 'failed'`),
    },
    {
      name: 'operations of a channel',
      path: '/customer-operations?channel=online',
      sql: list(`channel = 'online'`),
    },
    {
      name: 'operations in the order of channels',
      path: '/customer-operations?sort=channel',
      sql: list('true', 'channel, id'),
    },
    {
      name: 'operations in the order of statuses',
      path: '/customer-operations?sort=-status',
      sql: list('true', 'status desc, id desc'),
    },
    {
      name: 'operations by a field',
      path: `/customer-operations?field.email=${mail}`,
      sql: list(having(`'email=${mail}'`)),
    },
    {
      name: 'operations by the beginning of a field',
      path: '/customer-operations?field.email=customer-123*',
      sql: list(having(`'email=customer-123':*`)),
    },
    {
      name: 'operations by a field that many have',
      path: '/customer-operations?field.city=paris',
      sql: list(`array_to_tsvector(terms) @@ '''city=paris'''::tsquery`),
    },
    { name: 'operations with a text', path: `/customer-operations?q=${text}`, sql: list(withText) },
    {
      name: 'operations with a text that all have',
      path: '/customer-operations?q=adatum',
      sql: list('true'),
    },
  ];
}

async function portOf(instance: FastifyInstance): Promise<number> {
  await instance.listen({ host: '127.0.0.1', port: 0 });
  return (instance.server.address() as AddressInfo).port;
}

/** One of each in turn, so that whatever else the machine does meets both alike. */
async function timesOf(targets: readonly (readonly [port: number, path: string])[]): Promise<readonly number[][]> {
  const times = targets.map((): number[] => []);
  for (let n = -WARM_UP; n < REQUESTS; n += 1) {
    for (const [at, [port, path]] of targets.entries()) {
      const from = performance.now();
      await ask(port, path);
      if (n >= 0) times[at]?.push(performance.now() - from);
    }
  }
  return times;
}

function ask(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${path}: ${answer.statusCode}`));
      answer.on('end', () => resolve()).resume();
    })
      .on('error', reject)
      .end();
  });
}
