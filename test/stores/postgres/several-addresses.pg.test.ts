/** An address that names the members of a cluster, of which one takes writes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { expect, it } from 'vitest';
import { openSession } from '../../../src/database/session/open-session.ts';
import { StoreUnreachable } from '../../../src/errors/store-faults.ts';
import { openConnection } from '../../../src/stores/postgres/session/connection.ts';
import { startServer, type TestServer } from '../../support/server.ts';

const DATABASE = 'app';

/** A server with the cluster's own account. */
async function startMember(): Promise<TestServer & { readonly dataDirectory: string }> {
  const server = await startServer({ durable: false });
  await server.ensureDatabase(DATABASE);
  const sql = postgres(server.url(DATABASE), { max: 1 });
  await sql`create role member login superuser password 'secret'`;
  const [row] = await sql<{ data_directory: string }[]>`show data_directory`;
  await sql.end();
  return Object.assign(server, { dataDirectory: row?.data_directory ?? '' });
}

it('of several addresses the one that takes writes is found, by stores and by the coupling database', async () => {
  await using primary = await startMember();
  await using standby = await startMember();
  // As a member whose primary is away: it answers, and takes no writes.
  await standby.stop();
  await writeFile(join(standby.dataDirectory, 'standby.signal'), '');
  await standby.start();
  const at = (...members: readonly TestServer[]): string =>
    `postgres://member:secret@${members.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${DATABASE}`;
  const both = at(standby, primary);

  // Sessions that are opened at the same time, none of which can go by what another has found.
  const hurried = openConnection({ url: both });
  expect(await Promise.all([1, 2].map((n) => hurried.query('select $1::text', [String(n)])))).toEqual([
    [['1']],
    [['2']],
  ]);
  await hurried.close();

  const connection = openConnection({ url: both });
  await connection.query('create table written (by text)');
  await Promise.all([1, 2, 3].map((n) => connection.query('insert into written values ($1)', [`store ${n}`])));
  const dedicated = await connection.openSession();
  await dedicated.query('insert into written values ($1)', ['dedicated']);
  await connection.close();

  const session = await openSession(both, { applicationName: 'several addresses' });
  await session.run('insert into written values ($1)', ['coupling database']);
  await session.end();
  const sql = postgres(at(primary), { max: 1 });
  expect(await sql`select from written`).toHaveLength(5);
  await sql.end();

  const none = openConnection({ url: at(standby, standby) });
  await expect(none.query('select 1')).rejects.toThrow(StoreUnreachable);
  await none.close();
});
