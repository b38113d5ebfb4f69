/** A part that a till has taken away stays away for it, at every step until 1010 takes it away in the channel too. */
import { expect, test } from 'vitest';
import { editAsynchronously, openTwoChannels, type TwoChannelStage } from './two-channel-stage.ts';

const ANN = { name: 'Ann', email: 'ann@example.com' };
const ADDRESSES = [{ street: 'Main 1' }, { street: 'Main 2' }];

const pathOf = (channel: string) => `/commerce/channels/${channel}/customers`;

async function streets(here: TwoChannelStage, path: string): Promise<string[]> {
  const { body } = await here.ask('GET', path);
  return body.addresses.map(({ street }: { street: string }) => street).toSorted();
}

async function keyOf(here: TwoChannelStage, path: string, street: string): Promise<unknown> {
  const { body } = await here.ask('GET', path);
  return body.addresses.find((each: { street: string }) => each.street === street).key;
}

test('asynchronously: waiting, received, applied, distributed', async () => {
  await using here = await openTwoChannels();
  await editAsynchronously(here);
  const { body } = await here.ask('POST', pathOf('houston'), { values: ANN, addresses: ADDRESSES });
  await here.run('pipeline');
  const path = `${pathOf('houston')}/${body.asyncCustomerAccount}`;
  const key = await keyOf(here, path, 'Main 1');
  await here.ask('PATCH', path, { addresses: [{ key, deactivate: true }] });
  expect(await streets(here, path)).toEqual(['Main 2']);
  for (const job of ['p-job', 'synchronize-customers', '1010']) {
    await here.run(job);
    expect([job, await streets(here, path)]).toEqual([job, ['Main 2']]);
  }
  expect(await here.houston`select street from address`).toEqual([{ street: 'Main 2' }]);
});

test('directly: from the answer on', async () => {
  await using here = await openTwoChannels();
  const { body } = await here.ask('POST', pathOf('online'), { values: ANN, addresses: ADDRESSES });
  await here.run('1010');
  const path = `${pathOf('online')}/${body.customerAccount}`;
  const key = await keyOf(here, path, 'Main 1');
  const taken = await here.ask('PATCH', path, { addresses: [{ key, deactivate: true }] });
  expect(taken.body.addresses.map(({ street }: { street: string }) => street)).toEqual(['Main 2']);
  expect(await here.online`select street from address order by 1`).toHaveLength(2);
});

test.for(['toHq', 'toChannel'])(
  'what an operation took away can be restored from the log, by the entry %s',
  async (direction) => {
    await using here = await openTwoChannels();
    const { body } = await here.ask('POST', pathOf('online'), { values: ANN, addresses: ADDRESSES });
    await here.run('1010');
    const path = `${pathOf('online')}/${body.customerAccount}`;
    const key = await keyOf(here, path, 'Main 1');
    await here.ask('PATCH', path, { addresses: [{ key, deactivate: true }] });
    await here.run('1010');
    const deletions = async () =>
      (await here.ask('GET', '/synchronization-log?mapping=addresses&channel=online&action=deleted')).body.items;
    const entry = (await deletions()).find((each: { direction: string }) => each.direction === direction);
    expect(entry).toMatchObject({ cause: 'commerce', revertible: true });
    const back = await here.ask('POST', `/synchronization-log/${entry.id}/revert`, {});
    expect(back.status).toBe(200);
    expect(await streets(here, path)).toEqual(['Main 1', 'Main 2']);
    expect(await here.hq`select street from customer_address order by 1`).toEqual(ADDRESSES);
    expect(await here.online`select street from address order by 1`).toEqual(ADDRESSES);
    // One deletion of two entries: neither can be taken back once more, nor ends the pair when HQ deletes it later.
    for (const each of await deletions()) expect(each.revertible).toBe(false);
    await here.run('1010');
    expect(await streets(here, path)).toEqual(['Main 1', 'Main 2']);
    const { items: errors } = (await here.ask('GET', '/synchronization-errors?channel=online')).body;
    expect(errors).toEqual([]);
    await here.hq`delete from customer_address where street = 'Main 1'`;
    await here.run('1010');
    const { items: asked } = (await here.ask('GET', '/synchronization-errors?channel=online')).body;
    expect(asked).toMatchObject([{ kind: 'deletion', code: 'deleted-in-hq' }]);
  },
);
