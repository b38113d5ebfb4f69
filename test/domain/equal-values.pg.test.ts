/** Keys are one text exactly where PostgreSQL holds them equal: asked of PostgreSQL itself, pair by pair. */
import { describe, expect, it } from 'vitest';
import { canonicalKeyPart, equalValues } from '../../src/domain/equal-values.ts';
import { plainType, type ValueKind, type ValueType } from '../../src/domain/value-type.ts';
import { createDatabase } from '../support/database.ts';

const type = (kind: ValueKind, name: string, over: Partial<ValueType> = {}): ValueType => ({
  ...plainType(kind, name),
  ...over,
});
const arrayOf = (element: ValueType): ValueType => type('array', `${element.name}[]`, { element });

const TEXTS: readonly (readonly [ValueType, readonly string[]])[] = [
  [type('integer', 'integer'), ['7', '007', '-7', '+7', '0', '-0']],
  [type('bigint', 'bigint'), ['9223372036854775807', '9223372036854775806', '-1']],
  [
    type('numeric', 'numeric'),
    [
      '10',
      '10.00',
      '1e1',
      '10.000000000000000000000000000001',
      '-0.0',
      '0',
      '.5',
      '0.50',
      'NaN',
      'Infinity',
      'inf',
      '-Infinity',
      '1e400',
      '12345678901234567890',
      '12345678901234567891',
    ],
  ],
  [
    type('float', 'double precision'),
    [
      '0.1',
      '0.10000000000000001',
      '1e22',
      '10000000000000000000000',
      '-0',
      '0',
      'NaN',
      'Infinity',
      '0.10000000149011612',
      '5e-324',
    ],
  ],
  [
    type('float', 'real'),
    ['0.1', '0.10000000149011612', '0.10000001', '1e10', '16777216', '16777217', '-0', '0', 'NaN'],
  ],
  [type('money', 'money'), ['$1,234.50', '1234.5', '-$1,234.50', '0', '($1,234.50)']],
  [type('boolean', 'boolean'), ['true', 't', 'yes', 'on', '1', 'false', 'f', 'off']],
  [type('paddedText', 'character(5)'), ['AB', 'AB   ', ' AB', 'ab', '']],
  [
    type('caseInsensitiveText', 'citext'),
    ['Adatum', 'ADATUM', 'adatum', 'ÄRGER', 'ärger', 'straße', 'STRASSE', 'adatum '],
  ],
  [
    type('uuid', 'uuid'),
    [
      'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
      '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}',
      'a0eebc999c0b4ef8bb6d6bb9bd380a11',
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12',
    ],
  ],
  [
    type('timestamptz', 'timestamp with time zone'),
    [
      '2026-01-01 00:00:00+00',
      '2026-01-01T00:00:00Z',
      '2026-01-01 01:30:00+01:30',
      '2025-12-31 19:00:00-05',
      '2026-01-01 00:00:00.000001+00',
      'infinity',
      '-infinity',
      '0044-03-15 12:00:00+00 BC',
      '0044-03-15 13:00:00+01 BC',
      '0044-03-15 12:00:00+00',
      '0001-01-01 00:30:00+01',
      '0001-12-31 23:30:00+00 BC',
      '2016-12-31 23:59:60+00',
      '2017-01-01 00:00:00+00',
      '2026-01-01 24:00:00+00',
      '2026-01-02 00:00:00+00',
      '294276-12-31 23:59:59+00',
      '1900-01-01 00:00:00+00:19:32',
    ],
  ],
  [
    type('timestamp', 'timestamp without time zone'),
    [
      '2026-01-01 00:00:00',
      '2026-01-01 00:00:00.000',
      '2026-01-01T00:00',
      '2026-01-01 00:00:00+05',
      'infinity',
      '4713-01-01 00:00:00 BC',
    ],
  ],
  [
    type('date', 'date'),
    ['2026-01-02', '2026-1-2', '2024-02-29', '0044-03-15 BC', '0044-03-15', 'infinity', '-infinity'],
  ],
  [
    type('time', 'time without time zone'),
    ['08:30:00', '8:30', '08:30:00.000', '24:00:00', '00:00:00', '08:30:00.000001'],
  ],
  [
    type('timetz', 'time with time zone'),
    ['08:30:00+02', '08:30+02:00', '06:30:00+00', '08:30:00+02:30', '08:30:00-02'],
  ],
  [
    type('interval', 'interval'),
    [
      '1 mon',
      '30 days',
      '720:00:00',
      '1 year',
      '12 mons',
      '1 year 2 mons -3 days +04:05:06.789',
      '-1 mons +2 days -03:00:00',
      'P1Y2M3DT4H5M6S',
      '1 year 2 mons 3 days 04:05:06',
      '00:00:00',
      '0 days',
      '3 hours ago',
      '-03:00:00',
      '-00:00:00.5',
      '-0.5 seconds',
    ],
  ],
  [
    type('json', 'jsonb'),
    [
      '{"a": 1.0, "b": [true, null]}',
      '{"b":[true,null],"a":1}',
      '{"a":1}',
      '[]',
      '{}',
      '12345678901234567890',
      '12345678901234567890.0',
      '12345678901234567891',
      '"1"',
      '1',
      '1e2',
      '100',
      'null',
      '{"a":1,"a":2}',
      '{"a":2}',
      '{"__proto__":1}',
    ],
  ],
  [type('other', 'inet'), ['10.0.0.1', '10.0.0.1/32', '10.0.0.1/24', '::1', '::1/128', 'fe80::1/64']],
  [type('bytea', 'bytea'), ['\\xDEAD', '\\xdead', '\\x', '\\x00']],
  [
    arrayOf(type('numeric', 'numeric')),
    ['{1.0,NULL}', '{1,NULL}', '{}', '{{1},{2.0}}', '{{1.00},{2}}', '[0:1]={1,2}', '{1,2}', '[1:2]={1,2}'],
  ],
  [
    arrayOf(type('text', 'text')),
    ['{a,"b c"}', '{"a","b c"}', '{NULL}', '{"NULL"}', '{"a,b"}', '{a,b}', '{"\\"","\\\\"}', '{""}', '{}'],
  ],
];

/** Equal as values only where equal as keys, but for these: their differences travel although they are one key. */
const FINER: ReadonlySet<ValueKind> = new Set(['caseInsensitiveText', 'interval', 'other']);

describe('keys and values against PostgreSQL', () => {
  it('are equal where PostgreSQL says so, and nowhere else', async () => {
    await using database = await createDatabase();
    const { sql } = database;
    await sql.unsafe('create extension if not exists citext');
    const wrong: string[] = [];
    for (const [of, texts] of TEXTS) {
      const list = 'unnest($1::text[]) with ordinality';
      const rows = await sql.unsafe<{ a: number; b: number; equal: boolean }[]>(
        `select x.n::int as a, y.n::int as b, x.v::${of.name} = y.v::${of.name} as equal
           from ${list} x(v, n), ${list} y(v, n)`,
        [[...texts]],
      );
      for (const { a, b, equal } of rows) {
        const [left, right] = [texts[a - 1] ?? '', texts[b - 1] ?? ''];
        const sameKey = canonicalKeyPart(of, left) === canonicalKeyPart(of, right);
        if (sameKey !== equal) wrong.push(`${of.name}: ${left} and ${right} are ${equal ? '' : 'not '}one key`);
        const sameValue = equalValues(of, left, right);
        if (sameValue && !equal) wrong.push(`${of.name}: ${left} and ${right} are different values`);
        if (!sameValue && equal && !FINER.has(of.kind)) wrong.push(`${of.name}: ${left} and ${right} are one value`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('a key’s text is itself that key to PostgreSQL', async () => {
    await using database = await createDatabase();
    const { sql } = database;
    await sql.unsafe('create extension if not exists citext');
    for (const [of, texts] of TEXTS) {
      const keys = texts.map((text) => canonicalKeyPart(of, text));
      const query = `select v from unnest($1::text[], $2::text[]) as t(v, k) where v::${of.name} is distinct from k::${of.name}`;
      expect(await sql.unsafe(query, [[...texts], keys])).toHaveLength(0);
    }
  });
});
