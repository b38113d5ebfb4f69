import { expect, it } from 'vitest';
import { postgresSite } from './postgres-site.ts';

it('a store that numbers from its highest key gives one again while its deletion is an open question: nobody is lost', async () => {
  await using site = await postgresSite();
  await site.hq`insert into customer select 'C' || n, 'Customer ' || n, null, n from generate_series(1, 3) n`;
  await site.run();
  await site.run();
  await site.shop`delete from client where cust_num = 'C3'`;
  await site.run();
  expect(await site.openErrors()).toMatchObject([{ code: 'deleted-in-channel' }]);
  await site.shop`alter table client alter column id restart with 3`;
  await site.hq`insert into customer values ('N1', 'New', null, 1)`;
  for (let round = 0; round < 2; round += 1) {
    const reports = await site.run();
    expect(reports.map(({ status, code }) => [status, code])).toEqual([['succeeded', null]]);
  }
  const clients = () => site.shop`select id, cust_num from client order by id`;
  expect(await clients()).toEqual([
    { id: 1, cust_num: 'C1' },
    { id: 2, cust_num: 'C2' },
    { id: 3, cust_num: 'N1' },
  ]);
  const [error, ...others] = await site.openErrors();
  expect(others).toEqual([]);
  expect(error).toMatchObject({ code: 'partner-missing', scope: 'record', params: { side: 'channel' } });
  expect(await site.coupling`select action, code from couplet.sync_log where code = 'key-given-again'`).toEqual([
    { action: 'uncoupled', code: 'key-given-again' },
  ]);
  // The new pair lives on its own, and C3 comes back when somebody says so.
  await site.shop`update client set mail = 'n1@example.com' where id = 3`;
  await site.run();
  expect(await site.hq`select email from customer where num = 'N1'`).toEqual([{ email: 'n1@example.com' }]);
  await site.answer(error?.id ?? '', 'retry');
  expect((await clients()).at(-1)).toEqual({ id: 4, cust_num: 'C3' });
  await site.run();
  expect(await site.openErrors()).toEqual([]);
});
