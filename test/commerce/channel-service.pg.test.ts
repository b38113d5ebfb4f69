/** What a till and a web shop call, over real databases: whichever way a customer travels, it is one customer. */
import { describe, expect, test } from 'vitest';
import { readMarks } from '../../src/engine/run/read-marks.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { REQUEST } from '../engine/small-site.ts';
import { until } from '../support/until.ts';
import { editAsynchronously, openTwoChannels, type TwoChannelStage } from './two-channel-stage.ts';

const houston = '/commerce/channels/houston/customers';
const online = '/commerce/channels/online/customers';
const ann = { name: 'Ann', email: 'ann@example.com' };

const search = async (here: TwoChannelStage, path: string, q: string) =>
  (await here.ask('GET', `${path}?q=${q}`)).body.items;

describe('a channel in asynchronous mode', () => {
  test('takes a customer with its addresses without HQ, shows it once before and after, and knows it by GUID and number', async () => {
    await using here = await openTwoChannels();
    const made = await here.ask('POST', houston, {
      values: ann,
      addresses: [{ street: 'Main 1', city: 'Houston' }, { street: 'Side 2' }],
    });
    expect(made).toMatchObject({
      status: 202,
      body: {
        customerAccount: null,
        asyncCustomerAccount: expect.any(String),
        displayAccount: 'Pending sync',
        status: 'pending',
        values: { name: 'Ann', phone: null },
      },
    });
    expect(made.body.addresses).toMatchObject([{ street: 'Main 1', city: 'Houston' }, { street: 'Side 2' }]);
    const guid = made.body.asyncCustomerAccount;
    expect(await here.hq`select 1 from customer`).toEqual([]);
    expect(await search(here, houston, 'ann@')).toMatchObject([
      { asyncCustomerAccount: guid, displayAccount: 'Pending sync' },
    ]);
    await here.run('p-job');
    expect(await search(here, houston, 'ANN')).toMatchObject([{ asyncCustomerAccount: guid, status: 'pending' }]);
    await here.run('synchronize-customers');
    expect(await search(here, houston, 'ann@')).toMatchObject([
      { asyncCustomerAccount: guid, customerAccount: 'C000001', displayAccount: 'C000001', status: 'synchronized' },
    ]);
    await here.run('1010');
    expect(await search(here, houston, 'ann@')).toMatchObject([
      { customerAccount: 'C000001', asyncCustomerAccount: guid },
    ]);
    for (const account of [guid, 'C000001']) {
      const { body } = await here.ask('GET', `${houston}/${account}`);
      expect(body).toMatchObject({
        customerAccount: 'C000001',
        asyncCustomerAccount: guid,
        status: 'synchronized',
        values: { number: 'C000001', name: 'Ann' },
      });
      expect(body.addresses).toHaveLength(2);
    }
    expect(await here.hq`select street from customer_address order by id`).toMatchObject([
      { street: 'Main 1' },
      { street: 'Side 2' },
    ]);
  });

  test('refuses to edit a customer without a number until its own configuration has the feature', async () => {
    await using here = await openTwoChannels();
    const { body } = await here.ask('POST', houston, { values: ann });
    const path = `${houston}/${body.asyncCustomerAccount}`;
    expect(await here.ask('PATCH', path, { values: { phone: '1' } })).toMatchObject({
      status: 409,
      body: { code: 'customer-pending' },
    });
    await editAsynchronously(here);
    expect(await here.ask('PATCH', path, { values: { phone: '1' } })).toMatchObject({
      status: 202,
      body: { status: 'pending', values: { name: 'Ann', phone: '1' } },
    });
    await here.houston`update commerce.channelconfiguration set value = 'false' where name = 'edit-customers-asynchronously'`;
    expect(await here.ask('PATCH', path, { values: { phone: '2' } })).toMatchObject({
      status: 409,
      body: { code: 'customer-pending' },
    });
    await here.run('pipeline');
    expect(await here.hq`select phone from customer`).toMatchObject([{ phone: '1' }]);
    // With a number and without the feature, HQ is written at once.
    expect(await here.ask('PATCH', path, { values: { phone: '3' } })).toMatchObject({
      status: 200,
      body: { values: { phone: '3' } },
    });
    expect(await here.hq`select phone from customer`).toMatchObject([{ phone: '3' }]);
  });

  test('edits, adds to and takes from a customer on its way: values and parts that HQ gave, too', async () => {
    await using here = await openTwoChannels();
    await here.hq`insert into customer (account_num, name) values ('H1', 'Known')`;
    await here.hq`insert into customer_address (account_num, street, city) values ('H1', 'Old 1', 'Paris'), ('H1', 'Old 2', null)`;
    await editAsynchronously(here);
    const before = (await here.ask('GET', `${houston}/H1`)).body;
    const [first, second] = before.addresses;
    const edited = await here.ask('PATCH', `${houston}/H1`, {
      values: { phone: '5' },
      addresses: [{ key: first.key, street: 'New 1' }, { key: second.key, deactivate: true }, { street: 'New 3' }],
    });
    expect(edited).toMatchObject({
      status: 202,
      body: { customerAccount: 'H1', status: 'pending', values: { phone: '5' } },
    });
    expect(edited.body.addresses).toMatchObject([{ street: 'New 1', city: 'Paris' }, { street: 'New 3' }]);
    expect(await here.ask('PATCH', `${houston}/H1`, { addresses: [{ key: 4711, street: 'x' }] })).toMatchObject({
      status: 404,
      body: { code: 'record-not-found' },
    });
    await here.run('pipeline');
    await here.run('pipeline');
    expect(await here.hq`select street, city from customer_address order by street`).toMatchObject([
      { street: 'New 1', city: 'Paris' },
      { street: 'New 3', city: null },
    ]);
    expect(await here.online`select street from address order by street`).toMatchObject([
      { street: 'New 1' },
      { street: 'New 3' },
    ]);
    expect((await here.ask('GET', `${houston}/H1`)).body).toMatchObject({
      status: 'synchronized',
      values: { phone: '5' },
    });
  });

  test('a part taken away goes everywhere with 1010, also where a run met the deletion first and asked somebody', async () => {
    await using here = await openTwoChannels();
    await here.hq`insert into customer (account_num, name) values ('H1', 'Known')`;
    await here.hq`insert into customer_address (account_num, street) values ('H1', 'Main 1')`;
    await editAsynchronously(here);
    const [address] = (await here.ask('GET', `${houston}/H1`)).body.addresses;
    await here.ask('PATCH', `${houston}/H1`, { addresses: [{ key: address.key, deactivate: true }] });
    await here.run('p-job');
    await here.run('synchronize-customers');
    expect(await here.hq`select 1 from customer_address`).toEqual([]);
    const { site, memory } = here.couplet;
    await readMarks(site, 'hq', null);
    await runChannel(site, memory, 'online', [{ mapping: 'addresses', channel: 'online' }], REQUEST);
    expect((await here.ask('GET', '/synchronization-errors')).body.items).toMatchObject([
      { code: 'deleted-in-hq', channel: 'online', mapping: 'addresses' },
    ]);
    await here.run('1010');
    expect((await here.ask('GET', '/synchronization-errors')).body.items).toEqual([]);
    for (const channel of [here.houston, here.online]) expect(await channel`select 1 from address`).toEqual([]);
  });

  test('tells the shop what became of it', async () => {
    await using here = await openTwoChannels();
    const { body } = await here.ask('POST', houston, { values: { name: 'Bad', email: 'no address' } });
    await here.run('pipeline');
    expect(await here.ask('GET', `${houston}/${body.asyncCustomerAccount}`)).toMatchObject({
      status: 200,
      body: {
        status: 'failed',
        displayAccount: 'Pending sync',
        lastKnownError: { code: 'constraint-violated', message: expect.any(String) },
      },
    });
  });
});

describe('a channel in direct mode', () => {
  test('writes HQ at once and gets the number; the channel has the customer after 1010, and shows it once before', async () => {
    await using here = await openTwoChannels();
    const made = await here.ask('POST', online, { values: ann, addresses: [{ street: 'Main 1' }] });
    expect(made).toMatchObject({
      status: 201,
      body: { customerAccount: 'C000001', displayAccount: 'C000001', status: 'synchronized' },
    });
    expect(await here.hq`select account_num, cust_account_async as guid from customer`).toMatchObject([
      { account_num: 'C000001', guid: made.body.asyncCustomerAccount },
    ]);
    expect(await here.hq`select street from customer_address`).toMatchObject([{ street: 'Main 1' }]);
    expect(await here.online`select 1 from customer`).toEqual([]);
    expect(await search(here, online, 'ann')).toMatchObject([{ customerAccount: 'C000001' }]);
    await here.run('1010');
    expect(await here.online`select account from customer`).toMatchObject([{ account: 'C000001' }]);
    expect(await here.online`select street from address`).toMatchObject([{ street: 'Main 1' }]);
    expect(await search(here, online, 'ann')).toHaveLength(1);
    expect(await here.ask('PATCH', `${online}/C000001`, { values: { name: 'Anna' } })).toMatchObject({
      status: 200,
      body: { values: { name: 'Anna' } },
    });
    expect(await here.hq`select name from customer`).toMatchObject([{ name: 'Anna' }]);
  });

  test('fails the call when HQ refuses, and queues nothing: not the customer for a part of it either', async () => {
    await using here = await openTwoChannels();
    expect(await here.ask('POST', online, { values: { name: 'Bad', email: 'no address' } })).toMatchObject({
      status: 422,
      body: { code: 'constraint-violated' },
    });
    expect(
      await here.ask('POST', online, { values: ann, addresses: [{ street: 'Main' }, { street: 'nowhere' }] }),
    ).toMatchObject({
      status: 422,
      body: { code: 'constraint-violated' },
    });
    expect(await here.hq`select 1 from customer`).toEqual([]);
    expect(await here.hq`select 1 from customer_address`).toEqual([]);
    expect(await here.online`select 1 from commerce.retailasynccustomerv2`).toEqual([]);
    expect(await here.run('pipeline')).toMatchObject({ status: 'succeeded' });
    expect(await here.online`select 1 from customer`).toEqual([]);
  });

  test('takes a customer asynchronously all the same when HQ lets nobody in, or is not there', async () => {
    await using here = await openTwoChannels();
    const name = new URL(here.urls.hq).pathname.slice(1);
    const shut = async (how: string): Promise<void> => {
      await here.coupling.unsafe(how);
      await here.coupling.unsafe(
        `select pg_terminate_backend(pid, 30000) from pg_stat_activity where datname = '${name}'`,
      );
    };
    await shut(`alter database ${name} allow_connections false`);
    expect(await here.ask('POST', online, { values: ann })).toMatchObject({ status: 202 });
    await here.coupling.unsafe(`alter database ${name} allow_connections true`);
    await shut(`alter database ${name} allow_connections false`);
    await here.coupling.unsafe(`alter database ${name} rename to ${name}_gone`);
    expect(await here.ask('POST', online, { values: { name: 'Bo', email: 'bo@example.com' } })).toMatchObject({
      status: 202,
      body: { displayAccount: 'Pending sync' },
    });
    await here.coupling.unsafe(`alter database ${name}_gone rename to ${name}`);
    await here.coupling.unsafe(`alter database ${name} allow_connections true`);
    await here.run('pipeline');
    expect(await search(here, online, 'bo@')).toMatchObject([{ status: 'synchronized' }]);
  });

  test('takes a customer asynchronously all the same when HQ cannot be reached', async () => {
    await using here = await openTwoChannels({ apart: 'hq' });
    await here.run('1010');
    await here.server?.stop();
    const made = await here.ask('POST', online, { values: ann });
    expect(made).toMatchObject({ status: 202, body: { displayAccount: 'Pending sync', status: 'pending' } });
    expect(await search(here, online, 'ann')).toHaveLength(1);
    await here.server?.start();
    await until(async () => (await here.run('pipeline')).status === 'succeeded', {
      timeoutMs: 30_000,
      what: 'HQ is back',
    });
    expect(await here.ask('GET', `${online}/${made.body.asyncCustomerAccount}`)).toMatchObject({
      body: { customerAccount: 'C000001', status: 'synchronized' },
    });
  });
});

describe('the same person, created by two channels', () => {
  test('is known in both by either GUID, and edited by either', async () => {
    await using here = await openTwoChannels();
    await editAsynchronously(here);
    const shop = await here.ask('POST', online, { values: ann });
    const till = await here.ask('POST', houston, { values: ann });
    await here.run('pipeline');
    const guids = [till, shop].map(({ body }) => String(body.asyncCustomerAccount));
    expect(new Set(guids).size).toBe(2);
    for (const [path, own] of [
      [houston, guids[0]],
      [online, guids[1]],
    ] as const)
      for (const guid of guids)
        expect(await here.ask('GET', `${path}/${guid}`)).toMatchObject({
          status: 200,
          body: { customerAccount: 'C000001', asyncCustomerAccount: own, status: 'synchronized' },
        });
    for (const [at, guid] of guids.entries()) {
      expect(await here.ask('PATCH', `${houston}/${guid}`, { values: { phone: `till ${at}` } })).toMatchObject({
        status: 202,
      });
      await here.run('pipeline');
      expect(await here.hq`select phone from customer`).toMatchObject([{ phone: `till ${at}` }]);
    }
    const edited = await here.ask('PATCH', `${online}/${guids[0]}`, { values: { phone: 'web' } });
    expect(edited.status).toBe(200);
    expect(await here.hq`select phone from customer`).toMatchObject([{ phone: 'web' }]);
  });
});

describe('what cannot be taken', () => {
  test('is named with its place: fields that nobody knows, values that fit no column, customers that nobody has', async () => {
    await using here = await openTwoChannels();
    expect(await here.ask('POST', houston, { values: { nam: 'x' } })).toMatchObject({
      status: 400,
      body: { code: 'unknown-field', errors: [{ pointer: '/values/nam' }] },
    });
    expect(await here.ask('POST', houston, { values: { name: { a: 1 } } })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/values/name' }] },
    });
    expect(await here.ask('POST', houston, { values: ann, contacts: [{}] })).toMatchObject({ status: 400 });
    for (const [body, pointer, detail] of [
      [{}, '/values', 'must be given'],
      [
        { values: ann, addresses: [{ key: 'x' }] },
        '/addresses/0/key',
        'key has the value x, which is not a valid integer',
      ],
    ] as const)
      expect((await here.ask('POST', houston, body)).body.errors).toEqual([{ in: 'body', pointer, detail }]);
    // Nothing is cut to fit, neither here nor on the way to the operation table.
    await here.houston`alter table customer alter column full_name type varchar(40)`;
    await here.houston`alter table commerce.retailasynccustomerv2 alter column full_name type varchar(40)`;
    expect(await here.ask('POST', houston, { values: { ...ann, name: 'n'.repeat(41) } })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/values/name' }] },
    });
    expect(await here.ask('POST', `${houston}?dryRun=true`, { values: ann })).toMatchObject({
      status: 400,
      body: { code: 'unknown-parameter', errors: [{ in: 'query', pointer: '/dryRun' }] },
    });
    expect(await search(here, houston, 'ann')).toEqual([]);
    expect(await here.ask('GET', `${houston}/C999999`)).toMatchObject({
      status: 404,
      body: { code: 'customer-not-found' },
    });
    expect(await here.ask('GET', `${houston}/7d5f2a1c-0000-4000-8000-000000000000`)).toMatchObject({ status: 404 });
    expect(await here.ask('GET', '/commerce/channels/paris/customers')).toMatchObject({
      status: 404,
      body: { code: 'channel-not-found' },
    });
  });

  test('only comes from HQ: it may be sent along, is not taken in either mode, and is named', async () => {
    await using here = await openTwoChannels();
    const sent = { values: { ...ann, number: 'MINE' }, addresses: [{ street: 'Main 1' }] };
    const made = await here.ask('POST', houston, sent);
    expect(made).toMatchObject({
      status: 202,
      body: { ignored: ['/values/number'], values: { name: 'Ann', number: null } },
    });
    expect(await here.houston`select account, changedcolumns from commerce.retailasynccustomerv2`).toEqual([
      { account: null, changedcolumns: null },
    ]);
    const direct = await here.ask('POST', online, { values: { name: 'Bea', number: 'MINE' } });
    expect(direct).toMatchObject({
      status: 201,
      body: { ignored: ['/values/number'], customerAccount: 'C000001', values: { number: 'C000001' } },
    });
    // As a form does that read the customer and sends all of it back.
    const edited = await here.ask('PATCH', `${online}/C000001`, { values: { ...direct.body.values, phone: '1' } });
    expect(edited).toMatchObject({ status: 200, body: { ignored: ['/values/number'], values: { phone: '1' } } });
    const nothing = await here.ask('PATCH', `${online}/C000001`, { values: { number: 'C000002' } });
    expect(nothing).toMatchObject({
      status: 200,
      body: { ignored: ['/values/number'], values: { number: 'C000001' } },
    });
    expect((await here.ask('PATCH', `${online}/C000001`, { values: { phone: '2' } })).body).not.toHaveProperty(
      'ignored',
    );
    expect((await here.ask('GET', `${online}/C000001`)).body).not.toHaveProperty('ignored');
  });

  test('from whom: a key of the channel calls its own channel, and nothing else of the API', async () => {
    await using here = await openTwoChannels({ auth: { kind: 'configured', apiKeys: true, oidc: null } });
    const key = async (name: string, role: 'channel' | 'viewer' | 'operator', channel: string | null) => {
      const made = await here.couplet.database.access.createApiKey({ name, role, channel, expiresAt: null });
      return { authorization: `Bearer ${made?.secret}` };
    };
    const till = await key('till 7', 'channel', 'houston');
    const viewer = await key('vera', 'viewer', null);
    const operator = await key('otto', 'operator', null);
    const asked = async (path: string, headers: Record<string, string>, body?: object) =>
      (await here.ask(body ? 'POST' : 'GET', path, body, headers)).status;
    expect(await asked(houston, till, { values: ann })).toBe(202);
    expect(await asked(online, till, { values: ann })).toBe(403);
    expect(await asked(houston, till)).toBe(200);
    expect(await asked('/commerce/sessions', till)).toBe(403);
    expect(await asked('/commerce/jobs/p-job/run', till, {})).toBe(403);
    expect(await asked(houston, viewer)).toBe(200);
    expect(await asked(houston, viewer, { values: ann })).toBe(403);
    expect(await asked('/commerce/jobs/p-job/run', operator, {})).toBe(202);
    expect(
      (await here.ask('PUT', '/commerce/features/asynchronous-customer-address-creation', { enabled: true }, operator))
        .status,
    ).toBe(403);
    expect(await here.houston`select createdby from commerce.retailasynccustomerv2`).toMatchObject([
      { createdby: 'till 7' },
    ]);
  });

  test('the same call with the same key is one customer', async () => {
    await using here = await openTwoChannels();
    const key = { 'idempotency-key': 'till 7, sale 12' };
    const first = await here.ask('POST', houston, { values: ann }, key);
    const second = await here.ask('POST', houston, { values: ann }, key);
    expect(second.body).toEqual(first.body);
    expect(await here.houston`select 1 from commerce.retailasynccustomerv2`).toHaveLength(1);
  });
});
