import { expect, it } from 'vitest';
import { continuousProofs } from '../../src/compose/continuous-proofs.ts';
import { ACTION, type SmallSite, smallSite } from './small-site.ts';

const retry = (site: SmallSite, errorId: string) => site.synchronizer.act(errorId, { ...ACTION, ifMatch: null });

/** Four customers in step. */
async function siteOfFour(): Promise<SmallSite> {
  const site = await smallSite();
  for (let n = 1; n <= 4; n += 1)
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com` });
  await site.run();
  await site.run();
  return site;
}

async function resumeComparing({ database }: SmallSite): Promise<void> {
  for (const { lane } of await database.laneStates()) {
    await database.oweFullRun(lane, { reason: 'lineage-compare', trigger: 'recovery' });
    await database.changeLane(lane, { stopped: null });
  }
}

it('a store that went back in time stops its mappings before any write; resumed, every difference waits for a person', async () => {
  await using site = await siteOfFour();
  const backup = site.hq.snapshotState();
  site.hq.update('customers', { num: 'C1' }, { name: 'After the backup' });
  site.hq.insert('customers', { num: 'C5', name: 'After the backup too', email: 'c5@example.com' });
  await site.run();
  await site.run();
  site.hq.restoreState(backup);
  const stopped = await site.run();
  expect(stopped.map(({ status, code }) => [status, code])).toEqual([
    ['failed', 'lineage-broken'],
    ['failed', 'lineage-broken'],
  ]);
  expect(site.houston.select('shoppers')).toHaveLength(5);
  expect(site.houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name']).toBe('After the backup');

  await resumeComparing(site);
  const compared = await site.run();
  expect(compared.every(({ status }) => status === 'succeeded')).toBe(true);
  const errors = await site.sql`select kind, code from couplet.sync_error where status = 'open' order by kind, code`;
  expect(errors).toEqual([
    { kind: 'conflict', code: 'initial-conflict' },
    { kind: 'deletion', code: 'deleted-in-hq' },
  ]);
  expect(site.houston.select('shoppers')).toHaveLength(5);
  expect(site.houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name']).toBe('After the backup');
  expect(site.hq.select('customers', { num: 'C1' })[0]?.['name']).toBe('Customer 1');

  await site.run({ scope: 'full' });
  expect(await site.sql`select 1 from couplet.sync_error where status = 'open'`).toHaveLength(2);
  expect(site.houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name']).toBe('After the backup');
  site.hq.update('customers', { num: 'C2' }, { name: 'goes on' });
  await site.run();
  expect(site.houston.select('shoppers', { cust_num: 'C2' })[0]?.['full_name']).toBe('goes on');
});

it('is noticed and compared in the background too, when nothing else goes on', async () => {
  await using site = await siteOfFour();
  const backup = site.hq.snapshotState();
  site.hq.update('customers', { num: 'C1' }, { name: 'After the backup' });
  await site.run();
  await site.run();
  site.hq.restoreState(backup);
  const proofs = continuousProofs(site.site, site.memory, { warn: () => {} });
  const prove = () => proofs.prove('houston', [{ mapping: 'customers', channel: 'houston' }], () => true);
  expect(await prove()).toEqual(['later']);
  const state = (await site.database.laneStates()).find(({ lane }) => lane.mapping === 'customers');
  expect(state?.stopped?.params['comparison']).toMatchObject({ toChannel: { inserted: 0, modified: 1, deleted: 0 } });
  expect(site.houston.select('shoppers', { cust_num: 'C1' })[0]?.['full_name']).toBe('After the backup');
  expect(await prove()).toEqual(['later']);
  expect(await site.sql`select 1 from couplet.job where dry_run`).toHaveLength(1);
});

it('a record that has no partner when a store was put back is not forgotten: somebody is asked, and Retry creates it', async () => {
  await using site = await siteOfFour();
  const backup = site.houston.snapshotState();
  site.hq.update('customers', { num: 'C1' }, { name: 'After the backup' });
  await site.run();
  await site.run();
  site.houston.restoreState(backup);
  site.hq.insert('customers', { num: 'C9', name: 'Made while all stood still', email: 'c9@example.com' });
  site.houston.insert('shoppers', { cust_num: 'C9', full_name: 'Made while all stood still', mail: 'c9@example.com' });
  site.hq.insert('customers', { num: 'C10', name: 'Made in HQ alone', email: 'c10@example.com' });
  site.houston.insert('shoppers', { cust_num: 'C11', full_name: 'Made in the till alone', mail: 'c11@example.com' });
  await site.run();
  await resumeComparing(site);
  await site.run();
  const errors = await site.sql<{ id: string; code: string; parked: boolean; side: string | null }[]>`
    select id::text, code, parked, params ->> 'side' as side from couplet.sync_error
     where status = 'open' order by code, scope, hq_key nulls last`;
  expect(errors.map(({ code, parked, side }) => [code, parked, side])).toEqual([
    ['initial-conflict', false, null],
    ['partner-missing', true, 'channel'],
    ['partner-missing', true, 'hq'],
  ]);
  // Alike in both, C9 is a pair; nothing was written for the others.
  expect(site.hq.select('customers')).toHaveLength(6);
  expect(site.houston.select('shoppers')).toHaveLength(6);
  await site.run({ trigger: 'change' });
  expect(site.houston.select('shoppers')).toHaveLength(6);

  for (const { id } of errors.filter(({ code }) => code === 'partner-missing')) await retry(site, id);
  expect(site.houston.select('shoppers', { cust_num: 'C10' })).toHaveLength(1);
  expect(site.hq.select('customers', { num: 'C11' })).toHaveLength(1);
  expect(await site.sql`select code from couplet.sync_error where status = 'open'`).toEqual([
    { code: 'initial-conflict' },
  ]);
});

it('a store that went back gives a key once more: the lane goes on, and who had the key before is asked about', async () => {
  await using site = await smallSite();
  const insert = (num: string) => site.hq.insert('customers', { num, name: num, email: `${num}@example.com` });
  insert('C1');
  await site.run();
  await site.run();
  const backup = site.houston.snapshotState();
  insert('C2');
  await site.run();
  await site.run();
  site.houston.restoreState(backup);
  await site.run();
  await resumeComparing(site);
  await site.run();
  expect(await site.sql`select code from couplet.sync_error where status = 'open'`).toEqual([
    { code: 'deleted-in-channel' },
  ]);

  insert('C3');
  const reports = await site.run();
  expect(reports.map(({ status, code }) => [status, code])).toEqual([
    ['succeeded', null],
    ['succeeded', null],
  ]);
  const keys = async () => site.houston.select('shoppers').map((row) => [row['id'], row['cust_num']]);
  expect(await keys()).toEqual([
    ['1', 'C1'],
    ['2', 'C3'],
  ]);
  const errors = await site.sql<{ id: string; code: string; key: string; coupled: boolean }[]>`
    select id::text, code, hq_key as key, coupling_id is not null as coupled
      from couplet.sync_error where status = 'open'`;
  expect(errors).toMatchObject([{ code: 'partner-missing', key: '["C2"]', coupled: false }]);
  expect((await site.run({ trigger: 'change' })).every(({ status }) => status === 'succeeded')).toBe(true);
  await retry(site, errors[0]?.id ?? '');
  expect(await keys()).toEqual([
    ['1', 'C1'],
    ['2', 'C3'],
    ['3', 'C2'],
  ]);
  await site.run();
  expect(await site.sql`select code from couplet.sync_error where status = 'open'`).toEqual([]);
});
