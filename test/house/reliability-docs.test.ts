import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const NAMED = /`(test\/[^`]+\.ts)` “([^”]+)”/g;

test('every test that docs/reliability.md names is there, and every invariant has one', async () => {
  const docs = await readFile(resolve(ROOT, 'docs/reliability.md'), 'utf8');
  const missing: string[] = [];
  for (const [, file = '', name = ''] of docs.matchAll(NAMED)) {
    const text = await readFile(resolve(ROOT, file), 'utf8').catch(() => '');
    if (!text.includes(name)) missing.push(`${file}: ${name}`);
  }
  expect(missing).toEqual([]);
  const invariants = docs.split('\n').flatMap((line) => {
    const number = /^\| (\d+) \|/.exec(line)?.[1];
    return number === undefined ? [] : [{ number: Number(number), shown: line.match(NAMED) !== null }];
  });
  expect(invariants).toEqual(Array.from({ length: 18 }, (_, at) => ({ number: at + 1, shown: true })));
});
