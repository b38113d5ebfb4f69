/** How the lists of the API are read: by index, whatever is asked. A plan that walks a table of 40,000 rows walks one of ten million. */
import { PgDialect } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillLists, LISTED_LANE } from '../../bench/fill-lists.ts';
import { fillOperations, mailOf } from '../../bench/fill-operations.ts';
import { connectClients, type Clients } from '../../src/database/session/connect.ts';
import { createLaneRegistry, LOOK_COLUMNS } from '../../src/database/lanes/lane-registry.ts';
import { createLayouts } from '../../src/database/lanes/layouts.ts';
import { createQueries } from '../../src/database/queries/create-queries.ts';
import { operationsPart } from '../../src/database/queries/query-operations.ts';
import { NO_OPERATION_FILTER } from '../../src/http/operation-filter.ts';
import type { OperationFilter } from '../../src/ports/commerce.ts';
import type { Parameter } from '../../src/database/session/open-session.ts';
import { COUNT, LANES_WITH_WORK, TAKE, takeArguments } from '../../src/database/records/pending.ts';
import { ASK } from '../../src/database/lanes/share-lane.ts';
import { MARK_REVERTED } from '../../src/database/records/sync-log.ts';
import { AT_HAND } from '../../src/database/records/work-at-hand.ts';
import type {
  CouplingFilter,
  ErrorFilter,
  JobFilter,
  LogFilter,
  PageRequest,
  Queries,
} from '../../src/ports/queries.ts';
import { NO_ERROR_FILTER, NO_LOG_FILTER } from '../../src/http/no-filter.ts';
import { createCouplingDatabase } from './open-test-database.ts';

const LOG = 40_000;
const ERRORS = 20_000;
const OPERATIONS = 12_000;
const JOBS = 6_000;
const HOUR_MS = 3_600_000;
/** The log lies on both sides of the end of a month, in two of its partitions, whatever day it is. */
const MONTH = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth());
const PAGE: PageRequest = { limit: 50, cursor: null, sort: null, count: false };
/** A table with fewer rows is read whole by any sensible planner. */
const BIG = 5_000;

type Plan = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Plan Rows'?: number;
  readonly Plans?: readonly Plan[];
};
const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

let here: Awaited<ReturnType<typeof createCouplingDatabase>>;
let filled: Awaited<ReturnType<typeof fillLists>>;
let clients: Clients;
let queries: Queries;
let operations: ReturnType<typeof operationsPart>;
let big: ReadonlySet<string>;
const plans: Plan[] = [];

beforeAll(async () => {
  here = await createCouplingDatabase();
  filled = await fillLists(here.db, here.sql, { log: LOG, errors: ERRORS }, MONTH - 3 * HOUR_MS);
  await fillOperations(here.db, here.sql, OPERATIONS);
  await here.sql`
    insert into couplet.job (id, kind, status, trigger, dry_run, mapping, counters, finished_at)
    select gen_random_uuid(), 'synchronize', 'succeeded', 'change', false, 'customers', '{}', now() from generate_series(1, ${JOBS})`;
  await here.sql`analyze`;
  const tables = await here.sql`select relname from pg_class where relkind = 'r' and reltuples > ${BIG}`;
  big = new Set(tables.map(({ relname }) => String(relname)));
  clients = connectClients(here.url, { connections: 2, applicationName: 'plans' });
  const dialect = new PgDialect();
  const explaining: Clients = {
    ...clients,
    read: async (statement) => {
      const { sql, params } = dialect.sqlToQuery(statement);
      plans.push(await explain(sql, params as readonly Parameter[]));
      return clients.read(statement);
    },
  };
  queries = createQueries(explaining, createLaneRegistry(explaining), createLayouts(explaining));
  operations = operationsPart(explaining);
});

afterAll(async () => {
  await clients?.close();
  await here?.[Symbol.asyncDispose]();
});

async function explain(text: string, parameters: readonly Parameter[]): Promise<Plan> {
  const [row] = await clients.raw.run<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
    `explain (format json) ${text}`,
    parameters,
  );
  const [plan] = row?.['QUERY PLAN'] ?? [];
  if (!plan) throw new Error('no plan');
  return plan.Plan;
}

/** Big tables that are read whole by what is asked here. */
async function walked(ask: () => Promise<unknown>): Promise<string[]> {
  plans.length = 0;
  await ask();
  expect(plans.length).toBeGreaterThan(0);
  return plans
    .flatMap(nodesOf)
    .filter((node) => node['Node Type'].endsWith('Seq Scan') && big.has(node['Relation Name'] ?? ''))
    .map((node) => node['Relation Name'] as string);
}

const NO_COUPLING: CouplingFilter = {
  mapping: null,
  channel: null,
  status: null,
  q: null,
  parent: null,
  side: null,
  key: null,
};

const NO_JOB_FILTER: JobFilter = {
  mapping: null,
  channel: null,
  kind: null,
  status: null,
  trigger: null,
  since: null,
  until: null,
};

describe('no table is read whole', () => {
  test.for<readonly [string, () => Partial<LogFilter>]>([
    ['without a filter', () => ({})],
    ['of a mapping', () => ({ mapping: [LISTED_LANE.mapping] })],
    ['of a record', () => ({ mapping: [LISTED_LANE.mapping], side: 'hq', key: [filled.hqKey] })],
    ['of a coupling', () => ({ couplingId: [filled.couplingId] })],
    ['of a coupling and those that refer to it', () => ({ couplingId: [filled.couplingId], related: true })],
    ['of a job', () => ({ jobId: [filled.jobId] })],
    ['of an error', () => ({ errorId: [filled.midErrorId] })],
    ['by actor', () => ({ actor: ['anna'] })],
    ['by action', () => ({ action: ['resolved'] })],
    ['by cause', () => ({ cause: ['change'] })],
    ['by field', () => ({ field: ['email'] })],
    ['of a period', () => ({ since: new Date(MONTH - HOUR_MS).toISOString() })],
    ['of ids', () => ({ ids: [filled.midErrorId] })],
  ])('by the log %s', async ([, filter]) => {
    expect(await walked(() => queries.log({ ...NO_LOG_FILTER, ...filter() }, PAGE))).toEqual([]);
  });

  /** In the order of ids the few of a value, or none, are found only past all the others. */
  const byId = async (ask: () => Promise<unknown>, table: RegExp): Promise<readonly Plan[]> => {
    plans.length = 0;
    await ask();
    const read = plans.flatMap(nodesOf).filter((node) => table.test(node['Relation Name'] ?? ''));
    expect(read.filter((node) => node['Index Name'] !== undefined)).not.toEqual([]);
    return read.filter((node) => node['Index Name']?.endsWith('_pkey') === true);
  };

  test.for<readonly [string, () => Partial<LogFilter>]>([
    ['mapping', () => ({ mapping: [LISTED_LANE.mapping] })],
    ['job', () => ({ jobId: [filled.jobId] })],
    ['actor', () => ({ actor: ['nobody'] })],
    ['action', () => ({ action: ['uncoupled'] })],
    ['cause', () => ({ cause: ['restore'] })],
  ])('nor the log by id for a %s that has few entries', async ([, filter]) => {
    const ask = (): Promise<unknown> => queries.log({ ...NO_LOG_FILTER, ...filter() }, PAGE);
    expect((await byId(ask, /^sync_log_/)).filter((node) => (node['Plan Rows'] ?? 0) > 1)).toEqual([]);
  });

  test.for<readonly [string, Partial<JobFilter>]>([
    ['mapping', { mapping: ['groups'] }],
    ['status', { status: ['failed'] }],
    ['kind', { kind: ['verify'] }],
    ['trigger', { trigger: ['manual'] }],
  ])('nor the jobs by id for a %s that has few', async ([, filter]) => {
    expect(await byId(() => queries.jobs({ ...NO_JOB_FILTER, ...filter }, PAGE), /^job$/)).toEqual([]);
  });

  test.for<readonly [string, () => Partial<ErrorFilter>]>([
    ['without a filter', () => ({})],
    ['of a mapping', () => ({ mapping: [LISTED_LANE.mapping] })],
    ['by kind', () => ({ kind: ['deletion'] })],
    ['by cause', () => ({ cause: ['cause 7'] })],
    ['of a record', () => ({ mapping: [LISTED_LANE.mapping], side: 'channel', key: ['17'] })],
    ['of a coupling', () => ({ couplingId: [filled.couplingId] })],
    ['of a job', () => ({ jobId: [filled.jobId] })],
    ['that are resolved', () => ({ status: ['resolved'] })],
    ['of ids', () => ({ ids: [filled.midErrorId] })],
  ])('by the errors %s', async ([, filter]) => {
    expect(await walked(() => queries.errors({ ...NO_ERROR_FILTER, ...filter() }, PAGE))).toEqual([]);
  });

  test('by the summary of the errors of a coupling, whatever their status', async () => {
    const filter: ErrorFilter = { ...NO_ERROR_FILTER, couplingId: [filled.couplingId], status: ['open', 'resolved'] };
    expect(await walked(() => queries.errorSummary(filter))).toEqual([]);
  });

  test.for<readonly [string, () => Partial<CouplingFilter>]>([
    ['without a filter', () => ({})],
    ['of a mapping', () => ({ mapping: [LISTED_LANE.mapping] })],
    ['of a record', () => ({ mapping: [LISTED_LANE.mapping], side: 'hq', key: [filled.hqKey] })],
    ['by status', () => ({ status: ['conflict'] })],
    ['of a parent', () => ({ parent: [filled.couplingId] })],
  ])('by the couplings %s', async ([, filter]) => {
    expect(await walked(() => queries.couplings({ ...NO_COUPLING, ...filter() }, PAGE))).toEqual([]);
  });

  test.for<readonly [string, Partial<OperationFilter>, string?]>([
    ['without a filter', {}],
    ['by status', { status: ['failed'] }],
    ['of a channel', { channel: ['online'] }],
    ['of a channel that has none', { channel: ['nowhere'] }],
    ['in the order of channels', {}, 'channel'],
    ['in the order of channels, downwards', {}, '-channel'],
    ['in the order of statuses', {}, '-status'],
    ['in the order of accounts', {}, '-customerAccount'],
    ['in the order of GUIDs', {}, 'asyncCustomerAccount'],
    ['by a field', { customerFields: { email: [mailOf(17)] } }],
    ['by the beginning of a field', { customerFields: { email: ['customer-17*'] } }],
    ['by a field that many have', { customerFields: { city: ['paris'] } }],
    ['with a text', { q: mailOf(17).slice(0, -4) }],
    ['with the number of a customer', { q: 'c0000017' }],
    ['with the beginning of a GUID', { q: '00000000-0000-4000-8000-0000000000' }],
    ['by account', { account: ['C0000017'] }],
  ])('by the operations %s', async ([, filter, sort]) => {
    const page = { ...PAGE, sort: sort ?? null };
    expect(await walked(() => operations.operations({ ...NO_OPERATION_FILTER, ...filter }, page))).toEqual([]);
  });

  test('and nothing is sorted by the operations that are read in an order of their own', async () => {
    plans.length = 0;
    for (const sort of ['channel', '-channel', 'status', '-operationTimestamp', 'receivedAt', 'asyncCustomerAccount'])
      await operations.operations(NO_OPERATION_FILTER, { ...PAGE, sort });
    for (const status of ['failed', 'conflict'])
      await operations.operations({ ...NO_OPERATION_FILTER, status: [status], channel: ['online'] }, PAGE);
    const sorted = plans
      .flatMap(nodesOf)
      .filter((node) => node['Node Type'] === 'Sort' && (node['Plan Rows'] ?? 0) > 500);
    expect(sorted).toEqual([]);
  });

  test('by those who look for work, however many changes are pending', async () => {
    await here.sql`insert into couplet.pending (lane_id, side, key, deleted)
      select ${filled.laneId}, 'hq', '["P' || n || '"]', false from generate_series(1, 20000) n`;
    await here.sql`analyze couplet.pending`;
    const look = `select ${LOOK_COLUMNS} from couplet.lane l where l.channel = $1 and l.forgotten_at is null`;
    for (const [text, parameters] of [
      [look, [LISTED_LANE.channel]],
      [LANES_WITH_WORK, [true]],
      [TAKE, takeArguments(filled.laneId, ['due', 'waiting'], null, 1_000)],
      [ASK, [filled.laneId, 5_000]],
      [COUNT, [filled.laneId, '{deletion,change,replacement}']],
    ] as const) {
      const ofPending = nodesOf(await explain(text, parameters)).filter((node) => node['Relation Name'] === 'pending');
      expect(new Set(ofPending.map((node) => node['Index Name']))).toEqual(new Set(['pending_state']));
    }
  });

  test('by whoever takes a lane and what waits in it', async () => {
    const args = takeArguments(filled.laneId, ['due'], null, 51);
    const indexesOf = async (text: string, relation: string): Promise<Set<string | undefined>> => {
      const nodes = nodesOf(await explain(text, args)).filter((node) => node['Relation Name'] === relation);
      return new Set(nodes.map((node) => node['Index Name']));
    };
    const byKey = new Set(['coupling_hq_key', 'coupling_channel_key']);
    expect(await indexesOf(AT_HAND, 'coupling')).toEqual(byKey);
    expect(await indexesOf(AT_HAND, 'pending')).toEqual(new Set(['pending_state', 'pending_key']));
    expect(await indexesOf(AT_HAND, 'sync_error')).not.toContain(undefined);
  });

  test('marks what was taken back, with what belongs to it, by the indexes of ids and of couplings', async () => {
    const [entry] = await here.sql`select id from couplet.sync_log limit 1`;
    const nodes = nodesOf(await explain(MARK_REVERTED, [entry!['id'] as string, null]));
    const indexes = new Set(
      nodes.filter((node) => big.has(node['Relation Name'] ?? '')).map((node) => node['Index Name']),
    );
    expect(indexes.size).toBeGreaterThan(0);
    expect(indexes).not.toContain(undefined);
  });
});
