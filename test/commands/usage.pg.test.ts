import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFolder, runCouplet } from './run-couplet.ts';
import { openShop } from './shop.ts';

describe('a wrong command line exits 2 and says what is right', () => {
  test.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['sync', '--sideways'], /unknown option '--sideways'/],
    [['errors', '--kind', 'odd'], /Allowed choices are conflict, deletion, failure/],
    [['start', '--port', 'high'], /A port is a number/],
    [['resolve', 'x', 'forgive'], /Allowed choices are retry/],
    [['couple', 'customers'], /required option '--pairs <file>'/],
    [['sync', '--config', 'nowhere.yaml'], /there is no file nowhere\.yaml; name another with --config/],
  ])('%s', async (args, message) => {
    const { exitCode, stdout, stderr } = await runCouplet(args);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('help and version are what was asked for', async () => {
    const help = await runCouplet(['--help']);
    expect(help.exitCode).toBe(0);
    for (const command of [
      'start',
      'demo',
      'check',
      'install',
      'uninstall',
      'sync',
      'errors',
      'resolve',
      'couple',
      'revert',
      'commerce',
      'keys',
      'forget',
      'log',
      'verify',
      'migrate',
    ]) {
      expect(help.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
    expect((await runCouplet(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('a wrong configuration exits 2 with every problem at once', () => {
  test('misspelt, missing and twice written things, each with its line', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop, { HOUSTON_URL: undefined });
    await here.configure((text) =>
      text
        .replace('    direction: toChannel', '')
        .replace('initialWinner: hq', 'initalWinner: hq')
        .replace('    fields:\n      name:', '    fields:\n      title: { hq: name, channel: full_name }\n      name:'),
    );
    for (const command of [['check'], ['sync'], ['start', '--port', '0']]) {
      const { exitCode, stdout, stderr } = await here.run(...command);
      expect(exitCode).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/couplet\.yaml:4:\d+: error: .*HOUSTON_URL/);
      expect(stderr).toMatch(/couplet\.yaml:12:\d+: error: .*initalWinner.*initialWinner/);
      expect(stderr).toMatch(/both write the hq column "name"/);
    }
  });

  test('what the stores say of the rest is told in the same go', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop);
    await here.configure((text) =>
      text
        .replace('    match: [[email]]', '    match: [[e-mail]]')
        .replace('{ hq: tier, channel: tier }', '{ hq: tier, channel: tear, resolv: hqWins }')
        .replace('key: [num]', 'keys: [num]')
        .replace('table: segment,', 'table: segmnet,'),
    );
    const { exitCode, stdout, stderr } = await here.run('check');
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/: error: mappings\.customers\.hq\.keys: /);
    expect(stderr).toMatch(/: error: mappings\.customers\.match\[0\]\[0\]: .*email/);
    const [, inStores = ''] = stderr.split('In the stores:\n');
    expect(inStores.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^couplet\.yaml:9:\d+: error: mappings\.segments\.channel\.table: .*did you mean segment\?/,
      ),
      expect.stringMatching(
        /^couplet\.yaml:\d+:\d+: error: mappings\.customers\.fields\.tier\.channel: .*no column tear/,
      ),
    ]);
    const { json } = await here.ask('check');
    expect(json['problems'].map(({ code }: { code: string }) => code)).toEqual([
      'option-missing',
      'unknown-option',
      'unknown-field',
      'unknown-option',
      'table-not-found',
      'column-not-found',
    ]);
  });

  test('two mappings that would write the same column of the same record', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop);
    const twin = `  people:
    hq: { table: sales.customer, key: [num] }
    channel: { table: customer, key: [id] }
    fields: { name: { hq: name, channel: full_name } }
`;
    await here.configure((text) => text.replace('filter: not blocked, ', '') + twin);
    const { exitCode, stderr } = await here.run('check');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/customers and people both write "name" of the hq table sales\.customer/);
  });

  test('the address of a store that is none', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop, { HQ_URL: 'mysql://root@localhost/erp' });
    const { exitCode, stderr } = await here.run('check');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/couplet\.yaml:2/);
  });

  test('with --json the problems are data', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop);
    await writeFile(join(here.folder, 'couplet.yaml'), 'version: 2\n');
    const { exitCode, json } = await here.ask('check');
    expect(exitCode).toBe(2);
    expect(json['problems'][0]).toMatchObject({ severity: 'error', line: 1, path: 'hq' });
  });
});

test('a commerce job that there is none of is a wrong command line', async () => {
  const { exitCode, stdout, stderr } = await runCouplet(['commerce', 'run', '2020']);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/p-job, synchronize-customers, 1010/);
});

describe('a name that nothing has exits 2 and says which there are', () => {
  test('of a mapping or a channel, also where a list would be empty', async () => {
    await using shop = await openShop();
    await using here = await openFolder(shop);
    expect((await here.within('sync')).exitCode).toBe(0);
    const mappings = /^There is no mapping nobody; the file has segments, customers\.\n$/;
    const channels = /^There is no channel moon; the file has houston\.\n$/;
    await writeFile(join(here.folder, 'pairs.csv'), 'hqKey,channelKey\n1,1\n');
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['errors', '--mapping', 'nobody'], mappings],
      [['errors', '--channel', 'moon'], channels],
      [['log', 'nobody', 'hq', '1'], mappings],
      [['verify', 'nobody'], mappings],
      [['sync', 'nobody'], mappings],
      [['couple', 'nobody', '--pairs', 'pairs.csv'], mappings],
    ];
    for (const [args, message] of cases) {
      const { exitCode, stdout, stderr } = await here.within(...args);
      expect(stderr).toMatch(message);
      expect([exitCode, stdout]).toEqual([2, '']);
    }
    expect(await here.within('errors', '--mapping', 'customers')).toMatchObject({
      exitCode: 0,
      stdout: 'No errors.\n',
    });
    const { stderr } = await here.within('resolve', 'nothing', 'retry');
    expect(stderr).toMatch(/error-not-found: .*couplet errors/);
  });
});
