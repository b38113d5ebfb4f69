/** What people do about operations: take, correct, synchronize, dismiss, many at once. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Api, openApi } from './ask-api.ts';
import { type CommerceStage, openCommerceStage } from './commerce-stage.ts';

const idOf = async (api: Api, query: string): Promise<string> => {
  const { body } = await api.get(`/customer-operations?${query}`);
  expect(body.items).toHaveLength(1);
  return body.items[0].id;
};

/** A create that HQ refuses, with an edit and an address behind it. */
async function failedCreate(here: CommerceStage, name = 'Bad'): Promise<string> {
  const guid = await here.till.create({ full_name: name, mail: 'no address' });
  await here.till.update(guid, { tel: '1' });
  await here.till.address(guid, '1', 'Main street 1');
  await here.job('p-job');
  await here.job('synchronize-customers');
  return guid;
}

describe('Save', () => {
  test('of an edit behind a create that has not come through is tried with it, and answers only for itself', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await failedCreate(here);
    const create = await idOf(api, 'status=failed');
    const update = await idOf(api, 'status=blocked&operation=updateCustomer');
    expect((await api.save(update, { attributes: { phone: '2' } })).status).toBe(200);
    const refused = await api.save(update, { attributes: { name: null } });
    expect([refused.status >= 400, refused.body.code]).toEqual([true, 'required-value-missing']);
    await api.save(create, { attributes: { email: 'good@example.com' } });
    const alone = await api.save(update, { attributes: { email: 'no mail' } });
    expect(alone.body.code).toBe('constraint-violated');
    expect(await here.hq`select 1 from customer`).toEqual([]);
    await here.job('pipeline');
    expect(await here.hq`select name, email, phone from customer`).toMatchObject([
      { name: 'Bad', email: 'good@example.com', phone: '2' },
    ]);
  });

  test('of a part behind such a create hears HQ too, though its customer is not there', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await here.hq`alter table customer_address add constraint real_street check (street <> 'nowhere'), add unique (street)`;
    await here.hq`insert into customer (account_num, name) values ('H1', 'Known')`;
    await here.hq`insert into customer_address (account_num, line_no, street) values ('H1', '1', 'Known street')`;
    const guid = await failedCreate(here);
    await here.till.address(guid, '1', 'Main 1');
    await here.job('p-job');
    await here.job('synchronize-customers');
    const part = (await api.get('/customer-operations?status=blocked&part.street=Main*')).body.items[0].id;
    for (const [street, code] of [
      ['nowhere', 'constraint-violated'],
      ['Known street', 'constraint-violated'],
      [null, 'required-value-missing'],
    ]) {
      const answer = await api.save(part, { attributes: { street } });
      expect([street, answer.status, answer.body.code]).toEqual([street, 422, code]);
    }
    // The other customer has a line 1 of its own; that is nothing to this one.
    expect((await api.save(part, { attributes: { street: 'Main 2' } })).status).toBe(200);
    expect(await here.hq`select street from customer_address`).toMatchObject([{ street: 'Known street' }]);
  });

  test('is refused where the record that a correction names is coupled with none', async () => {
    const sponsor = (text: string): string =>
      text
        .replace('phone: { hq: phone, channel: tel }', 'sponsor: { hq: phone, channel: tel, references: sponsors }')
        .replace(
          '  addresses:\n',
          `  sponsors:
    hq: { table: sponsor, key: [id], describe: [name] }
    channel: { table: sponsor, key: [id], describe: [name] }
    fields: { name: { hq: name, channel: name } }
  addresses:\n`,
        );
    await using here = await openCommerceStage({
      configuration: sponsor,
      tables: 'create table sponsor (id integer primary key, name text)',
    });
    await using api = await openApi(here.couplet);
    await here.till.create({ full_name: 'Bad', mail: 'no address' });
    await here.job('p-job');
    await here.job('synchronize-customers');
    const id = await idOf(api, 'status=failed');
    const answer = await api.save(id, { attributes: { email: 'good@example.com', sponsor: '4711' } });
    expect([answer.status, answer.body.code, answer.body.params]).toEqual([
      422,
      'parent-not-coupled',
      { parent: 'sponsors', parentKey: ['4711'], field: 'sponsor' },
    ]);
    expect((await api.save(id, { attributes: { email: 'good@example.com' } })).status).toBe(200);
  });

  test('keeps a correction that HQ would take beside the original, and synchronizes nothing', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await failedCreate(here);
    const id = await idOf(api, 'status=failed');
    const path = `/customer-operations/${id}`;
    expect((await api.ask('PATCH', path, { attributes: { email: 'x@y.example' } })).status).toBe(428);
    const saved = await api.save(id, { attributes: { email: 'x@y.example' } });
    expect(saved.status).toBe(200);
    expect(saved.body).toMatchObject({ status: 'failed', attempts: 0, nextStep: 'synchronize-customers' });
    expect(saved.body.edits).toMatchObject([{ name: 'email', old: 'no address', new: 'x@y.example', actor: 'local' }]);
    expect(saved.body.attributes).toContainEqual({
      name: 'email',
      oldValue: null,
      newValue: 'x@y.example',
      changed: true,
    });
    const stale = await api.ask('PATCH', path, { attributes: { phone: '9' } }, { 'if-match': '"r1"' });
    expect(stale).toMatchObject({ status: 412, body: { code: 'stale-decision', operation: { id } } });
    expect((await api.get('/customer-operations?field.email=x@y.example')).body.items).toHaveLength(1);
    expect(await here.hq`select 1 from customer`).toHaveLength(0);

    await api.save(id, { attributes: { phone: '777' } });
    const back = await api.save(id, { reset: ['phone'] });
    expect(back.body.edits).toHaveLength(3);
    const synchronized = await api.post(`${path}/synchronize`, {});
    expect(synchronized.body).toMatchObject({ status: 'synchronized', customerAccount: 'C000001', nextStep: '1010' });
    expect((await api.save(id, { attributes: { phone: '1' } })).body.code).toBe('operation-synchronized');
    expect((await api.post(`${path}/synchronize`, {})).status).toBe(409);
    expect((await api.post(`${path}/dismiss`, { reason: 'x' })).body.code).toBe('operation-synchronized');

    // What was blocked goes on by itself.
    expect(await here.statuses()).toEqual(['synchronized', 'received', 'received']);
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'synchronized']);
    expect(await here.hq`select email, phone from customer`).toMatchObject([{ email: 'x@y.example', phone: '1' }]);
    expect(await here.houston`select mail, tel, account from customer`).toMatchObject([
      { mail: 'x@y.example', tel: '1', account: 'C000001' },
    ]);
  });

  test('takes a correction back also where HQ refuses the original, which fails again; what is newly said is tried', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await failedCreate(here);
    const id = await idOf(api, 'status=failed');
    await api.save(id, { attributes: { email: 'x@y.example', phone: '7' } });
    for (const attributes of [{ email: 'no address' }, { name: null }])
      expect((await api.save(id, { attributes, reset: ['phone'] })).status).toBe(422);
    const back = await api.save(id, { attributes: { name: 'Good' }, reset: ['email'] });
    expect(back).toMatchObject({ status: 200, body: { status: 'failed', nextStep: 'synchronize-customers' } });
    const email = { name: 'email', oldValue: null, newValue: 'no address', changed: true };
    expect(back.body.attributes).toContainEqual(email);
    expect((await api.save(id, { reset: ['phone'] })).body.attributes).toContainEqual(email);
    const tried = await api.post(`/customer-operations/${id}/synchronize`, {});
    expect(tried.body).toMatchObject({ status: 'failed', lastKnownError: { field: 'email' }, nextStep: 'repair' });
    await api.save(id, { attributes: { email: 'x@y.example' } });
    await here.job('pipeline');
    expect(await here.hq`select name, email from customer`).toMatchObject([{ name: 'Good', email: 'x@y.example' }]);
  });

  test('is refused with the attribute that HQ would refuse: types, checks, unique keys, unknown names', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await here.hq`insert into customer (account_num, name, email) values ('H1', 'Known', 'known@example.com')`;
    await here.till.create({ full_name: 'Bad', mail: 'no address' });
    await here.job('p-job');
    await here.job('synchronize-customers');
    const id = await idOf(api, 'status=failed');
    const refusals: [unknown, number, string][] = [
      [{ attributes: { email: 'still no address' } }, 422, 'constraint-violated'],
      [{ attributes: { name: null, email: 'a@b' } }, 422, 'required-value-missing'],
      [{ attributes: { name: { not: 'a text' } } }, 400, 'invalid-request'],
      [{ attributes: { nonsense: '1' } }, 400, 'unknown-field'],
      [{ attributes: { number: 'C7' } }, 400, 'field-not-settable'],
      [{ attributes: { asyncAccount: randomUUID() } }, 400, 'field-not-settable'],
      [{ attributes: {} }, 400, 'invalid-request'],
      [{ attributes: { phone: '1' }, reset: ['phone'] }, 400, 'invalid-request'],
      [{ nonsense: 1 }, 400, 'unknown-parameter'],
    ];
    for (const [body, status, code] of refusals) {
      const answer = await api.save(id, body);
      expect([body, answer.status, answer.body.code]).toEqual([body, status, code]);
    }
    const missing = await api.save(id, { attributes: { name: null, email: 'a@b' } });
    expect(missing.body.errors).toMatchObject([{ in: 'body', pointer: '/attributes/name' }]);
    const onlyFromHq = await api.save(id, { attributes: { number: 'C7' } });
    expect(onlyFromHq.body.detail).toBe('number cannot be set by this operation');
    const { attributes, edits } = (await api.get(`/customer-operations/${id}`)).body;
    expect(edits).toEqual([]);
    // What Save would refuse, the operation tells beforehand.
    expect(
      attributes.map(({ name, readOnly }: { name: string; readOnly?: true }) => [name, readOnly ?? false]),
    ).toEqual([
      ['number', true],
      ['name', false],
      ['email', false],
      ['phone', false],
    ]);
    // The first try took a number; what was only tried by Save took none.
    await api.save(id, { attributes: { email: 'good@example.com' } });
    await api.post(`/customer-operations/${id}/synchronize`, {});
    expect(await here.hq`select account_num from customer where name = 'Bad'`).toMatchObject([
      { account_num: 'C000001' },
    ]);
  });
});

describe('editing', () => {
  test('keeps jobs and Synchronize away until it is given back, and tells others who edits', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('p-job');
    const id = await idOf(api, 'status=received');
    const path = `/customer-operations/${id}`;
    const taken = await api.post(`${path}/edit`, {});
    expect(taken.body).toMatchObject({ status: 'editing', editing: { by: 'local' } });
    const minutes = (Date.parse(taken.body.editing.until) - Date.now()) / 60_000;
    expect(Math.round(minutes)).toBe(15);
    await here.job('synchronize-customers');
    expect(await here.statuses()).toEqual(['editing']);
    expect((await api.post(`${path}/synchronize`, {})).body.code).toBe('being-edited');
    expect((await api.ask('DELETE', `${path}/edit`)).body).toMatchObject({ status: 'received', editing: null });
    expect((await api.ask('DELETE', `${path}/edit`)).status).toBe(200);

    await api.post(`${path}/edit`, {});
    await here.coupling`update couplet.customer_operation set editing_by = 'berta'`;
    for (const refused of [
      await api.post(`${path}/edit`, {}),
      await api.save(id, { attributes: { phone: '1' } }),
      await api.ask('DELETE', `${path}/edit`),
      await api.post(`${path}/dismiss`, { reason: 'x' }),
    ])
      expect(refused).toMatchObject({ status: 409, body: { code: 'being-edited', params: { by: 'berta' } } });
    await here.coupling`update couplet.customer_operation set editing_until = now()`;
    expect((await api.get(path)).body).toMatchObject({ status: 'received', editing: null });
    await api.post(`${path}/edit`, {});
    expect((await api.save(id, { attributes: { phone: '1' } })).body).toMatchObject({
      status: 'received',
      editing: null,
    });
    await here.job('synchronize-customers');
    expect(await here.hq`select phone from customer`).toMatchObject([{ phone: '1' }]);
  });
});

describe('dismissing', () => {
  test('a create takes along what is blocked behind it, named beforehand; it can be opened again', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await failedCreate(here);
    const id = await idOf(api, 'status=failed');
    const path = `/customer-operations/${id}`;
    expect((await api.post(`${path}/dismiss`, {})).status).toBe(400);
    const preview = await api.post(`${path}/dismiss`, { reason: 'a test', dryRun: true });
    expect(preview.body.dismissed.map(({ operation }: { operation: string }) => operation).toSorted()).toEqual([
      'createAddress',
      'updateCustomer',
    ]);
    expect(await here.statuses()).toEqual(['failed', 'blocked', 'blocked']);
    const done = await api.post(`${path}/dismiss`, { reason: 'a test' });
    expect(done.body).toMatchObject({
      status: 'dismissed',
      dismissal: { actor: 'local', reason: 'a test' },
      allowedActions: ['reopen'],
      nextStep: null,
    });
    expect(await here.statuses()).toEqual(['dismissed', 'dismissed', 'dismissed']);
    await here.job('pipeline');
    expect(
      await here.houston`select onlineoperationcompleted as done from commerce.retailasynccustomerv2`,
    ).toMatchObject([{ done: 0 }, { done: 0 }]);
    expect((await api.save(id, { attributes: { phone: '1' } })).body.code).toBe('action-not-allowed');
    const reopened = await api.post(`${path}/reopen`, {});
    expect(reopened.body).toMatchObject({ status: 'failed', dismissal: null, attempts: 0 });
    await here.job('synchronize-customers');
    expect(await here.statuses()).toEqual(['failed', 'dismissed', 'dismissed']);
    // What went along is named, and is reopened by itself or in bulk.
    const { stillDismissed } = reopened.body;
    expect(stillDismissed.map(({ operation }: { operation: string }) => operation)).toEqual([
      'updateCustomer',
      'createAddress',
    ]);
    const [update, address] = stillDismissed.map((each: { id: string }) => each.id);
    const own = await api.post(`/customer-operations/${update}/dismiss`, { reason: 'no' });
    expect(own.body.code).toBe('action-not-allowed');
    expect((await api.post(`/customer-operations/${update}/reopen`, {})).body.stillDismissed).toEqual([]);
    // Dismissed for a reason of its own, it is not among those that went along.
    await api.post(`/customer-operations/${update}/dismiss`, { reason: 'a reason of its own' });
    await api.post(`${path}/dismiss`, { reason: 'a test' });
    const again = await api.post(`${path}/reopen`, {});
    expect(again.body.stillDismissed.map(({ id: other }: { id: string }) => other)).toEqual([address]);
    await api.post('/customer-operations/bulk', { action: 'reopen', ids: [update, address] });
    await here.job('synchronize-customers');
    expect(await here.statuses()).toEqual(['failed', 'blocked', 'blocked']);
  });

  test('is all that can be done about a row that cannot be read', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    await here.houston`insert into commerce.retailasynccustomerv2 (custaccountasync, operation, full_name) values (${randomUUID()}, 9, 'X')`;
    await here.job('p-job');
    const id = await idOf(api, 'code=operation-malformed');
    const { body } = await api.get(`/customer-operations/${id}`);
    expect(body).toMatchObject({ status: 'failed', operation: null, allowedActions: ['dismiss'], nextStep: null });
    expect(body.raw).toMatchObject({ operation: '9', full_name: 'X' });
    expect((await api.save(id, { attributes: { phone: '1' } })).status).toBe(409);
    expect((await api.post(`/customer-operations/${id}/synchronize`, {})).body.code).toBe('action-not-allowed');
    expect((await api.post(`/customer-operations/${id}/dismiss`, { reason: 'x' })).body.status).toBe('dismissed');
  });
});

describe('many at once', () => {
  test('one correction, one synchronization, each operation with a result of its own', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    for (const name of ['A', 'B', 'C']) await here.till.create({ full_name: name, mail: `${name} at home` });
    const other = await here.till.create({ full_name: 'D', mail: 'd@example.com' });
    await here.job('p-job');
    await here.job('synchronize-customers');
    const failed = (await api.get('/customer-operations?status=failed')).body.items as { id: string; etag: string }[];
    const done = await idOf(api, `asyncAccount=${other}`);
    const bulk = '/customer-operations/bulk';
    const results = async (body: unknown) => {
      const { status, body: job } = await api.post(bulk, body);
      expect([status, job.code]).toEqual([202, null]);
      const { body: list } = await api.get(`/jobs/${job.id}/results`);
      expect((await api.get(`/jobs/${job.id}`)).body.progress.done).toBe(list.items.length);
      return list.items
        .map(({ status: each, code }: { status: string; code: string | null }) => code ?? each)
        .toSorted();
    };
    const filter = { status: ['failed'], 'field.name': 'A' };
    for (const [body, code] of [
      [{ action: 'save', filter }, 'invalid-request'],
      [{ action: 'dismiss', filter }, 'invalid-request'],
      [{ action: 'synchronize', filter, ids: [done] }, 'invalid-request'],
      [{ action: 'synchronize', filter, expect: 2 }, 'count-changed'],
      [{ action: 'synchronize', filter: { 'field.nonsense': 'x' } }, 'unknown-parameter'],
      [{ action: 'save', filter, attributes: { nonsense: 1 } }, 'unknown-field'],
      [{ action: 'dismiss', filter: {}, reason: 'x' }, 'invalid-request'],
    ] as const)
      expect([body, (await api.post(bulk, body)).body.code]).toEqual([body, code]);
    expect(
      await results({ action: 'save', filter: { status: ['failed'] }, expect: 3, attributes: { email: 'at home' } }),
    ).toEqual(['constraint-violated', 'constraint-violated', 'constraint-violated']);
    // Their addresses are for another correction.
    expect(
      await results({ action: 'save', filter: { status: ['failed'] }, expect: 3, attributes: { phone: '5' } }),
    ).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(
      await results({ action: 'save', ids: [failed[0]?.id, randomUUID()], attributes: { email: 'a@example.com' } }),
    ).toEqual(['operation-not-found', 'succeeded']);
    expect(await results({ action: 'synchronize', items: [{ id: failed[0]?.id, etag: failed[0]?.etag }] })).toEqual([
      'stale-decision',
    ]);
    expect(await results({ action: 'synchronize', ids: [...failed.map(({ id }) => id), done] })).toEqual([
      'constraint-violated',
      'constraint-violated',
      'operation-synchronized',
      'succeeded',
    ]);
    expect(await results({ action: 'dismiss', filter: { status: ['failed'] }, expect: 2, reason: 'junk' })).toEqual([
      'succeeded',
      'succeeded',
    ]);
    expect(await results({ action: 'reopen', filter: { status: ['dismissed'] } })).toEqual(['succeeded', 'succeeded']);
    expect((await here.statuses()).toSorted()).toEqual(['failed', 'failed', 'synchronized', 'synchronized']);
    expect(
      await here.houston`select 1 from commerce.retailasynccustomerv2 where onlineoperationcompleted = 1`,
    ).toHaveLength(2);
  });
});
