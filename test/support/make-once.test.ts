import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeOnce } from './make-once.ts';

test('what several make at once is found whole or not at all, and is made by one', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'couplet-once-'));
  const folder = join(parent, 'browser');
  const going = Promise.withResolvers<void>();
  const begun: string[] = [];
  const make = (name: string) =>
    makeOnce(folder, async (draft) => {
      begun.push(name);
      await writeFile(join(draft, 'executable'), 'half');
      await going.promise;
      await writeFile(join(draft, 'executable'), 'whole');
    });
  try {
    await expect(makeOnce(folder, () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    const both = [make('first'), make('second')];
    await expect.poll(() => begun.length).toBe(2);
    expect(await readdir(parent)).not.toContain('browser');
    going.resolve();
    expect(await Promise.all(both)).toEqual([folder, folder]);
    expect(await readFile(join(folder, 'executable'), 'utf8')).toBe('whole');
    await make('third');
    expect(begun).toHaveLength(2);
    expect(await readdir(parent)).toEqual(['browser']);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
});
