/** The PostgreSQL store keeps the contract, on a server of its own that can be stopped, copied and put back. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, beforeAll } from 'vitest';
import type { Store } from '../../../src/ports/store.ts';
import { openPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { startServer } from '../../support/server.ts';
import type { TestServer } from '../../support/server.ts';
import { describeStoreContract } from '../contract.ts';
import type { StoreFixture } from '../contract-fixture.ts';
import { openPostgresApp } from './postgres-app.ts';

const copy = promisify(execFile);

let server: TestServer;
let databases = 0;

beforeAll(async () => {
  server = await startServer({ durable: false, settings: { max_connections: 100 } });
});
afterAll(() => server[Symbol.asyncDispose]());

async function makeFixture(): Promise<StoreFixture> {
  const database = `contract_${(databases += 1)}`;
  await server.ensureDatabase(database);
  const url = server.url(database);
  const app = { ...openPostgresApp(url), backUp: () => backUp(url) };
  const stores: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = openPostgresStore({ side: 'hq', channel: null, url, name: 'HQ' });
    stores.push(store);
    return store;
  };
  return {
    store: await open(),
    app,
    open,
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store.close();
      await app.sql.end({ timeout: 1 });
      await drop(database);
    },
  };
}

/** Backups copy the whole data directory: databases that are done with would make each slower than the one before. */
async function drop(database: string): Promise<void> {
  const sql = postgres(server.url('postgres'), { max: 1, onnotice: () => undefined });
  await sql`drop database ${sql(database)} with (force)`;
  await sql.end();
}

/** As an administrator does it: the data directory, copied while the server is down. */
async function backUp(url: string): Promise<() => Promise<void>> {
  const app = openPostgresApp(url);
  const [row] = await app.sql`show data_directory`;
  await app.sql.end();
  const data = String(row?.['data_directory']);
  await server.stop();
  await copy('cp', ['-a', data, `${data}.backup`]);
  await server.start();
  return async () => {
    await server.stop();
    await copy('rm', ['-rf', data]);
    await copy('mv', [`${data}.backup`, data]);
    await server.start();
  };
}

describeStoreContract('PostgreSQL', makeFixture, { schedules: 10, wakeUps: 25 });
