/** HQ and a channel as real databases, customers with addresses between them, and the jobs of commerce at hand. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type postgres from 'postgres';
import { type Couplet, compose } from '../../src/compose.ts';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import type { EngineSurroundings } from '../../src/engine/lane/lane-context.ts';
import type { JobKind } from '../../src/ports/coupling-database.ts';
import { createDatabase } from '../support/database.ts';
import { jobRequest } from '../support/job-request.ts';
import { CHANNEL_CUSTOMER, CUSTOMERS, commerceOf } from './stage-text.ts';

export const HQ_TABLES = `
  create table customer (account_num text primary key, name text not null, email text unique check (email like '%@%'), phone text,
    blocked boolean not null default false, cust_account_async text);
  create table customer_address (id bigint generated always as identity primary key, account_num text not null
    references customer, line_no text not null, street text not null, unique (account_num, line_no))`;
const CHANNEL = `${CHANNEL_CUSTOMER}
  create table address (customer_id bigint not null references customer, line_no text not null, street text not null,
    primary key (customer_id, line_no))`;

const CONFIGURATION = (hq: string, houston: string): string => `
version: 1
hq: { name: HQ, kind: postgres, url: "${hq}" }
channels:
  houston: { name: Houston, kind: postgres, url: "${houston}" }
mappings:${CUSTOMERS}
  addresses:
    label: Address
    firstRun: automatic
    hq: { table: customer_address, key: [id], describe: [street] }
    channel: { table: address, key: [customer_id, line_no], describe: [street] }
    fields:
      customer: { hq: account_num, channel: customer_id, references: customers }
      line: { hq: line_no, channel: line_no }
      street: { hq: street, channel: street }${commerceOf('houston: { createAsynchronously: true }')}`;

export interface Till {
  /** Gives the GUID. */
  create(values: Readonly<Record<string, string | null>>, guid?: string): Promise<string>;
  update(guid: string, values: Readonly<Record<string, string | null>>): Promise<void>;
  address(guid: string, line: string, street: string, operation?: 1 | 2 | 3): Promise<void>;
}

export interface CommerceStage extends AsyncDisposable {
  readonly couplet: Couplet;
  readonly hq: postgres.Sql;
  readonly houston: postgres.Sql;
  readonly coupling: postgres.Sql;
  readonly till: Till;
  /** Runs a job to its end; gives how it ended. */
  job(kind: JobKind): Promise<{ readonly id: string; readonly status: string; readonly code: string | null }>;
  /** Another process on the same databases. */
  another(reach?: EngineSurroundings['reach']): Promise<Couplet>;
  /** Statuses of all operations, oldest first. */
  statuses(): Promise<string[]>;
}

export interface StageOptions {
  readonly reach?: EngineSurroundings['reach'];
  readonly configuration?: (text: string) => string;
  /** Tables that both stores have besides. */
  readonly tables?: string;
}

export async function openCommerceStage(options: StageOptions = {}): Promise<CommerceStage> {
  const [hq, houston, coupling] = await Promise.all([createDatabase(), createDatabase(), createDatabase()]);
  await hq.sql.unsafe(HQ_TABLES);
  await houston.sql.unsafe(CHANNEL);
  for (const { sql } of [hq, houston]) await sql.unsafe(options.tables ?? '');
  const text = CONFIGURATION(hq.url, houston.url);
  const { settings, problems } = loadConfiguration(options.configuration?.(text) ?? text, {});
  if (!settings) throw new Error(JSON.stringify(problems, null, 1));
  const open = (reach?: EngineSurroundings['reach']): Promise<Couplet> =>
    compose({
      settings,
      databaseUrl: coupling.url,
      log: pino({ level: process.env['LOUD'] === '1' ? 'info' : 'silent' }),
      migrate: true,
      ...(reach && { reach }),
    });
  const couplet = await open(options.reach);
  for (const { result } of await couplet.install()) if (result instanceof Error) throw result;
  return {
    couplet,
    hq: hq.sql,
    houston: houston.sql,
    coupling: coupling.sql,
    till: tillOf(houston.sql),
    another: open,
    job: (kind) => runJob(couplet, kind),
    statuses: async () =>
      (await coupling.sql`select status from couplet.customer_operation order by part desc, counter`).map((row) =>
        String(row['status']),
      ),
    async [Symbol.asyncDispose]() {
      await couplet.close();
      await Promise.all([hq, houston, coupling].map((database) => database[Symbol.asyncDispose]()));
    },
  };
}

export async function runJob(couplet: Couplet, kind: JobKind) {
  const job = await couplet.database.createJob(jobRequest({ kind }), 'queued');
  await couplet.synchronizer.execute(job.id, () => Promise.resolve(false));
  const { status, code } = await couplet.database.jobOutcome(job.id);
  return { id: job.id, status, code };
}

function tillOf(sql: postgres.Sql): Till {
  const insert = (table: string, row: Readonly<Record<string, unknown>>) =>
    sql`insert into ${sql(`commerce.${table}`)} ${sql(row)}`;
  return {
    async create(values, guid = randomUUID()) {
      await insert('retailasynccustomerv2', { custaccountasync: guid, operation: 1, createdby: 'till 7', ...values });
      return guid;
    },
    async update(guid, values) {
      const changed = sql.array(Object.keys(values));
      await insert('retailasynccustomerv2', {
        custaccountasync: guid,
        operation: 2,
        changedcolumns: changed,
        ...values,
      });
    },
    async address(guid, line, street, operation = 1) {
      const changed = operation === 2 ? { changedcolumns: sql.array(['street']) } : {};
      await insert('retailasyncaddressv2', { custaccountasync: guid, operation, line_no: line, street, ...changed });
    },
  };
}
