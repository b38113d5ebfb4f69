/** Builds the page when it is not there yet, or when its source is newer: a clone needs nothing but `npm ci`. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

export interface PagePlaces {
  readonly source: string;
  /** Where the built page lies. */
  readonly page: string;
  /** Null: the tools that build it are not installed. */
  readonly build: ((outDir: string) => Promise<unknown>) | null;
}

const vite = join(root, 'node_modules/vite/bin/vite.js');
const ofThisProgram = (): PagePlaces => ({
  source: join(root, 'src/web'),
  page: join(root, 'dist/web'),
  // A process of its own: the build's memory goes with it, and what it takes for the environment stays its own.
  build: existsSync(vite)
    ? (outDir) =>
        promisify(execFile)(process.execPath, [vite, 'build', '--outDir', outDir, '--emptyOutDir'], { cwd: root })
    : null,
});

/**
 * The folder of the page; null where it is neither built nor can be (an installation without the tools that build it).
 * `tell` is called before building, which takes some seconds.
 */
export async function ensurePageBuilt(
  tell: (line: string) => void,
  places: PagePlaces = ofThisProgram(),
): Promise<string | null> {
  const { source, page, build } = places;
  const index = join(page, 'index.html');
  const isThere = (): boolean => existsSync(index);
  const hasSource = existsSync(join(source, 'index.html'));
  const isNew = async (): Promise<boolean> => {
    const builtMs = await modifiedMs(index);
    return builtMs !== null && (!hasSource || builtMs >= (await newestMs(source)));
  };
  if (await isNew()) return page;
  if (!hasSource || build === null) return isThere() ? page : null;
  tell('Building the page…');
  // Beside, then moved: a server that serves the former build, or a second start, never meets half a page.
  const beside = `${page}.${randomUUID()}`;
  await build(beside);
  // Another start was faster: its page is as good, and may be served already, so it stays where it is.
  if (await isNew()) {
    await rm(beside, { recursive: true, force: true });
    return page;
  }
  // Moved away, and removed when the new one is there: the former goes file by file, and somebody may be served meanwhile.
  const former = `${beside}.former`;
  await rename(page, former).catch(() => {});
  await rename(beside, page).catch(async (fault: unknown) => {
    await rm(beside, { recursive: true, force: true });
    if (!isThere()) throw fault;
  });
  await rm(former, { recursive: true, force: true });
  return page;
}

/** Never fails: in a checkout that may only be read, say, everything but the page is there all the same. */
export async function pageIfPossible(tell: (line: string) => void): Promise<string | null> {
  try {
    return await ensurePageBuilt(tell);
  } catch (fault) {
    tell(`The page could not be built: ${fault instanceof Error ? fault.message : String(fault)}`);
    const { page } = ofThisProgram();
    return existsSync(join(page, 'index.html')) ? page : null;
  }
}

async function modifiedMs(file: string): Promise<number | null> {
  const found = await stat(file).catch(() => null);
  return found?.mtimeMs ?? null;
}

async function newestMs(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const times = await Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => modifiedMs(join(entry.parentPath, entry.name))),
  );
  return Math.max(0, ...times.map((time) => time ?? 0));
}
