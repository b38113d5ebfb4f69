/** Builds the page when it is not there yet, or when its source is newer: a clone needs nothing but `npm ci`. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

/** Where the built page lies. */
export const pageFolder = join(root, 'dist/web');

/**
 * The folder of the page; null where it is neither built nor can be (an installation without the tools that build it).
 * `tell` is called before building, which takes some seconds.
 */
export async function ensurePageBuilt(tell: (line: string) => void): Promise<string | null> {
  const builtMs = await modifiedMs(join(pageFolder, 'index.html'));
  const source = join(root, 'src/web');
  if (!existsSync(join(source, 'index.html'))) return builtMs === null ? null : pageFolder;
  if (builtMs !== null && builtMs >= (await newestMs(source))) return pageFolder;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  if (!existsSync(vite)) return builtMs === null ? null : pageFolder;
  tell('Building the page…');
  // Beside, then moved: a server that serves the former build, or a second start, never meets half a page.
  const beside = `${pageFolder}.${process.pid}`;
  // A process of its own: the build's memory goes with it, and what it takes for the environment stays its own.
  await promisify(execFile)(process.execPath, [vite, 'build', '--outDir', beside, '--emptyOutDir'], { cwd: root });
  // Moved away before it is removed: another start may move its page in while the former one goes, file by file.
  const former = `${beside}.former`;
  await rename(pageFolder, former).catch(() => {});
  await rm(former, { recursive: true, force: true });
  await rename(beside, pageFolder).catch(async (fault: unknown) => {
    await rm(beside, { recursive: true, force: true });
    // Another start was faster; its page is as good.
    if (!existsSync(join(pageFolder, 'index.html'))) throw fault;
  });
  return pageFolder;
}

/** Never fails: in a checkout that may only be read, say, everything but the page is there all the same. */
export async function pageIfPossible(tell: (line: string) => void): Promise<string | null> {
  try {
    return await ensurePageBuilt(tell);
  } catch (fault) {
    tell(`The page could not be built: ${fault instanceof Error ? fault.message : String(fault)}`);
    return existsSync(join(pageFolder, 'index.html')) ? pageFolder : null;
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
