import { describe, expect, it } from 'vitest';
import { describeCode } from '../../src/domain/describe-change.ts';
import type { OpenedCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import type { ActionRequest } from '../../src/ports/synchronizer.ts';
import { ACTION, customersWith, openErrors, type SmallSite, smallSite } from './small-site.ts';

const shopper = (site: SmallSite, num: string) => site.houston.select('shoppers', { cust_num: num })[0];
const named = (site: SmallSite, name: string) => site.houston.select('shoppers', { full_name: name }).length;
const answer = (site: SmallSite, id: string, action: ActionRequest['action'], more: Partial<ActionRequest> = {}) =>
  site.synchronizer.act(id, { ...ACTION, action, ...more });

async function inStep(lines: string, count: number): Promise<SmallSite> {
  const site = await smallSite({ configuration: customersWith(lines) });
  site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  for (let n = 1; n <= count; n += 1)
    site.hq.insert('customers', {
      num: `C${n}`,
      name: `Customer ${n}`,
      email: `c${n}@example.com`,
      credit: '10',
      group_code: 'G1',
    });
  await site.run();
  await site.run();
  return site;
}

function renameAll(site: SmallSite, from: number, to: number, name: string): void {
  for (let n = from; n <= to; n += 1) site.hq.update('customers', { num: `C${n}` }, { name });
}

async function expectAtRest(site: SmallSite): Promise<void> {
  await site.run();
  const before = await site.sql`select count(*)::int n from couplet.sync_log`;
  await site.run({ scope: 'full' });
  expect(await site.sql`select count(*)::int n from couplet.sync_log`).toEqual(before);
}

/** The nightly reload: every record deleted and written again with the same key, another name. */
function reload(site: SmallSite, count: number, name: string): void {
  for (let n = 1; n <= count; n += 1) {
    const row = site.hq.select('customers', { num: `C${n}` })[0] ?? {};
    site.hq.delete('customers', { num: `C${n}` });
    site.hq.insert('customers', { ...row, name });
  }
}

describe('the breaker for changes', () => {
  const BREAKER = '    changeBreaker: { count: 10, percent: 50 }\n';

  it('stops too many updates before the first one, lets creations go on, and approve carries them out', async () => {
    await using site = await inStep(BREAKER, 20);
    renameAll(site, 1, 12, 'Renamed');
    site.hq.insert('customers', { num: 'N1', name: 'New', email: 'new@example.com', credit: '1', group_code: 'G1' });
    await site.run();
    expect(named(site, 'Renamed')).toBe(0);
    expect(shopper(site, 'N1')?.['full_name']).toBe('New');
    let [error] = await openErrors(site);
    expect(error).toMatchObject({
      scope: 'mapping',
      code: 'mass-change',
      params: { changedIn: 'hq', changes: 12, replaced: 0 },
    });
    renameAll(site, 13, 13, 'Renamed');
    await site.run();
    [error] = await openErrors(site);
    expect(error?.params).toMatchObject({ changes: 13 });
    expect(named(site, 'Renamed')).toBe(0);
    await answer(site, error!.id, 'approve');
    expect(named(site, 'Renamed')).toBe(13);
    expect(await openErrors(site)).toEqual([]);
    await expectAtRest(site);
  });

  it('tells of the pairs that it held along, and an approval without an etag stands for no more than it tells of', async () => {
    await using site = await inStep(BREAKER, 20);
    renameAll(site, 1, 12, 'Renamed');
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
    await site.run();
    const [error] = await openErrors(site);
    expect(error?.params).toMatchObject({ changes: 12 });
    const { items, total } = await (site.database as OpenedCouplingDatabase).queries.heldRecords(error!.id, {
      limit: 50,
      cursor: null,
      sort: null,
      count: true,
    });
    expect([items.length, total]).toEqual([12, 12]);
    expect(items.every(({ side }) => side === 'hq')).toBe(true);
    // One that a run found and had not counted yet when it was killed.
    await site.sql`
      insert into couplet.pending (lane_id, side, key, deleted, state)
      select lane_id, 'hq', '["C13"]', false, 'change' from couplet.pending where state = 'changeHeld' limit 1`;
    await expect(answer(site, error!.id, 'approve', { ifMatch: null })).rejects.toMatchObject({
      code: 'stale-decision',
    });
    expect(named(site, 'Renamed')).toBe(0);
    await site.run();
    await answer(site, error!.id, 'approve', { ifMatch: null });
    expect(named(site, 'Renamed')).toBe(12);
  });

  it('lets a number pass that reaches one of its two limits only', async () => {
    await using site = await inStep(BREAKER, 40);
    renameAll(site, 1, 12, 'Renamed');
    await site.run();
    expect(named(site, 'Renamed')).toBe(12);
    expect(await openErrors(site)).toEqual([]);
  });

  it('does not take its own writes for changes: their echoes count for nothing', async () => {
    await using site = await inStep(BREAKER, 20);
    renameAll(site, 1, 9, 'Renamed');
    await site.run();
    renameAll(site, 10, 18, 'Renamed');
    await site.run();
    await site.run();
    expect(named(site, 'Renamed')).toBe(18);
    expect(await openErrors(site)).toEqual([]);
  });

  it('holds what a full run would write as well', async () => {
    await using site = await inStep(BREAKER, 20);
    for (let n = 1; n <= 15; n += 1) site.houston.update('shoppers', { cust_num: `C${n}` }, { credit: '99' });
    await site.run();
    await site.run({ scope: 'full' });
    expect(site.houston.select('shoppers', { credit: '99' })).toHaveLength(15);
    const [error] = await openErrors(site);
    expect(error).toMatchObject({ code: 'mass-change', params: { changedIn: 'hq', changes: 15, scope: 'full' } });
    await answer(site, error!.id, 'approve');
    expect(site.houston.select('shoppers', { credit: '99' })).toHaveLength(0);
    await expectAtRest(site);
  });

  it('declined, each of them waits for a person, whatever run comes', async () => {
    await using site = await inStep(`${BREAKER}    conflicts: { resolve: hqWins }\n`, 20);
    renameAll(site, 1, 11, 'Renamed');
    await site.run();
    const [error] = await openErrors(site);
    await answer(site, error!.id, 'decline');
    expect((await openErrors(site)).map(({ kind }) => kind)).toEqual(Array.from({ length: 11 }, () => 'conflict'));
    const [declined] = await openErrors(site);
    // They were coupled long ago.
    expect(describeCode(declined!.code, declined!.params)).toMatch(
      /^name differs between the two records, and nothing says which is right/,
    );
    await site.run();
    await site.run({ scope: 'full' });
    expect(named(site, 'Renamed')).toBe(0);
    expect(await openErrors(site)).toHaveLength(11);
    const [one] = await openErrors(site);
    await answer(site, one!.id, 'synchronize', { winner: 'channel' });
    expect(site.hq.select('customers', { name: 'Renamed' })).toHaveLength(10);
    expect(await openErrors(site)).toHaveLength(10);
  });
});

describe('records deleted and created again', () => {
  const FEW = '    deletionBreaker: { count: 5, percent: 100 }\n';

  it('above the deletion breaker are one error without any setting; approve takes what they hold now', async () => {
    await using site = await inStep(FEW, 8);
    reload(site, 6, 'Reloaded');
    await site.run();
    expect(named(site, 'Reloaded')).toBe(0);
    const [error, ...others] = await openErrors(site);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ code: 'mass-change', params: { changedIn: 'hq', changes: 6, replaced: 6 } });
    await answer(site, error!.id, 'approve');
    expect(named(site, 'Reloaded')).toBe(6);
    expect(await openErrors(site)).toEqual([]);
    await expectAtRest(site);
  });

  it('declined, or too few for the breaker, each is a conflict that no run merges', async () => {
    await using site = await inStep(FEW, 8);
    reload(site, 6, 'Reloaded');
    await site.run();
    const [error] = await openErrors(site);
    await answer(site, error!.id, 'decline');
    const codes = (await openErrors(site)).map(({ code }) => code);
    expect(codes).toEqual(Array.from({ length: 6 }, () => 'record-replaced'));
    await site.run({ scope: 'full' });
    expect(named(site, 'Reloaded')).toBe(0);
    expect((await openErrors(site)).map(({ code }) => code)).toEqual(codes);
  });

  it('holding what they held before, are nobody’s business, however many', async () => {
    await using site = await inStep(FEW, 8);
    for (let n = 1; n <= 8; n += 1) {
      const row = site.hq.select('customers', { num: `C${n}` })[0] ?? {};
      site.hq.delete('customers', { num: `C${n}` });
      site.hq.insert('customers', row);
    }
    await site.run();
    expect(await openErrors(site)).toEqual([]);
    expect(site.houston.select('shoppers')).toHaveLength(8);
  });
});
