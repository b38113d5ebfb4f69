import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { EXAMPLE, EXAMPLE_ENVIRONMENT } from './example-configuration.ts';

const SECRETS = Object.values(EXAMPLE_ENVIRONMENT).map((url) => /:([\w-]+)@/.exec(url)?.[1] ?? 'none');

/** Whatever the text is: settings or at least one error, each at a place of the file, and no secret shown. */
function expectSound(text: string): void {
  const { settings, problems } = loadConfiguration(text, EXAMPLE_ENVIRONMENT);
  const lines = text.split('\n').length;
  expect(settings === null).toBe(problems.some(({ severity }) => severity === 'error'));
  for (const problem of problems) {
    expect(problem.line).toBeGreaterThanOrEqual(1);
    expect(problem.line).toBeLessThanOrEqual(lines);
    expect(problem.column).toBeGreaterThanOrEqual(1);
    expect(problem.message).not.toBe('');
    expect(problem.message).not.toContain('{value}');
    expect(problem.code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  }
  const shown = JSON.stringify(problems);
  for (const secret of SECRETS) expect(shown).not.toContain(secret);
}

const yamlish = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          '\n',
          '  ',
          ': ',
          '- ',
          '{',
          '}',
          '[',
          ']',
          ', ',
          '"',
          "'",
          '&a ',
          '*a',
          '\t',
          '|',
          '#',
          '${HQ_URL}',
          '${',
          '!!binary ',
          '? ',
          '---\n',
          '<<',
          '~',
          '0x1',
          '.inf',
          '2026-01-01',
        ),
      },
      fc.constantFrom(
        'version',
        'hq',
        'channels',
        'mappings',
        'fields',
        'url',
        'table',
        'key',
        'match',
        'values',
        'transform',
        '1',
        'true',
        'null',
        '__proto__',
        'constructor',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

const lines = EXAMPLE.split('\n');
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(EXAMPLE.length), length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('put' as const), at: fc.nat(EXAMPLE.length), text: yamlish }),
  fc.record({ kind: fc.constant('drop' as const), line: fc.nat(lines.length - 1) }),
  fc.record({ kind: fc.constant('copy' as const), line: fc.nat(lines.length - 1), to: fc.nat(lines.length - 1) }),
  fc.record({
    kind: fc.constant('shift' as const),
    line: fc.nat(lines.length - 1),
    blanks: fc.integer({ min: 1, max: 4 }),
  }),
);

const mutated = fc.array(mutation, { minLength: 1, maxLength: 4 }).map((mutations) =>
  mutations.reduce((text, change) => {
    const parts = text.split('\n');
    switch (change.kind) {
      case 'cut':
        return text.slice(0, change.at) + text.slice(change.at + change.length);
      case 'put':
        return text.slice(0, change.at) + change.text + text.slice(change.at);
      case 'drop':
        return parts.toSpliced(change.line, 1).join('\n');
      case 'copy':
        return parts.toSpliced(change.to, 0, parts[change.line] ?? '').join('\n');
      case 'shift':
        return parts
          .with(Math.min(change.line, parts.length - 1), ' '.repeat(change.blanks) + (parts[change.line] ?? ''))
          .join('\n');
    }
  }, EXAMPLE),
);

describe('whatever the file holds', () => {
  it('arbitrary text ends in settings or problems', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), expectSound), { numRuns: 500 });
  });

  it('something like YAML ends in settings or problems', () => {
    fc.assert(fc.property(yamlish, expectSound), { numRuns: 1_000 });
  });

  it('a damaged configuration ends in settings or problems', () => {
    fc.assert(fc.property(mutated, expectSound), { numRuns: 400 });
  });

  it('any values at all in the places of options end in settings or problems', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const keys = fc.constantFrom(
      'hq',
      'channel',
      'match',
      'fields',
      'deletions',
      'schedule',
      'conflicts',
      'channels',
      'timezone',
      'x',
    );
    const mapping = fc.dictionary(keys, value);
    const base = { version: 1, hq: { url: 'postgres://a/b' }, channels: { c: { url: 'postgres://a/b' } } };
    fc.assert(
      fc.property(mapping, value, value, (written, field, commerce) => {
        const sides = { hq: { table: 'a', key: ['id'] }, channel: { table: 'a', key: ['id'] }, fields: { f: field } };
        expectSound(JSON.stringify({ ...base, mappings: { m: { ...sides, ...written } }, commerce }, null, 1));
      }),
      { numRuns: 500 },
    );
  });
});
