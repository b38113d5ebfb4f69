/**
 * The channel service: customers that a till or a web shop creates, edits, searches. Which way a change goes is the
 * channel's own state at the time of the call, so that it agrees with what the channel itself believes.
 */
import { randomUUID } from 'node:crypto';
import type { Json, Value } from '../domain/record.ts';
import { StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { ChannelCustomer, ChannelCustomers, GivenCustomer, Taken } from '../ports/channel-customers.ts';
import type { RepeatableRequest } from '../ports/access.ts';
import type { NewOperationRow } from '../ports/commerce.ts';
import { ActionRefused, type Asker } from '../ports/synchronizer.ts';
import { applyDirectly, type DirectOperation } from './apply-directly.ts';
import { type ChannelTables, openChannelTables } from './channel-tables.ts';
import { type CommerceSite, operationStoreOf, operationTables } from './commerce-site.ts';
import { CREATE_ASYNCHRONOUSLY } from './distribute-configuration.ts';
import { giveGuidsNow } from './distribute-customers.ts';
import { EDIT_ASYNCHRONOUSLY, schemaOf } from './features.ts';
import { findCustomer, type FoundCustomer, searchCustomers } from './find-customers.ts';
import { showWithParts } from './find-parts.ts';
import { columnsOfValues, readGiven, readNew, type ReadCustomer, type ReadPart } from './read-given.ts';

export const channelCustomers = (commerce: CommerceSite): ChannelCustomers => ({
  channels: Object.keys(commerce.rules.channels),
  create: (channel, given, asker, call) => create(commerce, channel, given, asker, call),
  edit: (channel, account, given, asker) =>
    change(commerce, channel, account, asker, (tables) =>
      readGiven(tables, commerce.rules.customers, given, randomUUID()),
    ),
  deactivate: (channel, account, asker) => change(commerce, channel, account, asker, () => 'deactivate'),
  async find(channel, account) {
    const tables = await openChannelTables(commerce, channel);
    return showWithParts(commerce, tables, await findCustomer(commerce, tables, account));
  },
  search: (channel, text, page) => searchCustomers(commerce, channel, text, page),
});

/** What the channel has, not what the configuration wants; of a setting that it was never told, the file speaks. */
async function modesOf(commerce: CommerceSite, channel: string): Promise<{ create: boolean; edit: boolean }> {
  const told = await operationStoreOf(commerce, channel).configuration(schemaOf(commerce, channel));
  const creates = told.get(CREATE_ASYNCHRONOUSLY) ?? commerce.rules.channels[channel]?.createAsynchronously ?? false;
  return { create: creates === true, edit: told.get(EDIT_ASYNCHRONOUSLY) === true };
}

// ---------------------------------------------------------------- create

async function create(
  commerce: CommerceSite,
  channel: string,
  given: GivenCustomer,
  asker: Asker,
  call: RepeatableRequest | null,
): Promise<Taken> {
  const [tables, modes] = await Promise.all([openChannelTables(commerce, channel), modesOf(commerce, channel)]);
  const guid = call?.id ?? randomUUID();
  const read = readNew(tables, commerce.rules.customers, given, guid);
  const show = async (): Promise<ChannelCustomer> =>
    showWithParts(commerce, tables, await findCustomer(commerce, tables, guid));
  if (call?.isAgain) {
    const known = await findCustomer(commerce, tables, guid).catch(unlessUnknown);
    // What was recorded is whole. Written to HQ it may lack parts: written again, what is there already stays as it is.
    if (known !== null && (modes.create || known.account === null))
      return { way: 'asynchronous', customer: await show(), ignored: read.ignored };
  }
  if (!modes.create) {
    try {
      const customer = { id: guid, part: 'customers', guid, partKey: null, operation: 1, pointer: '/values' } as const;
      await applyDirectly(commerce, channel, [{ ...customer, values: read.values }, ...partsOfCall(guid, read)], asker);
      return { way: 'direct', customer: await show(), ignored: read.ignored };
    } catch (fault) {
      // HQ is away: the customer at the counter is taken all the same.
      if (!isAwayFor(fault)) throw fault;
    }
  }
  const row = { part: 'customers', guid, operation: 1, changedColumns: null, createdBy: asker.actor } as const;
  const values = columnsOfValues(tables.customers, read.values);
  await append(commerce, channel, [{ ...row, values }, ...partRows(guid, read.parts, asker)]);
  return { way: 'asynchronous', customer: await show(), ignored: read.ignored };
}

const unlessUnknown = (fault: unknown): null => {
  if (fault instanceof ActionRefused && fault.code === 'customer-not-found') return null;
  throw fault;
};

/** An HQ that lets nobody in, or whose database is gone, is as far away for a till as one that does not answer. */
const SHUT: ReadonlySet<string> = new Set(['sign-in-refused', 'database-not-found']);

const isAwayFor = (fault: unknown): boolean =>
  (fault instanceof StoreUnreachable ||
    fault instanceof StoreBusy ||
    (fault instanceof StoreRefused && SHUT.has(fault.code))) &&
  fault.params['side'] !== 'channel';

// ---------------------------------------------------------------- edit and deactivate

type Read = (tables: ChannelTables) => ReadCustomer | 'deactivate';

async function change(
  commerce: CommerceSite,
  channel: string,
  account: string,
  asker: Asker,
  readAsked: Read,
): Promise<Taken> {
  const [tables, modes] = await Promise.all([openChannelTables(commerce, channel), modesOf(commerce, channel)]);
  const asked = readAsked(tables);
  let found = await findCustomer(commerce, tables, account);
  if (found.account === null && !modes.edit)
    throw new ActionRefused('customer-pending', 'the customer has no account number yet', { account });
  const ignored = asked === 'deactivate' ? [] : asked.ignored;
  if (asked !== 'deactivate') await requireParts(commerce, tables, found, asked.parts);
  const show = async (): Promise<ChannelCustomer> =>
    showWithParts(commerce, tables, await findCustomer(commerce, tables, found.guid ?? account));
  if (asked !== 'deactivate' && Object.keys(asked.values).length + asked.parts.length === 0)
    return { way: 'direct', customer: await show(), ignored };
  if (found.guid === null) found = await withGuid(commerce, tables, account, asker);
  const guid = found.guid ?? '';
  if (found.account !== null && !(modes.edit && modes.create)) {
    try {
      await applyDirectly(commerce, channel, callOf(guid, asked), asker);
      return { way: 'direct', customer: await show(), ignored };
    } catch (fault) {
      if (!modes.edit || !isAwayFor(fault)) throw fault;
    }
  }
  await append(commerce, channel, rowsOf(tables, guid, asked, asker));
  return { way: 'asynchronous', customer: await show(), ignored };
}

const textOfKey = (key: Json): string => (typeof key === 'string' ? key : JSON.stringify(key));

/** A key that the customer has no part of would fail on its way, long after the caller has gone. */
async function requireParts(
  commerce: CommerceSite,
  tables: ChannelTables,
  found: FoundCustomer,
  asked: readonly ReadPart[],
): Promise<void> {
  const named = asked.filter(({ isNew }) => !isNew);
  if (named.length === 0) return;
  const recorded = await Promise.all(
    named.map(async ({ table }) => (found.guid === null ? [] : commerce.index.ofGuids(table.lane, [found.guid]))),
  );
  const { parts } = await showWithParts(commerce, tables, found);
  for (const [at, { table, key }] of named.entries()) {
    const known =
      recorded[at]?.some(({ partKey }) => partKey === key) ||
      parts?.[table.part as keyof typeof parts]?.some((part) => textOfKey(part.key) === key);
    if (!known)
      throw new ActionRefused('record-not-found', `the customer has no such ${table.part}`, {
        key,
        mapping: table.lane.mapping,
      });
  }
}

/** A customer whom 1010 has not given a GUID yet gets it now, on both sides. */
async function withGuid(
  commerce: CommerceSite,
  tables: ChannelTables,
  account: string,
  asker: Asker,
): Promise<FoundCustomer> {
  await giveGuidsNow(commerce, tables.channel, asker);
  const found = await findCustomer(commerce, tables, account);
  if (found.guid !== null) return found;
  throw new ActionRefused('customer-not-found', 'the customer is not coupled yet', { account });
}

const callOf = (guid: string, asked: ReadCustomer | 'deactivate'): DirectOperation[] => {
  const customer = { id: randomUUID(), part: 'customers', guid, partKey: null, pointer: '/values' } as const;
  if (asked === 'deactivate') return [{ ...customer, operation: 3, values: {} }];
  const edits = Object.keys(asked.values).length > 0;
  return [
    ...(edits ? [{ ...customer, operation: 2, values: asked.values } as const] : []),
    ...partsOfCall(guid, asked),
  ];
};

const partsOfCall = (guid: string, { parts }: ReadCustomer): DirectOperation[] =>
  parts.map(({ table, key, isNew, ends, values, pointer }) => ({
    id: randomUUID(),
    part: table.part,
    guid,
    partKey: key,
    operation: ends ? 3 : isNew ? 1 : 2,
    values,
    pointer,
  }));

// ---------------------------------------------------------------- recorded in the channel

function rowsOf(
  tables: ChannelTables,
  guid: string,
  asked: ReadCustomer | 'deactivate',
  asker: Asker,
): NewOperationRow[] {
  const row = { part: 'customers', guid, createdBy: asker.actor } as const;
  if (asked === 'deactivate') return [{ ...row, operation: 3, changedColumns: [], values: {} }];
  const values = columnsOfValues(tables.customers, asked.values);
  const changedColumns = Object.keys(values);
  return [
    ...(changedColumns.length > 0 ? [{ ...row, operation: 2, changedColumns, values } as const] : []),
    ...partRows(guid, asked.parts, asker),
  ];
}

const partRows = (guid: string, parts: readonly ReadPart[], asker: Asker): NewOperationRow[] =>
  parts.map(({ table, key, isNew, ends, values }) => {
    const columns = columnsOfValues(table, values);
    const named: Record<string, Value> = table.keyColumn === null ? {} : { [table.keyColumn]: key };
    return {
      part: table.part,
      guid,
      operation: ends ? 3 : isNew ? 1 : 2,
      changedColumns: isNew ? null : Object.keys(columns),
      createdBy: asker.actor,
      values: ends ? named : { ...columns, ...named },
    };
  });

const append = async (commerce: CommerceSite, channel: string, rows: readonly NewOperationRow[]): Promise<void> =>
  operationStoreOf(commerce, channel).append(await operationTables(commerce, channel), rows);
