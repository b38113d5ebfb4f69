/** What HQ refuses of an operation is told in words of the operation: which attribute, and who is in the way. */
import { expect, test } from 'vitest';
import { openApi } from './ask-api.ts';
import { openCommerceStage } from './commerce-stage.ts';
import { openTwoChannels } from './two-channel-stage.ts';

test('what a column of HQ refuses names the attribute: empty, too long, against a check, taken by another customer', async () => {
  await using here = await openCommerceStage();
  await using api = await openApi(here.couplet);
  await here.hq`alter table customer alter column phone type varchar(5)`;
  await here.hq`alter table customer alter column email set not null`;
  await here.hq`insert into customer (account_num, name, email) values ('H1', 'Known', 'known@example.com')`;
  await here.till.create({ full_name: 'A' });
  await here.till.create({ full_name: 'B', mail: 'b@example.com', tel: '123456' });
  await here.till.create({ full_name: 'C', mail: 'no address' });
  const guid = await here.till.create({ full_name: 'D', mail: 'd@example.com' });
  await here.till.update(guid, { mail: 'known@example.com' });
  await here.job('p-job');
  await here.job('synchronize-customers');
  const { items } = (await api.get('/customer-operations?status=failed&sort=operationTimestamp')).body;
  const known = items.map(({ lastKnownError }: { lastKnownError: unknown }) => lastKnownError);
  expect(known).toMatchObject([
    { code: 'required-value-missing', field: 'email', message: expect.stringContaining('email') },
    { code: 'value-too-long', field: 'phone', params: { column: 'phone', limit: 5 } },
    {
      code: 'constraint-violated',
      field: 'email',
      params: { constraint: 'customer_email_check', value: 'no address' },
    },
    {
      code: 'constraint-violated',
      field: 'email',
      params: { constraint: 'customer_email_key', blockedBy: ['H1'] },
      message: expect.stringContaining('H1'),
    },
  ]);
  // One correction cures what has one cause.
  const { cause } = known[2] as { cause: string };
  expect(cause).toBe('customers:constraint-violated:email:customer_email_check');
  const found = await api.get(`/customer-operations?cause=${encodeURIComponent(cause)}`);
  expect(found.body.items).toMatchObject([{ id: items[2].id }]);
});

test('a direct call that HQ refuses is told the place of the value in its body', async () => {
  await using here = await openTwoChannels();
  const online = '/commerce/channels/online/customers';
  for (const [body, pointer] of [
    [{ values: { name: 'A', email: 'no address' } }, '/values/email'],
    [{ values: { email: 'a@example.com' } }, '/values/name'],
    [{ values: { name: 'n'.repeat(41), email: 'a@example.com' } }, '/values/name'],
    [{ values: { name: 'A' }, addresses: [{ street: 'Main' }, { street: 'nowhere' }] }, '/addresses/1/street'],
  ] as const)
    expect(await here.ask('POST', online, body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  expect(await here.hq`select 1 from customer`).toEqual([]);
});
