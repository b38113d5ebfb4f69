/** What the demo shows when it is ready: pairs, open errors, and where to look. */
import { type AskApi, type Document, expectGood } from './ask-api.ts';
import { print, printJson } from './exit.ts';
import { plural, tableOf } from './print-table.ts';

export interface DemoPlace {
  readonly address: string;
  readonly hasPage: boolean;
  readonly file: string;
  readonly dataDir: string;
}

interface Overview {
  readonly couplings: readonly { readonly label: string; readonly statuses: Readonly<Record<string, number>> }[];
  readonly openErrors: Readonly<Record<'conflict' | 'deletion' | 'failure', number>>;
}

export async function printDemoSummary(ask: AskApi, place: DemoPlace, json: boolean): Promise<void> {
  const overview = expectGood(await ask('GET', '/overview')) as unknown as Overview;
  const conflicts = expectGood(await ask('GET', '/synchronization-errors?kind=conflict&limit=1'));
  const [conflict] = conflicts['items'] as readonly Document[];
  if (json) printJson({ address: place.address, configuration: place.file, ...overview });
  else print([pairsOf(overview), errorsOf(overview), whereToLook(place, conflict)].join('\n\n'));
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const pairsOf = ({ couplings }: Overview): string =>
  tableOf(couplings, [
    { title: 'Mapping', of: ({ label }) => label },
    { title: 'Pairs', of: ({ statuses }) => sum(statuses), right: true },
    { title: 'In step', of: ({ statuses }) => statuses['synchronized'] ?? 0, right: true },
  ]);

function errorsOf({ openErrors }: Overview): string {
  const { conflict, deletion, failure } = openErrors;
  const kinds = [plural(conflict, 'conflict'), plural(deletion, 'deletion'), plural(failure, 'failure')].join(', ');
  return `${plural(sum(openErrors), 'error')} for somebody to decide: ${kinds}`;
}

function whereToLook({ address, hasPage, file, dataDir }: DemoPlace, conflict: Document | undefined): string {
  const api = `${address}/api/v1`;
  const id = conflict === undefined ? 'ID' : String(conflict['id']);
  const coupling = conflict === undefined ? 'ID' : String(conflict['couplingId']);
  return `${hasPage ? 'Page, API' : 'API'}:  ${address}
Calls:  ${address}/docs

What waits for somebody, one conflict decided, and what the log says of it:
  curl -s '${api}/synchronization-errors'
  curl -s -X POST -H 'content-type: application/json' -d '{"winner":"channel"}' '${api}/synchronization-errors/${id}/synchronize'
  curl -s '${api}/couplings/${coupling}/synchronization-log'
The same on the command line:
  npm run couplet -- errors --config ${file}

Ctrl-C ends it and leaves nothing running; the data stay in ${dataDir}.`;
}
