/**
 * Two small apps in memory stores and a real coupling database: customer groups and customers that refer to them, with
 * other names on each side, and keys that the channel assigns.
 */
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { openCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import { plainType } from '../../src/domain/value-type.ts';
import type { Params } from '../../src/domain/record.ts';
import type { EngineSurroundings } from '../../src/engine/lane/lane-context.ts';
import { emptyMemory, type LaneMemory } from '../../src/engine/lane/lane-memory.ts';
import type { LaneReport, RunRequest } from '../../src/engine/run/lane-run.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf, type Site, watchedTables } from '../../src/engine/lane/site.ts';
import { createSynchronizer } from '../../src/engine/synchronizer.ts';
import type { CouplingDatabase } from '../../src/ports/coupling-database.ts';
import type { Store } from '../../src/ports/store.ts';
import type { ActionRequest, Synchronizer } from '../../src/ports/synchronizer.ts';
import { createMemoryDatabase } from '../../src/stores/memory/database.ts';
import { type MemoryApp, memoryApp } from '../../src/stores/memory/memory-app.ts';
import { openMemoryStore } from '../../src/stores/memory/memory-store.ts';
import type { ForeignKey } from '../../src/stores/memory/table-definition.ts';
import { createMigratedDatabase } from '../support/coupling-database.ts';
import type { TestDatabase } from '../support/database.ts';

/** Apps and stores work in this thread: while they do, no heartbeat is sent. */
const LOCK_IDLE_MS = 120_000;

const TEXT = { type: plainType('text') };
const INTEGER = { type: plainType('integer') };
const NUMERIC = { type: plainType('numeric') };

export const CONFIGURATION = `
version: 1
hq: { name: HQ, kind: postgres, url: "postgres://memory/hq" }
channels:
  houston: { name: Houston, kind: postgres, url: "postgres://memory/houston" }
  online: { name: Online, kind: postgres, url: "postgres://memory/online" }
mappings:
  groups:
    label: Customer group
    hq: { table: groups, key: [code], describe: [code, title] }
    channel: { table: segments, key: [id], describe: [caption] }
    match: [[code]]
    initialWinner: hq
    fields:
      code: { hq: code, channel: ext_code }
      title: { hq: title, channel: caption }
  customers:
    label: Customer
    hq: { table: customers, key: [num], describe: [num, name] }
    channel: { table: shoppers, key: [id], describe: [full_name] }
    match: [[number], [email]]
    initialWinner: manual
    fields:
      number: { hq: num, channel: cust_num }
      name: { hq: name, channel: full_name }
      email: { hq: email, channel: mail }
      credit: { hq: credit, channel: credit, direction: toChannel }
      group: { hq: group_code, channel: segment_id, references: groups }
`;

/** What a filter of HQ may say. */
const FILTERS = { 'not blocked': (row: Readonly<Record<string, string | null>>) => row['note'] !== 'blocked' };

export interface SmallSite extends AsyncDisposable {
  site: Site;
  memory: LaneMemory;
  database: CouplingDatabase;
  synchronizer: Synchronizer;
  hq: MemoryApp;
  houston: MemoryApp;
  online: MemoryApp;
  sql: TestDatabase['sql'];
  run(options?: Partial<RunRequest>): Promise<LaneReport[]>;
  /** Another process on the same coupling database and stores. */
  anotherWorker(
    reach?: EngineSurroundings['reach'],
  ): Promise<{ site: Site; memory: LaneMemory; close(): Promise<void> }>;
}

export interface SmallSiteOptions {
  configuration?: (text: string) => string;
  reach?: EngineSurroundings['reach'];
  channels?: readonly ('houston' | 'online')[];
  wrap?: (store: Store) => Store;
  /** Of the customers in HQ. */
  foreignKeys?: readonly ForeignKey[];
}

export const REQUEST: RunRequest = {
  scope: 'modified',
  direction: 'both',
  fields: null,
  dryRun: false,
  trigger: 'manual',
  actor: 'anna',
  requestId: null,
  reason: null,
  jobId: null,
  children: false,
  waitForLaneMs: 5_000,
  stop: () => Promise.resolve(false),
};

/** Of whoever answers an error, whatever has changed since. */
export const ACTION: ActionRequest = {
  action: 'retry',
  dryRun: false,
  ifMatch: '*',
  winner: null,
  fields: new Map(),
  key: null,
  create: false,
  jobId: null,
  actor: 'anna',
  reason: null,
  requestId: null,
};

export interface OpenError {
  readonly id: string;
  readonly kind: string;
  readonly code: string;
  readonly params: Params;
  readonly scope: string;
}

/** In the order in which they came up. */
export const openErrors = async ({ sql }: SmallSite): Promise<OpenError[]> => [
  ...(await sql<OpenError[]>`
    select id, kind, code, params, scope from couplet.sync_error where status = 'open' order by id`),
];

/** The configuration with more lines for the customers. */
export const customersWith = (lines: string) => (text: string) =>
  text.replace('    initialWinner: manual\n', `    initialWinner: manual\n${lines}`);

export async function smallSite(options: SmallSiteOptions = {}): Promise<SmallSite> {
  const coupling = await createMigratedDatabase();
  const text = options.configuration ? options.configuration(CONFIGURATION) : CONFIGURATION;
  const { settings, problems } = loadConfiguration(text, {});
  if (!settings) throw new Error(JSON.stringify(problems, null, 1));
  const databases = {
    hq: createMemoryDatabase({ predicates: FILTERS }),
    houston: createMemoryDatabase(),
    online: createMemoryDatabase(),
  };
  const apps = {
    hq: memoryApp(databases.hq),
    houston: memoryApp(databases.houston),
    online: memoryApp(databases.online),
  };
  createHq(apps.hq, options.foreignKeys ?? []);
  createChannel(apps.houston);
  createChannel(apps.online);
  const circular = new Map<string, Set<string>>();
  for (const edge of settings.circular)
    circular.set(edge.mapping, (circular.get(edge.mapping) ?? new Set()).add(edge.field));
  const wrap = options.wrap ?? ((store: Store) => store);
  const build = async (reach: EngineSurroundings['reach']): Promise<Site> => ({
    database: await openCouplingDatabase({ url: coupling.url, lockIdleMs: LOCK_IDLE_MS }),
    hq: wrap(openMemoryStore({ database: databases.hq, side: 'hq', channel: null })),
    channels: new Map(
      (['houston', 'online'] as const).map((name) => [
        name,
        wrap(openMemoryStore({ database: databases[name], side: 'channel', channel: name })),
      ]),
    ),
    mappings: settings.order.map((name) => settings.mappings.find((mapping) => mapping.name === name)!),
    circular,
    surroundings: { now: () => new Date('2026-11-21T10:00:00Z'), reach, log: quietLog },
  });
  const site = await build(options.reach ?? (() => {}));
  await site.database.ensureLanes(lanesOf(site));
  for (const store of [site.hq, ...site.channels.values()])
    await store.install(watchedTables(site, store.side, store.channel));
  const memory = emptyMemory();
  const channels = options.channels ?? ['houston'];
  return {
    site,
    memory,
    database: site.database,
    synchronizer: createSynchronizer(site, memory),
    ...apps,
    sql: coupling.sql,
    async run(request = {}) {
      const reports: LaneReport[] = [];
      for (const channel of channels)
        reports.push(...(await runChannel(site, memory, channel, lanesOf(site, channel), { ...REQUEST, ...request })));
      return reports;
    },
    async anotherWorker(reach = () => {}) {
      const other = await build(reach);
      return { site: other, memory: emptyMemory(), close: () => other.database.close() };
    },
    async [Symbol.asyncDispose]() {
      await site.database.close();
      await coupling[Symbol.asyncDispose]();
    },
  };
}

const loud = process.env['LOUD'] === '1';
const say = (event: unknown, message: string): void => {
  if (loud) console.log(message, JSON.stringify(event));
};
const quietLog: EngineSurroundings['log'] = { info: say, warn: say, error: say };

function createHq(app: MemoryApp, foreignKeys: readonly ForeignKey[]): void {
  app.createTable({ name: 'groups', columns: { code: TEXT, title: TEXT }, primaryKey: ['code'] });
  app.createTable({
    name: 'customers',
    columns: { num: TEXT, name: TEXT, email: TEXT, credit: NUMERIC, group_code: TEXT, note: TEXT },
    primaryKey: ['num'],
    checks: [{ name: 'email_has_at', holds: (row) => (row['email'] == null ? null : row['email'].includes('@')) }],
    foreignKeys,
  });
}

function createChannel(app: MemoryApp): void {
  app.createTable({
    name: 'segments',
    columns: { id: { ...INTEGER, identity: 'always' }, ext_code: TEXT, caption: TEXT },
    primaryKey: ['id'],
  });
  app.createTable({
    name: 'shoppers',
    columns: {
      id: { ...INTEGER, identity: 'byDefault' },
      cust_num: TEXT,
      full_name: { type: { ...plainType('text'), maxLength: 40 } },
      mail: TEXT,
      credit: NUMERIC,
      segment_id: INTEGER,
      hint: TEXT,
    },
    primaryKey: ['id'],
    unique: [{ name: 'shoppers_mail_key', columns: ['mail'] }],
  });
}

/** Four customers of one group, in step. */
export async function siteInStep(options: SmallSiteOptions = {}): Promise<SmallSite> {
  const site = await smallSite(options);
  site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  for (let n = 1; n <= 4; n += 1)
    site.hq.insert('customers', {
      num: `C${n}`,
      name: `Customer ${n}`,
      email: `c${n}@example.com`,
      credit: '10.00',
      group_code: 'G1',
      note: `note ${n}`,
    });
  await site.run();
  return site;
}

/** Bound to what the error stores, unless the request says otherwise. */
export const act = (site: SmallSite, id: string, request: Partial<ActionRequest>) =>
  site.synchronizer.act(id, { ...ACTION, ifMatch: null, reason: 'because', ...request });

export const shopper = (site: SmallSite, num: string) => site.houston.select('shoppers', { cust_num: num })[0];
export const customer = (site: SmallSite, num: string) => site.hq.select('customers', { num })[0];
