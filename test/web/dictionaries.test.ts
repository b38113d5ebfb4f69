import { describe, expect, test } from 'vitest';
import { CATALOGUE, type ErrorCode } from '../../src/errors/catalogue.ts';
import { STORE_CODES } from '../../src/errors/store-codes.ts';
import { en, type SetUpCode } from '../../src/web/language/en.ts';
import { fr } from '../../src/web/language/fr.ts';
import { nl } from '../../src/web/language/nl.ts';
import { sv } from '../../src/web/language/sv.ts';

const DICTIONARIES = { fr, sv, nl };

/** They follow the number of fields in English; the other languages word the sentence so that it needs neither. */
const ENGLISH_ONLY: ReadonlySet<string> = new Set(['was', 'differs']);

const placeholders = (text: string): readonly string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').filter((name) => !ENGLISH_ONLY.has(name));

/** Those outside of square brackets, which the sentence cannot do without. */
const needed = (text: string): readonly string[] => placeholders(text.replace(/\[[^\]]*\]/g, ''));

/** What is written as in a configuration or on a command line. */
const named = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');

/** Every text by its path; a function is called with its own parameter numbers, so that what it says can be compared. */
function texts(of: object, path = ''): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(of)) {
    const at = `${path}.${name}`;
    if (typeof value === 'string') found.set(at, value);
    else if (typeof value === 'function')
      found.set(at, (value as (...all: unknown[]) => string)(...[2, 3, 4, 5].slice(0, value.length)));
    else if (typeof value === 'object' && value !== null)
      for (const [inner, text] of texts(value, at)) found.set(inner, text);
  }
  return found;
}

describe.each(Object.entries(DICTIONARIES))('%s', (_, dictionary) => {
  test('every sentence about an error takes the values that the English one takes', () => {
    const codes = dictionary.codes ?? ({} as Record<ErrorCode, string>);
    for (const code of Object.keys(CATALOGUE) as ErrorCode[]) {
      const { message } = CATALOGUE[code];
      expect(new Set(placeholders(codes[code])), code).toEqual(new Set(placeholders(message)));
      expect(new Set(needed(codes[code])), code).toEqual(new Set(needed(message)));
    }
  });

  test('every text with values says each of them', () => {
    const english = texts(en);
    const numbers = (text: string): string => (text.match(/[2-5]/g) ?? []).toSorted().join('');
    for (const [path, text] of texts({ ...dictionary, codes: null, remedies: null, setUpRemedies: null }))
      expect(numbers(text), `${path}: ${text}`).toBe(numbers(english.get(path) ?? ''));
  });

  test('what cures a problem of set-up names the same settings and commands as in English', () => {
    for (const code of Object.keys(STORE_CODES) as SetUpCode[]) {
      const text = dictionary.setUpRemedies?.[code] ?? '';
      const english: string = STORE_CODES[code].remedy;
      expect(named(text), code).toEqual(expect.arrayContaining(named(english).filter((name) => name !== 'url')));
      expect(text, code).not.toBe(english);
      expect(
        placeholders(text).filter((name) => name !== 'privilege'),
        code,
      ).toEqual([]);
    }
  });

  // Up to three words may be the same in two languages: «Record in HQ» is Dutch too.
  test('no sentence is left in English', () => {
    const english = texts(en);
    const same = [...texts({ ...dictionary, codes: null })].filter(
      ([path, text]) => text === english.get(path) && (text.match(/[a-z]{2,}/gi) ?? []).length > 3,
    );
    expect(same).toEqual([]);
  });
});

test('the singular is used for one, and in French for nothing too', () => {
  expect(en.list.count(1)).toBe('1 row');
  expect(fr.list.count(0)).toBe('0 ligne');
  expect(fr.list.count(2)).toBe('2 lignes');
  expect(sv.list.count(0)).toBe('0 rader');
  expect(nl.list.count(1)).toBe('1 rij');
});
