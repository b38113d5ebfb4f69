import { chmod, cp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { codeOf, EmbeddedPostgresError } from './embedded-postgres-error.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
  /** Of the server, as in a data directory's PG_VERSION. */
  majorVersion: string;
}

/** The PostgreSQL that npm installed for this platform (the packages that `embedded-postgres` depends on). */
export async function findBinaries(): Promise<Binaries> {
  const { native, version } = await findPackage();
  await linkLibraries(native);
  return binariesIn(native, version);
}

/**
 * A copy of the binaries in `sharedDir`, for a server that runs under another account than ours: the checkout may lie
 * where that account cannot go (`/root`). Copied once per version, and moved into place only when complete.
 */
export async function copyBinaries(sharedDir: string): Promise<Binaries> {
  const { native, version } = await findPackage();
  const target = join(sharedDir, `postgresql-${version}-${process.platform}-${process.arch}`);
  if (!(await exists(join(target, 'bin', 'postgres')))) {
    const draft = `${target}.${process.pid}.draft`;
    await rm(draft, { recursive: true, force: true });
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(draft);
    await letEverybodyRead(draft);
    try {
      await rename(draft, target);
    } catch (error) {
      // Another program was faster; the two copies are the same.
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  return binariesIn(target, version);
}

function binariesIn(native: string, version: string): Binaries {
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    majorVersion: version.slice(0, version.indexOf('.')),
  };
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const packageDir = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string };
    return { native: join(packageDir, 'native'), version };
  } catch (error) {
    throw new EmbeddedPostgresError(
      'binaries-missing',
      `There is no embedded PostgreSQL for this machine (the npm package ${name} is not installed). ` +
        'Run npm ci without --omit=optional, or name a PostgreSQL server in COUPLET_DATABASE_URL.',
      { cause: error },
    );
  }
}

/** A package of npm cannot hold links, so its install script makes them, unless npm was told to run no scripts. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(native, relative('native', target));
    if (!(await exists(path))) await symlink(relative(dirname(target), source), path);
  }
}

/** npm may have run under a umask that shuts others out. */
async function letEverybodyRead(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
