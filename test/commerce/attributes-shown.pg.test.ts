/** What an operation shows as old and new value once it has been applied: what it did, and nothing that it did not do. */
import { expect, test } from 'vitest';
import { editAsynchronously, openTwoChannels, type TwoChannelStage } from './two-channel-stage.ts';

const houston = '/commerce/channels/houston/customers';

const openStage = async (): Promise<TwoChannelStage> => {
  const here = await openTwoChannels({
    configuration: (text) =>
      text
        .replace(
          'phone: { hq: phone, channel: tel }',
          `phone: { hq: phone, channel: tel }
      credit: { hq: credit, channel: credit, direction: toChannel }
      newsletter: { hq: newsletter, channel: newsletter }
      group: { hq: group_id, channel: segment_id, references: groups }`,
        )
        .replace(
          '  addresses:\n',
          `  groups:
    firstRun: automatic
    hq: { table: customer_group, key: [id], describe: [id] }
    channel: { table: segment, key: [id], describe: [name] }
    match: [[name]]
    fields: { name: { hq: id, channel: name } }
  addresses:
`,
        ),
    hqTables: `create table customer_group (id text primary key); insert into customer_group values ('retail');
      alter table customer add credit numeric not null default 5, add newsletter boolean not null default false,
        add group_id text references customer_group`,
    channelTables: `create table segment (id integer generated always as identity primary key, name text);
      insert into segment (name) values ('retail');
      alter table customer add credit numeric, add newsletter boolean, add segment_id integer`,
  });
  await here.ask('POST', '/mappings/groups/synchronize', { scope: 'full' }, { prefer: 'wait=60' });
  await editAsynchronously(here);
  return here;
};

const shown = async (here: TwoChannelStage, query: string) => {
  const { items } = (await here.ask('GET', `/customer-operations?${query}`)).body;
  const [item] = items;
  const changed = item.attributes.filter((each: { changed: boolean }) => each.changed);
  return {
    description: item.changeDescription as string,
    changed: changed.map(({ name, oldValue, newValue }: Record<string, unknown>) => [name, oldValue, newValue]),
    of: (name: string) => item.attributes.find((each: { name: string }) => each.name === name),
    status: item.status as string,
  };
};

const ANN = { name: 'Ann', email: 'ann@example.com', group: 1 };

test('a reference keeps its old value when the operation has been applied', async () => {
  await using here = await openStage();
  const { body: ann } = await here.ask('POST', houston, { values: ANN });
  await here.run('pipeline');
  await here.ask('PATCH', `${houston}/${ann.asyncCustomerAccount}`, { values: { phone: '2' } });
  await here.run('pipeline');
  const update = await shown(here, 'operation=updateCustomer');
  expect(update.changed).toEqual([['phone', null, '2']]);
  expect(update.of('group')).toMatchObject({ oldValue: 1, newValue: 1, changed: false });
  const { body } = await here.ask('GET', '/customer-operations?field.group=1&count=true');
  expect(body.total).toBe(2);
});

test('a whole row changes only what the channel had otherwise, whatever HQ holds by now', async () => {
  await using here = await openStage();
  const { body: ann } = await here.ask('POST', houston, { values: ANN });
  const snapshot = (row: object) =>
    here.houston`insert into commerce.retailasynccustomerv2 ${here.houston({
      custaccountasync: ann.asyncCustomerAccount,
      operation: 2,
      full_name: 'Ann',
      mail: 'ann@example.com',
      segment_id: 1,
      ...row,
    })}`;
  // Before HQ has the customer: its defaults are nothing that the row clears.
  await snapshot({ tel: '2' });
  await here.run('pipeline');
  const first = await shown(here, 'operation=updateCustomer');
  expect(first).toMatchObject({
    status: 'synchronized',
    changed: [['phone', null, '2']],
    description: 'Customer update: phone set to 2',
  });
  // HQ changes what the row says as the channel had it.
  await here.hq`update customer set phone = '3'`;
  await snapshot({ tel: '2', newsletter: true, full_name: 'Anna' });
  await here.run('p-job');
  await here.run('synchronize-customers');
  const second = await shown(here, 'operation=updateCustomer&sort=-receivedAt');
  expect(second.changed).toEqual([
    ['name', 'Ann', 'Anna'],
    ['newsletter', false, true],
  ]);
  expect(await here.hq`select name, phone, newsletter from customer`).toEqual([
    { name: 'Anna', phone: '3', newsletter: true },
  ]);
});

test('a create that met a customer of HQ empties nothing, and nothing that only comes from HQ is changed', async () => {
  await using here = await openStage();
  await here.hq`insert into customer (account_num, name, email, phone) values ('H1', 'Ann', 'ann@example.com', '7')`;
  await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail, credit)
    values (gen_random_uuid(), 1, 'Ann', 'ann@example.com', 900)`;
  await here.run('p-job');
  expect((await shown(here, 'channel=houston')).changed.map(([name]: [string]) => name)).toEqual(['name', 'email']);
  await here.run('synchronize-customers');
  const create = await shown(here, 'channel=houston');
  expect(create).toMatchObject({ status: 'synchronized', changed: [] });
  expect(create.of('credit')).toMatchObject({ oldValue: '5', newValue: '5', changed: false, readOnly: true });
  expect(create.of('phone')).toMatchObject({ oldValue: '7', newValue: '7', changed: false });
  expect(create.description).toBe('Customer creation: HQ had the customer already, so that one was coupled');
});

test('what a first try has brought to HQ is still told with its old value when the rest is settled later', async () => {
  await using here = await openStage();
  const { body: ann } = await here.ask('POST', houston, { values: { ...ANN, phone: '1' } });
  await here.run('pipeline');
  await here.ask('PATCH', `${houston}/${ann.asyncCustomerAccount}`, { values: { name: 'Anna', phone: '2' } });
  await here.hq`update customer set phone = '3'`;
  await here.run('pipeline');
  const { items } = (await here.ask('GET', '/customer-operations?status=conflict')).body;
  const { id } = items[0];
  // A second try meets its own work.
  await here.ask('POST', `/customer-operations/${id}/synchronize`);
  const wanted = {
    status: 'conflict',
    changed: [
      ['name', 'Ann', 'Anna'],
      ['phone', '3', '2'],
    ],
  };
  expect(await shown(here, 'operation=updateCustomer')).toMatchObject(wanted);
  const { body: conflict } = await here.ask('GET', `/customer-operations/${id}`);
  await here.ask('POST', `/synchronization-errors/${conflict.errorId}/synchronize`, { winner: 'channel' });
  expect(await shown(here, 'operation=updateCustomer')).toMatchObject({ ...wanted, status: 'synchronized' });
  expect(await here.hq`select name, phone from customer`).toEqual([{ name: 'Anna', phone: '2' }]);
});

test('the job counts every operation that failed, and the new customer waits for its distribution', async () => {
  await using here = await openStage();
  const guid = '11111111-1111-4111-8111-111111111111';
  // One that HQ refuses, one for a customer whom nobody knows.
  await here.ask('POST', houston, { values: { name: 'Bad', email: 'nowhere' } });
  await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, changedcolumns, tel)
    values (${guid}, 2, array['tel'], '1')`;
  await here.ask('POST', houston, { values: ANN });
  await here.run('p-job');
  const job = await here.run('synchronize-customers');
  expect(job.counters.toHq).toMatchObject({ inserted: 1, failed: 2 });
  const { items } = (await here.ask('GET', '/couplings?mapping=customers&status=pending')).body;
  expect(items).toMatchObject([{ channelKey: null, status: 'pending', reason: 'awaitingDistribution' }]);
});
