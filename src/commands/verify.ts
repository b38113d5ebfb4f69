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
  else {
    const known = differences.length - sumOf(jobs, 'differences');
    print(findingsOf(differences, known, sumOf(jobs, 'drift'), sumOf(jobs, 'openErrors')));
  }
  return differences.length > 0 ? EXIT.openErrors : EXIT.clean;
}

/** What the jobs have found, by its name among their parameters. */
const sumOf = (jobs: readonly Document[], name: 'differences' | 'drift' | 'openErrors'): number =>
  jobs.reduce((sum, { params }) => {
    const found = typeof params === 'object' && params !== null ? (params as Document)[name] : undefined;
    return sum + Number(found ?? 0);
  }, 0);

/**
 * `known`: differences that an earlier verification found, and that nobody has answered.
 * `drift`: pairs whose target was changed where its values only come from the other side; no run is to undo that.
 * `openErrors`: pairs that nobody has answered yet; of these, the differences that a verification found stand in the table.
 */
function findingsOf(differences: readonly Document[], known: number, drift: number, openErrors: number): string {
  const table = tableOf(differences, [
    { title: 'HQ record', of: ({ hqKey }) => keyOf(hqKey) },
    { title: 'Channel record', of: ({ channelKey }) => keyOf(channelKey) },
    { title: 'Open error', of: ({ errorId }) => textOf(errorId) },
    { title: 'Difference', of: ({ message }) => textOf(message) },
  ]);
  const drifted = `${plural(drift, 'pair')} drifted: changed where values only come from the other side`;
  const others = openErrors - known;
  const waiting = `${plural(others, 'pair')} not compared: already among the open errors, which \`couplet errors\` lists.`;
  const open = others > 0 ? `\n${waiting}` : '';
  if (table === '' && drift === 0) return `Both stores agree with the couplings.${open}`;
  if (table === '') return `No difference, but ${drifted}.${open}`;
  const told = known > 0 ? `, of which ${known} ${known === 1 ? 'is an open error' : 'are open errors'} already` : '';
  return `${table}\n${plural(differences.length, 'difference')}${told}${drift > 0 ? `, ${drifted}` : ''}${open}`;
}
