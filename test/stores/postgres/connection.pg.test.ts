/** Sessions with a store: text both ways, pinned settings, and what happens when one is lost. */
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { StoreBusy, StoreRefused, StoreUnreachable } from '../../../src/errors/store-faults.ts';
import { openConnection } from '../../../src/stores/postgres/session/connection.ts';
import { StatementRefused } from '../../../src/stores/postgres/session/driver-faults.ts';
import { createDatabase } from '../../support/database.ts';
import { startServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

/** Signed by itself for localhost, made for this test and worth nothing elsewhere. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfjtH/tUVigWO4cIh
XCQdii/KYR6aVnTgRGnzCivL+EihRANCAARmdRbOvKLP754lMLs8WV9dFzzf5OwA
sn4OPuYcckYTzCodDTGtOxNbcw8/JDngOgUDm0IWcuQypwfgnE2ZudBg
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBYDCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGZ1Fs68os/vniUw
uzxZX10XPN/k7ACyfg4+5hxyRhPMKh0NMa07E1tzDz8kOeA6BQObQhZy5DKnB+Cc
TZm50GCjSDBGMA8GA1UdEwEB/wQFMAMBAf8wFAYDVR0RBA0wC4IJbG9jYWxob3N0
MB0GA1UdDgQWBBQNG3ajWNHiibw+daWVk4YUIeManTAKBggqhkjOPQQDAgNHADBE
AiAaIpaateg0ews7Ni6vxcRl6Q/sYQwokpx/cYNPmH8MugIgScxQSEk/K47cDvAc
PgHtgv7cVSnFTD5lVbdqVBNmeYo=
-----END CERTIFICATE-----`;

it('every value travels as text, to the last digit', async () => {
  await using database = await createDatabase();
  const connection = openConnection({ url: database.url });
  const texts = [
    't',
    '9223372036854775807',
    '0.10',
    'infinity',
    '{"a":  1}',
    '\\x00ff',
    '{1,NULL}',
    '2026-01-01 00:00:00.123456+00',
  ];
  const types = ['bool', 'int8', 'numeric', 'date', 'json', 'bytea', 'int[]', 'timestamptz'];
  const list = types.map((type, index) => `$${index + 1}::${type}`).join(', ');
  const [row] = await connection.query(`select ${list}, $9::jsonb, 0.1::float8`, [...texts, null]);
  expect(row).toEqual([...texts, null, '0.1']);
  await connection.close();
});

it('a database that lets nobody in is away, not mistaken', async () => {
  await using database = await createDatabase();
  await using other = await createDatabase();
  await other.sql.unsafe(`alter database ${database.name} allow_connections false`);
  const connection = openConnection({ url: database.url });
  await expect(connection.query('select 1')).rejects.toThrow(StoreUnreachable);
  await connection.close();
});

it('the settings that shape values are pinned, whatever role, database or URL say', async () => {
  await using database = await createDatabase();
  await database.sql.unsafe(`alter database ${database.name} set timezone = 'America/New_York'`);
  await database.sql.unsafe(`alter database ${database.name} set intervalstyle = 'iso_8601'`);
  await database.sql.unsafe(`alter database ${database.name} set synchronous_commit = off`);
  await database.sql.unsafe(`alter database ${database.name} set idle_session_timeout = '1s'`);
  await database.sql.unsafe(`alter database ${database.name} set array_nulls = off`);
  const connection = openConnection({
    url: `${database.url}?TimeZone=Europe/Paris&client_encoding=LATIN1&options=-c%20datestyle%3DSQL&application_name=mine`,
  });
  const names = [
    'timezone',
    'datestyle',
    'intervalstyle',
    'bytea_output',
    'row_security',
    'lc_monetary',
    'synchronous_commit',
    'default_transaction_isolation',
    'idle_in_transaction_session_timeout',
    'idle_session_timeout',
    'array_nulls',
    'client_encoding',
    'application_name',
  ];
  const [row] = await connection.query(`select ${names.map((name) => `current_setting('${name}')`).join(', ')}`);
  const pinned = ['UTC', 'ISO, YMD', 'postgres', 'hex', 'off', 'C', 'on', 'read committed', '5s', '0', 'on', 'UTF8'];
  expect(row).toEqual([...pinned, 'mine']);
  await connection.close();
});

it('a transaction whose session dies is never continued on another one', async () => {
  await using database = await createDatabase();
  await database.sql`create table item (id integer)`;
  const connection = openConnection({ url: database.url, maxSessions: 1 });
  const attempt = connection.transaction(async (session) => {
    await session.query('insert into item values (1)');
    await database.sql`select pg_terminate_backend(${session.processId()}::int)`;
    // Sent without waiting: neither may run in a session that takes the place of the lost one.
    const pipelined = [2, 3, 4].map((id) => session.query('insert into item values ($1::int)', [String(id)]));
    await Promise.allSettled(pipelined);
    await session.query('insert into item values (5)');
  });
  await expect(attempt).rejects.toThrow(StoreUnreachable);
  expect((await connection.query('select count(*) from item'))[0]).toEqual(['0']);
  await connection.close();
});

it('a failed statement that somebody passed over does not commit the rest', async () => {
  await using database = await createDatabase();
  await database.sql`create table item (id integer)`;
  const connection = openConnection({ url: database.url });
  const attempt = connection.transaction(async (session) => {
    await session.query('insert into item values (1)');
    await session.query('select 1 / 0').catch(() => undefined);
  });
  await expect(attempt).rejects.toThrow('a statement failed');
  expect((await connection.query('select count(*) from item'))[0]).toEqual(['0']);
  await connection.close();
});

it('statements wait for a free session, in their order, and all are answered', async () => {
  await using database = await createDatabase();
  const connection = openConnection({ url: database.url, maxSessions: 2 });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => connection.query('select $1::int', [String(index)])),
  );
  expect(answers.map(([row]) => row?.[0])).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
  expect(
    await database.sql`select from pg_stat_activity where application_name = 'couplet' and datname = current_database()`,
  ).toHaveLength(2);
  await connection.close();
});

it('a message of a fault names neither password nor values', async () => {
  await using database = await createDatabase();
  await database.sql`create table item (id integer primary key, name text check (name <> 'secret value'))`;
  const connection = openConnection({ url: database.url, name: 'Houston' });
  const fault = await connection
    .query('insert into item values (1, $1)', ['secret value'])
    .catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(StatementRefused);
  expect(JSON.stringify(fault) + String(fault)).not.toContain('secret');
  const wrong = openConnection({
    url: database.url.replace(/:[^:@/]*@/, ':secret-password@').replace('//', '//x'),
    name: 'Houston',
  });
  const refused = await wrong.query('select 1').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StoreRefused);
  expect(refused).toMatchObject({ code: 'sign-in-refused' });
  expect(inspectAll(refused)).not.toContain('secret');
  await Promise.all([connection.close(), wrong.close()]);
});

it('who is not let in is told so, whatever was sent along', async () => {
  await using database = await createDatabase();
  const codesOf = async (url: string): Promise<unknown[]> => {
    const connection = openConnection({ url, maxSessions: 1 });
    const faults = await connection.withSession(async (session) => {
      const sent = [session.query('select 1'), session.query('select 2'), session.once('select 3')];
      const ended = await Promise.allSettled(sent);
      ended.push(...(await Promise.allSettled([session.query('select 4')])));
      return ended.map((end) => (end.status === 'rejected' ? (end.reason as { code?: string }).code : 'answered'));
    });
    await connection.close();
    return faults;
  };
  const wrong = database.url.replace(/:[^:@/]*@/, ':wrong@').replace('//', '//x');
  expect(new Set(await codesOf(wrong))).toEqual(new Set(['sign-in-refused']));
  const missing = database.url.replace(database.name, `${database.name}x`);
  expect(new Set(await codesOf(missing))).toEqual(new Set(['database-not-found']));
});

it('faults are classed by who must act', async () => {
  await using database = await createDatabase();
  const connection = openConnection({ url: database.url });
  const raised = (state: string): Promise<unknown> =>
    connection
      .once(`do $$ begin execute 'select pg_sleep(0)'; raise exception using errcode = '${state}'; end $$`)
      .catch((error: unknown) => error);
  expect(await raised('40001')).toBeInstanceOf(StoreBusy);
  expect(await raised('40P01')).toBeInstanceOf(StoreBusy);
  expect(await raised('53200')).toBeInstanceOf(StoreBusy);
  expect(await raised('53100')).toMatchObject({
    code: 'store-busy',
    message: expect.stringMatching(/ is busy: its disk is full$/),
    params: { reason: '53100' },
  });
  expect(await raised('23514')).toBeInstanceOf(StatementRefused);
  expect(await raised('P0001')).toBeInstanceOf(StatementRefused);
  await expect(connection.once('select * from nowhere')).rejects.toMatchObject({ code: 'schema-changed' });
  await expect(connection.once('select pg_read_file(null) from pg_authid where false')).resolves.toEqual([]);
  await connection.close();
});

it('a server that is away, comes back, or stands still is told and found again', async () => {
  await using server = await startServer({ durable: false });
  await server.ensureDatabase('store');
  const connection = openConnection({ url: server.url('store'), maxSessions: 1 });
  await connection.query('select 1');
  await server.kill();
  await expect(connection.query('select 1')).rejects.toThrow(StoreUnreachable);
  await expect(connection.transaction((session) => session.query('select 1'))).rejects.toThrow(StoreUnreachable);
  await server.start();
  await until(async () => (await connection.query('select 1')).length === 1);
  await connection.close();
  const hasty = openConnection({ url: server.url('store'), maxSessions: 1, statementTimeoutMs: 200 });
  await expect(hasty.query('select pg_sleep(30)')).rejects.toThrow(StoreBusy);
  await hasty.close();
});

it('a session of its own hears notifications, tells when it is gone, and does not come back', async () => {
  await using database = await createDatabase();
  const connection = openConnection({ url: database.url });
  const heard: string[] = [];
  const session = await connection.openSession((channel, payload) => heard.push(`${channel} ${payload}`));
  await session.once('listen here');
  await connection.query(`select pg_notify('here', 'now')`);
  await until(() => heard.length > 0);
  expect(heard).toEqual(['here now']);
  await database.sql`select pg_terminate_backend(${session.processId()}::int)`;
  await until(() => session.gone.aborted);
  await expect(session.query('select 1')).rejects.toThrow(StoreUnreachable);
  await connection.close();
  await expect(connection.query('select 1')).rejects.toThrow(StoreUnreachable);
});

it('data are copied in, and a copy that the table refuses fails the transaction', async () => {
  await using database = await createDatabase();
  await database.sql`create table item (id integer primary key, name text)`;
  const connection = openConnection({ url: database.url });
  const copy = (rows: string[]): Promise<void> =>
    connection.transaction((session) => session.copyIn('copy item from stdin', rows));
  await copy(Array.from({ length: 5000 }, (_, index) => `${index}\tname\\t${index}\n`));
  expect((await connection.query('select count(*), max(name) from item where id = 7'))[0]).toEqual(['1', 'name\t7']);
  await expect(copy(['9000\tx\n', 'x\tx\n'])).rejects.toThrow(StatementRefused);
  await expect(copy(['9000\tx\n', '1\tx\n'])).rejects.toThrow(StatementRefused);
  expect((await connection.query('select count(*) from item'))[0]).toEqual(['5000']);
  await connection.close();
});

it('TLS is used when the URL asks for it, and a certificate is checked when it asks for that', async () => {
  await using database = await createDatabase();
  await using proxy = await startTlsProxy(database.url);
  const folder = await mkdtemp(join(tmpdir(), 'couplet-tls-'));
  const root = join(folder, 'root.pem');
  await writeFile(root, CERTIFICATE);
  const ask = async (parameters: string): Promise<unknown> => {
    const connection = openConnection({ url: `${proxy.url}?${parameters}` });
    try {
      return (await connection.query('select $1::text', ['x'.repeat(100_000)]))[0]?.[0]?.length;
    } finally {
      await connection.close();
    }
  };
  expect(await ask('sslmode=require')).toBe(100_000);
  expect(await ask(`sslmode=verify-full&sslrootcert=${encodeURIComponent(root)}`)).toBe(100_000);
  await expect(ask('sslmode=verify-full')).rejects.toMatchObject({ code: 'permission-denied' });
  expect(proxy.encrypted()).toBeGreaterThan(0);
  await rm(folder, { recursive: true });
});

interface TlsProxy extends AsyncDisposable {
  readonly url: string;
  encrypted(): number;
}

/** Answers the request for TLS as PostgreSQL does and passes on what it decrypts. */
async function startTlsProxy(target: string): Promise<TlsProxy> {
  const { port: serverPort } = new URL(target);
  let encrypted = 0;
  const proxy = createServer((raw) => {
    raw.on('error', () => raw.destroy());
    raw.once('data', () => {
      raw.write('S');
      const secure = new TLSSocket(raw, { isServer: true, key: KEY, cert: CERTIFICATE });
      const plain = connect(Number(serverPort), '127.0.0.1');
      for (const side of [secure, plain]) side.on('error', () => side.destroy());
      secure.on('data', (data: Buffer) => (encrypted += data.length));
      secure.pipe(plain).pipe(secure);
    });
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: target.replace(/@[^/]*\//, `@localhost:${port}/`),
    encrypted: () => encrypted,
    [Symbol.asyncDispose]: () => new Promise((closed) => proxy.close(() => closed())),
  };
}

function inspectAll(error: unknown): string {
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    texts.push(at.message, at.stack ?? '', JSON.stringify(at));
  return texts.join('\n');
}
