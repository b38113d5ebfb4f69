/**
 * Customers as a channel shows them: its own record, over it what operations have brought to HQ and 1010 has not brought
 * back, over that the operations still on their way. A customer is one hit, whatever part of the way it has gone.
 */
import type { Mapping } from '../domain/mapping.ts';
import { readOperationRow } from '../domain/operation-row.ts';
import { keyText, type RecordKey, type Value } from '../domain/record.ts';
import type { ChannelCustomer, CustomersFound } from '../ports/channel-customers.ts';
import { asyncRecordName, type CustomerOperation } from '../ports/commerce.ts';
import type { Coupling } from '../ports/coupling-database.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import type { StoredRecord } from '../ports/store.ts';
import { ActionRefused } from '../ports/synchronizer.ts';
import { type ChannelTables, fieldValues, openChannelTables, shownFields, valuesToJson } from './channel-tables.ts';
import { type CommerceSite, operationStoreOf, partsOf, tableOf } from './commerce-site.ts';
import { openOperationTable, rowOf } from './operation-table.ts';
import { valuesLeft } from './overtaken.ts';

/** A customer as far as it has been found: by its GUID, its coupling, its record in the channel, or several of them. */
export interface FoundCustomer {
  readonly guid: string | null;
  readonly coupling: Coupling | null;
  readonly row: StoredRecord | null;
  readonly account: string | null;
}

/** What of a customer is still on its way, oldest first. */
export interface OnTheWay
  extends Pick<CustomerOperation, 'part' | 'counter' | 'name' | 'partKey' | 'status' | 'code' | 'params'> {
  readonly guid: string;
  readonly values: Readonly<Record<string, Value>>;
  readonly ends: boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// ---------------------------------------------------------------- by account

export async function findCustomer(
  commerce: CommerceSite,
  tables: ChannelTables,
  account: string,
): Promise<FoundCustomer> {
  const found = UUID.test(account)
    ? await byGuid(commerce, tables, account.toLowerCase())
    : await byNumber(commerce, tables, account);
  if (!found) throw new ActionRefused('customer-not-found', `there is no customer ${account}`, { account });
  return found;
}

async function byGuid(commerce: CommerceSite, tables: ChannelTables, guid: string): Promise<FoundCustomer | null> {
  const [known] = await commerce.index.ofGuids(tables.customers.lane, [guid]);
  if (known) return ofCoupling(commerce, tables, known.couplingId, guid);
  const { asyncAccount } = commerce.rules;
  const [row] = await tables.customers.table.match({
    columns: [asyncAccount.channel],
    caseSensitive: true,
    probes: [[guid]],
    limitPerProbe: 1,
  });
  // HQ's GUID may be another channel's; operations of this one go by its own.
  if (row) return ofRow(commerce, tables, row.record);
  const elsewhere = await byGuidOfAnother(commerce, tables, guid);
  if (elsewhere) return elsewhere;
  const ways = await onTheWay(commerce, tables.channel, [guid]);
  return ways.some(({ name }) => name === 'createCustomer') ? { guid, coupling: null, row: null, account: null } : null;
}

/** Two channels that created the same person gave it a GUID each, and a receipt of the one is brought to the other. */
async function byGuidOfAnother(
  commerce: CommerceSite,
  tables: ChannelTables,
  guid: string,
): Promise<FoundCustomer | null> {
  const { lane } = tables.customers;
  const { database } = commerce.site;
  for (const channel of Object.keys(commerce.rules.channels)) {
    if (channel === lane.channel) continue;
    const [known] = await commerce.index.ofGuids({ ...lane, channel }, [guid]);
    const theirs = known && (await database.couplingsById([known.couplingId])).get(known.couplingId);
    if (!theirs) continue;
    const coupling = (await database.couplingsByKey(lane, 'hq', [theirs.hqKey])).get(keyText(theirs.hqKey));
    if (coupling) return ofCoupling(commerce, tables, coupling.id, null);
  }
  return null;
}

async function byNumber(commerce: CommerceSite, tables: ChannelTables, number: string): Promise<FoundCustomer | null> {
  const { accountField, customers } = tables;
  const column = accountField?.channel?.[0];
  if (column !== undefined) {
    const [row] = await customers.table.match({
      columns: [column],
      caseSensitive: true,
      probes: [[number]],
      limitPerProbe: 1,
    });
    if (row) return ofRow(commerce, tables, row.record);
  }
  if (numberIsKey(customers.mapping, commerce.rules.account.column)) {
    const couplings = await commerce.site.database.couplingsByKey(customers.lane, 'hq', [[number]]);
    const coupling = couplings.get(keyText([number]));
    if (coupling) return ofCoupling(commerce, tables, coupling.id, null);
  }
  const guid = await commerce.index.accountOf(tables.channel, number);
  return guid === null ? null : byGuid(commerce, tables, guid);
}

const numberIsKey = ({ hq }: Mapping, column: string): boolean => hq.key.length === 1 && hq.key[0] === column;

async function ofCoupling(
  commerce: CommerceSite,
  tables: ChannelTables,
  couplingId: string,
  given: string | null,
): Promise<FoundCustomer | null> {
  const coupling = (await commerce.site.database.couplingsById([couplingId])).get(couplingId);
  if (!coupling || coupling.status === 'ended') return null;
  const guid = given ?? (await commerce.index.ofCouplings(tables.customers.lane, [couplingId]))[0]?.guid ?? null;
  const row = coupling.channelKey === null ? null : await rowAt(tables, coupling.channelKey);
  return { guid, coupling, row, account: accountIn(commerce, tables, coupling, row) };
}

async function ofRow(commerce: CommerceSite, tables: ChannelTables, row: StoredRecord): Promise<FoundCustomer> {
  const [found] = await ofRows(commerce, tables, [row]);
  return found as FoundCustomer;
}

async function ofRows(
  commerce: CommerceSite,
  tables: ChannelTables,
  rows: readonly StoredRecord[],
): Promise<FoundCustomer[]> {
  if (rows.length === 0) return [];
  const { lane } = tables.customers;
  const couplings = await commerce.site.database.couplingsByKey(
    lane,
    'channel',
    rows.map(({ key }) => key),
  );
  const known = await commerce.index.ofCouplings(
    lane,
    [...couplings.values()].map(({ id }) => id),
  );
  const guids = new Map(known.map(({ couplingId, guid }) => [couplingId, guid]));
  return rows.map((row) => {
    const coupling = couplings.get(keyText(row.key)) ?? null;
    const guid = (coupling && guids.get(coupling.id)) ?? guidIn(tables, row);
    return { guid, coupling, row, account: accountIn(commerce, tables, coupling, row) };
  });
}

const rowAt = async ({ customers }: ChannelTables, key: RecordKey): Promise<StoredRecord | null> =>
  (await customers.table.read([key], null)).records.get(keyText(key)) ?? null;

const guidIn = ({ customers, guidField }: ChannelTables, row: StoredRecord): string | null =>
  guidField === null ? null : (fieldValues(customers, row)[guidField] ?? null);

function accountIn(
  commerce: CommerceSite,
  { customers, accountField }: ChannelTables,
  coupling: Coupling | null,
  row: StoredRecord | null,
): string | null {
  const shown = row && accountField ? (fieldValues(customers, row)[accountField.name] ?? null) : null;
  if (shown !== null || coupling === null) return shown;
  const { column } = commerce.rules.account;
  if (numberIsKey(customers.mapping, column)) return coupling.hqKey[0] ?? null;
  const at = customers.mapping.fields.findIndex((field) => field.hq?.length === 1 && field.hq[0] === column);
  return at < 0 ? null : (coupling.base.hq[at] ?? null);
}

// ---------------------------------------------------------------- on the way

/** Operations that have not come through: those that were pulled, then those that the channel still holds. */
export async function onTheWay(commerce: CommerceSite, channel: string, guids: readonly string[]): Promise<OnTheWay[]> {
  if (guids.length === 0) return [];
  const pulled = (await commerce.database.openOperationsOf(channel, guids)).map(
    (operation): OnTheWay => ({
      ...operation,
      guid: operation.guid ?? '',
      values: { ...operation.values, ...operation.corrections },
      ends: operation.row['operation'] === '3',
    }),
  );
  const held = await Promise.all(partsOf(commerce.rules).map((part) => heldBack(commerce, channel, part, guids)));
  return [...pulled, ...held.flat()];
}

async function heldBack(
  commerce: CommerceSite,
  channel: string,
  part: CustomerOperation['part'],
  guids: readonly string[],
): Promise<OnTheWay[]> {
  const open = await operationStoreOf(commerce, channel).openOf(tableOf(commerce.rules, channel, part), guids);
  if (open.length === 0) return [];
  const counters = await commerce.database.notPulled(channel, part, open);
  if (counters.length === 0) return [];
  const opened = await openOperationTable(commerce, channel, part);
  const keys = counters.toSorted((a, b) => Number(BigInt(a) - BigInt(b))).map((counter) => [counter]);
  const { records } = await opened.table.read(keys, null);
  return keys.flatMap((key): OnTheWay[] => {
    const record = records.get(keyText(key));
    if (!record) return [];
    const row = readOperationRow(opened.reader, rowOf(opened.columns, record.values));
    if (row.malformed !== null || row.guid === null) return [];
    const { counter, guid, name, partKey, values } = row;
    const ends = row.row['operation'] === '3';
    return [{ part, counter, guid, name, partKey, values, ends, status: 'received', code: null, params: {} }];
  });
}

// ---------------------------------------------------------------- shown

/** Their fields and how far they are; parts are left to `findParts`. */
export async function showCustomers(
  commerce: CommerceSite,
  tables: ChannelTables,
  found: readonly FoundCustomer[],
): Promise<ChannelCustomer[]> {
  const guids = found.flatMap(({ guid }) => guid ?? []);
  const [ways, records] = await Promise.all([
    onTheWay(commerce, tables.channel, guids),
    commerce.database.asyncRecords(
      tables.customers.lane,
      guids.map((guid) => ({ guid, partKey: '' })),
    ),
  ]);
  const waysOf = Map.groupBy(ways, ({ guid }) => guid);
  return found.map((customer) => {
    const own = waysOf.get(customer.guid ?? '') ?? [];
    const record = records.get(asyncRecordName(customer.guid ?? '', '')) ?? null;
    return { ...show(commerce, tables, customer, record, own), parts: null };
  });
}

function show(
  commerce: CommerceSite,
  tables: ChannelTables,
  { guid, coupling, row, account }: FoundCustomer,
  record: AsyncRecord | null,
  ways: readonly OnTheWay[],
): Omit<ChannelCustomer, 'parts'> {
  const { customers } = tables;
  const values = { ...valuesAsLeft(customers.mapping, coupling, record), ...(row && fieldValues(customers, row)) };
  if (coupling && record) Object.assign(values, seenValues(customers.mapping, coupling, record));
  for (const way of ways)
    if (way.part === 'customers') Object.assign(values, valuesLeft(way.values, record?.seen, way.counter));
  if (tables.accountField) values[tables.accountField.name] = account;
  const fields = shownFields(customers, commerce.rules.customers, tables.guidField);
  return {
    customerAccount: account,
    asyncCustomerAccount: guid,
    ...standingOf(ways),
    values: valuesToJson(customers, fields, values),
  };
}

/** Of a customer that the channel has not got: what the coupling was made from. */
function valuesAsLeft(mapping: Mapping, coupling: Coupling | null, record: AsyncRecord | null): Record<string, Value> {
  if (!coupling || (coupling.channelKey !== null && record === null)) return {};
  return Object.fromEntries(mapping.fields.map(({ name }, at) => [name, coupling.base.channel[at] ?? null]));
}

/** What operations have brought to HQ and 1010 has not brought to the channel; a base that moved since knows better. */
export function seenValues(mapping: Mapping, coupling: Coupling, record: AsyncRecord): Record<string, Value> {
  return Object.fromEntries(
    mapping.fields.flatMap(({ name }, at) => {
      const left = record.seen[name];
      const stands =
        left && left.base[0] === (coupling.base.hq[at] ?? null) && left.base[1] === (coupling.base.channel[at] ?? null);
      return stands ? [[name, left.channel]] : [];
    }),
  );
}

/** The worst of what is on the way. */
function standingOf(ways: readonly OnTheWay[]): Pick<ChannelCustomer, 'status' | 'lastKnownError'> {
  const bad =
    ways.findLast(({ status }) => status === 'conflict') ?? ways.findLast(({ status }) => status === 'failed');
  if (bad)
    return {
      status: bad.status === 'conflict' ? 'conflict' : 'failed',
      lastKnownError: bad.code === null ? null : { code: bad.code, params: bad.params },
    };
  return { status: ways.length > 0 ? 'pending' : 'synchronized', lastKnownError: null };
}

// ---------------------------------------------------------------- search

/** `from`: how many the pages before have shown. */
export async function searchCustomers(
  commerce: CommerceSite,
  channel: string,
  text: string,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<CustomersFound> {
  const tables = await openChannelTables(commerce, channel);
  const { customers } = tables;
  const columns = customers.columns.filter((column) => !customers.mapping.channel.key.includes(column));
  // One more than is shown tells whether there are more. A customer may be met in each of the three.
  const most = from + limit + 1;
  const [open, undistributed] = await Promise.all([
    operationStoreOf(commerce, channel).openCustomers(
      tableOf(commerce.rules, channel, 'customers'),
      columns.filter((column) => column !== commerce.rules.asyncAccount.channel),
      text,
      most,
    ),
    commerce.index.undistributed(customers.lane, text, most),
  ]);
  const found = new Map<string, FoundCustomer>();
  const keep = (customer: FoundCustomer | null): void => {
    if (!customer) return;
    const name = customer.coupling?.id ?? customer.guid ?? JSON.stringify(customer.row?.key);
    if (!found.has(name)) found.set(name, customer);
  };
  // What is on its way comes first: whoever searches has often just entered it.
  const guids = [...new Set([...open, ...undistributed.map(({ guid }) => guid)])];
  for (const customer of await Promise.all(guids.map((guid) => byGuid(commerce, tables, guid)))) keep(customer);
  const rows = await customers.table.search(text, columns, most + found.size);
  for (const customer of await ofRows(commerce, tables, rows)) keep(customer);
  const shown = [...found.values()].slice(from, from + limit);
  return { items: await showCustomers(commerce, tables, shown), next: found.size > from + limit ? from + limit : null };
}
