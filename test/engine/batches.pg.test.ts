/** More changes than one batch holds, several batches under way at once: every pair is decided once. */
import { expect, it } from 'vitest';
import { SIDES } from '../../src/domain/record.ts';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import { storeOf } from '../../src/engine/lane/site.ts';
import { type SmallSite, smallSite } from './small-site.ts';

const CUSTOMERS = 3_300;

async function filledSite(): Promise<SmallSite> {
  const site = await smallSite();
  for (let n = 1; n <= CUSTOMERS; n += 1) {
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com`, credit: '10.00' });
  }
  await site.run();
  await site.run();
  return site;
}

const logged = async (site: SmallSite): Promise<Record<string, number>> => {
  const rows = await site.sql<{ action: string; count: number }[]>`
    select action, count(*)::int as count from couplet.sync_log group by action`;
  return Object.fromEntries(rows.map(({ action, count }) => [action, count]));
};

it('a first load makes, couples and logs each record once', async () => {
  await using site = await filledSite();
  expect(site.houston.select('shoppers')).toHaveLength(CUSTOMERS);
  expect(await logged(site)).toEqual({ inserted: CUSTOMERS });
  expect(await site.sql`select count(*)::int as n from couplet.coupling`).toEqual([{ n: CUSTOMERS }]);
});

it('a first load never makes a record that matches one it has made', async () => {
  await using site = await smallSite();
  for (let n = 1; n <= CUSTOMERS; n += 1) {
    const email = n % 1_100 === 0 ? 'SAME@example.com' : `c${n}@example.com`;
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email, credit: null });
  }
  await site.run();
  expect(site.houston.select('shoppers')).toHaveLength(CUSTOMERS - 2);
  expect(await site.sql`select code from couplet.sync_error`).toEqual([
    { code: 'match-ambiguous' },
    { code: 'match-ambiguous' },
  ]);
});

/** Somebody takes the lane over, in the stores too, whenever a batch has come to this point, so many times. */
async function takenOver(at: CrashPoint, times: number): Promise<{ site: SmallSite; leaveAlone(): void }> {
  let left = 0;
  const site: SmallSite = await smallSite({
    async reach(point, lane) {
      if (point !== at || lane?.mapping !== 'customers' || left === 0) return;
      left -= 1;
      const fence = { lane, number: await site.database.raiseFence(lane) };
      for (const side of SIDES) await storeOf(site.site, side, 'houston').takeOver(site.database.reader, fence);
    },
  });
  left = times;
  for (let n = 1; n <= 2_100; n += 1) site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}` });
  return { site, leaveAlone: () => void (left = 0) };
}

it('a first load whose lane is taken over goes on with it and makes each record once', async () => {
  const { site } = await takenOver('outcomes-recorded', 1);
  await using _ = site;
  const reports = await site.run();
  expect(reports.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  expect(site.houston.select('shoppers')).toHaveLength(2_100);
  expect(await logged(site)).toEqual({ inserted: 2_100 });
});

it('a run that was asked for and loses its lane again and again has failed, and the next one does all of it', async () => {
  const { site, leaveAlone } = await takenOver('decided', 1_000);
  await using _ = site;
  const [, customers] = await site.run();
  expect(customers).toMatchObject({ status: 'failed', code: 'fence-lost' });
  leaveAlone();
  await site.run();
  expect(site.houston.select('shoppers')).toHaveLength(2_100);
  expect(await logged(site)).toEqual({ inserted: 2_100 });
});

it('pairs that were changed on both sides are decided and counted once', async () => {
  await using site = await filledSite();
  for (let n = 1; n <= CUSTOMERS; n += 1) {
    site.hq.update('customers', { num: `C${n}` }, { name: `HQ ${n}` });
    site.houston.update('shoppers', { cust_num: `C${n}` }, { full_name: `Till ${n}` });
  }
  const reports = await site.run();
  expect(reports.map(({ counters }) => counters.conflicts)).toEqual([0, CUSTOMERS]);
  expect(await logged(site)).toEqual({ inserted: CUSTOMERS, conflict: CUSTOMERS });
  expect((await site.database.countPending({ mapping: 'customers', channel: 'houston' }, ['due'])).channel.due).toBe(0);
  expect((await site.database.countPending({ mapping: 'customers', channel: 'houston' }, ['due'])).hq.due).toBe(0);
});

it('records made again alike on one side and changed on neither are logged as such once', async () => {
  await using site = await filledSite();
  for (let n = 1; n <= CUSTOMERS; n += 1) {
    const [row] = site.hq.select('customers', { num: `C${n}` });
    site.hq.delete('customers', { num: `C${n}` });
    site.hq.insert('customers', { ...row });
    site.houston.update('shoppers', { cust_num: `C${n}` }, { full_name: `Customer ${n}` });
  }
  await site.run();
  expect(await logged(site)).toEqual({ inserted: CUSTOMERS, coupled: CUSTOMERS });
});
