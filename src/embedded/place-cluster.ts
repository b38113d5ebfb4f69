/**
 * Where a cluster lies and under which account its server runs.
 *
 * An ordinary user runs it under their own account, in the data directory. PostgreSQL refuses to run as root, so for
 * root it runs under an account without rights, and then neither binaries nor data may lie in the checkout, which that
 * account perhaps cannot enter: both go to `/var/lib/couplet`.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeThisProcess, livingProcessIn, ownerOfCluster } from './claim-cluster.ts';
import { codeOf, EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { type Binaries, copyBinaries, findBinaries } from './find-binaries.ts';

const rootsDir = '/var/lib/couplet';

/** Null: our own account. */
export type Account = { uid: number; gid: number } | null;

export interface Place {
  /** The directory that was asked for, absolute. Holds the password and, for an ordinary user, everything else. */
  dataDir: string;
  /** Holds claim, server log and `pgdata`. The same as `dataDir`, but for root. */
  clusterDir: string;
  pgdata: string;
  passwordFile: string;
  account: Account;
  binaries: Binaries;
}

export async function placeCluster(askedFor: string, disposable: boolean): Promise<Place> {
  const dataDir = resolve(askedFor);
  await makeDataDir(dataDir);
  const passwordFile = join(dataDir, 'password');
  const ownPgdata = join(dataDir, 'pgdata');
  if (process.getuid?.() !== 0) {
    const binaries = await findBinaries();
    return { dataDir, clusterDir: dataDir, pgdata: ownPgdata, passwordFile, account: null, binaries };
  }
  await makeRootsDir();
  const binaries = await copyBinaries(rootsDir);
  const earlier = await ownerOfDirectory(ownPgdata);
  if (earlier !== null && earlier.uid !== 0) {
    // An ordinary user started it here before; their server goes on under their account, in its place.
    return { dataDir, clusterDir: dataDir, pgdata: ownPgdata, passwordFile, account: earlier, binaries };
  }
  if (disposable) await removeAbandoned();
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const clusterDir = join(rootsDir, disposable ? `disposable-${name}` : name);
  await mkdir(clusterDir, { recursive: true, mode: 0o755 });
  await chmod(clusterDir, 0o755);
  if (disposable) await writeFile(join(clusterDir, 'made-by.json'), await describeThisProcess());
  const pgdata = join(clusterDir, 'pgdata');
  const account = (await ownerOfDirectory(pgdata)) ?? (await findAccount());
  return { dataDir, clusterDir, pgdata, passwordFile, account, binaries };
}

/**
 * Whoever removes the data directory wants to begin anew, and expects no data of before in `/var/lib`. They are moved
 * aside rather than removed: it is not for us to destroy data. Call it with the cluster claimed and no server running.
 */
export async function setAsideForeignData(place: Place): Promise<string | null> {
  if (place.clusterDir === place.dataDir) return null;
  if ((await isThere(place.passwordFile)) || !(await isThere(place.pgdata))) return null;
  const aside = `${place.clusterDir}.set-aside-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  await mkdir(aside, { mode: 0o755 });
  await rename(place.pgdata, join(aside, 'pgdata'));
  return aside;
}

async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const probe = join(dataDir, `.probe-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new EmbeddedPostgresError(
      'data-directory-not-writable',
      `${dataDir} cannot be written by this user (${codeOf(error)}). ` +
        'It may have been made by another user: start as that user, or choose another directory with COUPLET_DATA_DIR.',
      { cause: error },
    );
  }
}

async function makeRootsDir(): Promise<void> {
  try {
    await mkdir(rootsDir, { recursive: true });
    // Whatever the umask: the account of the server has to get through.
    await chmod(rootsDir, 0o755);
  } catch (error) {
    throw new EmbeddedPostgresError(
      'data-directory-not-writable',
      `PostgreSQL does not run as root, so its files go to ${rootsDir}, which cannot be written (${codeOf(error)}). ` +
        'Start as an ordinary user, or name a PostgreSQL server in COUPLET_DATABASE_URL.',
      { cause: error },
    );
  }
}

/** initdb looks its user up by number, so a number without an entry in the table of accounts will not do. */
async function findAccount(): Promise<Account> {
  const table = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const accounts = table
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 && gid > 0);
  const found =
    accounts.find(({ name }) => name === 'postgres') ?? accounts.find(({ name }) => name === 'nobody') ?? accounts[0];
  if (found === undefined) {
    throw new EmbeddedPostgresError(
      'no-account-for-postgres',
      'PostgreSQL does not run as root, and /etc/passwd names no other account (postgres, nobody, …) to run it under. ' +
        'Start as an ordinary user, or name a PostgreSQL server in COUPLET_DATABASE_URL.',
    );
  }
  return { uid: found.uid, gid: found.gid };
}

/** So long, somebody may be about to start in the same directory again. */
const ABANDONED_AFTER_MS = 60_000;

/** Disposable clusters whose program was killed. Their supervisor emptied them, but may not remove what is root's. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(rootsDir)) {
    const clusterDir = join(rootsDir, name);
    if (!name.startsWith('disposable-')) continue;
    const madeBy = await stat(join(clusterDir, 'made-by.json')).catch(() => null);
    if (madeBy === null || Date.now() - madeBy.mtimeMs < ABANDONED_AFTER_MS) continue;
    if ((await livingProcessIn(join(clusterDir, 'made-by.json'))) !== null) continue;
    if ((await ownerOfCluster(clusterDir)) === null) await rm(clusterDir, { recursive: true, force: true });
  }
}

async function ownerOfDirectory(path: string): Promise<Account> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await ownerOfDirectory(path)) !== null;
}
