import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalKeyPart, equalValues } from '../../src/domain/equal-values.ts';
import { plainType, type ValueKind, type ValueType } from '../../src/domain/value-type.ts';

const type = (kind: ValueKind, over: Partial<ValueType> = {}): ValueType => ({ ...plainType(kind), ...over });
const arrayOf = (element: ValueType): ValueType => type('array', { name: `${element.name}[]`, element });
const tupleOf = (...parts: ValueType[]): ValueType => type('tuple', { parts });

const EQUAL: readonly [ValueType, string, string][] = [
  [type('integer'), '7', '007'],
  [type('bigint'), '9223372036854775807', '+9223372036854775807'],
  [type('numeric'), '10.00', '10'],
  [type('numeric'), '0.10', '.1'],
  [type('numeric'), '-0.00', '0'],
  [type('numeric'), '1.5e3', '1500'],
  [type('numeric'), '12e-1', '1.2'],
  [type('numeric'), 'NaN', 'nan'],
  [type('numeric'), 'Infinity', 'inf'],
  [type('numeric'), `1${'0'.repeat(3000)}`, '1e3000'],
  [type('numeric'), '123456789012345678901234567890.1200', '123456789012345678901234567890.12'],
  [type('money'), '$1,234.50', '1234.5'],
  [type('money'), '-$0.10', '-0.1'],
  [type('float', { name: 'double precision' }), '1e+22', '10000000000000000000000'],
  [type('float', { name: 'double precision' }), '-0', '0'],
  [type('float', { name: 'double precision' }), 'NaN', 'NaN '],
  [type('float', { name: 'real' }), '0.1', '0.10000000149011612'],
  [type('boolean'), 'true', 't'],
  [type('boolean'), 'false', 'f'],
  [type('paddedText'), 'AB', 'AB        '],
  [type('uuid'), 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc999c0b4ef8bb6d6bb9bd380a11}'],
  [type('timestamptz'), '2026-01-01 01:30:00.5+01:30', '2026-01-01 00:00:00.500000+00'],
  [type('timestamptz'), '2026-01-01T00:00:00Z', '2025-12-31 19:00:00-05'],
  [type('timestamptz'), '0001-01-01 00:30:00+01', '0001-12-31 23:30:00+00 BC'],
  [type('timestamptz'), '0044-03-15 12:00:00+00 BC', '0044-03-15 13:00:00+01 BC'],
  [type('timestamptz'), '294276-12-31 23:00:00-01', '294277-01-01 00:00:00+00'],
  [type('timestamptz'), '2016-12-31 23:59:60+00', '2017-01-01 00:00:00+00'],
  [type('timestamptz'), 'infinity', 'Infinity'],
  [type('timestamp'), '2026-01-01 00:00:00', '2026-01-01T00:00'],
  [type('date'), '2026-01-02', '2026-1-2'],
  [type('date'), '-infinity', '-Infinity'],
  [type('time'), '08:30:00', '8:30'],
  [type('timetz'), '08:30:00+02', '08:30:00.000+02:00'],
  [type('interval'), '1 year 2 mons', '14 mons'],
  [type('interval'), '1 day 04:05:06', 'P1DT4H5M6S'],
  [type('interval'), '-1 mons +2 days -03:00:00', '-1 mon 2 days -3 hours'],
  [type('json'), '{"a": 1.0, "b": [true, null]}', '{"b":[true,null],"a":1}'],
  [type('json'), '12345678901234567890', '12345678901234567890.0'],
  [type('json'), '{"__proto__": 1, "a": 2}', '{"a": 2, "__proto__": 1.0}'],
  [type('bytea'), '\\xDEADBEEF', '\\xdeadbeef'],
  [arrayOf(type('numeric')), '{10.00,NULL,{1.0}}', '{10,NULL,{1}}'],
  [arrayOf(type('text')), '{a,"b c"}', '{"a","b c"}'],
  [tupleOf(type('numeric'), type('text')), '["1.0","a"]', '["1","a"]'],
];

const DIFFERENT: readonly [ValueType, string | null, string | null][] = [
  [type('text'), null, ''],
  [type('text'), 'a', 'a '],
  [type('text'), 'Adatum', 'adatum'],
  [type('caseInsensitiveText'), 'Adatum', 'adatum'],
  [type('numeric'), '10.00', '10.000000000000000000000000000001'],
  [type('numeric'), '12345678901234567890', '12345678901234567891'],
  [type('numeric'), 'Infinity', '-Infinity'],
  [type('float', { name: 'double precision' }), '0.1', '0.10000000149011612'],
  [type('paddedText'), 'AB', ' AB'],
  [type('timestamptz'), '2026-01-01 00:00:00+00', '2026-01-01 00:00:00.000001+00'],
  [type('timestamptz'), 'infinity', '-infinity'],
  [type('timestamptz'), '0044-03-15 00:00:00+00 BC', '0044-03-15 00:00:00+00'],
  [type('time'), '24:00:00', '00:00:00'],
  [type('timetz'), '12:00:00+00', '13:00:00+01'],
  [type('interval'), '1 mon', '30 days'],
  [type('json'), '12345678901234567890', '12345678901234567891'],
  [type('json'), '{"a": null}', '{}'],
  [type('json'), '[1, 2]', '[2, 1]'],
  [type('json'), '"1"', '1'],
  [type('json'), '{}', '[]'],
  [arrayOf(type('text')), '{NULL}', '{"NULL"}'],
  [arrayOf(type('integer')), '[0:1]={1,2}', '{1,2}'],
  [arrayOf(type('text')), '{"a,b"}', '{a,b}'],
  [tupleOf(type('text'), type('text')), '["a","b"]', '["b","a"]'],
  [type('other', { name: 'inet' }), '10.0.0.1', '10.0.0.1/32'],
];

describe('values are equal by their type', () => {
  for (const [of, a, b] of EQUAL) {
    it(`${of.name}: ${a.slice(0, 50)} is ${b.slice(0, 50)}`, () => {
      expect(equalValues(of, a, b)).toBe(true);
      expect(equalValues(of, b, a)).toBe(true);
    });
  }
  for (const [of, a, b] of DIFFERENT) {
    it(`${of.name}: ${String(a)} is not ${String(b)}`, () => {
      expect(equalValues(of, a, b)).toBe(false);
      expect(equalValues(of, b, a)).toBe(false);
    });
  }
  it('a text that is no value of its type equals itself alone', () => {
    for (const kind of ['numeric', 'timestamptz', 'json', 'uuid', 'interval', 'array', 'tuple'] as const) {
      expect(equalValues(type(kind), 'what?', 'what?')).toBe(true);
      expect(equalValues(type(kind), 'what?', 'who?')).toBe(false);
    }
  });
  it('JSON nested deeper than the stack is compared as text instead of ending the run', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(equalValues(type('json'), deep, `${deep} `)).toBe(false);
  });
});

describe('keys have one text each', () => {
  for (const [of, a, b] of EQUAL) {
    it(`${of.name}: ${a.slice(0, 50)} and ${b.slice(0, 50)} are one key`, () => {
      expect(canonicalKeyPart(of, a)).toBe(canonicalKeyPart(of, b));
    });
  }
  it('is written as people write it', () => {
    expect(canonicalKeyPart(type('numeric'), '1.00')).toBe('1');
    expect(canonicalKeyPart(type('paddedText'), 'AB   ')).toBe('AB');
    expect(canonicalKeyPart(type('caseInsensitiveText'), 'ÄRGER AB')).toBe('ärger ab');
    expect(canonicalKeyPart(type('timestamptz'), '2026-01-01 01:00:00+01')).toBe('2026-01-01 00:00:00+00');
    expect(canonicalKeyPart(type('boolean'), 't')).toBe('true');
    expect(canonicalKeyPart(type('interval'), '1 mon')).toBe(canonicalKeyPart(type('interval'), '30 days'));
  });
  it('case-insensitive keys that differ in a final sigma alone are one', () => {
    expect(canonicalKeyPart(type('caseInsensitiveText'), 'ΑΣ')).toBe(
      canonicalKeyPart(type('caseInsensitiveText'), 'ασ'),
    );
  });
  it('does not change when it is made again', () => {
    for (const [of, a] of EQUAL) {
      const once = canonicalKeyPart(of, a);
      expect(canonicalKeyPart(of, once)).toBe(once);
    }
  });
});

describe('numbers and instants, whatever their text', () => {
  it('a number keeps its value through any number of zeros, and differs from its neighbour', () => {
    const digits = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 10 }), (whole, scale, zeros) => {
        const size = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0');
        const sign = whole < 0n ? '-' : '';
        const point = (text: string): string => (scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`);
        const plain = sign + point(size);
        const padded = `${sign}00${scale === 0 ? `${size}.` : point(size)}${'0'.repeat(zeros)}`;
        const exponent = `${whole}e-${scale}`;
        expect(equalValues(type('numeric'), plain, padded)).toBe(true);
        expect(equalValues(type('numeric'), plain, exponent)).toBe(true);
        expect(equalValues(type('numeric'), `${whole + 1n}e-${scale}`, exponent)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
  it('an instant is the same in every zone', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        (at, minutes) => {
          const utc = `${at.toISOString().slice(0, 23).replace('T', ' ')}+00`;
          const size = Math.abs(minutes);
          const zone = `${minutes < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
          const local = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, 23);
          expect(equalValues(type('timestamptz'), utc, local.replace('T', ' ') + zone)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
