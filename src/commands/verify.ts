/** `couplet verify`: proves that both stores agree with the couplings, and prints what does not. */
import { allItems, type Document, expectGood, queryOf } from './ask-api.ts';
import { EXIT, print, printJson, tell } from './exit.ts';
import { followJob } from './follow-job.ts';
import { type CommonOptions, openApi } from './open-couplet.ts';
import { keyOf, plural, tableOf, textOf } from './print-table.ts';
import { knownOf, requireKnown } from './require-known.ts';

export interface VerifyOptions extends CommonOptions {
  readonly channel?: string;
}

export async function verify(mappings: readonly string[], options: VerifyOptions): Promise<number> {
  await using opened = await openApi({ ...options, migrate: false });
  const { ask, queue, couplet } = opened;
  requireKnown({ mappings, channel: options.channel }, knownOf(couplet.settings));
  const jobs: Document[] = [];
  const differences: Document[] = [];
  for (const mapping of mappings.length === 0 ? [undefined] : mappings) {
    const body = {
      ...(mapping !== undefined && { mapping }),
      ...(options.channel !== undefined && { channel: options.channel }),
    };
    const queued = expectGood(await ask('POST', '/verify', { body }));
    const job = await followJob(ask, queue, String(queued['id']), 'Verifying');
    jobs.push(job);
    if (job.status !== 'succeeded') {
      if (options.json) printJson(job);
      tell(`The verification could not be done: ${job.code ?? ''} ${job.message ?? ''}`.trimEnd());
      return EXIT.failed;
    }
    differences.push(...(await allItems(ask, `/jobs/${job.id}/results`, queryOf({}))));
  }
  if (options.json) printJson({ jobs, items: differences, nextCursor: null });
  else
    printDifferences(
      differences,
      jobs.map(driftOf).reduce((sum, count) => sum + count, 0),
    );
  return differences.length > 0 ? EXIT.openErrors : EXIT.clean;
}

/** Pairs whose target was changed where its values only come from the other side; no run is to undo that. */
const driftOf = ({ params }: Document): number =>
  typeof params === 'object' && params !== null && 'drift' in params ? Number(params.drift) : 0;

function printDifferences(differences: readonly Document[], drift: number): void {
  const table = tableOf(differences, [
    { title: 'HQ record', of: ({ hqKey }) => keyOf(hqKey) },
    { title: 'Channel record', of: ({ channelKey }) => keyOf(channelKey) },
    { title: 'Difference', of: ({ message }) => textOf(message) },
  ]);
  const drifted = `${plural(drift, 'pair')} drifted: changed where values only come from the other side`;
  if (table !== '') print(`${table}\n${plural(differences.length, 'difference')}${drift > 0 ? `, ${drifted}` : ''}`);
  else print(drift === 0 ? 'Both stores agree with the couplings.' : `No difference, but ${drifted}.`);
}
