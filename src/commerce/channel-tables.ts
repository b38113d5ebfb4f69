/** The channel's own tables of customers and parts, as the channel service reads them: without asking HQ for anything. */
import type { Field, Mapping } from '../domain/mapping.ts';
import { type OperationPart, partKeyColumn } from '../domain/operation-row.ts';
import type { Json, Value } from '../domain/record.ts';
import { valueToJson } from '../domain/value-json.ts';
import { TEXT, type ValueType } from '../domain/value-type.ts';
import { storeOf } from '../engine/lane/site.ts';
import { StoreRefused } from '../errors/store-faults.ts';
import type { Lane, StoredRecord, StoreTable } from '../ports/store.ts';
import { type CommerceSite, guidFieldOf, laneFor, mappingFor, partsOf } from './commerce-site.ts';

export interface ChannelTable {
  readonly part: OperationPart;
  readonly lane: Lane;
  readonly mapping: Mapping;
  readonly columns: readonly string[];
  readonly types: ReadonlyMap<string, ValueType>;
  readonly table: StoreTable;
  /** What a part is known by; null for the customer. */
  readonly keyColumn: string | null;
  /** Columns that hold the key of the customer; of a part only. */
  readonly parentColumns: readonly string[];
}

export interface ChannelTables {
  readonly channel: string;
  readonly customers: ChannelTable;
  readonly parts: readonly ChannelTable[];
  /** The field of the account number, where the channel learns it. */
  readonly accountField: Field | null;
  readonly guidField: string | null;
}

/** Throws `StoreUnreachable` when the channel is away. */
export async function openChannelTables(commerce: CommerceSite, channel: string): Promise<ChannelTables> {
  const store = storeOf(commerce.site, 'channel', channel);
  const parts = partsOf(commerce.rules);
  const mappings = parts.map((part) => mappingFor(commerce, channel, part));
  const descriptions = await store.describe(mappings.map((mapping) => mapping.channel.table));
  const tables = await Promise.all(
    parts.map(async (part, at): Promise<ChannelTable> => {
      const mapping = mappings[at] as Mapping;
      const description = descriptions[at];
      const { name } = mapping.channel.table;
      if (!description)
        throw new StoreRefused('schema-changed', `there is no table ${name}`, { side: 'channel', table: name });
      const columns = [...new Set([...mapping.channel.key, ...mapping.fields.flatMap((field) => field.channel ?? [])])];
      return {
        part,
        lane: laneFor(commerce, channel, part),
        mapping,
        columns,
        types: new Map(description.columns.map((column) => [column.name, column.type])),
        table: await store.table({
          table: mapping.channel.table,
          key: mapping.channel.key,
          columns,
          filter: null,
          onCreate: {},
        }),
        keyColumn: part === 'customers' ? null : partKeyColumn(mapping, commerce.rules.customers),
        parentColumns:
          part === 'customers'
            ? []
            : (mapping.fields.find(({ references }) => references?.mapping === commerce.rules.customers)?.channel ??
              []),
      };
    }),
  );
  const [customers, ...others] = tables as [ChannelTable, ...ChannelTable[]];
  const { column } = commerce.rules.account;
  return {
    channel,
    customers,
    parts: others,
    accountField:
      customers.mapping.fields.find(
        (field) => field.hq?.length === 1 && field.hq[0] === column && field.channel?.length === 1,
      ) ?? null,
    guidField: guidFieldOf(customers.mapping, commerce.rules),
  };
}

/** By field, without what only Couplet writes or what says whose part it is. */
export const shownFields = (
  { mapping, part }: ChannelTable,
  customers: string,
  guidField: string | null,
): readonly Field[] =>
  mapping.fields.filter(
    (field) =>
      field.channel !== null &&
      !(part === 'customers' && field.name === guidField) &&
      !(part !== 'customers' && field.references?.mapping === customers),
  );

export function fieldValues(table: ChannelTable, record: StoredRecord): Record<string, Value> {
  const valueOf = (column: string): Value => record.values[table.columns.indexOf(column)] ?? null;
  return Object.fromEntries(
    table.mapping.fields.flatMap(({ name, channel }) => {
      if (channel === null) return [];
      const parts = channel.map(valueOf);
      return [[name, parts.length === 1 ? (parts[0] ?? null) : parts.includes(null) ? null : JSON.stringify(parts)]];
    }),
  );
}

export function valuesToJson(
  table: ChannelTable,
  fields: readonly Field[],
  values: Readonly<Record<string, Value>>,
): Record<string, Json> {
  return Object.fromEntries(
    fields.map((field) => {
      const [column, ...more] = field.channel ?? [];
      const type = more.length > 0 ? TEXT : (table.types.get(column ?? '') ?? TEXT);
      return [field.name, valueToJson(type, values[field.name] ?? null)];
    }),
  );
}
