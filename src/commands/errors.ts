/** `couplet errors`: what waits for somebody, newest first. */
import { allItems, queryOf } from './ask-api.ts';
import { EXIT, print, printJson } from './exit.ts';
import { type CommonOptions, openApi } from './open-couplet.ts';
import { plural, tableOf, timeOf } from './print-table.ts';
import { askListed } from './require-known.ts';

export interface ErrorsOptions extends CommonOptions {
  readonly mapping?: string;
  readonly channel?: string;
  readonly kind?: string;
  readonly code?: string;
  readonly status?: string;
}

interface ErrorDocument {
  readonly id: string;
  readonly mapping: string;
  readonly channel: string;
  readonly kind: string;
  readonly message: string;
  readonly attempts: number;
  readonly lastSeenAt: string;
  readonly parked: boolean;
  readonly hqRecord: { readonly description: string };
  readonly channelRecord: { readonly description: string };
}

export async function errors(options: ErrorsOptions): Promise<number> {
  await using opened = await openApi({ ...options, migrate: false });
  const { mapping, channel, kind, code, status } = options;
  const query = queryOf({ mapping, channel, kind, code, status });
  const items = await askListed(opened.ask, { ...(mapping !== undefined && { mappings: [mapping] }), channel }, () =>
    allItems(opened.ask, '/synchronization-errors', query),
  );
  if (options.json) {
    printJson({ items, nextCursor: null });
    return EXIT.clean;
  }
  const table = tableOf(items as unknown as readonly ErrorDocument[], [
    { title: 'Id', of: ({ id }) => id },
    { title: 'Mapping', of: (error) => error.mapping },
    { title: 'Channel', of: (error) => error.channel },
    { title: 'Kind', of: (error) => error.kind },
    { title: 'HQ record', of: ({ hqRecord }) => hqRecord.description, most: 28 },
    { title: 'Channel record', of: ({ channelRecord }) => channelRecord.description, most: 28 },
    { title: 'Attempts', of: ({ attempts, parked }) => (parked ? `${attempts} (skipped)` : attempts), right: true },
    { title: 'Failed on', of: ({ lastSeenAt }) => timeOf(lastSeenAt) },
    { title: 'Error message', of: ({ message }) => message },
  ]);
  print(table === '' ? 'No errors.' : `${table}\n${plural(items.length, 'error')}`);
  return EXIT.clean;
}
