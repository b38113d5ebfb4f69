/** A store, or the coupling database, that is not what it was: put back, copied, replaced, reloaded; over real servers. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startServer } from '../support/server.ts';
import { type PostgresSite, postgresSite } from './postgres-site.ts';

const run = promisify(execFile);

async function fill(site: PostgresSite): Promise<void> {
  await site.hq`insert into customer select 'C' || n, 'Customer ' || n, null, n from generate_series(1, 30) n`;
  await site.run();
  await site.run();
}

const shopRows = async ({ shop }: PostgresSite) => [
  ...(await shop`select cust_num, full_name, mail, credit::text from client order by cust_num`),
];
const hqRows = async ({ hq }: PostgresSite) => [
  ...(await hq`select num, name, email, credit::text from customer order by num`),
];

/** What went on after the backup: C1 changed in HQ, C2 in the shop, C3 deleted, N1 new; all carried over. */
async function goOn(site: PostgresSite): Promise<void> {
  await site.hq`update customer set name = 'After the backup' where num = 'C1'`;
  await site.shop`update client set mail = 'after@example.com' where cust_num = 'C2'`;
  await site.hq`insert into customer values ('N1', 'New since', null, 1)`;
  await site.run();
  await site.run();
  expect(await site.hq`select email from customer where num = 'C2'`).toEqual([{ email: 'after@example.com' }]);
  expect(await site.openErrors()).toEqual([]);
}

const lanes = async ({ couplet }: PostgresSite) => couplet.database.laneStates();

/** The restored HQ lacks what came after the backup; nothing of it may be sent or deleted by anybody but a person. */
async function expectStoppedAndCompared(site: PostgresSite): Promise<void> {
  const before = { hq: await hqRows(site), shop: await shopRows(site) };
  for (const trigger of ['change', 'manual'] as const) {
    const [report] = await site.run({ trigger });
    expect([report?.status, report?.code]).toEqual(
      trigger === 'change' ? ['failed', 'lineage-broken'] : [report?.status, 'lineage-broken'],
    );
  }
  await site.run({ scope: 'full', dryRun: true });
  const [state] = await lanes(site);
  expect(state?.stopped).toMatchObject({
    code: 'lineage-broken',
    params: {
      comparison: {
        // HQ has C1 and C2 as they were, and not N1 at all.
        toChannel: { inserted: 0, modified: 2, deleted: 0 },
        toHq: { inserted: 0, modified: 0, deleted: 0 },
        conflicts: 0,
        deletions: 1,
      },
    },
  });
  expect({ hq: await hqRows(site), shop: await shopRows(site) }).toEqual(before);
  expect(await site.openErrors()).toEqual([]);
}

async function resumeComparing(site: PostgresSite): Promise<void> {
  for (const { lane } of await lanes(site)) {
    await site.couplet.database.oweFullRun(lane, { reason: 'lineage-compare', trigger: 'recovery' });
    await site.couplet.database.changeLane(lane, { stopped: null });
  }
  const before = { hq: await hqRows(site), shop: await shopRows(site) };
  await site.run();
  await site.run({ scope: 'full' });
  expect({ hq: await hqRows(site), shop: await shopRows(site) }).toEqual(before);
  expect((await site.openErrors()).map(({ kind, code }) => [kind, code]).toSorted()).toEqual([
    ['conflict', 'initial-conflict'],
    ['conflict', 'initial-conflict'],
    ['deletion', 'deleted-in-hq'],
  ]);
  await site.hq`update customer set name = 'Goes on' where num = 'C9'`;
  await site.run();
  expect(await site.shop`select full_name from client where cust_num = 'C9'`).toEqual([{ full_name: 'Goes on' }]);
}

describe('a store that went back in time', () => {
  it('by an older copy of its data directory: stopped before any write, compared, and every difference a person’s', async () => {
    await using server = await startServer();
    await server.ensureDatabase('hq');
    const open = (): TestDatabase['sql'] => postgres(server.url('hq'), { max: 4, onnotice: () => {} });
    let sql = open();
    const hq: TestDatabase = {
      name: 'hq',
      url: server.url('hq'),
      sql: new Proxy((() => {}) as unknown as TestDatabase['sql'], {
        apply: (_, __, args: Parameters<typeof sql>) => sql(...args),
        get: (_, name) => Reflect.get(sql, name) as unknown,
      }),
      [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }),
    };
    await using site = await postgresSite({ databases: { hq } });
    await fill(site);
    const [found] = await sql`show data_directory`;
    const directory = String(found?.['data_directory']);
    const restart = async (between: () => Promise<unknown>): Promise<void> => {
      await sql.end({ timeout: 1 });
      await server.stop();
      await between();
      await server.start();
      sql = open();
    };
    await restart(() => run('cp', ['-a', directory, `${directory}-backup`]));
    await site.run();
    await goOn(site);
    await restart(async () => {
      await run('rm', ['-rf', directory]);
      await run('mv', [`${directory}-backup`, directory]);
    });
    // It moves past the position that Couplet has seen, with other changes, before anybody looks.
    await sql`create table noise (n int)`;
    for (let n = 0; n < 40; n += 1) await sql`insert into noise values (${n})`;
    await expectStoppedAndCompared(site);
    await resumeComparing(site);
  });

  it('by rows reloaded into an emptied table: one error for each kind, nothing written', async () => {
    await using site = await postgresSite();
    await fill(site);
    await site.hq`create table backup as table customer`;
    await goOn(site);
    const shop = await shopRows(site);
    await site.hq.begin(async (sql) => {
      await sql`truncate customer cascade`;
      await sql`insert into customer table backup`;
    });
    await site.run();
    await site.run({ scope: 'full' });
    expect(await shopRows(site)).toEqual(shop);
    const errors = await site.openErrors();
    expect(errors.map(({ code, scope }) => [code, scope]).toSorted()).toEqual([
      ['mass-change', 'mapping'],
      ['mass-deletion', 'mapping'],
    ]);
    expect(errors.find(({ code }) => code === 'mass-change')?.params).toMatchObject({ changedIn: 'hq', changes: 2 });
    expect(errors.find(({ code }) => code === 'mass-deletion')?.params).toMatchObject({
      deletedIn: 'hq',
      deletions: 1,
    });
    for (const { id } of errors) await site.answer(id, 'decline');
    expect(await shopRows(site)).toEqual(shop);
    expect((await site.openErrors()).map(({ kind }) => kind).toSorted()).toEqual(['conflict', 'conflict', 'deletion']);
  });
});

describe('the coupling database', () => {
  const copy = async (of: string): Promise<TestDatabase> => createDatabase({ template: of });

  it('put back to an older state is noticed by what the stores remember; nothing is written', async () => {
    const [hq, shop, coupling] = [await createDatabase(), await createDatabase(), await createDatabase()];
    const first = await postgresSite({ databases: { hq, shop, coupling } });
    await fill(first);
    await first.couplet.close();
    await coupling.sql.end();
    const backup = await copy(coupling.name);
    const second = await postgresSite({
      databases: { hq, shop, coupling: { ...coupling, sql: postgres(coupling.url, { max: 4, onnotice: () => {} }) } },
      hqScript: 'select 1',
      shopScript: 'select 1',
    });
    await goOn(second);
    await second.couplet.close();
    await using site = await postgresSite({
      databases: { hq, shop, coupling: backup },
      hqScript: 'select 1',
      shopScript: 'select 1',
    });
    const before = { hq: await hqRows(site), shop: await shopRows(site) };
    const [report] = await site.run();
    expect([report?.status, report?.code]).toEqual(['failed', 'lineage-broken']);
    await site.run({ scope: 'full', dryRun: true });
    const [state] = await lanes(site);
    expect(state?.stopped?.params['comparison']).toMatchObject({ conflicts: 0, deletions: 0 });
    await site.couplet.database.oweFullRun(state!.lane, { reason: 'lineage-compare', trigger: 'recovery' });
    await site.couplet.database.changeLane(state!.lane, { stopped: null });
    await site.run();
    expect({ hq: await hqRows(site), shop: await shopRows(site) }).toEqual(before);
    await second.coupling.end();
  });

  it('copied, lets only one of the two work: whoever comes second is told', async () => {
    const [hq, shop, coupling] = [await createDatabase(), await createDatabase(), await createDatabase()];
    const first = await postgresSite({ databases: { hq, shop, coupling } });
    await fill(first);
    await first.couplet.close();
    await coupling.sql.end();
    const clone = await copy(coupling.name);
    const original = await postgresSite({
      databases: { hq, shop, coupling: { ...coupling, sql: postgres(coupling.url, { max: 4, onnotice: () => {} }) } },
      hqScript: 'select 1',
      shopScript: 'select 1',
    });
    await using copied = await postgresSite({
      databases: { hq, shop, coupling: clone },
      hqScript: 'select 1',
      shopScript: 'select 1',
    });
    await original.hq`update customer set name = 'Whose?' where num = 'C1'`;
    await original.run();
    await original.run();
    await original.hq`update customer set name = 'Mine' where num = 'C1'`;
    const [report] = await copied.run();
    expect([report?.status, report?.code]).toEqual(['failed', 'lineage-broken']);
    expect(await copied.shop`select full_name from client where cust_num = 'C1'`).toEqual([{ full_name: 'Whose?' }]);
    await original.run();
    expect(await copied.shop`select full_name from client where cust_num = 'C1'`).toEqual([{ full_name: 'Mine' }]);
    await original.couplet.close();
    await original.coupling.end();
  });
});
