import { describe, expect, it } from 'vitest';
import type { Side } from '../../src/domain/record.ts';
import type { RowValues } from '../../src/stores/memory/table-definition.ts';
import { ACTION, customersWith, openErrors, type SmallSite, smallSite } from './small-site.ts';

const shopper = (site: SmallSite, num: string) => site.houston.select('shoppers', { cust_num: num })[0];
const customer = (site: SmallSite, num: string) => site.hq.select('customers', { num })[0];

function fill(site: SmallSite, count = 2): void {
  for (let n = 1; n <= count; n += 1)
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com`, credit: '10' });
}

/** Makes the record of C1 vanish on one side; returns it as it was. */
function remove(site: SmallSite, side: Side): RowValues {
  const [app, table, where] =
    side === 'hq'
      ? ([site.hq, 'customers', { num: 'C1' }] as const)
      : ([site.houston, 'shoppers', { cust_num: 'C1' }] as const);
  const row = app.select(table, where)[0] as RowValues;
  app.delete(table, where);
  return row;
}

/** C1 is in step, and then its deletion on one side an open question. Returns it as it was. */
async function foundGone(site: SmallSite, side: Side): Promise<RowValues> {
  fill(site);
  await site.run();
  const row = remove(site, side);
  await site.run();
  return row;
}

/** Another record under the same key: other values, some of them none at all. */
function makeAnew(site: SmallSite, side: Side, row: RowValues): void {
  if (side === 'hq') site.hq.insert('customers', { ...row, name: 'Somebody else', email: null, note: null });
  else site.houston.insert('shoppers', { ...row, full_name: 'Somebody else', mail: null, hint: null });
}

const survivorOf = (site: SmallSite, side: Side) =>
  side === 'hq'
    ? { name: shopper(site, 'C1')?.['full_name'], email: shopper(site, 'C1')?.['mail'] }
    : { name: customer(site, 'C1')?.['name'], email: customer(site, 'C1')?.['email'] };

async function expectReplaced(site: SmallSite, side: Side): Promise<void> {
  expect(survivorOf(site, side)).toEqual({ name: 'Customer 1', email: 'c1@example.com' });
  expect(await openErrors(site)).toMatchObject([
    { kind: 'conflict', code: 'record-replaced', params: { replacedIn: [side] } },
  ]);
}

describe('a record deleted, and later created again under the same key', () => {
  it.each(['hq', 'channel'] as const)(
    'waits for a person, and is never merged with what the one before held (%s)',
    async (side) => {
      await using site = await smallSite();
      const row = await foundGone(site, side);
      expect(await openErrors(site)).toMatchObject([{ kind: 'deletion' }]);
      const [deletion] = await openErrors(site);
      makeAnew(site, side, row);
      await site.run();
      await expectReplaced(site, side);
      expect((await openErrors(site))[0]?.id).toBe(deletion?.id);
      // Nor by whatever comes after: the mark is worked, the error has changed its kind.
      await site.run({ scope: 'full' });
      await site.run({ fields: ['name'] });
      if (side === 'hq') site.houston.update('shoppers', { cust_num: 'C1' }, { hint: 'looked at' });
      else site.hq.update('customers', { num: 'C1' }, { note: 'looked at' });
      await site.run();
      await expectReplaced(site, side);
      await site.synchronizer.act(deletion?.id ?? '', { ...ACTION, action: 'synchronize', winner: side });
      expect(survivorOf(site, side)).toEqual({ name: 'Somebody else', email: null });
      expect(await openErrors(site)).toHaveLength(0);
    },
  );

  it('waits as well when a full run or one of some fields finds it first', async () => {
    for (const request of [{ scope: 'full' }, { fields: ['name'] }] as const) {
      await using site = await smallSite();
      const row = await foundGone(site, 'channel');
      makeAnew(site, 'channel', row);
      await site.run(request);
      await site.run();
      await site.run({ scope: 'full' });
      await expectReplaced(site, 'channel');
    }
  });

  it('waits as well when its deletion was declined, could not be carried out, or could not be taken back', async () => {
    await using declined = await smallSite({ configuration: customersWith('    deletions: propagate\n') });
    fill(declined, 30);
    await declined.run();
    const declinedRow = remove(declined, 'channel');
    for (let n = 2; n <= 22; n += 1) declined.houston.delete('shoppers', { cust_num: `C${n}` });
    await declined.run();
    const [mass] = await openErrors(declined);
    expect(mass).toMatchObject({ code: 'mass-deletion' });
    await declined.synchronizer.act(mass?.id ?? '', { ...ACTION, action: 'decline' });
    makeAnew(declined, 'channel', declinedRow);
    await declined.run();
    expect(survivorOf(declined, 'channel')).toEqual({ name: 'Customer 1', email: 'c1@example.com' });
    expect((await openErrors(declined)).filter(({ code }) => code === 'record-replaced')).toHaveLength(1);

    await using refused = await smallSite();
    fill(refused);
    await refused.run();
    const refusedRow = remove(refused, 'channel');
    refused.houston.insert('shoppers', { cust_num: null, full_name: 'In the way', mail: 'c1@example.com' });
    await refused.run();
    const deletion = (await openErrors(refused)).find(({ kind }) => kind === 'deletion');
    const restored = await refused.synchronizer.act(deletion?.id ?? '', { ...ACTION, action: 'restore' });
    expect(restored.outcome).toBe('failed');
    expect((await openErrors(refused)).find(({ id }) => id === deletion?.id)).toMatchObject({ kind: 'failure' });
    makeAnew(refused, 'channel', refusedRow);
    await refused.run();
    expect(survivorOf(refused, 'channel')).toEqual({ name: 'Customer 1', email: 'c1@example.com' });
    expect((await openErrors(refused)).find(({ id }) => id === deletion?.id)).toMatchObject({
      code: 'record-replaced',
    });
  });

  it('a dry run says so, and a coupling asked to be synchronized says so too', async () => {
    await using site = await smallSite();
    const row = await foundGone(site, 'channel');
    makeAnew(site, 'channel', row);
    await site.run({ dryRun: true });
    expect(await site.sql`select code from couplet.job_result where code is not null`).toMatchObject([
      { code: 'record-replaced' },
    ]);
    const [pair] = await site.sql<{ id: string }[]>`
      select id::text from couplet.coupling where hq_key = ${JSON.stringify(['C1'])}`;
    await site.synchronizer.synchronizeCoupling(pair?.id ?? '', null, {
      dryRun: false,
      actor: 'anna',
      reason: null,
      requestId: null,
    });
    await expectReplaced(site, 'channel');
  });

  it('stays coupled when it holds what the one before held, and the log says so', async () => {
    await using site = await smallSite();
    const row = await foundGone(site, 'channel');
    site.houston.insert('shoppers', row);
    await site.run();
    expect(await openErrors(site)).toHaveLength(0);
    expect(await site.sql`select 1 from couplet.sync_log where code = 'replaced-alike'`).toHaveLength(1);
    site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Edited since' });
    await site.run();
    expect(customer(site, 'C1')?.['name']).toBe('Edited since');
  });

  it('is not what a revert of the one before is about', async () => {
    await using site = await smallSite();
    fill(site);
    await site.run();
    site.hq.update('customers', { num: 'C1' }, { name: 'Renamed' });
    await site.run();
    const [entry] = await site.sql<{ id: string }[]>`select id::text from couplet.sync_log where action = 'modified'`;
    const row = remove(site, 'channel');
    await site.run();
    site.houston.insert('shoppers', { ...row, mail: null });
    const asker = { actor: 'anna', reason: null, requestId: null, jobId: null };
    await expect(site.synchronizer.revert(entry?.id ?? '', { ...asker, dryRun: false })).rejects.toMatchObject({
      code: 'stale-decision',
    });
    await site.run();
    expect(await openErrors(site)).toMatchObject([{ code: 'record-replaced' }]);
    expect(customer(site, 'C1')).toMatchObject({ name: 'Renamed', email: 'c1@example.com' });
  });

  it('is the one before when Couplet was killed as soon as it had put it back', async () => {
    let armed = false;
    await using site = await smallSite({
      reach: (point) => {
        if (armed && point === 'channel-written') throw new Error('killed');
      },
    });
    await foundGone(site, 'channel');
    const [deletion] = await openErrors(site);
    armed = true;
    await expect(site.synchronizer.act(deletion?.id ?? '', { ...ACTION, action: 'restore' })).rejects.toThrow('killed');
    armed = false;
    expect(shopper(site, 'C1')?.['full_name']).toBe('Customer 1');
    await site.run();
    expect(await openErrors(site)).toHaveLength(0);
    expect(await site.sql`select 1 from couplet.sync_log where code = 'replaced-alike'`).toHaveLength(0);
  });

  it('is the one before when Couplet put it back: what is edited then is an edit', async () => {
    await using site = await smallSite();
    await foundGone(site, 'channel');
    const [deletion] = await openErrors(site);
    await site.synchronizer.act(deletion?.id ?? '', { ...ACTION, action: 'restore' });
    site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Edited since' });
    await site.run();
    expect(customer(site, 'C1')?.['name']).toBe('Edited since');
    expect(await openErrors(site)).toHaveLength(0);
    expect(await site.sql`select 1 from couplet.sync_log where code = 'replaced-alike'`).toHaveLength(0);
  });
});
