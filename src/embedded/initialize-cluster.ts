import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, EmbeddedPostgresError } from './embedded-postgres-error.ts';
import type { Place } from './place-cluster.ts';

const run = promisify(execFile);

/** The superuser of every embedded server. */
export const superuser = 'couplet';

/** Makes the cluster on first start. Returns whether it was made now. */
export async function initializeCluster(place: Place, durable: boolean): Promise<boolean> {
  const found = await readFile(join(place.pgdata, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (found !== null) {
    if (found.trim() !== place.binaries.majorVersion) throw wrongVersion(place, found.trim());
    return false;
  }
  const password = randomBytes(24).toString('base64url');
  await rm(place.passwordFile, { force: true });
  await writeFile(place.passwordFile, password, { mode: 0o600 });
  await createCluster(place, password, durable);
  return true;
}

export async function readPassword(place: Place): Promise<string> {
  try {
    return (await readFile(place.passwordFile, 'utf8')).trim();
  } catch (error) {
    throw new EmbeddedPostgresError(
      'password-missing',
      `The password of the embedded PostgreSQL, ${place.passwordFile}, cannot be read (${codeOf(error)}). ` +
        'Put it back, or remove the whole directory to begin anew.',
      { cause: error },
    );
  }
}

/** In a draft directory that is renamed when complete: a start that is interrupted leaves nothing half made. */
async function createCluster(place: Place, password: string, durable: boolean): Promise<void> {
  const draft = `${place.pgdata}.draft`;
  const handover = join(place.clusterDir, 'initial-password');
  await rm(draft, { recursive: true, force: true });
  await rm(handover, { force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(handover, password, { mode: 0o600 });
  if (place.account !== null) {
    await chown(draft, place.account.uid, place.account.gid);
    await chown(handover, place.account.uid, place.account.gid);
  }
  const options = [
    `--pgdata=${draft}`,
    `--username=${superuser}`,
    `--pwfile=${handover}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Compiled into PostgreSQL, so the order of texts is the same on every machine and after every upgrade of its libc.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ];
  try {
    await run(place.binaries.initdb, options, { cwd: place.clusterDir, env: minimalEnvironment(), ...place.account });
  } catch (error) {
    throw initdbFailed(error);
  } finally {
    await rm(handover, { force: true });
  }
  await rename(draft, place.pgdata);
}

/** Nothing of ours: a PGDATA, PGPORT or LC_ALL of the user's would change what the server does. */
export function minimalEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function initdbFailed(error: unknown): EmbeddedPostgresError {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  if (stderr.includes('could not look up effective user ID')) {
    return new EmbeddedPostgresError(
      'no-account-for-postgres',
      `PostgreSQL wants an account with a name, and user number ${process.getuid?.()} has none in /etc/passwd. ` +
        'Start as a user that has one, or name a PostgreSQL server in COUPLET_DATABASE_URL.',
      { cause: error },
    );
  }
  const missing = codeOf(error) === 'ENOENT' ? ' The binaries need a Linux with the GNU C library.' : '';
  return new EmbeddedPostgresError(
    'start-failed',
    `The embedded PostgreSQL could not be set up: ${stderr || String(error)}.${missing} ` +
      'Another PostgreSQL server can be named in COUPLET_DATABASE_URL.',
    { cause: error },
  );
}

function wrongVersion(place: Place, found: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'version-mismatch',
    `${place.dataDir} was made by PostgreSQL ${found}, and this is PostgreSQL ${place.binaries.majorVersion}. ` +
      'Move the data with pg_dump and pg_restore, or choose another directory with COUPLET_DATA_DIR.',
  );
}
