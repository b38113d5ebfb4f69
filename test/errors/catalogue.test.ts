import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeCode } from '../../src/domain/describe-change.ts';
import { CATALOGUE, CODE_GROUPS, type ErrorCode, entryOf, isErrorCode } from '../../src/errors/catalogue.ts';
import { errorDocs } from '../../src/errors/error-docs.ts';

const codes = Object.keys(CATALOGUE) as ErrorCode[];
const root = new URL('../../', import.meta.url);

describe('the catalogue', () => {
  it('has every code once', () => {
    const all = CODE_GROUPS.flatMap((group) => Object.keys(group.codes));
    expect(all.toSorted()).toEqual(codes.toSorted());
    expect(new Set(all).size).toBe(all.length);
  });

  it('names codes in words', () => {
    for (const code of codes) expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });

  it.each(codes)('%s: says what happened, what cures it, and a sentence', (code) => {
    const { meaning, remedy, message } = entryOf(code);
    expect(meaning).toMatch(/\.$/);
    expect(remedy).toMatch(/\.$/);
    expect(message).not.toMatch(/\.$/);
    // Groups do not nest, and each has a parameter that it depends on.
    for (const [group] of message.matchAll(/\[[^\]]*\]/g)) expect(group).toMatch(/^\[[^[]*\{\w+\}[^[]*\]$/);
  });

  it.each(codes)('%s: has an HTTP status if it is answered to a caller, and none if only the log tells it', (code) => {
    const { acts, status } = entryOf(code);
    if (acts === 'caller') expect(status).toBeGreaterThanOrEqual(400);
    if (acts === 'nobody') expect(status).toBe(null);
  });

  it.each(codes)('%s: makes a whole sentence, with parameters and without', (code) => {
    for (const params of [{}, { field: 'email', side: 'hq', key: ['C1'], limit: 5 }]) {
      expect(describeCode(code, params)).not.toMatch(/[{}[\]]|undefined|null/);
    }
  });

  it('knows its codes from other texts', () => {
    expect(isErrorCode('update-conflict')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
    // @ts-expect-error a code that is not in the catalogue does not compile
    expect(() => entryOf('no-such-code').meaning).toThrow(TypeError);
  });

  it('has every code that the contract promises', () => {
    const promised = [
      'update-conflict',
      'initial-conflict',
      'record-replaced',
      'deleted-in-hq',
      'deleted-in-channel',
      'deleted-and-changed',
      'constraint-violated',
      'write-suppressed',
      'value-too-long',
      'value-not-mapped',
      'value-invalid',
      'transform-failed',
      'required-value-missing',
      'parent-not-coupled',
      'match-ambiguous',
      'verification-difference',
      'swinging',
      'mass-deletion',
      'mass-change',
      'schema-changed',
      'permission-denied',
      'store-unreachable',
      'lineage-broken',
      'operation-malformed',
      'operation-not-supported',
      'unknown-parameter',
      'idempotency-key-reused',
      'request-in-progress',
      'direction-not-configured',
      'job-finished',
      'already-coupled',
      'record-not-found',
      'winner-required',
      'stale-decision',
      'already-resolved',
      'action-not-allowed',
      'count-changed',
      'not-authenticated',
      'not-allowed',
      'session-applied',
      'prerequisite-missing',
      'feature-required-by',
      'customer-pending',
      'customer-not-found',
      'precondition-required',
      'being-edited',
    ];
    expect(promised.filter((code) => !isErrorCode(code))).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  it('is what the catalogue says (node src/errors/write-error-docs.ts writes it)', () => {
    expect(readFileSync(new URL('docs/errors.md', root), 'utf8')).toBe(errorDocs());
  });

  it('has a heading for every code and none for anything else', () => {
    const headings = [...readFileSync(new URL('docs/errors.md', root), 'utf8').matchAll(/^### `([^`]+)`$/gm)];
    expect(headings.map((match) => match[1]).toSorted()).toEqual(codes.toSorted());
  });
});

describe('codes in the source', () => {
  it('that name a finding, a refusal or a fault are in the catalogue', () => {
    const unknown: string[] = [];
    const folders = ['engine', 'stores', 'ports', 'domain', 'database', 'errors', 'http', 'jobs', 'commerce'];
    for (const folder of folders) {
      for (const file of sourceFiles(folder)) {
        const text = readFileSync(new URL(`src/${folder}/${file}`, root), 'utf8');
        const used = text.matchAll(
          /(?:finding\('\w+', |(?:ActionRefused|StoreRefused|Violation)\(\s*|\bcode(?::| =) )'([a-z]+(?:-[a-z]+)+)'/g,
        );
        for (const [, code = ''] of used) if (!isErrorCode(code)) unknown.push(`${folder}/${file}: ${code}`);
      }
    }
    expect(unknown).toEqual([]);
  });
});

function sourceFiles(folder: string): readonly string[] {
  try {
    return readdirSync(new URL(`src/${folder}`, root), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
  } catch {
    return [];
  }
}
