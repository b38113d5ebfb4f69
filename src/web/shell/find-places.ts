/** What Tell Me finds: pages and actions by their names in the reader's language, mappings, records in both apps. */
import { useQueries } from '@tanstack/react-query';
import type { CouplingDocument } from '../../http/schemas/couplings.ts';
import type { CustomerOperationDocument } from '../../http/schemas/customer-operations.ts';
import type { MappingDocument, RecordDocument } from '../../http/schemas/mappings.ts';
import type { SynchronizationErrorDocument } from '../../http/schemas/synchronization-errors.ts';
import { addressOf } from '../address/address.ts';
import { useMay } from '../api/me.ts';
import type { Page } from '../api/read.ts';
import { request } from '../api/request.ts';
import type { PageTexts } from '../language/en.ts';
import { useSpeech } from '../language/language.tsx';
import { faultText } from '../parts/failed.tsx';
import { notify } from '../parts/notices.tsx';
import { keyText } from '../parts/value-text.ts';
import { useNames } from '../pages/use-names.ts';
import { useActNow } from '../pages/errors/use-act.ts';
import { useRun } from '../pages/mappings/use-run.ts';
import { accountText, operationName } from '../pages/operations/operation-words.tsx';

export interface Found {
  readonly group: 'pages' | 'actions' | 'mappings' | 'records';
  readonly name: string;
  readonly note?: string;
  readonly href: string;
  /** Absent: it is a place to go to. */
  readonly act?: () => void;
}

/** Accents and case do not keep anybody from finding a page. */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/\p{Diacritic}/gu, '')
    .toLowerCase();

export function usePlaces(text: string): readonly Found[] {
  const { t } = useSpeech();
  const { mappings } = useNames();
  const actions = useActions();
  const page = (name: string, href: string): Found => ({ group: 'pages', name, href });
  const all: readonly Found[] = [
    page(t.nav.overview, '/'),
    page(t.nav.errors, '/errors'),
    page(t.commerceNav.operations, '/customer-operations'),
    page(t.nav.couplings, '/couplings'),
    page(t.nav.log, '/log'),
    page(t.nav.jobs, '/jobs'),
    page(t.nav.mappings, '/mappings'),
    page(t.commerce.title, '/commerce'),
    ...actions,
    ...mappings.map(
      ({ name, label }): Found => ({
        group: 'mappings',
        name: label,
        note: name,
        href: `/mappings/${encodeURIComponent(name)}`,
      }),
    ),
    ...mappings.map(
      ({ name, label }): Found => ({
        group: 'mappings',
        name: t.tellMe.why(label),
        href: `/mappings/${encodeURIComponent(name)}?tab=records`,
      }),
    ),
  ];
  const words = plain(text)
    .split(/\s+/)
    .filter((word) => word !== '');
  return all.filter(({ name, note = '' }) => words.every((word) => plain(`${name} ${note}`).includes(word)));
}

function useActions(): readonly Found[] {
  const { t } = useSpeech();
  const may = useMay();
  const { mappings } = useNames();
  const run = useRun();
  const { actNow } = useActNow();
  if (!may('operator')) return [];
  const action = (name: string, act: () => void): Found => ({ group: 'actions', name, href: name, act });
  const start = (path: string, said: string) => () => {
    request<{ id: string }>('POST', path)
      .then(({ id }) => notify({ text: said, link: { href: `/jobs/${id}`, text: t.words.job } }))
      .catch((fault: unknown) => notify({ text: faultText(t, fault), kind: 'bad' }));
  };
  return [
    action(t.tellMe.runAll, () => run(null, { scope: 'modified' })),
    action(t.tellMe.retryAll, () => actNow({ kind: 'filter', filter: {}, count: 0 }, { action: 'retry' })),
    action(t.tellMe.checkSetUp, start('/check', t.overview.checkStarted)),
    action(t.tellMe.verify, start('/verify', t.overview.verifyStarted)),
    { group: 'actions', name: t.couplings.couple, href: '/couplings?couple=new' },
    ...mappings.map((mapping) => action(t.tellMe.runMapping(mapping.label), () => run(mapping, { scope: 'modified' }))),
  ];
}

const SHORTEST_TEXT = 2;

/**
 * Open errors and couplings by the texts that Couplet keeps, customer operations by any value in them, and what else a
 * store has by asking it.
 */
export function useFoundRecords(q: string): { readonly found: readonly Found[]; readonly searching: boolean } {
  const { t } = useSpeech();
  const names = useNames();
  const enabled = q.length >= SHORTEST_TEXT;
  const ask = <Item>(path: string) => ({
    queryKey: ['tell-me', path],
    queryFn: ({ signal }: { signal: AbortSignal }) => request<Page<Item>>('GET', path, { signal }),
    enabled,
    retry: false,
  });
  const [errors, couplings, operations] = useQueries({
    queries: [
      ask<SynchronizationErrorDocument>(addressOf('/synchronization-errors', { q, limit: '5' })),
      ask<CouplingDocument>(addressOf('/couplings', { q, limit: '8' })),
      ask<CustomerOperationDocument>(addressOf('/customer-operations', { q, limit: '5' })),
    ],
  });
  const records = useQueries({
    queries: names.mappings.slice(0, 10).flatMap(({ name, channels }) =>
      channels.slice(0, 1).map(({ channel }) => ({
        ...ask<RecordDocument>(
          addressOf(`/mappings/${encodeURIComponent(name)}/records`, {
            q,
            side: 'hq',
            channel,
            limit: '5',
          }),
        ),
        meta: { mapping: name },
      })),
    ),
  });
  if (!enabled) return { found: [], searching: false };
  const found: Found[] = [
    ...(errors.data?.items ?? []).map(
      (error): Found => ({
        group: 'records',
        name: error.hqRecord.description || error.channelRecord.description,
        note: t.kinds[error.kind],
        href: `/errors/${error.id}`,
      }),
    ),
    ...(couplings.data?.items ?? []).map(
      (coupling): Found => ({
        group: 'records',
        name: coupling.hqDescription || coupling.channelDescription,
        note: `${names.mapping(coupling.mapping)} · ${coupling.channelName}`,
        href: `/couplings/${coupling.id}`,
      }),
    ),
    ...(operations.data?.items ?? []).map(
      (operation): Found => ({
        group: 'records',
        name: `${accountText(t, operation)} · ${operationName(t, operation)}`,
        note: t.operations.statuses[operation.status],
        href: `/customer-operations/${operation.id}`,
      }),
    ),
    ...records.flatMap(({ data }, at): Found[] => {
      const mapping = names.mappings[at];
      if (mapping === undefined) return [];
      return (data?.items ?? []).flatMap((record) => foundInStore(t, mapping, record, couplings.data?.items ?? []));
    }),
  ];
  return { found, searching: errors.isFetching || couplings.isFetching };
}

/** A coupled record leads to its coupling, unless that was found already; any other to what keeps it alone. */
function foundInStore(
  t: PageTexts,
  { name, label }: MappingDocument,
  { key, description, couplingId, reason }: RecordDocument,
  known: readonly CouplingDocument[],
): readonly Found[] {
  if (known.some(({ id }) => id === couplingId)) return [];
  const found = { group: 'records', name: description || keyText(key) } as const;
  if (couplingId !== null) return [{ ...found, note: label, href: `/couplings/${couplingId}` }];
  const href = addressOf(`/mappings/${encodeURIComponent(name)}`, { tab: 'records', q: keyText(key) });
  return [{ ...found, note: reason === null ? label : t.mappings.recordReasons[reason], href }];
}
