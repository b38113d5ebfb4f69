/** Processor time of this process and of the embedded server: what a shared machine cannot distort. Linux only. */
import { readdir, readFile } from 'node:fs/promises';

export interface ProcessorTime {
  readonly coupletMs: number;
  readonly serverMs: number;
}

/** The kernel counts in hundredths of a second. */
const TICK_MS = 10;

export async function processorTime(serverPid: number | null): Promise<ProcessorTime> {
  const { user, system } = process.cpuUsage();
  return { coupletMs: (user + system) / 1000, serverMs: serverPid === null ? 0 : await timeOfFamily(serverPid) };
}

export const since = (before: ProcessorTime, now: ProcessorTime): string =>
  `processor time: ${Math.round(now.coupletMs - before.coupletMs)} ms in this process, ${Math.round(now.serverMs - before.serverMs)} ms in PostgreSQL`;

/** Zero where the process is on another machine, or the system is not Linux. */
export async function timeOfProcess(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return 0;
  return sum(fieldsOf(stat).slice(11, 13)) * TICK_MS;
}

const fieldsOf = (stat: string): number[] =>
  stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);

async function timeOfFamily(parent: number): Promise<number> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger);
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (stat === null) continue;
    const fields = fieldsOf(stat);
    const [, ppid] = fields;
    // Its own time, and of the server also that of the sessions which have ended.
    if (pid === parent) ticks += sum(fields.slice(11, 15));
    else if (ppid === parent) ticks += sum(fields.slice(11, 13));
  }
  return ticks * TICK_MS;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
