/** What an operation that has come through tells of itself: not only what it asked for, but what came of it in HQ. */
import { expect, test } from 'vitest';
import { openApi } from './ask-api.ts';
import { openCommerceStage } from './commerce-stage.ts';

test('an operation that came through tells what it did in HQ: a customer who was there was not created but coupled', async () => {
  await using here = await openCommerceStage();
  await using api = await openApi(here.couplet);
  await here.hq`insert into customer (account_num, name, email) values ('H1', 'Known', 'ann@example.com')`;
  const outcomes = async (guid: string): Promise<string[]> => {
    const { items } = (await api.get(`/customer-operations?asyncAccount=${guid}&sort=receivedAt`)).body;
    return items.map(({ operation, outcome }: Record<string, string>) => `${operation} ${outcome}`);
  };
  const ann = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
  await here.job('p-job');
  expect(await outcomes(ann)).toEqual(['createCustomer null']);
  await here.job('pipeline');
  expect(await outcomes(ann)).toEqual(['createCustomer coupled']);
  const [operation] = (await api.get(`/customer-operations?asyncAccount=${ann}`)).body.items;
  expect(operation).toMatchObject({ status: 'synchronized', customerAccount: 'H1' });
  expect(operation.changeDescription).toBe(
    'Customer creation: HQ had the customer already, so that one was coupled (the channel said: name Ann)',
  );
  expect(await here.hq`select name from customer`).toEqual([{ name: 'Known' }]);

  const ben = await here.till.create({ full_name: 'Ben', mail: 'ben@example.com' });
  for (const step of [
    () => here.till.address(ben, '1', 'Main 1'),
    () => here.till.update(ben, { tel: '5' }),
    () => here.till.update(ben, { tel: '5' }),
    () => here.till.address(ben, '1', 'Main 2', 2),
    () => here.till.address(ben, '1', 'Main 2', 3),
    () => here.till.address(ben, '1', 'Main 3', 1),
  ]) {
    await step();
    await here.job('pipeline');
  }
  expect(await outcomes(ben)).toEqual([
    'createCustomer inserted',
    'createAddress inserted',
    'updateCustomer modified',
    'updateCustomer unchanged',
    'updateAddress modified',
    'deactivateAddress deleted',
    'createAddress inserted',
  ]);
  const { items } = (await api.get(`/customer-operations?asyncAccount=${ben}&operation=createAddress`)).body;
  for (const { attributes } of items) expect(attributes).toContainEqual(expect.objectContaining({ oldValue: null }));
});
