/**
 * Customer operations as a channel writes them down: the tables, the columns that all of them have, and how a row is
 * read. A row that cannot be read is told apart here, before anybody acts on it.
 */
import { parseArray } from './array-value.ts';
import { convertValue, isProblem } from './convert-value.ts';
import type { OperationName } from './describe-change.ts';
import type { Mapping } from './mapping.ts';
import type { Params, Value } from './record.ts';
import { TEXT, type ValueType } from './value-type.ts';

export type OperationPart = 'customers' | 'addresses' | 'contacts' | 'affiliations' | 'attributes';

export const OPERATION_TABLES: Readonly<Record<OperationPart, string>> = {
  customers: 'retailasynccustomerv2',
  addresses: 'retailasyncaddressv2',
  contacts: 'retailasynccustomercontact',
  affiliations: 'retailasynccustomeraffiliation',
  attributes: 'retailasynccustomerattributev2',
};

/** The columns of every operation table, in its order; the mapped columns of the channel's table follow. */
export const OPERATION_COLUMNS = [
  'replicationcounter',
  'custaccountasync',
  'operation',
  'createddatetime',
  'onlineoperationcompleted',
  'changedcolumns',
  'createdby',
] as const;
const OWN_COLUMNS: ReadonlySet<string> = new Set(OPERATION_COLUMNS);

/** By the number in the column `operation`: create, update, deactivate. */
const NAMES: Readonly<Record<OperationPart, readonly OperationName[]>> = {
  customers: ['createCustomer', 'updateCustomer', 'deactivateCustomer'],
  addresses: ['createAddress', 'updateAddress', 'deactivateAddress'],
  contacts: ['upsertContact', 'upsertContact', 'deactivateContact'],
  affiliations: ['upsertAffiliation', 'upsertAffiliation', 'removeAffiliation'],
  attributes: ['setAttribute', 'setAttribute', 'removeAttribute'],
};

export const operationName = (part: OperationPart, number: number): OperationName | null =>
  NAMES[part][number - 1] ?? null;

export type Row = Readonly<Record<string, Value>>;

/** The columns of the channel's table that an operation may set, in the order of the mapping. */
export function operationColumns(mapping: Mapping, part: OperationPart): readonly string[] {
  const key = part === 'customers' ? [] : mapping.channel.key;
  const mapped = mapping.fields.flatMap((field) => field.channel ?? []);
  return [...new Set([...key, ...mapped])].filter((column) => !OWN_COLUMNS.has(column));
}

/** What a part is known by: the key column of its channel table that is not the parent's. */
export function partKeyColumn(mapping: Mapping, customers: string): string | null {
  const parent = new Set(
    mapping.fields.flatMap((field) => (field.references?.mapping === customers ? (field.channel ?? []) : [])),
  );
  return mapping.channel.key.find((column) => !parent.has(column)) ?? null;
}

export interface RowReader {
  readonly part: OperationPart;
  readonly mapping: Mapping;
  readonly customers: string;
  /** Types of the operation table's columns, and of the channel table's that they are meant for. */
  readonly given: ReadonlyMap<string, ValueType>;
  readonly meant: ReadonlyMap<string, ValueType>;
}

export interface OperationRow {
  readonly counter: string;
  readonly guid: string | null;
  readonly name: OperationName | null;
  readonly createdAt: string | null;
  readonly createdBy: string | null;
  readonly partKey: string | null;
  /** The row as it came, without the mark that Couplet itself sets. */
  readonly row: Row;
  /** By field name, in the form of the channel's own table; only what the operation sets. */
  readonly values: Readonly<Record<string, Value>>;
  /** True: the row is a whole snapshot, from which the engine derives what changed. */
  readonly snapshot: boolean;
  readonly malformed: Params | null;
}

class Malformed extends Error {
  readonly params: Params;
  constructor(params: Params) {
    super('malformed');
    this.params = params;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function readOperationRow(reader: RowReader, all: Row): OperationRow {
  const { onlineoperationcompleted: _, ...row } = all;
  const guid = row['custaccountasync'] ?? null;
  const bare = {
    counter: row['replicationcounter'] ?? '',
    // Whoever asks for the customer of a row asks by a GUID.
    guid: guid !== null && UUID.test(guid) ? guid : null,
    createdAt: row['createddatetime'] ?? null,
    createdBy: row['createdby'] ?? null,
    row,
  };
  try {
    return { ...bare, ...readContent(reader, row, bare.guid), malformed: null };
  } catch (fault) {
    if (!(fault instanceof Malformed)) throw fault;
    const name = operationName(reader.part, Number(row['operation']));
    return { ...bare, name, partKey: null, values: {}, snapshot: false, malformed: fault.params };
  }
}

function readContent(reader: RowReader, row: Row, guid: string | null) {
  const { part, mapping, customers } = reader;
  const name = operationName(part, Number(row['operation']));
  if (name === null) throw new Malformed({ reason: `there is no operation ${row['operation'] ?? 'null'}` });
  if (guid === null) throw new Malformed({ reason: 'custaccountasync is not a GUID', column: 'custaccountasync' });
  // What the table has no column for, its rows say nothing of.
  const columns = operationColumns(mapping, part).filter((column) => reader.given.has(column));
  const changed = changedColumns(row['changedcolumns'] ?? null);
  const unknown = changed?.find((column) => !columns.includes(column));
  if (unknown !== undefined) throw new Malformed({ reason: `there is no column ${unknown}`, column: unknown });
  const keyColumn = part === 'customers' ? null : partKeyColumn(mapping, customers);
  const partKey = keyColumn === null ? null : columnValue(reader, row, keyColumn);
  if (keyColumn !== null && partKey === null)
    throw new Malformed({ reason: `${keyColumn} is missing, which says what part it is`, column: keyColumn });
  // A deactivation sets nothing.
  const set = row['operation'] === '3' ? [] : (changed ?? columns);
  const values: Record<string, Value> = {};
  for (const field of mapping.fields) {
    const { channel } = field;
    if (channel === null || !channel.some((column) => set.includes(column))) continue;
    // The parent is known by the GUID; whatever the channel wrote there is its own number of it.
    if (part !== 'customers' && field.references?.mapping === customers) continue;
    const parts = channel.map((column) => columnValue(reader, row, column));
    values[field.name] = parts.length === 1 ? (parts[0] ?? null) : parts.includes(null) ? null : JSON.stringify(parts);
  }
  return { name, partKey, values, snapshot: changed === null && row['operation'] !== '1' };
}

function changedColumns(value: Value): readonly string[] | null {
  if (value === null) return null;
  const array = parseArray(value, TEXT);
  if (array === null || !array.items.every((item) => typeof item === 'string'))
    throw new Malformed({ reason: 'changedcolumns is not a list of columns', column: 'changedcolumns' });
  return array.items;
}

function columnValue({ given, meant }: RowReader, row: Row, column: string): Value {
  const value = row[column] ?? null;
  const type = meant.get(column);
  if (value === null || type === undefined) return value;
  const converted = convertValue(given.get(column) ?? TEXT, type, value);
  if (isProblem(converted)) throw new Malformed({ reason: `${column} cannot hold ${value}`, column, value });
  return converted;
}
