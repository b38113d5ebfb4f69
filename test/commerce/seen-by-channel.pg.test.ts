/** An operation is decided against what the channel had seen when it was recorded, whichever job has run since. */
import { describe, expect, test } from 'vitest';
import { type CommerceStage, openCommerceStage } from './commerce-stage.ts';

async function customer(here: CommerceStage): Promise<string> {
  const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com', tel: 'first' });
  await here.job('pipeline');
  return guid;
}

const held = (here: CommerceStage) => here.hq`select name, phone from customer`;

describe('1010 that runs before the operation is applied', () => {
  test('after it was received: the same field is in conflict all the same', async () => {
    await using here = await openCommerceStage();
    const guid = await customer(here);
    await here.till.update(guid, { tel: 'till', full_name: 'Anna' });
    await here.hq`update customer set phone = 'hq'`;
    await here.job('p-job');
    await here.job('1010');
    expect(await here.houston`select tel from customer`).toMatchObject([{ tel: 'hq' }]);
    await here.job('synchronize-customers');
    expect(await here.statuses()).toEqual(['synchronized', 'conflict']);
    expect(await held(here)).toMatchObject([{ name: 'Anna', phone: 'hq' }]);
  });

  test('before it was received: the same field is in conflict all the same', async () => {
    await using here = await openCommerceStage();
    const guid = await customer(here);
    await here.till.update(guid, { tel: 'till', full_name: 'Anna' });
    await here.hq`update customer set phone = 'hq'`;
    await here.job('1010');
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'conflict']);
    expect(await held(here)).toMatchObject([{ name: 'Anna', phone: 'hq' }]);
  });

  test('a whole snapshot takes back nothing that HQ changed', async () => {
    await using here = await openCommerceStage();
    const guid = await customer(here);
    await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail, tel)
      values (${guid}, 2, 'Anna', 'ann@example.com', 'first')`;
    await here.hq`update customer set phone = 'hq'`;
    await here.job('1010');
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized']);
    expect(await held(here)).toMatchObject([{ name: 'Anna', phone: 'hq' }]);
  });

  test('an operation after another of the same channel goes on where that one left off', async () => {
    await using here = await openCommerceStage();
    const guid = await customer(here);
    await here.till.update(guid, { tel: 'second' });
    await here.till.update(guid, { tel: 'third', mail: 'no mail' });
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'failed']);
    await here.coupling`update couplet.customer_operation set corrections = '{"email": "anna@example.com"}' where status = 'failed'`;
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'synchronized']);
    expect(await held(here)).toMatchObject([{ phone: 'third' }]);
  });

  test('a part that HQ changed is not taken away either', async () => {
    await using here = await openCommerceStage();
    const guid = await customer(here);
    await here.till.address(guid, '1', 'Main street 1');
    await here.job('pipeline');
    await here.till.address(guid, '1', '', 3);
    await here.hq`update customer_address set street = 'New street 1'`;
    await here.job('1010');
    await here.job('pipeline');
    expect((await here.statuses()).at(-1)).toBe('conflict');
    expect(await here.hq`select street from customer_address`).toMatchObject([{ street: 'New street 1' }]);
  });
});
