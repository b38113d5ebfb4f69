/**
 * Prometheus metrics: the process, the routes, and how the mappings stand. Everything of the mappings is read from the
 * coupling database when it is asked for, so that each process of several answers the same.
 */
import type { FastifyInstance } from 'fastify';
import metrics from 'fastify-metrics';
import { NO_ERROR_FILTER } from '../no-filter.ts';
import type { ServerDeps } from '../server-deps.ts';

type Client = FastifyInstance['metrics']['client'];
type Registry = InstanceType<Client['Registry']>;
type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const ROUTE_SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export async function registerMetrics(server: FastifyInstance, deps: ServerDeps): Promise<void> {
  // The plugin keeps to one registry for the whole process; ours is of this server alone.
  await server.register(metrics.default, {
    endpoint: null,
    defaultMetrics: { enabled: false },
    routeMetrics: { enabled: false },
  });
  const { client } = server.metrics;
  const registry: Registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  timeRoutes(server, client, registry);
  const fill = createGauges(client, registry);
  server.get(
    '/metrics',
    { config: { needs: 'viewer', rateLimit: false }, schema: { hide: true } },
    async (_, reply) => {
      await fill(deps);
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
}

function timeRoutes(server: FastifyInstance, client: Client, registry: Registry): void {
  const durations = new client.Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of requests by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: ROUTE_SECONDS,
    registers: [registry],
  });
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const status = `${Math.floor(reply.statusCode / 100)}xx`;
    durations.observe({ method: request.method, route, status }, reply.elapsedTime / 1_000);
  });
}

type Kind = 'gauge' | 'counter';
const SERIES = {
  lag: [
    'couplet_lag_seconds',
    'gauge',
    'Age of what waits, by part: capture, queue, apply.',
    ['mapping', 'channel', 'side', 'part'],
  ],
  backlog: ['couplet_backlog', 'gauge', 'Changes that wait to be worked.', ['mapping', 'channel', 'side']],
  couplings: ['couplet_couplings', 'gauge', 'Couplings by status.', ['mapping', 'channel', 'status']],
  errors: ['couplet_open_errors', 'gauge', 'Open synchronization errors.', ['mapping', 'channel', 'kind', 'code']],
  operations: ['couplet_customer_operations', 'gauge', 'Customer operations by status.', ['channel', 'status']],
  paused: ['couplet_paused', 'gauge', '1 for a mapping and channel that is paused or stopped.', ['mapping', 'channel']],
  stores: ['couplet_store_reachable', 'gauge', '1 for a store that answers.', ['side', 'channel']],
  changes: ['couplet_changes_total', 'counter', 'Changes worked.', ['mapping', 'channel']],
  writes: ['couplet_writes_total', 'counter', 'Records written.', ['mapping', 'channel']],
  found: ['couplet_errors_total', 'counter', 'Errors that runs met.', ['mapping', 'channel']],
  jobs: ['couplet_job_duration_seconds_count', 'counter', 'Jobs that ended.', ['kind', 'status']],
  seconds: ['couplet_job_duration_seconds_sum', 'counter', 'Duration of jobs that ended, in sum.', ['kind', 'status']],
  retries: ['couplet_job_retries_total', 'counter', 'Attempts of jobs beyond the first.', ['kind']],
} as const satisfies Record<string, readonly [name: string, kind: Kind, help: string, labels: readonly string[]]>;
type SeriesName = keyof typeof SERIES;

function createGauges(client: Client, registry: Registry): (deps: ServerDeps) => Promise<void> {
  const series = new Map(
    Object.entries(SERIES).map(([key, [name, kind, help, labelNames]]) => {
      const options = { name, help, labelNames: [...labelNames], registers: [registry] };
      return [key, kind === 'gauge' ? new client.Gauge(options) : new client.Counter(options)];
    }),
  );
  return async (deps) => {
    const samples = await readSamples(deps);
    for (const [key, metric] of series) {
      metric.reset();
      for (const [labels, value] of samples[key as SeriesName]) metric.inc(labels, value);
    }
  };
}

async function readSamples(deps: ServerDeps): Promise<Record<SeriesName, Sample[]>> {
  const [lanes, groups, stores, measured] = await Promise.all([
    deps.queries.lanes(null),
    deps.queries.errorSummary(NO_ERROR_FILTER),
    deps.queries.storeStates(),
    deps.measures.measure(),
  ]);
  const samples = Object.fromEntries(Object.keys(SERIES).map((key) => [key, []])) as unknown as Record<
    SeriesName,
    Sample[]
  >;
  // A store that answers is read within a second of a commit; one that is away keeps its changes to itself.
  const sinceRead = (side: string, channel: string): number => {
    const store = stores.find((known) => known.side === side && (side === 'hq' || known.channel === channel));
    if (store === undefined || store.state === 'reachable') return 0;
    return Math.max(0, (Date.now() - Date.parse(store.since)) / 1_000);
  };
  for (const { state, lagSeconds, backlog, couplings } of lanes) {
    const lane = { mapping: state.lane.mapping, channel: state.lane.channel };
    const applying = measured.applying.find(
      (entry) => entry.lane.mapping === lane.mapping && entry.lane.channel === lane.channel,
    );
    for (const side of ['hq', 'channel'] as const) {
      samples.lag.push([{ ...lane, side, part: 'capture' }, sinceRead(side, lane.channel)]);
      samples.lag.push([{ ...lane, side, part: 'queue' }, lagSeconds[side] ?? 0]);
      samples.lag.push([{ ...lane, side, part: 'apply' }, applying?.seconds ?? 0]);
      samples.backlog.push([{ ...lane, side }, backlog[side]]);
    }
    for (const [status, count] of Object.entries(couplings)) samples.couplings.push([{ ...lane, status }, count]);
    samples.paused.push([lane, state.paused || state.stopped !== null ? 1 : 0]);
  }
  for (const { lane, kind, code, count } of groups) samples.errors.push([{ ...lane, kind, code }, count]);
  for (const { channel, status, count } of measured.operations) samples.operations.push([{ channel, status }, count]);
  for (const { side, channel, state } of stores)
    samples.stores.push([{ side, channel: channel ?? '' }, state === 'reachable' ? 1 : 0]);
  for (const { lane, changes, writes, errors } of measured.lanes) {
    samples.changes.push([{ ...lane }, changes]);
    samples.writes.push([{ ...lane }, writes]);
    samples.found.push([{ ...lane }, errors]);
  }
  for (const { kind, status, count, seconds, retries } of measured.jobs) {
    samples.jobs.push([{ kind, status }, count]);
    samples.seconds.push([{ kind, status }, seconds]);
    samples.retries.push([{ kind }, retries]);
  }
  return samples;
}
