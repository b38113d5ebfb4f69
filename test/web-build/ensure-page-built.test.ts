import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensurePageBuilt, type PagePlaces } from '../../src/web-build/ensure-page-built.ts';

interface Stage extends AsyncDisposable {
  readonly places: PagePlaces;
  /** Builds that were begun: each ends when it is told to, with a page that says whose it is. */
  readonly builds: ((text: string) => void)[];
  readonly start: () => Promise<string | null>;
  readonly shown: () => Promise<string>;
}

async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'couplet-page-'));
  const source = join(folder, 'source');
  await mkdir(source);
  await writeFile(join(source, 'index.html'), 'source');
  const builds: Stage['builds'] = [];
  const places: PagePlaces = {
    source,
    page: join(folder, 'dist'),
    build: async (outDir) => {
      const text = await new Promise<string>((resolve) => builds.push(resolve));
      await mkdir(outDir, { recursive: true });
      await writeFile(join(outDir, 'index.html'), text);
    },
  };
  return {
    places,
    builds,
    start: () => ensurePageBuilt(() => {}, places),
    shown: () => readFile(join(places.page, 'index.html'), 'utf8'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

test('of two starts that build at once, the page of the first stays: it is served already', async () => {
  await using stage = await openStage();
  const { builds, places, start, shown } = stage;
  const first = start();
  const second = start();
  await expect.poll(() => builds.length).toBe(2);
  builds[0]?.('the first');
  expect(await first).toBe(places.page);
  expect(await shown()).toBe('the first');
  builds[1]?.('the second');
  expect(await second).toBe(places.page);
  expect(await shown()).toBe('the first');
  expect((await readdir(join(places.page, '..'))).toSorted()).toEqual(['dist', 'source']);
});

test('a page is built again when its source is newer, and only then', async () => {
  await using stage = await openStage();
  const { builds, places, start, shown } = stage;
  const first = start();
  await expect.poll(() => builds.length).toBe(1);
  builds[0]?.('former');
  await first;
  expect(await start()).toBe(places.page);
  expect(builds).toHaveLength(1);

  const long = new Date(Date.now() - 60_000);
  await utimes(join(places.page, 'index.html'), long, long);
  const second = start();
  await expect.poll(() => builds.length).toBe(2);
  builds[1]?.('newer');
  await second;
  expect(await shown()).toBe('newer');
  expect((await readdir(join(places.page, '..'))).toSorted()).toEqual(['dist', 'source']);
});

test('without the tools that build it, the page that is there is taken, or none', async () => {
  await using stage = await openStage();
  const places = { ...stage.places, build: null };
  expect(await ensurePageBuilt(() => {}, places)).toBeNull();
  await mkdir(places.page);
  await writeFile(join(places.page, 'index.html'), 'former');
  const long = new Date(Date.now() - 60_000);
  await utimes(join(places.page, 'index.html'), long, long);
  expect(await ensurePageBuilt(() => {}, places)).toBe(places.page);
});
