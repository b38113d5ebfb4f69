/** `couplet sync`: one run now, in this process, with a progress bar on a terminal and the counters at the end. */
import { SingleBar } from 'cli-progress';
import type { JobCounters, JobRequest } from '../ports/coupling-database.ts';
import { CommandFailed, EXIT, print, tell } from './exit.ts';
import { type CommonOptions, openCouplet } from './open-couplet.ts';

export interface SyncOptions extends CommonOptions {
  readonly full: boolean;
  readonly direction: 'both' | 'toHq' | 'toChannel';
  readonly channel: string | null;
  readonly dryRun: boolean;
}

export async function sync(mappings: readonly string[], options: SyncOptions): Promise<number> {
  await using opened = await openCouplet({ ...options, migrate: true });
  const { couplet } = opened;
  const known = couplet.settings.mappings.map(({ name }) => name);
  const unknown = mappings.find((name) => !known.includes(name));
  if (unknown) throw new CommandFailed(EXIT.usage, `there is no mapping ${unknown}; the file has ${known.join(', ')}`);
  for (const { store, result } of await couplet.install()) {
    if (result instanceof Error)
      tell(`${store.channel ?? 'HQ'}: the capture could not be installed: ${result.message}`);
    else
      for (const problem of result.problems)
        tell(`${store.channel ?? 'HQ'}: ${problem.code} ${JSON.stringify(problem.params)}`);
  }
  const request: JobRequest = {
    kind: 'synchronize',
    mapping: mappings.length === 1 ? (mappings[0] ?? null) : null,
    channel: options.channel,
    parentId: null,
    scope: options.full ? 'full' : 'modified',
    direction: options.direction,
    dryRun: options.dryRun,
    trigger: 'manual',
    actor: 'local',
    requestId: null,
    body: mappings.length > 1 ? { mappings: [...mappings] } : null,
  };
  const job = await couplet.database.createJob(request, 'queued');
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: 'Synchronizing {bar} {value} records', stream: process.stderr })
    : null;
  bar?.start(1, 0);
  let stopAsked = false;
  const stop = (): void => {
    stopAsked = true;
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const watch = setInterval(() => {
    void couplet.database.jobProgress(job.id).then((progress) => {
      bar?.setTotal(Math.max(progress.total ?? progress.done, 1));
      bar?.update(progress.done);
    });
  }, 500);
  try {
    await couplet.synchronizer.execute(job.id, () => Promise.resolve(stopAsked));
  } finally {
    clearInterval(watch);
    bar?.stop();
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
  const finished = await couplet.database.jobOutcome(job.id);
  const open = await couplet.database.countOpenErrors();
  if (options.json) print(JSON.stringify({ id: job.id, ...finished, openErrors: open }));
  else print(describeCounters(finished.counters, open));
  if (finished.status === 'failed') {
    tell(`The run failed: ${finished.code ?? 'internal-error'} ${JSON.stringify(finished.params ?? {})}`);
    return EXIT.failed;
  }
  return open > 0 ? EXIT.openErrors : EXIT.clean;
}

export function describeCounters(counters: JobCounters, openErrors: number): string {
  const line = (label: string, side: JobCounters['toHq']): string =>
    `${label.padEnd(11)} ${side.inserted} inserted, ${side.modified} modified, ${side.deleted} deleted, ${side.unchanged} unchanged, ${side.skipped} skipped, ${side.failed} failed`;
  return [
    line('To HQ:', counters.toHq),
    line('To channel:', counters.toChannel),
    `Conflicts: ${counters.conflicts}, deletions: ${counters.deletions}, open errors: ${openErrors}`,
  ].join('\n');
}
