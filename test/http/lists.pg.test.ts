import { describe, expect, test } from 'vitest';
import { type Body, openServerInStep, openTestServer } from './open-test-server.ts';

const REFUSED = [
  ['/synchronization-errors?kinds=conflict', 'unknown-parameter', '/kinds'],
  ['/synchronization-errors?field=emial', 'unknown-parameter', '/field'],
  ['/synchronization-errors?sort=colour', 'unknown-parameter', '/sort'],
  ['/synchronization-errors?limit=501', 'invalid-request', '/limit'],
  ['/synchronization-errors?limit=0', 'invalid-request', '/limit'],
  ['/synchronization-errors?limit=1e2', 'invalid-request', '/limit'],
  ['/synchronization-errors?cursor=nonsense', 'invalid-request', '/cursor'],
  ['/synchronization-errors?kind=quarrel', 'invalid-request', '/kind/0'],
  ['/synchronization-errors?since=yesterday', 'invalid-request', '/since'],
  ['/synchronization-errors?parked=perhaps', 'invalid-request', '/parked'],
  ['/synchronization-errors?jobId=1', 'invalid-request', '/jobId/0'],
  ['/synchronization-errors?q=%00', 'invalid-request', '/q'],
  ['/synchronization-log?sort=actor', 'unknown-parameter', '/sort'],
  ['/synchronization-log?sort=-hqKey&mapping=customers', 'unknown-parameter', '/sort'],
  ['/couplings?mapping=customers&key=C1&key=C2', 'invalid-request', '/key'],
  ['/mappings/customers/records', 'invalid-request', '/channel'],
  ['/mappings/customers/records?channel=houston&cursor=x', 'invalid-request', '/cursor'],
] as const;

describe('lists', () => {
  test('give each item once, page by page, in the order asked for', async () => {
    await using here = await openServerInStep();
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await here.get(`/couplings?mapping=customers&sort=-hqKey&limit=1${cursor}`);
      seen.push(...body.items.map((item: { hqKey: { num: string } }) => item.hqKey.num));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual(['C4', 'C3', 'C2', 'C1']);
  });

  test('are given as CSV when that is asked for, whole, with formulas made harmless', async () => {
    await using here = await openServerInStep();
    here.site.hq.update('customers', { num: 'C1' }, { name: '=HYPERLINK("http://x","y")' });
    await here.site.run();
    const mappings = await here.get('/mappings', { accept: 'text/csv' });
    expect(mappings.headers['content-type']).toContain('text/csv');
    expect(mappings.text.split('\n').map((line) => line.split(',')[0]?.trim())).toEqual(
      expect.arrayContaining(['name', 'groups', 'customers']),
    );
    const { text, headers } = await here.get('/couplings?mapping=customers&sort=hqKey', { accept: 'text/csv' });
    expect(headers['content-type']).toBe('text/csv; charset=utf-8');
    const lines = text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^id,mapping,channel,channelName,status/);
    const page = await here.get('/couplings?mapping=customers&limit=2', { accept: 'text/csv' });
    expect(page.text.trimEnd().split('\r\n')).toHaveLength(3);
    const log = await here.get('/synchronization-log?action=modified', { accept: 'text/csv' });
    expect(log.text).not.toMatch(/(^|,)=/m);
    expect((await here.get('/couplings', { accept: 'application/json, text/csv;q=0.5' })).body.items).toHaveLength(5);
  });

  test('say what they can be sorted by, when they are asked for something else', async () => {
    await using here = await openTestServer();
    const jobs = await here.get('/jobs?sort=-progress');
    expect(jobs.body).toMatchObject({ code: 'unknown-parameter', params: { parameter: 'sort' } });
    expect(jobs.body.detail).toBe(
      'This list cannot be sorted by -progress; it can by createdAt, startedAt, finishedAt, mapping, channel, kind, status, trigger, actor, and by each downwards with a leading minus',
    );
    expect((await here.get('/synchronization-log?sort=-hqKey')).body.detail).toBe(
      'The log as a whole cannot be sorted by hqKey; it can by at, and by hqKey together with jobId, errorId, couplingId or key',
    );
  });

  test('name the columns of a key that is given in another shape', async () => {
    await using here = await openTestServer();
    const { body } = await here.get('/couplings?mapping=customers&side=hq&key=C1&key=C2');
    expect(body.errors[0].detail).toBe('must be given once for every key column: hq num');
  });

  test('are sorted by what they show: jobs by their trigger, results and log of a job by record', async () => {
    await using here = await openServerInStep();
    here.site.hq.update('customers', { num: 'C1' }, { name: 'Adatum Ltd' });
    here.site.hq.update('customers', { num: 'C3' }, { name: 'Contoso Ltd' });
    const asked = await here.post('/mappings/customers/synchronize', { scope: 'modified' }, { prefer: 'wait=30' });
    const { id } = asked.body;
    const all = async (path: string): Promise<Body[]> => {
      const items: Body[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await here.get(`${path}&limit=1${cursor}`);
        items.push(...body.items);
        if (body.nextCursor === null) return items;
        cursor = `&cursor=${body.nextCursor}`;
      }
    };
    const keys = async (path: string) => (await all(path)).map(({ hqKey }) => hqKey?.num);
    const log = `/synchronization-log?jobId=${id}&sort=`;
    const up = await keys(`${log}hqKey`);
    expect(new Set(up).size).toBeGreaterThan(1);
    expect(up).toEqual([...up].sort());
    expect(await keys(`${log}-hqKey`)).toEqual([...up].reverse());
    for (const sort of ['channelKey', 'action', '-mapping', 'channel'])
      expect(await keys(log + sort)).toHaveLength(up.length);
    here.site.hq.update('customers', { num: 'C1' }, { name: 'Adatum Inc' });
    here.site.hq.update('customers', { num: 'C3' }, { name: 'Contoso Inc' });
    const preview = await here.post('/mappings/customers/synchronize', { dryRun: true }, { prefer: 'wait=30' });
    const results = `/jobs/${preview.body.id}/results?sort=`;
    // One for each of two channels.
    expect(await keys(`${results}hqKey`)).toEqual(['C1', 'C1', 'C3', 'C3']);
    expect(await keys(`${results}-hqKey`)).toEqual(['C3', 'C3', 'C1', 'C1']);
    for (const sort of ['status', '-code', 'channelKey']) expect(await keys(results + sort)).toHaveLength(4);
    const triggers = (await all('/jobs?sort=trigger')).map(({ trigger }) => trigger);
    expect(triggers).toEqual([...triggers].sort());
    expect((await all('/jobs?sort=-actor')).map(({ id: job }) => job)).toHaveLength(triggers.length);
  });

  test('refuse what they do not know, at its place', async () => {
    await using here = await openTestServer();
    for (const [path, code, pointer] of REFUSED) {
      const { status, body, headers } = await here.get(path);
      expect({ path, status, code: body.code, pointer: body.errors?.[0]?.pointer }).toEqual({
        path,
        status: 400,
        code,
        pointer,
      });
      expect(headers['content-type']).toContain('application/problem+json');
      expect(body.requestId).toBe(headers['x-request-id']);
    }
  });

  test('what is left empty is told with what belongs there', async () => {
    await using here = await openTestServer();
    const detail = async (query: string) => (await here.get(`/jobs?${query}`)).body.errors[0].detail;
    expect(await detail('since=')).toBe('must be a time in ISO 8601, such as 2026-03-01T00:00:00Z');
    expect(await detail('mapping=')).toBe('an empty text is no mapping');
  });

  test('a field that is none is told as such: the parameter is there', async () => {
    await using here = await openTestServer();
    for (const list of ['/synchronization-log', '/synchronization-errors']) {
      expect((await here.get(`${list}?field=nope`)).body).toMatchObject({
        code: 'unknown-parameter',
        detail: 'nope is no field of any mapping',
        params: { parameter: 'field', value: 'nope' },
      });
      expect((await here.get(`${list}?mapping=customers&field=emails`)).body).toMatchObject({
        detail: 'emails is no field of customers; did you mean email?',
        params: { parameter: 'field', value: 'emails', suggestion: 'email' },
      });
    }
  });

  test('a mapping or channel that there never was is told as such; one that is gone from the configuration is a name', async () => {
    await using here = await openTestServer();
    await here.database.ensureLanes([{ mapping: 'former', channel: 'lyon' }]);
    for (const list of [
      '/synchronization-errors',
      '/synchronization-errors/summary',
      '/synchronization-log',
      '/jobs',
    ]) {
      expect((await here.get(`${list}?mapping=customer`)).body, list).toMatchObject({
        status: 400,
        code: 'unknown-parameter',
        detail: 'customer is no mapping; there is groups, customers',
        params: { parameter: 'mapping', value: 'customer' },
        errors: [{ in: 'query', pointer: '/mapping' }],
      });
      expect((await here.get(`${list}?mapping=customers&channel=paris`)).body, list).toMatchObject({
        code: 'unknown-parameter',
        detail: 'paris is no channel; there is houston, online',
      });
    }
    expect((await here.post('/verify', { channel: 'paris' })).body).toMatchObject({ code: 'channel-not-found' });
    expect((await here.get('/couplings?mapping=groups&mapping=nope')).body.params).toMatchObject({ value: 'nope' });
    const bulk = await here.post('/synchronization-errors/bulk', { action: 'retry', filter: { mapping: 'nope' } });
    expect(bulk.body).toMatchObject({
      code: 'unknown-parameter',
      errors: [{ in: 'body', pointer: '/filter/mapping' }],
    });
    for (const list of ['/synchronization-errors', '/synchronization-log', '/couplings', '/jobs'])
      expect((await here.get(`${list}?mapping=former&channel=lyon`)).body, list).toMatchObject({ items: [] });
  });

  test('a key is compared in the form of its type, and by either side unless one is named', async () => {
    await using here = await openServerInStep();
    const [coupling] = (await here.get('/couplings?mapping=customers&sort=hqKey&limit=1')).body.items;
    const { id } = coupling.channelKey;
    for (const query of [
      `side=channel&key=${id}`,
      `side=channel&key=0${id}`,
      'side=hq&key=C1',
      'key=C1',
      `key=${id}`,
    ]) {
      const { body } = await here.get(`/couplings?mapping=customers&${query}`);
      expect(
        body.items.map((item: { id: string }) => item.id),
        query,
      ).toEqual([coupling.id]);
    }
  });
});

test('records of one store are sifted by what is known of them, page by page', async () => {
  await using here = await openServerInStep();
  for (let n = 1; n <= 7; n += 1)
    here.site.hq.insert('customers', {
      num: `X${n}`,
      name: `x${n}`,
      email: `x${n}@x`,
      credit: '1',
      group_code: 'G1',
      note: '',
    });
  const seen: string[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await here.get(
      `/mappings/customers/records?side=hq&channel=houston&reason=notYet&limit=3${cursor}`,
    );
    seen.push(...body.items.map((item: Body) => item.key.num));
    if (body.nextCursor === null) break;
    cursor = `&cursor=${body.nextCursor}`;
  }
  expect(seen).toEqual(['X1', 'X2', 'X3', 'X4', 'X5', 'X6', 'X7']);
  const search = await here.get('/mappings/customers/records?side=hq&channel=houston&q=x3');
  expect(search.body).toMatchObject({ items: [{ key: { num: 'X3' }, reason: 'notYet' }], nextCursor: null });
  // Whoever calls knows an e-mail address rather than a number: every mapped value is looked into.
  const byMail = await here.get('/mappings/customers/records?side=channel&channel=houston&q=C2@example');
  expect(byMail.body.items).toMatchObject([{ description: 'Customer 2', couplingId: expect.any(String) }]);
  const counted = await here.get(
    '/mappings/customers/records?side=hq&channel=houston&reason=notYet&limit=2&count=true',
  );
  expect([counted.body.items.length, counted.body.total]).toEqual([2, 7]);
  const csv = await here.get('/mappings/customers/records?side=hq&channel=houston&reason=notYet', {
    accept: 'text/csv',
  });
  expect(csv.headers['content-type']).toContain('text/csv');
  expect(csv.text.trim().split(/\r?\n/)).toHaveLength(8);
  const keyed = await here.get('/mappings/customers/records?side=channel&channel=houston&key=1');
  for (const list of ['/mappings/customers/records?channel=houston&', '/couplings?mapping=customers&'])
    expect((await here.get(`${list}side=channel&key=abc`)).body).toMatchObject({
      code: 'invalid-request',
      errors: [{ in: 'query', detail: 'id has the value abc, which is not a valid integer' }],
    });
  expect(keyed.body.items).toMatchObject([{ key: { id: 1 }, couplingId: expect.any(String), reason: null }]);
});

describe('mappings and stores', () => {
  test('a mapping shows how it runs in each channel, and is paused and resumed', async () => {
    await using here = await openServerInStep();
    const { body } = await here.get('/mappings/customers');
    expect(body).toMatchObject({
      name: 'customers',
      label: 'Customer',
      direction: 'both',
      schedule: 'continuous',
      nextRunAt: null,
    });
    expect(body.channels[0]).toMatchObject({
      channel: 'houston',
      channelName: 'Houston',
      couplings: { synchronized: 4 },
      openErrors: {},
    });
    expect(body.configuration.fields.length).toBe(5);
    expect((await here.get('/mappings')).body.items.map(({ name }: { name: string }) => name)).toEqual([
      'groups',
      'customers',
    ]);
    const paused = await here.post('/mappings/customers/pause', { channel: 'houston' });
    expect(paused.body.channels.map(({ state }: { state: string }) => state)[0]).toBe('paused');
    expect((await here.post('/mappings/customers/resume')).body.channels[0].state).not.toBe('paused');
    expect((await here.post('/stores/houston/pause')).body).toMatchObject({ channel: 'houston' });
    expect((await here.get('/mappings/groups')).body.channels[0].state).toBe('paused');
    expect((await here.post('/stores/houston/resume')).status).toBe(200);
    expect((await here.get('/mappings/nothing')).body.code).toBe('mapping-not-found');
    expect((await here.post('/mappings/customers/pause', { channel: 'paris' })).body.code).toBe('channel-not-found');
  });

  test('a mapping whose sides both hold records waits to be asked for its first run', async () => {
    await using here = await openTestServer();
    here.site.hq.insert('groups', { code: 'G1', title: 'Retail' });
    here.site.houston.insert('segments', { ext_code: 'G2', caption: 'Wholesale' });
    const { body } = await here.get('/mappings/groups');
    expect(body.channels[0]).toMatchObject({ state: 'awaitingFirstRun', records: { hq: 1, channel: 1 } });
    expect(body.channels[1]).toMatchObject({ channel: 'online', records: null });
  });

  test('a stopped mapping is resumed only by comparing', async () => {
    await using here = await openServerInStep();
    await here.database.changeLane(
      { mapping: 'customers', channel: 'houston' },
      { stopped: { code: 'lineage-broken', params: { reason: 'older' } } },
    );
    expect((await here.get('/mappings/customers')).body).toMatchObject({
      state: 'stopped',
      channels: [{ state: 'stopped', stopped: { code: 'lineage-broken', params: { reason: 'older' } } }, {}],
    });
    expect(await here.post('/mappings/customers/resume')).toMatchObject({
      status: 409,
      body: { code: 'mapping-stopped' },
    });
    expect((await here.post('/mappings/customers/resume', { lineage: 'compare' })).body.channels[0].stopped).toBeNull();
  });

  test('the overview, the stores and the verification say how everything stands', async () => {
    await using here = await openServerInStep();
    await here.database.queries.noteStoreState({
      side: 'hq',
      channel: null,
      state: 'setupProblem',
      captureInstalled: true,
      problems: [
        { code: 'right-missing', mapping: 'customers', params: { right: 'SELECT' }, remedy: 'grant it', line: 12 },
      ],
    });
    const stores = await here.get('/stores');
    expect(stores.body).toMatchObject([
      {
        side: 'hq',
        channel: null,
        name: 'HQ',
        state: 'setupProblem',
        captureInstalled: true,
        problems: [{ code: 'right-missing', mapping: 'customers', line: 12, remedy: 'grant it' }],
      },
      { side: 'channel', channel: 'houston' },
      { side: 'channel', channel: 'online' },
    ]);
    expect((await here.get('/mappings/customers')).body.channels[0].state).toBe('setupProblem');
    const busy = { code: 'store-busy', params: { store: 'HQ', reason: '53300' } };
    const told = { side: 'hq', channel: null, state: 'unreachable', captureInstalled: true } as const;
    await here.database.queries.noteStoreState({ ...told, problems: [busy] });
    expect((await here.get('/stores')).body[0].problems).toMatchObject([
      {
        ...busy,
        message: 'The store HQ is busy: it takes no more connections',
        remedy: expect.stringContaining('too many connections'),
      },
    ]);
    const overview = await here.get('/overview');
    expect(overview.body.couplings).toContainEqual({
      mapping: 'customers',
      label: 'Customer',
      statuses: { synchronized: 4 },
    });
    expect(overview.body.history).toHaveLength(24);
    expect(overview.body.openErrors).toEqual({ conflict: 0, deletion: 0, failure: 0 });
    expect((await here.get('/verification')).body).toMatchObject({ pairs: 5, verified: 0, oldestProofAt: null });
    expect((await here.get('/configuration/history')).body).toEqual({ items: [], nextCursor: null });
  });
});
