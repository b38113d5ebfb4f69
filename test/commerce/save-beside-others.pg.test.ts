/** Several values of an operation are wrong: each can be corrected by itself. */
import { expect, test } from 'vitest';
import { openApi } from './ask-api.ts';
import { openCommerceStage } from './commerce-stage.ts';

test('Save of one value is not refused for another that nobody touched, which is told; what is corrected is tried all the same', async () => {
  await using here = await openCommerceStage();
  await using api = await openApi(here.couplet);
  await here.hq`alter table customer alter phone set not null, add check (phone like '+%'), add check (length(name) > 2)`;
  await here.hq`insert into customer (account_num, name, email, phone) values ('H1', 'Known', 'known@example.com', '+1')`;
  const guid = await here.till.create({ full_name: 'Al', mail: 'no address', tel: '5' });
  await here.job('pipeline');
  const { id } = (await api.get('/customer-operations?status=failed')).body.items[0];
  // Each of the three is refused; whichever is corrected, the others are for another Save.
  for (const [attributes, field] of [
    [{ email: 'still no address' }, 'email'],
    [{ email: 'known@example.com' }, null],
    [{ email: 'al@example.com', phone: '7' }, 'phone'],
    [{ email: 'al@example.com' }, null],
    [{ phone: '+7' }, null],
  ] as const) {
    const saved = await api.save(id, { attributes });
    expect([attributes, saved.status, saved.body.errors?.[0]?.pointer ?? null]).toEqual(
      field === null ? [attributes, 200, null] : [attributes, 422, `/attributes/${field}`],
    );
  }
  const left = await api.get(`/customer-operations/${id}`);
  expect(left.body).toMatchObject({ status: 'failed', attempts: 0, lastKnownError: { field: 'name' } });
  expect(left.body.edits.map(({ name, new: value }: { name: string; new: string }) => [name, value])).toEqual([
    ['email', 'known@example.com'],
    ['email', 'al@example.com'],
    ['phone', '+7'],
  ]);
  expect((await api.post(`/customer-operations/${id}/synchronize`)).body).toMatchObject({
    status: 'failed',
    lastKnownError: { field: 'name' },
  });
  expect((await api.save(id, { attributes: { name: 'Albert' } })).status).toBe(200);
  expect((await api.post(`/customer-operations/${id}/synchronize`)).body.status).toBe('synchronized');
  expect(await here.hq`select name, email, phone from customer where cust_account_async = ${guid}`).toEqual([
    { name: 'Albert', email: 'al@example.com', phone: '+7' },
  ]);
});
