/** `couplet commerce run`, on real stores, without a server running. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTwoChannels, twoChannels } from '../commerce/two-channel-stage.ts';
import { runWithin } from './run-couplet.ts';

test('couplet commerce run carries out a job, says what waits for the next one, and tells by its exit code that somebody is needed', async () => {
  await using here = await openTwoChannels();
  const folder = await mkdtemp(join(tmpdir(), 'couplet-commerce-'));
  const variables = { COUPLET_DATA_DIR: join(folder, '.couplet'), COUPLET_DATABASE_URL: here.urls.coupling };
  const run = (...args: readonly string[]) => runWithin(['commerce', 'run', ...args], variables, folder);
  try {
    await writeFile(join(folder, 'couplet.yaml'), twoChannels(here.urls.hq, here.urls.houston, here.urls.online));
    for (const mail of ['ann@example.com', 'no address'])
      await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail)
        values (${randomUUID()}, 1, 'Ann', ${mail})`;
    const pulled = await run('p-job');
    expect(pulled).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('synchronize-customers') });
    expect(pulled.stdout).toMatch(/To HQ: +2 inserted/);
    const applied = await run('synchronize-customers', '--channel', 'houston', '--json');
    expect(applied.exitCode).toBe(3);
    expect(JSON.parse(applied.stdout)).toMatchObject({
      kind: 'synchronize-customers',
      channel: 'houston',
      status: 'succeeded',
      counters: { toHq: { inserted: 1, failed: 1 } },
    });
    expect(await here.hq`select account_num from customer`).toEqual([{ account_num: 'C000001' }]);
    expect(await run('p-job', '--channel', 'paris')).toMatchObject({ exitCode: 2 });
    await writeFile(
      join(folder, 'couplet.yaml'),
      twoChannels(here.urls.hq, here.urls.houston, here.urls.online).replace(/^commerce:[^]*/m, ''),
    );
    expect(await run('p-job')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('commerce-not-configured'),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
