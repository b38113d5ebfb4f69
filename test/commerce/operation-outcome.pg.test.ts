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

test('a mapping under commerce tells when 1010 last ran it, and by which job', async () => {
  await using here = await openCommerceStage();
  await using api = await openApi(here.couplet);
  const lanes = async () =>
    ['customers', 'addresses'].map(async (name) => (await api.get(`/mappings/${name}`)).body.channels[0]);
  const before = await Promise.all(await lanes());
  const { id } = await here.job('1010');
  const after = await Promise.all(await lanes());
  expect(after).toMatchObject([{ lastJobId: id }, { lastJobId: id }]);
  for (const [at, lane] of after.entries())
    expect(Date.parse(lane.lastSuccessAt)).toBeGreaterThan(Date.parse(before[at].lastSuccessAt ?? '2000-01-01'));

  // One that is paused was not run.
  await api.post('/mappings/addresses/pause', {});
  const next = await here.job('1010');
  const [customers, addresses] = await Promise.all(await lanes());
  expect([customers.lastJobId, addresses.lastJobId]).toEqual([next.id, id]);
});

test('an operation whose customer the channel does not take names the error, and somebody is next, not the job', async () => {
  await using here = await openCommerceStage();
  await using api = await openApi(here.couplet);
  const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
  for (const job of ['p-job', 'synchronize-customers'] as const) await here.job(job);
  const operation = async () => (await api.get(`/customer-operations?asyncAccount=${guid}`)).body.items[0];
  expect(await operation()).toMatchObject({ status: 'synchronized', nextStep: '1010', errorId: null });

  await here.houston`alter table customer add constraint nobody_called_ann check (full_name <> 'Ann')`;
  await here.job('1010');
  const stuck = await operation();
  expect(stuck).toMatchObject({ status: 'synchronized', nextStep: 'repair', errorId: expect.any(String) });
  const { body: error } = await api.get(`/synchronization-errors/${stuck.errorId}`);
  expect(error).toMatchObject({ status: 'open', code: 'constraint-violated', couplingId: stuck.couplingId });

  await here.houston`alter table customer drop constraint nobody_called_ann`;
  await here.job('1010');
  expect(await operation()).toMatchObject({ status: 'synchronized', nextStep: null, errorId: null });
});
