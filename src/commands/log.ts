/** `couplet log`: what was done to one record, newest first. */
import { allItems, queryOf } from './ask-api.ts';
import { EXIT, print, printJson } from './exit.ts';
import { type CommonOptions, openApi } from './open-couplet.ts';
import { plural, tableOf, timeOf } from './print-table.ts';
import { askListed } from './require-known.ts';

export interface LogOptions extends CommonOptions {
  readonly channel?: string;
  readonly limit: number;
}

interface EntryDocument {
  readonly id: string;
  readonly at: string;
  readonly channel: string;
  readonly action: string;
  readonly cause: string;
  readonly actor: string | null;
  readonly changedBy: string | null;
  readonly description: string;
}

export async function log(mapping: string, side: string, key: readonly string[], options: LogOptions): Promise<number> {
  await using opened = await openApi({ ...options, migrate: false });
  const query = queryOf({ mapping, side, key, channel: options.channel });
  const items = await askListed(opened.ask, { mappings: [mapping], channel: options.channel }, () =>
    allItems(opened.ask, '/synchronization-log', query, options.limit),
  );
  if (options.json) {
    printJson({ items, nextCursor: null });
    return EXIT.clean;
  }
  const table = tableOf(items as unknown as readonly EntryDocument[], [
    { title: 'At', of: ({ at }) => timeOf(at) },
    { title: 'Id', of: ({ id }) => id },
    { title: 'Channel', of: ({ channel }) => channel },
    { title: 'Action', of: ({ action }) => action },
    { title: 'Cause', of: ({ cause }) => cause },
    { title: 'By', of: ({ actor, changedBy }) => actor ?? changedBy },
    { title: 'Description', of: ({ description }) => description },
  ]);
  print(table === '' ? 'Nothing was done to this record.' : `${table}\n${plural(items.length, 'entry', 'entries')}`);
  return EXIT.clean;
}
