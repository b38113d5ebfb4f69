/** Addresses, contacts and whatever else belongs to a customer, as the channel shows them: pending ones with the rest. */
import { isMalformed } from '../domain/operation-actions.ts';
import { type KeyText, keyText, type RecordKey, type Value } from '../domain/record.ts';
import { valueToJson } from '../domain/value-json.ts';
import { TEXT } from '../domain/value-type.ts';
import type { ChannelCustomer, KnownPart, PartName } from '../ports/channel-customers.ts';
import { asyncRecordName } from '../ports/commerce.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import { type ChannelTable, type ChannelTables, fieldValues, shownFields, valuesToJson } from './channel-tables.ts';
import type { CommerceSite } from './commerce-site.ts';
import { type FoundCustomer, onTheWay, type OnTheWay, seenValues, showCustomers } from './find-customers.ts';
import { valuesLeft } from './overtaken.ts';

/** More of one kind nobody keeps at a till. */
const MOST_PARTS = 500;

interface Known {
  readonly key: string;
  values: Record<string, Value>;
}

export async function showWithParts(
  commerce: CommerceSite,
  tables: ChannelTables,
  found: FoundCustomer,
): Promise<ChannelCustomer> {
  const [[customer], ways] = await Promise.all([
    showCustomers(commerce, tables, [found]),
    onTheWay(commerce, tables.channel, found.guid === null ? [] : [found.guid]),
  ]);
  const lists = await Promise.all(
    tables.parts.map(async (table): Promise<[PartName, KnownPart[]]> => {
      const fields = shownFields(table, commerce.rules.customers, null);
      const known = await knownParts(commerce, table, found, ways);
      const type = table.types.get(table.keyColumn ?? '') ?? TEXT;
      const parts = known.map(({ key, values }) => ({
        key: valueToJson(type, key),
        values: valuesToJson(table, fields, values),
      }));
      return [table.part as PartName, parts];
    }),
  );
  return { ...(customer as ChannelCustomer), parts: Object.fromEntries(lists) };
}

/** By what the channel knows each by; of one that it has not got yet, by what it was given when it was recorded. */
async function knownParts(
  commerce: CommerceSite,
  table: ChannelTable,
  { guid, coupling, row }: FoundCustomer,
  ways: readonly OnTheWay[],
): Promise<Known[]> {
  const parts = new Map<string, Known>();
  const customerKey = row?.key ?? coupling?.channelKey ?? null;
  if (customerKey !== null && table.keyColumn !== null && table.parentColumns.length > 0) {
    const rows = await table.table.match({
      columns: table.parentColumns,
      caseSensitive: true,
      probes: [customerKey],
      limitPerProbe: MOST_PARTS,
    });
    const gone = await takenAway(
      commerce,
      table,
      rows.map(({ record }) => record.key),
    );
    for (const { record } of rows) {
      if (gone.has(keyText(record.key))) continue;
      const key = record.values[table.columns.indexOf(table.keyColumn)] ?? '';
      parts.set(key, { key, values: fieldValues(table, record) });
    }
  }
  const { aliases, records } = await addRecorded(commerce, table, guid, parts);
  for (const way of ways) {
    // A row that cannot be read says of no part what it is; the customer's status tells of it.
    if (way.part !== table.part || isMalformed(way)) continue;
    const key = aliases.get(way.partKey ?? '') ?? way.partKey ?? '';
    if (way.ends) parts.delete(key);
    else {
      const { seen } = records.get(asyncRecordName(guid ?? '', way.partKey ?? '')) ?? {};
      parts.set(key, { key, values: { ...parts.get(key)?.values, ...valuesLeft(way.values, seen, way.counter) } });
    }
  }
  return [...parts.values()];
}

/** What an operation has taken away in HQ does not come back until 1010 takes it away here too. */
async function takenAway(
  commerce: CommerceSite,
  table: ChannelTable,
  keys: readonly RecordKey[],
): Promise<ReadonlySet<KeyText>> {
  if (keys.length === 0) return new Set();
  const couplings = await commerce.site.database.couplingsByKey(table.lane, 'channel', keys);
  // One that waits for somebody's decision is still there.
  const calm = [...couplings].filter(([, { status }]) => status === 'synchronized' || status === 'pending');
  const gone = await commerce.index.takenAway(calm.map(([, { id }]) => id));
  return new Set(calm.flatMap(([key, { id }]) => (gone.has(id) ? [key] : [])));
}

interface Recorded {
  /** Under which key the channel knows them by now. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly records: ReadonlyMap<string, AsyncRecord>;
}

/** Those that operations brought to HQ. */
async function addRecorded(
  commerce: CommerceSite,
  table: ChannelTable,
  guid: string | null,
  parts: Map<string, Known>,
): Promise<Recorded> {
  const aliases = new Map<string, string>();
  if (guid === null) return { aliases, records: new Map() };
  const recorded = await commerce.index.ofGuids(table.lane, [guid]);
  const [couplings, records] = await Promise.all([
    commerce.site.database.couplingsById(recorded.map(({ couplingId }) => couplingId)),
    commerce.database.asyncRecords(
      table.lane,
      recorded.map(({ partKey }) => ({ guid, partKey })),
    ),
  ]);
  for (const { partKey, couplingId } of recorded) {
    const coupling = couplings.get(couplingId);
    const record = records.get(asyncRecordName(guid, partKey));
    if (!coupling || coupling.status === 'ended' || !record) continue;
    const at = table.mapping.channel.key.indexOf(table.keyColumn ?? '');
    const key = coupling.channelKey === null ? partKey : (coupling.channelKey[at] ?? partKey);
    aliases.set(partKey, key);
    const base = Object.fromEntries(
      table.mapping.fields.map(({ name }, index) => [name, coupling.base.channel[index] ?? null]),
    );
    const before = parts.get(key)?.values ?? (coupling.channelKey === null ? base : null);
    if (before === null) continue;
    parts.set(key, { key, values: { ...before, ...seenValues(table.mapping, coupling, record) } });
  }
  return { aliases, records };
}
