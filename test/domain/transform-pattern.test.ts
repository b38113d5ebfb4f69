import { describe, expect, it } from 'vitest';
import { unknownDateToken } from '../../src/domain/transform-date.ts';
import { patternProblem } from '../../src/domain/transform-pattern.ts';

describe('patterns in the configuration', () => {
  it.each(['(a+)+', '(a*)*$', '(\\w+\\s?)+$', '(?:x|[a-z]+)*', '((a+))+', '(a+){2,}', '(?<word>\\w*)+'])(
    'refuse %s, whose work doubles with every character',
    (pattern) => {
      expect(patternProblem(pattern)).toBe('a repetition of repetitions takes forever on some texts');
    },
  );

  it.each([
    '[^0-9+]',
    '(\\d+-)*\\d+',
    '^\\s+|\\s+$',
    '(?:\\d{3},)*',
    '(ab?c)+',
    '[(+)*]+',
    '\\(+\\)+',
    '(a+)?',
    '\\p{L}+',
  ])('allow %s', (pattern) => {
    expect(patternProblem(pattern)).toBeNull();
  });

  it('say in words what is wrong with a pattern', () => {
    expect(patternProblem('(a')).toBe('unterminated group');
    expect(patternProblem('[z-a]')).toBe('range out of order in character class');
  });
});

describe('date formats in the configuration', () => {
  it.each([
    ['yyyy-MM-dd', null],
    ["HH'h'mm", null],
    ['YYYY-MM-dd', 'YYYY'],
    ['dd MMM yyyy', 'MMM'],
    ["dd 'of", "'of"],
  ])('name the first letters of %s that mean nothing: %s', (format, unknown) => {
    expect(unknownDateToken(format)).toBe(unknown);
  });
});
