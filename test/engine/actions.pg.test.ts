import { describe, expect, it } from 'vitest';
import { ActionRefused } from '../../src/ports/synchronizer.ts';
import { act, customer, shopper, siteInStep, type SmallSite, smallSite } from './small-site.ts';

const openErrors = async (site: SmallSite) =>
  (await site.sql`select id, code from couplet.sync_error where status = 'open' order by id`) as unknown as {
    id: string;
    code: string;
  }[];

async function conflict(site: SmallSite): Promise<string> {
  site.hq.update('customers', { num: 'C1' }, { email: 'hq@example.com', name: 'HQ name' });
  site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com', full_name: 'Till name' });
  await site.run();
  const [error] = await openErrors(site);
  return error!.id;
}

async function expectAtRest(site: SmallSite): Promise<void> {
  const before = await site.sql`select count(*)::int n from couplet.sync_log`;
  await site.run({ scope: 'full' });
  expect(await site.sql`select count(*)::int n from couplet.sync_log`).toEqual(before);
}

describe('an action', () => {
  it('takes all fields of the winner and keeps the losing values in the log', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    const preview = await act(site, id, { action: 'synchronize', winner: 'channel', dryRun: true });
    expect(preview.writes).toMatchObject([
      {
        side: 'hq',
        operation: 'update',
        fields: [
          { name: 'name', new: 'Till name' },
          { name: 'email', new: 'till@example.com' },
        ],
      },
    ]);
    expect(customer(site, 'C1')?.['email']).toBe('hq@example.com');
    const result = await act(site, id, { action: 'synchronize', winner: 'channel' });
    expect(result.outcome).toBe('succeeded');
    expect(customer(site, 'C1')).toMatchObject({ email: 'till@example.com', name: 'Till name' });
    const log =
      await site.sql`select id, action, cause, actor, reason from couplet.sync_log where cause = 'resolution' order by id`;
    expect(log[0]).toMatchObject({ action: 'modified', actor: 'anna', reason: 'because' });
    expect((await site.database.logEntryById(log[0]!['id'] as string))?.changes).toContainEqual({
      field: 'email',
      side: 'hq',
      old: 'hq@example.com',
      new: 'till@example.com',
    });
    expect(await openErrors(site)).toHaveLength(0);
    await expectAtRest(site);
  });

  it('takes single fields, an own value among them, and leaves the others in conflict', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    await act(site, id, {
      action: 'synchronize',
      fields: new Map([['email', { value: 'own@example.com', side: 'hq' as const }]]),
    });
    expect(customer(site, 'C1')).toMatchObject({ email: 'own@example.com', name: 'HQ name' });
    expect(shopper(site, 'C1')).toMatchObject({ mail: 'own@example.com', full_name: 'Till name' });
    expect(await openErrors(site)).toMatchObject([{ id }]);
    await act(site, id, { action: 'synchronize', winner: 'hq' });
    expect(shopper(site, 'C1')).toMatchObject({ mail: 'own@example.com', full_name: 'HQ name' });
    expect(await openErrors(site)).toHaveLength(0);
    await expectAtRest(site);
  });

  it('is refused when a record moved since the error was shown, and writes nothing', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'again@example.com' });
    await expect(act(site, id, { action: 'synchronize', winner: 'hq' })).rejects.toMatchObject({
      code: 'stale-decision',
    });
    expect(shopper(site, 'C1')?.['mail']).toBe('again@example.com');
    const error = await site.database.errorById(id);
    const { etag } = await site.synchronizer.viewError({ ...error!, lastSeenAt: '' });
    await act(site, id, { action: 'synchronize', winner: 'hq', ifMatch: etag });
    expect(shopper(site, 'C1')?.['mail']).toBe('hq@example.com');
    await expect(act(site, id, { action: 'retry' })).rejects.toMatchObject({ code: 'already-resolved' });
  });

  it('restores a deleted record with its unmapped columns, and the pair stays coupled', async () => {
    await using site = await siteInStep();
    const [before] = await site.sql`select id from couplet.coupling where hq_key = ${JSON.stringify(['C2'])}`;
    site.hq.delete('customers', { num: 'C2' });
    await site.run();
    const [error] = await openErrors(site);
    await act(site, error!.id, { action: 'restore' });
    expect(customer(site, 'C2')).toMatchObject({ name: 'Customer 2', note: 'note 2', group_code: 'G1' });
    const [after] =
      await site.sql`select id, status from couplet.coupling where hq_key = ${JSON.stringify(['C2'])} and ended_at is null`;
    expect(after).toMatchObject({ id: before!['id'], status: 'synchronized' });
    await expectAtRest(site);
  });

  it('deletes the survivor and ends the coupling', async () => {
    await using site = await siteInStep();
    site.houston.delete('shoppers', { cust_num: 'C3' });
    await site.run();
    const [error] = await openErrors(site);
    expect(error?.code).toBe('deleted-in-channel');
    await act(site, error!.id, { action: 'delete' });
    expect(customer(site, 'C3')).toBeUndefined();
    expect(await openErrors(site)).toHaveLength(0);
    await expectAtRest(site);
  });

  it('removes a coupling for good: both records stay and are not coupled again by a run', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    await act(site, id, { action: 'remove-coupling' });
    await site.run({ scope: 'full' });
    expect(shopper(site, 'C1')).toMatchObject({ mail: 'till@example.com' });
    expect(customer(site, 'C1')).toMatchObject({ email: 'hq@example.com' });
    expect(site.houston.select('shoppers')).toHaveLength(4);
    expect(await openErrors(site)).toHaveLength(0);
    const key = JSON.parse(JSON.stringify(site.houston.select('shoppers', { mail: 'till@example.com' })[0]?.['id']));
    const coupled = await site.synchronizer.couple({
      lane: { mapping: 'customers', channel: 'houston' },
      hqKey: ['C1'],
      channelKey: [String(key)],
      createIn: null,
      winner: 'hq',
      dryRun: false,
      actor: 'anna',
      reason: null,
      requestId: null,
    });
    expect(coupled.couplingId).toBeTruthy();
    expect(site.houston.select('shoppers', { id: key })[0]).toMatchObject({
      mail: 'hq@example.com',
      full_name: 'HQ name',
    });
    await expectAtRest(site);
  });

  it('couples a record whose partner was deleted with another one, and answers that deletion with it', async () => {
    await using site = await siteInStep();
    site.houston.delete('shoppers', { cust_num: 'C1' });
    await site.run();
    const [deletion] = await openErrors(site);
    const anew = site.houston.insert('shoppers', { cust_num: 'X1', full_name: 'Till name', mail: 'x1@example.com' });
    const request = { lane: { mapping: 'customers', channel: 'houston' }, createIn: null, dryRun: false } as const;
    const { couplingId } = await site.synchronizer.couple({
      ...request,
      hqKey: ['C1'],
      channelKey: [String(anew?.['id'])],
      winner: 'hq',
      actor: 'anna',
      reason: 'the new one',
      requestId: null,
    });
    expect(await openErrors(site)).toEqual([]);
    expect(await site.sql`select status, resolution from couplet.sync_error where id = ${deletion!.id}`).toMatchObject([
      { status: 'resolved', resolution: { action: 'couple', winner: 'hq', actor: 'anna', reason: 'the new one' } },
    ]);
    const [coupling] = await site.sql`select id, status, error_id from couplet.coupling where ended_at is null
      and hq_key = ${JSON.stringify(['C1'])}`;
    expect(coupling).toEqual({ id: couplingId, status: 'synchronized', error_id: null });
    expect(shopper(site, 'C1')?.['full_name']).toBe('Customer 1');
    await site.run();
    await expectAtRest(site);
  });

  it('leaves nothing open of a coupling that gave way, when the new pair is in conflict or is coupled from the error', async () => {
    for (const fromError of [false, true]) {
      await using site = await siteInStep();
      site.houston.delete('shoppers', { cust_num: 'C1' });
      await site.run();
      const [deletion] = await openErrors(site);
      const anew = site.houston.insert('shoppers', { cust_num: 'X1', full_name: 'Till name', mail: 'x1@example.com' });
      const key = [String(anew?.['id'])];
      if (fromError) await act(site, deletion!.id, { action: 'couple', key });
      else {
        const lane = { mapping: 'customers', channel: 'houston' };
        const asker = { actor: 'anna', reason: null, requestId: null };
        const keys = { hqKey: ['C1'], channelKey: key, createIn: null, winner: null };
        await site.synchronizer.couple({ lane, ...keys, ...asker, dryRun: false });
      }
      const [error, ...others] = await openErrors(site);
      expect(others).toEqual([]);
      expect(error?.code).toBe('initial-conflict');
      const [open] =
        await site.sql`select c.ended_at from couplet.sync_error e join couplet.coupling c on c.id = e.coupling_id
        where e.id = ${error!.id}`;
      expect(open).toEqual({ ended_at: null });
      await expectAtRest(site);
    }
  });

  it('creates a record on purpose, in spite of one that it matches, and tells why the store refuses one', async () => {
    await using site = await smallSite({
      configuration: (text) => text.replace('match: [[number], [email]]', 'match: [[name]]'),
    });
    site.hq.insert('customers', { num: 'C1', name: 'Twin', email: 'c1@example.com' });
    await site.run();
    site.hq.insert('customers', { num: 'C2', name: 'Twin', email: 'c2@example.com' });
    site.hq.insert('customers', { num: 'C3', name: 'Twin', email: 'c1@example.com' });
    await site.run();
    const [second, third] = await openErrors(site);
    expect([second?.code, third?.code]).toEqual(['match-ambiguous', 'match-ambiguous']);
    await act(site, second!.id, { action: 'couple', create: true });
    expect(shopper(site, 'C2')).toMatchObject({ full_name: 'Twin', mail: 'c2@example.com' });
    const lane = { mapping: 'customers', channel: 'houston' };
    const asker = { actor: 'anna', reason: null, requestId: null };
    const create = () =>
      site.synchronizer.couple({
        ...{ lane, ...asker, hqKey: ['C3'], channelKey: null, createIn: 'channel', winner: null, dryRun: false },
      });
    await expect(create()).rejects.toMatchObject({ code: 'create-refused', params: { cause: 'constraint-violated' } });
    site.hq.update('customers', { num: 'C3' }, { email: 'c3@example.com' });
    await create();
    expect(shopper(site, 'C3')).toMatchObject({ full_name: 'Twin', mail: 'c3@example.com' });
    expect(await openErrors(site)).toEqual([]);
    await site.run();
    await expectAtRest(site);
  });

  it('gives the children of a parent that was uncoupled to its new coupling', async () => {
    await using site = await siteInStep();
    const ofGroup = () =>
      site.sql<{ id: string; channel_key: string }[]>`select c.id::text, c.channel_key from couplet.coupling c
        join couplet.lane l on l.id = c.lane_id where l.mapping = 'groups' and c.ended_at is null`;
    const asker = { actor: 'anna', reason: null, requestId: null };
    const lane = { mapping: 'groups', channel: 'houston' };
    for (const edited of [false, true]) {
      const [before] = await ofGroup();
      await site.synchronizer.uncouple(before!.id, asker);
      if (edited) {
        site.hq.update('customers', { num: 'C1' }, { name: 'Edited meanwhile' });
        await site.run();
        expect(shopper(site, 'C1')?.['full_name']).toBe('Edited meanwhile');
      }
      const keys = { hqKey: ['G1'], channelKey: JSON.parse(before!.channel_key) as string[], createIn: null };
      const { couplingId } = await site.synchronizer.couple({ lane, ...keys, winner: 'hq', ...asker, dryRun: false });
      expect(couplingId).not.toBe(before!.id);
      const children = await site.database.couplingsOfParent(couplingId, [{ ...lane, mapping: 'customers' }], 10);
      expect(children.map(({ hqKey }) => hqKey[0]).toSorted()).toEqual(['C1', 'C2', 'C3', 'C4']);
    }
  });

  it('retries a failure whose cause is gone', async () => {
    await using site = await siteInStep();
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'no address' });
    await site.run();
    const [error] = await openErrors(site);
    expect((await act(site, error!.id, { action: 'retry' })).outcome).toBe('failed');
    site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'an@address' });
    expect((await act(site, error!.id, { action: 'retry' })).outcome).toBe('succeeded');
    expect(customer(site, 'C1')?.['email']).toBe('an@address');
    await site.run();
    await expectAtRest(site);
  });

  it('names what fits when asked for something that does not', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    const refused = await act(site, id, { action: 'restore' }).catch((fault: unknown) => fault);
    expect(refused).toBeInstanceOf(ActionRefused);
    expect((refused as ActionRefused).params['allowed']).toEqual(['retry', 'synchronize', 'remove-coupling']);
    await expect(act(site, id, { action: 'synchronize' })).rejects.toMatchObject({ code: 'winner-required' });
  });

  it('leaves a record without a partner alone for good', async () => {
    await using site = await siteInStep();
    site.hq.insert('customers', { num: 'N1', name: 'x'.repeat(50), email: 'n1@example.com' });
    await site.run();
    const [refused] = await openErrors(site);
    await act(site, refused!.id, { action: 'remove-coupling' });
    site.hq.update('customers', { num: 'N1' }, { name: 'short' });
    for (const scope of ['modified', 'full'] as const) await site.run({ scope });
    expect([shopper(site, 'N1'), await openErrors(site)]).toEqual([undefined, []]);
  });

  it('is refused while the mapping stands still', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    const stopped = { code: 'lineage-broken', params: {} };
    await site.database.changeLane({ mapping: 'customers', channel: 'houston' }, { stopped });
    await expect(act(site, id, { action: 'synchronize', winner: 'hq' })).rejects.toMatchObject({
      code: 'mapping-stopped',
    });
    expect(shopper(site, 'C1')?.['mail']).toBe('till@example.com');
  });

  it('is one of two at once: the other finds the error answered', async () => {
    await using site = await siteInStep();
    const id = await conflict(site);
    const answers = await Promise.allSettled([
      act(site, id, { action: 'synchronize', winner: 'hq' }),
      act(site, id, { action: 'synchronize', winner: 'channel' }),
    ]);
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
    expect(customer(site, 'C1')?.['email']).toBe(shopper(site, 'C1')?.['mail']);
  });
});
