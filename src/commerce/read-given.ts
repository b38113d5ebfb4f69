/** What a till sends, read into values of the channel's tables; everything that cannot be taken is named at once. */
import { createHash } from 'node:crypto';
import { v4 as uuid } from 'uuid';
import { fitsType } from '../domain/convert-value.ts';
import { type Field, travels } from '../domain/mapping.ts';
import type { Json, Value } from '../domain/record.ts';
import { type ValueRead, valueFromJson } from '../domain/value-json.ts';
import { TEXT, type ValueType } from '../domain/value-type.ts';
import {
  type GivenCustomer,
  type GivenPart,
  type PartName,
  type ValuePlace,
  ValuesRefused,
} from '../ports/channel-customers.ts';
import { type ChannelTable, type ChannelTables, shownFields } from './channel-tables.ts';

export interface ReadPart {
  readonly table: ChannelTable;
  readonly key: string;
  readonly isNew: boolean;
  readonly ends: boolean;
  readonly values: Readonly<Record<string, Value>>;
  /** Where it stands in the body. */
  readonly pointer: string;
}

export interface ReadCustomer {
  readonly values: Readonly<Record<string, Value>>;
  readonly parts: readonly ReadPart[];
  /** Places of values that no channel decides, since their fields only come from HQ: they are not among the values. */
  readonly ignored: readonly string[];
}

/** A customer of whom nothing is said would be an empty one, found by nobody and refused by HQ when it comes. */
export function readNew(tables: ChannelTables, customers: string, given: GivenCustomer, call: string): ReadCustomer {
  const read = readGiven(tables, customers, given, call);
  const missing = placeOfNothing(tables.customers, customers, tables.guidField, read.values, '/values');
  if (missing !== null) throw new ValuesRefused([missing]);
  return read;
}

/** Throws `ValuesRefused` with every place. New parts are told apart by `call`, in the same way when it is sent again. */
export function readGiven(tables: ChannelTables, customers: string, given: GivenCustomer, call: string): ReadCustomer {
  const places: ValuePlace[] = [];
  const ignored: string[] = [];
  const values = readValues(tables.customers, customers, tables.guidField, given.values, '/values', places);
  const parts = (Object.entries(given.parts) as [PartName, readonly GivenPart[]][]).flatMap(([part, list]) => {
    const table = tables.parts.find((candidate) => candidate.part === part);
    if (!table) {
      places.push({ pointer: `/${part}`, code: 'unknown-field', params: { field: part } });
      return [];
    }
    return list.flatMap(
      (item, at) => readPart(table, customers, item, `/${part}/${at}`, { places, ignored, call }) ?? [],
    );
  });
  if (places.length > 0) throw new ValuesRefused(places);
  return { values: onesToTake(tables.customers, values, '/values', ignored), parts, ignored };
}

function readPart(
  table: ChannelTable,
  customers: string,
  given: GivenPart,
  pointer: string,
  { places, ignored, call }: { readonly places: ValuePlace[]; readonly ignored: string[]; readonly call: string },
): ReadPart | null {
  const values = readValues(table, customers, null, given.values, pointer, places);
  const type = table.types.get(table.keyColumn ?? '') ?? TEXT;
  const isNew = given.key === undefined || given.key === null;
  if (isNew && given.deactivate) {
    places.push({ pointer: `${pointer}/key`, code: 'required-value-missing', params: { field: 'key' } });
    return null;
  }
  const read = isNew
    ? { value: keyAmong(table, values) ?? drawKey(type, `${call}${pointer}`) }
    : valueFromJson(type, given.key ?? null);
  if ('problem' in read) {
    places.push({
      pointer: `${pointer}/key`,
      code: read.problem.code,
      params: { ...read.problem.params, field: 'key' },
    });
    return null;
  }
  const taken = onesToTake(table, values, pointer, ignored);
  const missing = isNew ? placeOfNothing(table, customers, null, taken, pointer) : null;
  if (missing !== null) {
    if (!places.some((other) => other.pointer.startsWith(`${pointer}/`))) places.push(missing);
    return null;
  }
  return { table, key: read.value ?? '', isNew, ends: given.deactivate, values: taken, pointer };
}

/** Where a value is missing of what has none at all; the first field stands for all of them. */
function placeOfNothing(
  table: ChannelTable,
  customers: string,
  guidField: string | null,
  taken: Readonly<Record<string, Value>>,
  pointer: string,
): ValuePlace | null {
  const said = shownFields(table, customers, guidField).filter(({ direction }) => travels(direction, 'hq'));
  const [first] = said;
  if (first === undefined || said.some(({ name }) => (taken[name] ?? null) !== null)) return null;
  return { pointer: placeOf(pointer, first.name), code: 'required-value-missing', params: { field: first.name } };
}

/** Without the values of fields that only come from HQ; of those, all but what a part is known by are noted. */
function onesToTake(
  { mapping, keyColumn }: ChannelTable,
  values: Readonly<Record<string, Value>>,
  pointer: string,
  ignored: string[],
): Record<string, Value> {
  const taken = { ...values };
  for (const { name, channel, direction } of mapping.fields) {
    if (travels(direction, 'hq') || !Object.hasOwn(taken, name)) continue;
    delete taken[name];
    if (channel?.length !== 1 || channel[0] !== keyColumn) ignored.push(placeOf(pointer, name));
  }
  return taken;
}

const placeOf = (pointer: string, name: string): string =>
  `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Where what a part is known by is one of its fields, the caller may name it. */
function keyAmong({ mapping, keyColumn }: ChannelTable, values: Readonly<Record<string, Value>>): string | null {
  const field = mapping.fields.find(({ channel }) => channel?.length === 1 && channel[0] === keyColumn);
  return field ? (values[field.name] ?? null) : null;
}

const WHOLE: Readonly<Record<string, number>> = { smallint: 2 ** 15, integer: 2 ** 31 };

/**
 * Only to tell the parts of one customer apart until the channel has them. Numbers below zero are none that the channel's
 * own table gives.
 */
function drawKey(type: ValueType, place: string): string {
  const drawn = createHash('sha256').update(place).digest();
  const below = (limit: number): string => String(-1 - (drawn.readUIntBE(0, 6) % (limit - 1)));
  if (type.kind === 'integer') return below(WHOLE[type.name] ?? 2 ** 15);
  if (type.kind === 'bigint' || type.kind === 'numeric') return below(2 ** 47);
  const id = uuid({ random: drawn });
  if (type.kind === 'uuid') return id;
  return type.maxLength === null ? id : id.replaceAll('-', '').slice(0, type.maxLength);
}

function readValues(
  table: ChannelTable,
  customers: string,
  guidField: string | null,
  given: Readonly<Record<string, Json>>,
  pointer: string,
  places: ValuePlace[],
): Record<string, Value> {
  const fields = new Map(shownFields(table, customers, guidField).map((field) => [field.name, field]));
  const values: Record<string, Value> = {};
  for (const [name, json] of Object.entries(given)) {
    const field = fields.get(name);
    const place = placeOf(pointer, name);
    if (!field) {
      places.push({ pointer: place, code: 'unknown-field', params: { field: name } });
      continue;
    }
    const read = readValue(table, field, json);
    if ('problem' in read)
      places.push({ pointer: place, code: read.problem.code, params: { ...read.problem.params, field: name } });
    else values[name] = read.value;
  }
  return values;
}

function readValue(table: ChannelTable, { channel }: Field, json: Json) {
  const [column, ...more] = channel ?? [];
  const typeOf = (name: string | undefined): ValueType => table.types.get(name ?? '') ?? TEXT;
  if (more.length === 0) return fitting(typeOf(column), json);
  // A reference of several columns is given as a list, in their order.
  if (json === null) return { value: null } as const;
  if (!Array.isArray(json) || json.length !== more.length + 1)
    return { problem: { code: 'value-invalid', params: { value: JSON.stringify(json), type: 'list' } } } as const;
  const parts: string[] = [];
  for (const [at, item] of json.entries()) {
    const read = fitting(typeOf(channel?.[at]), item);
    if ('problem' in read) return read;
    if (read.value === null) return { value: null } as const;
    parts.push(read.value);
  }
  return { value: JSON.stringify(parts) } as const;
}

/** What the channel's own table has no room for would never come to it, and the operation table would hold less. */
function fitting(type: ValueType, json: Json): ValueRead {
  const read = valueFromJson(type, json);
  const problem = 'problem' in read ? null : fitsType(type, read.value);
  return problem === null ? read : { problem };
}

/** By column of the channel's table, as a row of the operation table has it. */
export function columnsOfValues(table: ChannelTable, values: Readonly<Record<string, Value>>): Record<string, Value> {
  const columns: Record<string, Value> = {};
  for (const { name, channel } of table.mapping.fields) {
    if (channel === null || !Object.hasOwn(values, name)) continue;
    const value = values[name] ?? null;
    const parts = channel.length === 1 || value === null ? null : (JSON.parse(value) as Value[]);
    for (const [at, column] of channel.entries()) columns[column] = parts ? (parts[at] ?? null) : value;
  }
  return columns;
}
