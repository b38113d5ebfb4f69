import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { suggestName } from '../../src/config/suggest.ts';
import { checkSetup } from '../../src/engine/check/check-setup.ts';
import type { SetupFinding } from '../../src/engine/lane/setup-finding.ts';
import { lanesOf, type Site, watchedTables } from '../../src/engine/lane/site.ts';
import { openPostgresStore } from '../../src/stores/postgres/postgres-store.ts';
import { createCouplingDatabase, type TestCouplingDatabase } from '../database/open-test-database.ts';
import { CONFIGURATION, openShop, type Shop } from './shop.ts';

let coupling: TestCouplingDatabase;
beforeAll(async () => {
  coupling = await createCouplingDatabase();
});
afterAll(() => coupling[Symbol.asyncDispose]());

interface Asked {
  readonly configuration?: ((text: string) => string) | undefined;
  readonly environment?: Partial<Shop['environment']>;
  readonly installed?: boolean;
}

/** The findings of a check; without `capture-missing`, which every case would have. */
async function check(shop: Shop, asked: Asked = {}): Promise<readonly SetupFinding[]> {
  const text = asked.configuration?.(CONFIGURATION) ?? CONFIGURATION;
  const { settings, problems } = loadConfiguration(text, { ...shop.environment, ...asked.environment });
  if (!settings) throw new Error(JSON.stringify(problems));
  const byName = new Map(settings.mappings.map((mapping) => [mapping.name, mapping]));
  const site: Site = {
    database: coupling.db,
    hq: openPostgresStore({ side: 'hq', channel: null, url: settings.hq.url, name: 'HQ' }),
    channels: new Map(
      settings.channels.map(({ channel, url, name }) => [
        channel,
        openPostgresStore({ side: 'channel', channel, url, name }),
      ]),
    ),
    mappings: settings.order.flatMap((name) => byName.get(name) ?? []),
    circular: new Map(),
    surroundings: { now: () => new Date(), reach: () => {}, log: { info() {}, warn() {}, error() {} } },
  };
  await coupling.db.ensureLanes(lanesOf(site));
  const stores = [site.hq, ...site.channels.values()];
  try {
    if (asked.installed)
      for (const store of stores) await store.install(watchedTables(site, store.side, store.channel));
    const { findings } = await checkSetup(site, { suggest: suggestName, locked: [], withCouplings: true });
    return findings.filter(({ code }) => code !== 'capture-missing');
  } finally {
    for (const store of stores) await store.close();
  }
}

const brief = ({ code, severity, side, channel, mapping, path }: SetupFinding) =>
  [severity, code, side, channel, mapping, path.join('.')].map(String).join(' ');

test('nothing is wrong with a shop that is in order', async () => {
  await using shop = await openShop();
  expect(await check(shop)).toEqual([]);
  expect(await check(shop, { installed: true })).toEqual([]);
});

const replaced = (from: string, to: string) => (text: string) => {
  if (!text.includes(from)) throw new Error(`the configuration has no ${from}`);
  return text.replace(from, to);
};

describe('what the configuration says and the stores do not have', () => {
  test.each<[string, Asked['configuration'], string, RegExp]>([
    [
      'a table, with the one that was meant',
      replaced('sales.customer', 'sales.custmer'),
      'error table-not-found hq null customers mappings.customers.hq.table',
      /There is no table sales\.custmer in HQ; did you mean sales\.customer\?/,
    ],
    [
      'a table that lies in another schema',
      replaced('table: sales.segment', 'table: segment'),
      'error table-not-found hq null segments mappings.segments.hq.table',
      /did you mean sales\.segment\?/,
    ],
    [
      'a column of a field',
      replaced('hq: email,', 'hq: e_mail,'),
      'error column-not-found hq null customers mappings.customers.fields.email.hq',
      /sales\.customer has no column e_mail; did you mean email\?/,
    ],
    [
      'a column that describes',
      replaced('describe: [num, name]', 'describe: [num, nmae]'),
      'error column-not-found hq null customers mappings.customers.hq.describe',
      /did you mean name\?/,
    ],
    [
      'a column of a link',
      replaced('modifiedAt: modified_at }', 'modifiedAt: modified_at, link: "https://erp.example/{number}" }'),
      'error column-not-found hq null customers mappings.customers.hq.link',
      /no column number/,
    ],
    [
      'a column of modifiedAt',
      replaced('modifiedAt: modified_at', 'modifiedAt: changed_at'),
      'error column-not-found hq null customers mappings.customers.hq.modifiedAt',
      /no column changed_at/,
    ],
    [
      'a time that is none',
      replaced('modifiedAt: modified_at', 'modifiedAt: note'),
      'warning modified-at-type hq null customers mappings.customers.hq.modifiedAt',
      /note of sales\.customer is text, which is not a time/,
    ],
    [
      'a key that is not unique',
      replaced('key: [num]', 'key: [name]'),
      'error key-not-unique hq null customers mappings.customers.hq.key',
      /name is not a unique key of sales\.customer/,
    ],
    [
      'a type that cannot be carried',
      replaced('credit: { hq: credit, channel: credit,', 'credit: { hq: blocked, channel: born,'),
      'error type-not-mappable channel houston customers mappings.customers.fields.credit',
      /credit cannot carry boolean to date/,
    ],
    [
      'a reference whose type does not fit',
      replaced('channel: segment_id, references', 'channel: born, references'),
      'error reference-type channel houston customers mappings.customers.fields.segment.channel',
      /segment is date, and the key of segments that it refers to is integer/,
    ],
    [
      'a filter with a syntax error',
      replaced('filter: not blocked', 'filter: not not blocked ('),
      'error filter-invalid hq null customers mappings.customers.hq.filter',
      /cannot be used: .*syntax error/,
    ],
    [
      'a filter that changes by itself',
      replaced('filter: not blocked', 'filter: since < now()'),
      'error filter-invalid hq null customers mappings.customers.hq.filter',
      /IMMUTABLE/,
    ],
    [
      'a reference of a cycle that must not be empty',
      (text) =>
        replaced(
          'title: { hq: title, channel: caption }',
          'boss: { hq: boss, channel: boss, references: segments }',
        )(text),
      'error reference-not-nullable hq null segments mappings.segments.fields.boss.hq',
      /must have a value/,
    ],
  ])('%s', async (_what, configuration, expected, message) => {
    await using shop = await openShop();
    const found = await check(shop, { configuration });
    expect(found.map(brief).filter((one) => one === expected)).toEqual([expected]);
    expect(found.find((finding) => brief(finding) === expected)?.message).toMatch(message);
    expect(found.every(({ remedy }) => remedy !== '')).toBe(true);
  });

  test('a filter that changes by itself passes where every run compares every record', async () => {
    await using shop = await openShop();
    const full = (text: string) =>
      replaced(
        'filter: not blocked',
        'filter: since < now()',
      )(text).replace('    label: Customer\n', '    label: Customer\n    scope: full\n    schedule: every 1h\n');
    expect(await check(shop, { configuration: full })).toEqual([]);
  });
});

test('a reference that leads to another column than the key of its parent', async () => {
  await using shop = await openShop();
  await shop.houston.sql`alter table segment add rank integer unique`;
  await shop.houston.sql`alter table customer drop constraint customer_segment_id_fkey`;
  await shop.houston.sql`alter table customer add foreign key (segment_id) references segment (rank)`;
  const findings = await check(shop);
  expect(findings.map(brief)).toEqual([
    'error reference-other-key channel houston customers mappings.customers.fields.segment.channel',
  ]);
  expect(findings[0]?.message).toBe('segment refers to rank of segment, and the key of segments is id');
  await shop.houston.sql`alter table customer add foreign key (segment_id) references segment (id)`;
  expect(await check(shop)).toEqual([]);
});

describe('a name that the store does not have hides nothing else of its mapping', () => {
  const problemsWith = async (configuration: (text: string) => string): Promise<readonly string[]> => {
    await using shop = await openShop();
    await shop.hq.sql`insert into sales.customer (num, name) values ('C1', 'adatum')`;
    await shop.houston.sql`insert into customer (full_name) values ('Adatum')`;
    await shop.houston.sql`alter table customer drop mail, add mail text generated always as (full_name) stored`;
    return (await check(shop, { configuration })).map(brief);
  };
  const wrong = (text: string) =>
    replaced(
      '{ hq: name, channel: full_name }',
      '{ hq: name, channel: full_name, transform: { toChannel: [upperCase] } }',
    )(text)
      .replace('    match: [[email]]\n', '')
      .replace('filter: not blocked', 'filter: 1 / (length(name) - 6) > 0')
      .replace('credit: { hq: credit, channel: credit', 'credit: { hq: blocked, channel: born');
  const others = [
    'error filter-invalid hq null customers mappings.customers.hq.filter',
    'error column-generated channel houston customers mappings.customers.fields.email.channel',
    'error type-not-mappable channel houston customers mappings.customers.fields.credit',
  ];

  test('neither of the other fields, nor of the field itself, nor what only the records tell', async () => {
    const found = await problemsWith((text) => wrong(text).replace('hq: email,', 'hq: e_mail,'));
    expect(found).toEqual(
      expect.arrayContaining([
        ...others,
        'error column-not-found hq null customers mappings.customers.fields.email.hq',
      ]),
    );
  });

  test('nor a transform that does not give values back, nor a first run that would double records', async () => {
    const found = await problemsWith((text) =>
      wrong(text)
        .replace('filter: 1 / (length(name) - 6) > 0', 'filter: not blocked')
        .replace('describe: [num, name]', 'describe: [num, nmae]'),
    );
    expect(found).toEqual(
      expect.arrayContaining([
        'error column-not-found hq null customers mappings.customers.hq.describe',
        'warning no-match channel houston customers mappings.customers',
        'warning transform-not-reversible hq null customers mappings.customers.fields.name',
      ]),
    );
  });

  test('a table that is not there does not hide what is wrong on the other side', async () => {
    const found = await problemsWith((text) =>
      replaced(
        'table: sales.customer',
        'table: sales.custmer',
      )(text).replace('{ hq: since, channel: since }', '{ channel: since, constant: never }'),
    );
    expect(found).toEqual([
      'error table-not-found hq null customers mappings.customers.hq.table',
      'error column-generated channel houston customers mappings.customers.fields.email.channel',
      'error value-invalid channel houston customers mappings.customers.fields.since',
    ]);
  });
});

describe('what the stores are', () => {
  test.each<[string, string, string, RegExp]>([
    [
      'a key whose column may be empty',
      'alter table sales.customer drop constraint customer_pkey; alter table sales.customer alter num drop not null; create unique index on sales.customer (num)',
      'error key-not-unique hq null customers mappings.customers.hq.key',
      /num may be empty/,
    ],
    [
      'a view',
      'alter table sales.segment rename to base; create view sales.segment as select * from sales.base',
      'error capture-not-possible hq null segments mappings.segments.hq.table',
      /sales\.segment is a view table/,
    ],
    [
      'an unlogged table',
      'alter table sales.customer set unlogged',
      'error capture-not-possible hq null customers mappings.customers.hq.table',
      /unlogged/,
    ],
    [
      'a column that must have a value and gets none',
      'alter table sales.customer add branch text not null',
      'warning required-column-unmapped hq null customers mappings.customers.hq',
      /branch of sales\.customer must have a value/,
    ],
    [
      'a generated column that is written',
      "alter table sales.customer drop email, add email text generated always as (num || '@x.example') stored",
      'error column-generated hq null customers mappings.customers.fields.email.hq',
      /computed by the store/,
    ],
    [
      'labels that the other enum lacks',
      "alter type sales.tier add value 'platinum'",
      'warning enum-label-missing channel houston customers mappings.customers.fields.tier.channel',
      /lacks: platinum/,
    ],
    [
      'a narrower column',
      'alter table sales.customer alter name type varchar(20)',
      'warning type-lossy hq null customers mappings.customers.fields.name',
      /name carries text to character varying\(20\)/,
    ],
  ])('%s', async (_what, statements, expected, message) => {
    await using shop = await openShop();
    await shop.hq.sql.unsafe(statements);
    const found = await check(shop);
    expect(found.map(brief).filter((one) => one === expected)).toEqual([expected]);
    expect(found.find((finding) => brief(finding) === expected)?.message).toMatch(message);
  });
});

describe('what the records say', () => {
  const insert = async (shop: Shop): Promise<void> => {
    await shop.hq.sql`insert into sales.customer (num, name) values ('C1', 'adatum')`;
    await shop.houston.sql`insert into customer (full_name) values ('Adatum')`;
  };

  test('a mapping without a match would double records that both sides hold', async () => {
    await using shop = await openShop();
    await insert(shop);
    const found = await check(shop, { configuration: replaced('    match: [[email]]\n', '') });
    expect(found.map(brief)).toEqual(['warning no-match channel houston customers mappings.customers']);
  });

  test('transforms that do not undo each other', async () => {
    await using shop = await openShop();
    await insert(shop);
    const upper = '{ hq: name, channel: full_name, transform: { toChannel: [upperCase] } }';
    const found = await check(shop, { configuration: replaced('{ hq: name, channel: full_name }', upper) });
    expect(found.map(brief)).toEqual([
      'warning transform-not-reversible hq null customers mappings.customers.fields.name',
    ]);
    expect(found[0]?.message).toBe(
      'name does not come back as it went: "adatum" in HQ comes back as "ADATUM" (2 of 2 values)',
    );
  });
});

describe('a store that cannot be used', () => {
  const elsewhere = (url: string, change: (url: URL) => void): string => {
    const changed = new URL(url);
    change(changed);
    return changed.href;
  };

  test.each<[string, (url: URL) => void, string]>([
    ['nothing listens there', (url) => (url.port = '1'), 'store-unreachable'],
    // Longer than any name may be: told at once, whichever name servers this machine asks, and however long they take.
    ['there is no such host', (url) => (url.hostname = `${'h'.repeat(64)}.invalid`), 'host-not-found'],
    ['there is no such database', (url) => (url.pathname = '/no_such_database'), 'database-not-found'],
    ['the password is wrong', (url) => (url.password = 'wrong'), 'sign-in-refused'],
  ])('%s: told once, and the other store is looked at', async (_what, change, code) => {
    await using shop = await openShop();
    await shop.houston.sql`alter table customer drop column mail`;
    const found = await check(shop, { environment: { HQ_URL: elsewhere(shop.environment.HQ_URL, change) } });
    expect(found.map(brief)).toEqual([
      `error ${code} hq null null hq.url`,
      'error column-not-found channel houston customers mappings.customers.fields.email.channel',
    ]);
    expect(JSON.stringify(found)).not.toContain(new URL(shop.environment.HQ_URL).password);
  });

  test('rights are asked for as far as the direction of the mapping needs them', async () => {
    await using shop = await openShop();
    const role = `reader_${shop.hq.name}`;
    await shop.hq.sql.unsafe(`create role ${role} login password 'reader'; grant usage on schema sales to ${role};
      grant select on all tables in schema sales to ${role}; grant update (name) on sales.customer to ${role}`);
    const environment = {
      HQ_URL: elsewhere(shop.environment.HQ_URL, (url) => Object.assign(url, { username: role, password: 'reader' })),
    };
    try {
      const found = await check(shop, { environment });
      expect(
        found
          .filter(({ mapping }) => mapping === 'customers')
          .map((finding) => `${finding.severity} ${JSON.stringify(finding.params['privilege'])}`),
      ).toEqual([
        'error "TRIGGER"',
        'error "INSERT"',
        'warning "DELETE"',
        'error "UPDATE, INSERT"',
        'error "UPDATE, INSERT"',
        'error "UPDATE, INSERT"',
        'error "UPDATE, INSERT"',
        'error "UPDATE, INSERT"',
      ]);
      expect(found[0]?.code).toBe('right-missing');
      const oneWay = (text: string) => text.replaceAll('    label:', '    direction: toChannel\n    label:');
      const reading = await check(shop, { environment, configuration: oneWay });
      expect(reading.map((finding) => finding.params['privilege'])).toEqual(['CREATE', 'TRIGGER', 'TRIGGER']);
    } finally {
      await shop.hq.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    }
  });

  test('row security and rows that a subscription feeds are no ground for a deletion', async () => {
    await using shop = await openShop();
    const role = `tenant_${shop.hq.name}`;
    await shop.hq.sql.unsafe(`create role ${role} login password 'tenant'; grant all on schema sales to ${role};
      grant all on all tables in schema sales to ${role}; alter table sales.customer enable row level security`);
    const environment = {
      HQ_URL: elsewhere(shop.environment.HQ_URL, (url) => Object.assign(url, { username: role, password: 'tenant' })),
    };
    try {
      expect((await check(shop, { environment })).map(brief)).toContain(
        'error row-security hq null customers mappings.customers.hq.table',
      );
    } finally {
      await shop.hq.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    }
  });
});
