import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage, settled } from './open-page.ts';

const MOST_BYTES = 200_000;

interface LoadedScript {
  readonly name: string;
  readonly bytes: number;
  readonly encoding: string | undefined;
}

/** Every script that a window without a cache fetches until the page at the address is still. */
async function scriptsOf(page: Page, address: string): Promise<readonly LoadedScript[]> {
  const coming: Promise<LoadedScript>[] = [];
  page.on('response', (response) => {
    const name = new URL(response.url()).pathname;
    if (!name.endsWith('.js')) return;
    coming.push(
      response.body().then((body) => ({
        name,
        bytes: gzipSync(body, { level: 9 }).length,
        encoding: response.headers()['content-encoding'],
      })),
    );
  });
  await page.goto(address);
  await settled(page);
  return Promise.all(coming);
}

test('a first load takes less than 200 kB of script, compressed as it is sent, whichever page comes first', async () => {
  await using open = await openPage();
  for (const address of [
    '/',
    '/errors',
    '/log',
    '/couplings',
    '/jobs',
    '/mappings',
    '/customer-operations',
    '/commerce',
  ]) {
    const { page } = await open.openAnother({});
    const scripts = await scriptsOf(page, address);
    expect(scripts.length).toBeGreaterThan(5);
    expect(
      scripts.reduce((sum, { bytes }) => sum + bytes, 0),
      `${address}: ${scripts.map(({ name, bytes }) => `${name} ${bytes}`).join(', ')}`,
    ).toBeLessThan(MOST_BYTES);
    expect(new Set(scripts.map(({ encoding }) => encoding))).toEqual(new Set(['gzip']));
    await page.context().close();
  }
});
