import { afterEach, expect, test, vi } from 'vitest';
import { formatsOf, regionalTag } from '../../src/web/language/formats.ts';

afterEach(() => vi.unstubAllGlobals());

test.each([
  [['en-US@posix'], 'en'],
  [['en-US@posix', 'en-GB'], 'en-GB'],
  [['en_US', 'C'], 'en'],
  [['fr-CA', 'en-AU'], 'en-AU'],
  [[], 'en'],
])('of the languages %j of a browser, one that can be written in is taken', (languages, expected) => {
  vi.stubGlobal('navigator', { languages });
  const tag = regionalTag('en');
  expect(tag).toBe(expected);
  expect(formatsOf(tag).number(1_000)).toBe('1,000');
});
