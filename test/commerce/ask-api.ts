/** The API of the stage as a client meets it; jobs that are asked for are carried out within the process. */
import { pino } from 'pino';
import { serverDepsOf } from '../../src/compose/server-deps.ts';
import type { AuthSettings } from '../../src/config/settings.ts';
import { buildServer } from '../../src/http/build-server.ts';
import type { ServerDeps } from '../../src/http/server-deps.ts';
import type { Couplet } from '../../src/compose.ts';

// Tests look into bodies of every shape; the server compares each with its schema.
// oxlint-disable-next-line typescript/no-explicit-any
export type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly body: Body;
  readonly text: string;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
type Headers = Readonly<Record<string, string>>;

export interface Api extends AsyncDisposable {
  ask(method: Method, path: string, body?: unknown, headers?: Headers): Promise<Answer>;
  get(path: string, headers?: Headers): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Headers): Promise<Answer>;
  /** Save, with what was just read. */
  save(id: string, body: unknown): Promise<Answer>;
  /** Its address, for a browser. */
  listen(): Promise<string>;
}

export async function openApi(
  couplet: Couplet,
  auth: AuthSettings = { kind: 'local' },
  more: Partial<ServerDeps> = {},
): Promise<Api> {
  const { settings, site, memory, database, synchronizer, commerce } = couplet;
  const enqueue: Parameters<typeof serverDepsOf>[0]['jobs']['enqueue'] = async (request) => {
    const job = await database.createJob(request, 'queued');
    await synchronizer.execute(job.id, () => Promise.resolve(false));
    return job;
  };
  const deps = serverDepsOf({
    site,
    memory,
    database,
    synchronizer,
    jobs: { enqueue },
    log: pino({ level: process.env['LOUD'] === '1' ? 'info' : 'silent' }),
    auth,
    hqName: settings.hq.name,
    channels: settings.channels.map(({ channel, name }) => ({ channel, name })),
    commerce: commerce && settings.commerce ? { commerce, schedules: settings.commerce.schedules } : null,
  });
  const server = await buildServer({ ...deps, checkAnswers: true, ...more });
  const ask: Api['ask'] = async (method, path, body, headers = {}) => {
    const answer = await server.inject({
      method,
      url: `/api/v1${path}`,
      headers,
      ...(body === undefined ? {} : { payload: body as object }),
    });
    const isJson = (answer.headers['content-type'] ?? '').includes('json') && answer.body !== '';
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: isJson ? JSON.parse(answer.body) : null,
      text: answer.body,
    };
  };
  const get: Api['get'] = (path, headers) => ask('GET', path, undefined, headers);
  return {
    ask,
    get,
    post: (path, body, headers) => ask('POST', path, body, headers),
    async save(id, body) {
      const { headers } = await get(`/customer-operations/${id}`);
      return ask('PATCH', `/customer-operations/${id}`, body, { 'if-match': String(headers['etag']) });
    },
    listen: () => server.listen({ host: '127.0.0.1', port: 0 }),
    [Symbol.asyncDispose]: () => server.close(),
  };
}
