/** `couplet resolve`: what a person decides about one error, done or previewed. */
import { type Document, expectGood } from './ask-api.ts';
import { EXIT, print, printJson, tell, usageError } from './exit.ts';
import { type CommonOptions, openApi } from './open-couplet.ts';
import { keyOf, tableOf } from './print-table.ts';

export interface ResolveOptions extends CommonOptions {
  readonly winner?: 'hq' | 'channel';
  readonly field: readonly string[];
  readonly key: readonly string[];
  readonly create: boolean;
  readonly reason?: string;
  readonly ifMatch?: string;
  readonly dryRun: boolean;
}

export async function resolve(id: string, action: string, options: ResolveOptions): Promise<number> {
  const { winner, create, reason, dryRun, ifMatch } = options;
  const body = {
    dryRun,
    ...(winner !== undefined && { winner }),
    ...(options.field.length > 0 && { fields: pairsOf(options.field, '--field NAME=hq|channel', ['hq', 'channel']) }),
    ...(options.key.length > 0 && { key: pairsOf(options.key, '--key COLUMN=VALUE') }),
    ...(create && { create }),
    ...(reason !== undefined && { reason }),
  };
  await using opened = await openApi({ ...options, migrate: false });
  const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch };
  const answer = expectGood(
    await opened.ask('POST', `/synchronization-errors/${encodeURIComponent(id)}/${action}`, { body, headers }),
  );
  if (options.json) printJson(answer);
  else printAnswer(answer, dryRun);
  return answer['outcome'] === 'failed' ? EXIT.failed : EXIT.clean;
}

/** `NAME=VALUE`, several times. */
export function pairsOf(texts: readonly string[], shape: string, allowed?: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      const value = text.slice(at + 1);
      if (at < 1 || (allowed !== undefined && !allowed.includes(value)))
        throw usageError(`${text} is not of the form ${shape}.`);
      return [text.slice(0, at), value];
    }),
  );
}

interface Write {
  readonly side: string;
  readonly operation: string;
  readonly key: unknown;
  readonly fields: readonly { readonly name: string; readonly old: unknown; readonly new: unknown }[];
}

function printAnswer(answer: Document, dryRun: boolean): void {
  const writes = (answer['writes'] ?? []) as readonly Write[];
  printWrites(writes);
  for (const { mapping, description } of (answer['dependents'] ?? []) as readonly Record<string, string>[]) {
    tell(`${mapping} ${description} refers to it.`);
  }
  if (dryRun) return;
  if (answer['outcome'] === 'failed') tell(`The store refused: ${String(answer['message'])}`);
  else print(answer['status'] === 'resolved' ? 'Resolved.' : `Still open: ${String(answer['message'])}`);
}

export function printWrites(writes: readonly Write[]): void {
  const rows = writes.flatMap(({ side, operation, key, fields }) =>
    (fields.length > 0 ? fields : [{ name: '', old: null, new: null }]).map((field) => ({
      side,
      operation,
      key,
      field,
    })),
  );
  const table = tableOf(rows, [
    { title: 'Write', of: ({ operation }) => operation },
    { title: 'In', of: ({ side }) => (side === 'hq' ? 'HQ' : side) },
    { title: 'Key', of: ({ key }) => keyOf(key) },
    { title: 'Field', of: ({ field }) => field.name },
    { title: 'Old', of: ({ field }) => valueText(field.old) },
    { title: 'New', of: ({ field }) => valueText(field.new) },
  ]);
  print(table === '' ? 'Nothing to write.' : table);
}

const valueText = (value: unknown): string | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);
