/** Each job in a process of its own, killed in the middle; another process runs it again: everything exactly once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTwoChannels, twoChannels } from './two-channel-stage.ts';

const DEATHS = [
  ['p-job', 'outcomes-recorded', '@retailasynccustomerv2'],
  ['synchronize-customers', 'hq-written', 'customers'],
  ['synchronize-customers', 'hq-written', 'addresses'],
  ['1010', 'channel-written', 'customers'],
  ['1110', 'channel-written', '@1110'],
  ['1070', 'channel-written', '@1070'],
] as const;

test('each job killed in the middle and run again applies every operation exactly once', async () => {
  await using here = await openTwoChannels();
  const folder = await mkdtemp(join(tmpdir(), 'couplet-killed-'));
  const file = join(folder, 'couplet.yaml');
  await writeFile(file, twoChannels(here.urls.hq, here.urls.houston, here.urls.online));
  try {
    await here.ask('PUT', '/commerce/features/asynchronous-customer-address-creation', { enabled: true });
    for (const name of ['ann', 'bob', 'cy']) {
      const guid = randomUUID();
      await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail)
        values (${guid}, 1, ${name}, ${`${name}@example.com`})`;
      await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, tel, changedcolumns)
        values (${guid}, 2, '555', '{tel}')`;
      await here.houston`insert into commerce.retailasyncaddressv2 (custaccountasync, operation, id, street)
        values (${guid}, 1, -1, ${`${name} street`})`;
    }
    for (const [kind, point, mapping] of DEATHS) {
      expect(await killed(file, here.urls.coupling, kind, point, mapping), `${kind} at ${point}`).toBe('SIGKILL');
      if (mapping !== 'customers' || kind !== 'synchronize-customers')
        expect(await here.run(kind)).toMatchObject({ status: 'succeeded' });
    }
    await here.run('pipeline');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  expect(await here.hq`select account_num, name, phone from customer order by name`).toEqual([
    { account_num: 'C000001', name: 'ann', phone: '555' },
    { account_num: 'C000002', name: 'bob', phone: '555' },
    { account_num: 'C000003', name: 'cy', phone: '555' },
  ]);
  expect(await here.hq`select street from customer_address`).toHaveLength(3);
  for (const channel of [here.houston, here.online]) {
    expect(await channel`select tel from customer`).toEqual(['555', '555', '555'].map((tel) => ({ tel })));
    expect(await channel`select 1 from address`).toHaveLength(3);
  }
  expect(await here.coupling`select distinct status from couplet.customer_operation`).toEqual([
    { status: 'synchronized' },
  ]);
  expect(await here.houston`select 1 from commerce.retailasynccustomerv2 where onlineoperationcompleted = 0`).toEqual(
    [],
  );
  // What was interrupted went on: no session is left behind.
  const { body } = await here.ask('GET', '/commerce/sessions?status=started&all=true');
  expect(body.items).toEqual([]);
  expect((await here.ask('GET', '/commerce/features')).body.items.some((one: { drift: boolean }) => one.drift)).toBe(
    false,
  );
}, 240_000);

/** Gives the signal by which the process ended, or what it said if it ended by itself. */
async function killed(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-job.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return signal ?? `ended with ${code}: ${said}`;
}
