/** A head office and a shop in two databases of real PostgreSQL, worked by the engine itself, without a server around it. */
import pino from 'pino';
import { expect } from 'vitest';
import { compose, type Couplet } from '../../src/compose.ts';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import type { LaneReport, RunRequest } from '../../src/engine/run/lane-run.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import { createMigratedDatabase } from '../support/coupling-database.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { REQUEST } from './small-site.ts';

export const HQ = `
create table customer (num text primary key, name varchar(40), email text, credit numeric(12,2));
create table visit (id int primary key, customer_num text references customer on delete cascade, note text);`;
export const SHOP = `
create table client (id int generated always as identity primary key, cust_num text, full_name varchar(40), mail text, credit numeric(12,2));
create table basket (id int generated always as identity primary key, client_id int references client on delete cascade);`;

export const configurationOf = (lines = '') => `version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels:
  shop: { name: Shop, kind: postgres, url: "\${SHOP_URL}" }
mappings:
  customers:
    label: Customer
    hq: { table: customer, key: [num], describe: [num, name] }
    channel: { table: client, key: [id] }
    match: [[number]]
    firstRun: automatic
${lines}    fields:
      number: { hq: num, channel: cust_num }
      name: { hq: name, channel: full_name }
      email: { hq: email, channel: mail }
      credit: { hq: credit, channel: credit, direction: toChannel }
`;

export interface OpenError {
  readonly id: string;
  readonly scope: string;
  readonly kind: string;
  readonly code: string;
  readonly params: Record<string, unknown>;
  readonly mapping: string;
}

export interface PostgresSite extends AsyncDisposable {
  readonly hq: TestDatabase['sql'];
  readonly shop: TestDatabase['sql'];
  readonly coupling: TestDatabase['sql'];
  readonly couplet: Couplet;
  run(options?: Partial<RunRequest>): Promise<LaneReport[]>;
  openErrors(): Promise<OpenError[]>;
  answer(id: string, action: 'approve' | 'decline' | 'retry'): Promise<void>;
}

export interface PostgresSiteOptions {
  readonly configuration?: string;
  readonly hqScript?: string;
  readonly shopScript?: string;
  /** Databases that lie elsewhere than on the server that all tests share. */
  readonly databases?: { readonly hq?: TestDatabase; readonly shop?: TestDatabase; readonly coupling?: TestDatabase };
}

export async function postgresSite(options: PostgresSiteOptions = {}): Promise<PostgresSite> {
  const { hq = await createDatabase(), shop = await createDatabase() } = options.databases ?? {};
  const coupling = options.databases?.coupling ?? (await createMigratedDatabase());
  await hq.sql.unsafe(options.hqScript ?? HQ);
  await shop.sql.unsafe(options.shopScript ?? SHOP);
  const text = options.configuration ?? configurationOf();
  const { settings, problems } = loadConfiguration(text, { HQ_URL: hq.url, SHOP_URL: shop.url });
  if (!settings) throw new Error(JSON.stringify(problems));
  const couplet = await compose({ settings, databaseUrl: coupling.url, log: pino({ level: 'silent' }), migrate: true });
  for (const { result } of await couplet.install()) {
    expect(result instanceof Error ? result : result.problems).toEqual([]);
  }
  return {
    hq: hq.sql,
    shop: shop.sql,
    coupling: coupling.sql,
    couplet,
    run: (asked) =>
      runChannel(couplet.site, couplet.memory, 'shop', lanesOf(couplet.site, 'shop'), { ...REQUEST, ...asked }),
    openErrors: async () => [
      ...(await coupling.sql<OpenError[]>`
        select e.id, e.scope, e.kind, e.code, e.params, l.mapping
          from couplet.sync_error e join couplet.lane l on l.id = e.lane_id where e.status = 'open' order by e.id`),
    ],
    async answer(id, action) {
      const nobody = { actor: 'anna', reason: null, requestId: null };
      const plain = { dryRun: false, ifMatch: '*', winner: null, fields: new Map(), key: null, create: false };
      await couplet.synchronizer.act(id, { action, ...plain, jobId: null, ...nobody });
    },
    async [Symbol.asyncDispose]() {
      await couplet.close();
      await Promise.all([hq, shop, coupling].map((database) => database[Symbol.asyncDispose]()));
    },
  };
}
