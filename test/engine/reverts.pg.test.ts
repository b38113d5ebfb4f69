import { describe, expect, it } from 'vitest';
import type { WritePreview } from '../../src/ports/synchronizer.ts';
import { act, customer, openErrors, shopper, siteInStep, type SmallSite } from './small-site.ts';

const ASKER = { actor: 'bo', reason: null, requestId: null, jobId: null };

/** The newest entry that says so. */
async function entryOf({ sql }: SmallSite, action: string): Promise<string> {
  const [entry] = await sql`select id from couplet.sync_log where action::text = ${action} order by id desc limit 1`;
  return String(entry!['id']);
}

const revert = (site: SmallSite, id: string, dryRun = false) => site.synchronizer.revert(id, { ...ASKER, dryRun });

async function conflict(site: SmallSite): Promise<string> {
  site.hq.update('customers', { num: 'C1' }, { email: 'hq@example.com', name: 'HQ name' });
  site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com', full_name: 'Till name' });
  return onlyError(site);
}

async function deletedInChannel(site: SmallSite): Promise<string> {
  site.houston.delete('shoppers', { cust_num: 'C3' });
  return onlyError(site);
}

async function deletedInHq(site: SmallSite): Promise<string> {
  site.hq.delete('customers', { num: 'C3' });
  return onlyError(site);
}

async function onlyError(site: SmallSite): Promise<string> {
  await site.run();
  const [error, ...others] = await openErrors(site);
  expect(others).toEqual([]);
  return error!.id;
}

/** Nothing is written, nothing logged, and what is open stays so, also where every record is looked at. */
async function expectAtRest(site: SmallSite): Promise<void> {
  const before = [await openErrors(site), await site.sql`select count(*)::int n from couplet.sync_log`];
  await site.run({ scope: 'full' });
  expect([await openErrors(site), await site.sql`select count(*)::int n from couplet.sync_log`]).toEqual(before);
}

const told = (writes: readonly WritePreview[]) => writes.map(({ side, operation }) => `${operation} in ${side}`);

describe('a revert of a resolution', () => {
  it('puts both records back as before, the error open again', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    await act(site, id, { action: 'synchronize', winner: 'hq' });
    const entry = await entryOf(site, 'modified');
    await revert(site, entry, true);
    expect(shopper(site, 'C1')?.['mail']).toBe('hq@example.com');
    await revert(site, entry);
    expect(shopper(site, 'C1')).toMatchObject({ mail: 'till@example.com', full_name: 'Till name' });
    expect(customer(site, 'C1')).toMatchObject({ email: 'hq@example.com', name: 'HQ name' });
    expect(await openErrors(site)).toMatchObject([{ id, code: 'update-conflict' }]);
    await expect(revert(site, entry)).rejects.toMatchObject({ code: 'already-reverted' });
    await expectAtRest(site);
  });

  it.each(['hq', 'channel'] as const)('that the %s won is taken back in turn, and that once more', async (winner) => {
    await using site = await siteInStep();
    const id = await conflict(site);
    await act(site, id, { action: 'synchronize', winner });
    const [hq, till] = ['hq@example.com', 'till@example.com'];
    const won = winner === 'hq' ? hq : till;
    const emails = () => [customer(site, 'C1')?.['email'], shopper(site, 'C1')?.['mail']];
    const open = [{ id, code: 'update-conflict' }];
    for (const [expected, errors] of [
      [[hq, till], open],
      [[won, won], []],
      [[hq, till], open],
      [[won, won], []],
    ] as const) {
      const entry = await entryOf(site, 'modified');
      const preview = await revert(site, entry, true);
      expect(told(preview.writes)).toEqual([winner === 'hq' ? 'update in channel' : 'update in hq']);
      expect((await revert(site, entry)).writes).toEqual(preview.writes);
      expect(emails()).toEqual(expected);
      expect(await openErrors(site)).toMatchObject(errors);
      await expectAtRest(site);
    }
    const [resolution] = await site.sql`select status, resolution from couplet.sync_error where id = ${id}`;
    expect(resolution).toMatchObject({ status: 'resolved' });
    expect(JSON.stringify(resolution)).toContain(winner);
  });

  it('by Restore: the record is gone again, its deletion open; and taken back in turn, there again', async () => {
    await using site = await siteInStep();
    const id = await deletedInHq(site);
    const [before] = await openErrors(site);
    await act(site, id, { action: 'restore' });
    const entry = await entryOf(site, 'resolved');
    const preview = await revert(site, entry, true);
    expect(told(preview.writes)).toEqual(['delete in hq']);
    expect(customer(site, 'C3')).toMatchObject({ note: 'note 3' });
    expect((await revert(site, entry)).writes).toEqual(preview.writes);
    expect(customer(site, 'C3')).toBeUndefined();
    expect(shopper(site, 'C3')).toBeDefined();
    expect(await openErrors(site)).toEqual([before]);
    await expectAtRest(site);
    const deleted = await entryOf(site, 'deleted');
    expect(told((await revert(site, deleted)).writes)).toEqual(['restore in hq']);
    expect(customer(site, 'C3')).toMatchObject({ name: 'Customer 3', note: 'note 3' });
    expect(await openErrors(site)).toEqual([]);
    await expectAtRest(site);
    // And once more: the entry of that restore is one that a revert made in a coupling that was there before.
    await revert(site, await entryOf(site, 'restored'));
    expect(customer(site, 'C3')).toBeUndefined();
    expect(await openErrors(site)).toMatchObject([{ id, code: 'deleted-in-hq' }]);
    await expectAtRest(site);
    await act(site, id, { action: 'restore' });
    expect(customer(site, 'C3')).toMatchObject({ note: 'note 3' });
    await expectAtRest(site);
  });

  it('by Restore, of a record deleted while the other was changed: still a deletion that asks, whatever the policy', async () => {
    await using site = await siteInStep({
      configuration: (text) =>
        text.replace('    initialWinner: manual\n', '    initialWinner: manual\n    deletions: propagate\n'),
    });
    site.houston.update('shoppers', { cust_num: 'C3' }, { full_name: 'Changed' });
    const id = await deletedInHq(site);
    await act(site, id, { action: 'restore' });
    await revert(site, await entryOf(site, 'restored'));
    expect(await openErrors(site)).toMatchObject([{ id, code: 'deleted-and-changed' }]);
    await site.run();
    await site.run({ scope: 'full' });
    expect(shopper(site, 'C3')).toMatchObject({ full_name: 'Changed' });
    expect(await openErrors(site)).toMatchObject([{ id, code: 'deleted-and-changed' }]);
  });

  it('by Restore, is refused when the record has moved since, or is gone', async () => {
    await using site = await siteInStep();
    await act(site, await deletedInChannel(site), { action: 'restore' });
    const entry = await entryOf(site, 'resolved');
    site.houston.update('shoppers', { cust_num: 'C3' }, { full_name: 'Newer' });
    await expect(revert(site, entry)).rejects.toMatchObject({
      code: 'stale-decision',
      params: { difference: [{ field: 'name', side: 'channel', left: 'Customer 3', now: 'Newer' }] },
    });
    expect(shopper(site, 'C3')?.['full_name']).toBe('Newer');
    site.houston.delete('shoppers', { cust_num: 'C3' });
    await expect(revert(site, entry)).rejects.toMatchObject({ code: 'stale-decision' });
  });

  it('by Delete: the survivor is there again, the deletion open; and taken back in turn, deleted', async () => {
    await using site = await siteInStep();
    const id = await deletedInChannel(site);
    await act(site, id, { action: 'delete' });
    expect(customer(site, 'C3')).toBeUndefined();
    const entry = await entryOf(site, 'resolved');
    expect(told((await revert(site, entry, true)).writes)).toEqual(['restore in hq']);
    await revert(site, entry);
    expect(customer(site, 'C3')).toMatchObject({ name: 'Customer 3', note: 'note 3' });
    expect(shopper(site, 'C3')).toBeUndefined();
    expect(await openErrors(site)).toMatchObject([{ id, code: 'deleted-in-channel' }]);
    await expectAtRest(site);
    await revert(site, await entryOf(site, 'restored'));
    expect(customer(site, 'C3')).toBeUndefined();
    expect(await openErrors(site)).toEqual([]);
    await expectAtRest(site);
    await expect(revert(site, entry)).resolves.toMatchObject({ outcome: 'succeeded' });
    await act(site, id, { action: 'restore' });
    expect(shopper(site, 'C3')).toMatchObject({ full_name: 'Customer 3' });
    await expectAtRest(site);
  });

  it('by Remove Coupling: coupled with the former base, the conflict open; what was changed meanwhile goes its way', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    const [before] = await openErrors(site);
    await act(site, id, { action: 'remove-coupling' });
    site.hq.update('customers', { num: 'C1' }, { credit: '99.00' });
    await site.run();
    expect(shopper(site, 'C1')?.['credit']).toBe('10.00');
    const entry = await entryOf(site, 'uncoupled');
    await revert(site, entry, true);
    expect(await openErrors(site)).toEqual([]);
    await revert(site, entry);
    expect(await openErrors(site)).toEqual([before]);
    await site.run();
    expect(shopper(site, 'C1')).toMatchObject({ credit: '99.00', mail: 'till@example.com' });
    expect(await openErrors(site)).toEqual([before]);
    await expectAtRest(site);
    await revert(site, await entryOf(site, 'coupled'));
    expect(await openErrors(site)).toEqual([]);
    site.hq.update('customers', { num: 'C1' }, { credit: '1.00' });
    await site.run();
    expect(shopper(site, 'C1')?.['credit']).toBe('99.00');
    await revert(site, await entryOf(site, 'uncoupled'));
    await act(site, id, { action: 'synchronize', winner: 'hq' });
    expect(shopper(site, 'C1')).toMatchObject({ credit: '1.00', mail: 'hq@example.com' });
    await expectAtRest(site);
  });

  it('by Remove Coupling, is refused when one of the records has been coupled since', async () => {
    await using site = await siteInStep();
    await act(site, await conflict(site), { action: 'remove-coupling' });
    const entry = await entryOf(site, 'uncoupled');
    await site.synchronizer.couple({
      ...ASKER,
      lane: { mapping: 'customers', channel: 'houston' },
      hqKey: ['C1'],
      channelKey: [String(shopper(site, 'C1')!['id'])],
      winner: 'hq',
      createIn: null,
      dryRun: false,
    });
    await expect(revert(site, entry)).rejects.toMatchObject({ code: 'stale-decision' });
    await expectAtRest(site);
  });
});

describe('a revert of an uncoupling by hand', () => {
  it('couples the records with the base that they had; what differs on both sides since is asked about', async () => {
    await using site = await siteInStep();
    const [coupling] = await site.sql`select id from couplet.coupling where hq_key like '%C2%'`;
    await site.synchronizer.uncouple(String(coupling!['id']), ASKER);
    site.hq.update('customers', { num: 'C2' }, { name: 'HQ name', email: 'hq@example.com' });
    site.houston.update('shoppers', { cust_num: 'C2' }, { mail: 'till@example.com' });
    await site.run();
    await revert(site, await entryOf(site, 'uncoupled'));
    expect(await openErrors(site)).toMatchObject([{ code: 'update-conflict' }]);
    await site.run();
    expect(shopper(site, 'C2')).toMatchObject({ full_name: 'HQ name', mail: 'till@example.com' });
    await expectAtRest(site);
  });
});

describe('a revert of a write', () => {
  it('takes an ordinary change back in both apps', async () => {
    await using site = await siteInStep();
    site.hq.update('customers', { num: 'C4' }, { name: 'Wrong' });
    await site.run();
    expect(shopper(site, 'C4')?.['full_name']).toBe('Wrong');
    await revert(site, await entryOf(site, 'modified'));
    expect(shopper(site, 'C4')?.['full_name']).toBe('Customer 4');
    expect(customer(site, 'C4')?.['name']).toBe('Customer 4');
    await expectAtRest(site);
  });

  it('is itself taken back in both apps, whichever of its two entries is named', async () => {
    await using site = await siteInStep();
    site.hq.update('customers', { num: 'C4' }, { name: 'Wrong' });
    await site.run();
    await revert(site, await entryOf(site, 'modified'));
    for (const [direction, name] of [
      ['toHq', 'Wrong'],
      ['toChannel', 'Customer 4'],
      ['toChannel', 'Wrong'],
    ] as const) {
      const [entry] = await site.sql`
        select id from couplet.sync_log where action = 'modified' and direction = ${direction} order by id desc limit 1`;
      const { writes } = await revert(site, String(entry!['id']));
      expect(told(writes)).toEqual(['update in hq', 'update in channel']);
      expect([customer(site, 'C4')?.['name'], shopper(site, 'C4')?.['full_name']]).toEqual([name, name]);
      await expectAtRest(site);
    }
    const marked = await site.sql`
      select (reverted_by is not null) as reverted, count(*)::int as n from couplet.sync_log
       where action = 'modified' group by 1 order by 1`;
    // The change stands, and of the four reverts the second and the fourth, each with both of its entries.
    expect(marked.map(({ reverted, n }) => [reverted, n])).toEqual([
      [false, 5],
      [true, 4],
    ]);
  });

  it('is refused when the fields have moved since', async () => {
    await using site = await siteInStep();
    site.hq.update('customers', { num: 'C4' }, { name: 'Wrong' });
    await site.run();
    site.houston.update('shoppers', { cust_num: 'C4' }, { full_name: 'Newer' });
    await expect(revert(site, await entryOf(site, 'modified'))).rejects.toMatchObject({ code: 'stale-decision' });
    expect(shopper(site, 'C4')?.['full_name']).toBe('Newer');
  });

  it('recreates on both sides what a deletion took; and taken back in turn, deletes both', async () => {
    await using site = await siteInStep();
    await act(site, await deletedInChannel(site), { action: 'delete' });
    const deleted = await entryOf(site, 'deleted');
    await revert(site, deleted);
    expect(customer(site, 'C3')).toMatchObject({ name: 'Customer 3', note: 'note 3' });
    expect(shopper(site, 'C3')).toMatchObject({ full_name: 'Customer 3' });
    await site.run();
    await expectAtRest(site);
    const back = await revert(site, await entryOf(site, 'restored'));
    expect(told(back.writes)).toEqual(['delete in hq', 'delete in channel']);
    expect([customer(site, 'C3'), shopper(site, 'C3')]).toEqual([undefined, undefined]);
    expect(await openErrors(site)).toEqual([]);
    await expectAtRest(site);
    await revert(site, deleted);
    expect(shopper(site, 'C3')).toMatchObject({ full_name: 'Customer 3' });
    await expectAtRest(site);
  });

  it('couples what came back with a record of the old key; taken back in turn, leaves that one uncoupled', async () => {
    await using site = await siteInStep();
    const was = shopper(site, 'C3')!;
    await act(site, await deletedInChannel(site), { action: 'delete' });
    site.houston.insert('shoppers', was);
    const back = await revert(site, await entryOf(site, 'deleted'));
    expect(told(back.writes)).toEqual(['restore in hq']);
    expect(told((await revert(site, await entryOf(site, 'restored'))).writes)).toEqual(['delete in hq']);
    await site.run({ scope: 'full' });
    expect(customer(site, 'C3')).toBeUndefined();
    expect(shopper(site, 'C3')).toEqual(was);
    expect(await openErrors(site)).toEqual([]);
  });
});

describe('a revert that is killed', () => {
  for (const point of ['hq-written', 'outcomes-recorded', 'ledger-cleared'] as const)
    it(`at ${point} after it deleted what was restored leaves the deletion to a person`, async () => {
      let armed = false;
      await using site = await siteInStep({
        reach(at) {
          if (!armed || at !== point) return Promise.resolve();
          armed = false;
          return Promise.reject(new Error('killed'));
        },
      });
      await act(site, await deletedInHq(site), { action: 'restore' });
      const entry = await entryOf(site, 'resolved');
      armed = true;
      await expect(revert(site, entry)).rejects.toThrow('killed');
      await site.run();
      expect(customer(site, 'C3')).toBeUndefined();
      expect(shopper(site, 'C3')).toBeDefined();
      expect(await openErrors(site)).toMatchObject([{ code: 'deleted-in-hq' }]);
      await expectAtRest(site);
      const [{ n }] = (await site.sql`
        select count(*)::int n from couplet.sync_log where action = 'deleted' and cause = 'revert'`) as unknown as [
        { n: number },
      ];
      expect(n).toBe(1);
    });
});
