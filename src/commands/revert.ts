/** `couplet revert`: what log entries tell of, taken back one after the other, newest as given first. */
import { type Document, expectGood } from './ask-api.ts';
import { CommandFailed, EXIT, print, printJson, tell } from './exit.ts';
import { type CommonOptions, openApi } from './open-couplet.ts';
import { printWrites } from './resolve.ts';

export interface RevertOptions extends CommonOptions {
  readonly reason?: string;
  readonly dryRun: boolean;
}

export async function revert(logIds: readonly string[], options: RevertOptions): Promise<number> {
  await using opened = await openApi({ ...options, migrate: false });
  const answers: Document[] = [];
  let failed = false;
  const body = { dryRun: options.dryRun, ...(options.reason !== undefined && { reason: options.reason }) };
  for (const id of logIds) {
    try {
      const answer = expectGood(
        await opened.ask('POST', `/synchronization-log/${encodeURIComponent(id)}/revert`, { body }),
      );
      answers.push(answer);
      if (!options.json) {
        printWrites((answer['writes'] ?? []) as Parameters<typeof printWrites>[0]);
        if (!options.dryRun) print(`${id}: reverted.`);
      }
      failed ||= answer['outcome'] === 'failed';
    } catch (fault) {
      // One entry that has moved on does not keep the others from being taken back.
      if (!(fault instanceof CommandFailed) || logIds.length === 1) throw fault;
      failed = true;
      tell(`${id}: ${fault.message}`);
      if (options.json) answers.push({ id, problem: fault.document });
    }
  }
  if (options.json) printJson(logIds.length === 1 ? answers[0] : { items: answers, nextCursor: null });
  return failed ? EXIT.failed : EXIT.clean;
}
