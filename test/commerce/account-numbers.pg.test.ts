/** Numbers of new customers, without gaps where that can be. */
import { expect, test } from 'vitest';
import { openApi } from './ask-api.ts';
import { openCommerceStage } from './commerce-stage.ts';

test('a customer whom HQ refuses at every try uses up no number with each', async () => {
  await using here = await openCommerceStage();
  await using api = await openApi(here.couplet);
  await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
  await here.till.create({ full_name: 'Bad', mail: 'no address' });
  for (let round = 0; round < 3; round += 1) await here.job('pipeline');
  const [{ id }] = (await api.get('/customer-operations?status=failed')).body.items;
  await api.post(`/customer-operations/${id}/synchronize`);
  await here.till.create({ full_name: 'Ben', mail: 'ben@example.com' });
  await here.job('pipeline');
  await api.save(id, { attributes: { email: 'bad@example.com' } });
  await api.post(`/customer-operations/${id}/synchronize`);
  expect(await here.hq`select account_num, name from customer order by account_num`).toMatchObject([
    { account_num: 'C000001', name: 'Ann' },
    { account_num: 'C000002', name: 'Ben' },
    { account_num: 'C000003', name: 'Bad' },
  ]);
});
