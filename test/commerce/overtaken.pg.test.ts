/** A direct edit that comes to HQ before an asynchronous one which was recorded earlier. */
import { expect, test } from 'vitest';
import { editAsynchronously, openTwoChannels } from './two-channel-stage.ts';

const houston = '/commerce/channels/houston/customers';

test('a direct edit that overtakes an asynchronous one is what the channel shows, before and after that one is pulled and applied', async () => {
  await using here = await openTwoChannels();
  await here.hq`insert into customer (account_num, name, phone) values ('H1', 'Known', '0')`;
  await here.hq`insert into customer_address (account_num, street, city) values ('H1', 'Street 0', 'City 0')`;
  await editAsynchronously(here);
  const path = `${houston}/H1`;
  const [{ key }] = (await here.ask('GET', path)).body.addresses;
  const edit = async (values: object, street: object): Promise<number> =>
    (await here.ask('PATCH', path, { values, addresses: [{ key, ...street }] })).status;
  expect(await edit({ phone: 'till', name: 'Till' }, { street: 'Street till', city: 'City till' })).toBe(202);
  await here.houston`update commerce.channelconfiguration set value = 'false' where name = 'edit-customers-asynchronously'`;
  expect(await edit({ phone: 'direct' }, { street: 'Street direct' })).toBe(200);
  const shown = {
    values: { phone: 'direct', name: 'Till' },
    addresses: [{ street: 'Street direct', city: 'City till' }],
  };
  const shows = async (): Promise<void> => {
    expect((await here.ask('GET', path)).body).toMatchObject(shown);
    expect((await here.ask('GET', `${houston}?q=Known`)).body.items).toMatchObject([{ values: shown.values }]);
  };
  await shows();
  await here.run('p-job');
  await shows();
  const [waiting] = (await here.ask('GET', '/customer-operations?operation=updateCustomer')).body.items;
  expect(waiting).toMatchObject({ status: 'received' });
  await here.run('synchronize-customers');
  await shows();
  await here.run('1010');
  expect((await here.ask('GET', path)).body).toMatchObject(shown);
  expect(await here.hq`select name, phone from customer`).toEqual([{ name: 'Till', phone: 'direct' }]);
  expect(await here.hq`select street, city from customer_address`).toEqual([
    { street: 'Street direct', city: 'City till' },
  ]);
});
