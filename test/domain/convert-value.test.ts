import { describe, expect, it } from 'vitest';
import { convertValue, fitsType, isProblem } from '../../src/domain/convert-value.ts';
import { equalValues } from '../../src/domain/equal-values.ts';
import { typesConvertible } from '../../src/domain/type-conversion.ts';
import { plainType, TEXT, type ValueKind, type ValueType } from '../../src/domain/value-type.ts';

const type = (kind: ValueKind, over: Partial<ValueType> = {}): ValueType => ({ ...plainType(kind), ...over });
const arrayOf = (element: ValueType): ValueType => type('array', { name: `${element.name}[]`, element });
const result = (from: ValueType, to: ValueType, value: string | null): unknown => {
  const converted = convertValue(from, to, value);
  return isProblem(converted) ? converted.code : converted;
};

const COLORS = type('enum', { name: 'color', labels: ['red', 'green'] });

/** Values that each kind holds, for tests over every pair of kinds. */
const SAMPLES: Readonly<Record<ValueKind, readonly string[]>> = {
  text: ['', 'Adatum', ' 12 ', 'true', '2026-01-01', '{}', 'null', '9'.repeat(40)],
  paddedText: ['AB        '],
  caseInsensitiveText: ['Adatum'],
  boolean: ['true', 'false'],
  integer: ['0', '-2147483648', '2147483647'],
  bigint: ['9223372036854775807'],
  numeric: ['10.00', '-0.001', 'NaN', '9'.repeat(40)],
  float: ['1e+22', '0.1', 'NaN', '-Infinity'],
  money: ['$1,234.50', '-$0.01'],
  date: ['2026-01-01', '0044-03-15 BC', 'infinity'],
  time: ['08:30:00.5'],
  timetz: ['08:30:00+02', '08:30:00+00'],
  timestamp: ['2026-01-01 00:00:00', '2026-01-01 12:30:00.123456', '-infinity'],
  timestamptz: ['2026-01-01 00:00:00+00', '2026-01-01 12:30:00.123456+00', '0044-03-15 00:00:00+00 BC'],
  interval: ['1 year 2 mons -3 days +04:05:06.789'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  json: ['{"a": [1.10, "x"]}', '12345678901234567890'],
  bytea: ['\\x', '\\xdeadbeef'],
  enum: ['red'],
  array: ['{}', '{1,NULL}'],
  tuple: ['["1","a"]'],
  other: ['10.0.0.1/8'],
};
const KINDS = Object.keys(SAMPLES) as ValueKind[];
const typeOf = (kind: ValueKind): ValueType =>
  kind === 'enum'
    ? COLORS
    : kind === 'array'
      ? arrayOf(type('integer'))
      : kind === 'tuple'
        ? type('tuple', { parts: [TEXT, TEXT] })
        : type(kind);

describe('values are carried from one type to another', () => {
  it.each([
    ['boolean', 'text', 'true', 'true'],
    ['text', 'boolean', 'Yes', 'true'],
    ['boolean', 'integer', 'true', '1'],
    ['boolean', 'numeric', 'false', '0'],
    ['integer', 'boolean', '1', 'true'],
    ['numeric', 'integer', '10.00', '10'],
    ['integer', 'numeric', '7', '7'],
    ['text', 'numeric', ' 10.50 ', '10.50'],
    ['float', 'integer', '1e+3', '1000'],
    ['money', 'numeric', '-$1,234.50', '-1234.5'],
    ['date', 'timestamp', '2026-01-01', '2026-01-01 00:00:00'],
    ['date', 'timestamptz', '2026-01-01', '2026-01-01 00:00:00+00'],
    ['timestamptz', 'timestamp', '2026-01-01 12:00:00.5+00', '2026-01-01 12:00:00.5'],
    ['timestamp', 'timestamptz', '2026-01-01 12:00:00', '2026-01-01 12:00:00+00'],
    ['timestamptz', 'date', '2026-01-01 00:00:00+00', '2026-01-01'],
    ['text', 'timestamp', '2026-01-01T12:00:00+02:00', '2026-01-01 10:00:00'],
    ['text', 'uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['paddedText', 'text', 'AB        ', 'AB'],
    ['json', 'text', '{"a": 1}', '{"a": 1}'],
    ['text', 'json', '{"a": 1}', '{"a": 1}'],
    ['text', 'bytea', '\\xDEAD', '\\xDEAD'],
    ['text', 'interval', '-infinity', '-infinity'],
  ] as const)('%s to %s: %s arrives as %s', (from, to, value, expected) => {
    expect(result(typeOf(from), typeOf(to), value)).toBe(expected);
  });

  it.each([
    ['numeric', 'integer', '10.5'],
    ['bigint', 'integer', '2147483648'],
    ['text', 'integer', 'true'],
    ['text', 'integer', ''],
    ['integer', 'boolean', '2'],
    ['text', 'numeric', '12 apples'],
    ['timestamp', 'date', '2026-01-01 12:00:00'],
    ['text', 'date', '2026-02-30'],
    ['timetz', 'time', '08:30:00+02'],
    ['text', 'uuid', 'not one'],
    ['text', 'json', '{a: 1}'],
    ['text', 'bytea', 'deadbeef'],
    ['text', 'enum', 'blue'],
    ['date', 'integer', '2026-01-01'],
    ['float', 'money', 'NaN'],
  ] as const)('%s to %s: %s is refused instead of becoming something else', (from, to, value) => {
    expect(result(typeOf(from), typeOf(to), value)).toBe('value-invalid');
  });

  it('null is null in every type', () => {
    for (const from of KINDS) for (const to of KINDS) expect(result(typeOf(from), typeOf(to), null)).toBe(null);
  });

  it('the refusal names value, type and what is allowed', () => {
    expect(convertValue(TEXT, COLORS, 'blue')).toEqual({
      code: 'value-invalid',
      params: { value: 'blue', type: 'color', allowed: ['red', 'green'] },
    });
  });

  it('arrays are carried element by element', () => {
    expect(result(arrayOf(type('numeric')), arrayOf(type('integer')), '[0:1]={1.0,NULL}')).toBe('[0:1]={1,NULL}');
    expect(result(arrayOf(type('numeric')), arrayOf(type('integer')), '{1,{2.5}}')).toBe('value-invalid');
  });

  it('composite references are carried part by part', () => {
    const from = type('tuple', { parts: [type('integer'), type('paddedText')] });
    const to = type('tuple', { parts: [type('numeric'), TEXT] });
    expect(result(from, to, '["7","A  "]')).toBe('["7","A"]');
    expect(result(from, to, 'broken')).toBe('value-invalid');
  });
});

describe('what `check` says of two types holds for their values', () => {
  for (const from of KINDS) {
    for (const to of KINDS) {
      const says = typesConvertible(typeOf(from), typeOf(to));
      if (says === 'lossy') continue;
      it(`${from} to ${to}: ${says === 'yes' ? 'every value arrives' : 'none arrives'}`, () => {
        for (const value of SAMPLES[from]) {
          const converted = convertValue(typeOf(from), typeOf(to), value);
          expect(isProblem(converted)).toBe(says === 'no');
        }
      });
    }
  }
  it('what arrives by a plain yes both ways comes back equal', () => {
    for (const from of KINDS) {
      for (const to of KINDS) {
        const [a, b] = [typeOf(from), typeOf(to)];
        if (typesConvertible(a, b) !== 'yes' || typesConvertible(b, a) === 'no') continue;
        for (const value of SAMPLES[from]) {
          const there = convertValue(a, b, value);
          const back = isProblem(there) ? there : convertValue(b, a, there);
          // Money and double precision print fewer digits than a text may hold; they are lossy one way.
          if (typeof back === 'string')
            expect(equalValues(a, value, back), `${from} ${to} ${value} ${back}`).toBe(true);
          else expect.fail(`${from} → ${to}: ${value} did not come back`);
        }
      }
    }
  });
  it('a narrower column of the same kind is lossy', () => {
    const varchar = (maxLength: number) => type('text', { name: `character varying(${maxLength})`, maxLength });
    const numeric = (precision: number, scale: number) =>
      type('numeric', { name: `numeric(${precision},${scale})`, scale });
    expect(typesConvertible(varchar(40), varchar(80))).toBe('yes');
    expect(typesConvertible(varchar(80), varchar(40))).toBe('lossy');
    expect(typesConvertible(TEXT, varchar(40))).toBe('lossy');
    expect(typesConvertible(type('boolean'), varchar(5))).toBe('yes');
    expect(typesConvertible(numeric(12, 2), numeric(14, 4))).toBe('yes');
    expect(typesConvertible(numeric(14, 4), numeric(12, 2))).toBe('lossy');
    expect(typesConvertible(numeric(14, 2), numeric(12, 2))).toBe('lossy');
    expect(typesConvertible(type('integer', { name: 'integer' }), type('integer', { name: 'smallint' }))).toBe('lossy');
    expect(typesConvertible(type('integer', { name: 'smallint' }), type('integer', { name: 'integer' }))).toBe('yes');
    expect(typesConvertible(type('float', { name: 'double precision' }), type('float', { name: 'real' }))).toBe(
      'lossy',
    );
    expect(typesConvertible(type('enum', { labels: ['red'] }), COLORS)).toBe('yes');
    expect(typesConvertible(COLORS, type('enum', { labels: ['red'] }))).toBe('lossy');
    expect(typesConvertible(arrayOf(type('json')), arrayOf(type('date')))).toBe('no');
    expect(typesConvertible(type('tuple', { parts: [TEXT] }), type('tuple', { parts: [TEXT, TEXT] }))).toBe('no');
  });
});

describe('whether a column takes a value', () => {
  const varchar = type('text', { name: 'character varying(5)', maxLength: 5 });
  it('counts characters, not bytes or halves of pairs', () => {
    expect(fitsType(varchar, '🙂🙂🙂🙂🙂')).toBe(null);
    expect(fitsType(varchar, '123456')).toEqual({
      code: 'value-too-long',
      params: { value: '123456', type: 'character varying(5)', limit: 5, length: 6 },
    });
  });
  it('lets blanks beyond the end go, as the store does', () => {
    expect(fitsType(varchar, '12345   ')).toBe(null);
  });
  it('knows ranges, labels, digits and elements', () => {
    expect(fitsType(type('integer', { name: 'smallint' }), '32768')?.code).toBe('value-invalid');
    expect(fitsType(type('integer', { name: 'smallint' }), '-32768')).toBe(null);
    expect(fitsType(type('numeric', { name: 'numeric(5,2)', scale: 2 }), '1000')?.code).toBe('value-invalid');
    expect(fitsType(type('numeric', { name: 'numeric(5,2)', scale: 2 }), '999.99')).toBe(null);
    expect(fitsType(type('numeric', { name: 'numeric(2,2)', scale: 2 }), '0.25')).toBe(null);
    expect(fitsType(COLORS, 'blue')?.code).toBe('value-invalid');
    expect(fitsType(arrayOf(varchar), '{12345,123456}')?.code).toBe('value-too-long');
    expect(fitsType(arrayOf(varchar), 'none')?.code).toBe('value-invalid');
    expect(fitsType(type('date'), null)).toBe(null);
  });
  it('an enormous value is named by its beginning', () => {
    const problem = fitsType(varchar, 'x'.repeat(1_000_000));
    expect(JSON.stringify(problem?.params).length).toBeLessThan(300);
  });
});
