/** The operation table of a part as it is in a channel, and how its rows are read. */
import { columnsOf } from '../domain/mapping.ts';
import { OPERATION_COLUMNS, type OperationPart, type Row, type RowReader } from '../domain/operation-row.ts';
import { storeOf } from '../engine/lane/site.ts';
import { StoreRefused } from '../errors/store-faults.ts';
import type { StoreTable } from '../ports/store.ts';
import { type CommerceSite, mappingFor, tableOf } from './commerce-site.ts';

export interface Opened {
  readonly table: StoreTable;
  readonly columns: readonly string[];
  readonly reader: RowReader;
}

/** Read with every column it has, so that a row is kept whole; typed by the tables as they are, without asking HQ. */
export async function openOperationTable(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
): Promise<Opened> {
  const store = storeOf(commerce.site, 'channel', channel);
  const mapping = mappingFor(commerce, channel, part);
  const name = tableOf(commerce.rules, channel, part);
  const [own, target] = await store.describe([name, mapping.channel.table]);
  if (!own || !target) {
    const missing = own ? mapping.channel.table.name : name.name;
    throw new StoreRefused('schema-changed', `there is no table ${missing}`, { side: 'channel', table: missing });
  }
  const columns = own.columns.map((column) => column.name);
  const lacking = OPERATION_COLUMNS.find((column) => !columns.includes(column));
  if (lacking !== undefined)
    throw new StoreRefused('schema-changed', `${name.name} has no column ${lacking}`, {
      side: 'channel',
      table: name.name,
      column: lacking,
    });
  const mapped = new Set([...columnsOf(mapping, 'channel')]);
  return {
    columns,
    table: await store.table({ table: name, key: ['replicationcounter'], columns, filter: null, onCreate: {} }),
    reader: {
      part,
      mapping,
      customers: commerce.rules.customers,
      given: new Map(own.columns.map((column) => [column.name, column.type])),
      meant: new Map(
        target.columns.filter(({ name: column }) => mapped.has(column)).map((column) => [column.name, column.type]),
      ),
    },
  };
}

export const rowOf = (columns: readonly string[], values: readonly (string | null)[]): Row =>
  Object.fromEntries(columns.map((name, at) => [name, values[at] ?? null]));
