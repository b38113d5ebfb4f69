import { describe, expect, it } from 'vitest';
import { describeCode } from '../../src/domain/describe-change.ts';
import type { ActionRequest } from '../../src/ports/synchronizer.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { ACTION, customersWith, openErrors, REQUEST, type SmallSite, smallSite } from './small-site.ts';

const shopper = (site: SmallSite, num: string) => site.houston.select('shoppers', { cust_num: num })[0];
const customer = (site: SmallSite, num: string) => site.hq.select('customers', { num })[0];
const act = (site: SmallSite, id: string, request: Partial<ActionRequest>) =>
  site.synchronizer.act(id, { ...ACTION, ...request });

function fill(site: SmallSite, count = 5): void {
  site.hq.insert('groups', { code: 'G1', title: 'Retail' });
  for (let n = 1; n <= count; n += 1)
    site.hq.insert('customers', {
      num: `C${n}`,
      name: `Customer ${n}`,
      email: `c${n}@example.com`,
      credit: '10',
      group_code: 'G1',
    });
}

const FEW = '    deletions: propagate\n    deletionBreaker: { count: 3, percent: 100 }\n';

async function expectAtRest(site: SmallSite): Promise<void> {
  await site.run();
  const before = await site.sql`select count(*)::int n from couplet.sync_log`;
  await site.run({ scope: 'full' });
  expect(await site.sql`select count(*)::int n from couplet.sync_log`).toEqual(before);
}

describe('conflict policies', () => {
  it.each([
    ['hqWins', 'from HQ'],
    ['channelWins', 'from the till'],
  ])('%s settles a conflict by itself and keeps the losing value in the log', async (policy, winner) => {
    await using site = await smallSite({ configuration: customersWith(`    conflicts: { resolve: ${policy} }\n`) });
    fill(site);
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { name: 'from HQ' });
    site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'from the till' });
    await site.run();
    expect(customer(site, 'C1')?.['name']).toBe(winner);
    expect(shopper(site, 'C1')?.['full_name']).toBe(winner);
    expect(await openErrors(site)).toHaveLength(0);
    await expectAtRest(site);
  });

  it('detect: record makes the whole record wait', async () => {
    await using site = await smallSite({ configuration: customersWith('    conflicts: { detect: record }\n') });
    fill(site);
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { name: 'from HQ' });
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
    await site.run();
    expect(customer(site, 'C1')?.['email']).toBe('c1@example.com');
    expect(await openErrors(site)).toMatchObject([{ kind: 'conflict' }]);
  });

  it('a one-way field never conflicts: its source wins when it next changes, drift is left alone until then', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.houston.update('shoppers', { cust_num: 'C1' }, { credit: '99' });
    await site.run();
    expect(customer(site, 'C1')?.['credit']).toBe('10');
    expect(shopper(site, 'C1')?.['credit']).toBe('99');
    site.hq.update('customers', { num: 'C1' }, { credit: '20' });
    await site.run();
    expect(shopper(site, 'C1')?.['credit']).toBe('20');
    expect(await openErrors(site)).toHaveLength(0);
  });
});

describe('deletion policies', () => {
  it('restore brings the record back, propagate deletes the survivor, removeCoupling leaves it alone', async () => {
    for (const policy of ['restore', 'propagate', 'removeCoupling'] as const) {
      await using site = await smallSite({ configuration: customersWith(`    deletions: ${policy}\n`) });
      fill(site);
      await site.run();
      site.hq.delete('customers', { num: 'C1' });
      site.houston.delete('shoppers', { cust_num: 'C2' });
      await site.run();
      expect(await openErrors(site)).toHaveLength(0);
      expect(
        [customer(site, 'C1'), shopper(site, 'C1'), customer(site, 'C2'), shopper(site, 'C2')].map(
          (row) => row !== undefined,
        ),
      ).toEqual(
        {
          restore: [true, true, true, true],
          propagate: [false, false, false, false],
          removeCoupling: [false, true, true, false],
        }[policy],
      );
      await expectAtRest(site);
    }
  });

  it('propagate never deletes a survivor that was changed, in an unmapped column either', async () => {
    await using site = await smallSite({ configuration: customersWith('    deletions: propagate\n') });
    fill(site);
    await site.run();
    await site.run();
    site.hq.delete('customers', { num: 'C1' });
    site.houston.update('shoppers', { cust_num: 'C1' }, { hint: 'calls back on Monday' });
    site.hq.delete('customers', { num: 'C2' });
    await site.run();
    expect(shopper(site, 'C1')).toBeDefined();
    expect(shopper(site, 'C2')).toBeUndefined();
    expect(await openErrors(site)).toMatchObject([{ code: 'deleted-and-changed' }]);
  });

  it('propagate takes a survivor that nobody but Couplet has changed', async () => {
    await using site = await smallSite({ configuration: customersWith('    deletions: propagate\n') });
    fill(site);
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { name: 'Written in the channel' });
    await site.run({ trigger: 'change', actor: null });
    expect(shopper(site, 'C1')?.['full_name']).toBe('Written in the channel');
    site.hq.delete('customers', { num: 'C1' });
    await site.run({ trigger: 'change', actor: null });
    expect(shopper(site, 'C1')).toBeUndefined();
    expect(await openErrors(site)).toEqual([]);
  });

  it('too many deletions at once are held behind one error, other changes go on, and approve carries them out', async () => {
    await using site = await smallSite({ configuration: customersWith('    deletions: propagate\n') });
    fill(site, 60);
    await site.run();
    for (let n = 1; n <= 25; n += 1) site.hq.delete('customers', { num: `C${n}` });
    site.hq.update('customers', { num: 'C60' }, { name: 'goes on' });
    await site.run();
    expect(site.houston.select('shoppers')).toHaveLength(60);
    expect(shopper(site, 'C60')?.['full_name']).toBe('goes on');
    let [error] = await openErrors(site);
    expect(error).toMatchObject({
      scope: 'mapping',
      code: 'mass-deletion',
      params: { deletedIn: 'hq', deletions: 25, couplings: 60, policy: 'propagate' },
    });
    site.hq.delete('customers', { num: 'C26' });
    await site.run();
    [error] = await openErrors(site);
    expect(error?.params['deletions']).toBe(26);
    expect(site.houston.select('shoppers')).toHaveLength(60);
    await act(site, error!.id, { action: 'approve' });
    expect(site.houston.select('shoppers')).toHaveLength(34);
    expect(await openErrors(site)).toHaveLength(0);
    await expectAtRest(site);
  });

  it('decline makes each of them a deletion error', async () => {
    await using site = await smallSite({ configuration: customersWith('    deletions: propagate\n') });
    fill(site, 30);
    await site.run();
    for (let n = 1; n <= 21; n += 1) site.houston.delete('shoppers', { cust_num: `C${n}` });
    await site.run();
    const [error] = await openErrors(site);
    await act(site, error!.id, { action: 'decline' });
    expect((await openErrors(site)).map(({ code }) => code)).toEqual(
      Array.from({ length: 21 }, () => 'deleted-in-channel'),
    );
    expect(site.hq.select('customers')).toHaveLength(30);
  });

  it('a few deletions of the other side pass, and the error goes on to tell of those that are held', async () => {
    await using site = await smallSite({ configuration: customersWith(FEW) });
    fill(site, 10);
    await site.run();
    for (let n = 1; n <= 4; n += 1) site.hq.delete('customers', { num: `C${n}` });
    await site.run();
    site.houston.delete('shoppers', { cust_num: 'C9' });
    await site.run();
    expect(customer(site, 'C9')).toBeUndefined();
    const [error] = await openErrors(site);
    expect(error?.params).toMatchObject({ deletedIn: 'hq', deletions: 4 });
    await act(site, error!.id, { action: 'approve' });
    expect(site.houston.select('shoppers')).toHaveLength(5);
    await expectAtRest(site);
  });

  it('stay held until somebody answers, whoever opens the mapping meanwhile', async () => {
    await using site = await smallSite({ configuration: customersWith(FEW) });
    fill(site, 10);
    await site.run();
    for (let n = 1; n <= 4; n += 1) site.hq.delete('customers', { num: `C${n}` });
    await site.run();
    const before = await openErrors(site);
    expect(before).toMatchObject([{ code: 'mass-deletion' }]);
    const other = await site.anotherWorker();
    await runChannel(other.site, other.memory, 'houston', lanesOf(other.site, 'houston'), REQUEST);
    await other.close();
    expect(await openErrors(site)).toEqual(before);
    expect(site.houston.select('shoppers')).toHaveLength(10);
  });

  it('too many on both sides are answered one side after the other', async () => {
    await using site = await smallSite({ configuration: customersWith(FEW) });
    fill(site, 12);
    await site.run();
    for (let n = 1; n <= 4; n += 1) site.hq.delete('customers', { num: `C${n}` });
    for (let n = 5; n <= 9; n += 1) site.houston.delete('shoppers', { cust_num: `C${n}` });
    await site.run();
    const [inHq, ...others] = await openErrors(site);
    expect(others).toEqual([]);
    expect(inHq?.params).toMatchObject({ deletedIn: 'hq', deletions: 4 });
    await act(site, inHq!.id, { action: 'approve' });
    expect([site.hq.select('customers'), site.houston.select('shoppers')].map((rows) => rows.length)).toEqual([8, 3]);
    await site.run();
    const [inChannel] = await openErrors(site);
    expect(inChannel?.params).toMatchObject({ deletedIn: 'channel', deletions: 5 });
    expect(site.hq.select('customers')).toHaveLength(8);
    await act(site, inChannel!.id, { action: 'approve' });
    expect([site.hq.select('customers'), site.houston.select('shoppers')].map((rows) => rows.length)).toEqual([3, 3]);
    expect(await openErrors(site)).toEqual([]);
    await expectAtRest(site);
  });

  it('an emptied table is one error without any setting, and nothing is deleted', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.houston.truncate('shoppers');
    await site.run();
    expect(site.hq.select('customers')).toHaveLength(5);
    expect(await openErrors(site)).toMatchObject([
      { scope: 'mapping', code: 'mass-deletion', params: { deletedIn: 'channel', deletions: 5 } },
    ]);
  });
});

describe('new pairs', () => {
  it('match before create: one match couples, several wait for a person, a coupled one is never shared', async () => {
    await using site = await smallSite();
    site.hq.insert('groups', { code: 'G1', title: 'Retail' });
    site.houston.insert('shoppers', { cust_num: 'C1', full_name: 'Same', mail: 'same@example.com' });
    site.houston.insert('shoppers', { cust_num: 'X1', full_name: 'Twin', mail: null });
    site.houston.insert('shoppers', { cust_num: 'X1', full_name: 'Twin too', mail: null });
    site.hq.insert('customers', { num: 'C1', name: 'Same', email: 'same@example.com', group_code: null });
    site.hq.insert('customers', { num: 'X1', name: 'Twin', email: null, group_code: null });
    await site.run();
    expect(site.houston.select('shoppers')).toHaveLength(3);
    expect((await openErrors(site)).every(({ code }) => code === 'match-ambiguous')).toBe(true);
    expect((await openErrors(site)).length).toBeGreaterThanOrEqual(1);
    const sentences = (await openErrors(site)).map(({ code, params }) => describeCode(code, params));
    expect(sentences).toContain(
      'It is not certain which record is the partner: 2 records match on number; nothing was coupled or created',
    );
    const [coupling] = await site.sql`select status from couplet.coupling where hq_key = ${JSON.stringify(['C1'])}`;
    expect(coupling).toMatchObject({ status: 'synchronized' });
    site.hq.insert('customers', { num: 'C9', name: 'Same mail', email: 'same@example.com', group_code: null });
    await site.run();
    expect(site.houston.select('shoppers')).toHaveLength(3);
    const later = (await openErrors(site)).map(({ code, params }) => describeCode(code, params));
    expect(later).toContainEqual(
      expect.stringMatching(/partner: .*Same.* matches on email, but is coupled with another record; nothing was/),
    );
  });

  it('a matched pair that differs is coupled and in conflict under initialWinner manual, settled under hq', async () => {
    for (const winner of ['manual', 'hq'] as const) {
      await using site = await smallSite({
        configuration: (text) => text.replaceAll('initialWinner: manual', `initialWinner: ${winner}`),
      });
      site.houston.insert('shoppers', { cust_num: 'C1', full_name: 'Till name', mail: 'a@example.com' });
      site.hq.insert('customers', { num: 'C1', name: 'HQ name', email: 'a@example.com' });
      await site.run();
      if (winner === 'manual') {
        expect(await openErrors(site)).toMatchObject([{ kind: 'conflict', code: 'initial-conflict' }]);
        expect(shopper(site, 'C1')?.['full_name']).toBe('Till name');
      } else {
        expect(await openErrors(site)).toHaveLength(0);
        expect(shopper(site, 'C1')?.['full_name']).toBe('HQ name');
      }
      await expectAtRest(site);
    }
  });

  it('waits for somebody to ask when both sides hold records, and says so', async () => {
    await using site = await smallSite();
    site.houston.insert('shoppers', { cust_num: 'C1', full_name: 'Till name', mail: 'a@example.com' });
    site.hq.insert('customers', { num: 'C2', name: 'HQ name', email: 'b@example.com' });
    const reports = await site.run({ trigger: 'change' });
    expect(reports.find(({ lane }) => lane.mapping === 'customers')).toMatchObject({
      status: 'skipped',
      code: 'awaiting-first-run',
    });
    expect(site.houston.select('shoppers')).toHaveLength(1);
    await site.run();
    expect(site.houston.select('shoppers')).toHaveLength(2);
    expect(site.hq.select('customers')).toHaveLength(2);
  });

  it('a child waits for its parent and is released when the parent is coupled', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.hq.insert('customers', { num: 'C9', name: 'Waits', email: 'c9@example.com', group_code: 'G9' });
    await site.run();
    expect(await openErrors(site)).toMatchObject([{ code: 'parent-not-coupled' }]);
    site.hq.insert('groups', { code: 'G9', title: 'Late' });
    await site.run();
    expect(shopper(site, 'C9')?.['segment_id']).toBe(site.houston.select('segments', { ext_code: 'G9' })[0]?.['id']);
  });
});
