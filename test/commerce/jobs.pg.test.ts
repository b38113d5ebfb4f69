/** The commerce jobs as people ask for them, with their sessions and features, over real databases. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openTwoChannels, type TwoChannelStage } from './two-channel-stage.ts';

const create = (here: TwoChannelStage, name: string, channel: 'houston' | 'online' = 'houston') =>
  here[channel]`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name, mail)
    values (${randomUUID()}, 1, ${name}, ${`${name}@example.com`})`;

const sessions = async (here: TwoChannelStage, query = '') =>
  (await here.ask('GET', `/commerce/sessions?${query}`)).body.items;

describe('a commerce job', () => {
  test('is run by name, tells what waits for the next one, and leaves a session for each channel that had something', async () => {
    await using here = await openTwoChannels();
    await create(here, 'ann');
    const early = await here.run('synchronize-customers');
    expect(early).toMatchObject({
      status: 'succeeded',
      code: 'job-due',
      params: { nextJob: 'p-job', channel: 'houston', count: 1 },
    });
    expect(early.message).toContain('p-job');
    expect(await here.run('p-job')).toMatchObject({ code: 'job-due', params: { nextJob: 'synchronize-customers' } });
    expect(await here.run('synchronize-customers')).toMatchObject({ params: { nextJob: '1010' } });
    expect(await here.run('1010')).toMatchObject({ status: 'succeeded', code: null });
    expect(await here.houston`select account from customer`).toMatchObject([{ account: 'C000001' }]);
    const carried = (await sessions(here)).map((one: { job: string; channel: string }) => `${one.job} ${one.channel}`);
    expect(carried.slice(2).toReversed()).toEqual(['p-job houston', 'synchronize-customers houston']);
    expect(carried.slice(0, 2).toSorted()).toEqual(['1010 houston', '1010 online']);
    expect(await sessions(here, 'job=p-job&status=applied')).toMatchObject([
      {
        direction: 'upload',
        tryCount: 1,
        rowsAffected: 1,
        message: null,
        rerunOf: null,
        appliedAt: expect.any(String),
      },
    ]);
    expect(await sessions(here, 'all=true&direction=upload&channel=online')).toHaveLength(3);
    const { body } = await here.ask('GET', '/commerce/jobs');
    expect(body.items.map((one: { job: string }) => one.job)).toEqual([
      'p-job',
      'synchronize-customers',
      '1010',
      '1110',
      '1070',
      'pipeline',
    ]);
    expect(body.items[0]).toMatchObject({ schedule: 'manual', lastRun: { status: 'succeeded' }, nextRunAt: null });
  });

  test('that nobody knows, and a channel that has none, are refused with a code', async () => {
    await using here = await openTwoChannels();
    expect(await here.ask('POST', '/commerce/jobs/2020/run')).toMatchObject({
      status: 404,
      body: { code: 'commerce-job-not-found' },
    });
    expect(await here.ask('POST', '/commerce/jobs/p-job/run', { channel: 'paris' })).toMatchObject({
      status: 404,
      body: { code: 'channel-not-found' },
    });
  });

  test('is the run of a mapping that commerce names', async () => {
    await using here = await openTwoChannels();
    await here.hq`insert into customer (account_num, name) values ('H1', 'Known')`;
    await here.hq`insert into customer_address (account_num, street) values ('H1', 'Main')`;
    const { body } = await here.ask('POST', '/mappings/addresses/synchronize', {}, { prefer: 'wait=60' });
    expect(body).toMatchObject({ kind: '1010', mapping: 'addresses', status: 'succeeded' });
    expect(await here.online`select account from customer`).toMatchObject([{ account: 'H1' }]);
    expect(await here.houston`select 1 from address`).toHaveLength(1);
    const [known] = await here.hq`select cust_account_async as guid from customer`;
    expect(known?.['guid']).toMatch(/^[0-9a-f-]{36}$/);
    expect((await here.ask('GET', '/mappings')).body.items.map((one: { name: string }) => one.name)).toEqual([
      'customers',
      'addresses',
    ]);
  });
});
