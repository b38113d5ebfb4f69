/** What the channels hold and have not handed over: read from their operation tables, so it is known before any pull. */
import { type OperationPart, readOperationRow } from '../domain/operation-row.ts';
import { operationTerm, partTerm, textOfTerms } from '../domain/operation-terms.ts';
import { keyText } from '../domain/record.ts';
import { StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { OperationFilter, ReceivedRow } from '../ports/commerce.ts';
import type { ShownOperation, WaitingList } from '../ports/customer-operations.ts';
import { InvalidCursor, type PageRequest } from '../ports/queries.ts';
import { type CommerceSite, operationStoreOf, partsOf, tableOf } from './commerce-site.ts';
import { withCustomers } from './customers-as-known.ts';
import { openOperationTable, rowOf } from './operation-table.ts';
import { waitingId, type WaitingPlace } from './waiting-id.ts';

interface Waiting extends WaitingPlace {
  readonly at: string;
}

export async function waitingIn(
  commerce: CommerceSite,
  channel: string,
  parts: readonly OperationPart[] = partsOf(commerce.rules),
): Promise<Waiting[]> {
  const store = operationStoreOf(commerce, channel);
  const found = await Promise.all(
    parts.map(async (part) => {
      const open = await store.open(tableOf(commerce.rules, channel, part));
      const counters = await commerce.database.notPulled(
        channel,
        part,
        open.map(({ counter }) => counter),
      );
      const unknown = new Set(counters);
      return open.flatMap(({ counter, at }) =>
        unknown.has(counter) ? [{ channel, part, counter, at: isoOf(at) }] : [],
      );
    }),
  );
  return found.flat();
}

const isoOf = (at: string): string => new Date(at.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();

export const isAway = (fault: unknown): boolean =>
  fault instanceof StoreUnreachable || fault instanceof StoreBusy || fault instanceof StoreRefused;

/** Of the channels that can be reached; if none of those that are asked for can, that is the answer. */
export async function listWaiting(
  commerce: CommerceSite,
  filter: OperationFilter,
  page: PageRequest,
): Promise<WaitingList> {
  const channels = Object.keys(commerce.rules.channels).filter((name) => filter.channel?.includes(name) ?? true);
  const results = await Promise.allSettled(channels.map((channel) => waitingIn(commerce, channel)));
  const faults = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const strange = faults.find((fault) => !isAway(fault));
  if (strange !== undefined || (faults.length > 0 && faults.length === results.length)) throw strange ?? faults[0];
  const unreachable = channels.filter((_, at) => results[at]?.status === 'rejected');
  const up = page.sort !== null && !page.sort.startsWith('-');
  const all = results
    .flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    .filter(({ at }) => isWithin(filter, at))
    .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1) * (up ? 1 : -1));
  const narrow = isNarrow(filter);
  const shown = narrow ? (await readWaiting(commerce, all)).filter((item) => fits(filter, item)) : all;
  const after = page.cursor === null ? null : placeIn(page.cursor);
  const left = shown.filter((item) => after === null || (up ? placeOf(item) > after : placeOf(item) < after));
  const taken = left.slice(0, page.limit);
  const last = taken.at(-1);
  return {
    items: narrow
      ? (taken as Read[]).map(({ operation }) => operation)
      : (await readWaiting(commerce, taken)).map(({ operation }) => operation),
    nextCursor: last && left.length > taken.length ? Buffer.from(placeOf(last)).toString('base64url') : null,
    total: page.count ? shown.length : null,
    unreachable,
  };
}

/** The row at this place, if the channel still holds it; throws when the channel is away. */
export async function oneWaiting(commerce: CommerceSite, place: WaitingPlace): Promise<ShownOperation | null> {
  const { channel, part, counter } = place;
  if (!partsOf(commerce.rules).includes(part)) return null;
  const found = (await waitingIn(commerce, channel, [part])).find((row) => row.counter === counter);
  const [read] = found === undefined ? [] : await readWaiting(commerce, [found]);
  return read?.operation ?? null;
}

const placeOf = ({ at, channel, part, counter }: Waiting): string =>
  `${at} ${channel} ${part} ${counter.padStart(20, '0')}`;

function placeIn(cursor: string): string {
  const place = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!/^\d{4}-\d\d-\d\dT\S+ \S+ [a-z]+ \d{20}$/.test(place)) throw new InvalidCursor();
  return place;
}

const isWithin = ({ since, until }: OperationFilter, at: string): boolean =>
  (since === null || Date.parse(at) >= Date.parse(since)) && (until === null || Date.parse(at) < Date.parse(until));

interface Read extends Waiting {
  readonly row: ReceivedRow;
  readonly operation: ShownOperation;
}

async function readWaiting(commerce: CommerceSite, waiting: readonly Waiting[]): Promise<Read[]> {
  const groups = Map.groupBy(waiting, ({ channel, part }) => JSON.stringify([channel, part]));
  const read = new Map<string, Read>();
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { channel, part } = first;
    const opened = await openOperationTable(commerce, channel, part);
    const { records } = await opened.table.read(
      group.map(({ counter }) => [counter]),
      null,
    );
    const rows = group.flatMap(({ counter }) => {
      const record = records.get(keyText([counter]));
      return record
        ? [{ ...readOperationRow(opened.reader, rowOf(opened.columns, record.values)), completed: false }]
        : [];
    });
    const known = new Map((await withCustomers(commerce, channel, part, rows)).map((row) => [row.counter, row]));
    for (const item of group) {
      const row = known.get(item.counter);
      if (row) read.set(placeOf(item), { ...item, row, operation: operationOf(item, row) });
    }
  }
  return waiting.flatMap((item) => read.get(placeOf(item)) ?? []);
}

const operationOf = ({ channel, part, counter, at }: Waiting, row: ReceivedRow): ShownOperation => ({
  id: waitingId({ channel, part, counter }),
  channel,
  part,
  counter,
  guid: row.guid,
  name: row.name,
  status: 'waiting',
  operationTimestamp: at,
  receivedAt: at,
  createdBy: row.createdBy,
  partKey: row.partKey,
  row: row.row,
  values: row.values,
  snapshot: row.snapshot,
  corrections: {},
  edits: [],
  code: row.malformed === null ? null : 'operation-malformed',
  params: row.malformed ?? {},
  attempts: 0,
  customerAccount: row.account,
  couplingId: null,
  distributed: null,
  couplingErrorId: null,
  blockedBy: null,
  jobId: null,
  found: row.found,
  base: row.base,
  terms: row.terms,
  errorId: null,
  resolution: null,
  wrote: false,
  dismissal: null,
  editing: null,
  history: [],
  revision: 0,
});

const isNarrow = (filter: OperationFilter): boolean =>
  [filter.operation, filter.code, filter.causes, filter.account, filter.guid, filter.couplingId, filter.q].some(
    (asked) => asked !== null,
  ) ||
  Object.keys(filter.customerFields).length > 0 ||
  Object.keys(filter.partFields).length > 0;

function fits(filter: OperationFilter, { operation }: Read): boolean {
  const { terms } = operation;
  const text = [textOfTerms(terms), operation.customerAccount ?? '', operation.guid ?? ''].join('\n').toLowerCase();
  const has = (name: string, asked: string, termOf: (name: string, value: string) => string): boolean =>
    asked.endsWith('*')
      ? terms.some((term) => term.startsWith(termOf(name, asked.slice(0, -1))))
      : terms.includes(termOf(name, asked));
  return (
    (filter.operation?.includes(operation.name ?? '') ?? true) &&
    (filter.code?.includes(operation.code ?? '') ?? true) &&
    filter.causes === null &&
    filter.couplingId === null &&
    (filter.account?.includes(operation.customerAccount ?? '') ?? true) &&
    (filter.guid?.some((guid) => guid.toLowerCase() === operation.guid?.toLowerCase()) ?? true) &&
    (filter.q === null || text.includes(filter.q.toLowerCase())) &&
    Object.entries(filter.customerFields).every(([name, values]) =>
      values.some((value) => has(name, value, operationTerm)),
    ) &&
    Object.entries(filter.partFields).every(([name, values]) => values.some((value) => has(name, value, partTerm)))
  );
}
