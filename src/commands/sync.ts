/** `couplet sync`: one run now, in this process, with a progress bar on a terminal and the counters at the end. */
import type { Direction } from '../domain/record.ts';
import { entryOf, isErrorCode } from '../errors/catalogue.ts';
import type { JobRequest } from '../ports/coupling-database.ts';
import { allItems, type AskApi, type Document, expectGood, queryOf } from './ask-api.ts';
import { EXIT, print, printJson, tell, usageError } from './exit.ts';
import { describeCounters, followJob, type JobDocument } from './follow-job.ts';
import { type CommonOptions, openApi, type OpenApi } from './open-couplet.ts';
import { keyOf, plural, tableOf, textOf } from './print-table.ts';
import { recordConfiguration } from './record-configuration.ts';
import { knownOf, requireKnown } from './require-known.ts';
import { tellInstalled } from './tell-installed.ts';

export interface SyncOptions extends CommonOptions {
  readonly full: boolean;
  readonly direction: Direction;
  readonly channel?: string;
  readonly dryRun: boolean;
}

export async function sync(mappings: readonly string[], options: SyncOptions): Promise<number> {
  await using opened = await openApi({ ...options, migrate: true });
  const { couplet, ask, queue } = opened;
  requireKnown({ mappings, channel: options.channel }, knownOf(couplet.settings));
  requireDirection(opened, mappings, options);
  await recordConfiguration(opened, options.config, 'local');
  for (const installed of await couplet.install()) tellInstalled(couplet.settings, installed);
  const { id } = await queue.enqueue(requestOf(mappings, options));
  const job = await followJob(ask, queue, id, 'Synchronizing');
  const openErrors = await countOpenErrors(ask, mappings.length > 0 ? mappings : configured(couplet), options.channel);
  if (options.json) printJson({ ...job, openErrors });
  else await report(ask, job, openErrors, options.dryRun);
  if (job.status !== 'succeeded') return EXIT.failed;
  return openErrors > 0 ? EXIT.openErrors : EXIT.clean;
}

/** What is gone from the file is not what this run could have settled. */
const configured = ({ settings }: OpenApi['couplet']): readonly string[] => settings.mappings.map(({ name }) => name);

function requireDirection(
  { couplet: { settings } }: OpenApi,
  mappings: readonly string[],
  { direction }: SyncOptions,
): void {
  const chosen = settings.mappings.filter(({ name }) => mappings.length === 0 || mappings.includes(name));
  if (
    direction !== 'both' &&
    !chosen.some((mapping) => mapping.direction === 'both' || mapping.direction === direction)
  ) {
    throw usageError(`None of ${chosen.map(({ name }) => name).join(', ')} synchronizes ${direction}.`);
  }
}

const requestOf = (mappings: readonly string[], options: SyncOptions): JobRequest => ({
  kind: 'synchronize',
  mapping: mappings.length === 1 ? (mappings[0] ?? null) : null,
  channel: options.channel ?? null,
  parentId: null,
  scope: options.full ? 'full' : 'modified',
  direction: options.direction,
  dryRun: options.dryRun,
  trigger: 'manual',
  actor: 'local',
  requestId: null,
  body: mappings.length > 1 ? { mappings: [...mappings] } : null,
});

export async function countOpenErrors(ask: AskApi, mappings: readonly string[], channel?: string): Promise<number> {
  const query = queryOf({ mapping: mappings, channel, limit: '1', count: 'true' });
  return Number(expectGood(await ask('GET', `/synchronization-errors?${query.toString()}`))['total'] ?? 0);
}

async function report(ask: AskApi, job: JobDocument, openErrors: number, dryRun: boolean): Promise<void> {
  if (dryRun) await printPreview(ask, job);
  print(describeCounters(job));
  if (job.status !== 'succeeded') {
    tell(
      `The run ${job.status === 'failed' ? 'failed' : 'was stopped'}: ${job.code ?? ''} ${job.message ?? ''}`.trimEnd(),
    );
    if (job.code !== null && isErrorCode(job.code)) tell(entryOf(job.code).remedy);
    return;
  }
  // A run that stood still for a reason of its own (paused, waiting to be asked) has succeeded and says why.
  if (job.message !== null) tell(job.message);
  if (openErrors > 0) tell(`${plural(openErrors, 'open error')}: couplet errors lists them.`);
}

async function printPreview(ask: AskApi, job: JobDocument): Promise<void> {
  const results = await allItems(ask, `/jobs/${job.id}/results`, queryOf({}));
  const rows = results.flatMap((result) => {
    const writes = (result['writes'] ?? []) as readonly Document[];
    const none = [
      { operation: textOf(result['code']), side: '', key: result['hqKey'] ?? result['channelKey'], fields: [] },
    ];
    const told = writes.length > 0 ? (writes as unknown as typeof none) : none;
    return told.map((row) => ({ ...row, mapping: result['mapping'] }));
  });
  const table = tableOf(rows, [
    ...(job.mapping === null
      ? [{ title: 'Mapping', of: ({ mapping }: (typeof rows)[number]) => textOf(mapping) }]
      : []),
    { title: 'Would', of: ({ operation }) => operation },
    { title: 'In', of: ({ side }) => (side === 'hq' ? 'HQ' : side) },
    { title: 'Key', of: ({ key }) => keyOf(key) },
    { title: 'Fields', of: ({ fields }) => describeFields(fields) },
  ]);
  print(table === '' ? 'Nothing would be written.' : table);
}

const describeFields = (fields: readonly Document[]): string =>
  fields.map(({ name, old, new: now }) => `${String(name)}: ${shown(old)} → ${shown(now)}`).join(', ');

const shown = (value: unknown): string =>
  value === null || value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
