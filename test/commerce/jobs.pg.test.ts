/** The commerce jobs as people ask for them, with their sessions and features, over real databases. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { jobRequest } from '../support/job-request.ts';
import { until } from '../support/until.ts';
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

  test('asked for twice is one job while it waits, and two at the same moment carry everything once', async () => {
    await using here = await openTwoChannels();
    const queue = await here.couplet.startQueue();
    const api = await here.couplet.buildServer({ jobs: queue, auth: { kind: 'local' }, log: here.couplet.log });
    const ask = () =>
      api.inject({ method: 'POST', url: '/api/v1/commerce/jobs/p-job/run', payload: { channel: 'houston' } });
    try {
      const [first, second] = [await ask(), await ask()];
      expect([first.statusCode, second.statusCode]).toEqual([202, 202]);
      expect(first.headers['location']).toBe(`/api/v1/jobs/${first.json<{ id: string }>().id}`);
      expect(second.json<{ id: string }>().id).toBe(first.json<{ id: string }>().id);
    } finally {
      await Promise.all([api.close(), queue.stop()]);
    }
    for (const name of ['ann', 'bob']) await create(here, name);
    const ended = await Promise.all(
      ['pipeline', 'p-job', 'synchronize-customers', 'pipeline'].map((job) => here.run(job)),
    );
    expect(ended.map(({ status }) => status)).toEqual(Array(4).fill('succeeded'));
    await here.run('pipeline');
    expect(await here.hq`select account_num from customer order by 1`).toHaveLength(2);
    const carried = (await sessions(here, 'job=p-job')).map((one: { rowsAffected: number }) => one.rowsAffected);
    expect(carried.reduce((sum: number, rows: number) => sum + rows, 0)).toBe(2);
  });

  test('leaves what was received where it is while the mapping of customers is paused', async () => {
    await using here = await openTwoChannels();
    await create(here, 'ann');
    expect((await here.ask('POST', '/mappings/customers/pause', {})).status).toBe(200);
    expect(await here.run('pipeline')).toMatchObject({ status: 'succeeded' });
    expect(await here.hq`select 1 from customer`).toEqual([]);
    expect((await here.ask('POST', '/mappings/customers/resume', {})).status).toBe(200);
    await here.run('pipeline');
    expect(await here.houston`select account from customer`).toEqual([{ account: 'C000001' }]);
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

describe('a session', () => {
  test('of a channel that is away costs no try, goes on with the next run, and keeps no other channel waiting', async () => {
    await using here = await openTwoChannels({ apart: 'houston' });
    await create(here, 'ann');
    await create(here, 'bob', 'online');
    await here.server?.stop();
    expect(await here.run('p-job')).toMatchObject({ status: 'failed', code: 'store-unreachable' });
    expect(await here.run('p-job')).toMatchObject({ status: 'failed' });
    expect(await sessions(here, 'status=failed')).toMatchObject([
      { channel: 'houston', tryCount: 0, code: 'store-unreachable', message: expect.any(String), rowsAffected: 0 },
    ]);
    expect(await sessions(here, 'channel=online')).toMatchObject([{ status: 'applied', rowsAffected: 1 }]);
    await here.server?.start();
    await until(async () => (await here.run('p-job')).status === 'succeeded', { what: 'Houston is back' });
    expect(await sessions(here, 'channel=houston')).toMatchObject([
      { status: 'applied', tryCount: 1, rowsAffected: 1 },
    ]);
  });

  test('waits for a store that is away in one job, which the queue hands out again', async () => {
    await using here = await openTwoChannels({ apart: 'houston' });
    await create(here, 'ann');
    await here.server?.stop();
    const { database, synchronizer } = here.couplet;
    const job = await database.createJob(jobRequest({ kind: 'p-job' }), 'queued');
    const carryOut = (): Promise<void> => synchronizer.execute(job.id, () => Promise.resolve(false));
    // Whoever throws is given the job again.
    await expect(carryOut()).rejects.toThrow('store-unreachable');
    expect((await here.ask('GET', `/jobs/${job.id}`)).body).toMatchObject({ status: 'failed', attempts: 1 });
    await here.server?.start();
    await until(
      () =>
        carryOut().then(
          () => true,
          () => false,
        ),
      { what: 'Houston is back' },
    );
    const { body } = await here.ask('GET', `/jobs/${job.id}`);
    expect(body).toMatchObject({ status: 'succeeded', counters: { toHq: { inserted: 1 } } });
    expect(body.attempts).toBeGreaterThan(1);
    expect(await sessions(here, 'channel=houston')).toMatchObject([{ status: 'applied', rowsAffected: 1 }]);
  });

  test('that fails again and again is canceled; what it carried stays due for the next, and a rerun names the old one', async () => {
    await using here = await openTwoChannels();
    await create(here, 'ann');
    await here.run('p-job');
    await here.houston`update commerce.retailasynccustomerv2 set full_name = 'Other'`;
    for (const tryCount of [1, 2]) {
      expect(await here.run('p-job')).toMatchObject({ status: 'failed', code: 'counter-reused' });
      expect(await sessions(here, 'status=failed')).toMatchObject([{ tryCount }]);
    }
    await here.run('p-job');
    const [canceled] = await sessions(here, 'status=canceled');
    expect(canceled).toMatchObject({ tryCount: 3, code: 'counter-reused' });
    await here.houston`update commerce.retailasynccustomerv2 set full_name = 'ann'`;
    const rerun = await here.ask('POST', `/commerce/sessions/${canceled.session}/rerun`, {}, { prefer: 'wait=30' });
    expect(rerun).toMatchObject({ status: 200, body: { rerunOf: canceled.session, status: 'noData', tryCount: 1 } });

    const [applied] = await sessions(here, 'status=applied');
    expect(await here.ask('POST', `/commerce/sessions/${applied.session}/rerun`, {})).toMatchObject({
      status: 409,
      body: { code: 'session-applied' },
    });
    expect(await here.ask('POST', `/commerce/sessions/${applied.session}/cancel`, {})).toMatchObject({ status: 409 });
    expect(await here.ask('POST', `/commerce/sessions/${canceled.session}/cancel`, {})).toMatchObject({
      status: 200,
      body: { status: 'canceled' },
    });
    expect(await here.ask('POST', '/commerce/sessions/nonsense/cancel', {})).toMatchObject({
      status: 404,
      body: { code: 'session-not-found' },
    });
  });
});

describe('a feature', () => {
  const features = async (here: TwoChannelStage) => (await here.ask('GET', '/commerce/features')).body.items;
  const put = (here: TwoChannelStage, name: string, enabled: boolean) =>
    here.ask('PUT', `/commerce/features/${name}`, { enabled });
  const needed = [
    'performance-improvements-for-customer-orders',
    'asynchronous-customer-address-creation',
    'enhanced-asynchronous-customer-creation',
  ];

  test('is off at first, needs its prerequisites, and holds them while it is on', async () => {
    await using here = await openTwoChannels();
    expect(
      (await features(here)).every((one: { enabled: boolean; drift: boolean }) => !one.enabled && !one.drift),
    ).toBe(true);
    expect(await put(here, 'edit-customers-asynchronously', true)).toMatchObject({
      status: 409,
      body: { code: 'prerequisite-missing', missing: needed },
    });
    for (const name of needed)
      expect(await put(here, name, true)).toMatchObject({ status: 200, body: { name, enabled: true, drift: true } });
    expect(await put(here, 'edit-customers-asynchronously', true)).toMatchObject({
      status: 200,
      body: { requires: needed },
    });
    expect(await put(here, needed[0] ?? '', false)).toMatchObject({
      status: 409,
      body: { code: 'feature-required-by' },
    });
    expect(await put(here, 'edit-customers', true)).toMatchObject({ status: 404, body: { code: 'feature-not-found' } });
  });

  test('is in a channel when 1110 has told it, and drifts until all three jobs have run in every channel', async () => {
    await using here = await openTwoChannels();
    const [name = ''] = needed;
    await put(here, name, true);
    const state = async () => (await features(here)).find((one: { name: string }) => one.name === name);
    const all = ['1110', '1010', '1070'];
    expect(await state()).toMatchObject({
      effective: { houston: false, online: false },
      drift: true,
      pendingJobs: { houston: all, online: all },
    });
    expect(await here.run('1110', 'houston')).toMatchObject({
      status: 'succeeded',
      code: 'job-due',
      params: { nextJob: '1010', channel: 'houston' },
    });
    expect(await state()).toMatchObject({
      effective: { houston: true, online: false },
      pendingJobs: { houston: ['1010', '1070'], online: all },
    });
    expect(await here.houston`select value from commerce.channelconfiguration where name = ${name}`).toEqual([
      { value: true },
    ]);
    for (const job of all) await here.run(job);
    expect(await state()).toMatchObject({
      effective: { houston: true, online: true },
      drift: false,
      pendingJobs: { houston: [], online: [] },
    });
    expect(
      await here.houston`select value from commerce.channelconfiguration where name = 'createAsynchronously'`,
    ).toEqual([{ value: true }]);
    // A channel that lost what it was told is told again.
    await here.houston`update commerce.channelconfiguration set value = 'false' where name = ${name}`;
    expect(await state()).toMatchObject({
      effective: { houston: false },
      drift: true,
      pendingJobs: { houston: ['1110'] },
    });
  });

  test('switched while a job tells the channel of it, drifts until that job has run once more', async () => {
    const [name = ''] = needed;
    let isSwitched = true;
    await using here = await openTwoChannels({
      reach: async (point) => {
        if (point !== 'channel-written' || isSwitched) return;
        isSwitched = true;
        await put(here, name, true);
      },
    });
    const pending = async () =>
      (await features(here)).find((one: { name: string }) => one.name === name).pendingJobs.houston;
    isSwitched = false;
    await here.run('1070', 'houston');
    expect([isSwitched, await pending()]).toEqual([true, ['1110', '1010', '1070']]);
    await here.run('1070', 'houston');
    expect(await pending()).toEqual(['1110', '1010']);
  });
});

describe('a try that fails half-way', () => {
  test('counts what it had carried', async () => {
    await using here = await openTwoChannels();
    await create(here, 'ann');
    await here.houston`alter table commerce.retailasyncaddressv2 rename column custaccountasync to other`;
    await here.ask('POST', '/commerce/jobs/p-job/run', { channel: 'houston' }, { prefer: 'wait=30' });
    expect(await sessions(here, 'job=p-job&channel=houston')).toMatchObject([{ status: 'failed', rowsAffected: 1 }]);
  });

  test.for(['1010', '1110', '1070'] as const)('of %s counts it too', async (job) => {
    let armed = false;
    await using here = await openTwoChannels({
      reach: async (point) => {
        // 1010 has distributed everything by then; the others have told the channel.
        if (armed && (point === 'channel-written' || point === 'ledger-cleared'))
          throw new Error('the process is at its end');
      },
    });
    await here.hq`insert into customer (account_num, name, email) values ('H1', 'Ann', 'ann@example.com')`;
    const [name] = ['performance-improvements-for-customer-orders'];
    if (job !== '1010') await here.ask('PUT', `/commerce/features/${name}`, { enabled: true });
    armed = true;
    await here.ask('POST', `/commerce/jobs/${job}/run`, { channel: 'houston' }, { prefer: 'wait=30' });
    const [session] = await sessions(here, `job=${job}&channel=houston`);
    expect(session).toMatchObject({ status: 'failed' });
    expect(session.rowsAffected).toBeGreaterThan(0);
  });
});

describe('the timetable', () => {
  test('says of the mapping of customers that it runs with 1010, and when next', async () => {
    await using here = await openTwoChannels({
      configuration: (text) => text.replace('"1010": manual', '"1010": every 1h'),
    });
    const { body } = await here.ask('GET', '/overview');
    expect(body.nextRuns.find(({ mapping }: { mapping: string }) => mapping === 'customers')).toMatchObject({
      schedule: 'every 1h',
      nextRunAt: expect.any(String),
    });
    expect((await here.ask('GET', '/mappings/customers')).body.schedule).toBe('every 1h');
  });

  test('runs the jobs of commerce by themselves, each as a job and a session', async () => {
    await using here = await openTwoChannels({
      configuration: (text) =>
        text.replace(
          'p-job: manual, synchronize-customers: manual',
          'p-job: every 1s, synchronize-customers: every 1s',
        ),
    });
    await create(here, 'ann');
    const queue = await here.couplet.startQueue();
    const work = await here.couplet.startWorker(queue, () => {});
    try {
      await until(async () => (await here.hq`select 1 from customer`).length === 1, {
        timeoutMs: 60_000,
        what: 'ann is in HQ',
      });
      const { body } = await here.ask('GET', '/jobs?kind=p-job');
      expect(body.items[0]).toMatchObject({ trigger: 'schedule', mapping: null, channel: null });
      expect((await here.ask('GET', '/commerce/jobs')).body.items[0]).toMatchObject({
        schedule: 'every 1s',
        nextRunAt: expect.any(String),
      });
    } finally {
      await Promise.all([work.stop(), queue.stop()]);
    }
  });
});
