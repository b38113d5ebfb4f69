import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { ENVIRONMENT, only, problemsOf, withMapping } from './wrong-configuration.ts';

describe('mappings together', () => {
  const second = (hq: string, channel: string, more = ''): string =>
    withMapping(`  others:
    hq: { ${hq}, key: [id] }
    channel: { ${channel}, key: [no] }
    ${more}
    fields:
      label: { hq: name, channel: caption }`);

  it('must not write the same column of the same record', () => {
    expect(only(second('table: customer', 'table: other'))).toMatchObject({
      line: 16,
      column: 20,
      severity: 'error',
      code: 'column-written-twice',
      path: 'mappings.others.fields.label.hq',
      value: 'name',
    });
  });

  it('may share a table when they write different columns, go one way, or serve different channels', () => {
    expect(problemsOf(second('table: customer', 'table: client', 'direction: toChannel'))).toEqual([]);
    const apart = second('table: customer', 'table: client', 'channels: [web]').replace(
      'enabled: true',
      'channels: [shop]',
    );
    expect(problemsOf(apart)).toEqual([]);
  });

  it('with different filters on both are only warned', () => {
    const text = second('table: customer, filter: kind = 2', 'table: other').replace(
      'table: customer, key',
      'table: customer, filter: kind = 1, key',
    );
    expect(only(text)).toMatchObject({ severity: 'warning', code: 'column-written-twice' });
  });

  it('must have parents that serve the same channels', () => {
    const text = second('table: a', 'table: b', 'channels: [web]')
      .replace('caption }', 'caption }')
      .concat('\n      customer: { hq: c, channel: c, references: customers }');
    expect(only(text.replace('enabled: true', 'channels: [shop]'))).toMatchObject({
      line: 17,
      column: 50,
      code: 'reference-channel',
    });
    expect(only(text.replace('enabled: true', 'enabled: false'))).toMatchObject({
      severity: 'warning',
      code: 'parent-not-enabled',
    });
  });

  it('are known to overrides', () => {
    const text = withMapping('').replace(
      'shop: { url: postgres://shop/shop }',
      'shop: { url: postgres://shop/shop, overrides: { custmers: { schedule: manual } } }',
    );
    expect(only(text)).toMatchObject({
      line: 3,
      column: 61,
      code: 'unknown-mapping',
      value: 'custmers',
      suggestion: 'customers',
    });
  });
});

describe('commerce', () => {
  const commerce = (section: string, options = 'enabled: true'): string =>
    `${withMapping('      number: { hq: id, channel: account, direction: toChannel }', options)}
commerce:
  customers: customers
  account: { column: id, format: "C{0000}" }
  asyncAccount: { hq: guid, channel: guid }
  channels: { shop: {} }
${section}`;

  it('is sound with the least that it needs', () => {
    expect(problemsOf(commerce(''))).toEqual([]);
  });

  it.each([
    ['  tries: 0', 17, 10, 'out-of-range'],
    ['  parts: { adresses: x }', 17, 12, 'unknown-option'],
    ['  parts: { addresses: x }', 17, 23, 'unknown-mapping'],
    ['  parts: { addresses: customers }', 17, 23, 'mapping-repeated'],
    ['  schedules: { p-job: continuous }', 17, 23, 'schedule-invalid'],
    ['  schedules: { 1020: manual }', 17, 16, 'unknown-option'],
  ])('%s', (section, line, column, code) => {
    expect(only(commerce(section))).toMatchObject({ line, column, code });
  });

  it('lets its mappings have no schedule but manual', () => {
    expect(only(commerce('', 'schedule: every 5m'))).toMatchObject({
      line: 8,
      column: 15,
      code: 'commerce-schedule',
      suggestion: 'manual',
    });
    const loaded = loadConfiguration(commerce('', 'schedule: manual'), ENVIRONMENT);
    expect(loaded.settings?.mappings[0]?.schedule).toEqual({ kind: 'manual' });
  });

  it('needs one way to number customers, channels that are served, and customers that travel both ways', () => {
    expect(only(commerce('').replace(', format: "C{0000}"', ''))).toMatchObject({
      line: 14,
      column: 3,
      code: 'account-numbering',
    });
    expect(only(commerce('').replace('{0000}', '0000'))).toMatchObject({
      line: 14,
      column: 34,
      code: 'account-format-invalid',
    });
    expect(only(commerce('', 'channels: [web]'))).toMatchObject({ line: 16, column: 15, code: 'channel-not-served' });
    expect(only(commerce('', 'direction: toChannel'))).toMatchObject({
      line: 13,
      column: 14,
      code: 'direction-not-served',
    });
  });
});

describe('the rest of the file', () => {
  it.each([
    ['auth: {}', 1, 'auth-empty'],
    ['auth: { oidc: { issuer: nowhere, audience: a } }', 25, 'address-invalid'],
    ['retention: { log: 3 years }', 19, 'retention-invalid'],
    ['retention: { logs: 3y }', 14, 'unknown-option'],
    ['database: {}', 1, 'option-missing'],
  ])('%s', (section, column, code) => {
    expect(only(`${withMapping('')}\n${section}`)).toMatchObject({ line: 12, column, code });
  });

  it('needs a channel, and warns without a mapping', () => {
    const text = 'version: 1\nhq: { url: postgres://a/b }\nchannels: {}\n';
    expect(problemsOf(text).map(({ code, severity }) => [code, severity])).toEqual([
      ['mappings-empty', 'warning'],
      ['channels-empty', 'error'],
    ]);
  });

  it('keeps the words of the API for itself', () => {
    expect(only(withMapping('').replace('shop: {', 'hq: {'))).toMatchObject({
      line: 3,
      column: 13,
      code: 'name-reserved',
    });
  });
});
