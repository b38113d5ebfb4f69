/** What goes wrong outside Couplet: a clear error, the right exit code, and nothing lost. */
import { describe, expect, test } from 'vitest';
import { compose } from '../../src/compose.ts';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { createLogger } from '../../src/logging/create-logger.ts';
import { createDatabase } from '../support/database.ts';
import { startServer } from '../support/server.ts';
import { openFolder } from './run-couplet.ts';
import { CONFIGURATION, fillShop, openShop, shopSchema } from './shop.ts';
import { jobRequest } from '../support/job-request.ts';

const namesIn = async (shop: Awaited<ReturnType<typeof openShop>>): Promise<string[]> =>
  (await shop.houston.sql<{ full_name: string }[]>`select full_name from customer order by 1`).map(
    (row) => row.full_name,
  );

const ALL = ['Adatum', 'Contoso', 'Fabrikam'];

describe('a store', () => {
  test('that is down when a run begins fails the run, which finds everything when it is back', async () => {
    await using shop = await openShop();
    await fillShop(shop);
    await using here = await openFolder(shop, { HOUSTON_URL: 'postgres://couplet:secret@127.0.0.1:1/houston' });
    const { exitCode, stdout, stderr } = await here.run('sync');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/The run failed: store-unreachable/);
    expect(stdout + stderr).not.toContain('secret');
    expect(await shop.couplet.sql`select from couplet.sync_error`).toHaveLength(0);
    await using back = await openFolder(shop);
    expect((await back.within('sync')).exitCode).toBe(0);
    expect(await namesIn(shop)).toEqual(ALL);
  });

  test('that goes down in the middle of a run loses nothing and gets nothing twice', async () => {
    await using server = await startServer();
    await server.ensureDatabase('houston');
    await using shop = await openShop();
    await fillShop(shop);
    await using houston = await createDatabase({ url: (name) => server.url(name) });
    await houston.sql.unsafe(shopSchema);
    await houston.sql.end();
    const { settings } = loadConfiguration(CONFIGURATION, { ...shop.environment, HOUSTON_URL: houston.url });
    if (!settings) throw new Error('the configuration is wrong');
    let killed = false;
    const options = {
      settings,
      databaseUrl: shop.couplet.url,
      log: createLogger({ level: 'silent', pretty: false }),
      migrate: true,
    };
    const request = jobRequest({ kind: 'synchronize', scope: 'modified', direction: 'both' });
    const runOnce = async (reach: () => Promise<void>): Promise<string> => {
      await using couplet = await compose({
        ...options,
        reach: (point) => (point === 'hq-written' ? reach() : undefined),
      });
      await couplet.install();
      const job = await couplet.database.createJob(request, 'queued');
      await couplet.synchronizer.execute(job.id, () => Promise.resolve(false)).catch(() => {});
      const { status, code } = await couplet.database.jobOutcome(job.id);
      return `${status} ${code ?? ''}`.trim();
    };
    const failed = await runOnce(async () => {
      if (killed) return;
      killed = true;
      await server.kill();
    });
    expect(failed).toBe('failed store-unreachable');
    await server.start();
    expect(await runOnce(async () => {})).toBe('succeeded');
    await using again = await createDatabase({ url: (name) => server.url(name), template: houston.name });
    expect(await again.sql`select full_name, mail from customer order by 1`).toEqual([
      { full_name: 'Adatum', mail: 'a@adatum.example' },
      { full_name: 'Contoso', mail: 'c@contoso.example' },
      { full_name: 'Fabrikam', mail: 'f@fabrikam.example' },
    ]);
  });

  test('that lacks a right is told as such, and the records follow when it is granted', async () => {
    await using shop = await openShop();
    await fillShop(shop);
    const role = `clerk_${shop.houston.name}`;
    await shop.houston.sql.unsafe(`create role ${role} login password 'clerk'; grant all on schema public to ${role};
      grant create on database ${shop.houston.name} to ${role}; grant select, insert, update, trigger on segment, customer to ${role};
      revoke insert on customer from ${role}`);
    const url = new URL(shop.environment.HOUSTON_URL);
    Object.assign(url, { username: role, password: 'clerk' });
    await using here = await openFolder(shop, { HOUSTON_URL: url.href });
    try {
      const check = await here.ask('check');
      expect(check.exitCode).toBe(1);
      expect(check.json['problems']).toContainEqual(
        expect.objectContaining({
          code: 'right-missing',
          severity: 'error',
          mapping: 'customers',
          remedy: expect.stringMatching(/GRANT INSERT ON public\.customer/),
        }),
      );
      const sync = await here.within('sync');
      expect([sync.exitCode, sync.stderr]).toEqual([1, expect.stringMatching(/permission-denied/)]);
      expect(await namesIn(shop)).toEqual(['Adatum Corp']);
      await shop.houston.sql.unsafe(`grant insert on customer to ${role}`);
      await here.within('sync');
      expect(await namesIn(shop)).toEqual(ALL);
      expect((await here.ask('errors')).json['items']).toEqual([]);
    } finally {
      await shop.houston.sql.unsafe(`drop owned by ${role} cascade; drop role ${role}`);
    }
  });
});

describe('the set-up', () => {
  test.each<[string, (text: string) => string, RegExp]>([
    ['an unknown column', (text) => text.replace('hq: email,', 'hq: e_mail,'), /sales\.customer has no column e_mail/],
    [
      'a key that is not unique',
      (text) => text.replace('key: [num]', 'key: [name]'),
      /name is not a unique key of sales\.customer/,
    ],
    [
      'a type that cannot be mapped',
      (text) => text.replace('credit: { hq: credit, channel: credit,', 'credit: { hq: blocked, channel: born,'),
      /cannot carry boolean to date/,
    ],
    ['a filter with a syntax error', (text) => text.replace('not blocked', 'not not ('), /filter|syntax/i],
  ])('%s fails the run of its mapping, and another mapping is worked', async (_what, configure, message) => {
    await using shop = await openShop();
    await fillShop(shop);
    await using here = await openFolder(shop);
    await here.configure(configure);
    const { exitCode, stderr } = await here.within('sync');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(await shop.houston.sql`select caption from segment order by 1`).toEqual([
      { caption: 'Retail' },
      { caption: 'Wholesale' },
    ]);
    expect(await namesIn(shop)).toEqual(['Adatum Corp']);
    await here.configure((text) => text);
    expect((await here.within('sync')).exitCode).toBe(0);
    expect(await namesIn(shop)).toEqual(ALL);
  });

  test('a value that is too long is an error of its record alone', async () => {
    await using shop = await openShop();
    await fillShop(shop);
    await shop.houston.sql`alter table customer alter full_name type varchar(12)`;
    await shop.hq.sql`update sales.customer set name = 'Contoso, Incorporated' where num = 'C2'`;
    await using here = await openFolder(shop);
    expect((await here.within('sync')).exitCode).toBe(3);
    expect(await namesIn(shop)).toEqual(['Adatum', 'Fabrikam']);
    const { json } = await here.ask('errors');
    expect(json['items']).toEqual([
      expect.objectContaining({ kind: 'failure', code: 'value-too-long', mapping: 'customers' }),
    ]);
  });
});

describe('the coupling database', () => {
  test('that is newer than the program is refused, and left as it is', async () => {
    await using shop = await openShop();
    await fillShop(shop);
    await using here = await openFolder(shop);
    await here.within('migrate');
    await shop.couplet
      .sql`insert into couplet.migration (hash, created_at) values ('of tomorrow', ${Date.now() + 86_400_000_000})`;
    for (const args of [['sync'], ['start', '--port', '0'], ['migrate'], ['errors']]) {
      const { exitCode, stdout, stderr } = await here.run(...args);
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^coupling-database-newer: .*Start the program version that migrated it/);
    }
    const check = await here.ask('check');
    expect(check.exitCode).toBe(1);
    expect(check.json['problems']).toContainEqual(
      expect.objectContaining({ code: 'coupling-database-newer', severity: 'error' }),
    );
    expect(await namesIn(shop)).toEqual(['Adatum Corp']);
  });

  test('that is older is migrated by sync, and refused by whoever only looks or was told not to', async () => {
    await using shop = await openShop();
    await fillShop(shop);
    await using here = await openFolder(shop);
    for (const args of [['errors'], ['start', '--port', '0', '--no-migrate']]) {
      const { exitCode, stderr } = await here.run(...args);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^coupling-database-not-migrated: .*couplet migrate/);
    }
    expect(await shop.couplet.sql`select from pg_namespace where nspname = 'couplet'`).toHaveLength(0);
    expect((await here.ask('check')).exitCode).toBe(0);
    expect((await here.within('sync')).exitCode).toBe(0);
  });

  test('that is not there is told without its password', async () => {
    await using shop = await openShop();
    const cases: readonly (readonly [Partial<URL>, RegExp])[] = [
      [{ port: '1' }, /nothing listens at that address/],
      [{ password: 'wrong-secret' }, /the user or the password is wrong/],
      [{ pathname: '/nowhere' }, /no such database/],
    ];
    for (const [change, message] of cases) {
      const url = new URL(shop.environment.COUPLET_DATABASE_URL);
      Object.assign(url, change);
      await using here = await openFolder(shop, { COUPLET_DATABASE_URL: url.href });
      const { exitCode, stderr } = await here.run('sync');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^coupling-database-unreachable: /);
      expect(stderr).toMatch(message);
      expect(stderr).toContain(`The coupling database at ${url.host}${url.pathname}`);
      expect(stderr).not.toContain('wrong-secret');
    }
  });

  test('whose address is none is told by where it was given, without what was', async () => {
    await using shop = await openShop();
    for (const secret of ['nonsense-secret', 'postgres://u:100%secret@h/x']) {
      await using here = await openFolder(shop, { COUPLET_DATABASE_URL: secret });
      const { exitCode, stdout, stderr } = await here.run('sync');
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        /^url-invalid: COUPLET_DATABASE_URL is not an address that can be used: .* Write it as postgres:/,
      );
      expect(stderr).not.toContain('ecret');
      const { json } = await here.ask('check');
      expect(json['problems'][0]).toMatchObject({ code: 'url-invalid', severity: 'error' });
    }
    const url = new URL(shop.environment.COUPLET_DATABASE_URL);
    await using here = await openFolder(shop, { COUPLET_DATABASE_URL: `postgres://127.0.0.1:1${url.pathname}` });
    expect((await here.run('errors')).stderr).toContain(`at 127.0.0.1:1${url.pathname} cannot be reached`);
  });

  test('in which Couplet may make nothing is told with the right that is missing', async () => {
    await using shop = await openShop();
    const { sql, url: owned } = shop.couplet;
    const url = new URL(owned);
    const role = `weak_${url.pathname.slice(1)}`;
    await sql.unsafe(`create role ${role} login password 'weak'`);
    try {
      url.username = role;
      url.password = 'weak';
      await using here = await openFolder(shop, { COUPLET_DATABASE_URL: url.href });
      const { exitCode, stderr } = await here.run('sync');
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`the user ${role} may not make schemas and tables there.`);
      expect(stderr).toContain(`GRANT CREATE ON DATABASE ${url.pathname.slice(1)} TO ${role}`);
    } finally {
      await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    }
  });
});
