import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Field } from '../../src/domain/mapping.ts';
import type { Transform } from '../../src/domain/transform.ts';
import { applyTransforms } from '../../src/domain/transform.ts';
import { mapValue, roundTrips, transformValue } from '../../src/domain/transform-value.ts';

const run = (transform: Transform | readonly Transform[], value: string | null): unknown => {
  const result = applyTransforms(Array.isArray(transform) ? transform : [transform as Transform], value);
  return 'value' in result ? result.value : result.error;
};

const field = (over: Partial<Field>): Field => ({
  name: 'phone',
  hq: ['phone'],
  channel: ['tel'],
  direction: 'both',
  resolve: 'manual',
  initialWinner: 'manual',
  values: null,
  references: null,
  transform: { toHq: [], toChannel: [] },
  constant: null,
  ...over,
});

describe('transforms', () => {
  it('trims blanks at both ends and nothing between', () => {
    expect(run({ kind: 'trim' }, ' a  b\t')).toBe('a  b');
  });

  it('changes case, title case word by word', () => {
    expect(run({ kind: 'upperCase' }, 'straße')).toBe('STRASSE');
    expect(run({ kind: 'lowerCase' }, 'ÅSA')).toBe('åsa');
    expect(run({ kind: 'titleCase' }, "JEAN-LUC o'BRIEN ålund 3RD")).toBe("Jean-Luc O'brien Ålund 3rd");
  });

  it('replaces every occurrence of a text to the letter', () => {
    expect(run({ kind: 'replace', from: '.', to: '$&' }, '1.2.3')).toBe('1$&2$&3');
  });

  it('replaces and removes what a pattern matches, with groups', () => {
    expect(run({ kind: 'replacePattern', pattern: '^(\\d\\d)\\.(\\d\\d)$', to: '$2-$1' }, '31.12')).toBe('12-31');
    expect(run({ kind: 'removePattern', pattern: '[^0-9+]' }, '+46 (0)8-123')).toBe('+4608123');
  });

  it('counts characters as people do, not code units', () => {
    expect(run({ kind: 'substring', start: 1, length: 2 }, 'a😀bc')).toBe('😀b');
    expect(run({ kind: 'padStart', length: 3, character: '0' }, '😀')).toBe('00😀');
    expect(run({ kind: 'padStart', length: 3, character: '0' }, '12345')).toBe('12345');
  });

  it('puts text before and after', () => {
    expect(
      run(
        [
          { kind: 'prefix', text: 'C' },
          { kind: 'suffix', text: '!' },
        ],
        '1',
      ),
    ).toBe('C1!');
  });

  it('gives the part of a split, and null where there is none', () => {
    expect(run({ kind: 'split', separator: ' ', index: 1 }, 'Ada Lovelace')).toBe('Lovelace');
    expect(run({ kind: 'split', separator: ' ', index: 1 }, 'Ada')).toBeNull();
  });

  it('lets null pass through everything but default', () => {
    const all: Transform[] = [
      { kind: 'trim' },
      { kind: 'prefix', text: 'x' },
      { kind: 'round', digits: 2 },
      { kind: 'dateFormat', format: 'yyyy' },
    ];
    expect(run(all, null)).toBeNull();
    expect(run([...all, { kind: 'default', value: 'none' }], null)).toBe('none');
    expect(run({ kind: 'default', value: 'none' }, '')).toBe('');
  });

  it.each([
    ['2.675', 2, '2.68'],
    ['1.005', 2, '1.01'],
    ['-2.5', 0, '-3'],
    ['-0.4', 0, '0'],
    ['0.5', 0, '1'],
    ['1250', -2, '1300'],
    ['49', -2, '0'],
    ['50', -2, '100'],
    ['50', -3, '0'],
    ['1', 2, '1.00'],
    ['9.999', 2, '10.00'],
    ['123456789012345678901234567890.125', 2, '123456789012345678901234567890.13'],
    ['1.5e-07', 7, '0.0000002'],
    ['1e+20', 0, '100000000000000000000'],
    ['.5', 1, '0.5'],
    ['000.50', 1, '0.5'],
  ])('rounds %s to %i digits: %s', (value, digits, expected) => {
    expect(run({ kind: 'round', digits }, value)).toBe(expected);
  });

  it('rounds any decimal as whole numbers would be, half away from zero', () => {
    const scaled = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(20), fc.nat(20));
    fc.assert(
      fc.property(scaled, ([number, scale, digits]) => {
        fc.pre(digits <= scale);
        const size = number < 0n ? -number : number;
        const text = size.toString().padStart(scale + 1, '0');
        const decimal = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
        const unit = 10n ** BigInt(scale - digits);
        const expected = (2n * size + unit) / (2n * unit);
        const rounded = String(run({ kind: 'round', digits }, number < 0n ? `-${decimal}` : decimal));
        expect(BigInt(rounded.replace('.', ''))).toBe(number < 0n ? -expected : expected);
        expect(rounded.split('.')[1]?.length ?? 0).toBe(digits);
      }),
    );
  });

  it('fails to round what is no number, saying what it was', () => {
    expect(run({ kind: 'round', digits: 2 }, 'twelve')).toEqual({
      code: 'transform-failed',
      params: { transform: 'round', value: 'twelve', expected: 'number' },
    });
    expect(run({ kind: 'round', digits: 2 }, 'NaN')).toMatchObject({ code: 'transform-failed' });
  });

  it.each([
    ['2026-01-31', 'dd.MM.yyyy', '31.01.2026'],
    ['2026-01-03 04:05:06.5+02', 'd/M/yy H:m:s', '3/1/26 4:5:6'],
    ['2026-01-03 04:05:06.123456+05:30', "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2026-01-03T04:05:06.123+05:30'],
    ['2026-01-03T04:05:06Z', "HH 'o''clock'", "04 o'clock"],
    ['2026-01-31', 'yyyyMMddHHmmss', '20260131000000'],
  ])('writes %s as %s: %s', (value, format, expected) => {
    expect(run({ kind: 'dateFormat', format }, value)).toBe(expected);
  });

  it.each(['infinity', '0044-03-15 BC', '31.01.2026', '2026-13-01'])('fails to format %s as a date', (value) => {
    expect(run({ kind: 'dateFormat', format: 'yyyy' }, value)).toMatchObject({ code: 'transform-failed' });
  });

  it('refuses to try an open pattern on an endless text', () => {
    expect(run({ kind: 'removePattern', pattern: 'a+' }, 'a'.repeat(60_000))).toMatchObject({
      code: 'transform-failed',
      params: { limit: 50_000, length: 60_000 },
    });
    expect(run({ kind: 'removePattern', pattern: '\\r' }, 'a\r'.repeat(60_000))).toBe('a'.repeat(60_000));
  });
});

describe('value maps', () => {
  const pairs = [
    ['US', 'United States'],
    ['UM', 'United States'],
    ['FR', 'France'],
  ] as const;

  it('map both ways, the first pair winning where a text stands twice', () => {
    expect(mapValue(pairs, 'toChannel', 'UM')).toEqual({ value: 'United States' });
    expect(mapValue(pairs, 'toHq', 'United States')).toEqual({ value: 'US' });
  });

  it('leave null alone and refuse what they do not know', () => {
    expect(mapValue(pairs, 'toHq', null)).toEqual({ value: null });
    expect(mapValue(pairs, 'toHq', 'Spain')).toEqual({
      error: { code: 'value-not-mapped', params: { value: 'Spain' } },
    });
    expect(mapValue(pairs, 'toChannel', 'constructor')).toMatchObject({ error: { code: 'value-not-mapped' } });
  });

  it('stand at the end of the way to the channel and at the beginning of the way to HQ', () => {
    const country = field({
      values: [['US', 'United States']],
      transform: { toChannel: [{ kind: 'upperCase' }], toHq: [{ kind: 'lowerCase' }] },
    });
    expect(transformValue(country, 'toChannel', 'us')).toEqual({ value: 'United States' });
    expect(transformValue(country, 'toHq', 'United States')).toEqual({ value: 'us' });
  });
});

describe('round trips', () => {
  it('name the values that do not come back as they went', () => {
    const upper = field({ transform: { toChannel: [{ kind: 'upperCase' }], toHq: [] } });
    expect(roundTrips(upper, { hq: ['abc', 'ABC', null], channel: ['abc'] })).toEqual([
      { side: 'hq', value: 'abc', returned: { value: 'ABC' } },
      { side: 'channel', value: 'abc', returned: { value: 'ABC' } },
    ]);
  });

  it('are sound for transforms that undo each other', () => {
    const prefixed = field({
      transform: { toChannel: [{ kind: 'prefix', text: 'C' }], toHq: [{ kind: 'removePattern', pattern: '^C' }] },
    });
    expect(roundTrips(prefixed, { hq: ['1', '2'], channel: ['C1'] })).toEqual([]);
  });

  it('concern only fields that travel both ways', () => {
    const oneWay = field({ direction: 'toChannel', transform: { toChannel: [{ kind: 'upperCase' }], toHq: [] } });
    expect(roundTrips(oneWay, { hq: ['abc'], channel: [] })).toEqual([]);
  });
});
