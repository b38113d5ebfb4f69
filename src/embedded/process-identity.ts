/**
 * Which process is meant by a number that was written down earlier.
 *
 * Process numbers are used again, in containers within minutes: after a restart the number in a stale file very often
 * belongs to somebody else. So a number is only believed together with the instant its process was started, and a
 * PostgreSQL server only when it stands in the data directory in question.
 */
import { execFile } from 'node:child_process';
import { readFile, readlink, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from './embedded-postgres-error.ts';

const run = promisify(execFile);

/** A text that no other process of that number will have, or null when there is no such process. */
export async function identifyProcess(pid: number): Promise<string | null> {
  if (!isAlive(pid)) return null;
  if (process.platform !== 'linux') return ask(pid, 'lstart=');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // The command name, in brackets, may itself hold spaces and brackets; what follows the last bracket is regular.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startedAtTicks] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X') return null;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()}/${startedAtTicks}`;
}

/** Whether `pid` is a PostgreSQL server that has `pgdata` open: it makes its data directory its working directory. */
export async function servesDirectory(pid: number, pgdata: string): Promise<boolean> {
  if ((await identifyProcess(pid)) === null) return false;
  // The directory may have been removed under the running server, which then has to be found all the same.
  const directory = await realpath(pgdata).catch(() => pgdata);
  if (process.platform === 'linux') {
    const [cwd, command] = await Promise.all([
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    ]);
    return cwd.replace(/ \(deleted\)$/, '') === directory && command.includes('postgres');
  }
  const command = await ask(pid, 'command=');
  return command !== null && command.includes('postgres') && command.includes(pgdata);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to another user.
    return codeOf(error) === 'EPERM';
  }
}

async function ask(pid: number, column: string): Promise<string | null> {
  try {
    const { stdout } = await run('ps', ['-p', String(pid), '-o', column]);
    return stdout.trim() || null;
  } catch {
    return null;
  }
}
