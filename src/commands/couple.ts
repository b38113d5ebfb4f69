/** `couplet couple`: pairs of records named in a file, CSV or JSON, coupled as one job. */
import { readFile } from 'node:fs/promises';
import { allItems, type Document, expectGood, queryOf } from './ask-api.ts';
import { EXIT, print, printJson, usageError } from './exit.ts';
import { describeCounters, followJob } from './follow-job.ts';
import { type CommonOptions, openApi } from './open-couplet.ts';
import { keyOf, plural, tableOf, textOf } from './print-table.ts';
import { knownOf, requireKnown } from './require-known.ts';

export interface CoupleOptions extends CommonOptions {
  readonly pairs: string;
  readonly channel?: string;
  readonly reason?: string;
  readonly dryRun: boolean;
}

export async function couple(mapping: string, options: CoupleOptions): Promise<number> {
  const body = bodyOf(await readPairs(options.pairs), options);
  await using opened = await openApi({ ...options, migrate: false });
  requireKnown({ mappings: [mapping], channel: options.channel }, knownOf(opened.couplet.settings));
  const query = queryOf({
    dryRun: String(options.dryRun),
    ...(typeof body === 'string' && { channel: options.channel }),
  });
  const queued = expectGood(
    await opened.ask('POST', `/mappings/${encodeURIComponent(mapping)}/couple?${query.toString()}`, { body }),
  );
  const job = await followJob(opened.ask, opened.queue, String(queued['id']), 'Coupling');
  const failed = await allItems(opened.ask, `/jobs/${job.id}/results`, queryOf({ status: 'failed' }));
  if (options.json) printJson({ ...job, failures: failed });
  else {
    printFailures(failed);
    print(describeCounters(job));
  }
  if (job.status !== 'succeeded') return EXIT.failed;
  return failed.length > 0 ? EXIT.openErrors : EXIT.clean;
}

async function readPairs(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (fault) {
    throw usageError(`${file} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}

/** JSON begins with a bracket or a brace; anything else is CSV. */
function bodyOf(text: string, { channel, reason }: CoupleOptions): object | string {
  if (!/^\s*[[{]/.test(text)) return text;
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (fault) {
    throw usageError(`The pairs are no JSON: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
  const pairs = Array.isArray(given) ? given : (given as Record<string, unknown>)['pairs'];
  return { pairs, ...(channel !== undefined && { channel }), ...(reason !== undefined && { reason }) };
}

function printFailures(failed: readonly Document[]): void {
  if (failed.length === 0) return;
  const table = tableOf(failed, [
    { title: 'HQ record', of: ({ hqKey }) => keyOf(hqKey) },
    { title: 'Channel record', of: ({ channelKey }) => keyOf(channelKey) },
    { title: 'Not coupled because', of: ({ message }) => textOf(message) },
  ]);
  print(`${table}\n${plural(failed.length, 'pair')} not coupled`);
}
