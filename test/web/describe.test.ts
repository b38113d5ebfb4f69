import { expect, test } from 'vitest';
import { describe as sentence, setUpRemedyOf } from '../../src/web/language/describe.ts';
import { en } from '../../src/web/language/en.ts';
import { fr } from '../../src/web/language/fr.ts';
import { nl } from '../../src/web/language/nl.ts';
import { sv } from '../../src/web/language/sv.ts';

const UNTIL = '2026-11-21T09:15:00.123456Z';
const SAID = `Anna is editing the operation until ${UNTIL}`;

test.each(Object.entries({ en, fr, sv, nl }))('a moment is told as people write it: %s', (_, t) => {
  const told = sentence(t, 'being-edited', { by: 'Anna', until: UNTIL }, SAID);
  expect(told).toContain('Anna');
  expect(told).toMatch(/26/);
  expect(told).not.toMatch(/\d{4}-\d{2}-\d{2}T/);
});

test('what keeps a store away is told in words of the language, and what has no words stands for itself', () => {
  const said = 'The store Houston cannot be reached: nothing listens at that address and port';
  const told = { fr: 'adresse', sv: 'adress', nl: 'adres' };
  for (const [t, word] of [[fr, told.fr] as const, [sv, told.sv] as const, [nl, told.nl] as const]) {
    const sentenceOf = (reason: string) => sentence(t, 'store-unreachable', { store: 'Houston', reason }, said);
    expect(sentenceOf('ECONNREFUSED')).toContain(word);
    expect(sentenceOf('ECONNREFUSED')).not.toContain('ECONN');
    expect(sentenceOf('57P04')).toContain('57P04');
  }
});

test('a value of a record stays as it is, also one that looks like a moment', () => {
  const english = `${UNTIL} of email is no e-mail address`;
  expect(sentence(en, 'value-invalid', { field: 'email', value: UNTIL }, english)).toBe(english);
});

test('what cures a problem of set-up is told in words of the language; the API’s stand in English and for other codes', () => {
  const problem = {
    code: 'right-missing',
    params: { privilege: 'SELECT (mail)' },
    remedy: 'Let the owner `GRANT` it.',
  };
  expect(setUpRemedyOf(nl, problem)).toMatchObject({
    inEnglish: false,
    text: expect.stringContaining('SELECT (mail)'),
  });
  expect(setUpRemedyOf(en, problem)).toEqual({ inEnglish: true, text: 'Let the owner GRANT it.' });
  const unknown = { code: 'of-a-later-version', params: {}, remedy: 'Do this.' };
  expect(setUpRemedyOf(sv, unknown)).toEqual({ inEnglish: true, text: 'Do this.' });
  expect(setUpRemedyOf(fr, { ...problem, code: 'mass-deletion' }).inEnglish).toBe(false);
});

test.each(Object.entries({ fr, sv, nl }))('where nothing is possible, nothing is offered: %s', (_, t) => {
  const told = sentence(t, 'action-not-allowed', { action: 'save', allowed: [] }, 'save does not fit here');
  expect(told).not.toMatch(/[;:]/);
  expect(sentence(t, 'action-not-allowed', { action: 'save', allowed: ['dismiss'] }, '')).toContain('dismiss');
});
