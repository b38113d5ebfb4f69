/** A till gives each call an Idempotency-Key; the call fails when the customer is there already, and is sent once more. */
import { expect, test } from 'vitest';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import { openTwoChannels, type TwoChannelStage } from './two-channel-stage.ts';

const houston = '/commerce/channels/houston/customers';
const online = '/commerce/channels/online/customers';
const call = { values: { name: 'Ann' }, addresses: [{ street: 'Main 1' }, { street: 'Side 2' }] };
const key = { 'idempotency-key': 'till 7, sale 12' };

/** Everything that HQ has in the end, with the customer's GUID. */
async function inHq(here: TwoChannelStage) {
  await here.run('pipeline');
  return here.hq`
    select c.name, c.cust_account_async as guid, (select array_agg(a.street order by a.street) from customer_address a) as streets
      from customer c`;
}

const ONCE = (guid: string) => [{ name: 'Ann', guid, streets: ['Main 1', 'Side 2'] }];

test('recorded in the channel, then without an answer: the same customer again, with its parts once', async () => {
  await using here = await openTwoChannels();
  // What the answer is put together from cannot be asked, after the customer was recorded.
  await here.coupling.unsafe('alter table couplet.async_record rename to away');
  expect((await here.ask('POST', houston, call, key)).status).toBe(500);
  await here.coupling.unsafe('alter table couplet.away rename to async_record');
  const again = await here.ask('POST', houston, call, key);
  expect(again).toMatchObject({ status: 202, body: { displayAccount: 'Pending sync', values: { name: 'Ann' } } });
  expect(again.body.addresses).toMatchObject(call.addresses);
  expect(await inHq(here)).toEqual(ONCE(again.body.asyncCustomerAccount));
  const other = await here.ask('POST', houston, call, { 'idempotency-key': 'till 7, sale 13' });
  expect(other.body.asyncCustomerAccount).not.toBe(again.body.asyncCustomerAccount);
});

test.each<readonly [CrashPoint, string]>([
  ['hq-written', 'customers'],
  ['outcomes-recorded', 'customers'],
  ['hq-written', 'addresses'],
])(
  'written to HQ, then cut off at %s of %s: the same customer again, with what was lacking',
  async (point, mapping) => {
    const broken = { times: 0 };
    await using here = await openTwoChannels({
      reach: (reached, lane) => {
        if (reached !== point || lane?.mapping !== mapping || broken.times > 0) return;
        broken.times += 1;
        throw new Error('cut off');
      },
    });
    expect((await here.ask('POST', online, call, key)).status).toBe(500);
    const again = await here.ask('POST', online, call, key);
    expect(again).toMatchObject({ status: 201, body: { customerAccount: 'C000001', status: 'synchronized' } });
    expect(await inHq(here)).toEqual(ONCE(again.body.asyncCustomerAccount));
  },
);
