import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { formatProblems } from '../../src/config/problem.ts';
import { ENVIRONMENT, only, problemsOf, withMapping, withMappings } from './wrong-configuration.ts';

describe('a problem', () => {
  it('names line, column, value, what is allowed and what was meant', () => {
    const problem = only(withMapping('', 'direction: toHQ'));
    expect(problem).toEqual({
      line: 8,
      column: 16,
      path: 'mappings.customers.direction',
      severity: 'error',
      code: 'value-not-allowed',
      message: '"toHQ" is not allowed; allowed: both, toHq, toChannel; did you mean toHq?',
      value: 'toHQ',
      allowed: ['both', 'toHq', 'toChannel'],
      suggestion: 'toHq',
    });
    expect(formatProblems([problem], 'couplet.yaml')).toBe(
      'couplet.yaml:8:16: error: mappings.customers.direction: "toHQ" is not allowed; allowed: both, toHq, toChannel; did you mean toHq?\n1 error, 0 warnings',
    );
  });

  it('stands at the name when the name is wrong', () => {
    expect(only(withMapping('', 'inital_winner: hq'))).toMatchObject({
      line: 8,
      column: 5,
      code: 'unknown-option',
      value: 'inital_winner',
      suggestion: 'initialWinner',
    });
  });

  it('stands at what lacks something when something is missing', () => {
    expect(
      only(withMappings('  customers:\n    hq: { table: a, key: [id] }\n    channel: { key: [id] }\n    fields: {}')),
    ).toMatchObject({
      line: 7,
      column: 5,
      path: 'mappings.customers.channel.table',
      code: 'option-missing',
      message: 'table is missing',
      value: null,
    });
  });

  it('comes with all the others, of every kind, in the order of the file', () => {
    const text = `version: 2
hq: { url: mysql://hq/erp }
channels: { shop: { url: postgres://shop/shop, kind: postgre } }
mappings:
  customers:
    channels: [sohp]
    schedule: every 30 secs
    hq: { table: customer, key: id }
    channel: { table: client, key: [no] }
    fields:
      name: { hq: name, channel: title, reslove: hqWins }
  orders:
    match: [[nmae]]
    hq: { table: order, key: [id] }
    channel: { table: '"order', key: [no] }
    fields:
      name: { hq: name, channel: title }
      customer: { hq: customer, channel: customer, references: custmers }
  items:
    match: [[nmae]]
    hq: { table: item, key: [id] }
    channel: { table: item, key: [no] }
    fields:
      name: { hq: name, channel: title, transform: { toHq: [trimm] } }
      customer: { hq: customer, channel: customer, references: custmers }
  1st: {}
comerce: {}
`;
    expect(problemsOf(text).map(({ line, column, code, suggestion }) => [line, column, code, suggestion])).toEqual([
      [1, 10, 'value-not-allowed', null],
      [2, 12, 'url-invalid', null],
      [3, 54, 'value-not-allowed', 'postgres'],
      [6, 16, 'unknown-channel', 'shop'],
      [7, 15, 'schedule-invalid', 'every 30s'],
      [8, 33, 'wrong-type', null],
      [11, 41, 'unknown-option', 'resolve'],
      [13, 14, 'unknown-field', 'name'],
      [15, 23, 'table-name-invalid', null],
      [18, 64, 'unknown-mapping', 'customers'],
      [20, 14, 'unknown-field', 'name'],
      [24, 61, 'value-not-allowed', 'trim'],
      [25, 64, 'unknown-mapping', 'customers'],
      [26, 3, 'option-missing', null],
      [26, 3, 'option-missing', null],
      [26, 3, 'option-missing', null],
      [26, 3, 'name-invalid', null],
      [27, 1, 'unknown-option', 'commerce'],
    ]);
  });

  it('that is a name does not hide what stands under it', () => {
    const text = `version: 1
hq: { url: postgres://hq/hq }
channels:
  1shop: { url: postgres://shop/shop, kind: postgress }
mappings:
  my customers:
    hq: { table: customer, key: [id] }
    channel: { table: client, key: [no] }
    direction: toHQ
    match: [[nmae]]
    fields:
      full name: { hq: name, channel: caption, resolve: hqWin }
`;
    expect(problemsOf(text).map(({ line, column, code }) => [line, column, code])).toEqual([
      [4, 3, 'name-invalid'],
      [4, 45, 'value-not-allowed'],
      [6, 3, 'name-invalid'],
      [9, 16, 'value-not-allowed'],
      [10, 14, 'unknown-field'],
      [12, 7, 'name-invalid'],
      [12, 57, 'value-not-allowed'],
    ]);
  });
});

describe('YAML that is none', () => {
  it.each([
    ['version: 1\n\thq: {}\n', 2, 1, 'tab-indent', /tab/],
    ['hq: { url: ${HQ_URL} }\n', 1, 13, 'yaml-syntax', /put quotes around "\$\{NAME\}"/],
    ['mappings:\n  a:\n    schedule: */5 * * * *\n', 3, 15, 'yaml-syntax', /begins with \*/],
    ['a: b: c\n', 1, 4, 'yaml-syntax', /colon in quotes/],
    ['a: "b\n', 2, 1, 'yaml-syntax', /begins with a quote before this is not closed/],
    ['a:\n  b: { key: [x, filter: y }\n  c: 1\n', 2, 27, 'yaml-syntax', /begins with \[ before this is not closed/],
    ['a:\n  b: { key: x\n  c: 1\n', 3, 3, 'yaml-syntax', /begins with \{ before this is not closed/],
    ['version: 1\n---\nversion: 1\n', 2, 1, 'yaml-syntax', /several documents/],
  ])('%j is told at its place', (text, line, column, code, message) => {
    const [problem] = problemsOf(text);
    expect(problem).toMatchObject({ line, code });
    expect(problem?.message).toMatch(message);
    expect([problem?.line, problem?.column]).toEqual([line, column]);
  });

  it('never shows what stands on the line', () => {
    const text = 'hq: { url: postgres://a:pass-word@h/d, name: "x\nchannels: [postgres://a:pass-word@h/d\n';
    expect(JSON.stringify(problemsOf(text))).not.toContain('pass-word');
  });

  it.each(['', '   \n', '# only a comment\n', '---\n'])('%j is an empty file', (text) => {
    expect(only(text)).toMatchObject({ line: 1, column: 1, code: 'file-empty' });
  });

  it.each(['- a\n- b\n', 'just text', '42'])('%j holds no names with values', (text) => {
    expect(only(text)).toMatchObject({ code: 'wrong-type' });
  });

  it('names both places of a name that stands twice', () => {
    const problem = only(withMapping('      name: { hq: other, channel: other }'));
    expect(problem).toMatchObject({
      line: 11,
      column: 7,
      code: 'duplicate-name',
      path: 'mappings.customers.fields.name',
    });
    expect(problem.message).toContain('first in line 10');
  });

  it('refuses an endless file without reading it', () => {
    expect(only('a'.repeat(1_000_001))).toMatchObject({ code: 'file-too-large' });
  });

  it.each(['[', '{a: ', '"', '- ', '${', '*', ' '])(
    'ends soon on an endless line of %j',
    (piece) => {
      const problems = problemsOf(`a: ${piece.repeat(100_000 / piece.length)}`);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.length).toBeLessThan(20);
    },
    5_000,
  );

  it('refuses aliases that lead nowhere, into themselves, or to billions of nodes', () => {
    expect(only(withMapping('', 'label: *nobody'))).toMatchObject({
      line: 8,
      column: 12,
      code: 'unknown-alias',
      value: '*nobody',
    });
    expect(problemsOf('version: &v\n  x: *v\n').map(({ code }) => code)).toContain('alias-in-itself');
    const laughs = [
      'a0: &a0 [x]',
      ...Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`),
    ];
    expect(problemsOf(laughs.join('\n')).map(({ code }) => code)).toContain('file-too-large');
  });

  it('refuses a name of JavaScript itself', () => {
    expect(problemsOf('version: 1\n__proto__: { a: 1 }\n')).toContainEqual(
      expect.objectContaining({ line: 2, column: 1, code: 'reserved-name' }),
    );
    expect(only(withMapping('      constructor: { hq: a, channel: b }'))).toMatchObject({
      line: 11,
      column: 7,
      code: 'name-reserved',
    });
  });

  it.each(['valueOf', 'toString', 'constructor'])('takes %s in the place of an option for what it is', (name) => {
    for (const written of [`    hq: { ${name}: 0 }`, `    ${name}: 1`]) {
      const text = ['version: 1', 'mappings:', '  customers:', written, 'commerce:', `  ${name}: 1`].join('\n');
      expect(problemsOf(text).filter(({ code }) => code === 'unknown-option')).toHaveLength(2);
    }
  });
});

describe('variables', () => {
  it('that are missing are told where they stand', () => {
    expect(only(withMapping('', 'label: "a ${MISSING} b"'))).toMatchObject({
      line: 8,
      column: 15,
      path: 'mappings.customers.label',
      code: 'variable-missing',
      value: '${MISSING}',
      message: 'the environment variable MISSING is not set',
    });
  });

  it('that are not written well are told', () => {
    expect(only(withMapping('', 'label: "${not closed"'))).toMatchObject({
      line: 8,
      column: 12,
      code: 'variable-malformed',
    });
  });

  it('are shown by name, never by what they hold', () => {
    const problem = only(withMapping('', 'direction: "${DIRECTION}"'));
    expect(problem).toMatchObject({ code: 'value-not-allowed', value: '${DIRECTION}' });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('and passwords stay out of messages, however the URL is wrong', () => {
    const urls = [
      'mysql://root:pass-word@h/d',
      'postgre//pass-word',
      'pass-word',
      '[postgres://u:pass-word@h/d]',
      '{ postgres: //u:pass-word }',
    ];
    for (const url of urls) {
      const problems = problemsOf(withMapping('').replace('postgres://shop/shop', url));
      expect(problems.length).toBeGreaterThan(0);
      expect(JSON.stringify(problems)).not.toContain('pass-word');
    }
  });

  it('and so does the secret of the sign-in provider, which may look like a number', () => {
    const oidc = 'issuer: https://login.example/, audience: couplet, clientId: page';
    const problems = problemsOf(`${withMapping('')}auth: { oidc: { ${oidc}, clientSecret: 739182645 } }\n`);
    expect(problems).toMatchObject([{ path: 'auth.oidc.clientSecret', value: '***' }]);
    expect(JSON.stringify(problems)).not.toContain('739182645');
  });
});

describe('values', () => {
  it.each([
    ['schedule: evry 30s', 8, 15, 'schedule-invalid', null],
    ['schedule: manul', 8, 15, 'schedule-invalid', 'manual'],
    ['schedule: every 30 seconds', 8, 15, 'schedule-invalid', 'every 30s'],
    ['schedule: every 0s', 8, 15, 'schedule-invalid', null],
    ['schedule: "61 * * * *"', 8, 15, 'cron-invalid', null],
    ['schedule: "* * * * * *"', 8, 15, 'cron-invalid', null],
    ['schedule: "0 0 31 2 *"', 8, 15, 'cron-invalid', null],
    ['timezone: Europe/Stokholm', 8, 15, 'timezone-invalid', 'Europe/Stockholm'],
    ['enabled: yes', 8, 14, 'wrong-type', null],
    ['label: 12', 8, 12, 'wrong-type', null],
    ['label:', 8, 5, 'option-empty', null],
    ['match: [name]', 8, 13, 'wrong-type', null],
    ['match: [[]]', 8, 13, 'wrong-length', null],
    ['deletions: { inHQ: manual }', 8, 18, 'unknown-option', 'inHq'],
    ['deletions: propogate', 8, 16, 'value-not-allowed', 'propagate'],
    ['deletionBreaker: { count: -1 }', 8, 31, 'out-of-range', null],
    ['deletionBreaker: { percent: 101 }', 8, 33, 'out-of-range', null],
    ['changeBreaker: { count: 5 }', 8, 5, 'option-missing', null],
    ['failures: { maxAttempts: 1.5 }', 8, 30, 'wrong-type', null],
    ['channels: []', 8, 15, 'wrong-length', null],
    ['channels: [shpo]', 8, 16, 'unknown-channel', 'shop'],
    ['scope: full', 8, 12, 'full-needs-schedule', null],
    ['renamedFrom: customers', 8, 18, 'renamed-from-exists', null],
    ['conflicts: { resolve: latestWins }', 8, 27, 'modified-at-missing', null],
    ['match: [[nane]]', 8, 14, 'unknown-field', 'name'],
    ['match: [{ fields: [nane] }]', 8, 24, 'unknown-field', 'name'],
  ])('%s', (option, line, column, code, suggestion) => {
    expect(only(withMapping('', option))).toMatchObject({ line, column, severity: 'error', code, suggestion });
  });

  it.each([
    ['link: "javascript:alert(1)"', 'link-invalid'],
    ['link: "https://erp/{id"', 'link-invalid'],
    ['table: a.', 'table-name-invalid'],
    ['key: [id, id]', 'column-repeated'],
    ['filter: ""', 'value-empty'],
    ['onCreate: { name: x }', 'column-written-twice'],
  ])('of a table: %s', (option, code) => {
    const text = withMapping('').replace('{ table: customer, key: [id] }', () => {
      const name = option.split(':')[0] ?? '';
      const rest = ['table: customer', 'key: [id]'].filter((other) => !other.startsWith(`${name}:`));
      return `{ ${option}, ${rest.join(', ')} }`;
    });
    expect(only(text)).toMatchObject({ line: 6, severity: 'error', code });
  });
});

describe('fields', () => {
  it.each([
    ['x: { hq: a }', 7, 'option-missing'],
    ['x: { hq: a, channel: b, ifUncoupled: wait }', 31, 'reference-missing'],
    ['x: { hq: [a, b], channel: c }', 16, 'several-columns'],
    ['x: { hq: [a, b], channel: c, references: customers }', 16, 'reference-columns'],
    ['x: { hq: a, channel: b, references: custommers }', 43, 'unknown-mapping'],
    ['x: { hq: a, channel: b, references: customers, values: { a: b } }', 54, 'option-not-combinable'],
    ['x: { hq: a, channel: b, constant: c }', 31, 'constant-misplaced'],
    ['x: { channel: b, constant: c, direction: toHq }', 48, 'constant-misplaced'],
    ['x: { channel: b, constant: c, transform: { toHq: [] } }', 37, 'constant-misplaced'],
    ['x: { hq: name, channel: b }', 16, 'column-written-twice'],
    ['x: { hq: a, channel: b, values: { US: } }', 41, 'option-empty'],
    ['x: { hq: a, channel: b, transform: { toHq: [split] } }', 51, 'transform-incomplete'],
    ['x: { hq: a, channel: b, transform: { toHq: [{ trim: true }] } }', 53, 'unknown-option'],
    ['x: { hq: a, channel: b, transform: { toHq: [{ rond: 2 }] } }', 53, 'unknown-option'],
    ['x: { hq: a, channel: b, transform: { toHq: [{ prefix: a, suffix: b }] } }', 51, 'not-one-transform'],
    ['x: { hq: a, channel: b, transform: { toHq: [{ replace: [a] }] } }', 62, 'wrong-length'],
    ['x: { hq: a, channel: b, transform: { toHq: [{ replace: ["", b] }] } }', 63, 'value-empty'],
    ['x: { hq: a, channel: b, transform: { toHq: [{ removePattern: "(a+)+" }] } }', 68, 'pattern-invalid'],
    ['x: { hq: a, channel: b, transform: { toHq: [{ dateFormat: YYYY }] } }', 65, 'date-format-invalid'],
    ['x: { hq: a, channel: b, transform: { toHq: [{ padStart: [3, ab] }] } }', 67, 'not-one-character'],
  ])('%s', (field, column, code) => {
    expect(only(withMapping(`      ${field}`))).toMatchObject({ line: 11, column, severity: 'error', code });
  });

  it('whose values are not one-to-one are a warning', () => {
    expect(only(withMapping('      x: { hq: a, channel: b, values: { US: America, UM: America } }'))).toMatchObject({
      line: 11,
      column: 58,
      severity: 'warning',
      code: 'values-not-one-to-one',
      value: 'America',
    });
  });

  it('that do not go the way of their mapping are left out with a warning', () => {
    const loaded = loadConfiguration(
      withMapping('      x: { hq: a, channel: b, direction: toHq }', 'direction: toChannel'),
      ENVIRONMENT,
    );
    expect(loaded.problems).toEqual([
      expect.objectContaining({ line: 11, column: 42, severity: 'warning', code: 'field-never-travels' }),
    ]);
    expect(loaded.settings?.mappings[0]?.fields.map(({ name }) => name)).toEqual(['name']);
  });

  it('must serve the direction of their mapping', () => {
    const oneWay = withMapping('', 'direction: toHq').replace(
      'channel: title }',
      'channel: title, direction: toChannel }',
    );
    expect(problemsOf(oneWay)).toContainEqual(
      expect.objectContaining({ line: 8, column: 16, severity: 'error', code: 'direction-not-served' }),
    );
    const half = withMapping('').replace('channel: title }', 'channel: title, direction: toChannel }');
    expect(only(half)).toMatchObject({
      line: 5,
      column: 3,
      severity: 'warning',
      code: 'direction-not-served',
      suggestion: 'toChannel',
    });
  });
});
