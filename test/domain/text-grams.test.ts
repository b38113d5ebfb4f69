import { describe, expect, test } from 'vitest';
import { gramsOf } from '../../src/domain/text-grams.ts';

const covers = (text: string, part: string): boolean => {
  const grams = new Set(gramsOf(text));
  return gramsOf(part).every((gram) => grams.has(gram));
};

describe('the numbers of a text', () => {
  test('contain those of every part of it', () => {
    const text = 'anna.åkesson@example.com';
    for (let from = 0; from < text.length; from += 1)
      for (let to = from + 1; to <= text.length; to += 1) expect(covers(text, text.slice(from, to))).toBe(true);
  });

  test('tell another text apart', () => {
    expect(covers('anna@example.com', 'anna@example.org')).toBe(false);
    expect(covers('anna@example.com', 'nana')).toBe(false);
  });

  test('do not reach from one line to the next', () => {
    expect(covers('anna\nsmith', 'nas')).toBe(false);
  });

  test('are none of what has fewer than three letters, and fit an integer whatever the letters', () => {
    expect(gramsOf('ab\ncd')).toEqual([]);
    expect(gramsOf('😀😀😀顧客様').every((gram) => gram >= 0 && gram < 2 ** 31)).toBe(true);
  });
});
