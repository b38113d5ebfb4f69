import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import type { Settings } from '../../src/config/settings.ts';
import { formatProblems } from '../../src/config/problem.ts';
import { columnsOf, resolveForChannel, writtenColumnsOf } from '../../src/domain/mapping.ts';
import type { Mapping } from '../../src/domain/mapping.ts';
import { EXAMPLE, EXAMPLE_ENVIRONMENT } from './example-configuration.ts';

function load(text: string): Settings {
  const { settings, problems } = loadConfiguration(text, EXAMPLE_ENVIRONMENT);
  if (settings === null) throw new Error(formatProblems(problems, 'couplet.yaml'));
  return settings;
}

const mappingOf = (settings: Settings, name: string): Mapping => {
  const mapping = settings.mappings.find((candidate) => candidate.name === name);
  if (mapping === undefined) throw new Error(`no mapping ${name}`);
  return mapping;
};

const MINIMAL = `
version: 1
hq: { url: postgres://hq/erp }
channels: { shop: { url: postgres://shop/shop } }
mappings:
  customers:
    hq: { table: customer, key: [id] }
    channel: { table: client, key: [no] }
    fields:
      name: { hq: name, channel: title }
`;

describe('the example of the documentation', () => {
  it('has no problem at all', () => {
    expect(loadConfiguration(EXAMPLE, EXAMPLE_ENVIRONMENT).problems).toEqual([]);
  });

  it('takes its addresses from the environment', () => {
    const settings = load(EXAMPLE);
    expect(settings.hq).toEqual({ name: 'Contoso HQ', kind: 'postgres', url: EXAMPLE_ENVIRONMENT.HQ_URL });
    expect(settings.database).toEqual({ url: EXAMPLE_ENVIRONMENT.COUPLET_DATABASE_URL });
    expect(settings.channels.map(({ channel }) => channel)).toEqual(['houston', 'online']);
  });

  it('orders mappings by their references', () => {
    const { order, circular } = load(EXAMPLE);
    expect(order).toEqual(['customerGroups', 'customers', 'customerAddresses', 'orders', 'orderLines']);
    expect(circular).toEqual([]);
  });

  it('resolves every option of a mapping', () => {
    const customers = mappingOf(load(EXAMPLE), 'customers');
    expect(customers).toMatchObject({
      label: 'Customer',
      channels: ['houston', 'online'],
      schedule: { kind: 'manual' },
      match: [
        { fields: ['email'], caseSensitive: false },
        { fields: ['name', 'postalCode'], caseSensitive: true },
      ],
      initialWinner: 'hq',
      fillEmpty: true,
      deletions: { inHq: 'manual', inChannel: 'manual' },
      deletionBreaker: { count: 500, percent: 10 },
      changeBreaker: { count: 100_000, percent: 50 },
    });
    expect(customers.hq).toEqual({
      table: { schema: 'sales', name: 'customer' },
      key: ['account_num'],
      filter: 'blocked = false',
      describe: ['account_num', 'name'],
      modifiedAt: 'modified_at',
      modifiedBy: 'modified_by',
      link: 'https://erp.example/customers/{account_num}',
      onCreate: { currency: 'USD' },
    });
    const fields = new Map(customers.fields.map((field) => [field.name, field]));
    expect(fields.get('origin')).toMatchObject({
      hq: null,
      channel: ['origin'],
      direction: 'toChannel',
      constant: { value: 'HQ' },
    });
    expect(fields.get('country')?.values).toEqual([
      ['US', 'United States'],
      ['FR', 'France'],
    ]);
    expect(fields.get('phone')?.transform).toEqual({
      toHq: [{ kind: 'trim' }, { kind: 'removePattern', pattern: '[^0-9+]' }],
      toChannel: [{ kind: 'trim' }],
    });
    expect(fields.get('email')).toMatchObject({ direction: 'both', resolve: 'channelWins', initialWinner: 'hq' });
    expect(fields.get('group')?.references).toEqual({ mapping: 'customerGroups', ifUncoupled: 'wait' });
  });

  it('knows every form of a schedule', () => {
    const settings = load(EXAMPLE);
    expect(mappingOf(settings, 'customerGroups').schedule).toEqual({ kind: 'every', everyMs: 30_000 });
    expect(mappingOf(settings, 'orders').schedule).toEqual({
      kind: 'cron',
      expression: '*/5 6-22 * * mon-sat',
      timezone: 'America/Chicago',
    });
    expect(mappingOf(load(MINIMAL), 'customers').schedule).toEqual({ kind: 'continuous' });
  });

  it('changes for one channel what its overrides say', () => {
    const customers = mappingOf(load(EXAMPLE), 'customers');
    const online = resolveForChannel(customers, 'online');
    expect(online.channel.table).toEqual({ schema: 'shop', name: 'customer' });
    expect(online.hq.filter).toBe('blocked = false and web = true');
    expect(online.channel.key).toEqual(['id']);
    expect(resolveForChannel(customers, 'houston')).toBe(customers);
  });

  it('takes an option of an override nested or by its path', () => {
    const nested = 'hq: { filter: "blocked = false and web = true" }\n        channel: { table: shop.customer }';
    const byPath = 'hq.filter: "blocked = false and web = true"\n        channel.table: shop.customer';
    expect(EXAMPLE).toContain(nested);
    const both = [EXAMPLE, EXAMPLE.replace(nested, byPath)].map((text) => mappingOf(load(text), 'customers'));
    expect(both[1]).toEqual(both[0]);
  });

  it('splits table names at the first dot outside quotes, case kept', () => {
    expect(mappingOf(load(EXAMPLE), 'orders').hq.table).toEqual({ schema: 'Sales', name: 'Order.Header' });
  });

  it('lists the columns that are read, and those that are written', () => {
    const customers = mappingOf(load(EXAMPLE), 'customers');
    expect(columnsOf(customers, 'hq')).toEqual([
      'account_num',
      'name',
      'email',
      'zip',
      'credit_limit',
      'country_code',
      'group_id',
      'phone',
      'modified_at',
      'modified_by',
    ]);
    expect(writtenColumnsOf(customers, 'hq')).toEqual(['name', 'email', 'zip', 'country_code', 'group_id', 'phone']);
    expect(writtenColumnsOf(customers, 'channel')).toContain('origin');
  });

  it('settles the commerce section', () => {
    expect(load(EXAMPLE).commerce).toEqual({
      customers: 'customers',
      parts: { addresses: 'customerAddresses' },
      account: { column: 'account_num', numbering: { kind: 'format', before: 'C', digits: 6, after: '' } },
      asyncAccount: { hq: 'cust_account_async', channel: 'cust_account_async' },
      channels: {
        houston: { createAsynchronously: true, schema: 'commerce' },
        online: { createAsynchronously: false, schema: 'commerce' },
      },
      schedules: {
        'p-job': { kind: 'every', everyMs: 60_000 },
        'synchronize-customers': { kind: 'every', everyMs: 60_000 },
        '1010': { kind: 'every', everyMs: 60_000 },
        '1110': { kind: 'manual' },
        '1070': { kind: 'manual' },
        pipeline: { kind: 'manual' },
      },
      tries: 3,
      deactivateCustomer: { column: 'blocked', value: 'true' },
    });
  });
});

describe('a short configuration', () => {
  it('has the defaults of the documentation', () => {
    const settings = load(MINIMAL);
    expect(settings).toMatchObject({
      database: null,
      auth: { kind: 'local' },
      retention: { logMs: 3 * 366 * 86_400_000, jobsMs: 90 * 86_400_000, resolvedErrorsMs: 366 * 86_400_000 },
      hq: { name: 'HQ' },
      channels: [{ channel: 'shop', name: 'shop', kind: 'postgres', renamedFrom: null }],
      commerce: null,
    });
    expect(mappingOf(settings, 'customers')).toMatchObject({
      label: 'customers',
      channels: ['shop'],
      direction: 'both',
      coupledOnly: false,
      enabled: true,
      scope: 'modified',
      match: [],
      firstRun: 'ask',
      initialWinner: 'manual',
      fillEmpty: false,
      conflicts: { detect: 'field', resolve: 'manual' },
      deletions: { inHq: 'manual', inChannel: 'manual' },
      deletionBreaker: { count: 1000, percent: 25 },
      changeBreaker: null,
      failures: { maxAttempts: 3 },
      hq: { filter: null, describe: ['id'], modifiedAt: null, modifiedBy: null, link: null, onCreate: {} },
    });
  });

  it('keeps the digits of numbers that go into a store', () => {
    const settings = load(
      MINIMAL.replace('key: [id] }', 'key: [id], onCreate: { branch: 007, rate: 1.50, active: True, note: } }').replace(
        'channel: title }',
        'channel: title, values: { 01: 0010, 2: true }, transform: { toHq: [{ padStart: [3, 0] }, { prefix: 00 }, { round: 2 }] } }',
      ),
    );
    const customers = mappingOf(settings, 'customers');
    expect(customers.hq.onCreate).toEqual({ branch: '007', rate: '1.50', active: 'true', note: null });
    expect(customers.fields[0]?.values).toEqual(
      expect.arrayContaining([
        ['01', '0010'],
        ['2', 'true'],
      ]),
    );
    expect(customers.fields[0]?.transform.toHq).toEqual([
      { kind: 'padStart', length: 3, character: '0' },
      { kind: 'prefix', text: '00' },
      { kind: 'round', digits: 2 },
    ]);
  });

  it('leaves a dollar sign alone that is meant as such', () => {
    const settings = load(
      MINIMAL.replace('key: [id] }', () => "key: [id], filter: \"note <> '$${x}' and p = '$1'\" }"),
    );
    expect(mappingOf(settings, 'customers').hq.filter).toBe("note <> '${x}' and p = '$1'");
  });

  it('may repeat itself through aliases', () => {
    const settings = load(
      `${MINIMAL.replace('hq: { table: customer, key: [id] }', 'hq: &table { table: customer, key: [id] }')}
  copies:
    direction: toChannel
    hq: *table
    channel: { table: copy, key: [id] }
    fields: { name: { hq: name, channel: name } }
`,
    );
    expect(mappingOf(settings, 'copies').hq.table).toEqual({ schema: null, name: 'customer' });
  });

  it('takes everything from a cycle of references but its order', () => {
    const { circular } = load(
      MINIMAL.replace(
        'channel: title }',
        'channel: title }\n      boss: { hq: boss, channel: boss, references: customers }',
      ),
    );
    expect(circular).toEqual([{ mapping: 'customers', field: 'boss', parent: 'customers' }]);
  });
});
