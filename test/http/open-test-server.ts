/** The server over two small apps, a real coupling database and a real queue: what a client of the API meets. */
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { serverDepsOf } from '../../src/compose/server-deps.ts';
import type { AuthSettings } from '../../src/config/settings.ts';
import type { OpenedCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import { buildServer } from '../../src/http/build-server.ts';
import type { ServerDeps } from '../../src/http/server-deps.ts';
import { type StartedQueue, startJobQueue } from '../../src/jobs/job-queue.ts';
import type { JobRequest } from '../../src/ports/coupling-database.ts';
import { type SmallSite, type SmallSiteOptions, smallSite } from '../engine/small-site.ts';
import { sharedUrl } from '../support/database.ts';

// Tests look into bodies of every shape; the server compares each with its schema.
// oxlint-disable-next-line typescript/no-explicit-any
export type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly body: Body;
  readonly text: string;
}

export interface Asked {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestServer extends AsyncDisposable {
  readonly site: SmallSite;
  readonly server: FastifyInstance;
  readonly database: OpenedCouplingDatabase;
  get(path: string, headers?: Asked['headers']): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Asked['headers']): Promise<Answer>;
  ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT', path: string, asked?: Asked): Promise<Answer>;
}

export interface TestServerOptions extends SmallSiteOptions {
  readonly auth?: AuthSettings;
  readonly deps?: Partial<ServerDeps>;
  /** Jobs are queued, and nobody carries them out. */
  readonly queueWithoutWorkers?: boolean;
}

export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const site = await smallSite(options);
  const database = site.database as OpenedCouplingDatabase;
  const log = pino({ level: process.env['LOUD'] === '1' ? 'info' : 'silent' });
  const queue = lazyQueue(site, database, options.queueWithoutWorkers !== true);
  const deps = serverDepsOf({
    site: site.site,
    memory: site.memory,
    database,
    synchronizer: site.synchronizer,
    jobs: queue,
    log,
    auth: options.auth ?? { kind: 'local' },
    hqName: 'HQ',
    channels: [
      { channel: 'houston', name: 'Houston' },
      { channel: 'online', name: 'Online' },
    ],
  });
  const server = await buildServer({ ...deps, checkAnswers: true, ...options.deps });
  const ask: TestServer['ask'] = async (method, path, { body, headers = {} } = {}) => {
    const url = path.startsWith('/api/') || path.startsWith('/!') ? path.replace('/!', '/') : `/api/v1${path}`;
    const answer = await server.inject({
      method,
      url,
      headers,
      ...(body === undefined ? {} : { payload: body as object }),
    });
    const json = (answer.headers['content-type'] ?? '').includes('json');
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: json && answer.body !== '' ? JSON.parse(answer.body) : null,
      text: answer.body,
    };
  };
  return {
    site,
    server,
    database,
    ask,
    get: (path, headers = {}) => ask('GET', path, { headers }),
    post: (path, body, headers = {}) => ask('POST', path, { body, headers }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await queue.stop();
      await site[Symbol.asyncDispose]();
    },
  };
}

/** The queue takes a second to start: only tests that ask for jobs wait for it. */
function lazyQueue(site: SmallSite, database: OpenedCouplingDatabase, withWorkers: boolean) {
  let started: Promise<StartedQueue> | null = null;
  const start = async (): Promise<StartedQueue> => {
    const queue = await startJobQueue({
      url: sharedUrl(site.sql.options.database),
      database,
      onError: () => {},
    });
    if (withWorkers) await queue.work((jobId, stop) => site.synchronizer.execute(jobId, stop));
    return queue;
  };
  return {
    enqueue: async (request: JobRequest) => (await (started ??= start())).enqueue(request),
    stop: async () => (await started)?.stop(),
  };
}

/** Four customers of one group, coupled and in step. */
export async function openServerInStep(options: TestServerOptions = {}): Promise<TestServer> {
  const here = await openTestServer(options);
  here.site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  for (let n = 1; n <= 4; n += 1) {
    here.site.hq.insert('customers', {
      num: `C${n}`,
      name: `Customer ${n}`,
      email: `c${n}@example.com`,
      credit: '10.00',
      group_code: 'G1',
      note: `note ${n}`,
    });
  }
  // The second run finds that the writes of the first are its own.
  await here.site.run();
  await here.site.run();
  return here;
}

/** Customer `num` is changed in both apps, and a run meets it. Gives the error's id. */
export async function makeConflict(here: TestServer, num = 'C1'): Promise<string> {
  here.site.hq.update('customers', { num }, { email: `hq-${num}@example.com`, name: `HQ name ${num}` });
  here.site.houston.update(
    'shoppers',
    { cust_num: num },
    { mail: `till-${num}@example.com`, full_name: `Till name ${num}` },
  );
  await here.site.run();
  const { body } = await here.get(`/synchronization-errors?mapping=customers&side=hq&key=${num}`);
  return body.items[0].id;
}

export const shopper = (here: TestServer, num: string) => here.site.houston.select('shoppers', { cust_num: num })[0];
export const customer = (here: TestServer, num: string) => here.site.hq.select('customers', { num })[0];
