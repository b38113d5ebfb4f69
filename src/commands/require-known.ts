/** Names of mappings and channels on the command line: one that is not there is refused, with those that are. */
import { allItems, type AskApi, queryOf } from './ask-api.ts';
import { CommandFailed, EXIT, usageError } from './exit.ts';

interface Named {
  readonly mappings?: readonly string[];
  readonly channel?: string | undefined;
}

interface Known {
  readonly mappings: readonly string[];
  readonly channels: readonly string[];
}

export function requireKnown({ mappings = [], channel }: Named, known: Known): void {
  const unknown = mappings.find((name) => !known.mappings.includes(name));
  if (unknown !== undefined) throw usageError(refusal('mapping', unknown, known.mappings));
  if (channel !== undefined && !known.channels.includes(channel)) {
    throw usageError(refusal('channel', channel, known.channels));
  }
}

const refusal = (what: string, name: string, known: readonly string[]): string =>
  `There is no ${what} ${name}; ${known.length === 0 ? 'the file has none' : `the file has ${known.join(', ')}`}.`;

/**
 * For lists. The API refuses a name that nothing ever had; what is gone from the file is known until it is forgotten, and
 * its log for longer: only an empty list is asked about.
 */
export async function askListed<Item>(ask: AskApi, named: Named, list: () => Promise<Item[]>): Promise<Item[]> {
  try {
    const items = await list();
    if (items.length === 0) await requireListed(ask, named);
    return items;
  } catch (fault) {
    if (fault instanceof CommandFailed && fault.exitCode === EXIT.usage) await requireListed(ask, named);
    throw fault;
  }
}

async function requireListed(ask: AskApi, named: Named): Promise<void> {
  const mappings = (await allItems(ask, '/mappings', queryOf({}))) as unknown as readonly {
    readonly name: string;
    readonly channels: readonly { readonly channel: string }[];
  }[];
  const channels = mappings.flatMap((mapping) => mapping.channels.map(({ channel }) => channel));
  requireKnown(named, { mappings: mappings.map(({ name }) => name), channels: [...new Set(channels)] });
}

export const knownOf = (settings: {
  readonly mappings: readonly { readonly name: string }[];
  readonly channels: readonly { readonly channel: string }[];
}): Known => ({
  mappings: settings.mappings.map(({ name }) => name),
  channels: settings.channels.map(({ channel }) => channel),
});
