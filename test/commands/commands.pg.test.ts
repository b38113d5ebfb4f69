import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFolder, type ShopFolder } from './run-couplet.ts';
import { fillShop, openShop, type Shop } from './shop.ts';

interface Stage extends AsyncDisposable {
  readonly shop: Shop;
  readonly here: ShopFolder;
}

async function openStage(filled = true): Promise<Stage> {
  const shop = await openShop();
  if (filled) await fillShop(shop);
  const here = await openFolder(shop);
  return {
    shop,
    here,
    async [Symbol.asyncDispose]() {
      await here[Symbol.asyncDispose]();
      await shop[Symbol.asyncDispose]();
    },
  };
}

const withoutCapture = "select count(*)::int as left from pg_namespace where nspname = 'couplet'";

describe('sync', () => {
  test('a first run fills the shop, a second one finds nothing to do, and results alone are on stdout', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    const first = await here.ask('sync');
    expect(first.exitCode).toBe(0);
    expect(first.json['counters']).toMatchObject({ coupled: 5, toChannel: { inserted: 4, modified: 1 } });
    expect(await shop.houston.sql`select full_name from customer order by full_name`).toEqual([
      { full_name: 'Adatum' },
      { full_name: 'Contoso' },
      { full_name: 'Fabrikam' },
    ]);
    const second = await here.run('sync');
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toMatch(/^To HQ: {6}0 inserted, 0 modified, .*\nTo channel: 0 inserted, 0 modified/);
    expect(second.stderr).toBe('');
  });

  test('a dry run tells what would be written and writes nothing', async () => {
    await using stage = await openStage();
    const { exitCode, stdout } = await stage.here.within('sync', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/insert +channel/);
    expect(await stage.shop.houston.sql`select from segment`).toHaveLength(0);
  });

  test('errors of what is gone from the file are not those of the run, and a verification tells what has drifted', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    await here.within('sync');
    expect((await here.within('verify')).stdout).toBe('Both stores agree with the couplings.\n');
    await shop.houston.sql`update customer set credit = 7 where full_name = 'Adatum'`;
    expect((await here.within('sync')).exitCode).toBe(0);
    const verified = await here.within('verify');
    expect([verified.exitCode, verified.stdout]).toEqual([
      0,
      'No difference, but 1 pair drifted: changed where values only come from the other side.\n',
    ]);
    await shop.hq.sql`update sales.customer set name = 'A' where num = 'C1'`;
    await shop.houston.sql`update customer set full_name = 'B' where full_name = 'Adatum'`;
    expect((await here.within('sync')).exitCode).toBe(3);
    expect(await here.within('verify')).toMatchObject({
      exitCode: 0,
      stdout:
        'Both stores agree with the couplings.\n1 pair not compared: already among the open errors, which `couplet errors` lists.\n',
    });
    await here.configure((text) => text.slice(0, text.indexOf('  customers:')));
    expect((await here.within('sync')).exitCode).toBe(0);
  });

  test('verify tells a difference until somebody answers it, and what is an open error already apart', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    await here.within('sync');
    const behind = (name: string, email: string) =>
      shop.houston.sql.begin(async (sql) => {
        await sql`set local session_replication_role = replica`;
        await sql`update customer set full_name = ${name} where mail = ${email}`;
      });
    await behind('Behind our back', 'a@adatum.example');
    const first = await here.ask('verify');
    expect(first.exitCode).toBe(3);
    expect(first.json['items']).toMatchObject([{ code: 'verification-difference', errorId: expect.any(String) }]);
    expect(first.json['jobs'][0].params).toMatchObject({ differences: 1, openErrors: 0 });
    await behind('Behind it too', 'c@contoso.example');
    const second = await here.ask('verify');
    expect(second.exitCode).toBe(3);
    expect(second.json['items']).toMatchObject([
      { code: 'verification-difference', params: { fields: ['name'] }, errorId: expect.any(String) },
      { code: 'verification-difference', errorId: expect.any(String) },
    ]);
    expect(second.json['jobs'][0].params).toMatchObject({
      differences: 1,
      openErrors: 1,
      mappings: { customers: { differences: 1, openErrors: 1 } },
    });
    const third = await here.within('verify');
    expect(third.exitCode).toBe(3);
    expect(third.stdout).toMatch(/\n2 differences, of which 2 are open errors already\n$/);
    const { json } = await here.ask('errors');
    for (const { id } of json['items']) await here.within('resolve', String(id), 'synchronize', '--winner', 'hq');
    expect((await here.within('verify')).stdout).toBe('Both stores agree with the couplings.\n');
  });

  test('names that are not in the file are a wrong command line', async () => {
    await using stage = await openStage(false);
    for (const args of [['custmers'], ['--channel', 'dallas'], ['segments', 'custmers']]) {
      const { exitCode, stderr } = await stage.here.within('sync', ...args);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(
        /There is no (mapping custmers; the file has segments, customers|channel dallas; the file has houston)/,
      );
    }
  });

  test('a conflict is listed, decided and told of in the log, from the command line alone', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    await here.within('sync');
    await shop.hq.sql`update sales.customer set email = 'new@adatum.example' where num = 'C1'`;
    await shop.houston.sql`update customer set mail = 'till@adatum.example' where full_name = 'Adatum'`;
    const run = await here.run('sync');
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/1 open error: couplet errors lists them/);

    const { json: list } = await here.ask('errors', '--kind', 'conflict');
    expect(list['items']).toHaveLength(1);
    const [{ id }] = list['items'] as [{ id: string }];
    expect((await here.within('errors')).stdout).toMatch(
      /customers +houston +conflict +C1 Adatum .*email was changed in both apps/,
    );

    const undecided = await here.within('resolve', id, 'synchronize');
    expect([undecided.exitCode, undecided.stderr]).toEqual([
      2,
      'winner-required: Choose a winner: both records changed. Say --winner hq or --winner channel, or --field NAME=hq|channel for single fields.\n',
    ]);
    const preview = await here.within('resolve', id, 'synchronize', '--winner', 'channel', '--dry-run');
    expect(preview.stdout).toMatch(/update +HQ +C1 +email +new@adatum\.example +till@adatum\.example/);
    const resolved = await here.within(
      'resolve',
      id,
      'synchronize',
      '--winner',
      'channel',
      '--reason',
      'the till knows',
    );
    expect([resolved.exitCode, resolved.stdout.trim().split('\n').at(-1)]).toEqual([0, 'Resolved.']);
    expect(await shop.hq.sql`select email from sales.customer where num = 'C1'`).toEqual([
      { email: 'till@adatum.example' },
    ]);

    const { json: log } = await here.ask('log', 'customers', 'hq', 'C1');
    const changes = (log['items'] as { changes: object[] }[]).flatMap((entry) => entry.changes);
    expect(changes).toContainEqual({
      field: 'email',
      side: 'hq',
      old: 'new@adatum.example',
      new: 'till@adatum.example',
    });
    expect((await here.within('log', 'customers', 'hq', 'C1')).stdout).toMatch(
      /email changed from new@adatum\.example to till@adatum\.example/,
    );

    const again = await here.run('resolve', id, 'synchronize', '--winner', 'hq');
    expect([again.exitCode, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/^already-resolved: /);
    expect((await here.within('errors')).stdout).toBe('No errors.\n');
  });

  test('pairs of a file are coupled, those that cannot be are told, and a coupling is reverted by its log entry', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    await here.configure((text) =>
      text.replace('    match: [[email]]\n    firstRun: automatic', '    coupledOnly: true\n    firstRun: automatic'),
    );
    await here.within('sync', 'segments');
    await writeFile(join(here.folder, 'pairs.csv'), 'hqKey,channelKey,winner\nC1,1,channel\nC9,1,hq\n');
    const { exitCode, json } = await here.ask('couple', 'customers', '--pairs', 'pairs.csv');
    expect(exitCode).toBe(3);
    expect(json).toMatchObject({ status: 'succeeded', failures: [{ hqKey: { num: 'C9' }, code: expect.any(String) }] });
    expect(await shop.hq.sql`select name from sales.customer where num = 'C1'`).toEqual([{ name: 'Adatum Corp' }]);

    await shop.hq.sql`update sales.customer set name = 'Adatum Inc' where num = 'C1'`;
    await here.within('sync', 'customers');
    const { json: log } = await here.ask('log', 'customers', 'hq', 'C1', '--limit', '1');
    const [{ id }] = log['items'] as [{ id: string }];
    expect((await here.within('revert', id)).exitCode).toBe(0);
    expect(await shop.houston.sql`select full_name from customer`).toEqual([{ full_name: 'Adatum Corp' }]);
  });
});

describe('check', () => {
  test('exits 1 with the line of the file and the remedy, 0 when all is well, and touches nothing', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    const well = await here.within('check');
    expect([well.exitCode, well.stderr]).toEqual([0, 'Checked couplet.yaml: 2 mappings, 2 stores.\n']);
    await here.configure((text) => text.replace('hq: email,', 'hq: e_mail,'));
    const { exitCode, json } = await here.ask('check');
    expect(exitCode).toBe(1);
    expect(json['problems']).toContainEqual(
      expect.objectContaining({
        code: 'column-not-found',
        mapping: 'customers',
        side: 'hq',
        line: 25,
        remedy: expect.stringMatching(/Correct the column/),
      }),
    );
    expect((await here.within('check')).stdout).toMatch(
      /^ +25 +error +column-not-found +customers +HQ +sales\.customer has no column e_mail; did you mean email\?/m,
    );
    for (const { sql } of [shop.hq, shop.houston]) expect(await sql.unsafe(withoutCapture)).toEqual([{ left: 0 }]);
    expect(await shop.couplet.sql.unsafe(withoutCapture)).toEqual([{ left: 0 }]);
  });

  test('what couplings rest on cannot be changed under them: told by check, refused by sync, and nothing is lost', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    await here.within('sync');
    await shop.houston.sql`alter table customer add constraint customer_mail unique (mail)`;
    await shop.houston.sql`alter table customer alter mail set not null`.catch(() => {});
    await shop.hq.sql`alter table sales.customer add code integer not null unique generated always as identity`;
    await here.configure((text) => text.replace('key: [num]', 'key: [code]'));
    const { exitCode, json } = await here.ask('check');
    expect(exitCode).toBe(1);
    expect(json['problems']).toContainEqual(
      expect.objectContaining({
        code: 'setting-locked',
        mapping: 'customers',
        line: 18,
        message: expect.stringMatching(
          /hq\.key of customers was num and cannot become code while there are 3 couplings/,
        ),
      }),
    );
    const sync = await here.within('sync');
    expect(sync.exitCode).toBe(2);
    expect(sync.stderr).toMatch(
      /couplet\.yaml:18:\d+: error: mappings\.customers\.hq\.key: hq\.key of customers was num/,
    );
    await here.configure((text) => text);
    expect((await here.within('sync')).exitCode).toBe(0);
  });
});

describe('install and uninstall', () => {
  test('the SQL is written without being run; what is installed is taken out without a trace', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    const script = await here.within('install', '--print');
    expect(script.exitCode).toBe(0);
    expect(script.stdout).toMatch(/-- HQ\n[^]*create schema[^]*-- Houston\n[^]*create trigger/);
    expect(await shop.hq.sql.unsafe(withoutCapture)).toEqual([{ left: 0 }]);
    const installed = await here.within('install');
    expect([installed.exitCode, installed.stdout]).toEqual([
      0,
      'HQ: installed on sales.segment, sales.customer\nHouston: installed on segment, customer\n',
    ]);
    expect((await here.within('install')).stdout).toMatch(/^HQ: in place already on sales\.segment, sales\.customer$/m);
    const gone = await here.within('uninstall');
    expect([gone.exitCode, gone.stdout]).toEqual([
      0,
      'HQ: nothing of Couplet is left.\nHouston: nothing of Couplet is left.\n',
    ]);
    for (const { sql } of [shop.hq, shop.houston]) {
      expect(await sql.unsafe(withoutCapture)).toEqual([{ left: 0 }]);
      expect(await sql`select from pg_trigger where not tgisinternal`).toHaveLength(0);
    }
  });

  test('after it was taken out, what changed meanwhile is unknown: nothing is written until somebody says so', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    await here.within('sync');
    await here.within('uninstall');
    await shop.hq.sql`delete from sales.customer where num = 'C2'`;
    const { exitCode, stderr } = await here.within('sync');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/lineage-broken[^]*resume the mapping with `lineage: compare`/);
    expect(await shop.houston.sql`select from customer`).toHaveLength(3);
    const check = await here.ask('check');
    expect(check.exitCode).toBe(1);
    expect(check.json['problems'].map(({ code }: { code: string }) => code)).toEqual([
      'lineage-broken',
      'lineage-broken',
    ]);
  });

  test('the script, run by somebody who may, is the capture', async () => {
    await using stage = await openStage();
    const { shop, here } = stage;
    const { json } = await here.ask('install', '--print');
    const [hq, houston] = json['stores'] as [{ sql: string }, { sql: string }];
    for (const [database, script] of [
      [shop.hq, hq],
      [shop.houston, houston],
    ] as const) {
      // A script has transactions of its own, and so needs a connection of its own.
      const connection = await database.sql.reserve();
      await connection.unsafe(script.sql);
      connection.release();
    }
    expect((await here.within('install')).stdout).not.toMatch(/installed on/);
  });
});

describe('keys', () => {
  test('a key is shown once, listed without its secret, and revoked', async () => {
    await using stage = await openStage(false);
    const { here } = stage;
    const created = await here.within(
      'keys',
      'create',
      'till',
      '--role',
      'channel',
      '--channel',
      'houston',
      '--expires',
      '90d',
    );
    expect(created.exitCode).toBe(0);
    expect(created.stdout).toMatch(/^cpl_\S+\n$/);
    const list = await here.ask('keys', 'list');
    expect(list.json['items']).toEqual([
      expect.objectContaining({ name: 'till', role: 'channel', channel: 'houston', revokedAt: null }),
    ]);
    expect(list.stdout).not.toContain(created.stdout.trim());
    expect((await here.within('keys', 'create', 'till', '--role', 'viewer')).exitCode).toBe(2);
    expect((await here.within('keys', 'revoke', 'till')).exitCode).toBe(0);
    expect((await here.within('keys', 'revoke', 'till')).exitCode).toBe(1);
    for (const wrong of [
      ['--role', 'channel'],
      ['--role', 'viewer', '--channel', 'houston'],
      ['--role', 'viewer', '--expires', 'soon'],
    ]) {
      expect((await here.within('keys', 'create', 'other', ...wrong)).exitCode).toBe(2);
    }
  });
});

describe('what is gone from the file', () => {
  test('stays untouched until it is forgotten, and is carried to a new name', async () => {
    await using stage = await openStage();
    const { here } = stage;
    await here.within('sync');
    expect((await here.within('forget', 'customers')).exitCode).toBe(2);
    await here.configure((text) => text.replace('  customers:\n', '  clients:\n    renamedFrom: customers\n'));
    // Nobody is told to forget what the next run carries over, nor may.
    const codes = async (): Promise<unknown[]> =>
      ((await here.ask('check')).json['problems'] as { code: string }[]).map(({ code }) => code);
    expect(await codes()).not.toContain('not-configured');
    expect((await here.within('forget', 'customers')).exitCode).toBe(2);
    const renamed = await here.ask('sync');
    expect(renamed.json).toMatchObject({
      status: 'succeeded',
      counters: { coupled: 0, toChannel: { inserted: 0, modified: 0 } },
    });

    await here.configure((text) => text.slice(0, text.indexOf('  customers:')));
    const left = await here.ask('check');
    expect(left.json['problems']).toContainEqual(
      expect.objectContaining({ code: 'not-configured', severity: 'warning', mapping: 'clients' }),
    );
    const forgotten = await here.within('forget', 'clients');
    expect([forgotten.exitCode, forgotten.stdout]).toEqual([
      0,
      'clients with houston: 3 couplings and 0 open errors forgotten. Records and log stay.\n',
    ]);
    expect((await here.within('forget', 'nobody')).exitCode).toBe(1);
  });
});
