/** A create that meets a customer whom HQ had already: coupled, edited, and never harmed by what becomes of the call. */
import { describe, expect, test } from 'vitest';
import { editAsynchronously, openTwoChannels } from './two-channel-stage.ts';

const houston = '/commerce/channels/houston/customers';
const online = '/commerce/channels/online/customers';
const ann = { name: 'Ann', email: 'ann@example.com' };

describe('a customer whom HQ had already', () => {
  test('is shown as the channel made it until 1010, and what is edited meanwhile comes to HQ', async () => {
    await using here = await openTwoChannels();
    await editAsynchronously(here);
    await here.hq`insert into customer (account_num, name, email, phone) values ('H1', 'Known', ${ann.email}, 'hq')`;
    const made = await here.ask('POST', houston, { values: { ...ann, phone: 'till' } });
    const path = `${houston}/${made.body.asyncCustomerAccount}`;
    // In the channel already before the create has come to HQ.
    await here.ask('PATCH', path, { values: { phone: 'till 2' } });
    await here.run('p-job');
    await here.run('synchronize-customers');
    expect(await here.hq`select name, phone from customer`).toEqual([{ name: 'Known', phone: 'till 2' }]);
    expect((await here.ask('GET', path)).body).toMatchObject({
      customerAccount: 'H1',
      values: { name: 'Ann', email: ann.email, phone: 'till 2' },
    });
    expect((await here.ask('GET', `${houston}?q=ann@`)).body.items).toMatchObject([{ customerAccount: 'H1' }]);
    await here.ask('PATCH', path, { values: { phone: 'till 3' } });
    await here.run('p-job');
    await here.run('synchronize-customers');
    expect(await here.hq`select name, phone from customer`).toEqual([{ name: 'Known', phone: 'till 3' }]);
    await here.run('1010');
    expect(await here.houston`select full_name, tel from customer`).toEqual([{ full_name: 'Known', tel: 'till 3' }]);
    expect((await here.ask('GET', path)).body).toMatchObject({ values: { name: 'Known', phone: 'till 3' } });
  });

  test('is edited directly, too, and where HQ has changed the field meanwhile, the edit is refused', async () => {
    await using here = await openTwoChannels();
    await here.hq`insert into customer (account_num, name, email, phone) values ('H1', 'Known', ${ann.email}, 'hq')`;
    const made = await here.ask('POST', online, { values: { ...ann, phone: 'web' } });
    expect(made).toMatchObject({ status: 201, body: { customerAccount: 'H1', values: { email: ann.email } } });
    expect(await here.hq`select phone from customer`).toEqual([{ phone: 'hq' }]);
    expect((await here.ask('PATCH', `${online}/H1`, { values: { phone: 'web 2' } })).status).toBe(200);
    expect(await here.hq`select phone from customer`).toEqual([{ phone: 'web 2' }]);
    await here.hq`update customer set phone = 'hq 2'`;
    expect(await here.ask('PATCH', `${online}/H1`, { values: { phone: 'web 3' } })).toMatchObject({
      status: 409,
      body: { code: 'update-conflict' },
    });
    expect(await here.hq`select phone from customer`).toEqual([{ phone: 'hq 2' }]);
  });

  test.for(['hq', 'channel'])(
    'a customer whom HQ had already stays as it was when a part is refused, %s winning',
    async (winner) => {
      await using here = await openTwoChannels({
        configuration: (text) => text.replace('initialWinner: hq', `initialWinner: ${winner}\n    fillEmpty: true`),
      });
      await here.hq`insert into customer (account_num, name, email) values ('H1', 'Known', ${ann.email})`;
      const refused = { ...ann, phone: '9' };
      expect(
        await here.ask('POST', online, { values: refused, addresses: [{ street: 'Main' }, { street: 'nowhere' }] }),
      ).toMatchObject({ status: 422, body: { code: 'constraint-violated' } });
      expect(await here.hq`select account_num, name, email, phone from customer`).toEqual([
        { account_num: 'H1', name: 'Known', email: ann.email, phone: null },
      ]);
      expect(await here.hq`select 1 from customer_address`).toEqual([]);
      expect(await here.run('pipeline')).toMatchObject({ status: 'succeeded' });
      expect(await here.online`select account, full_name from customer`).toEqual([
        { account: 'H1', full_name: 'Known' },
      ]);
      expect(await here.ask('POST', online, { values: refused, addresses: [{ street: 'Main' }] })).toMatchObject({
        status: 201,
        body: { customerAccount: 'H1' },
      });
      expect(await here.coupling`select 1 from couplet.sync_error`).toEqual([]);
    },
  );
});
