/** `couplet commerce run`: the jobs that carry customers of asynchronous channels to HQ and back, run now, in this process. */
import { entryOf, isErrorCode } from '../errors/catalogue.ts';
import { expectGood } from './ask-api.ts';
import { EXIT, print, printJson, tell } from './exit.ts';
import { describeCounters, followJob, type JobDocument } from './follow-job.ts';
import { type CommonOptions, openApi } from './open-couplet.ts';
import { recordConfiguration } from './record-configuration.ts';
import { knownOf, requireKnown } from './require-known.ts';
import { tellInstalled } from './tell-installed.ts';

interface CommerceRunOptions extends CommonOptions {
  readonly channel?: string;
}

/** Exits 3 when operations of this run failed or came into conflict: somebody has to look at them. */
export async function commerceRun(job: string, options: CommerceRunOptions): Promise<number> {
  await using opened = await openApi({ ...options, migrate: true });
  const { couplet, ask, queue } = opened;
  requireKnown({ channel: options.channel }, knownOf(couplet.settings));
  await recordConfiguration(opened, options.config, 'local');
  for (const installed of await couplet.install()) tellInstalled(couplet.settings, installed);
  const body = options.channel === undefined ? {} : { channel: options.channel };
  const asked = expectGood(await ask('POST', `/commerce/jobs/${job}/run`, { body })) as JobDocument;
  const ended = await followJob(ask, queue, asked.id, job);
  if (options.json) printJson(ended);
  else report(ended);
  if (ended.status !== 'succeeded') return EXIT.failed;
  const { toHq, conflicts } = ended.counters;
  return (toHq['failed'] ?? 0) + Number(conflicts ?? 0) > 0 ? EXIT.openErrors : EXIT.clean;
}

function report(job: JobDocument): void {
  print(describeCounters(job));
  if (job.status !== 'succeeded') {
    tell(
      `The job ${job.status === 'failed' ? 'failed' : 'was stopped'}: ${job.code ?? ''} ${job.message ?? ''}`.trimEnd(),
    );
    if (job.code !== null && isErrorCode(job.code)) tell(entryOf(job.code).remedy);
    return;
  }
  if (job.message !== null) tell(job.message);
}
