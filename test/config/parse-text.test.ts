import { describe, expect, it } from 'vitest';
import { cronProblem } from '../../src/config/cron.ts';
import {
  parseAccountFormat,
  parseLink,
  parseRetention,
  parseSchedule,
  parseStoreUrl,
  parseTableName,
} from '../../src/config/parse-text.ts';
import { redactedUrl, redactSecrets } from '../../src/config/redact.ts';
import { substituteVariables } from '../../src/config/substitute-variables.ts';
import { suggestName } from '../../src/config/suggest.ts';

const DAY_MS = 86_400_000;

describe('the URL of a store', () => {
  it.each([
    'postgres://user:pass@localhost:5432/app',
    'postgresql://db1,db2:6543/app?sslmode=require',
    'postgres://user:p:w@[::1]:5432/app',
    'postgres:///app?host=/var/run/postgresql',
    'postgres://%2Fvar%2Frun/app',
  ])('%s is one', (text) => {
    expect(parseStoreUrl(text)).toEqual({ value: text });
  });

  it.each([
    'mysql://localhost/app',
    'postgres://u:p@localhost:port/app',
    'postgres://db1:5432,db2:/app',
    'postgres://localhost:65536/app',
  ])('%s is none', (text) => {
    expect(parseStoreUrl(text)).toMatchObject({ problem: { code: 'url-invalid' } });
  });
});

describe('cron lines', () => {
  it.each([
    '* * * * *',
    '*/15 0-6,22 1,15 jan-MAR mon-fri',
    '0 0 29 2 *',
    '0 0 31 2 mon',
    '5/10 * * * 7',
    '0 3 * * sun',
  ])('%s is one', (line) => {
    expect(cronProblem(line)).toBeNull();
  });

  it.each([
    ['* * * *', /has 4/],
    ['0 * * * * *', /has 6 \(seconds are not offered/],
    ['60 * * * *', /minute must be from 0 to 59, not 60/],
    ['* 24 * * *', /hour must be/],
    ['* * 0 * *', /day of the month must be/],
    ['* * * 13 *', /month must be/],
    ['* * * * 8', /day of the week must be/],
    ['* * * janu *', /did you mean jan\?/],
    ['5-1 * * * *', /runs backwards/],
    ['*/0 * * * *', /step of the minute/],
    ['1,,2 * * * *', /is not a minute/],
    ['0 0 30 feb *', /never run/],
    ['@daily', /has 1/],
  ])('%s is none', (line, why) => {
    expect(cronProblem(line)).toMatch(why);
  });
});

describe('schedules', () => {
  it.each([
    ['every 90s', { kind: 'every', everyMs: 90_000 }],
    ['every 2 h', { kind: 'every', everyMs: 7_200_000 }],
    ['every 24d', { kind: 'every', everyMs: 24 * DAY_MS }],
    [' continuous ', { kind: 'continuous' }],
    ['0   3 * * *', { kind: 'cron', expression: '0 3 * * *' }],
  ])('%s', (text, schedule) => {
    expect(parseSchedule(text)).toEqual({ value: schedule });
  });

  it.each(['every 25d', 'every', 'every m', 'hourly', '', 'every 1.5h', 'Every 1m'])('%s is none', (text) => {
    expect(parseSchedule(text)).toMatchObject({ problem: { code: 'schedule-invalid' } });
  });
});

describe('other small languages', () => {
  it('keep things at least as long as is said', () => {
    expect(parseRetention('forever')).toEqual({ value: null });
    expect(parseRetention('1y')).toEqual({ value: 366 * DAY_MS });
    expect(parseRetention('2mo')).toEqual({ value: 62 * DAY_MS });
    expect(parseRetention('0d')).toHaveProperty('problem');
    expect(parseRetention('5m')).toHaveProperty('problem');
  });

  it.each([
    ['customer', null, 'customer'],
    ['Sales.Customer', 'Sales', 'Customer'],
    ['a.b.c', 'a', 'b.c'],
    ['"a.b".c', 'a.b', 'c'],
    ['a."b""c"', 'a', 'b"c'],
    ['"a b"', null, 'a b'],
  ])('read the table %s', (text, schema, name) => {
    expect(parseTableName(text)).toEqual({ value: { schema, name } });
  });

  it.each(['', '.', 'a.', '.a', '"a', '""', '"'.repeat(100_001)])('refuse the table %.20s', (text) => {
    expect(parseTableName(text)).toMatchObject({ problem: { code: 'table-name-invalid' } });
  });

  it('take links to the web only', () => {
    expect(parseLink('https://erp.example/{id}')).toEqual({ value: 'https://erp.example/{id}' });
    for (const text of ['javascript:x', '/path/{id}', 'https://{host}/', 'https://a/{}', 'https://a/}{']) {
      expect(parseLink(text)).toMatchObject({ problem: { code: 'link-invalid' } });
    }
  });

  it('read formats of account numbers', () => {
    expect(parseAccountFormat('C{000000}-X')).toEqual({ value: { before: 'C', digits: 6, after: '-X' } });
    for (const text of ['C000', '{}', '{00}{00}', '{0x}']) expect(parseAccountFormat(text)).toHaveProperty('problem');
  });

  it('fill in variables and let doubled dollar signs be', () => {
    const environment = { A: '1', EMPTY: '' };
    expect(substituteVariables('${A}-${EMPTY}-$A-$${A}', environment)).toEqual({
      text: '1--$A-${A}',
      missing: [],
      malformed: false,
    });
    expect(substituteVariables('${B}${toString}', environment).missing).toEqual(['B', 'toString']);
    expect(substituteVariables('${', environment).malformed).toBe(true);
    expect(substituteVariables('${A', environment).malformed).toBe(true);
  });
});

describe('suggestions', () => {
  it.each([
    ['directon', 'direction'],
    ['on_create', 'onCreate'],
    ['On-Create', 'onCreate'],
    ['dierction', 'direction'],
    ['dir', 'direction'],
    ['zzz', null],
    ['', null],
    ['x', null],
  ])('for %s: %s', (name, expected) => {
    expect(suggestName(name, ['direction', 'onCreate', 'key'])).toBe(expected);
  });
});

describe('secrets', () => {
  it.each([
    ['postgres://u:p@ss/w:rd@host/db and more', 'postgres://u:***@host/db and more'],
    ['host=a password=geheim user=b', 'host=a password=*** user=b'],
    ['a=1&token=geheim&b=2', 'a=1&token=***&b=2'],
    ['https://example.com/a:b', 'https://example.com/a:b'],
  ])('are left out of %s', (text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });

  it('are no part of what tells stores apart', () => {
    expect(redactedUrl('postgres://u:p@h:5432/db?sslkey=x')).toBe('postgres://h:5432/db');
    expect(redactedUrl('postgres://h/db')).toBe('postgres://h/db');
  });
});
