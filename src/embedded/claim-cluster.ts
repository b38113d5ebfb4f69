/**
 * One program per cluster. The claim is a file with the number and identity of the program that holds it; a claim whose
 * program is gone is void. PostgreSQL's own lock file stays the last word: should two programs ever pass here at once,
 * only one server starts.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { identifyProcess } from './process-identity.ts';

interface Owner {
  pid: number;
  identity: string;
}

export interface Claim {
  release(): Promise<void>;
}

/** Takes the cluster for this process, or throws `data-directory-in-use`, naming the program that has it. */
export async function claimCluster(clusterDir: string, dataDir: string): Promise<Claim> {
  const path = join(clusterDir, 'owner.json');
  const mine = await describeThisProcess();
  for (;;) {
    if (await createExclusively(path, mine)) break;
    const found = await readFile(path, 'utf8').catch(() => null);
    if (found === null) continue;
    const owner = await livingOwner(found);
    if (owner !== null) throw inUse(owner, dataDir);
    await removeVoidClaim(path, found);
  }
  return {
    release: async () => {
      const found = await readFile(path, 'utf8').catch(() => null);
      if (found === mine) await rm(path, { force: true });
    },
  };
}

/** The process that holds the cluster now, or null. */
export async function ownerOfCluster(clusterDir: string): Promise<number | null> {
  return livingProcessIn(join(clusterDir, 'owner.json'));
}

/** The process that a file names, if it is this very process that still lives. */
export async function livingProcessIn(path: string): Promise<number | null> {
  const found = await readFile(path, 'utf8').catch(() => null);
  return found === null ? null : ((await livingOwner(found))?.pid ?? null);
}

/** This process, so that `livingProcessIn` knows it again. */
export async function describeThisProcess(): Promise<string> {
  return JSON.stringify({ pid: process.pid, identity: (await identifyProcess(process.pid)) ?? '' });
}

/** Linked into place when complete, so that nobody ever reads half a claim and takes it for a void one. */
async function createExclusively(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, text, { mode: 0o644 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function livingOwner(text: string): Promise<Owner | null> {
  const owner = parseOwner(text);
  if (owner === null) return null;
  return (await identifyProcess(owner.pid)) === owner.identity ? owner : null;
}

function parseOwner(text: string): Owner | null {
  try {
    const { pid, identity } = JSON.parse(text) as Partial<Owner>;
    return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : null;
  } catch {
    // Damaged, by a full disk perhaps. Nobody can be recognized by it.
    return null;
  }
}

/** Renaming lets one of several programs win; if what was renamed is a newer claim after all, it is put back. */
async function removeVoidClaim(path: string, expected: string): Promise<void> {
  const aside = `${path}.${process.pid}.void`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== expected) await link(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  }
  await rm(aside, { force: true });
}

function inUse(owner: Owner, dataDir: string): EmbeddedPostgresError {
  const who = owner.pid === process.pid ? `this very process (pid ${owner.pid})` : `process ${owner.pid}`;
  return new EmbeddedPostgresError(
    'data-directory-in-use',
    `The embedded PostgreSQL in ${dataDir} is in use by ${who}. Stop that process, or choose another directory with COUPLET_DATA_DIR.`,
  );
}
