/** Several readers of one store on one coupling database. */
import { expect, it } from 'vitest';
import { continuousRounds } from '../../src/compose/continuous-rounds.ts';
import { plainType } from '../../src/domain/value-type.ts';
import { readBothStores } from '../../src/engine/run/begin-run.ts';
import { readMarks } from '../../src/engine/run/read-marks.ts';
import type { RunRequest } from '../../src/engine/run/lane-run.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import type { Caller } from '../../src/jobs/rounds.ts';
import { until } from '../support/until.ts';
import { REQUEST, smallSite } from './small-site.ts';

const QUIET: Caller = { taken: () => Promise.resolve(), isIdle: () => false };

it('a reader that is overtaken between its look at the cursor and the answer of the store goes on from there', async () => {
  let overtake = async (): Promise<void> => {};
  await using site = await smallSite({
    wrap: (store) => ({
      ...store,
      readWindow: async (reader, cursor, limit) => {
        const overtaking = overtake;
        overtake = async () => {};
        if (store.side === 'hq') await overtaking();
        return store.readWindow(reader, cursor, limit);
      },
    }),
  });
  await site.run();
  site.hq.insert('customers', { num: 'C1', name: 'Anna', email: null, credit: null });
  overtake = async () => {
    expect(await readMarks(site.site, 'hq', null)).toMatchObject({ marks: 1 });
    site.hq.insert('customers', { num: 'C2', name: 'Bo', email: null, credit: null });
  };
  expect(await readMarks(site.site, 'hq', null)).toMatchObject({ marks: 1 });
  await site.run();
  expect(site.houston.select('shoppers')).toHaveLength(2);
});

it('a coupling database that goes away while a store is asked fails the run, and nothing else', async () => {
  const away = new Error('away');
  const unheard: unknown[] = [];
  const hear = (fault: unknown): void => void unheard.push(fault);
  process.on('unhandledRejection', hear);
  await using own = await smallSite({
    wrap: (store) => ({
      ...store,
      // Later than the fault; whoever does not wait for it by then has not heard of it.
      readWindow: async (...asked) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return store.readWindow(...asked);
      },
    }),
  });
  await own.run();
  const lookAtLanes = (): Promise<never> => Promise.reject(away);
  const site = { ...own.site, database: { ...own.site.database, lookAtLanes } };
  await expect(readBothStores(site, own.memory, 'houston', null)).rejects.toThrow(away);
  process.off('unhandledRejection', hear);
  expect(unheard).toEqual([]);
});

it('a record that was deleted and made again is found so once, however long its mark stays in the store', async () => {
  const lane = { mapping: 'customers', channel: 'houston' };
  await using site = await smallSite();
  // One page of changes, the last of which comes while the run is under way.
  for (let n = 0; n < 1_000; n += 1) site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}` });
  await site.run();
  await site.run();
  // Somebody else reads the store and has not come so far: no mark may go.
  await site.site.hq.currentCursor('another');
  for (let n = 1; n < 1_000; n += 1) site.hq.update('customers', { num: `C${n}` }, { name: `Renamed ${n}` });
  const beforePage: (() => Promise<void>)[] = [
    () => {
      const [row] = site.hq.select('customers', { num: 'C0' });
      site.hq.delete('customers', { num: 'C0' });
      site.hq.insert('customers', { ...row });
      return Promise.resolve();
    },
    async () => {
      await until(async () => (await site.database.countPending(lane, ['due'])).hq.due === 0);
      site.hq.update('customers', { num: 'C0' }, { name: 'Once more' });
    },
  ];
  const request: RunRequest = {
    ...REQUEST,
    stop: async () => {
      const change = beforePage.shift();
      if (!change) return false;
      await change();
      await readMarks(site.site, 'hq', null);
      return false;
    },
  };
  await runChannel(site.site, site.memory, 'houston', [lane], request);
  expect(site.houston.select('shoppers', { cust_num: 'C0' })).toMatchObject([{ full_name: 'Once more' }]);
  const found = await site.sql`
    select action, count(*)::int as times from couplet.sync_log where hq_key = '["C0"]' group by action order by action`;
  expect(found).toEqual([
    { action: 'coupled', times: 1 },
    { action: 'inserted', times: 1 },
    { action: 'modified', times: 1 },
  ]);
});

it('a reader that finds a table changed makes every lane of it be prepared anew, in all channels', async () => {
  await using own = await smallSite({ channels: ['houston', 'online'] });
  const rounds = continuousRounds(own.site, own.memory, { warn: () => {} });
  for (const channel of ['houston', 'online'])
    await runChannel(own.site, own.memory, channel, lanesOf(own.site, channel), REQUEST);
  const prepared = (): string[] => [...own.memory.prepared.keys()].toSorted();
  expect(prepared()).toEqual(['customers/houston', 'customers/online', 'groups/houston', 'groups/online']);
  own.houston.addColumn('shoppers', 'nickname', { type: plainType('text') });
  await rounds.readMarks('channel', 'houston', QUIET);
  expect(prepared()).toEqual(['customers/online', 'groups/houston', 'groups/online']);
  own.hq.addColumn('groups', 'rank', { type: plainType('integer') });
  await rounds.readMarks('hq', null, QUIET);
  expect(prepared()).toEqual(['customers/online']);
});

it('a reader that is behind does not owe anew what came of a table that was emptied', async () => {
  let confirms = true;
  await using own = await smallSite({
    wrap: (store) => ({
      ...store,
      confirm: (reader, cursor) => (confirms ? store.confirm(reader, cursor) : Promise.resolve()),
    }),
  });
  await own.run();
  const behind = new Map<string, string>();
  await readMarks(own.site, 'channel', 'houston', { remembered: behind });
  const owed = async () => {
    const states = await own.database.laneStates();
    return states.filter(({ lane, fullRunDue }) => lane.channel === 'houston' && fullRunDue !== null);
  };
  confirms = false;
  own.houston.truncate('shoppers');
  await readMarks(own.site, 'channel', 'houston');
  const [lane, ...others] = await owed();
  expect([lane?.lane.mapping, others]).toEqual(['customers', []]);
  await own.database.endFullRun(lane!.lane, lane!.fullRunDue!.id);
  await readMarks(own.site, 'channel', 'houston', { remembered: behind });
  expect(await owed()).toEqual([]);
});
