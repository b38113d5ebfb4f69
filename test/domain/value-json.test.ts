import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalValues } from '../../src/domain/equal-values.ts';
import type { Json } from '../../src/domain/record.ts';
import { keyFromJson, keyFromTexts, keyToJson, valueFromJson, valueToJson } from '../../src/domain/value-json.ts';
import { plainType, TEXT, type ValueKind, type ValueType } from '../../src/domain/value-type.ts';

const type = (kind: ValueKind, over: Partial<ValueType> = {}): ValueType => ({ ...plainType(kind), ...over });
const arrayOf = (element: ValueType): ValueType => type('array', { name: `${element.name}[]`, element });
const COLORS = type('enum', { name: 'color', labels: ['red', 'green'] });

const AS_JSON: readonly [ValueType, string, Json][] = [
  [TEXT, '', ''],
  [type('boolean'), 'true', true],
  [type('boolean'), 'f', false],
  [type('integer'), '42', 42],
  [type('bigint'), '9007199254740993', '9007199254740993'],
  [type('numeric'), '10.00', '10.00'],
  [type('float'), '0.1', 0.1],
  [type('float'), 'NaN', 'NaN'],
  [type('float'), '-Infinity', '-Infinity'],
  [type('money'), '$1,234.50', '$1,234.50'],
  [type('uuid'), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  [type('date'), '2026-01-01', '2026-01-01'],
  [type('time'), '08:30:00', '08:30:00'],
  [type('timestamp'), '2026-01-01 08:30:00.5', '2026-01-01T08:30:00.5'],
  [type('timestamptz'), '2026-01-01 08:30:00.123456+00', '2026-01-01T08:30:00.123456Z'],
  [type('timestamptz'), '2026-01-01 08:30:00+02', '2026-01-01T06:30:00Z'],
  [type('timestamptz'), 'infinity', 'infinity'],
  [type('timestamptz'), '0044-03-15 00:00:00+00 BC', '0044-03-15 00:00:00+00 BC'],
  [type('bytea'), '\\xdeadbeef', '3q2+7w=='],
  [type('bytea'), '\\x', ''],
  [type('json'), '{"a": [1.5, null, "x"]}', { a: [1.5, null, 'x'] }],
  [type('json'), '"text"', 'text'],
  [COLORS, 'red', 'red'],
  [arrayOf(type('integer')), '{1,NULL,3}', [1, null, 3]],
  [arrayOf(TEXT), '{"a,b",{c}}', ['a,b', ['c']]],
  [arrayOf(type('bytea')), '{"\\\\xdead"}', ['3q0=']],
  [type('tuple', { parts: [type('integer'), TEXT] }), '["7","A"]', [7, 'A']],
  [type('interval'), '1 day', '1 day'],
  [type('other', { name: 'inet' }), '10.0.0.1', '10.0.0.1'],
];

describe('values in the API', () => {
  it.each(AS_JSON)('$name %s is %j, and comes back equal', (of, value, json) => {
    expect(valueToJson(of, value)).toEqual(json);
    const back = valueFromJson(of, json);
    expect('value' in back && equalValues(of, back.value, value)).toBe(true);
  });

  it('null is null in every type, both ways', () => {
    for (const [of] of AS_JSON) {
      expect(valueToJson(of, null)).toBe(null);
      expect(valueFromJson(of, null)).toEqual({ value: null });
    }
  });

  it('numbers within JSON that a double would round are strings', () => {
    expect(valueToJson(type('json'), '{"big": 12345678901234567890, "fine": 0.1, "huge": 1e400}')).toEqual({
      big: '12345678901234567890',
      fine: 0.1,
      huge: '1e400',
    });
  });

  it('a member called __proto__ is a member', () => {
    const json = valueToJson(type('json'), '{"__proto__": {"admin": true}}');
    expect(JSON.stringify(json)).toBe('{"__proto__":{"admin":true}}');
    expect(({} as Record<string, unknown>).admin).toBe(undefined);
  });

  it('takes numbers as strings or numbers, as long as nothing was rounded on the way', () => {
    expect(valueFromJson(type('numeric'), 10.5)).toEqual({ value: '10.5' });
    expect(valueFromJson(type('numeric'), '10.50')).toEqual({ value: '10.50' });
    expect(valueFromJson(type('integer'), '42')).toEqual({ value: '42' });
    expect(valueFromJson(type('bigint'), 2 ** 60)).toHaveProperty('problem');
    expect(valueFromJson(type('float'), 1e22)).toEqual({ value: '1e+22' });
    expect(valueFromJson(type('boolean'), 'false')).toEqual({ value: 'false' });
    expect(valueFromJson(type('timestamptz'), '2026-01-01T01:00:00+01:00')).toEqual({
      value: '2026-01-01 00:00:00+00',
    });
  });

  it.each<[ValueType, Json]>([
    [TEXT, 5],
    [TEXT, true],
    [TEXT, { a: 1 }],
    [TEXT, ['a']],
    [type('integer'), 1.5],
    [type('integer'), 'x'],
    [type('boolean'), 1],
    [type('date'), '2026-02-30'],
    [type('bytea'), 'not base64!'],
    [COLORS, 'blue'],
    [arrayOf(type('integer')), [1, 'x']],
    [arrayOf(type('integer')), '{1}'],
    [type('tuple', { parts: [TEXT, TEXT] }), ['a']],
  ])('%o refuses %j', (of, json) => {
    expect(valueFromJson(of, json)).toMatchObject({ problem: { code: 'value-invalid' } });
  });

  it('JSON of any content comes back by content', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
        const read = valueFromJson(type('json'), json as Json);
        if (json === null || !('value' in read)) return;
        expect(JSON.stringify(valueToJson(type('json'), read.value))).toBe(JSON.stringify(json));
      }),
      { numRuns: 200 },
    );
  });

  it('texts of any content come back in arrays', () => {
    const items = fc.array(fc.oneof(fc.string(), fc.constantFrom('NULL', 'null', '', '{', '"', '\\', ' a ', null)));
    fc.assert(
      fc.property(items, (list) => {
        const read = valueFromJson(arrayOf(TEXT), list);
        expect('value' in read && valueToJson(arrayOf(TEXT), read.value)).toEqual(list);
      }),
      { numRuns: 300 },
    );
  });
});

describe('keys in the API', () => {
  const columns = ['doc_type', 'doc_no'];
  const types = [TEXT, type('bigint')];
  it('are objects by column', () => {
    expect(keyToJson(columns, types, ['A', '7'])).toEqual({ doc_type: 'A', doc_no: '7' });
    expect(keyFromJson(columns, types, { doc_no: 7, doc_type: 'A' })).toEqual({ key: ['A', '7'] });
  });
  it('in a query come in the order of the mapping, and end in canonical text', () => {
    expect(keyFromTexts(columns, types, ['A', '007'])).toEqual({ key: ['A', '7'] });
  });
  it('are refused where a part is missing, unknown or no value of its column', () => {
    expect(keyFromJson(columns, types, { doc_type: 'A' })).toEqual({ problem: null, column: 'doc_no' });
    expect(keyFromJson(columns, types, { doc_type: 'A', doc_no: '7', more: 1 })).toEqual({
      problem: null,
      column: 'more',
    });
    expect(keyFromJson(columns, types, 'A')).toEqual({ problem: null, column: null });
    expect(keyFromJson(columns, types, { doc_type: 'A', doc_no: 'x' })).toMatchObject({
      column: 'doc_no',
      problem: { code: 'value-invalid' },
    });
    expect(keyFromTexts(columns, types, ['A'])).toEqual({ problem: null, column: null });
  });
});
